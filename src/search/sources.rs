//! What answers come from, apart from the texts: the vectors and the words, shared between threads.

use std::collections::HashMap;
use std::sync::Arc;

use topoi_index::{IdSet, PointId, SearchParams, Searcher, UnitVector, dot_product};

use super::background::{Background, Tail, moments};
use super::fusion::Weights;
use super::ranking::Scorer;
use super::{Mode, Scope, SearchOptions};
use crate::error::Result;
use crate::lexical::{Allowed, Lexical, LexicalError, Moments, Query, Scores};

/// The vectors and the words of a library.
#[derive(Clone, Copy)]
pub(super) struct Sources<'l> {
    pub(super) searcher: &'l Searcher,
    /// None where they aren't needed, or can't be had.
    pub(super) words: Option<&'l Lexical>,
    /// The languages of the library's articles.
    pub(super) languages: &'l [String],
    pub(super) background: &'l Background,
}

/// A passage that may answer a question, and what it scored.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate {
    pub(super) id: PointId,
    /// The similarity.
    pub(super) score: f32,
    pub(super) bm25: Option<f32>,
    /// What decides the order.
    pub(super) together: f32,
    pub(super) ranks: Ranks,
    /// Which of several questions it answers.
    pub(super) question: usize,
}

/// Where a passage stands in the lists that were fused, from 1; none where it isn't among their best.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ranks {
    /// By meaning.
    pub semantic: Option<usize>,
    /// By words.
    pub lexical: Option<usize>,
}

/// The best candidates for an answer, best first.
pub(super) struct Candidates {
    pub(super) list: Vec<Candidate>,
    /// Whether these are all that there are.
    pub(super) complete: bool,
    /// What passages score that have nothing to do with the question.
    pub(super) tail: Option<Tail>,
}

impl Sources<'_> {
    /// At least the `limit` best answers, or all that there are.
    pub(super) fn answer(
        &self,
        query: &Query,
        vector: &UnitVector,
        scope: &Arc<Scope>,
        options: &SearchOptions,
        limit: usize,
    ) -> Result<Candidates> {
        let weights = match (options.mode, self.words) {
            (Mode::Semantic, _) | (Mode::Auto | Mode::Hybrid, None) => Weights::MEANING,
            (Mode::Lexical, None) => return Err(LexicalError::Missing.into()),
            (Mode::Lexical, Some(_)) => Weights::WORDS,
            (Mode::Auto | Mode::Hybrid, Some(_)) => Weights::BOTH,
        };
        let scope = self.demanded(query, scope)?;
        let scorer = Scorer::new(vector.as_slice(), self.background.mean(), options.ranking);
        let count = weights.candidates(limit, options.ranking);
        let mut found = if weights.meaning > 0.0 {
            self.nearest(vector, count, &scope, options.exact)?
        } else {
            Vec::new()
        };
        let mut complete = found.len() < count;
        let sample = self.background.ids();
        let mut words = Scores::default();
        if let Some(lexical) = self.words.filter(|_| weights.words > 0.0) {
            let near: IdSet = found.iter().map(|(id, _)| *id).collect();
            let mut wanted = near.clone();
            wanted.extend(sample.iter().copied());
            let allowed = Allowed::new(&scope, count, wanted);
            words = lexical.scores(query, allowed, self.languages)?;
            complete &= words.best.len() < count;
            for (id, _) in &words.best {
                // What the graph has missed, or what lies further away.
                if !near.contains(*id)
                    && let Some(vector_of) = self.searcher.vector(*id)
                {
                    found.push((*id, dot_product(vector.as_slice(), vector_of)));
                }
            }
        }
        let background = self.background.scores(vector.as_slice(), &scorer);
        let meaning = moments(&background);
        let list = self.rank(&found, &words, &scorer, |score, bm25| {
            weights.together(meaning.standardise(score), standardised(&words, bm25))
        });
        let bm25: HashMap<PointId, f32> = words.wanted.iter().copied().collect();
        let by_chance = background
            .iter()
            .zip(sample)
            .map(|(score, id)| {
                let words = standardised(&words, bm25.get(id).copied());
                weights.together(meaning.standardise(*score), words)
            })
            .collect();
        Ok(Candidates {
            list,
            complete,
            tail: self.background.tail(by_chance),
        })
    }

    /// The `count` passages nearest by cosine, best first.
    pub(super) fn nearest(
        &self,
        vector: &UnitVector,
        count: usize,
        scope: &Scope,
        exact: bool,
    ) -> Result<Vec<(PointId, f32)>> {
        let parameters = SearchParams {
            exact,
            ..SearchParams::default()
        };
        let found = self
            .searcher
            .search(vector, count, &scope.selection(), &parameters)?;
        Ok(found
            .into_iter()
            .map(|near| (near.id, near.score))
            .collect())
    }

    /// The scope without what the query excludes or what lacks something that it demands.
    fn demanded(&self, query: &Query, scope: &Arc<Scope>) -> Result<Arc<Scope>> {
        if !query.is_demanding() {
            return Ok(Arc::clone(scope));
        }
        // What is demanded can't be left out of account.
        let words = self.words.ok_or(LexicalError::Missing)?;
        let mut scope = Scope::clone(scope);
        if let Some(demanded) = words.demanded(query)? {
            scope.restrict(demanded);
        }
        Ok(Arc::new(scope))
    }

    /// Candidates in their order, from their cosines and the words' scores.
    fn rank(
        &self,
        found: &[(PointId, f32)],
        words: &Scores,
        scorer: &Scorer<'_>,
        together: impl Fn(f32, Option<f32>) -> f32,
    ) -> Vec<Candidate> {
        let by_words = words.best.iter().zip(1..);
        let lexical: HashMap<PointId, usize> =
            by_words.map(|((id, _), rank)| (*id, rank)).collect();
        let bm25: HashMap<PointId, f32> = words.best.iter().chain(&words.wanted).copied().collect();
        let mut list: Vec<Candidate> = found
            .iter()
            .filter_map(|(id, cosine)| {
                let score = scorer.score(*cosine, self.searcher.vector(*id)?);
                let bm25 = bm25.get(id).copied();
                Some(Candidate {
                    id: *id,
                    score,
                    bm25,
                    together: together(score, bm25),
                    ranks: Ranks {
                        semantic: None,
                        lexical: lexical.get(id).copied(),
                    },
                    question: 0,
                })
            })
            .collect();
        list.sort_unstable_by(|a, b| b.score.total_cmp(&a.score).then(a.id.cmp(&b.id)));
        for (candidate, rank) in list.iter_mut().zip(1..) {
            candidate.ranks.semantic = Some(rank);
        }
        // Stable, so that what scores alike stays in the order of meaning.
        list.sort_by(|a, b| b.together.total_cmp(&a.together));
        list
    }
}

fn standardised(words: &Scores, bm25: Option<f32>) -> f32 {
    let Scores { moments, .. } = words;
    Moments::standardise(moments, bm25.unwrap_or(0.0))
}
