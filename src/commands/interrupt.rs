//! Ctrl-C: the first one asks the command to stop at a safe point, the second one ends it at once.

use std::sync::atomic::{AtomicBool, Ordering};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// From now on Ctrl-C sets a flag instead of ending the process.
pub(crate) fn listen() {
    let handler = || {
        if INTERRUPTED.swap(true, Ordering::SeqCst) {
            #[expect(
                clippy::exit,
                reason = "the user insists, and whatever is committed is safe"
            )]
            std::process::exit(130);
        }
    };
    // Without a handler Ctrl-C ends the process, which is safe too.
    let _ = ctrlc::set_handler(handler);
}

/// Whether the user has asked to stop.
pub(crate) fn requested() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}
