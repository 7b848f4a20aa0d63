//! Building a graph.
//!
//! `hnsw_rs` alone took 13 s for 17,000 vectors, as long as hnswlib for 50,000: it inserts one vector after another, and each
//! insertion is a search that leads all over memory. So the ground is built from what the [neighbours of all vectors at
//! once](crate::knn) are, which takes a fraction of the time, on any number of threads, with the same result: of the nearest of
//! each those in different directions, and the same links backwards. (NSG and CAGRA go about it likewise: Fu et al., "Fast
//! approximate nearest neighbor search with the navigating spreading-out graph", 2019; Ootomo et al., "CAGRA", 2023.) What such
//! a graph lacks, long links to begin with, the upper graph has.

use rayon::prelude::*;

use super::links::Chooser;
use super::upper::{self, Tables};
use super::{Graph, relink};
use crate::knn::{self, Vectors};
use crate::rows::Rows;
use crate::segment::BuildOptions;
use crate::stop::Stop;

/// A finished graph and what the audit found.
pub(crate) struct Built {
    pub(super) ground: Ground,
    pub(super) upper: Tables,
    /// Nodes that a search for their own vector did not find at first.
    pub(crate) relinked: usize,
    /// Nodes that it did not find even after they were linked again.
    pub(crate) unreached: usize,
}

impl Built {
    pub(crate) fn graph(&self) -> Graph<'_> {
        self.ground.with(&self.upper)
    }
}

/// The tables of the ground, in memory.
pub(super) struct Ground {
    starts: Vec<u32>,
    links: Vec<u32>,
}

impl Ground {
    pub(super) fn new(lists: &[Vec<u32>]) -> Self {
        let mut starts = Vec::with_capacity(lists.len() + 1);
        let mut links = Vec::with_capacity(lists.iter().map(Vec::len).sum());
        for list in lists {
            starts.push(links.len() as u32);
            links.extend(list);
        }
        starts.push(links.len() as u32);
        Self { starts, links }
    }

    pub(super) fn with<'a>(&'a self, upper: &'a Tables) -> Graph<'a> {
        Graph {
            starts: &self.starts,
            links: &self.links,
            upper: upper.upper(),
        }
    }
}

/// The first half of building: nodes in an order that keeps near ones together, each with those that it will be linked to.
pub(crate) struct Order {
    near: Vec<(u32, Vec<u32>)>,
}

/// Rows as vectors whose neighbours are looked for.
struct AllRows<'a> {
    rows: Rows<'a>,
    nodes: u32,
}

impl Vectors for AllRows<'_> {
    fn len(&self) -> usize {
        self.nodes as usize
    }

    fn dim(&self) -> usize {
        self.rows.dim()
    }

    fn read(&self, vector: usize, out: &mut [f32]) {
        self.rows.decode(vector as u32, out);
    }
}

impl Order {
    /// Orders nodes 0 .. `nodes` of `rows`, at least 1. The order makes no sense where it was stopped.
    pub(crate) fn new(rows: Rows<'_>, nodes: u32, options: &BuildOptions) -> Self {
        // Who finds another is found by it, so that fewer than are considered need to be kept.
        let keep = options.candidates * 2 / 3;
        let vectors = AllRows { rows, nodes };
        let near = knn::candidates(&vectors, keep, &options.stop, |node, others| {
            if options.stop.is_set() {
                return [(node as u32, Vec::new())];
            }
            let mut chooser = Chooser::new(rows);
            let mut sorted = chooser.sorted(node as u32, others.iter().copied());
            sorted.truncate(options.candidates);
            [(node as u32, chooser.choose(&sorted, options.m * 3 / 2))]
        });
        Self { near }
    }

    /// The nodes in their new order.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = u32> + '_ {
        self.near.iter().map(|(node, _)| *node)
    }

    /// The second half of building: `rows` are those that the first half saw, in the new order. `None` where it was stopped.
    pub(crate) fn link(self, rows: Rows<'_>, options: &BuildOptions) -> Option<Built> {
        let stop = &options.stop;
        let upper = upper::build(rows, self.near.len() as u32, options)?;
        let lists = both_ways(rows, self.into_places(), options.m * 2, stop);
        let built = relink::relink(lists, upper, rows, stop);
        (!stop.is_set()).then_some(built)
    }

    /// For each place of the new order the places that it will be linked to.
    fn into_places(self) -> Vec<Vec<u32>> {
        let in_order: Vec<u32> = self.nodes().collect();
        let place_of = places(&in_order);
        let to_places = |(_, mut nodes): (u32, Vec<u32>)| {
            for node in &mut nodes {
                *node = place_of.get(*node as usize).copied().unwrap_or(0);
            }
            nodes
        };
        self.near.into_iter().map(to_places).collect()
    }
}

/// The place of each node in an order of nodes.
pub(crate) fn places(in_order: &[u32]) -> Vec<u32> {
    let mut places = vec![0; in_order.len()];
    for (&node, place) in in_order.iter().zip(0..) {
        if let Some(known) = places.get_mut(node as usize) {
            *known = place;
        }
    }
    places
}

/// Each list with the links backwards, and of all of them at most `limit`.
fn both_ways(rows: Rows<'_>, lists: Vec<Vec<u32>>, limit: usize, stop: &Stop) -> Vec<Vec<u32>> {
    let mut backwards: Vec<Vec<u32>> = vec![Vec::new(); lists.len()];
    for (list, node) in lists.iter().zip(0..) {
        for &to in list {
            if let Some(list) = backwards.get_mut(to as usize) {
                list.push(node);
            }
        }
    }
    let both = lists.into_par_iter().zip(backwards).enumerate();
    both.map(|(node, (forwards, backwards))| {
        if stop.is_set() {
            return Vec::new();
        }
        let mut chooser = Chooser::new(rows);
        let all = forwards.into_iter().chain(backwards);
        let sorted = chooser.sorted(node as u32, all);
        match sorted.len() <= limit {
            true => sorted.into_iter().map(|scored| scored.node).collect(),
            false => chooser.choose_and_fill(&sorted, limit),
        }
    })
    .collect()
}
