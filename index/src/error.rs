//! What can go wrong, said so that a person knows which file or point and what to do.

use std::io;
use std::path::{Path, PathBuf};

use crate::point::PointId;
use crate::space::Space;

/// Why a list of numbers is not a vector that can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VectorError {
    /// There are no numbers.
    #[error("the vector is empty")]
    Empty,
    /// A number is NaN or infinite.
    #[error("number {position} of the vector is not finite")]
    NotFinite {
        /// Where, from 0.
        position: usize,
    },
    /// Its length is (nearly) zero, so that it points nowhere.
    #[error("the vector is zero, so it has no direction")]
    Zero,
    /// It has more or fewer numbers than its space.
    #[error("the vector has {found} numbers where {expected} are expected")]
    Dimension {
        /// What it has.
        found: usize,
        /// What the space asks for.
        expected: usize,
    },
}

/// What can go wrong with segments and searches.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file system refused something.
    #[error("can't {action} `{}`", path.display())]
    Io {
        /// What was being done, as in "can't … the file".
        action: &'static str,
        /// To which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The file doesn't begin as a segment does.
    #[error("`{}` is not a vector segment", path.display())]
    NotASegment {
        /// The file.
        path: PathBuf,
    },
    /// The file was written by a later version of this program.
    #[error(
        "segment `{}` has format version {found}, and this program reads up to {supported}; \
         use a newer program, or build the segment again",
        path.display()
    )]
    NewerVersion {
        /// The file.
        path: PathBuf,
        /// The version that it names.
        found: u32,
        /// The highest version that can be read.
        supported: u32,
    },
    /// The file was written by an earlier version of this program, in a format that is no longer read.
    #[error(
        "segment `{}` has format version {found}, and this program reads version {supported}; \
         build the segment again",
        path.display()
    )]
    OlderVersion {
        /// The file.
        path: PathBuf,
        /// The version that it names.
        found: u32,
        /// The version that can be read.
        supported: u32,
    },
    /// The file is not as it was written.
    #[error(
        "segment `{}` is damaged in its {part}: {detail}",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Which part: the header, or a section by name.
        part: &'static str,
        /// What was found there and what was expected.
        detail: String,
    },
    /// The segment's vectors were made by another model than the one asked for.
    #[error(
        "segment `{}` holds vectors of {found}, and vectors of {expected} were asked for; \
         use the model it was built with, or build it again",
        path.display()
    )]
    OtherSpace {
        /// The file.
        path: PathBuf,
        /// The space of its vectors.
        found: Space,
        /// The space asked for.
        expected: Space,
    },
    /// A point's vector can't be stored.
    #[error("can't store point {id}: {source}")]
    Refused {
        /// The point.
        id: PointId,
        /// What is wrong with its vector.
        source: VectorError,
    },
    /// Points were not given in strictly ascending order of their ids.
    #[error(
        "point {id} comes after point {previous}; points must come in ascending order, each once"
    )]
    Order {
        /// The point that came too late, or twice.
        id: PointId,
        /// The one before it.
        previous: PointId,
    },
    /// A segment can't hold so many points; the ids go on in another one.
    #[error("point {id} doesn't fit: a segment holds at most {limit} points")]
    Full {
        /// The first point that doesn't fit.
        id: PointId,
        /// How many fit.
        limit: usize,
    },
    /// The ids of a segment lie too far apart; those that are far above the others go into another one.
    #[error(
        "point {id} doesn't fit: it is more than 4294967295 above point {first}, the first of its segment"
    )]
    TooFar {
        /// The point.
        id: PointId,
        /// The first of the segment.
        first: PointId,
    },
    /// A build option or a space is outside of what works.
    #[error("{name} is {found}, and must be {expected}")]
    Option {
        /// Which option.
        name: &'static str,
        /// Its value.
        found: usize,
        /// What it may be.
        expected: &'static str,
    },
    /// It was [stopped](crate::Stop).
    #[error("the segment isn't finished, since it is no longer wanted")]
    Stopped,
    /// A query of another dimension than the segments'.
    #[error("the query has {found} numbers, and the vectors searched have {expected}")]
    QueryDimension {
        /// What the query has.
        found: usize,
        /// What the segments hold.
        expected: usize,
    },
    /// No segment holds the point that was named.
    #[error("no segment holds point {id}")]
    UnknownPoint {
        /// The point.
        id: PointId,
    },
}

impl Error {
    /// For `map_err` on a file operation.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io {
            action,
            path: path.to_path_buf(),
            source,
        }
    }

    /// Damage in one part of a file.
    pub(crate) fn damaged(path: &Path, part: &'static str, detail: impl Into<String>) -> Self {
        Self::Damaged {
            path: path.to_path_buf(),
            part,
            detail: detail.into(),
        }
    }
}
