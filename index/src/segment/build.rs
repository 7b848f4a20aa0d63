//! Making a segment from points.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::{Path, PathBuf};

use memmap2::{Mmap, MmapOptions};
use sha2::{Digest, Sha256};

use super::SegmentInfo;
use super::file::SegmentFile;
use super::layout::{Extent, Header};
use super::plain::to_bytes;
use super::spill::Spill;
use crate::error::{Error, VectorError};
use crate::graph::{Built, Order, places};
use crate::point::PointId;
use crate::rows::{Layout, Rows};
use crate::space::Space;
use crate::stop::Stop;
use crate::vector::normalise;

/// Links are counted in 32 bits, and a node has up to 256 of them, though hardly ever more than 32.
const MOST_POINTS: usize = 100_000_000;

/// How a segment is built.
#[derive(Clone, Debug)]
pub struct BuildOptions {
    /// A graph is built for a segment of this many nodes (distinct vectors) or more; a smaller one is
    /// searched by exact scan.
    ///
    /// Measured with 384 dimensions and AVX-512, on one core: a search through a graph beats a scan from
    /// some 4 000 nodes on, but with 20 000 a scan still takes no more than 1.5 ms (0.3 through a graph),
    /// and building the graph takes half a minute. So the default is 20 000.
    pub graph_from: usize,
    /// Links of a node in each layer of the upper graph, 2 ..= 64. On the ground it chooses half as many more, and has up to twice
    /// as many when those that chose it are added.
    pub m: usize,
    /// How many of a node's nearest neighbours are considered when it is linked, at least `m` and at most 1000.
    pub candidates: usize,
    /// Decides which nodes are in the upper graph. With the same seed, the same points give the
    /// same file on any number of threads.
    pub seed: u64,
    /// Ends building within a second or so once it is set, with [`Error::Stopped`].
    pub stop: Stop,
}

impl Default for BuildOptions {
    fn default() -> Self {
        Self {
            graph_from: 20_000,
            m: 16,
            candidates: 48,
            seed: 0,
            stop: Stop::default(),
        }
    }
}

impl BuildOptions {
    pub(super) fn go_on(&self) -> Result<(), Error> {
        if self.stop.is_set() {
            return Err(Error::Stopped);
        }
        Ok(())
    }

    fn check(&self) -> Result<(), Error> {
        if !(2..=64).contains(&self.m) {
            return Err(Error::Option {
                name: "m",
                found: self.m,
                expected: "2 to 64",
            });
        }
        if !(self.m..=1000).contains(&self.candidates) {
            return Err(Error::Option {
                name: "candidates",
                found: self.candidates,
                expected: "at least m, and at most 1000",
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
    path: PathBuf,
    space: Space,
    layout: Layout,
    vectors: Spill,
    ids: Vec<PointId>,
    /// The node of each point, in the order in which nodes came.
    node_of: Vec<u32>,
    /// Nodes by the first half of their vector's SHA-256, which two different vectors don't share.
    node_by_vector: HashMap<[u8; 16], u32>,
    nodes: u32,
    scratch: Vec<f32>,
    /// A vector's coarse and fine bits and its scale.
    record: Vec<u8>,
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
        let layout = Layout::new(space.dim);
        Ok(Self {
            path: path.to_path_buf(),
            space: *space,
            layout,
            vectors: Spill::create(path)?,
            ids: Vec::new(),
            node_of: Vec::new(),
            node_by_vector: HashMap::new(),
            nodes: 0,
            scratch: Vec::with_capacity(space.dim),
            record: vec![0; layout.coarse + layout.fine],
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
        if let Some(&first) = self.ids.first()
            && id.0 - first.0 > u64::from(u32::MAX)
        {
            return Err(Error::TooFar { id, first });
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
        let Layout { coarse, fine, .. } = self.layout;
        self.record.resize(coarse + fine, 0);
        let (coarse, fine) = self.record.split_at_mut(coarse);
        let scale = self.layout.encode(&self.scratch, coarse, fine);
        let node = match self.node_by_vector.entry(key(&self.record)) {
            Entry::Occupied(entry) => *entry.get(),
            Entry::Vacant(entry) => {
                self.record.extend(scale.to_le_bytes());
                self.vectors.write(&self.record)?;
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
    /// Options out of range, a file that can't be written, and [`Error::Stopped`].
    pub fn finish(self, options: &BuildOptions) -> Result<SegmentInfo, Error> {
        options.check()?;
        let Self {
            path,
            space,
            layout,
            mut vectors,
            ids,
            mut node_of,
            nodes,
            node_by_vector,
            sum,
            ..
        } = self;
        drop(node_by_vector);
        let map = vectors.map()?;
        let rows = Rows::of_records(layout, map.as_deref().unwrap_or_default());
        let has_graph = nodes > 0 && nodes as usize >= options.graph_from;
        let order = has_graph.then(|| Order::new(rows, nodes, options));
        options.go_on()?;
        let in_order: Vec<u32> = match &order {
            Some(order) => order.nodes().collect(),
            None => (0..nodes).collect(),
        };
        let mut file = SegmentFile::create(&path)?;
        let rows = write_rows(&mut file, rows, &in_order)?;
        drop((map, vectors));
        let built = match order {
            Some(order) => {
                let map = map_written(&mut file)?;
                let [coarse, fine, scales] = rows.each_ref().map(|section| section.of(&map));
                order.link(Rows::new(layout, coarse, fine, scales), options)
            }
            None => None,
        };
        options.go_on()?;
        renumber(&mut node_of, &in_order);
        let (starts, ranks) = group(&node_of, nodes);
        let starts = if nodes as usize == ids.len() {
            Vec::new()
        } else {
            starts
        };
        let first = ids.first().map_or(0, |first| first.0);
        // A point that is farther away was not taken.
        let offsets: Vec<u32> = ids.iter().map(|id| (id.0 - first) as u32).collect();
        let graph = built.as_ref().map(Built::graph);
        let upper = graph.as_ref().map(|graph| &graph.upper);
        let points = ids.len().max(1) as f64;
        let mean: Vec<f32> = sum.iter().map(|sum| (sum / points) as f32).collect();
        let [coarse, fine, scales] = rows;
        let extents = [
            coarse,
            fine,
            scales,
            file.section(to_bytes(&offsets))?,
            file.section(to_bytes(&node_of))?,
            file.section(to_bytes(&starts))?,
            file.section(to_bytes(&ranks))?,
            file.section(graph.map_or(&[], |graph| to_bytes(graph.starts)))?,
            file.section(graph.map_or(&[], |graph| to_bytes(graph.links)))?,
            file.section(upper.map_or(&[], |upper| to_bytes(upper.nodes)))?,
            file.section(upper.map_or(&[], |upper| to_bytes(upper.first_lists)))?,
            file.section(upper.map_or(&[], |upper| to_bytes(upper.list_starts)))?,
            file.section(upper.map_or(&[], |upper| to_bytes(upper.links)))?,
            file.section(to_bytes(&mean))?,
        ];
        let header = Header {
            space,
            file_len: file.written(),
            points: ids.len() as u64,
            nodes: u64::from(nodes),
            first_id: first,
            links: graph.map_or(0, |graph| graph.links.len() as u64),
            upper_places: upper.map_or(0, |upper| upper.nodes.len() as u64),
            upper_lists: upper.map_or(0, |upper| upper.list_starts.len() as u64 - 1),
            upper_links: upper.map_or(0, |upper| upper.links.len() as u64),
            entry: upper.map_or(0, |upper| u64::from(upper.entry)),
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

/// Writes the coarse bits, the fine bits and the scales of rows in a new order.
fn write_rows(
    file: &mut SegmentFile,
    rows: Rows<'_>,
    in_order: &[u32],
) -> Result<[Extent; 3], Error> {
    let mut section = |write: &dyn Fn(&mut SegmentFile, u32) -> Result<(), Error>| {
        file.begin()?;
        for &node in in_order {
            write(file, node)?;
        }
        Ok(file.end())
    };
    Ok([
        section(&|file, node| file.write(rows.coarse(node).unwrap_or_default()))?,
        section(&|file, node| file.write(rows.fine(node).unwrap_or_default()))?,
        section(&|file, node| file.write(&rows.scale(node).unwrap_or(0.0).to_le_bytes()))?,
    ])
}

/// Nodes by the numbers that their new order gives them.
fn renumber(node_of: &mut [u32], in_order: &[u32]) {
    let places = places(in_order);
    for node in node_of {
        *node = places.get(*node as usize).copied().unwrap_or(0);
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

/// What was written of a file so far.
fn map_written(file: &mut SegmentFile) -> Result<Mmap, Error> {
    let path = file.temporary().to_path_buf();
    let len = file.written() as usize;
    let file = file.flushed()?;
    // SAFETY: these bytes are written and flushed, and what is still written goes behind them, until the header is written when
    // nobody looks at them any more.
    unsafe { MmapOptions::new().len(len).map(file) }.map_err(Error::io("map", &path))
}
