//! Where in a file an editor finds a paragraph.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs;
use std::path::Path;

use super::Library;
use crate::article::{Span, StoredArticle};
use crate::ingest::{self, Format, Hints, LineEnds, Source};

/// Finds the lines of paragraphs in their files, each of which is read once.
#[derive(Debug)]
pub struct Lines<'l> {
    library: &'l Library,
    files: RefCell<HashMap<String, Option<LineEnds>>>,
}

impl Library {
    /// Finds the lines of paragraphs in the files that they were read from.
    #[must_use]
    pub fn lines(&self) -> Lines<'_> {
        Lines {
            library: self,
            files: RefCell::default(),
        }
    }
}

impl Lines<'_> {
    /// The line, from 1, in an article's file at which `span` begins. `None` where the file holds several articles, has
    /// none that a person would look for (a web page, a PDF), is gone, or has changed since it was read.
    #[must_use]
    pub fn line(&self, article: &StoredArticle, span: Span) -> Option<usize> {
        if article.entry.is_some() {
            return None;
        }
        let mut files = self.files.borrow_mut();
        let file = files.entry(article.path.clone());
        let ends = file.or_insert_with(|| self.read(&article.path)).as_ref()?;
        Some(ends.line(span))
    }

    fn read(&self, path: &str) -> Option<LineEnds> {
        let known = self.library.store().file(path).ok()??;
        let path = Path::new(path);
        if fs::metadata(path).ok()?.len() != known.size {
            return None;
        }
        let bytes = ingest::read_file(path, ingest::DEFAULT_MAX_FILE_SIZE).ok()?;
        let hints = Hints {
            path: Some(path.to_owned()),
            ..Hints::default()
        };
        let source = Source::new(&bytes, &hints);
        LineEnds::of(&source, Format::detect(&source).ok()?)
    }
}
