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
