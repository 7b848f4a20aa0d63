//! The nearest neighbours of every point at once, for graphs over a whole library.

use std::ops::Range;

use rayon::prelude::*;

use super::Searcher;
use super::selection::{Filter, Selection};
use super::top_k::{Neighbour, TopK};
use crate::kernels;
use crate::knn::{self, Vectors};
use crate::point::PointId;
use crate::rows::Rows;
use crate::stop::Stop;

/// Up to this many distinct vectors every pair is compared: exact, and in blocks that stay in the cache. Measured with 384
/// dimensions and AVX-512, it takes 3 s of one core's time for as many, and for twice as many four times that.
const EXACT_UP_TO: usize = 10_000;

/// Vectors that are compared with one that is read from memory: 48 KB of 384 dimensions, which stays
/// in the second-level cache.
const BLOCK: usize = 32;

/// All selected points, by vector.
struct Selected<'a> {
    dim: usize,
    /// The rows of each segment.
    rows: Vec<Rows<'a>>,
    /// Each vector by its segment and its node there.
    vectors: Vec<(u32, u32)>,
    /// Where in `ids` the points of each vector are.
    members: Vec<Range<usize>>,
    ids: Vec<PointId>,
}

impl Vectors for Selected<'_> {
    fn len(&self) -> usize {
        self.vectors.len()
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn read(&self, vector: usize, out: &mut [f32]) {
        let found = self.vectors.get(vector);
        match found.and_then(|&(segment, node)| Some((self.rows.get(segment as usize)?, node))) {
            Some((rows, node)) => {
                rows.decode(node, out);
            }
            None => out.fill(0.0),
        }
    }
}

impl Selected<'_> {
    /// The points that have a vector, ascending.
    fn members(&self, vector: usize) -> &[PointId] {
        let range = self.members.get(vector).cloned();
        let members = range.and_then(|range| self.ids.get(range));
        members.unwrap_or_default()
    }
}

impl Searcher {
    /// For every selected point its `k` nearest among the selected ones, itself left out: points by
    /// ascending id, neighbours as [`search`](Self::search) gives them. Uses all threads, and gives the
    /// same on any number.
    ///
    /// Up to 10 000 distinct vectors the answer is exact. Beyond that some of the true neighbours may be missing (of 15 among
    /// 113 000 vectors of passages fewer than 1 %) and the next nearest take their places; there are never fewer
    /// than `k` while there are more points, and scores are always those of the vectors themselves.
    pub fn all_neighbours(
        &self,
        k: usize,
        selection: &Selection<'_>,
    ) -> Vec<(PointId, Vec<Neighbour>)> {
        self.all_neighbours_exact_up_to(EXACT_UP_TO, k, selection)
    }

    /// The same with another limit.
    fn all_neighbours_exact_up_to(
        &self,
        exact_up_to: usize,
        k: usize,
        selection: &Selection<'_>,
    ) -> Vec<(PointId, Vec<Neighbour>)> {
        let filter = Filter::new(selection, None);
        let selected = self.selected(&filter);
        // A point is its own nearest neighbour (or one of its equals is), so one more is looked for.
        let wanted = k.saturating_add(1);
        let mut all: Vec<_> = if selected.vectors.len() <= exact_up_to {
            let blocks = (0..selected.vectors.len()).into_par_iter().step_by(BLOCK);
            blocks
                .flat_map_iter(|start| {
                    let block = start..selected.vectors.len().min(start + BLOCK);
                    block
                        .clone()
                        .zip(nearest_of_block(&selected, block, wanted))
                })
                .flat_map_iter(|(vector, nearest)| per_point(&selected, vector, nearest, k))
                .collect()
        } else {
            // Codes put vectors that are nearly as near in another order, so more of them are compared.
            let keep = wanted.saturating_add(wanted / 2 + 8);
            let enough = wanted.min(selected.vectors.len());
            knn::candidates(&selected, keep, &Stop::default(), |vector, candidates| {
                let nearest = if candidates.len() < enough {
                    // Its cells had too few.
                    let alone = nearest_of_block(&selected, vector..vector + 1, wanted);
                    alone.into_iter().flatten().collect()
                } else {
                    nearest_of_candidates(&selected, vector, candidates, wanted)
                };
                per_point(&selected, vector, nearest, k)
            })
        };
        all.par_sort_unstable_by_key(|&(id, _)| id);
        all
    }

    fn selected(&self, filter: &Filter<'_>) -> Selected<'_> {
        let mut selected = Selected {
            dim: self.space().map_or(0, |space| space.dim),
            rows: Vec::new(),
            vectors: Vec::new(),
            members: Vec::new(),
            ids: Vec::new(),
        };
        for (segment, number) in self.segments.iter().zip(0..) {
            let view = segment.view();
            selected.rows.push(view.rows);
            for node in 0..view.nodes {
                let start = selected.ids.len();
                let admitted = view.members.of(node).filter(|&id| filter.admits(id));
                selected.ids.extend(admitted);
                let members = start..selected.ids.len();
                if !members.is_empty() {
                    selected.vectors.push((number, node));
                    selected.members.push(members);
                }
            }
        }
        selected
    }
}

/// For each vector of a block its nearest points among all selected, its own included.
fn nearest_of_block(selected: &Selected<'_>, block: Range<usize>, k: usize) -> Vec<Vec<Neighbour>> {
    let dot = kernels::dot();
    let mut vectors = vec![0.0; block.len() * selected.dim];
    let by_vector = vectors.chunks_exact_mut(selected.dim.max(1));
    for (vector, out) in block.zip(by_vector) {
        selected.read(vector, out);
    }
    let by_vector = || vectors.chunks_exact(selected.dim.max(1));
    let mut tops: Vec<TopK> = by_vector().map(|_| TopK::new(k)).collect();
    let mut other_vector = vec![0.0; selected.dim];
    for other in 0..selected.len() {
        selected.read(other, &mut other_vector);
        for (vector, top) in by_vector().zip(&mut tops) {
            let score = kernels::cosine(dot, vector, &other_vector);
            offer(selected, other, score, top);
        }
    }
    tops.into_iter().map(TopK::into_sorted).collect()
}

/// The nearest points of a vector among those of the candidates.
fn nearest_of_candidates(
    selected: &Selected<'_>,
    vector: usize,
    candidates: &[u32],
    k: usize,
) -> Vec<Neighbour> {
    let dot = kernels::dot();
    let mut top = TopK::new(k);
    let (mut own, mut other) = (vec![0.0; selected.dim], vec![0.0; selected.dim]);
    selected.read(vector, &mut own);
    for &candidate in candidates {
        selected.read(candidate as usize, &mut other);
        let score = kernels::cosine(dot, &own, &other);
        offer(selected, candidate as usize, score, &mut top);
    }
    top.into_sorted()
}

/// Offers the points of a vector that has this score.
fn offer(selected: &Selected<'_>, vector: usize, score: f32, top: &mut TopK) {
    if score >= top.floor() {
        // Of equal ones the first come first, so that more of them can't be among the best.
        for &id in selected.members(vector).iter().take(top.k()) {
            top.offer(Neighbour { id, score });
        }
    }
}

/// The neighbours of each point of a vector, without the point itself.
fn per_point(
    selected: &Selected<'_>,
    vector: usize,
    nearest: Vec<Neighbour>,
    k: usize,
) -> Vec<(PointId, Vec<Neighbour>)> {
    let members = selected.members(vector).iter();
    let others = |id| {
        let others = nearest.iter().copied().filter(|n| n.id != id);
        (id, others.take(k).collect())
    };
    members.map(|&id| others(id)).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::id_set::IdSet;
    use crate::segment::{BuildOptions, Segment, write_segment};
    use crate::space::Space;

    /// Points around as many centres as there are hundreds of them, in three segments.
    fn searcher(points: u64, dim: usize) -> Searcher {
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        let mut random = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 40) as f32 / (1 << 24) as f32 - 0.5
        };
        let mut vector = || -> Vec<f32> { (0..dim).map(|_| random()).collect() };
        let centres: Vec<Vec<f32>> = (0..points.div_ceil(100)).map(|_| vector()).collect();
        let points: Vec<(PointId, Vec<f32>)> = (0..points)
            .map(|id| {
                let centre = &centres[id as usize * 7 % centres.len()];
                let own = vector().into_iter().zip(centre).map(|(x, y)| x + y);
                // Now and then a point is its centre, to the bit.
                let own = if id % 50 == 0 {
                    centre.clone()
                } else {
                    own.collect()
                };
                (PointId(id), own)
            })
            .collect();
        in_segments(&points, dim)
    }

    fn in_segments(points: &[(PointId, Vec<f32>)], dim: usize) -> Searcher {
        let folder = tempfile::tempdir().unwrap();
        let space = Space {
            dim,
            digest: [0; 32],
        };
        let segments = (0..3).map(|part| {
            let path = folder.path().join(part.to_string());
            let share = points.iter().skip(part).step_by(3);
            let share = share.map(|(id, vector)| (*id, vector));
            write_segment(&path, &space, share, &BuildOptions::default()).unwrap();
            Arc::new(Segment::open(&path, &space).unwrap())
        });
        Searcher::new(segments.collect()).unwrap()
    }

    #[test]
    fn beyond_the_limit_nearly_all_neighbours_are_found_with_the_scores_of_the_vectors() {
        let searcher = searcher(20_000, 32);
        let only: IdSet = (0..20_000).filter(|id| id % 5 > 0).map(PointId).collect();
        let except: IdSet = (0..20_000).filter(|id| id % 7 == 0).map(PointId).collect();
        let selection = Selection::only(&only).except(&except);
        for k in [1, 15, 30] {
            let exact = searcher.all_neighbours_exact_up_to(usize::MAX, k, &selection);
            let found = searcher.all_neighbours_exact_up_to(0, k, &selection);
            assert_eq!(found.len(), exact.len());
            let mut hits = 0;
            for ((id, found), (expected_id, expected)) in found.iter().zip(&exact) {
                assert_eq!(id, expected_id);
                assert_eq!(found.len(), k);
                assert!(found.is_sorted_by(|a, b| (b.score, a.id) < (a.score, b.id)));
                let vector = searcher.vector(*id).unwrap();
                for near in found {
                    assert!(only.contains(near.id) && !except.contains(near.id) && near.id != *id);
                    let other = searcher.vector(near.id).unwrap();
                    let score = kernels::cosine(kernels::dot(), &vector, &other);
                    assert_eq!(near.score, score);
                }
                hits += expected.iter().filter(|near| found.contains(near)).count();
            }
            let recall = hits as f64 / (k * exact.len()) as f64;
            assert!(recall > 0.97, "{k}: {recall}");
        }
    }

    #[test]
    fn where_all_cells_are_looked_into_nothing_is_missed() {
        for (points, dim) in [(1, 1), (2, 3), (40, 5), (700, 24), (2_000, 129)] {
            let searcher = searcher(points, dim);
            for k in [
                0,
                1,
                7,
                points as usize - 1,
                points as usize + 9,
                usize::MAX,
            ] {
                let exact = searcher.all_neighbours_exact_up_to(usize::MAX, k, &Selection::all());
                let found = searcher.all_neighbours_exact_up_to(0, k, &Selection::all());
                assert!(found == exact, "{points} points, {k} neighbours");
            }
        }
        assert_eq!(
            searcher(9, 2).all_neighbours_exact_up_to(0, 3, &Selection::only(&IdSet::new())),
            []
        );
    }

    #[test]
    fn a_point_whose_cells_have_too_few_is_compared_with_all() {
        let searcher = searcher(6_000, 4);
        for (_, found) in searcher.all_neighbours_exact_up_to(0, 5_900, &Selection::all()) {
            assert_eq!(found.len(), 5_900);
        }
    }

    #[test]
    fn vectors_of_few_directions_have_neighbours_too() {
        let dim = 70;
        let points: Vec<(PointId, Vec<f32>)> = (0..3_000)
            .map(|id: u64| {
                let mut vector = vec![1e-30; dim];
                vector[id as usize % 4] = if id % 8 < 4 { 1.0 } else { -1.0 };
                vector[69] = if id.is_multiple_of(3) { 1e-4 } else { 0.0 };
                (PointId(id), vector)
            })
            .collect();
        let searcher = in_segments(&points, dim);
        for (_, found) in searcher.all_neighbours_exact_up_to(0, 15, &Selection::all()) {
            assert!(found.len() == 15 && found.iter().all(|near| near.score > 0.999));
        }
    }

    #[test]
    fn the_number_of_threads_changes_nothing_beyond_the_limit() {
        let searcher = searcher(8_000, 48);
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            let find = || searcher.all_neighbours_exact_up_to(0, 15, &Selection::all());
            pool.build().unwrap().install(find)
        };
        let once = run(1);
        assert!(once == run(2) && once == run(3));
    }
}
