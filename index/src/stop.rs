//! Ending early what takes long.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Says that a segment is no longer wanted. Its clones are one: whoever has one ends what was begun with another.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Ends what looks at it.
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it was set.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
