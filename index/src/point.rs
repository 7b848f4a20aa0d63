//! The name of a stored vector.

use std::fmt;

/// The name that the caller gives to a vector: unique over all segments, never used twice.
///
/// Ids are expected to be dense (counted up), since an [`IdSet`](crate::IdSet) takes half a kilobyte for every 4,096 ids of which
/// it holds one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct PointId(pub u64);

impl fmt::Display for PointId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
