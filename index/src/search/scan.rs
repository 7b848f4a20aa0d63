//! The exact scan: every admitted vector is compared with the query.

use rayon::prelude::*;

use super::selection::Filter;
use super::top_k::{Neighbour, TopK};
use crate::segment::view::View;

/// Nodes that one thread takes at a time: 1.5 MB of 384-dimensional vectors, a fraction of a
/// millisecond, so that handing them out costs nothing by comparison.
const CHUNK: usize = 1024;

/// Below this many nodes one thread is done before others are awake.
const PARALLEL_FROM: usize = 4 * CHUNK;

/// A filter that admits fewer than one point in this many is walked id by id; a wider one is asked
/// about every point.
const SELECTIVE: usize = 8;

/// Offers the points of a segment that the filter admits to `top`.
pub(super) fn scan(view: &View<'_>, query: &[f32], filter: &Filter<'_>, top: &mut TopK) {
    if top.k() == 0 {
        return;
    }
    if filter.at_most(&view.members) < view.members.ids.len() / SELECTIVE {
        let nodes = filter.nodes(&view.members);
        in_chunks(nodes.len(), top, |range, top| {
            let nodes = nodes.get(range).unwrap_or_default();
            scan_nodes(view, query, filter, nodes.iter().copied(), top);
        });
    } else {
        in_chunks(view.nodes as usize, top, |range, top| {
            let nodes = range.start as u32..range.end as u32;
            scan_nodes(view, query, filter, nodes, top);
        });
    }
}

/// Offers the points of a segment that the filter admits to the `top` of each query: for several queries that are
/// answered together, on one thread. Each vector is read once for all of them.
pub(super) fn scan_for_all(
    view: &View<'_>,
    filter: &Filter<'_>,
    queries: &mut [(&[f32], &mut TopK)],
) {
    if filter.at_most(&view.members) < view.members.ids.len() / SELECTIVE {
        let nodes = filter.nodes(&view.members);
        for (query, top) in queries {
            scan_nodes(view, query, filter, nodes.iter().copied(), top);
        }
        return;
    }
    for node in 0..view.nodes {
        for (query, top) in &mut *queries {
            scan_nodes(view, query, filter, std::iter::once(node), top);
        }
    }
}

/// Runs `scan` over 0 .. n, on several threads where that pays. Which thread takes what doesn't
/// matter, since the best k of the best k are the best k.
fn in_chunks(
    n: usize,
    top: &mut TopK,
    scan: impl Fn(std::ops::Range<usize>, &mut TopK) + Send + Sync,
) {
    if n < PARALLEL_FROM {
        return scan(0..n, top);
    }
    let k = top.k();
    let found = (0..n.div_ceil(CHUNK))
        .into_par_iter()
        .fold(
            || TopK::new(k),
            |mut top, chunk| {
                scan(chunk * CHUNK..n.min((chunk + 1) * CHUNK), &mut top);
                top
            },
        )
        .reduce(
            || TopK::new(k),
            |mut a, b| {
                a.absorb(b);
                a
            },
        );
    top.absorb(found);
}

fn scan_nodes(
    view: &View<'_>,
    query: &[f32],
    filter: &Filter<'_>,
    nodes: impl Iterator<Item = u32>,
    top: &mut TopK,
) {
    // Of a filter that lets nearly everything in it is cheaper to ask about the few nodes that are near enough.
    let score_first = filter.is_wide();
    for node in nodes {
        if !score_first && !view.members.of(node).any(|id| filter.admits(id)) {
            continue;
        }
        let Some(score) = view.rows.cosine(query, node) else {
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
