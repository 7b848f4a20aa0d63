//! Text → token numbers; how many tokens a text has, and where they lie, in bounded memory.

use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use serde::de::IgnoredAny;
use tokenizers::Tokenizer;

use super::frame::Frame;
use super::json::read_whole;
use super::tokeniser::{self, Tokeniser};
use crate::error::LoadError;

/// How much of a text goes through the tokeniser at once when all of its tokens are wanted. The tokeniser keeps
/// some forty bytes for each byte it is given, so 64 MB in one piece would take gigabytes.
const CHUNK_BYTES: usize = 64 << 10;

/// How much of a text is looked at for the tokens that a model reads. Nothing that is written in words comes
/// near: 512 tokens take some 3 kB. Only a text that begins with this much white space, or with a word of this
/// length, is cut differently from how it would be without the limit.
const MOST_BYTES: usize = 1 << 20;

/// Bytes a token that are tried first when a long text is clipped. English has 4 to 5, UTF-8 Chinese 3.
const BYTES_A_TOKEN: usize = 16;

/// So many tokens more than needed must come out of a clipped text, so that a word which the clipping broke
/// can't be among those that are used.
const MARGIN_TOKENS: usize = 16;

/// Counts tokens and says where they lie, as the model's own tokeniser sees them. Cheap to clone.
#[derive(Clone)]
pub struct TokenCounter {
    tokeniser: Arc<Tokeniser>,
    max_tokens: usize,
    special: usize,
}

impl TokenCounter {
    /// Reads `tokenizer.json` at `path` for a model that reads `max_tokens`, whatever the file says of padding and
    /// truncation.
    pub(crate) fn load(
        path: &Path,
        max_tokens: usize,
        lower_case: bool,
    ) -> Result<Self, LoadError> {
        let unusable = |reason| unusable(path, reason);
        let bytes = read(path)?;
        let tokeniser =
            Tokeniser::read(&bytes, lower_case).map_err(|error| unusable(error.to_string()))?;
        let special = tokeniser.special_tokens();
        if max_tokens <= special {
            return Err(unusable(format!(
                "it adds {special} tokens to every text, and the model reads {max_tokens}"
            )));
        }
        Ok(Self::new(Arc::new(tokeniser), max_tokens))
    }

    /// Counts the tokens that `tokeniser` finds for a model that reads `max_tokens`, which is more than the special
    /// ones.
    pub(super) fn new(tokeniser: Arc<Tokeniser>, max_tokens: usize) -> Self {
        Self {
            special: tokeniser.special_tokens(),
            tokeniser,
            max_tokens,
        }
    }

    /// The same for a model that is given no special tokens.
    pub(crate) fn without_special_tokens(self) -> Self {
        Self { special: 0, ..self }
    }

    /// The token of what the vocabulary lacks, if there is one.
    pub(crate) fn unknown_token(&self) -> Option<u32> {
        self.tokeniser.unknown()
    }

    /// How many tokens of a text the model reads, special tokens included.
    pub fn max_tokens(&self) -> usize {
        self.max_tokens
    }

    /// How many special tokens every text gets.
    pub fn special_tokens(&self) -> usize {
        self.special
    }

    /// How many tokens `text` has, special tokens included and however long it is.
    ///
    /// Long texts are counted in pieces that end at white space, so a word of more than 64 KiB may be counted as
    /// several. White space at both ends doesn't count.
    pub fn count(&self, text: &str) -> usize {
        let mut count = self.special;
        for (_, chunk) in chunks(text) {
            // Loading has made sure that unknown words have a token. Should a tokeniser fail all the same, no
            // text has more tokens than bytes.
            count += self.tokeniser.count(chunk).unwrap_or(chunk.len());
        }
        count
    }

    /// Where each token of `text` lies, in bytes, without special tokens.
    ///
    /// Spans come in order. Several tokens may have the same span, where one character became several tokens.
    pub fn spans(&self, text: &str) -> Vec<Range<usize>> {
        let mut spans = Vec::new();
        for (offset, chunk) in chunks(text) {
            if let Ok(found) = self.tokeniser.spans(chunk) {
                spans.extend(
                    found
                        .into_iter()
                        .map(|span| offset + span.start..offset + span.end),
                );
            }
        }
        spans
    }

    /// What the tokeniser puts around two texts that are read as a pair; `None` where it says nothing of that, or
    /// something unheard of.
    pub(super) fn frame(&self) -> Option<Frame> {
        self.tokeniser.frame()
    }

    /// The numbers of the tokens that the model reads of `prompt` and `text`, special tokens included.
    pub(crate) fn ids(&self, prompt: &str, text: &str) -> Result<Vec<u32>, String> {
        let room = self.max_tokens - self.special;
        self.beginning(prompt, text, room, self.special > 0)
    }

    /// The special tokens before a text, and those behind it.
    pub(super) fn ends(&self) -> Result<(Vec<u32>, Vec<u32>), String> {
        if self.special == 0 {
            return Ok((Vec::new(), Vec::new()));
        }
        let mut before = self.ids("", "")?;
        let around = self.ids("", "a")?;
        let both = before.iter().zip(&around);
        let behind = before.split_off(both.take_while(|(a, b)| a == b).count());
        Ok((before, behind))
    }

    /// The numbers of the first `room` tokens of `prompt` and `text`, special tokens left out.
    pub(super) fn first_ids(
        &self,
        prompt: &str,
        text: &str,
        room: usize,
    ) -> Result<Vec<u32>, String> {
        self.beginning(prompt, text, room, false)
    }

    /// The numbers of the first `room` tokens of `prompt` and `text`, and of the special ones if they are wanted.
    fn beginning(
        &self,
        prompt: &str,
        text: &str,
        room: usize,
        special: bool,
    ) -> Result<Vec<u32>, String> {
        let joined;
        let text = if prompt.is_empty() {
            text
        } else {
            // Enough of the text for any window below, so that a huge one isn't copied.
            let clipped = cut(text, MOST_BYTES + CHUNK_BYTES);
            joined = format!("{prompt}{clipped}");
            &joined
        };
        let text = text.trim();
        let mut window = (room + MARGIN_TOKENS)
            .saturating_mul(BYTES_A_TOKEN)
            .min(MOST_BYTES);
        loop {
            let clipped = cut(text, window);
            let is_all = clipped.len() == text.len() || window == MOST_BYTES;
            let needed = if is_all { 0 } else { room + MARGIN_TOKENS + 1 };
            let ids = self.tokeniser.ids(clipped, room, needed, special);
            if let Some(ids) = ids.map_err(|error| error.to_string())? {
                return Ok(ids);
            }
            window = window.saturating_mul(4).min(MOST_BYTES);
        }
    }
}

/// The tokeniser at `path` as the `tokenizers` crate runs it, without padding and truncation: for whoever wants to know
/// more than how it splits texts. With `lower_case` a text becomes lower case before anything else.
pub(crate) fn read_tokenizer(path: &Path, lower_case: bool) -> Result<Tokenizer, LoadError> {
    let json = read(path)?;
    // The crate panics where some parts of a file break off, so it is given whole ones only.
    serde_json::from_slice::<IgnoredAny>(&json)
        .map_err(tokenizers::Error::from)
        .and_then(|_| tokeniser::read_tokenizer(&json, lower_case))
        .map_err(|error| unusable(path, error.to_string()))
}

fn read(path: &Path) -> Result<Vec<u8>, LoadError> {
    read_whole(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => LoadError::Missing {
            path: path.to_owned(),
            purpose: "the tokeniser",
        },
        _ => LoadError::Read {
            path: path.to_owned(),
            source,
        },
    })
}

fn unusable(path: &Path, reason: String) -> LoadError {
    LoadError::Tokenizer {
        path: path.to_owned(),
        reason,
    }
}

/// The longest beginning of `text` of at most `bytes`, ending at white space where there is any.
fn cut(text: &str, bytes: usize) -> &str {
    if text.len() <= bytes {
        return text;
    }
    let head = &text[..text.floor_char_boundary(bytes)];
    match head.rfind(char::is_whitespace) {
        Some(space) if space > 0 => &head[..space],
        _ => head,
    }
}

/// `text` in pieces of at most [`CHUNK_BYTES`], each with its offset, without white space at their ends. An
/// empty text has none.
fn chunks(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut offset = 0;
    std::iter::from_fn(move || {
        let rest = text.get(offset..)?;
        let trimmed = rest.trim_start();
        offset += rest.len() - trimmed.len();
        let chunk = cut(trimmed, CHUNK_BYTES);
        if chunk.is_empty() {
            return None;
        }
        let start = offset;
        offset += chunk.len();
        Some((start, chunk.trim_end()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_lose_nothing_but_white_space() {
        let text = format!("  {} {}", "a b ".repeat(40_000), "é".repeat(90_000));
        let pieces: Vec<_> = chunks(&text).collect();
        assert!(pieces.len() > 3);
        for (offset, piece) in &pieces {
            assert_eq!(&text[*offset..offset + piece.len()], *piece);
            assert!(piece.len() <= CHUNK_BYTES);
        }
        let joined: String = pieces.iter().map(|(_, piece)| *piece).collect();
        let without = |text: &str| text.replace(' ', "");
        assert_eq!(without(&joined), without(&text));
    }

    #[test]
    fn a_text_of_white_space_has_no_chunks() {
        assert_eq!(chunks(" \n\t ").count(), 0);
        assert_eq!(chunks("").count(), 0);
    }

    #[test]
    fn a_cut_never_breaks_a_character() {
        assert_eq!(cut("ééé", 3), "é");
        assert_eq!(cut("one two three", 9), "one two");
        assert_eq!(cut("short", 9), "short");
    }
}
