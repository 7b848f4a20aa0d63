//! The upper graph, built with `hnsw_rs`.

use hnsw_rs::anndists::dist::distances::Distance;
use hnsw_rs::hnsw::Hnsw;

use super::{MOST_LAYERS, Upper};
use crate::rows::{Query, Rows};
use crate::segment::BuildOptions;

/// One node in so many is part of the upper graph, as in a graph with 32 links on the ground. With 111 000 vectors of passages,
/// one in 16 and one in 64 make no difference that could be told from noise.
const UPPER_SHARE: u64 = 32;

/// How many candidates `hnsw_rs` considers when it links a place, in links of a layer: more than twice as many, or it makes
/// worse graphs.
const CONSIDERED: usize = 6;

/// The tables of an upper graph, in memory.
pub(super) struct Tables {
    entry: u32,
    nodes: Vec<u32>,
    first_lists: Vec<u32>,
    list_starts: Vec<u32>,
    links: Vec<u32>,
}

impl Tables {
    pub(super) fn upper(&self) -> Upper<'_> {
        Upper {
            entry: self.entry,
            nodes: &self.nodes,
            first_lists: &self.first_lists,
            list_starts: &self.list_starts,
            links: &self.links,
        }
    }
}

/// The distance that `hnsw_rs` builds with: 1 - cosine, by coarse bits. It is given places, one in each "vector", so that it
/// needn't keep a copy of all vectors.
struct CosineOfPlaces<'a> {
    rows: Rows<'a>,
    nodes: &'a [u32],
    /// The vector of each place as a query.
    queries: &'a [Query],
}

impl Distance<u32> for CosineOfPlaces<'_> {
    fn eval(&self, a: &[u32], b: &[u32]) -> f32 {
        let place = |place: &[u32]| place.first().map(|&place| place as usize);
        let query = place(a).and_then(|place| self.queries.get(place));
        let node = place(b).and_then(|place| self.nodes.get(place));
        let cosine = query
            .zip(node)
            .and_then(|(query, &node)| self.rows.near(query, node));
        // `hnsw_rs` insists on distances that are not below 0.
        (1.0 - cosine.unwrap_or(-1.0)).max(0.0)
    }
}

/// Builds the upper graph over nodes 0 .. `nodes`, of which there is at least one; `None` where it was stopped.
///
/// `hnsw_rs` 0.3.5 draws the layers from a generator with a fixed seed, but inserting from several threads gives them out in
/// the order in which the threads come, and lets one insertion see another half done. Same input must give the same file, so
/// one thread inserts them. They are shuffled first: near nodes have near numbers, and a graph that grows from one end to the
/// other has worse long links than one that grows everywhere at once.
pub(super) fn build(rows: Rows<'_>, nodes: u32, options: &BuildOptions) -> Option<Tables> {
    let mut random = SplitMix64(options.seed);
    let mut chosen: Vec<u32> = (0..nodes)
        .filter(|_| random.next().is_multiple_of(UPPER_SHARE))
        .collect();
    if chosen.is_empty() {
        chosen.push(0);
    }
    let mut vector = vec![0.0; rows.dim()];
    let queries = chosen.iter().map(|&node| {
        rows.decode(node, &mut vector);
        Query::new(&vector)
    });
    let queries: Vec<Query> = queries.collect();
    let distance = CosineOfPlaces {
        rows,
        nodes: &chosen,
        queries: &queries,
    };
    let (m, places) = (options.m, chosen.len());
    let hnsw = Hnsw::new(m, places, MOST_LAYERS as usize, m * CONSIDERED, distance);
    let mut order: Vec<u32> = (0..).take(places).collect();
    for i in (1..order.len()).rev() {
        order.swap(i, (random.next() % (i as u64 + 1)) as usize);
    }
    for place in order {
        if options.stop.is_set() {
            return None;
        }
        hnsw.insert((&[place], place as usize));
    }
    let mut tables = extract(&hnsw, places);
    drop(hnsw);
    tables.nodes = chosen;
    Some(tables)
}

/// Takes the layers and links out. Two kinds of links are left out: from a place to itself, and in a layer that one end isn't in
/// (`hnsw_rs` makes these when a new highest layer begins).
fn extract<D>(hnsw: &Hnsw<'_, u32, D>, places: usize) -> Tables
where
    D: Distance<u32> + Send + Sync,
{
    let points = hnsw.get_point_indexation();
    let top = usize::from(hnsw.get_max_level_observed());
    let mut levels = vec![0; places];
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
    let mut by_place: Vec<Vec<Vec<u32>>> = vec![Vec::new(); places];
    for point in (0..=top).flat_map(|level| points.get_layer_iterator(level)) {
        let place = point.get_origin_id();
        let level = levels.get(place).copied().unwrap_or(0);
        let lists = point.get_neighborhood_id().into_iter().take(level + 1);
        let lists = lists.enumerate().map(|(layer, neighbours)| {
            let to = neighbours.iter().map(|neighbour| neighbour.d_id);
            to.filter(|&to| to != place && levels.get(to).is_some_and(|&level| level >= layer))
                .map(|to| to as u32)
                .collect()
        });
        if let Some(known) = by_place.get_mut(place) {
            *known = lists.collect();
            known.resize(level + 1, Vec::new());
        }
    }
    let mut tables = Tables {
        entry,
        nodes: Vec::new(),
        first_lists: Vec::with_capacity(places + 1),
        list_starts: Vec::new(),
        links: Vec::new(),
    };
    for lists in &by_place {
        tables.first_lists.push(tables.list_starts.len() as u32);
        for list in lists {
            tables.list_starts.push(tables.links.len() as u32);
            tables.links.extend(list);
        }
    }
    tables.first_lists.push(tables.list_starts.len() as u32);
    tables.list_starts.push(tables.links.len() as u32);
    tables
}

/// Numbers that only the seed decides.
struct SplitMix64(u64);

impl SplitMix64 {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}
