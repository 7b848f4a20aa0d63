//! Which token adds what to a likeness.
//!
//! Where a text's vector is the mean of its tokens' vectors, divided by its length, its dot product with another vector
//! is a sum over the tokens. So no estimate is needed to tell which part of a text is why it was found.

use std::ops::ControlFlow;

use super::SentenceEncoder;
use crate::encoder::{Attribution, Role};
use crate::engine::head::Shares;
use crate::engine::sequence::Sequence;
use crate::error::EncodeError;

/// The tokens of a text that the model is given, and which of them the backend is told of.
struct Tokens {
    ids: Vec<u32>,
    /// For each of `ids`, its place among the text's own tokens; none for special tokens and the prompt.
    places: Vec<Option<usize>>,
}

/// The indices of a batch's texts, and what their tokens add.
type Computed = (Vec<usize>, Vec<Shares>);

impl SentenceEncoder {
    /// [`Encoder::attribute`](crate::Encoder::attribute).
    pub(super) fn attribute_pairs(
        &self,
        pairs: &[(&str, &[f32])],
        role: Role,
    ) -> Result<Option<Vec<Attribution>>, EncodeError> {
        let mut tokens = Vec::with_capacity(pairs.len());
        for (index, (text, _)) in pairs.iter().enumerate() {
            tokens.push(self.tokens(index, text, role)?);
        }
        let costs: Vec<usize> = tokens.iter().map(|tokens| tokens.ids.len()).collect();
        let mut found: Vec<Attribution> = vec![Attribution::default(); pairs.len()];
        let mut outcome = Ok(Some(()));
        self.runner.in_batches(
            &costs,
            |worker, batch| {
                // A text without tokens has a vector of zeros.
                let batch: Vec<usize> = batch.iter().copied().filter(|i| costs[*i] > 0).collect();
                let texts = batch
                    .iter()
                    .map(|i| Sequence::single(tokens[*i].ids.clone()));
                let texts: Vec<Sequence> = texts.collect();
                let to: Vec<&[f32]> = batch.iter().map(|i| pairs[*i].1).collect();
                let shares = worker.attribute(&texts, &to)?;
                Ok(shares.map(|shares| (batch, shares)))
            },
            |shares: Result<Option<Computed>, EncodeError>| match shares {
                Ok(Some((batch, shares))) => {
                    for (index, shares) in batch.into_iter().zip(shares) {
                        let spans = self.counter.spans(pairs[index].0);
                        found[index] = tokens[index].attribution(&shares, &spans);
                    }
                    ControlFlow::Continue(())
                }
                other => {
                    outcome = other.map(|_| None);
                    ControlFlow::Break(())
                }
            },
        );
        Ok(outcome?.map(|()| found))
    }

    fn tokens(&self, index: usize, text: &str, role: Role) -> Result<Tokens, EncodeError> {
        let ids = self.counter.ids(self.prompt(role), text);
        let ids = ids.map_err(|reason| EncodeError::Tokenizer {
            text: index,
            reason,
        })?;
        let special = self.counter.special_tokens();
        let [query, passage] = self.prompt_tokens;
        // Of the special tokens of a text one stands behind it, and the others before it and before the prompt.
        let before = special.saturating_sub(1)
            + match role {
                Role::Query => query,
                Role::Passage => passage,
            };
        let end = ids.len() - special.min(1);
        let known = ids.into_iter().enumerate();
        let (ids, places) = known
            .filter(|(_, id)| Some(*id) != self.unread)
            .map(|(place, id)| (id, (before..end).contains(&place).then(|| place - before)))
            .unzip();
        Ok(Tokens { ids, places })
    }
}

impl Tokens {
    fn attribution(&self, shares: &Shares, spans: &[std::ops::Range<usize>]) -> Attribution {
        let mut rest = shares.rest;
        let mut tokens = Vec::with_capacity(self.ids.len());
        for (place, share) in self.places.iter().zip(&shares.tokens) {
            match place.and_then(|place| spans.get(place)) {
                Some(span) => tokens.push((span.clone(), *share)),
                None => rest += share,
            }
        }
        Attribution { tokens, rest }
    }
}
