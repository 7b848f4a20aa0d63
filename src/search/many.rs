//! Many questions at once.
//!
//! Embedding, vectors and words are for all cores, the database for the thread that has it open. So while this thread
//! reads the texts of some answers, the others are at work on the next questions.

use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use topoi_index::UnitVector;
use topoi_models::Encoder;

use super::question::Questioner;
use super::sources::{Asked, Candidates, Sources};
use super::{Feedback, Found, Query, Scope, SearchOptions};
use crate::error::Result;
use crate::library::Library;

/// How many questions are answered together.
const TOGETHER: usize = 128;

/// Questions of which the candidates are known.
struct Answered {
    vectors: Vec<UnitVector>,
    candidates: Vec<Candidates>,
    embedding: Duration,
}

impl Library {
    /// [`search`](Self::search) for many questions, on all cores: an answer for each, in their order.
    ///
    /// The times are those of all questions together, shared out evenly.
    ///
    /// # Errors
    ///
    /// As for [`search`](Self::search).
    pub fn search_many(
        &self,
        queries: &[Query],
        feedback: &Feedback,
        encoder: &dyn Encoder,
        options: &SearchOptions,
    ) -> Result<Vec<Found>> {
        self.expect_model(encoder.identity())?;
        let begin = Instant::now();
        let questioner = self.questioner(feedback, encoder)?;
        let scope = Arc::new(self.scope_of(feedback, options)?);
        let sources = self.sources(queries, options)?;
        let mut all = Vec::with_capacity(queries.len());
        let mut embedding = Duration::ZERO;
        thread::scope(|threads| -> Result<()> {
            let (sender, answered) = mpsc::sync_channel(1);
            threads.spawn({
                let (questioner, sources, scope) = (&questioner, &sources, &scope);
                move || {
                    for queries in queries.chunks(TOGETHER) {
                        let answered = answer(queries, questioner, sources, scope, options);
                        // Nobody waits for it any more where something has gone wrong.
                        if sender.send(answered).is_err() {
                            break;
                        }
                    }
                }
            });
            for queries in queries.chunks(TOGETHER) {
                let Ok(answered) = answered.recv() else {
                    break;
                };
                let answered: Answered = answered?;
                embedding += answered.embedding;
                let questions = queries.iter().zip(answered.vectors);
                for ((query, vector), candidates) in questions.zip(answered.candidates) {
                    let mut first = Some(candidates);
                    let asked = Asked {
                        query,
                        vector: &vector,
                        scope: &scope,
                        options,
                    };
                    let found = self.tell(&scope, options, &mut |limit| match first.take() {
                        Some(first) => Ok(first),
                        None => sources.answer(asked, limit),
                    })?;
                    all.push(Found {
                        questions: vec![vector],
                        ranking: options.ranking,
                        ..found
                    });
                }
            }
            Ok(())
        })?;
        let share = |time: Duration| time / u32::try_from(queries.len()).unwrap_or(1).max(1);
        let searching = share(begin.elapsed().saturating_sub(embedding));
        for found in &mut all {
            found.embedding = share(embedding);
            found.searching = searching;
        }
        Ok(all)
    }
}

fn answer(
    queries: &[Query],
    questioner: &Questioner<'_>,
    sources: &Sources<'_>,
    scope: &Arc<Scope>,
    options: &SearchOptions,
) -> Result<Answered> {
    let begin = Instant::now();
    let vectors = questioner.vectors(queries)?;
    let embedding = begin.elapsed();
    Ok(Answered {
        candidates: sources.answer_many(queries, &vectors, scope, options)?,
        vectors,
        embedding,
    })
}
