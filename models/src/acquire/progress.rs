//! How the fetching of a model is reported to whoever waits for it.

/// Told what is being fetched and how far it is. All calls come from the thread that called
/// [`Locator::locate`](crate::Locator::locate), each `start` before its `advance`s and its `finish`.
pub trait Progress {
    /// Something begins that has `total` bytes, where that is known.
    fn start(&self, label: &str, total: Option<u64>);
    /// So many bytes more are there.
    fn advance(&self, bytes: u64);
    /// What began has ended, well or badly.
    fn finish(&self);
}

/// Says nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Quiet;

impl Progress for Quiet {
    fn start(&self, _label: &str, _total: Option<u64>) {}
    fn advance(&self, _bytes: u64) {}
    fn finish(&self) {}
}
