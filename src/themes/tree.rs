//! Which passages belong together most, then which of those groups, and so on up to a few: a tree over all of them.
//!
//! Only groups that the graph links are merged, the two whose merging adds least to the variance within groups first.
//! Nothing is left to chance. Source: J. H. Ward, *Hierarchical grouping to optimize an objective function*, Journal of
//! the American Statistical Association 58 (1963); on a graph, F. Murtagh, *Multidimensional clustering algorithms* (1985).

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::diffusion::{Points, dot};
use super::graph::Graph;
use super::partition::{Partition, renumber};

/// How many parts of the graph that no link joins are compared with each other, at most. Of more, the last ones are
/// merged in the order of their first passages, since comparing all of them would take quadratic time.
const MOST_PARTS: usize = 4_096;

/// Merges, from single passages to one group.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    /// The group of each passage before the first merge: passages that are held together share one.
    first: Vec<u32>,
    /// How many groups there are before the first merge.
    groups: usize,
    /// Which two groups became one, in order, each by the first group that it was made of.
    merges: Vec<(u32, u32)>,
}

impl Tree {
    /// The tree over the nodes of `graph`. `held` may name, by numbers from 0, nodes that are together from the beginning;
    /// groups with different numbers are never merged. It has an entry a node, or none at all.
    pub(super) fn new(graph: &Graph, points: &Points, held: &[Option<u32>]) -> Self {
        let (first, groups, apart) = beginning(graph.len(), held);
        let mut growing = Growing::new(graph, points, &first, groups, apart);
        growing.merge_linked();
        growing.merge_unlinked();
        Self {
            first,
            groups,
            merges: growing.merges,
        }
    }

    /// The partition at which `count` groups are left, or as near to it as the tree has.
    pub(super) fn cut(&self, count: usize) -> Partition {
        let done = self.groups.saturating_sub(count).min(self.merges.len());
        let mut into: Vec<u32> = (0..self.groups as u32).collect();
        // What is left of a merge may be gone with a later one: from the last to the first, each finds where it ends.
        for &(left, gone) in self.merges[..done].iter().rev() {
            into[gone as usize] = into[left as usize];
        }
        let labels: Vec<u32> = self
            .first
            .iter()
            .map(|&group| into[group as usize])
            .collect();
        Partition::from_labels(&labels)
    }
}

/// The first group of each node, how many there are, and of each what it must be kept apart from.
fn beginning(nodes: usize, held: &[Option<u32>]) -> (Vec<u32>, usize, Vec<Option<u32>>) {
    let mut first: Vec<u32> = (0..nodes as u32).collect();
    let offset = nodes as u32;
    for (group, held) in first.iter_mut().zip(held) {
        if let Some(held) = held {
            *group = offset.saturating_add(*held);
        }
    }
    let groups = renumber(&mut first);
    let mut apart = vec![None; groups];
    for (group, held) in first.iter().zip(held) {
        apart[*group as usize] = *held;
    }
    (first, groups, apart)
}

/// Two groups that might be merged, by what that costs.
#[derive(Debug, Clone, Copy)]
struct Pair {
    cost: f32,
    /// The groups with how often each had grown: a pair is void once one has grown on.
    one: (u32, u32),
    other: (u32, u32),
}

impl PartialEq for Pair {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Pair {}

impl PartialOrd for Pair {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Pair {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let by_cost = self.cost.total_cmp(&other.cost);
        by_cost.then((self.one, self.other).cmp(&(other.one, other.other)))
    }
}

/// The groups while they are merged.
struct Growing {
    dim: usize,
    /// The sum of each group's points.
    sums: Vec<f32>,
    sizes: Vec<f32>,
    /// How often each group has grown; `None` once it is part of another.
    age: Vec<Option<u32>>,
    /// The group that each has become part of, or itself.
    into: Vec<u32>,
    around: Vec<Vec<u32>>,
    apart: Vec<Option<u32>>,
    heap: BinaryHeap<Reverse<Pair>>,
    merges: Vec<(u32, u32)>,
}

impl Growing {
    fn new(
        graph: &Graph,
        points: &Points,
        first: &[u32],
        groups: usize,
        apart: Vec<Option<u32>>,
    ) -> Self {
        let dim = points.dim();
        let mut sums = vec![0.0; groups * dim];
        let mut sizes = vec![0.0; groups];
        let mut around: Vec<Vec<u32>> = vec![Vec::new(); groups];
        for (node, &group) in first.iter().enumerate() {
            let group = group as usize;
            sizes[group] += 1.0;
            for (sum, value) in sums[group * dim..].iter_mut().zip(points.of(node)) {
                *sum += value;
            }
            let others = graph.links(node).map(|(other, _)| first[other]);
            around[group].extend(others.filter(|&other| other as usize != group));
        }
        for list in &mut around {
            list.sort_unstable();
            list.dedup();
        }
        Self {
            dim,
            sums,
            sizes,
            age: vec![Some(0); groups],
            into: (0..groups as u32).collect(),
            around,
            apart,
            heap: BinaryHeap::new(),
            merges: Vec::with_capacity(groups.saturating_sub(1)),
        }
    }

    /// What merging two groups adds to the sum of squared distances to the groups' centroids.
    fn cost(&self, one: u32, other: u32) -> f32 {
        let (a, b) = (one as usize, other as usize);
        let (sum_a, sum_b) = (
            &self.sums[a * self.dim..][..self.dim],
            &self.sums[b * self.dim..][..self.dim],
        );
        let (size_a, size_b) = (self.sizes[a], self.sizes[b]);
        let squared = dot(sum_a, sum_a) / (size_a * size_a) + dot(sum_b, sum_b) / (size_b * size_b)
            - 2.0 * dot(sum_a, sum_b) / (size_a * size_b);
        squared.max(0.0) * size_a * size_b / (size_a + size_b)
    }

    fn may_merge(&self, one: u32, other: u32) -> bool {
        let (a, b) = (self.apart[one as usize], self.apart[other as usize]);
        one != other && (a.is_none() || b.is_none())
    }

    fn offer(&mut self, one: u32, other: u32) {
        let ages = (self.age[one as usize], self.age[other as usize]);
        if let (Some(a), Some(b)) = ages
            && self.may_merge(one, other)
        {
            let cost = self.cost(one, other);
            self.heap.push(Reverse(Pair {
                cost,
                one: (one, a),
                other: (other, b),
            }));
        }
    }

    /// The group that a group is part of by now.
    fn last(&mut self, group: u32) -> u32 {
        let mut last = group;
        while self.into[last as usize] != last {
            let next = self.into[last as usize];
            // Shortens the way for whoever comes next.
            self.into[last as usize] = self.into[next as usize];
            last = next;
        }
        last
    }

    fn merge_linked(&mut self) {
        for group in 0..self.sizes.len() as u32 {
            for place in 0..self.around[group as usize].len() {
                let other = self.around[group as usize][place];
                if group < other {
                    self.offer(group, other);
                }
            }
        }
        while let Some(Reverse(pair)) = self.heap.pop() {
            let is_current = |(group, age): (u32, u32)| self.age[group as usize] == Some(age);
            if is_current(pair.one) && is_current(pair.other) {
                let left = self.merge(pair.one.0, pair.other.0);
                for place in 0..self.around[left as usize].len() {
                    let other = self.around[left as usize][place];
                    self.offer(left.min(other), left.max(other));
                }
            }
        }
    }

    /// Makes one group of two; the one with more around it is left.
    fn merge(&mut self, one: u32, other: u32) -> u32 {
        let more = self.around[one as usize].len() >= self.around[other as usize].len();
        let (left, gone) = if more { (one, other) } else { (other, one) };
        let (l, g) = (left as usize, gone as usize);
        for place in 0..self.dim {
            self.sums[l * self.dim + place] += self.sums[g * self.dim + place];
        }
        self.sizes[l] += self.sizes[g];
        self.age[g] = None;
        self.age[l] = self.age[l].map(|age| age + 1);
        self.apart[l] = self.apart[l].or(self.apart[g]);
        self.into[g] = left;
        let mut around = std::mem::take(&mut self.around[l]);
        around.append(&mut self.around[g]);
        for group in &mut around {
            *group = self.last(*group);
        }
        around.sort_unstable();
        around.dedup();
        around.retain(|&group| group != left);
        self.around[l] = around;
        self.merges.push((left, gone));
        left
    }

    /// Merges what no link joins, by the same cost.
    fn merge_unlinked(&mut self) {
        let mut left: Vec<u32> = (0..self.sizes.len() as u32)
            .filter(|&group| self.age[group as usize].is_some())
            .collect();
        while left.len() > MOST_PARTS {
            let mut merged = Vec::with_capacity(left.len() / 2 + 1);
            for pair in left.chunks(2) {
                match *pair {
                    [one, other] if self.may_merge(one, other) => {
                        merged.push(self.merge(one, other))
                    }
                    _ => merged.extend_from_slice(pair),
                }
            }
            if merged.len() == left.len() {
                return;
            }
            left = merged;
        }
        for (place, &one) in left.iter().enumerate() {
            for &other in &left[place + 1..] {
                self.offer(one, other);
            }
        }
        while let Some(Reverse(pair)) = self.heap.pop() {
            let is_current = |(group, age): (u32, u32)| self.age[group as usize] == Some(age);
            if is_current(pair.one) && is_current(pair.other) {
                let merged = self.merge(pair.one.0, pair.other.0);
                left.retain(|&group| self.age[group as usize].is_some());
                for &other in &left.clone() {
                    self.offer(merged.min(other), merged.max(other));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Points on a line, as vectors of two numbers of unit length.
    fn on_a_circle(angles: &[f32]) -> Vec<[f32; 2]> {
        angles
            .iter()
            .map(|angle| [angle.cos(), angle.sin()])
            .collect()
    }

    fn tree(angles: &[f32], links: &[(u32, u32)], held: &[Option<u32>]) -> Tree {
        let vectors = on_a_circle(angles);
        let links: Vec<(u32, u32, f64)> = links.iter().map(|&(a, b)| (a, b, 1.0)).collect();
        let graph = Graph::from_links(angles.len(), &links);
        // Of a graph without links, so that the points are where the test says.
        let points = Points::smoothed(&Graph::from_links(angles.len(), &[]), &|node| {
            &vectors[node]
        });
        Tree::new(&graph, &points, held)
    }

    const ANGLES: [f32; 6] = [0.0, 0.1, 1.0, 1.12, 2.5, 2.7];
    const CHAIN: [(u32, u32); 5] = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5)];

    fn labels(tree: &Tree, count: usize) -> Vec<u32> {
        tree.cut(count).communities().to_vec()
    }

    #[test]
    fn the_nearest_come_together_first_and_every_number_can_be_had() {
        let tree = tree(&ANGLES, &CHAIN, &[]);
        assert_eq!(labels(&tree, 3), [0, 0, 1, 1, 2, 2]);
        assert_eq!(labels(&tree, 2), [0, 0, 0, 0, 1, 1]);
        for count in 1..=6 {
            assert_eq!(tree.cut(count).count(), count);
        }
        assert_eq!(tree.cut(0).count(), 1);
        assert_eq!(tree.cut(99).count(), 6);
    }

    #[test]
    fn what_no_link_joins_is_merged_in_the_end() {
        let tree = tree(&ANGLES, &[(0, 1), (4, 5)], &[]);
        assert_eq!(labels(&tree, 3), [0, 0, 1, 1, 2, 2]);
        assert_eq!(tree.cut(1).count(), 1);
    }

    #[test]
    fn what_is_held_stays_together_and_apart_from_the_rest_that_is_held() {
        let held = [Some(0), None, None, None, Some(0), Some(1)];
        let tree = tree(&ANGLES, &CHAIN, &held);
        for count in 1..=6 {
            let labels = labels(&tree, count);
            assert_eq!(labels[0], labels[4]);
            assert_ne!(labels[0], labels[5]);
        }
        assert_eq!(tree.cut(1).count(), 2);
    }

    #[test]
    fn nothing_and_one_are_no_trouble() {
        assert_eq!(tree(&[], &[], &[]).cut(3).count(), 0);
        assert_eq!(labels(&tree(&[1.0], &[], &[]), 5), [0]);
    }

    #[test]
    fn thousands_of_parts_are_merged_without_comparing_all() {
        let angles: Vec<f32> = (0..10_000).map(|place| place as f32 * 1e-3).collect();
        let tree = tree(&angles, &[], &[]);
        assert_eq!(tree.cut(7).count(), 7);
    }
}
