//! A model's tokeniser: ours where the model's is BERT's, else what the `tokenizers` crate makes of its file.

use std::ops::Range;

use serde::Deserialize;
use tokenizers::normalizers::{Lowercase, Sequence};
use tokenizers::{Encoding, PostProcessor, Tokenizer};

use super::frame::{Frame, Part};
use super::wordpiece::{Sink, WordPiece};

/// Splits texts into tokens, as the `tokenizers` crate does.
pub(super) enum Tokeniser {
    /// One that is run here, much faster.
    WordPiece(Box<WordPiece>),
    /// One that the crate runs.
    Crate {
        tokenizer: Box<Tokenizer>,
        /// The token of what the vocabulary lacks, if there is one.
        unknown: Option<u32>,
    },
}

/// What of a `tokenizer.json` the crate doesn't tell.
#[derive(Deserialize)]
struct Outline {
    #[serde(default)]
    model: OutlineModel,
}

/// How kinds of models name their unknown token.
#[derive(Default, Deserialize)]
#[serde(default)]
struct OutlineModel {
    /// By its text, in all of them but one.
    unk_token: Option<String>,
    /// By its number, in that one (Unigram).
    unk_id: Option<u32>,
}

impl Tokeniser {
    /// Reads a `tokenizer.json`.
    ///
    /// With `lower_case` a text becomes lower case before anything else. What the file says of padding and
    /// truncation is overridden: some ship padding to a fixed length, which makes every text as dear as the
    /// longest, and truncation to another length than the model's.
    pub(super) fn read(json: &[u8], lower_case: bool) -> tokenizers::Result<Self> {
        match WordPiece::read(json, lower_case) {
            Some(ours) => Ok(Self::WordPiece(Box::new(ours))),
            None => Self::read_with_crate(json, lower_case),
        }
    }

    /// [`Self::read`] for any pipeline.
    pub(super) fn read_with_crate(json: &[u8], lower_case: bool) -> tokenizers::Result<Self> {
        // The crate panics where some parts of a file break off, so it is given whole ones only.
        let Outline { model } = serde_json::from_slice(json)?;
        let tokenizer = Box::new(read_tokenizer(json, lower_case)?);
        // A vocabulary without a token for the unknown fails on the first unknown word: better now. A Yi syllable
        // and a cuneiform sign are letters that tokenisers don't clean away and vocabularies lack.
        tokenizer.encode_fast("\u{a015} \u{12345}", true)?;
        let named = model.unk_token.as_deref();
        let unknown = named.map_or(model.unk_id, |token| tokenizer.token_to_id(token));
        Ok(Self::Crate { tokenizer, unknown })
    }

    /// The token of what the vocabulary lacks, if there is one.
    pub(super) fn unknown(&self) -> Option<u32> {
        match self {
            Self::WordPiece(ours) => Some(ours.unknown()),
            Self::Crate { unknown, .. } => *unknown,
        }
    }

    /// How many special tokens every text gets.
    pub(super) fn special_tokens(&self) -> usize {
        match self {
            Self::WordPiece(ours) => {
                let (before, behind) = ours.ends();
                before.len() + behind.len()
            }
            Self::Crate { tokenizer, .. } => tokenizer
                .get_post_processor()
                .map_or(0, |processor| processor.added_tokens(false)),
        }
    }

    /// What is put around two texts that are read as a pair; `None` where the file says nothing of that, or something
    /// unheard of.
    pub(super) fn frame(&self) -> Option<Frame> {
        match self {
            Self::WordPiece(ours) => ours.frame().cloned(),
            Self::Crate { tokenizer, .. } => {
                // The crate keeps its templates to itself, but says of each token which text it is of.
                let pair = tokenizer.encode_fast(("a", "a"), true).ok()?;
                let tokens = pair.get_ids().iter().zip(pair.get_type_ids());
                let mut parts: Vec<(Part, u32)> = tokens
                    .zip(pair.get_sequence_ids())
                    .map(|((id, kind), text)| {
                        let part = match text {
                            None => Part::Special(*id),
                            Some(0) => Part::First,
                            Some(_) => Part::Second,
                        };
                        (part, *kind)
                    })
                    .collect();
                parts.dedup_by(|next, part| next == part && !matches!(part.0, Part::Special(_)));
                Frame::read(&parts)
            }
        }
    }

    /// How many tokens `text` has, without special ones.
    pub(super) fn count(&self, text: &str) -> tokenizers::Result<usize> {
        match self {
            Self::WordPiece(ours) => {
                let mut count = Count(0);
                ours.tokenise(text, usize::MAX, &mut count)?;
                Ok(count.0)
            }
            Self::Crate { tokenizer, .. } => Ok(tokenizer.encode_fast(text, false)?.len()),
        }
    }

    /// Where each token of `text` lies, in bytes, without special ones.
    pub(super) fn spans(&self, text: &str) -> tokenizers::Result<Vec<Range<usize>>> {
        match self {
            Self::WordPiece(ours) => {
                let mut spans = Vec::new();
                ours.tokenise(text, usize::MAX, &mut spans)?;
                Ok(spans)
            }
            Self::Crate { tokenizer, .. } => {
                let encoding = tokenizer.encode(text, false)?;
                let offsets = encoding.get_offsets().iter();
                Ok(offsets.map(|(start, end)| *start..*end).collect())
            }
        }
    }

    /// The numbers of the first `room` tokens of `text`, and of the special ones if they are wanted. `None` if it
    /// has fewer than `needed`, of which special ones are none.
    pub(super) fn ids(
        &self,
        text: &str,
        room: usize,
        needed: usize,
        special: bool,
    ) -> tokenizers::Result<Option<Vec<u32>>> {
        match self {
            Self::WordPiece(ours) => {
                let (before, behind) = if special {
                    ours.ends()
                } else {
                    (&[][..], &[][..])
                };
                let ends = before.len() + behind.len();
                // Few texts have a token for less than three bytes.
                let mut ids = Vec::with_capacity(ends + room.min(text.len() / 3));
                ids.extend(before);
                ours.tokenise(text, before.len() + room.max(needed), &mut ids)?;
                let found = ids.len() - before.len();
                ids.truncate(before.len() + room);
                ids.extend(behind);
                Ok((found >= needed).then_some(ids))
            }
            Self::Crate { tokenizer, .. } => {
                let mut encoding = tokenizer.encode_fast(text, false)?;
                if encoding.len() < needed {
                    return Ok(None);
                }
                encoding.truncate(room, 0, tokenizers::TruncationDirection::Right);
                let complete: Encoding = tokenizer.post_process(encoding, None, special)?;
                Ok(Some(complete.get_ids().to_vec()))
            }
        }
    }
}

/// What the crate makes of a `tokenizer.json`, which must be whole JSON: a tokeniser that neither pads nor truncates.
///
/// With `lower_case` a text becomes lower case before anything else.
pub(super) fn read_tokenizer(json: &[u8], lower_case: bool) -> tokenizers::Result<Tokenizer> {
    let mut tokenizer = Tokenizer::from_bytes(json)?;
    tokenizer.with_padding(None);
    tokenizer.with_truncation(None)?;
    if lower_case {
        let mut normalizers = vec![Lowercase.into()];
        normalizers.extend(tokenizer.get_normalizer().cloned());
        tokenizer.with_normalizer(Some(Sequence::new(normalizers)))?;
    }
    Ok(tokenizer)
}

/// Counts tokens and forgets them.
struct Count(usize);

impl Sink for Count {
    const SPANS: bool = false;

    fn push(&mut self, _id: u32, _span: Range<usize>) {
        self.0 += 1;
    }

    fn len(&self) -> usize {
        self.0
    }

    fn truncate(&mut self, len: usize) {
        self.0 = self.0.min(len);
    }
}

/// Keeps the tokens' numbers.
impl Sink for Vec<u32> {
    const SPANS: bool = false;

    fn push(&mut self, id: u32, _span: Range<usize>) {
        self.push(id);
    }

    fn len(&self) -> usize {
        self.len()
    }

    fn truncate(&mut self, len: usize) {
        self.truncate(len);
    }
}

/// Keeps where the tokens lie.
impl Sink for Vec<Range<usize>> {
    const SPANS: bool = true;

    fn push(&mut self, _id: u32, span: Range<usize>) {
        self.push(span);
    }

    fn len(&self) -> usize {
        self.len()
    }

    fn truncate(&mut self, len: usize) {
        self.truncate(len);
    }
}
