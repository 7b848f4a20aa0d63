//! The file format: the header, the sections, and what is checked before anything is read.
//!
//! All numbers are little-endian. The header takes the first 1024 bytes:
//!
//! | at  | bytes | what                                                                  |
//! |-----|-------|-----------------------------------------------------------------------|
//! | 0   | 8     | `TOPOISEG`                                                            |
//! | 8   | 4     | format version                                                        |
//! | 12  | 4     | numbers in a vector                                                   |
//! | 16  | 32    | digest of the vector space                                            |
//! | 48  | 8     | length of the file                                                    |
//! | 56  | 8     | points                                                                |
//! | 64  | 8     | nodes: distinct vectors                                               |
//! | 72  | 8     | the lowest id                                                         |
//! | 80  | 8     | links: neighbours in all lists of the ground                          |
//! | 88  | 8     | places in the upper graph, 0 where there is no graph                  |
//! | 96  | 8     | lists in the upper graph                                              |
//! | 104 | 8     | links in the upper graph                                              |
//! | 112 | 8     | the place in the upper graph where a search begins                    |
//! | 120 | 8     | nodes that were linked again after the build                          |
//! | 128 | 8     | nodes that even then were not found by their own vector               |
//! | 136 | 672   | for each of the fourteen sections: offset, length, SHA-256            |
//! | 808 | 184   | zero                                                                  |
//! | 992 | 32    | SHA-256 of the 992 bytes before                                       |
//!
//! The sections follow in the order of [`Section::ALL`], each at a multiple of 64 with zeros between.

use std::fmt;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::rows::Layout;
use crate::space::Space;

pub(crate) const HEADER_LEN: usize = 1024;
pub(crate) const ALIGNMENT: u64 = 64;
pub(crate) const VERSION: u32 = 2;
const MAGIC: &[u8; 8] = b"TOPOISEG";
const CHECKSUM_AT: usize = HEADER_LEN - 32;
const SECTIONS: usize = 14;

/// The parts of a segment file after its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    /// nodes × (dim up to a multiple of 64) bytes: the upper eight bits of each number, 128 for zero.
    Coarse,
    /// nodes × dim / 4 bytes, rounded up: the lower two bits of each number, four numbers a byte.
    Fine,
    /// nodes × f32: what a vector's numbers are multiplied with.
    Scales,
    /// points × u32: the ids, ascending, as how far each is above the lowest. A point's rank is its place here.
    Ids,
    /// points × u32: the node of each rank.
    NodeOf,
    /// nodes + 1 × u32: where each node's members begin; empty where every node has one.
    MemberStarts,
    /// points × u32: ranks, grouped by node.
    Members,
    /// nodes + 1 × u32: where each node's links begin.
    Starts,
    /// links × u32: neighbouring nodes.
    Links,
    /// places × u32: the node at each place of the upper graph, ascending.
    UpperNodes,
    /// places + 1 × u32: the first list of each place. List `first + l` is that of layer `l`, and the place is in as
    /// many layers as it has lists.
    UpperFirsts,
    /// lists + 1 × u32: where each list's links begin.
    UpperStarts,
    /// links × u32: neighbouring places.
    UpperLinks,
    /// dim × f32: the mean of all points' vectors, not of unit length; zeros where there are none.
    Mean,
}

impl Section {
    pub(crate) const ALL: [Self; SECTIONS] = [
        Self::Coarse,
        Self::Fine,
        Self::Scales,
        Self::Ids,
        Self::NodeOf,
        Self::MemberStarts,
        Self::Members,
        Self::Starts,
        Self::Links,
        Self::UpperNodes,
        Self::UpperFirsts,
        Self::UpperStarts,
        Self::UpperLinks,
        Self::Mean,
    ];

    /// How error messages call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Coarse => "coarse bits",
            Self::Fine => "fine bits",
            Self::Scales => "scales",
            Self::Ids => "ids",
            Self::NodeOf => "table of nodes",
            Self::MemberStarts => "table of members",
            Self::Members => "members",
            Self::Starts => "table of links",
            Self::Links => "links",
            Self::UpperNodes => "nodes of the upper graph",
            Self::UpperFirsts => "table of upper lists",
            Self::UpperStarts => "table of upper links",
            Self::UpperLinks => "upper links",
            Self::Mean => "numbers of the mean",
        }
    }
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Where a section lies, and its checksum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) offset: u64,
    pub(crate) len: u64,
    pub(crate) sha256: [u8; 32],
}

impl Extent {
    /// The section's bytes; none where the file ends before it does.
    pub(crate) fn of<'a>(&self, file: &'a [u8]) -> &'a [u8] {
        let bytes = file.get(self.offset as usize..);
        let bytes = bytes.and_then(|bytes| bytes.get(..self.len as usize));
        bytes.unwrap_or_default()
    }
}

/// All that the first 1024 bytes say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) space: Space,
    pub(crate) file_len: u64,
    pub(crate) points: u64,
    pub(crate) nodes: u64,
    pub(crate) first_id: u64,
    pub(crate) links: u64,
    pub(crate) upper_places: u64,
    pub(crate) upper_lists: u64,
    pub(crate) upper_links: u64,
    pub(crate) entry: u64,
    pub(crate) relinked: u64,
    pub(crate) unreached: u64,
    pub(crate) extents: [Extent; SECTIONS],
}

impl Header {
    pub(crate) fn extent(&self, section: Section) -> &Extent {
        // The sections are numbered in the order of `Section::ALL`.
        &self.extents[section as usize]
    }

    /// The bytes of the header, and the checksum at their end.
    pub(crate) fn encode(&self) -> (Vec<u8>, [u8; 32]) {
        let mut bytes = Vec::with_capacity(HEADER_LEN);
        bytes.extend(MAGIC);
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend((self.space.dim as u32).to_le_bytes());
        bytes.extend(self.space.digest);
        for number in [
            self.file_len,
            self.points,
            self.nodes,
            self.first_id,
            self.links,
            self.upper_places,
            self.upper_lists,
            self.upper_links,
            self.entry,
            self.relinked,
            self.unreached,
        ] {
            bytes.extend(number.to_le_bytes());
        }
        for extent in &self.extents {
            bytes.extend(extent.offset.to_le_bytes());
            bytes.extend(extent.len.to_le_bytes());
            bytes.extend(extent.sha256);
        }
        bytes.resize(CHECKSUM_AT, 0);
        let checksum: [u8; 32] = Sha256::digest(&bytes).into();
        bytes.extend(checksum);
        (bytes, checksum)
    }

    /// Reads the header of a mapped file and checks all that can be checked without reading the
    /// sections; also gives the checksum.
    pub(crate) fn decode(path: &Path, file: &[u8]) -> Result<(Self, [u8; 32]), Error> {
        let damaged = |detail: String| Error::damaged(path, "header", detail);
        let mut fields = Fields(file);
        let too_short = || damaged(format!("the file ends after {} bytes", file.len()));
        let magic: [u8; 8] = fields.take().ok_or_else(too_short)?;
        if &magic != MAGIC {
            return Err(Error::NotASegment {
                path: path.to_path_buf(),
            });
        }
        // The version comes first: a later one may have another header behind it.
        let version = fields.u32().ok_or_else(too_short)?;
        if version > VERSION {
            return Err(Error::NewerVersion {
                path: path.to_path_buf(),
                found: version,
                supported: VERSION,
            });
        }
        if version < VERSION {
            return Err(Error::OlderVersion {
                path: path.to_path_buf(),
                found: version,
                supported: VERSION,
            });
        }
        let (body, checksum) = file
            .get(..HEADER_LEN)
            .and_then(|header| header.split_last_chunk::<32>())
            .ok_or_else(too_short)?;
        if <[u8; 32]>::from(Sha256::digest(body)) != *checksum {
            return Err(damaged("its checksum doesn't match".into()));
        }
        let header = fields.header().ok_or_else(too_short)?;
        if header.file_len != file.len() as u64 {
            return Err(damaged(format!(
                "the file has {} bytes, and {} were written",
                file.len(),
                header.file_len
            )));
        }
        header.check_extents().map_err(damaged)?;
        Ok((header, *checksum))
    }

    /// Whether there is a graph.
    pub(crate) fn has_graph(&self) -> bool {
        self.upper_places > 0
    }

    /// The length that each section must have.
    fn expected_len(&self, section: Section) -> Option<u64> {
        let layout = Layout::new(self.space.dim);
        let numbers = |count: u64| count.checked_mul(4);
        let of_graph = |count: u64| match self.has_graph() {
            true => numbers(count),
            false => Some(0),
        };
        match section {
            Section::Coarse => self.nodes.checked_mul(layout.coarse as u64),
            Section::Fine => self.nodes.checked_mul(layout.fine as u64),
            Section::Scales => numbers(self.nodes),
            Section::Ids | Section::NodeOf | Section::Members => numbers(self.points),
            Section::MemberStarts if self.nodes == self.points => Some(0),
            Section::MemberStarts => numbers(self.nodes.checked_add(1)?),
            Section::Starts => of_graph(self.nodes.checked_add(1)?),
            Section::Links => of_graph(self.links),
            Section::UpperNodes => of_graph(self.upper_places),
            Section::UpperFirsts => of_graph(self.upper_places.checked_add(1)?),
            Section::UpperStarts => of_graph(self.upper_lists.checked_add(1)?),
            Section::UpperLinks => of_graph(self.upper_links),
            Section::Mean => numbers(self.space.dim as u64),
        }
    }

    /// Sections must lie in order, aligned, inside the file and have the length that the counts ask for.
    fn check_extents(&self) -> Result<(), String> {
        let limit = u64::from(u32::MAX);
        if self.space.dim == 0 || self.space.dim > Space::MAX_DIM {
            return Err(format!("{} numbers in a vector", self.space.dim));
        }
        if self.points >= limit || self.nodes > self.points {
            return Err(format!("{} nodes for {} points", self.nodes, self.points));
        }
        let counts = [self.links, self.upper_lists, self.upper_links];
        let fits = counts.into_iter().all(|count| count < limit)
            && self.upper_places <= self.nodes
            && self.upper_lists >= self.upper_places;
        let is_empty = self.upper_places == 0 && counts == [0; 3] && self.entry == 0;
        let is_whole = fits && self.entry < self.upper_places;
        if !(is_empty || is_whole) {
            return Err(format!("a graph that begins at {}", self.entry));
        }
        let mut end = HEADER_LEN as u64;
        for section in Section::ALL {
            let extent = self.extent(section);
            if !extent.offset.is_multiple_of(ALIGNMENT) || extent.offset < end {
                return Err(format!("the {section} begin at {}", extent.offset));
            }
            if Some(extent.len) != self.expected_len(section) {
                return Err(format!("the {section} have {} bytes", extent.len));
            }
            end = extent
                .offset
                .checked_add(extent.len)
                .filter(|&end| end <= self.file_len)
                .ok_or_else(|| format!("the {section} reach beyond the end of the file"))?;
        }
        if end != self.file_len {
            return Err(format!(
                "{} bytes follow the last section",
                self.file_len - end
            ));
        }
        Ok(())
    }
}

/// Reads numbers one after the other.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*head)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
    }

    fn header(&mut self) -> Option<Header> {
        Some(Header {
            space: Space {
                dim: usize::try_from(self.u32()?).ok()?,
                digest: self.take()?,
            },
            file_len: self.u64()?,
            points: self.u64()?,
            nodes: self.u64()?,
            first_id: self.u64()?,
            links: self.u64()?,
            upper_places: self.u64()?,
            upper_lists: self.u64()?,
            upper_links: self.u64()?,
            entry: self.u64()?,
            relinked: self.u64()?,
            unreached: self.u64()?,
            extents: self.extents()?,
        })
    }

    fn extents(&mut self) -> Option<[Extent; SECTIONS]> {
        let mut extents = [Extent::default(); SECTIONS];
        for extent in &mut extents {
            *extent = Extent {
                offset: self.u64()?,
                len: self.u64()?,
                sha256: self.take()?,
            };
        }
        Some(extents)
    }
}
