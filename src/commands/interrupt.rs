//! Ctrl-C: the first one asks the command to stop at a safe point, the second one ends it at once.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use topoi_models::{Embeddings, Encoder, Role};

/// How often it is looked whether the user asks to stop.
pub(crate) const TICK: Duration = Duration::from_millis(100);

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

/// Waits, unless the user asks to stop.
pub(crate) fn sleep(duration: Duration) -> Result<(), topoi::Error> {
    let until = Instant::now() + duration;
    while !requested() {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        std::thread::sleep(left.min(TICK));
    }
    Err(topoi::Error::Interrupted)
}

/// The vectors of some texts, unless the user asks to stop.
pub(crate) fn encode(
    encoder: &dyn Encoder,
    texts: &[&str],
    role: Role,
) -> anyhow::Result<Embeddings> {
    let embeddings = encoder.encode(texts, role, &mut |_| {
        if requested() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    match embeddings {
        Err(_) if requested() => Err(topoi::Error::Interrupted.into()),
        embeddings => Ok(embeddings?),
    }
}
