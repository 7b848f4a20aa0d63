//! Candidates → what is shown: stories with their texts, articles and context.

use super::sources::{Candidate, Candidates};
use super::stories::{Story, Texts, Wanted, collapse};
use super::{Appearance, Context, Found, Hit, Scope, SearchOptions};
use crate::article::{Passage, PassageId};
use crate::error::Result;
use crate::library::Library;

/// How many times as many candidates are asked for where there were too few stories among them.
const FACTOR: usize = 10;

impl Library {
    /// Asks `candidates` for at least so many, until there are as many stories as are wanted or no more candidates.
    pub(super) fn tell(
        &self,
        scope: &Scope,
        options: &SearchOptions,
        candidates: &mut dyn FnMut(usize) -> Result<Candidates>,
    ) -> Result<Found> {
        let mut texts = Texts::new(self);
        let wanted = Wanted {
            limit: options.limit,
            per_article: options.per_article,
            apart: options.copies,
            scope,
        };
        let mut limit = options.limit;
        loop {
            let Candidates {
                list,
                complete,
                floor,
            } = candidates(limit)?;
            let (mut passing, missed) = cut(list, options.min_score);
            texts.read_ahead(&mut passing, wanted)?;
            let stories = collapse(&passing, wanted, &mut texts)?;
            let is_over = complete
                || options
                    .min_score
                    .zip(floor)
                    .is_some_and(|(least, floor)| floor < least);
            if stories.len() < options.limit && !is_over && limit < self.backend().len() {
                limit = limit.saturating_mul(FACTOR);
                continue;
            }
            let mut hits = Vec::with_capacity(stories.len());
            for story in &stories {
                options.go_on()?;
                hits.push(self.hit(story, options.context, &mut texts)?);
            }
            let nearest_miss = match missed.filter(|_| hits.is_empty()) {
                None => None,
                Some(missed) => {
                    let story = Story::of(missed);
                    let hit = self.hit(&story, options.context, &mut texts)?;
                    Some(Box::new(hit))
                }
            };
            return Ok(Found {
                hits,
                nearest_miss,
                ..Found::default()
            });
        }
    }

    fn hit(&self, story: &Story, context: u32, texts: &mut Texts<'_>) -> Result<Hit> {
        let Story { best, earliest, .. } = story;
        let passage = texts.passage(PassageId(earliest.id.0))?.clone();
        let mut copies = story.copies.clone();
        copies.sort_unstable();
        let mut also = Vec::with_capacity(copies.len());
        for copy in copies {
            also.push(Appearance {
                passage: copy,
                article: texts.article_of(copy)?.clone(),
            });
        }
        Ok(Hit {
            score: earliest.score,
            bm25: earliest.bm25,
            sure: best.sure,
            rerank: None,
            ranks: best.ranks,
            article: texts.article(passage.article)?.clone(),
            context: self.context(&passage, context)?,
            passage,
            also,
            answers: None,
            why: None,
            question: best.question,
        })
    }

    /// What stands around a passage, as far as `paragraphs` before and behind its own.
    ///
    /// # Errors
    ///
    /// Where the library is damaged.
    pub fn context(&self, passage: &Passage, paragraphs: u32) -> Result<Context> {
        if paragraphs == 0 {
            return Ok(Context::default());
        }
        let mut around = self.store().passages_around(passage, paragraphs)?;
        around.retain(|other| other.id != passage.id);
        let (before, after) = around
            .into_iter()
            .partition(|other| other.place < passage.place);
        Ok(Context { before, after })
    }
}

/// Those that score `min_score` and more, and the best of the others.
fn cut(list: Vec<Candidate>, min_score: Option<f32>) -> (Vec<Candidate>, Option<Candidate>) {
    let Some(min_score) = min_score else {
        return (list, None);
    };
    let (passing, missed): (Vec<_>, Vec<_>) = list
        .into_iter()
        .partition(|candidate| candidate.score >= min_score);
    let best = missed
        .into_iter()
        .max_by(|a, b| a.score.total_cmp(&b.score).then(b.id.cmp(&a.id)));
    (passing, best)
}
