//! Merging communities: the smallest into their neighbours, and the nearest of all until a number is reached.

use std::collections::{BTreeMap, BTreeSet};

use super::Vectors;
use super::graph::Graph;
use super::members::{add, cosine, sum_of};
use super::partition::Partition;

/// Communities that are being merged: what links them, how large they are, and where their centroids point.
pub(super) struct Merger<'a, 'v> {
    vectors: &'a Vectors<'v>,
    partition: &'a Partition,
    /// Per community, the weight of the links to each community around it.
    links: Vec<BTreeMap<u32, f64>>,
    strengths: Vec<f64>,
    total: f64,
    sizes: Vec<usize>,
    /// The communities that are left, by size and number.
    left: BTreeSet<(usize, u32)>,
    /// The community that each was merged into, or itself.
    into: Vec<u32>,
    /// The sums of the communities' vectors; computed once the links can't answer.
    sums: Option<Vec<Vec<f64>>>,
}

impl<'a, 'v> Merger<'a, 'v> {
    /// Sets out from `partition` of the nodes of `graph`.
    pub(super) fn new(graph: &Graph, partition: &'a Partition, vectors: &'a Vectors<'v>) -> Self {
        let folded = graph.aggregate(partition.communities(), partition.count());
        let mut sizes = vec![0; partition.count()];
        for &community in partition.communities() {
            sizes[community as usize] += 1;
        }
        let numbers = 0..partition.count() as u32;
        Self {
            vectors,
            partition,
            links: (0..folded.len())
                .map(|c| folded.links(c).map(|(to, w)| (to as u32, w)).collect())
                .collect(),
            strengths: (0..folded.len()).map(|c| folded.strength(c)).collect(),
            total: folded.total(),
            left: sizes.iter().copied().zip(numbers.clone()).collect(),
            sizes,
            into: numbers.collect(),
            sums: None,
        }
    }

    /// How many communities are left.
    pub(super) fn count(&self) -> usize {
        self.left.len()
    }

    /// Merges each community of fewer than `min_size` nodes, smallest first, into the one that it has the
    /// strongest links to, or, where it has none, into the one whose centroid is nearest.
    pub(super) fn absorb_below(&mut self, min_size: usize) {
        while self.count() > 1
            && let Some(&(size, small)) = self.left.first()
            && size < min_size
        {
            let strongest = self.links[small as usize]
                .iter()
                .max_by(|a, b| a.1.total_cmp(b.1).then(b.0.cmp(a.0)))
                .map(|(&to, _)| to);
            let Some(to) = strongest.or_else(|| self.nearest(small)) else {
                break;
            };
            self.merge(small, to);
        }
    }

    /// Merges the two communities that belong together most, again and again, until `count` are left.
    ///
    /// Those are the two whose merging costs the least modularity; when no two are linked any more, the
    /// smallest community joins the one whose centroid is nearest.
    pub(super) fn reduce_to(&mut self, count: usize) {
        while self.count() > count.max(1) {
            let linked = self
                .left
                .iter()
                .flat_map(|&(_, one)| {
                    self.links[one as usize]
                        .range(one + 1..)
                        .map(move |(&other, &weight)| (one, other, weight))
                })
                .map(|(one, other, weight)| {
                    let by_chance =
                        self.strengths[one as usize] * self.strengths[other as usize] / self.total;
                    (weight - by_chance, one, other)
                })
                .max_by(|a, b| a.0.total_cmp(&b.0).then((b.1, b.2).cmp(&(a.1, a.2))));
            let pair = linked.map(|(_, one, other)| (one, other)).or_else(|| {
                let small = self.left.first()?.1;
                Some((small, self.nearest(small)?))
            });
            let Some((one, other)) = pair else {
                break;
            };
            self.merge(one, other);
        }
    }

    /// The partition as it is now.
    pub(super) fn partition(&self) -> Partition {
        let labels: Vec<u32> = self
            .partition
            .communities()
            .iter()
            .map(|&community| self.last(community))
            .collect();
        Partition::from_labels(&labels)
    }

    /// The community that `community` is part of by now.
    fn last(&self, community: u32) -> u32 {
        let mut last = community;
        while self.into[last as usize] != last {
            last = self.into[last as usize];
        }
        last
    }

    /// The community whose centroid is nearest to that of `small`.
    fn nearest(&mut self, small: u32) -> Option<u32> {
        if self.sums.is_none() {
            let mut sums: Vec<Vec<f64>> = vec![Vec::new(); self.into.len()];
            for (community, members) in self.partition.members().iter().enumerate() {
                let last = self.last(community as u32) as usize;
                add(&mut sums[last], &sum_of(members, self.vectors));
            }
            self.sums = Some(sums);
        }
        let sums = self.sums.as_ref()?;
        let own = &sums[small as usize];
        self.left
            .iter()
            .map(|&(_, other)| other)
            .filter(|&other| other != small)
            .map(|other| (cosine(own, &sums[other as usize]), other))
            .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)))
            .map(|(_, other)| other)
    }

    /// Makes one community of two. The one with more links keeps its number, so that few have to be moved.
    fn merge(&mut self, one: u32, other: u32) {
        let (from, to) = if self.links[one as usize].len() > self.links[other as usize].len() {
            (other, one)
        } else {
            (one, other)
        };
        let (f, t) = (from as usize, to as usize);
        for (around, weight) in std::mem::take(&mut self.links[f]) {
            self.links[around as usize].remove(&from);
            if around != to {
                *self.links[t].entry(around).or_default() += weight;
                *self.links[around as usize].entry(to).or_default() += weight;
            }
        }
        self.left.remove(&(self.sizes[f], from));
        self.left.remove(&(self.sizes[t], to));
        self.sizes[t] += self.sizes[f];
        self.strengths[t] += self.strengths[f];
        self.left.insert((self.sizes[t], to));
        self.into[f] = to;
        if let Some(sums) = &mut self.sums {
            let moved = std::mem::take(&mut sums[f]);
            add(&mut sums[t], &moved);
        }
    }
}
