//! Searching several segments as one.

mod all_pairs;
mod scan;
mod selection;
mod sieve;
mod top_k;

pub use selection::Selection;
pub use top_k::Neighbour;

use std::sync::Arc;

use rayon::prelude::*;

use crate::error::Error;
use crate::graph::Walker;
use crate::point::PointId;
use crate::rows::Query;
use crate::segment::Segment;
use crate::segment::view::View;
use crate::space::Space;
use crate::vector::UnitVector;
use selection::Filter;
use top_k::TopK;

/// How a search goes about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SearchParams {
    /// How many candidates a search through a graph keeps, at least as many as are asked for: more
    /// find more of the true neighbours and take longer in proportion.
    pub ef_search: usize,
    /// Compare every vector, even where there is a graph.
    pub exact: bool,
}

impl Default for SearchParams {
    fn default() -> Self {
        Self {
            ef_search: 100,
            exact: false,
        }
    }
}

/// A snapshot of some segments, searched together. Cheap to make and to share between threads.
#[derive(Clone, Debug, Default)]
pub struct Searcher {
    segments: Vec<Arc<Segment>>,
}

impl Searcher {
    /// Takes segments of one space. A point should be in one of them only: a search gives it back once
    /// for each that holds it.
    ///
    /// # Errors
    ///
    /// [`Error::OtherSpace`] for a segment of another space than the first.
    pub fn new(segments: Vec<Arc<Segment>>) -> Result<Self, Error> {
        if let Some(first) = segments.first()
            && let Some(other) = segments.iter().find(|s| s.space() != first.space())
        {
            return Err(Error::OtherSpace {
                path: other.path().to_path_buf(),
                found: *other.space(),
                expected: *first.space(),
            });
        }
        Ok(Self { segments })
    }

    /// The segments searched.
    pub fn segments(&self) -> &[Arc<Segment>] {
        &self.segments
    }

    /// The space of the vectors; none without segments.
    pub fn space(&self) -> Option<&Space> {
        self.segments.first().map(|segment| segment.space())
    }

    /// How many points there are.
    pub fn len(&self) -> usize {
        self.segments.iter().map(|segment| segment.len()).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.segments.iter().all(|segment| segment.is_empty())
    }

    /// Whether a segment holds a point.
    pub fn contains(&self, id: PointId) -> bool {
        self.segments.iter().any(|segment| segment.contains(id))
    }

    /// The vector of a point, as it is stored: `dim` numbers, of unit length.
    pub fn vector(&self, id: PointId) -> Option<Vec<f32>> {
        self.segments.iter().find_map(|segment| segment.vector(id))
    }

    /// The mean of all points' vectors, `dim` numbers: what the points have in common. None without points.
    ///
    /// Points that were deleted since their segment was written are still in it.
    pub fn mean(&self) -> Option<Vec<f32>> {
        let points = self.len();
        let mut mean = vec![0.0; self.space()?.dim];
        for segment in &self.segments {
            let share = segment.len() as f64 / points as f64;
            for (sum, &value) in mean.iter_mut().zip(segment.mean()) {
                *sum += f64::from(value) * share;
            }
        }
        (points > 0).then(|| mean.into_iter().map(|value: f64| value as f32).collect())
    }

    /// The `k` selected points nearest to a query (all, where fewer are selected), by descending score
    /// and then by ascending id. The same on any number of threads.
    ///
    /// A segment without a graph, or with one that a selective filter would make slow, is scanned
    /// exactly; a search through a graph may miss some true neighbours, but never comes back with
    /// fewer than `k` while there are more.
    ///
    /// # Errors
    ///
    /// [`Error::QueryDimension`].
    pub fn search(
        &self,
        query: &UnitVector,
        k: usize,
        selection: &Selection<'_>,
        params: &SearchParams,
    ) -> Result<Vec<Neighbour>, Error> {
        self.expect_dimension(std::slice::from_ref(query))?;
        Ok(self.nearest(query.as_slice(), k, &Filter::new(selection, None), params))
    }

    /// [`search`](Self::search) for many queries, which are shared out over the threads of the current rayon pool: what
    /// comes out is the same, and it takes less time for each.
    ///
    /// # Errors
    ///
    /// [`Error::QueryDimension`].
    pub fn search_many(
        &self,
        queries: &[UnitVector],
        k: usize,
        selection: &Selection<'_>,
        params: &SearchParams,
    ) -> Result<Vec<Vec<Neighbour>>, Error> {
        self.expect_dimension(queries)?;
        let filter = Filter::new(selection, None);
        let together = |queries: &[UnitVector]| {
            let queries: Vec<&[f32]> = queries.iter().map(UnitVector::as_slice).collect();
            self.nearest_to_each(&queries, k, &filter, params)
        };
        Ok(queries
            .par_chunks(TOGETHER)
            .flat_map_iter(together)
            .collect())
    }

    /// The `k` selected points nearest to a stored point, itself left out; otherwise like
    /// [`search`](Self::search). The point needn't be selected itself.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownPoint`].
    pub fn neighbours(
        &self,
        id: PointId,
        k: usize,
        selection: &Selection<'_>,
        params: &SearchParams,
    ) -> Result<Vec<Neighbour>, Error> {
        let query = self.vector(id).ok_or(Error::UnknownPoint { id })?;
        Ok(self.nearest(&query, k, &Filter::new(selection, Some(id)), params))
    }

    fn expect_dimension(&self, queries: &[UnitVector]) -> Result<(), Error> {
        if let Some(space) = self.space()
            && let Some(query) = queries.iter().find(|query| query.dim() != space.dim)
        {
            return Err(Error::QueryDimension {
                found: query.dim(),
                expected: space.dim,
            });
        }
        Ok(())
    }

    /// The query must have the right dimension.
    fn nearest(
        &self,
        query: &[f32],
        k: usize,
        filter: &Filter<'_>,
        params: &SearchParams,
    ) -> Vec<Neighbour> {
        let found = self.nearest_to_each(&[query], k, filter, params);
        found.into_iter().flatten().collect()
    }

    /// The same for a few queries.
    fn nearest_to_each(
        &self,
        queries: &[&[f32]],
        k: usize,
        filter: &Filter<'_>,
        params: &SearchParams,
    ) -> Vec<Vec<Neighbour>> {
        let asked = queries.iter().map(|&vector| Asked {
            vector,
            coded: Query::new(vector),
        });
        let asked: Vec<Asked<'_>> = asked.collect();
        let mut tops: Vec<TopK> = queries.iter().map(|_| TopK::new(k)).collect();
        for segment in &self.segments {
            let view = segment.view();
            let at_most = filter.at_most(&view.members);
            if at_most == 0 || k == 0 {
                continue;
            }
            let mut scanned: Vec<(&Asked<'_>, &mut TopK)> = Vec::new();
            for (asked, top) in asked.iter().zip(&mut tops) {
                match through_graph(&view, asked, filter, at_most, k, params) {
                    Some(found) => found.into_iter().for_each(|found| top.offer(found)),
                    None => scanned.push((asked, top)),
                }
            }
            match scanned.as_mut_slice() {
                [] => {}
                [(asked, top)] => scan::scan(&view, asked, filter, top),
                several => scan::scan_for_all(&view, filter, several),
            }
        }
        tops.into_iter().map(TopK::into_sorted).collect()
    }
}

/// How many queries read a vector one after the other while it is near: as many again would hardly gain more, and leave
/// fewer shares for the threads.
const TOGETHER: usize = 16;

/// A query in both of the forms that it is compared in.
struct Asked<'a> {
    vector: &'a [f32],
    coded: Query,
}

/// How many nodes a search through a graph scores for each candidate it keeps. Measured with 111 000 vectors of passages: 16 at
/// ef 80, 21 at ef 40.
const SCORED_PER_EF: usize = 20;

/// How much longer a node takes that the graph leads to than one that a scan comes by: it lies
/// anywhere in memory, and the next address isn't known before it is scored.
const WALK_COST: usize = 3;

/// Searches a segment through its graph; none where there is no graph, where a scan is expected to be
/// done sooner, where the walk turns out to be the longer way after all, and where it came back with fewer points than there are
/// (the filter admits only what is far from the query).
fn through_graph(
    view: &View<'_>,
    asked: &Asked<'_>,
    filter: &Filter<'_>,
    at_most: usize,
    k: usize,
    params: &SearchParams,
) -> Option<Vec<Neighbour>> {
    let graph = view.graph.filter(|_| !params.exact)?;
    // Of as many as are asked for, the last would often be missed.
    let ef = params.ef_search.max(k.saturating_add(k / 2)).max(1);
    // The walk has to pass `points / at_most` nodes for each that the filter admits.
    let points = view.members.ids.len();
    let ef = ef.saturating_mul(points).div_ceil(at_most);
    let walked = ef.saturating_mul(SCORED_PER_EF);
    if walked.saturating_mul(WALK_COST) >= at_most {
        return None;
    }
    Walker::with(|walker| {
        let near = walker.walk(&graph, &view.rows, &asked.coded, ef, at_most)?;
        let mut top = TopK::new(k);
        let mut room = Vec::new();
        for scored in near {
            let margin = view.rows.margin(&asked.coded, scored.node);
            if scored.score + margin < top.floor() {
                continue;
            }
            let mut ids = view.members.of(scored.node).filter(|&id| filter.admits(id));
            let Some(first) = ids.next() else {
                continue;
            };
            let score = view.rows.cosine(asked.vector, scored.node, &mut room)?;
            for id in std::iter::once(first).chain(ids) {
                top.offer(Neighbour { id, score });
            }
        }
        let found = top.into_sorted();
        (found.len() >= k.min(at_most)).then_some(found)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id_set::IdSet;
    use crate::segment::{BuildOptions, write_segment};

    #[test]
    fn a_wide_filter_is_walked_through_and_a_selective_one_scanned() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let space = Space {
            dim: 4,
            digest: [0; 32],
        };
        let points = (0..8_000u64).map(|i| {
            let x = i as f32;
            (PointId(i), [x.sin(), (x * 0.7).cos(), (x * 0.3).sin(), 0.5])
        });
        let options = BuildOptions {
            graph_from: 0,
            ..BuildOptions::default()
        };
        write_segment(&path, &space, points, &options).unwrap();
        let segment = Segment::open(&path, &space).unwrap();
        let query = segment.vector(PointId(77)).unwrap();
        let walked = |only: Option<&IdSet>, params: &SearchParams, k| {
            let selection = Selection { only, except: None };
            let filter = Filter::new(&selection, None);
            let view = segment.view();
            let at_most = filter.at_most(&view.members);
            let asked = Asked {
                vector: &query,
                coded: Query::new(&query),
            };
            through_graph(&view, &asked, &filter, at_most, k, params).is_some()
        };
        let params = SearchParams::default();
        let wide: IdSet = (0..8_000).filter(|i| i % 8 != 0).map(PointId).collect();
        let narrow: IdSet = (0..8_000).filter(|i| i % 8 == 0).map(PointId).collect();
        assert!(walked(None, &params, 10));
        assert!(walked(Some(&wide), &params, 10));
        assert!(!walked(Some(&narrow), &params, 10));
        assert!(!walked(None, &params, 1_000));
        let exact = SearchParams {
            exact: true,
            ..params
        };
        assert!(!walked(None, &exact, 10));
    }
}
