//! What a library's vectors come to.

/// What a library's vectors come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Sizes {
    /// How many segments there are; on servers, partitions.
    pub segments: usize,
    /// Vectors in them, those of removed passages included.
    pub vectors: u64,
    /// The length of the segments on disk; on servers, of the passages with all their indexes.
    pub bytes: u64,
    /// The length of what else there is.
    #[serde(skip)]
    pub other_bytes: u64,
}
