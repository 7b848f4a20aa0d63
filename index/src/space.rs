//! Which vector space a segment belongs to: vectors of two models are never compared.

use std::fmt;

/// A vector space: what made the vectors, and how many numbers each has.
///
/// Two vectors may be compared only if their spaces are equal. The digest is the caller's: whatever
/// decides a vector (weights, pooling, maximum length, precision) should be in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Space {
    /// Numbers in a vector, at least 1 and at most [`Space::MAX_DIM`].
    pub dim: usize,
    /// A digest of what made the vectors.
    pub digest: [u8; 32],
}

impl Space {
    /// The largest dimension that a segment stores.
    pub const MAX_DIM: usize = 65_536;
}

impl fmt::Display for Space {
    /// The dimension and the first eight hexadecimal digits of the digest.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, ..] = self.digest;
        write!(f, "{a:02x}{b:02x}{c:02x}{d:02x}… ({} dimensions)", self.dim)
    }
}
