//! The HNSW graph in its flat form: tables of 32-bit neighbours that are searched where they lie.
//!
//! Hierarchical navigable small worlds are from Malkov and Yashunin, "Efficient and robust approximate
//! nearest neighbor search using Hierarchical Navigable Small World graphs" (2018).

mod build;
mod lists;
mod relink;
mod walk;

pub(crate) use build::{BuiltGraph, build};
pub(crate) use walk::{Visited, walk};

/// No node is in more layers: the limit of `hnsw_rs`, reached by one node in 16^15. It keeps a damaged
/// table from sending a search through millions of layers.
const MOST_LAYERS: u32 = 16;

/// A graph over the rows of a segment; the tables are those of the file format.
///
/// Nothing here trusts the tables: a list that isn't there is empty.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Graph<'a> {
    pub(crate) entry: u32,
    pub(crate) first_lists: &'a [u32],
    pub(crate) list_starts: &'a [u64],
    pub(crate) links: &'a [u32],
}

impl<'a> Graph<'a> {
    /// In how many layers a node is: at least 1, 0 for a node that isn't there.
    #[inline]
    pub(crate) fn layers(&self, node: u32) -> u32 {
        let first = self.first_lists.get(node as usize);
        let next = self.first_lists.get(node as usize + 1);
        match (first, next) {
            (Some(first), Some(next)) => next.saturating_sub(*first).min(MOST_LAYERS),
            _ => 0,
        }
    }

    /// The neighbours of a node in a layer, the nearest first.
    #[inline]
    pub(crate) fn neighbours(&self, node: u32, layer: u32) -> &'a [u32] {
        if layer >= self.layers(node) {
            return &[];
        }
        let first = self.first_lists.get(node as usize).copied().unwrap_or(0);
        let list = first as usize + layer as usize;
        let start = self.list_starts.get(list).copied().unwrap_or(0);
        let end = self.list_starts.get(list + 1).copied().unwrap_or(0);
        let links = self.links.get(start as usize..end as usize);
        links.unwrap_or_default()
    }
}
