//! Vectors to neighbours: which stored vectors point in nearly the same direction as this one?
//!
//! Vectors live in immutable, memory-mapped [segments](Segment). A small segment is searched by an exact
//! scan, a large one through an HNSW graph that lies in the same file; a [`Searcher`] searches several
//! as one. What a search may give back is decided [before](Selection) the best are chosen. This crate
//! knows numbers and ids only; what they stand for is the caller's.
//!
//! ```
//! use std::sync::Arc;
//! use topoi_index::{
//!     BuildOptions, IdSet, PointId, SearchParams, Searcher, Segment, Selection, Space, UnitVector,
//!     write_segment,
//! };
//!
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("first.segment");
//! // Vectors may be compared only with vectors of the same model, which the digest names.
//! let space = Space { dim: 2, digest: [7; 32] };
//! let points = [
//!     (PointId(1), [1.0, 0.0]),
//!     (PointId(2), [0.8, 0.6]),
//!     (PointId(3), [0.0, 1.0]),
//! ];
//! write_segment(&path, &space, points, &BuildOptions::default())?;
//!
//! let searcher = Searcher::new(vec![Arc::new(Segment::open(&path, &space)?)])?;
//! let query = UnitVector::new(vec![2.0, 0.1])?;
//! let deleted: IdSet = [PointId(1)].into_iter().collect();
//! let live = Selection::all().except(&deleted);
//! let found = searcher.search(&query, 2, &live, &SearchParams::default())?;
//! assert_eq!(found.iter().map(|n| n.id.0).collect::<Vec<_>>(), [2, 3]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod graph;
mod id_set;
mod kernels;
mod knn;
mod point;
mod rows;
mod search;
mod segment;
mod space;
mod stop;
mod vector;
mod whole;

pub use error::{Error, VectorError};
pub use id_set::IdSet;
pub use kernels::{dot_product, instruction_set};
pub use point::PointId;
pub use search::{Neighbour, SearchParams, Searcher, Selection};
pub use segment::{
    BuildOptions, Segment, SegmentBuilder, SegmentInfo, merge, sync_folder, write_segment,
};
pub use space::Space;
pub use stop::Stop;
pub use vector::UnitVector;
pub use whole::{from_whole, to_whole};
