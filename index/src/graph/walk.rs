//! Best-first search through the graph.

use std::cell::RefCell;
use std::cmp::Ordering;

use super::Graph;
use crate::rows::{Query, Rows};

/// How many nodes ahead of the one that is scored are brought near.
const AHEAD: usize = 4;

/// A node and about its cosine with the query. The greater is the better one: the higher score, and among
/// equal scores the lower node, so that no result depends on the order of a list.
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

/// Which nodes a search has come by: a byte for each, so that clearing it is counting an epoch up, and writing all of them only
/// once in 255 searches.
#[derive(Default)]
struct Visited {
    epochs: Vec<u8>,
    epoch: u8,
}

impl Visited {
    fn clear(&mut self, nodes: usize) {
        // Whoever searches a small segment after a large one keeps the room.
        if self.epochs.len() < nodes {
            self.epochs.resize(nodes, 0);
        }
        if self.epoch == u8::MAX {
            self.epochs.fill(0);
            self.epoch = 0;
        }
        self.epoch += 1;
    }

    fn contains(&self, node: u32) -> bool {
        self.epochs.get(node as usize) == Some(&self.epoch)
    }

    /// Marks a node; false if it was marked before, or isn't one.
    #[inline]
    fn mark(&mut self, node: u32) -> bool {
        match self.epochs.get_mut(node as usize) {
            Some(epoch) if *epoch != self.epoch => {
                *epoch = self.epoch;
                true
            }
            _ => false,
        }
    }
}

/// The best nodes so far, the best first, and which of them were expanded. A sorted list: what is inserted mostly goes near the
/// end, and moving a few hundred bytes is less than what a heap does.
#[derive(Default)]
struct Pool {
    entries: Vec<Entry>,
    limit: usize,
}

#[derive(Clone, Copy)]
struct Entry {
    scored: Scored,
    is_expanded: bool,
}

impl Pool {
    fn clear(&mut self, limit: usize) {
        self.entries.clear();
        self.limit = limit;
    }

    /// Takes a node, if it is among the best; says where it stands then.
    #[inline]
    fn offer(&mut self, scored: Scored) -> Option<usize> {
        if self.entries.len() >= self.limit {
            if self.entries.last().is_none_or(|last| scored <= last.scored) {
                return None;
            }
            self.entries.pop();
        }
        let place = self.entries.partition_point(|entry| entry.scored > scored);
        let entry = Entry {
            scored,
            is_expanded: false,
        };
        self.entries.insert(place, entry);
        Some(place)
    }
}

/// What searches need besides the graph. One is kept for each thread and used again.
#[derive(Default)]
pub(crate) struct Walker {
    visited: Visited,
    pool: Pool,
    /// Nodes that were just come by.
    fresh: Vec<u32>,
    found: Vec<Scored>,
}

thread_local! {
    static WALKER: RefCell<Walker> = RefCell::default();
}

impl Walker {
    /// Runs a search with the thread's walker.
    pub(crate) fn with<R>(search: impl FnOnce(&mut Self) -> R) -> R {
        WALKER.with(|kept| match kept.try_borrow_mut() {
            Ok(mut walker) => search(&mut walker),
            // A search inside a search on the same thread gets one of its own.
            Err(_) => search(&mut Self::default()),
        })
    }

    /// Nodes that are probably the `ef` nearest to a query, the best first, with scores by their coarse bits. `None` if more than
    /// `budget` nodes would have to be scored.
    ///
    /// Algorithms 2 and 5 of Malkov and Yashunin, with one list for candidates and results.
    pub(crate) fn walk(
        &mut self,
        graph: &Graph<'_>,
        rows: &Rows<'_>,
        query: &Query,
        ef: usize,
        budget: usize,
    ) -> Option<&[Scored]> {
        let nodes = graph.starts.len().saturating_sub(1);
        self.found.clear();
        let Some(start) = descend(graph, rows, query, nodes) else {
            return Some(&self.found);
        };
        // A pool that could hold everything needs no more room than for that.
        self.pool.clear(ef.clamp(1, nodes.max(1)));
        self.visited.clear(nodes);
        self.visited.mark(start.node);
        self.pool.offer(start);
        let mut scored = 0usize;
        let mut next = 0;
        while let Some(entry) = self.pool.entries.get_mut(next) {
            if entry.is_expanded {
                next += 1;
                continue;
            }
            entry.is_expanded = true;
            let node = entry.scored.node;
            self.fresh.clear();
            for &node in graph.neighbours(node) {
                if (node as usize) < nodes && self.visited.mark(node) {
                    if self.fresh.len() < AHEAD {
                        rows.prefetch(node);
                    }
                    self.fresh.push(node);
                }
            }
            scored += self.fresh.len();
            if scored > budget {
                return None;
            }
            for (i, &node) in self.fresh.iter().enumerate() {
                if let Some(&ahead) = self.fresh.get(i + AHEAD) {
                    rows.prefetch(ahead);
                }
                if let Some(score) = rows.near(query, node)
                    && let Some(place) = self.pool.offer(Scored { score, node })
                {
                    next = next.min(place);
                }
            }
        }
        let found = self.pool.entries.iter().map(|entry| entry.scored);
        self.found.extend(found);
        Some(&self.found)
    }

    /// Whether the last walk came by a node.
    pub(crate) fn has_come_by(&self, node: u32) -> bool {
        self.visited.contains(node)
    }
}

/// Goes down through the upper graph, in each layer to the place nearest to the query; gives where to begin on the ground. It
/// stops after as many steps as there are nodes, which only a damaged graph needs.
fn descend(graph: &Graph<'_>, rows: &Rows<'_>, query: &Query, steps: usize) -> Option<Scored> {
    let upper = &graph.upper;
    let score = |place: u32| {
        let node = *upper.nodes.get(place as usize)?;
        let score = rows.near(query, node)?;
        Some((Scored { score, node }, place))
    };
    let (mut best, mut at) = score(upper.entry)?;
    let mut left = steps;
    for layer in (0..upper.layers(upper.entry)).rev() {
        loop {
            let neighbours = upper.neighbours(at, layer);
            let Some(rest) = left.checked_sub(neighbours.len().max(1)) else {
                return Some(best);
            };
            left = rest;
            let nearest = neighbours.iter().filter_map(|&place| score(place)).max();
            match nearest {
                Some((next, place)) if next.score > best.score => (best, at) = (next, place),
                _ => break,
            }
        }
    }
    Some(best)
}
