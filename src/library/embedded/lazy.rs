//! What a library has beside its vectors and texts, opened or computed when it is first needed.

use std::cell::OnceCell;

use topoi_index::{IdSet, PointId};

use super::{Embedded, words};
use crate::error::Result;
use crate::lexical::Lexical;
use crate::search::Background;
use crate::store::Records;

/// What is there once it has been asked for.
#[derive(Default)]
pub(super) struct Lazy {
    words: OnceCell<Lexical>,
    languages: OnceCell<Vec<String>>,
    background: OnceCell<Background>,
    hidden: OnceCell<IdSet>,
}

impl std::fmt::Debug for Lazy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lazy").finish_non_exhaustive()
    }
}

/// The value in `cell`, made now if there is none yet.
fn get<T>(cell: &OnceCell<T>, make: impl FnOnce() -> Result<T>) -> Result<&T> {
    if let Some(known) = cell.get() {
        return Ok(known);
    }
    let made = make()?;
    Ok(cell.get_or_init(|| made))
}

impl Embedded {
    /// The index of words. `None` if there is none, and it can't be made now.
    pub(super) fn words(&self) -> Result<Option<&Lexical>> {
        if let Some(words) = self.lazy.words.get() {
            return Ok(Some(words));
        }
        let words = words::open(&self.root, &self.reader)?;
        Ok(words.map(|words| self.lazy.words.get_or_init(|| words)))
    }

    /// The languages of the library's articles, the most frequent first.
    pub(super) fn languages(&self) -> Result<&[String]> {
        let languages = get(&self.lazy.languages, || Ok(self.reader.languages()?))?;
        Ok(languages)
    }

    /// What an arbitrary passage of the library is like: one that is there, and is no boilerplate.
    pub(super) fn lazy_background(&self) -> Result<&Background> {
        get(&self.lazy.background, || {
            Ok(Background::of_segments(&self.searcher, self.hidden()?))
        })
    }

    /// The passages that aren't found unless they are asked for: those that are gone, and headings and boilerplate.
    pub(super) fn hidden(&self) -> Result<&IdSet> {
        get(&self.lazy.hidden, || {
            let mut hidden = self.tombstones.clone();
            let not_body = self.reader.not_body()?;
            hidden.extend(not_body.into_iter().map(|id| PointId(id.0)));
            Ok(hidden)
        })
    }
}
