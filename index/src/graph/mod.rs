//! The graph that a large segment is searched through: tables of 32-bit numbers that are searched where they lie.
//!
//! It has two floors. On the *ground* every node is linked to some of those that are near it, chosen so that they lie in
//! different directions. One node in 32 is also part of the *upper* graph, which `hnsw_rs` builds: a hierarchical
//! navigable small world (Malkov and Yashunin, "Efficient and robust approximate nearest neighbor search using Hierarchical
//! Navigable Small World graphs", 2018), through which a search comes near its goal in a few steps before it begins on the
//! ground. So the whole is an HNSW graph, of which only the lowest layer is built otherwise ([`build`] says how, and why).

mod build;
mod links;
mod relink;
mod upper;
mod walk;

pub(crate) use build::{Built, Order, places};
pub(crate) use walk::Walker;

/// No node is in more layers of the upper graph: the limit of `hnsw_rs`, reached by one node in 16^15. It keeps a damaged
/// table from sending a search through millions of layers.
const MOST_LAYERS: u32 = 16;

/// The graph over the rows of a segment; the tables are those of the file format.
///
/// Nothing here trusts the tables: a list that isn't there is empty.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Graph<'a> {
    /// Where each node's links begin, and where those of the last end.
    pub(crate) starts: &'a [u32],
    /// Neighbouring nodes, the nearest first.
    pub(crate) links: &'a [u32],
    pub(crate) upper: Upper<'a>,
}

/// The upper graph. Its lists name nodes by their place in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Upper<'a> {
    /// The place where a search begins.
    pub(crate) entry: u32,
    /// The node at each place.
    pub(crate) nodes: &'a [u32],
    /// The first list of each place. List `first + l` is that of layer `l`, and the place is in as many layers as it has lists.
    pub(crate) first_lists: &'a [u32],
    /// Where each list's links begin.
    pub(crate) list_starts: &'a [u32],
    /// Neighbouring places.
    pub(crate) links: &'a [u32],
}

impl<'a> Graph<'a> {
    /// The neighbours of a node on the ground.
    #[inline]
    pub(crate) fn neighbours(&self, node: u32) -> &'a [u32] {
        between(self.starts, self.links, node)
    }
}

impl<'a> Upper<'a> {
    /// In how many layers a place is: at least 1, 0 for one that isn't there.
    pub(crate) fn layers(&self, place: u32) -> u32 {
        let first = self.first_lists.get(place as usize);
        let next = self.first_lists.get(place as usize + 1);
        match (first, next) {
            (Some(first), Some(next)) => next.saturating_sub(*first).min(MOST_LAYERS),
            _ => 0,
        }
    }

    /// The neighbours of a place in a layer.
    pub(crate) fn neighbours(&self, place: u32, layer: u32) -> &'a [u32] {
        match self.first_lists.get(place as usize) {
            Some(first) if layer < self.layers(place) => {
                between(self.list_starts, self.links, first.saturating_add(layer))
            }
            _ => &[],
        }
    }
}

/// The numbers of one list among all of them; none where the table of starts leads astray.
#[inline]
fn between<'a>(starts: &[u32], numbers: &'a [u32], list: u32) -> &'a [u32] {
    let start = starts.get(list as usize);
    let end = starts.get(list as usize + 1);
    let list = start.zip(end);
    let list = list.and_then(|(&start, &end)| numbers.get(start as usize..end as usize));
    list.unwrap_or_default()
}
