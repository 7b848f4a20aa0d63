//! Best-first search through the graph.

use std::cell::RefCell;
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use super::Graph;
use crate::segment::view::Rows;

/// A node and its cosine with the query. The greater is the better one: the higher score, and among
/// equal scores the lower node, so that no result depends on the order of a heap.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scored {
    pub(crate) score: f32,
    pub(crate) node: u32,
}

impl Ord for Scored {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_score = self.score.total_cmp(&other.score);
        by_score.then(other.node.cmp(&self.node))
    }
}

impl PartialOrd for Scored {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Scored {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Scored {}

/// Which nodes a search has come by. One is kept for each thread and used again: clearing it is
/// counting an epoch up, not writing a number for every node.
#[derive(Default)]
pub(crate) struct Visited {
    epochs: Vec<u32>,
    epoch: u32,
    nodes: usize,
}

thread_local! {
    static VISITED: RefCell<Visited> = RefCell::default();
}

impl Visited {
    /// Runs `search` with an empty set over `nodes` nodes.
    pub(crate) fn with<R>(nodes: u32, search: impl FnOnce(&mut Self) -> R) -> R {
        VISITED.with(|kept| match kept.try_borrow_mut() {
            Ok(mut visited) => {
                visited.clear(nodes);
                search(&mut visited)
            }
            // A search inside a search on the same thread gets a set of its own.
            Err(_) => {
                let mut visited = Self::default();
                visited.clear(nodes);
                search(&mut visited)
            }
        })
    }

    fn clear(&mut self, nodes: u32) {
        self.nodes = nodes as usize;
        if self.epochs.len() < self.nodes {
            self.epochs.resize(self.nodes, 0);
        }
        if self.epoch == u32::MAX {
            self.epochs.fill(0);
            self.epoch = 0;
        }
        self.epoch += 1;
    }

    /// Marks a node; false if it was marked before, or isn't one.
    #[inline]
    fn mark(&mut self, node: u32) -> bool {
        let epochs = self.epochs.get_mut(..self.nodes).unwrap_or_default();
        match epochs.get_mut(node as usize) {
            Some(epoch) if *epoch != self.epoch => {
                *epoch = self.epoch;
                true
            }
            _ => false,
        }
    }

    /// Whether a node was marked.
    pub(crate) fn contains(&self, node: u32) -> bool {
        self.epochs.get(node as usize) == Some(&self.epoch)
    }
}

/// The best `ef` nodes that `admit` lets through, the best first; nodes that it doesn't are walked
/// through all the same. `None` if more than `budget` nodes would have to be scored.
///
/// Algorithms 2 and 5 of Malkov and Yashunin, with a filter inside.
pub(crate) fn walk(
    graph: &Graph<'_>,
    rows: Rows<'_>,
    query: &[f32],
    ef: usize,
    budget: usize,
    visited: &mut Visited,
    admit: impl Fn(u32) -> bool,
) -> Option<Vec<Scored>> {
    let Some(start) = descend(graph, rows, query, visited.nodes) else {
        return Some(Vec::new());
    };
    let mut candidates = BinaryHeap::from([start]);
    let mut best = BinaryHeap::new();
    let mut scored = 0usize;
    visited.mark(start.node);
    if admit(start.node) {
        best.push(Reverse(start));
    }
    // While there are fewer than `ef`, nothing is too far away.
    let floor = |best: &BinaryHeap<Reverse<Scored>>| {
        let worst = best.peek().filter(|_| best.len() >= ef);
        worst.map(|Reverse(worst)| *worst)
    };
    while let Some(candidate) = candidates.pop() {
        if floor(&best).is_some_and(|floor| candidate < floor) {
            break;
        }
        for &node in graph.neighbours(candidate.node, 0) {
            if !visited.mark(node) {
                continue;
            }
            scored += 1;
            if scored > budget {
                return None;
            }
            let Some(score) = rows.cosine(query, node) else {
                continue;
            };
            let found = Scored { score, node };
            if floor(&best).is_some_and(|floor| found < floor) {
                continue;
            }
            candidates.push(found);
            if admit(node) {
                best.push(Reverse(found));
                if best.len() > ef {
                    best.pop();
                }
            }
        }
    }
    Some(
        best.into_sorted_vec()
            .into_iter()
            .map(|Reverse(s)| s)
            .collect(),
    )
}

/// Goes down from the entry, in each layer to the node nearest to the query; gives where to begin in
/// the lowest. It stops after as many steps as there are nodes, which only a damaged graph needs.
fn descend(graph: &Graph<'_>, rows: Rows<'_>, query: &[f32], steps: usize) -> Option<Scored> {
    let node = graph.entry;
    let mut at = Scored {
        score: rows.cosine(query, node)?,
        node,
    };
    let mut left = steps;
    for layer in (1..graph.layers(node)).rev() {
        loop {
            let neighbours = graph.neighbours(at.node, layer);
            left = left.checked_sub(neighbours.len().max(1))?;
            let scored = neighbours.iter().filter_map(|&node| {
                let score = rows.cosine(query, node)?;
                Some(Scored { score, node })
            });
            match scored.max() {
                Some(next) if next.score > at.score => at = next,
                _ => break,
            }
        }
    }
    Some(at)
}
