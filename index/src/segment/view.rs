//! What a segment holds, as slices: rows of vectors, and which points share one.
//!
//! Nothing here trusts the contents: a table that points outside gives nothing.

use crate::graph::Graph;
use crate::kernels::{self, Dot};
use crate::point::PointId;

/// Unit vectors, one row a node.
#[derive(Clone, Copy)]
pub(crate) struct Rows<'a> {
    vectors: &'a [f32],
    dim: usize,
    dot: Dot,
}

impl<'a> Rows<'a> {
    /// `vectors` is nodes × dim, row by row.
    pub(crate) fn new(vectors: &'a [f32], dim: usize) -> Self {
        Self {
            vectors,
            dim,
            dot: kernels::dot(),
        }
    }

    /// The vector of a node.
    #[inline]
    pub(crate) fn row(&self, node: u32) -> Option<&'a [f32]> {
        let start = (node as usize).checked_mul(self.dim)?;
        self.vectors.get(start..)?.get(..self.dim)
    }

    /// The cosine of a query with a node; none for a node that isn't there.
    #[inline]
    pub(crate) fn cosine(&self, query: &[f32], node: u32) -> Option<f32> {
        Some(kernels::cosine(self.dot, query, self.row(node)?))
    }
}

/// Which points share a node.
#[derive(Clone, Copy)]
pub(crate) struct Members<'a> {
    pub(crate) ids: &'a [PointId],
    pub(crate) node_of: &'a [u32],
    pub(crate) starts: &'a [u32],
    pub(crate) ranks: &'a [u32],
}

impl<'a> Members<'a> {
    /// The points of a node, ascending.
    #[inline]
    pub(crate) fn of(&self, node: u32) -> impl Iterator<Item = PointId> + use<'a> {
        let start = self.starts.get(node as usize).copied().unwrap_or(0);
        let end = self.starts.get(node as usize + 1).copied().unwrap_or(0);
        let ranks = self.ranks.get(start as usize..end as usize);
        let ids = self.ids;
        ranks
            .unwrap_or_default()
            .iter()
            .filter_map(move |&rank| ids.get(rank as usize).copied())
    }

    /// The node of a point.
    pub(crate) fn node(&self, id: PointId) -> Option<u32> {
        let (lowest, highest) = self.range()?;
        if id < lowest || highest < id {
            return None;
        }
        // Ids without gaps, as an indexing run gives them, tell their rank.
        let rank = usize::try_from(id.0 - lowest.0).ok();
        let rank = rank
            .filter(|rank| self.ids.get(*rank) == Some(&id))
            .or_else(|| self.ids.binary_search(&id).ok())?;
        self.node_of.get(rank).copied()
    }

    /// The lowest and the highest id; none where there are no points.
    pub(crate) fn range(&self) -> Option<(PointId, PointId)> {
        Some((*self.ids.first()?, *self.ids.last()?))
    }
}

/// Everything that a search reads.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) nodes: u32,
    pub(crate) rows: Rows<'a>,
    pub(crate) members: Members<'a>,
    pub(crate) graph: Option<Graph<'a>>,
}
