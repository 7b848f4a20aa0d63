//! What a segment holds, as slices: rows of vectors, and which points share one.
//!
//! Nothing here trusts the contents: a table that points outside gives nothing.

use crate::graph::Graph;
use crate::point::PointId;
use crate::rows::Rows;

/// The ids of points, ascending, as how far each is above the first. A point's *rank* is its place among them.
#[derive(Clone, Copy)]
pub(crate) struct Ids<'a> {
    pub(crate) first: u64,
    pub(crate) offsets: &'a [u32],
}

impl<'a> Ids<'a> {
    pub(crate) fn len(&self) -> usize {
        self.offsets.len()
    }

    /// The point at a rank.
    #[inline]
    pub(crate) fn get(&self, rank: usize) -> Option<PointId> {
        let offset = self.offsets.get(rank)?;
        Some(PointId(self.first.saturating_add(u64::from(*offset))))
    }

    /// The rank of a point.
    pub(crate) fn rank(&self, id: PointId) -> Option<usize> {
        let offset = u32::try_from(id.0.checked_sub(self.first)?).ok()?;
        // Ids without gaps, as an indexing run gives them, tell their rank.
        let rank = Some(offset as usize).filter(|rank| self.offsets.get(*rank) == Some(&offset));
        rank.or_else(|| self.offsets.binary_search(&offset).ok())
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = PointId> + use<'a> {
        let first = self.first;
        let offsets = self.offsets.iter();
        offsets.map(move |&offset| PointId(first.saturating_add(u64::from(offset))))
    }
}

/// Which points share a node.
#[derive(Clone, Copy)]
pub(crate) struct Members<'a> {
    pub(crate) ids: Ids<'a>,
    /// The node of each rank.
    pub(crate) node_of: &'a [u32],
    /// Where each node's members begin; empty where every node has one.
    pub(crate) starts: &'a [u32],
    /// Ranks, grouped by node.
    pub(crate) ranks: &'a [u32],
}

impl<'a> Members<'a> {
    /// The points of a node, ascending.
    #[inline]
    pub(crate) fn of(&self, node: u32) -> impl Iterator<Item = PointId> + use<'a> {
        let node = node as usize;
        let (start, end) = match self.starts {
            [] => (node, node.saturating_add(1)),
            starts => {
                let at = |node: usize| starts.get(node).copied().unwrap_or(0) as usize;
                (at(node), at(node.saturating_add(1)))
            }
        };
        let ranks = self.ranks.get(start..end);
        let ids = self.ids;
        ranks
            .unwrap_or_default()
            .iter()
            .filter_map(move |&rank| ids.get(rank as usize))
    }

    /// The node of a point.
    pub(crate) fn node(&self, id: PointId) -> Option<u32> {
        self.node_of.get(self.ids.rank(id)?).copied()
    }

    /// The lowest and the highest id; none where there are no points.
    pub(crate) fn range(&self) -> Option<(PointId, PointId)> {
        let last = self.ids.len().checked_sub(1)?;
        Some((self.ids.get(0)?, self.ids.get(last)?))
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
