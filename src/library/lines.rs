//! Where in a file an editor finds a paragraph.

use std::fs;
use std::path::Path;

use super::Library;
use crate::article::{Span, StoredArticle};
use crate::ingest;

impl Library {
    /// The line, from 1, in an article's file at which `span` begins. `None` where the file holds several articles, is
    /// gone, or has changed since it was read.
    pub fn line(&self, article: &StoredArticle, span: Span) -> Option<usize> {
        if article.entry.is_some() {
            return None;
        }
        let path = Path::new(&article.path);
        let known = self.store().file(&article.path).ok()??;
        if fs::metadata(path).ok()?.len() != known.size {
            return None;
        }
        let bytes = ingest::read_file(path, ingest::DEFAULT_MAX_FILE_SIZE).ok()?;
        let decoded = ingest::decode(&bytes).ok()?;
        let start = span.start.checked_sub(decoded.offset)?;
        let before = decoded.text.as_bytes().get(..start)?;
        Some(before.iter().filter(|byte| **byte == b'\n').count() + 1)
    }
}
