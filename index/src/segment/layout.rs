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
//! | 72  | 8     | neighbour lists, 0 where there is no graph                            |
//! | 80  | 8     | links: neighbours in all lists                                        |
//! | 88  | 8     | entry node of the graph                                               |
//! | 96  | 8     | nodes that were linked again after the build                          |
//! | 104 | 8     | nodes that even then were not found by their own vector               |
//! | 112 | 432   | for each of the nine sections: offset, length, SHA-256                |
//! | 544 | 448   | zero                                                                  |
//! | 992 | 32    | SHA-256 of the 992 bytes before                                       |
//!
//! The sections follow in the order of [`Section::ALL`], each at a multiple of 64 with zeros between.

use std::fmt;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::space::Space;

pub(crate) const HEADER_LEN: usize = 1024;
pub(crate) const ALIGNMENT: u64 = 64;
pub(crate) const VERSION: u32 = 1;
const MAGIC: &[u8; 8] = b"TOPOISEG";
const CHECKSUM_AT: usize = HEADER_LEN - 32;
const SECTIONS: usize = 9;

/// The parts of a segment file after its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    /// nodes × dim f32: unit vectors.
    Vectors,
    /// points × u64: the ids, ascending. A point's rank is its place here.
    Ids,
    /// points × u32: the node of each rank.
    NodeOf,
    /// nodes + 1 × u32: where each node's members begin.
    MemberStarts,
    /// points × u32: ranks, grouped by node.
    Members,
    /// nodes + 1 × u32: the first list of each node. List `first + l` is that of layer `l`, and the
    /// node is in as many layers as it has lists.
    FirstLists,
    /// lists + 1 × u64: where each list's links begin.
    ListStarts,
    /// links × u32: neighbouring nodes.
    Links,
    /// dim × f32: the mean of all points' vectors, not of unit length; zeros where there are none.
    Mean,
}

impl Section {
    pub(crate) const ALL: [Self; SECTIONS] = [
        Self::Vectors,
        Self::Ids,
        Self::NodeOf,
        Self::MemberStarts,
        Self::Members,
        Self::FirstLists,
        Self::ListStarts,
        Self::Links,
        Self::Mean,
    ];

    /// How error messages call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Vectors => "vectors",
            Self::Ids => "ids",
            Self::NodeOf => "table of nodes",
            Self::MemberStarts => "table of members",
            Self::Members => "members",
            Self::FirstLists => "table of lists",
            Self::ListStarts => "table of links",
            Self::Links => "links",
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

/// All that the first 1024 bytes say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) space: Space,
    pub(crate) file_len: u64,
    pub(crate) points: u64,
    pub(crate) nodes: u64,
    pub(crate) lists: u64,
    pub(crate) links: u64,
    pub(crate) entry: u64,
    pub(crate) relinked: u64,
    pub(crate) unreached: u64,
    pub(crate) extents: [Extent; SECTIONS],
}

impl Header {
    pub(crate) fn extent(&self, section: Section) -> &Extent {
        let [
            vectors,
            ids,
            node_of,
            member_starts,
            members,
            first_lists,
            list_starts,
            links,
            mean,
        ] = &self.extents;
        match section {
            Section::Vectors => vectors,
            Section::Ids => ids,
            Section::NodeOf => node_of,
            Section::MemberStarts => member_starts,
            Section::Members => members,
            Section::FirstLists => first_lists,
            Section::ListStarts => list_starts,
            Section::Links => links,
            Section::Mean => mean,
        }
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
            self.lists,
            self.links,
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
        let (body, checksum) = file
            .get(..HEADER_LEN)
            .and_then(|header| header.split_last_chunk::<32>())
            .ok_or_else(too_short)?;
        if version == 0 || <[u8; 32]>::from(Sha256::digest(body)) != *checksum {
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

    /// The length that each section must have.
    fn expected_len(&self, section: Section) -> Option<u64> {
        let graph = self.lists > 0;
        match section {
            Section::Vectors => self
                .nodes
                .checked_mul(self.space.dim as u64)?
                .checked_mul(4),
            Section::Ids => self.points.checked_mul(8),
            Section::NodeOf | Section::Members => self.points.checked_mul(4),
            Section::MemberStarts => self.nodes.checked_add(1)?.checked_mul(4),
            Section::FirstLists | Section::ListStarts | Section::Links if !graph => Some(0),
            Section::FirstLists => self.nodes.checked_add(1)?.checked_mul(4),
            Section::ListStarts => self.lists.checked_add(1)?.checked_mul(8),
            Section::Links => self.links.checked_mul(4),
            Section::Mean => Some(self.space.dim as u64 * 4),
        }
    }

    /// Sections must lie in order, aligned, inside the file and have the length that the counts ask for.
    fn check_extents(&self) -> Result<(), String> {
        let limit = u64::from(u32::MAX);
        if self.space.dim == 0 || self.space.dim > Space::MAX_DIM {
            return Err(format!("{} numbers in a vector", self.space.dim));
        }
        if self.points >= limit || self.nodes > self.points || self.lists >= limit {
            return Err(format!("{} nodes for {} points", self.nodes, self.points));
        }
        if self.lists > 0 && (self.entry >= self.nodes || self.lists < self.nodes) {
            return Err(format!("the graph begins at node {}", self.entry));
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
            lists: self.u64()?,
            links: self.u64()?,
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
