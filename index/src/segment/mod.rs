//! Immutable segments: opened by looking at the header, searched in place.

mod build;
mod file;
mod layout;
mod merge;
pub(crate) mod plain;
mod spill;
mod verify;
pub(crate) mod view;

pub use build::{BuildOptions, SegmentBuilder, write_segment};
pub use file::sync_folder;
pub use merge::merge;

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};

use memmap2::Mmap;

use crate::error::Error;
use crate::graph::{Graph, Upper};
use crate::point::PointId;
use crate::rows::{Layout, Rows};
use crate::space::Space;
use layout::{Header, Section};
use plain::{Plain, from_bytes};
use view::{Ids, Members, View};

/// What a segment is, as its header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentInfo {
    /// How many points it holds.
    pub points: usize,
    /// How many distinct vectors: points with bit-identical vectors share a node.
    pub nodes: usize,
    /// Length of the file in bytes.
    pub bytes: u64,
    /// SHA-256 of the first 992 bytes of the file. They contain the SHA-256 of each section, so this
    /// digest names the whole contents, and opening a segment needn't read them to know it.
    pub digest: [u8; 32],
    /// Whether it has an HNSW graph.
    pub graph: bool,
    /// How many nodes a search for their own vector didn't find in the graph as built, and which were
    /// linked again.
    pub relinked: usize,
    /// How many nodes that search didn't find even then. Only an exact scan is sure to find these; 0
    /// in every build measured so far.
    pub unreached: usize,
}

/// A segment file, memory-mapped.
///
/// Opening costs the same for any size: only the header is read. The file must not be changed or cut
/// while it is open (segments are only ever written whole and then renamed, so nothing of ours does).
pub struct Segment {
    path: PathBuf,
    header: Header,
    info: SegmentInfo,
    map: Mmap,
}

impl Segment {
    /// Opens a segment that must belong to `space`.
    ///
    /// # Errors
    ///
    /// A file that can't be read, that is no segment, that a newer program wrote, whose header or
    /// length is not as it was written, or whose vectors belong to another space. Damage inside the
    /// sections is found by [`verify`](Self::verify); a search over a damaged section may give wrong
    /// answers, and does no worse.
    pub fn open(path: &Path, space: &Space) -> Result<Self, Error> {
        let file = File::open(path).map_err(Error::io("open", path))?;
        let len = file.metadata().map_err(Error::io("open", path))?.len();
        if len == 0 {
            return Err(Error::damaged(path, "header", "the file is empty"));
        }
        // SAFETY: the file is only read, and segments are never changed in place (see above).
        let map = unsafe { Mmap::map(&file) }.map_err(Error::io("map", path))?;
        let (header, digest) = Header::decode(path, &map)?;
        if header.space != *space {
            return Err(Error::OtherSpace {
                path: path.to_path_buf(),
                found: header.space,
                expected: *space,
            });
        }
        let info = SegmentInfo {
            points: header.points as usize,
            nodes: header.nodes as usize,
            bytes: header.file_len,
            digest,
            graph: header.has_graph(),
            relinked: header.relinked as usize,
            unreached: header.unreached as usize,
        };
        Ok(Self {
            path: path.to_path_buf(),
            header,
            info,
            map,
        })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The space of its vectors.
    pub fn space(&self) -> &Space {
        &self.header.space
    }

    /// What the header says.
    pub fn info(&self) -> &SegmentInfo {
        &self.info
    }

    /// How many points it holds.
    pub fn len(&self) -> usize {
        self.info.points
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.info.points == 0
    }

    /// The ids of all points, ascending.
    pub fn ids(&self) -> impl Iterator<Item = PointId> + '_ {
        self.view().members.ids.iter()
    }

    /// Whether it holds a point.
    pub fn contains(&self, id: PointId) -> bool {
        self.view().members.ids.rank(id).is_some()
    }

    /// The vector of a point: `dim` numbers, of unit length.
    pub fn vector(&self, id: PointId) -> Option<Vec<f32>> {
        let view = self.view();
        view.rows.vector(view.members.node(id)?)
    }

    /// The mean of all points' vectors: `dim` numbers, not of unit length; zeros where there are none.
    pub fn mean(&self) -> &[f32] {
        self.section(Section::Mean)
    }

    /// All that a search reads.
    pub(crate) fn view(&self) -> View<'_> {
        View {
            nodes: self.header.nodes as u32,
            rows: Rows::new(
                Layout::new(self.header.space.dim),
                self.section_bytes(Section::Coarse),
                self.section_bytes(Section::Fine),
                self.section_bytes(Section::Scales),
            ),
            members: Members {
                ids: Ids {
                    first: self.header.first_id,
                    offsets: self.section(Section::Ids),
                },
                node_of: self.section(Section::NodeOf),
                starts: self.section(Section::MemberStarts),
                ranks: self.section(Section::Members),
            },
            graph: self.info.graph.then(|| Graph {
                starts: self.section(Section::Starts),
                links: self.section(Section::Links),
                upper: Upper {
                    entry: self.header.entry as u32,
                    nodes: self.section(Section::UpperNodes),
                    first_lists: self.section(Section::UpperFirsts),
                    list_starts: self.section(Section::UpperStarts),
                    links: self.section(Section::UpperLinks),
                },
            }),
        }
    }

    fn section<T: Plain>(&self, section: Section) -> &[T] {
        from_bytes(self.section_bytes(section))
    }

    fn section_bytes(&self, section: Section) -> &[u8] {
        self.header.extent(section).of(&self.map)
    }
}

impl fmt::Debug for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Segment")
            .field("path", &self.path)
            .field("space", &self.header.space)
            .field("info", &self.info)
            .finish_non_exhaustive()
    }
}
