//! The nearest neighbours of every point at once, for graphs over a whole library.

use std::ops::Range;

use rayon::prelude::*;

use super::selection::{Filter, Selection};
use super::top_k::{Neighbour, TopK};
use super::{SearchParams, Searcher};
use crate::kernels;
use crate::point::PointId;

/// Up to this many selected points every pair is compared: exact, and in blocks that stay in the cache.
/// Beyond it each point is searched for, through the graphs where there are some.
const EXACT_UP_TO: usize = 50_000;

/// Vectors that are compared with one that is read from memory: 48 KB of 384 dimensions, which stays
/// in the second-level cache.
const BLOCK: usize = 32;

/// A vector and the selected points that have it.
struct Row<'a> {
    vector: &'a [f32],
    members: Range<usize>,
}

/// All selected points, by vector.
#[derive(Default)]
struct Selected<'a> {
    rows: Vec<Row<'a>>,
    ids: Vec<PointId>,
}

impl Selected<'_> {
    fn members(&self, row: &Row<'_>) -> &[PointId] {
        self.ids.get(row.members.clone()).unwrap_or_default()
    }
}

impl Searcher {
    /// For every selected point its `k` nearest among the selected ones, itself left out: points by
    /// ascending id, neighbours as [`search`](Self::search) gives them. Uses all threads, and gives the
    /// same on any number.
    ///
    /// Up to 50 000 selected points the answer is exact; beyond that segments with a graph are searched
    /// through it.
    pub fn all_neighbours(
        &self,
        k: usize,
        selection: &Selection<'_>,
    ) -> Vec<(PointId, Vec<Neighbour>)> {
        let filter = Filter::new(selection, None);
        let selected = self.selected(&filter);
        // A point is its own nearest neighbour (or one of its equals is), so one more is looked for.
        let wanted = k.saturating_add(1);
        let mut all: Vec<_> = if selected.ids.len() <= EXACT_UP_TO {
            let blocks = selected.rows.par_chunks(BLOCK);
            blocks
                .flat_map_iter(|block| {
                    let nearest = nearest_of_block(&selected, block, wanted);
                    block.iter().zip(nearest)
                })
                .flat_map_iter(|(row, nearest)| per_point(&selected, row, nearest, k))
                .collect()
        } else {
            let params = SearchParams {
                ef_search: SearchParams::default()
                    .ef_search
                    .max(wanted.saturating_mul(2)),
                exact: false,
            };
            let rows = selected.rows.par_iter();
            rows.flat_map_iter(|row| {
                let nearest = self.nearest(row.vector, wanted, &filter, &params);
                per_point(&selected, row, nearest, k)
            })
            .collect()
        };
        all.par_sort_unstable_by_key(|&(id, _)| id);
        all
    }

    fn selected(&self, filter: &Filter<'_>) -> Selected<'_> {
        let mut selected = Selected::default();
        for segment in &self.segments {
            let view = segment.view();
            for node in 0..view.nodes {
                let start = selected.ids.len();
                let admitted = view.members.of(node).filter(|&id| filter.admits(id));
                selected.ids.extend(admitted);
                let members = start..selected.ids.len();
                if let Some(vector) = view.rows.row(node).filter(|_| !members.is_empty()) {
                    selected.rows.push(Row { vector, members });
                }
            }
        }
        selected
    }
}

/// For each row of a block its nearest points among all selected, its own included.
fn nearest_of_block(selected: &Selected<'_>, block: &[Row<'_>], k: usize) -> Vec<Vec<Neighbour>> {
    let dot = kernels::dot();
    let mut tops: Vec<TopK> = block.iter().map(|_| TopK::new(k)).collect();
    for other in &selected.rows {
        for (row, top) in block.iter().zip(&mut tops) {
            let score = kernels::cosine(dot, row.vector, other.vector);
            if score >= top.floor() {
                for &id in selected.members(other) {
                    top.offer(Neighbour { id, score });
                }
            }
        }
    }
    tops.into_iter().map(TopK::into_sorted).collect()
}

/// The neighbours of each point of a row, without the point itself.
fn per_point(
    selected: &Selected<'_>,
    row: &Row<'_>,
    nearest: Vec<Neighbour>,
    k: usize,
) -> Vec<(PointId, Vec<Neighbour>)> {
    let members = selected.members(row).iter();
    let others = |id| {
        let others = nearest.iter().copied().filter(|n| n.id != id);
        (id, others.take(k).collect())
    };
    members.map(|&id| others(id)).collect()
}
