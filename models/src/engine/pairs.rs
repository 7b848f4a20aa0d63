//! Two texts → the tokens of a pair, cut to what a model reads.

use std::path::Path;

use super::frame::Frame;
use super::sequence::Sequence;
use super::tokens::TokenCounter;
use crate::error::LoadError;

/// Splits questions and passages into tokens that are read as pairs.
pub(super) struct PairTokeniser {
    counter: TokenCounter,
    frame: Frame,
    /// How many tokens a question and a passage may have together.
    room: usize,
}

impl PairTokeniser {
    /// Reads `tokenizer.json` at `path` for a model that reads `max_tokens` of a pair.
    pub(super) fn load(
        path: &Path,
        max_tokens: usize,
        lower_case: bool,
    ) -> Result<Self, LoadError> {
        let unusable = |reason: String| LoadError::Tokenizer {
            path: path.to_owned(),
            reason,
        };
        let counter = TokenCounter::load(path, max_tokens, lower_case)?;
        let frame = counter.frame().ok_or_else(|| {
            unusable("it doesn't say how a question and a passage are put together".to_owned())
        })?;
        // At least a token of each, or there is nothing to score.
        match max_tokens.checked_sub(frame.len()) {
            Some(room) if room >= 2 => Ok(Self {
                counter,
                frame,
                room,
            }),
            _ => Err(unusable(format!(
                "it adds {} tokens to every pair, and the model reads {max_tokens}",
                frame.len()
            ))),
        }
    }

    /// The same for a model that tells the two texts of a pair apart by nothing but what stands between them.
    pub(super) fn with_one_type(self) -> Self {
        Self {
            frame: self.frame.with_one_type(),
            ..self
        }
    }

    /// Whether the second text of a pair has a token type of its own.
    pub(super) fn has_two_types(&self) -> bool {
        self.frame.has_two_types()
    }

    /// How many tokens a pair has at most.
    pub(super) fn max_tokens(&self) -> usize {
        self.counter.max_tokens()
    }

    /// The tokens of a question with `prompt` before it: as many as fit into half of the room.
    pub(super) fn question(&self, prompt: &str, text: &str) -> Result<Vec<u32>, String> {
        self.counter.first_ids(prompt, text, self.room / 2)
    }

    /// How many tokens the pair of `question` and a passage of `bytes` bytes is expected to have.
    pub(super) fn expected(&self, question: &[u32], bytes: usize) -> usize {
        let around = self.frame.len() + question.len();
        super::batch::expected_tokens(bytes, self.max_tokens() - around) + around
    }

    /// The pair of `question` and as much of `passage` as there is room for.
    pub(super) fn pair(&self, question: &[u32], passage: &str) -> Result<Sequence, String> {
        let left = self.room.saturating_sub(question.len());
        let passage = self.counter.first_ids("", passage, left)?;
        Ok(self.frame.join(question, &passage))
    }
}
