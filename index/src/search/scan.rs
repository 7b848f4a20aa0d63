//! The exact scan: every admitted vector is compared with the query by its coarse bits, and those that may be among the best
//! again with all bits. What the coarse bits leave out is bounded, so that none of the best is missed.

use rayon::prelude::*;

use super::Asked;
use super::selection::Filter;
use super::sieve::Sieve;
use super::top_k::{Neighbour, TopK};
use crate::segment::view::View;

/// Nodes that one thread takes at a time: 0.4 MB of 384-dimensional vectors, a fraction of a
/// millisecond, so that handing them out costs nothing by comparison.
const CHUNK: usize = 1024;

/// Below this many nodes one thread is done before others are awake.
const PARALLEL_FROM: usize = 8 * CHUNK;

/// A filter that admits fewer than one point in this many is walked id by id; a wider one is asked
/// about every point that is near enough.
const SELECTIVE: usize = 8;

/// The nodes that a scan looks at.
enum Nodes {
    All(u32),
    Some(Vec<u32>),
}

impl Nodes {
    fn of(view: &View<'_>, filter: &Filter<'_>) -> Self {
        match filter.at_most(&view.members) < view.members.ids.len() / SELECTIVE {
            true => Self::Some(filter.nodes(&view.members)),
            false => Self::All(view.nodes),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::All(nodes) => *nodes as usize,
            Self::Some(nodes) => nodes.len(),
        }
    }

    fn chunk(&self, chunk: usize) -> impl Iterator<Item = u32> + '_ {
        let range = chunk * CHUNK..self.len().min((chunk + 1) * CHUNK);
        let (all, some) = match self {
            Self::All(_) => (range.start as u32..range.end as u32, &[][..]),
            Self::Some(nodes) => (0..0, nodes.get(range).unwrap_or_default()),
        };
        all.chain(some.iter().copied())
    }
}

/// Offers the points of a segment that the filter admits to `top`.
pub(super) fn scan(view: &View<'_>, asked: &Asked<'_>, filter: &Filter<'_>, top: &mut TopK) {
    let nodes = Nodes::of(view, filter);
    let (k, base) = (top.k(), top.floor());
    let chunks = nodes.len().div_ceil(CHUNK);
    let look = |mut sieve: Sieve, chunk| {
        sift(view, asked, filter, nodes.chunk(chunk), &mut sieve);
        sieve
    };
    let sieve = if nodes.len() < PARALLEL_FROM {
        (0..chunks).fold(Sieve::new(k, base), look)
    } else {
        // Which thread takes what doesn't matter, since what may be among the best of all is among those that may be among
        // the best of some.
        (0..chunks)
            .into_par_iter()
            .fold(|| Sieve::new(k, base), look)
            .reduce(
                || Sieve::new(k, base),
                |mut a, b| {
                    a.absorb(b);
                    a
                },
            )
    };
    offer(view, asked, filter, sieve, top);
}

/// Offers the points of a segment that the filter admits to the `top` of each query: for several queries that are
/// answered together, on one thread. Each chunk is read once for all of them.
pub(super) fn scan_for_all(
    view: &View<'_>,
    filter: &Filter<'_>,
    queries: &mut [(&Asked<'_>, &mut TopK)],
) {
    let nodes = Nodes::of(view, filter);
    let sieves = queries
        .iter()
        .map(|(_, top)| Sieve::new(top.k(), top.floor()));
    let mut sieves: Vec<Sieve> = sieves.collect();
    for chunk in 0..nodes.len().div_ceil(CHUNK) {
        for ((asked, _), sieve) in queries.iter().zip(&mut sieves) {
            sift(view, asked, filter, nodes.chunk(chunk), sieve);
        }
    }
    for ((asked, top), sieve) in queries.iter_mut().zip(sieves) {
        offer(view, asked, filter, sieve, top);
    }
}

/// Compares nodes by their coarse bits.
fn sift(
    view: &View<'_>,
    asked: &Asked<'_>,
    filter: &Filter<'_>,
    nodes: impl Iterator<Item = u32>,
    sieve: &mut Sieve,
) {
    for node in nodes {
        let Some(near) = view.rows.near(&asked.coded, node) else {
            continue;
        };
        let margin = view.rows.margin(&asked.coded, node);
        sieve.offer(near, margin, node, || {
            view.members.of(node).any(|id| filter.admits(id))
        });
    }
}

/// Compares what a sieve has kept by all bits.
fn offer(view: &View<'_>, asked: &Asked<'_>, filter: &Filter<'_>, sieve: Sieve, top: &mut TopK) {
    let mut room = Vec::new();
    for node in sieve.into_nodes() {
        let Some(score) = view.rows.cosine(asked.vector, node, &mut room) else {
            continue;
        };
        if score < top.floor() {
            continue;
        }
        for id in view.members.of(node).filter(|&id| filter.admits(id)) {
            top.offer(Neighbour { id, score });
        }
    }
}
