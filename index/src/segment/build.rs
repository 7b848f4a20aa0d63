//! Making a segment from points.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::Path;

use memmap2::{Mmap, MmapOptions};
use sha2::{Digest, Sha256};

use super::SegmentInfo;
use super::file::SegmentFile;
use super::layout::{Extent, Header};
use super::plain::{from_bytes, to_bytes};
use super::view::Rows;
use crate::error::{Error, VectorError};
use crate::graph::{self, BuiltGraph};
use crate::point::PointId;
use crate::space::Space;
use crate::vector::normalise;

/// Ranks and lists are counted in 32 bits.
const MOST_POINTS: usize = (u32::MAX / 4) as usize;

/// How a segment is built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildOptions {
    /// A graph is built for a segment of this many nodes (distinct vectors) or more; a smaller one is
    /// searched by exact scan.
    ///
    /// Measured with 384 dimensions and AVX-512, on one core: a search through a graph beats a scan from
    /// some 4 000 nodes on, but with 20 000 a scan still takes no more than 1.5 ms (0.3 through a graph),
    /// and building the graph takes half a minute. So the default is 20 000.
    pub graph_from: usize,
    /// Links of a node in each layer of the graph (twice as many in the lowest), 2 ..= 128.
    pub m: usize,
    /// How many candidates are considered when a node is linked; more than `2 * m`, up to 10 000.
    pub ef_construction: usize,
    /// Decides the order in which nodes enter the graph. With the same seed, the same points give the
    /// same file on any number of threads.
    pub seed: u64,
}

impl Default for BuildOptions {
    fn default() -> Self {
        Self {
            graph_from: 20_000,
            m: 16,
            ef_construction: 128,
            seed: 0,
        }
    }
}

impl BuildOptions {
    fn check(&self) -> Result<(), Error> {
        if !(2..=128).contains(&self.m) {
            return Err(Error::Option {
                name: "m",
                found: self.m,
                expected: "2 to 128",
            });
        }
        if self.ef_construction <= 2 * self.m || self.ef_construction > 10_000 {
            return Err(Error::Option {
                name: "ef_construction",
                found: self.ef_construction,
                expected: "more than twice m, and at most 10000",
            });
        }
        Ok(())
    }
}

/// Writes a segment of the given points, which must come in strictly ascending order of their ids.
///
/// Vectors are scaled to unit length. The file appears under its name only when it is complete and on
/// disk, so a crash leaves at most a `.tmp` file beside it; an older file of that name is replaced.
///
/// # Errors
///
/// Those of [`SegmentBuilder`].
pub fn write_segment<V: AsRef<[f32]>>(
    path: &Path,
    space: &Space,
    points: impl IntoIterator<Item = (PointId, V)>,
    options: &BuildOptions,
) -> Result<SegmentInfo, Error> {
    let mut builder = SegmentBuilder::create(path, space)?;
    for (id, vector) in points {
        builder.push(id, vector.as_ref())?;
    }
    builder.finish(options)
}

/// Takes points one by one. Vectors go to disk at once, so memory holds only the ids, 16 bytes of digest
/// for each distinct vector and, at the end, the graph.
///
/// Dropped before [`finish`](Self::finish), it leaves nothing behind.
pub struct SegmentBuilder {
    space: Space,
    file: SegmentFile,
    ids: Vec<PointId>,
    node_of: Vec<u32>,
    /// Nodes by the first half of their vector's SHA-256, which two different vectors don't share.
    node_by_vector: HashMap<[u8; 16], u32>,
    nodes: u32,
    scratch: Vec<f32>,
    /// The sum of all points' vectors.
    sum: Vec<f64>,
}

impl SegmentBuilder {
    /// Begins a segment of `space` that will be at `path`.
    ///
    /// # Errors
    ///
    /// A dimension of 0 or above [`Space::MAX_DIM`], and a file that can't be created.
    pub fn create(path: &Path, space: &Space) -> Result<Self, Error> {
        if space.dim == 0 || space.dim > Space::MAX_DIM {
            return Err(Error::Option {
                name: "the dimension",
                found: space.dim,
                expected: "1 to 65536",
            });
        }
        Ok(Self {
            space: *space,
            file: SegmentFile::create(path)?,
            ids: Vec::new(),
            node_of: Vec::new(),
            node_by_vector: HashMap::new(),
            nodes: 0,
            scratch: Vec::with_capacity(space.dim),
            sum: vec![0.0; space.dim],
        })
    }

    /// Adds a point, its vector scaled to unit length.
    ///
    /// # Errors
    ///
    /// A vector of the wrong dimension, zero, or with a number that isn't finite (naming the point,
    /// which is not added: the caller may go on); an id that isn't above the last; a full disk.
    pub fn push(&mut self, id: PointId, vector: &[f32]) -> Result<(), Error> {
        if let Some(&previous) = self.ids.last().filter(|&&previous| previous >= id) {
            return Err(Error::Order { id, previous });
        }
        if self.ids.len() >= MOST_POINTS {
            return Err(Error::Full {
                id,
                limit: MOST_POINTS,
            });
        }
        if vector.len() != self.space.dim {
            return Err(Error::Refused {
                id,
                source: VectorError::Dimension {
                    found: vector.len(),
                    expected: self.space.dim,
                },
            });
        }
        self.scratch.clear();
        self.scratch.extend_from_slice(vector);
        normalise(&mut self.scratch).map_err(|source| Error::Refused { id, source })?;
        for (sum, &value) in self.sum.iter_mut().zip(&self.scratch) {
            *sum += f64::from(value);
        }
        let bytes = to_bytes(&self.scratch);
        let node = match self.node_by_vector.entry(key(bytes)) {
            Entry::Occupied(entry) => *entry.get(),
            Entry::Vacant(entry) => {
                self.file.write(bytes)?;
                self.nodes += 1;
                *entry.insert(self.nodes - 1)
            }
        };
        self.ids.push(id);
        self.node_of.push(node);
        Ok(())
    }

    /// How many points were added.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether none was.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Builds the graph, where the options ask for one, and puts the finished file in its place.
    ///
    /// # Errors
    ///
    /// Options out of range, and a file that can't be written.
    pub fn finish(self, options: &BuildOptions) -> Result<SegmentInfo, Error> {
        options.check()?;
        let Self {
            space,
            mut file,
            ids,
            node_of,
            nodes,
            node_by_vector,
            sum,
            ..
        } = self;
        drop(node_by_vector);
        let vectors = file.end();
        let built = if nodes > 0 && nodes as usize >= options.graph_from {
            let map = map_section(&mut file, &vectors)?;
            let rows = Rows::new(from_bytes(&map), space.dim);
            Some(graph::build(rows, nodes, options))
        } else {
            None
        };
        let (starts, ranks) = group(&node_of, nodes);
        let graph = built.as_ref().map(BuiltGraph::graph);
        let points = ids.len().max(1) as f64;
        let mean: Vec<f32> = sum.iter().map(|sum| (sum / points) as f32).collect();
        let extents = [
            vectors,
            file.section(to_bytes(&ids))?,
            file.section(to_bytes(&node_of))?,
            file.section(to_bytes(&starts))?,
            file.section(to_bytes(&ranks))?,
            file.section(graph.map_or(&[], |graph| to_bytes(graph.first_lists)))?,
            file.section(graph.map_or(&[], |graph| to_bytes(graph.list_starts)))?,
            file.section(graph.map_or(&[], |graph| to_bytes(graph.links)))?,
            file.section(to_bytes(&mean))?,
        ];
        let header = Header {
            space,
            file_len: file.written(),
            points: ids.len() as u64,
            nodes: u64::from(nodes),
            lists: graph.map_or(0, |graph| graph.list_starts.len() as u64 - 1),
            links: graph.map_or(0, |graph| graph.links.len() as u64),
            entry: graph.map_or(0, |graph| u64::from(graph.entry)),
            relinked: built.as_ref().map_or(0, |built| built.relinked as u64),
            unreached: built.as_ref().map_or(0, |built| built.unreached as u64),
            extents,
        };
        let digest = file.finish(&header)?;
        Ok(SegmentInfo {
            points: ids.len(),
            nodes: nodes as usize,
            bytes: header.file_len,
            digest,
            graph: built.is_some(),
            relinked: header.relinked as usize,
            unreached: header.unreached as usize,
        })
    }
}

/// What identical vectors share: long enough that different ones never do.
fn key(vector: &[u8]) -> [u8; 16] {
    let digest: [u8; 32] = Sha256::digest(vector).into();
    let mut key = [0; 16];
    key.iter_mut().zip(digest).for_each(|(k, d)| *k = d);
    key
}

/// Ranks grouped by node: where each node's begin, and the ranks.
fn group(node_of: &[u32], nodes: u32) -> (Vec<u32>, Vec<u32>) {
    let mut ranks: Vec<u32> = (0..).take(node_of.len()).collect();
    ranks.sort_by_key(|&rank| node_of.get(rank as usize).copied());
    let mut starts = Vec::with_capacity(nodes as usize + 1);
    let mut at = 0;
    for node in 0..nodes {
        starts.push(at);
        at += ranks
            .iter()
            .skip(at as usize)
            .take_while(|&&rank| node_of.get(rank as usize) == Some(&node))
            .count() as u32;
    }
    starts.push(at);
    (starts, ranks)
}

fn map_section(file: &mut SegmentFile, section: &Extent) -> Result<Mmap, Error> {
    let (offset, len) = (section.offset, section.len as usize);
    let path = file.temporary().to_path_buf();
    let file = file.flushed()?;
    // SAFETY: these bytes are written and flushed, and what is still written goes behind and before them.
    unsafe { MmapOptions::new().offset(offset).len(len).map(file) }.map_err(Error::io("map", &path))
}
