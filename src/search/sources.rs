//! What answers come from, apart from the texts: the vectors and the words, shared between threads.

use std::collections::HashMap;
use std::sync::Arc;

use rayon::prelude::*;
use topoi_index::{IdSet, PointId, UnitVector, dot_product};

use super::background::{Background, ByChance, moments};
use super::fusion::Weights;
use super::ranking::Scorer;
use super::{Mode, Scope, SearchOptions};
use crate::error::Result;
use crate::lexical::{LexicalError, Moments, Query, Scores};
use crate::library::{ByWords, Finder, Near, WordsAsked};

/// What finds candidates in a library.
pub(super) struct Sources<'l> {
    finder: Box<dyn Finder + 'l>,
}

/// A passage that may answer a question, and what it scored.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) id: PointId,
    pub(super) vector: Arc<[f32]>,
    /// The similarity.
    pub(super) score: f32,
    pub(super) bm25: Option<f32>,
    /// How sure it is that it isn't there by chance.
    pub(super) sure: Option<f32>,
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
    /// What no other passage scores more than, where that is known.
    pub(super) floor: Option<f32>,
}

/// A question, and among which passages its answers are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) query: &'a Query,
    pub(super) vector: &'a UnitVector,
    pub(super) scope: &'a Arc<Scope>,
    pub(super) options: &'a SearchOptions,
}

impl<'l> Sources<'l> {
    pub(super) fn new(finder: Box<dyn Finder + 'l>) -> Self {
        Self { finder }
    }

    pub(super) fn background(&self) -> &Background {
        self.finder.background()
    }

    /// At least the `limit` best answers, or all that there are.
    pub(super) fn answer(&self, asked: Asked<'_>, limit: usize) -> Result<Candidates> {
        let (weights, count) = self.plan(asked.options, limit)?;
        let demanded;
        let scope = if asked.query.is_demanding() {
            demanded = self.finder.demanded(asked.query, asked.scope)?;
            &demanded
        } else {
            asked.scope
        };
        let near = if weights.meaning > 0.0 {
            self.nearest(asked.vector, count, scope, asked.options.exact)?
        } else {
            Vec::new()
        };
        self.answer_with(near, Asked { scope, ..asked }, limit)
    }

    /// [`answer`](Self::answer) for many questions, on all cores.
    pub(super) fn answer_many(
        &self,
        queries: &[Query],
        vectors: &[UnitVector],
        scope: &Arc<Scope>,
        options: &SearchOptions,
    ) -> Result<Vec<Candidates>> {
        let (weights, count) = self.plan(options, options.limit)?;
        // Questions about the same passages share the way through their vectors.
        let alike = weights.meaning > 0.0 && !queries.iter().any(Query::is_demanding);
        let near = if alike {
            let exact = options.exact;
            let found = self.finder.nearest_to_each(vectors, count, scope, exact)?;
            found.into_iter().map(Some).collect()
        } else {
            vec![None; queries.len()]
        };
        let questions = queries.par_iter().zip(vectors).zip(near);
        questions
            .map(|((query, vector), near)| {
                let asked = Asked {
                    query,
                    vector,
                    scope,
                    options,
                };
                match near {
                    Some(near) => self.answer_with(near, asked, options.limit),
                    None => self.answer(asked, options.limit),
                }
            })
            .collect()
    }

    /// What counts how much, given what there is, and how many candidates are wanted from each side.
    fn plan(&self, options: &SearchOptions, limit: usize) -> Result<(Weights, usize)> {
        let weights = match (options.mode, self.finder.has_words()) {
            (Mode::Semantic, _) | (Mode::Auto | Mode::Hybrid, false) => Weights::MEANING,
            (Mode::Lexical, false) => return Err(LexicalError::Missing.into()),
            (Mode::Lexical, true) => Weights::WORDS,
            (Mode::Auto | Mode::Hybrid, true) => Weights::BOTH,
        };
        Ok((weights, weights.candidates(limit, options.ranking)))
    }

    /// [`answer`](Self::answer) where the nearest by meaning are known, and the scope has what is demanded only.
    fn answer_with(&self, near: Vec<Near>, asked: Asked<'_>, limit: usize) -> Result<Candidates> {
        let Asked {
            query,
            vector,
            scope,
            options,
        } = asked;
        let (weights, count) = self.plan(options, limit)?;
        let scorer = Scorer::new(vector.as_slice(), self.background().mean(), options.ranking);
        let mut found = near;
        let mut complete = found.len() < count;
        let floor = found
            .iter()
            .map(|near| scorer.score(near.cosine, &near.vector))
            .min_by(f32::total_cmp);
        let mut words = ByWords::default();
        if weights.words > 0.0 {
            let near: IdSet = found.iter().map(|near| near.id).collect();
            let by_words = WordsAsked {
                query,
                scope,
                best: count,
                near: near.clone(),
                exact: options.exact,
            };
            words = self.finder.by_words(&by_words)?.unwrap_or_default();
            complete &= words.scores.best.len() < count;
            // What the graph has missed, or what lies further away.
            let best = words.scores.best.iter().map(|(id, _)| *id);
            let farther: Vec<PointId> = best.filter(|id| !near.contains(*id)).collect();
            let vectors = self.finder.vectors(&farther)?;
            found.extend(farther.into_iter().filter_map(|id| {
                let of_passage = Arc::clone(vectors.get(&id)?);
                Some(Near {
                    id,
                    cosine: dot_product(vector.as_slice(), &of_passage),
                    vector: of_passage,
                })
            }));
        }
        let ByWords {
            scores: words,
            all_words,
        } = words;
        let background = self.background().scores(vector.as_slice(), &scorer);
        let meaning = moments(&background);
        let mut list = rank(&found, &words, &scorer, |score, bm25| {
            let words = Moments::standardise(&words.moments, bm25.unwrap_or(0.0));
            weights.together(meaning.standardise(score), words)
        });
        let passages = scope.at_most(self.background().passages());
        set_sureness(&mut list, background, passages);
        // What has all words of the question was asked for, however it sounds to the model.
        for candidate in &mut list {
            if all_words.contains(candidate.id) {
                candidate.sure = Some(1.0);
            }
        }
        Ok(Candidates {
            list,
            complete,
            floor,
        })
    }

    /// The `count` passages nearest by cosine, best first.
    pub(super) fn nearest(
        &self,
        vector: &UnitVector,
        count: usize,
        scope: &Scope,
        exact: bool,
    ) -> Result<Vec<Near>> {
        self.finder.nearest(vector, count, scope, exact)
    }
}

/// Says of each candidate how sure it is, given what an arbitrary passage scores and how many might have been found.
pub(super) fn set_sureness(list: &mut [Candidate], by_chance: Vec<f32>, passages: usize) {
    let Some(by_chance) = ByChance::new(by_chance) else {
        return;
    };
    let mut order: Vec<&mut Candidate> = list.iter_mut().collect();
    order.sort_unstable_by(|a, b| b.score.total_cmp(&a.score).then(a.id.cmp(&b.id)));
    let scores: Vec<f32> = order.iter().map(|candidate| candidate.score).collect();
    for (candidate, sure) in order.into_iter().zip(by_chance.sure(&scores, passages)) {
        candidate.sure = Some(sure);
    }
}

/// Candidates in their order, from their cosines and the words' scores.
fn rank(
    found: &[Near],
    words: &Scores,
    scorer: &Scorer<'_>,
    together: impl Fn(f32, Option<f32>) -> f32,
) -> Vec<Candidate> {
    let by_words = words.best.iter().zip(1..);
    let lexical: HashMap<PointId, usize> = by_words.map(|((id, _), rank)| (*id, rank)).collect();
    let bm25: HashMap<PointId, f32> = words.best.iter().chain(&words.wanted).copied().collect();
    let mut list: Vec<Candidate> = found
        .iter()
        .map(|Near { id, vector, cosine }| {
            let score = scorer.score(*cosine, vector);
            let bm25 = bm25.get(id).copied();
            Candidate {
                id: *id,
                vector: Arc::clone(vector),
                score,
                bm25,
                sure: None,
                together: together(score, bm25),
                ranks: Ranks {
                    semantic: None,
                    lexical: lexical.get(id).copied(),
                },
                question: 0,
            }
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
