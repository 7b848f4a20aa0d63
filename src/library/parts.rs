//! What of a paragraph becomes a vector of its own.

use topoi_models::{Encoder, Role};

use crate::ingest;

/// The parts of a paragraph that a model reads whole: the paragraph itself where it fits, else windows cut at sentence
/// ends.
pub fn parts<'t>(text: &'t str, encoder: &dyn Encoder) -> Vec<&'t str> {
    let limit = encoder.room(Role::Passage) + encoder.count_tokens("");
    // A token is at least one byte, and two tokens mark the ends: a text this short always fits.
    if text.len() + 2 <= limit {
        return vec![text];
    }
    let windows = ingest::windows(text, limit, &mut |part| encoder.count_tokens(part));
    let parts = windows.into_iter();
    parts
        .filter_map(|span| text.get(span.start..span.end))
        .map(str::trim)
        .collect()
}
