//! Finding, fetching and verifying models.

mod cache;
mod error;
mod fetch;
mod hf_cache;
mod hub;
mod inspect;
mod locator;
mod progress;
mod reference;
mod stamp;
mod wheel;

pub use error::AcquireError;
pub use locator::{CachedModel, Locator};
pub use progress::{Progress, Quiet};
pub use reference::ModelRef;

/// The most that a file of unknown size may have: models of the families that are computed here are below 3 GB, and a
/// hostile archive or hub must not fill the disk.
const MOST_BYTES: u64 = 4 << 30;
