//! What a `tokenizer.json` must say for [`super::WordPiece`] to do what it asks for.
//!
//! Strict on purpose: a field, a kind or a value that isn't known here is an error, and the file is left to the
//! `tokenizers` crate. What doesn't matter here is read all the same, as the crate reads it, so that no file is
//! taken that the crate refuses.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;
use tokenizers::{DecoderWrapper, PaddingParams, TruncationParams};

use super::vocabulary::Vocabulary;
use crate::engine::frame::{Frame, Part};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    version: String,
    #[serde(rename = "truncation")]
    _truncation: Option<TruncationParams>,
    #[serde(rename = "padding")]
    _padding: Option<PaddingParams>,
    #[serde(default)]
    pub(super) added_tokens: Vec<AddedToken>,
    pub(super) normalizer: Normalizer,
    #[serde(rename = "pre_tokenizer")]
    _pre_tokenizer: PreTokenizer,
    pub(super) post_processor: Option<PostProcessor>,
    decoder: Option<Value>,
    pub(super) model: Model,
}

impl File {
    /// Reads a `tokenizer.json`. `None` if it isn't one, or has anything in it that isn't known here.
    pub(super) fn parse(json: &[u8]) -> Option<Self> {
        // Parsing a `str` saves looking at each word's UTF-8 on its own.
        let file: Self = serde_json::from_str(str::from_utf8(json).ok()?).ok()?;
        // Where a file breaks off in its decoder, the crate's type panics: it is given what has been parsed.
        let decoder = file.decoder.as_ref().map(DecoderWrapper::deserialize);
        (file.version == "1.0" && decoder.is_none_or(|decoder| decoder.is_ok())).then_some(file)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AddedToken {
    #[serde(rename = "id")]
    _id: u32,
    pub(super) content: String,
    pub(super) single_word: bool,
    pub(super) lstrip: bool,
    pub(super) rstrip: bool,
    pub(super) normalized: bool,
    #[serde(rename = "special")]
    _special: bool,
}

#[derive(Deserialize)]
#[serde(tag = "type", deny_unknown_fields)]
pub(super) enum Normalizer {
    BertNormalizer {
        clean_text: bool,
        handle_chinese_chars: bool,
        strip_accents: Option<bool>,
        lowercase: bool,
    },
}

#[derive(Deserialize)]
#[serde(tag = "type", deny_unknown_fields)]
enum PreTokenizer {
    BertPreTokenizer {},
}

#[derive(Deserialize)]
#[serde(tag = "type", deny_unknown_fields)]
pub(super) enum PostProcessor {
    BertProcessing {
        sep: (String, u32),
        cls: (String, u32),
    },
    TemplateProcessing {
        single: Vec<Piece>,
        pair: Vec<Piece>,
        special_tokens: HashMap<String, SpecialToken>,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) enum Piece {
    Sequence { id: Sequence, type_id: u32 },
    SpecialToken { id: String, type_id: u32 },
}

#[derive(Deserialize, PartialEq)]
pub(super) enum Sequence {
    A,
    B,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SpecialToken {
    #[serde(rename = "id")]
    _id: String,
    pub(super) ids: Vec<u32>,
    #[serde(rename = "tokens")]
    _tokens: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Model {
    #[serde(rename = "type")]
    _kind: Kind,
    pub(super) unk_token: String,
    pub(super) continuing_subword_prefix: String,
    pub(super) max_input_chars_per_word: usize,
    pub(super) vocab: Vocabulary,
}

#[derive(Deserialize)]
enum Kind {
    WordPiece,
}

impl PostProcessor {
    /// The numbers of the tokens before and behind those of a text. `None` where the text isn't there once.
    pub(super) fn ends(&self) -> Option<(Vec<u32>, Vec<u32>)> {
        match self {
            Self::BertProcessing { sep, cls } => Some((vec![cls.1], vec![sep.1])),
            Self::TemplateProcessing {
                single,
                special_tokens,
                ..
            } => {
                let mut parts = single.split(
                    |piece| matches!(piece, Piece::Sequence { id, .. } if *id == Sequence::A),
                );
                let (before, behind) = (parts.next()?, parts.next()?);
                if parts.next().is_some() {
                    return None;
                }
                let numbers = |pieces: &[Piece]| -> Option<Vec<u32>> {
                    let mut numbers = Vec::new();
                    for piece in pieces {
                        let Piece::SpecialToken { id, .. } = piece else {
                            return None;
                        };
                        numbers.extend(&special_tokens.get(id)?.ids);
                    }
                    Some(numbers)
                };
                Some((numbers(before)?, numbers(behind)?))
            }
        }
    }

    /// The numbers of the tokens around two texts that are read as a pair, and their types. `None` where they aren't
    /// put together as [`Frame::read`] wants it.
    pub(super) fn frame(&self) -> Option<Frame> {
        let mut parts = Vec::new();
        match self {
            Self::BertProcessing { sep, cls } => {
                parts.extend([(Part::Special(cls.1), 0), (Part::First, 0)]);
                parts.extend([(Part::Special(sep.1), 0), (Part::Second, 1)]);
                parts.push((Part::Special(sep.1), 1));
            }
            Self::TemplateProcessing {
                pair,
                special_tokens,
                ..
            } => {
                for piece in pair {
                    match piece {
                        Piece::Sequence { id, type_id } => {
                            let part = match id {
                                Sequence::A => Part::First,
                                Sequence::B => Part::Second,
                            };
                            parts.push((part, *type_id));
                        }
                        Piece::SpecialToken { id, type_id } => {
                            let ids = &special_tokens.get(id)?.ids;
                            parts.extend(ids.iter().map(|id| (Part::Special(*id), *type_id)));
                        }
                    }
                }
            }
        }
        Frame::read(&parts)
    }
}
