//! Candidates from segments and from the index of words.

use std::collections::HashMap;
use std::sync::Arc;

use topoi_index::{PointId, SearchParams, Searcher, UnitVector};

use crate::error::Result;
use crate::lexical::{Allowed, Lexical, LexicalError, Query};
use crate::library::backend::{ByWords, Finder, Near, WordsAsked};
use crate::search::{Background, Scope};

/// The vectors and the words of a library in a folder.
pub(super) struct EmbeddedFinder<'l> {
    pub(super) searcher: &'l Searcher,
    /// None where they aren't needed, or can't be had.
    pub(super) words: Option<&'l Lexical>,
    /// The languages of the library's articles.
    pub(super) languages: &'l [String],
    pub(super) background: &'l Background,
}

impl Finder for EmbeddedFinder<'_> {
    fn background(&self) -> &Background {
        self.background
    }

    fn has_words(&self) -> bool {
        self.words.is_some()
    }

    fn nearest(
        &self,
        vector: &UnitVector,
        count: usize,
        scope: &Scope,
        exact: bool,
    ) -> Result<Vec<Near>> {
        let (selection, parameters) = (scope.selection(), parameters(exact));
        let found = self
            .searcher
            .search(vector, count, &selection, &parameters)?;
        Ok(Near::with_vectors(found, |id| self.searcher.vector(id)))
    }

    fn nearest_to_each(
        &self,
        vectors: &[UnitVector],
        count: usize,
        scope: &Scope,
        exact: bool,
    ) -> Result<Vec<Vec<Near>>> {
        let (selection, parameters) = (scope.selection(), parameters(exact));
        let found = self
            .searcher
            .search_many(vectors, count, &selection, &parameters)?;
        let near = |found| Near::with_vectors(found, |id| self.searcher.vector(id));
        Ok(found.into_iter().map(near).collect())
    }

    fn by_words(&self, asked: &WordsAsked<'_>) -> Result<Option<ByWords>> {
        let Some(words) = self.words else {
            return Ok(None);
        };
        let allowed = Allowed::new(asked.scope, asked.best, asked.near.clone());
        Ok(Some(ByWords {
            scores: words.scores(asked.query, allowed, self.languages)?,
            all_words: words.with_all_words(asked.query, self.languages)?,
        }))
    }

    fn vectors(&self, passages: &[PointId]) -> Result<HashMap<PointId, Arc<[f32]>>> {
        let vectors = passages.iter();
        let vectors = vectors.filter_map(|id| Some((*id, self.searcher.vector(*id)?.into())));
        Ok(vectors.collect())
    }

    fn demanded(&self, query: &Query, scope: &Arc<Scope>) -> Result<Arc<Scope>> {
        // What is demanded can't be left out of account.
        let words = self.words.ok_or(LexicalError::Missing)?;
        let mut scope = Scope::clone(scope);
        if let Some(demanded) = words.demanded(query)? {
            scope.restrict(demanded);
        }
        Ok(Arc::new(scope))
    }
}

fn parameters(exact: bool) -> SearchParams {
    SearchParams {
        exact,
        ..SearchParams::default()
    }
}
