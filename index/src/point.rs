//! The name of a stored vector.

use std::fmt;

/// The name that the caller gives to a vector: unique over all segments, never used twice.
///
/// Ids are expected to be dense (counted up from a small number), since an [`IdSet`](crate::IdSet)
/// takes one bit for every id up to its highest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct PointId(pub u64);

impl fmt::Display for PointId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
