//! The vocabulary of a transformer: which of its tokens have a meaning, and how one is read alone.

use std::path::{Path, PathBuf};

use tokenizers::{Encoding, Token, Tokenizer};

use crate::engine::read_tokenizer;
use crate::error::LoadError;

/// A transformer's vocabulary.
pub(super) struct Vocabulary {
    tokenizer: Tokenizer,
    path: PathBuf,
    rows: usize,
    /// The tokens with a meaning, in the order of their numbers.
    ids: Vec<u32>,
    /// The special tokens before every text.
    before: Vec<u32>,
}

impl Vocabulary {
    /// Reads the vocabulary of the tokeniser at `path`, none of whose tokens may have a number of `most` or more.
    pub(super) fn read(path: &Path, lower_case: bool, most: usize) -> Result<Self, LoadError> {
        let tokenizer = read_tokenizer(path, lower_case)?;
        let special = tokenizer.get_added_tokens_decoder();
        let is_special = |id: u32| special.get(&id).is_some_and(|token| token.special);
        let vocabulary = tokenizer.get_vocab(true);
        let rows = vocabulary.values().max().map_or(0, |id| *id as usize + 1);
        let mut ids: Vec<u32> = vocabulary
            .into_iter()
            .filter(|(token, id)| !is_special(*id) && !is_unused(token))
            .map(|(_, id)| id)
            .collect();
        ids.sort_unstable();
        ids.dedup();
        let unusable = |reason: String| LoadError::Tokenizer {
            path: path.to_owned(),
            reason,
        };
        if rows > most {
            return Err(unusable(format!(
                "it has a token with the number {}, and the weights have {most} tokens",
                rows - 1
            )));
        }
        let some = ids.first();
        let some = some.ok_or_else(|| unusable("it has special tokens only".to_owned()))?;
        let before = before(&tokenizer, *some).map_err(|error| unusable(error.to_string()))?;
        Ok(Self {
            path: path.to_owned(),
            tokenizer,
            rows,
            ids,
            before,
        })
    }

    /// How many rows a table needs to have one for each token, with a meaning or without.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// The numbers of the tokens with a meaning, in ascending order.
    pub(super) fn ids(&self) -> impl ExactSizeIterator<Item = u32> {
        self.ids.iter().copied()
    }

    /// What the transformer reads of each of these tokens.
    ///
    /// That is the special tokens in front and the token, and not those behind: `[SEP]` draws the vectors of all short
    /// texts towards each other.
    pub(super) fn texts(&self) -> Vec<Vec<u32>> {
        let text = |id| [self.before.as_slice(), &[id]].concat();
        self.ids().map(text).collect()
    }

    /// A `tokenizer.json` that neither pads nor truncates.
    pub(super) fn json(&self) -> Result<String, LoadError> {
        let json = self.tokenizer.to_string(false);
        json.map_err(|error| LoadError::Tokenizer {
            path: self.path.clone(),
            reason: error.to_string(),
        })
    }
}

/// The special tokens before a text that consists of the token `id`.
fn before(tokenizer: &Tokenizer, id: u32) -> tokenizers::Result<Vec<u32>> {
    let token = Token::new(id, String::new(), (0, 0));
    let text = tokenizer.post_process(Encoding::from_tokens(vec![token], 0), None, true)?;
    let special = text.get_special_tokens_mask().iter();
    let ids = text.get_ids().iter().zip(special);
    Ok(ids
        .take_while(|(_, special)| **special != 0)
        .map(|(id, _)| *id)
        .collect())
}

/// Whether `token` is one of those that BERT's vocabulary keeps free, as `[unused12]`.
fn is_unused(token: &str) -> bool {
    token
        .strip_prefix("[unused")
        .and_then(|rest| rest.strip_suffix(']'))
        .is_some_and(|number| {
            !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_places_in_a_vocabulary_are_known() {
        for token in ["[unused0]", "[unused993]"] {
            assert!(is_unused(token), "{token}");
        }
        for token in ["unused", "[unused]", "[unused1", "[unusedx]", "[MASK]"] {
            assert!(!is_unused(token), "{token}");
        }
    }
}
