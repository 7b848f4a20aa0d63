//! Building a graph with `hnsw_rs`, and taking it out of there.

use hnsw_rs::anndists::dist::distances::Distance;
use hnsw_rs::hnsw::Hnsw;

use super::lists::{Flat, Lists};
use super::{Graph, MOST_LAYERS, relink};
use crate::segment::BuildOptions;
use crate::segment::view::Rows;

/// A finished graph and what the audit found.
pub(crate) struct BuiltGraph {
    pub(super) flat: Flat,
    /// Nodes that a search for their own vector did not find at first.
    pub(crate) relinked: usize,
    /// Nodes that it did not find even after they were linked again.
    pub(crate) unreached: usize,
}

impl BuiltGraph {
    pub(crate) fn graph(&self) -> Graph<'_> {
        self.flat.graph()
    }
}

/// The distance that `hnsw_rs` builds with: 1 - cosine. It is given node numbers, one in each "vector",
/// so that it needn't keep a second copy of all vectors.
struct CosineOfNodes<'a>(Rows<'a>);

impl Distance<u32> for CosineOfNodes<'_> {
    fn eval(&self, a: &[u32], b: &[u32]) -> f32 {
        let row = |node: &[u32]| node.first().and_then(|&node| self.0.row(node));
        let cosine = row(a)
            .zip(b.first())
            .and_then(|(row, &b)| self.0.cosine(row, b));
        // A cosine is at most 1, so this is never below 0, which `hnsw_rs` insists on.
        1.0 - cosine.unwrap_or(-1.0)
    }
}

/// Builds the graph over `nodes` rows, at least 1.
///
/// `hnsw_rs` 0.3.5 draws the layers from a generator with a fixed seed, but inserting from several
/// threads gives them out in the order in which the threads come, and lets one insertion see another
/// half done. Same input must give the same file, so nodes are inserted by one thread. They are
/// shuffled first: paragraphs of an article lie close together, and a graph that grows article by
/// article has worse long links than one that grows everywhere at once.
pub(crate) fn build(rows: Rows<'_>, nodes: u32, options: &BuildOptions) -> BuiltGraph {
    let hnsw = Hnsw::new(
        options.m,
        nodes as usize,
        MOST_LAYERS as usize,
        options.ef_construction,
        CosineOfNodes(rows),
    );
    for node in shuffled(nodes, options.seed) {
        hnsw.insert((&[node], node as usize));
    }
    let lists = extract(&hnsw, nodes);
    drop(hnsw);
    relink::relink(lists, rows, nodes)
}

/// Takes the layers and neighbours out. Two kinds of links are left out: from a node to itself, and in
/// a layer that one end isn't in (`hnsw_rs` makes these when a new highest layer begins).
fn extract<D>(hnsw: &Hnsw<'_, u32, D>, nodes: u32) -> Lists
where
    D: Distance<u32> + Send + Sync,
{
    let points = hnsw.get_point_indexation();
    let top = usize::from(hnsw.get_max_level_observed());
    let mut levels = vec![0; nodes as usize];
    let mut entry = 0;
    for level in 0..=top {
        for (i, point) in points.get_layer_iterator(level).enumerate() {
            if let Some(known) = levels.get_mut(point.get_origin_id()) {
                *known = level;
            }
            // A search there begins at the first point that reached the highest layer.
            if level == top && i == 0 {
                entry = point.get_origin_id() as u32;
            }
        }
    }
    let mut by_node = vec![Vec::new(); nodes as usize];
    for point in (0..=top).flat_map(|level| points.get_layer_iterator(level)) {
        let node = point.get_origin_id();
        let layers = levels.get(node).map_or(0, |level| level + 1);
        let lists = point
            .get_neighborhood_id()
            .into_iter()
            .take(layers)
            .enumerate();
        let lists = lists.map(|(layer, neighbours)| {
            let to = neighbours.iter().map(|neighbour| neighbour.d_id);
            to.filter(|&to| to != node && levels.get(to).is_some_and(|&level| level >= layer))
                .map(|to| to as u32)
                .collect()
        });
        if let Some(place) = by_node.get_mut(node) {
            *place = lists.collect::<Vec<Vec<u32>>>();
        }
    }
    Lists::new(entry, by_node)
}

/// 0 .. n in an order that only the seed decides: Fisher and Yates' shuffle with SplitMix64.
fn shuffled(n: u32, seed: u64) -> Vec<u32> {
    let mut order: Vec<u32> = (0..n).collect();
    let mut state = seed;
    for i in (1..order.len()).rev() {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^= z >> 31;
        order.swap(i, (z % (i as u64 + 1)) as usize);
    }
    order
}
