//! Why a passage was found: which of its sentences adds what to its score.
//!
//! Where a model's vectors are means over tokens, a score is a sum over tokens, and so over sentences: nothing is
//! estimated. What belongs to no sentence (special tokens, the share of the library's mean that is taken away) is shared
//! out evenly over the tokens, so that the shares of the sentences sum up to the score.

use topoi_models::{Attribution, Encoder, Role};

use super::background::moments;
use super::question::embed;
use super::ranking::Scorer;
use super::{Found, Hit};
use crate::article::{PassageId, Span};
use crate::error::Result;
use crate::ingest::sentences;
use crate::library::Library;

/// Why a passage was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Why {
    /// Its sentences, in their order; at least one.
    pub sentences: Vec<SentenceShare>,
    /// Which of them adds the most to the score above what so much of an arbitrary passage adds.
    pub best: usize,
}

/// What a sentence adds to a passage's score.
#[derive(Debug, Clone, PartialEq)]
pub struct SentenceShare {
    /// Where it stands in the passage's text, in bytes.
    pub span: Span,
    /// Its share. `None` where the model's vectors are no sums over tokens; the best sentence is then the one that is
    /// nearest to the question by itself.
    pub share: Option<f32>,
}

impl Library {
    /// Says of everything that was found why: fills in [`Hit::why`].
    ///
    /// # Errors
    ///
    /// Where the model is another than the library's, or its files turn out not to belong together.
    pub fn explain(&self, found: &mut Found, encoder: &dyn Encoder) -> Result<()> {
        self.expect_model(encoder.identity())?;
        let pairs: Vec<(&str, &[f32])> = found
            .hits
            .iter()
            .filter_map(|hit| {
                let question = found.questions.get(hit.question)?;
                Some((hit.passage.text.as_str(), question.as_slice()))
            })
            .collect();
        let reasons = match encoder.attribute(&pairs, Role::Passage)? {
            Some(attributions) => {
                let background = self.background()?;
                let scorer = |question| Scorer::new(question, background.mean(), found.ranking);
                let usual: Vec<f32> = found
                    .questions
                    .iter()
                    .map(|question| {
                        let question = question.as_slice();
                        moments(&background.scores(question, &scorer(question))).mean()
                    })
                    .collect();
                let mut reasons = Vec::with_capacity(pairs.len());
                let ids: Vec<PassageId> = found.hits.iter().map(|hit| hit.passage.id).collect();
                let vectors = self.vectors_of(&ids)?;
                let hits = found.hits.iter().zip(&vectors);
                for (((hit, vector), (_, question)), attribution) in
                    hits.zip(&pairs).zip(&attributions)
                {
                    let length = scorer(*question).length(vector.as_slice());
                    let usual = usual.get(hit.question).copied().unwrap_or_default();
                    reasons.push(shares(hit, attribution, length, usual));
                }
                reasons
            }
            None => pairs
                .iter()
                .map(|(text, question)| nearest(text, question, encoder))
                .collect::<Result<_>>()?,
        };
        for (hit, why) in found.hits.iter_mut().zip(reasons) {
            hit.why = why;
        }
        Ok(())
    }
}

/// The sentences of a passage with what their tokens add, divided by `length`; `usual` is what an arbitrary passage
/// scores.
fn shares(hit: &Hit, attribution: &Attribution, length: f32, usual: f32) -> Option<Why> {
    let spans: Vec<Span> = sentences(&hit.passage.text).collect();
    let mut added = vec![0.0; spans.len()];
    let mut tokens = vec![0.0; spans.len()];
    for (token, share) in &attribution.tokens {
        // The sentence that the token begins in.
        let place = spans.partition_point(|span| span.end <= token.start);
        if let (Some(added), Some(tokens)) = (added.get_mut(place), tokens.get_mut(place)) {
            *added += share / length;
            *tokens += 1.0;
        }
    }
    let all: f32 = tokens.iter().sum();
    let rest = hit.score - added.iter().sum::<f32>();
    // A passage without a token that the model knows has one share for each sentence.
    let part = |tokens: f32| {
        if all > 0.0 {
            tokens / all
        } else {
            1.0 / spans.len() as f32
        }
    };
    let shares: Vec<f32> = added
        .iter()
        .zip(&tokens)
        .map(|(added, tokens)| added + rest * part(*tokens))
        .collect();
    let above: Vec<f32> = shares
        .iter()
        .zip(&tokens)
        .map(|(share, tokens)| share - usual * part(*tokens))
        .collect();
    let sentences = spans
        .iter()
        .zip(&shares)
        .map(|(span, share)| SentenceShare {
            span: *span,
            share: Some(*share),
        });
    Some(Why {
        best: largest(&above)?,
        sentences: sentences.collect(),
    })
}

/// The sentences of a passage, of which the best is the one that is nearest to the question by itself.
fn nearest(text: &str, question: &[f32], encoder: &dyn Encoder) -> Result<Option<Why>> {
    let spans: Vec<Span> = sentences(text).collect();
    let texts: Vec<&str> = spans
        .iter()
        .filter_map(|span| text.get(span.start..span.end))
        .collect();
    let cosines: Vec<f32> = embed(encoder, &texts, Role::Passage)?
        .iter()
        .map(|vector| topoi_index::dot_product(vector.as_slice(), question))
        .collect();
    let sentences = spans
        .into_iter()
        .map(|span| SentenceShare { span, share: None });
    Ok(largest(&cosines).map(|best| Why {
        best,
        sentences: sentences.collect(),
    }))
}

/// Where the largest of some numbers stands.
fn largest(numbers: &[f32]) -> Option<usize> {
    let numbers = numbers.iter().enumerate();
    numbers
        .max_by(|(i, a), (j, b)| a.total_cmp(b).then(j.cmp(i)))
        .map(|(place, _)| place)
}
