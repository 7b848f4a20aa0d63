//! The lines of an export.
//!
//! The first line is a [`Header`], each other one a [`Line`].

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use topoi_index::{from_whole, to_whole};
use topoi_models::Identity;

use crate::article::{Date, Kind, Metadata, Place, Span, ThemeId};
use crate::store::{Counts, KeptTheme, NewArticle, NewFile, NewPassage, Validators, VectorSource};

/// The name of this form.
pub(super) const SCHEMA: &str = "topoi.export.v1";

/// What the names of all forms begin with.
pub(super) const ANY_SCHEMA: &str = "topoi.export.v";

/// The first line: what follows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Header {
    pub(super) schema: String,
    pub(super) model: Model,
    /// Whether the passages have their vectors.
    pub(super) vectors: bool,
    pub(super) counts: Held,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Model {
    pub(super) reference: String,
    pub(super) identity: Identity,
}

/// How much follows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Held {
    pub(super) files: u64,
    pub(super) articles: u64,
    pub(super) passages: u64,
    pub(super) themes: u64,
}

impl Held {
    pub(super) fn new(counts: &Counts, themes: usize) -> Self {
        Self {
            files: counts.files,
            articles: counts.articles,
            passages: counts.passages,
            themes: themes as u64,
        }
    }
}

/// A line, under the name of what it is.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Line {
    /// A file; its articles follow.
    File(FileLine),
    /// An article of the file before.
    Article(Box<ArticleLine>),
    /// More passages of the article before.
    Passages(Vec<PassageLine>),
    /// A theme; they stand behind all files.
    Theme(ThemeLine),
    /// What changed when the themes were last found anew, as the library keeps it: JSON in a text.
    ThemeChanges(String),
    /// The last line.
    End(Seal),
}

/// What the lines before come to, so that a damaged or cut-off file is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Seal {
    pub(super) lines: u64,
    pub(super) sha256: Hex,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct FileLine {
    path: String,
    size: u64,
    modified_ns: i64,
    digest: Hex,
    #[serde(skip_serializing_if = "Option::is_none")]
    etag: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_modified: Option<String>,
}

impl From<NewFile> for FileLine {
    fn from(file: NewFile) -> Self {
        Self {
            path: file.path,
            size: file.size,
            modified_ns: file.modified_ns,
            digest: Hex(file.digest),
            etag: file.validators.etag,
            last_modified: file.validators.last_modified,
        }
    }
}

impl From<FileLine> for NewFile {
    fn from(line: FileLine) -> Self {
        Self {
            path: line.path,
            size: line.size,
            modified_ns: line.modified_ns,
            digest: line.digest.0,
            validators: Validators {
                etag: line.etag,
                last_modified: line.last_modified,
            },
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ArticleLine {
    entry: Option<String>,
    title: Option<String>,
    author: Option<String>,
    date: Option<Date>,
    source: Option<String>,
    language: Option<String>,
    address: Option<String>,
    paragraphs: u32,
    pub(super) digest: Hex,
    pub(super) passages: Vec<PassageLine>,
}

impl From<NewArticle> for ArticleLine {
    /// Without passages.
    fn from(article: NewArticle) -> Self {
        let Metadata {
            title,
            author,
            date,
            source,
            language,
            address,
        } = article.metadata;
        Self {
            entry: article.entry,
            title,
            author,
            date,
            source,
            language,
            address,
            paragraphs: article.paragraphs,
            digest: Hex(article.digest),
            passages: Vec::new(),
        }
    }
}

impl From<ArticleLine> for NewArticle {
    /// Without passages.
    fn from(line: ArticleLine) -> Self {
        Self {
            entry: line.entry,
            metadata: Metadata {
                title: line.title,
                author: line.author,
                date: line.date,
                source: line.source,
                language: line.language,
                address: line.address,
            },
            paragraphs: line.paragraphs,
            digest: line.digest.0,
            passages: Vec::new(),
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct PassageLine {
    paragraph: u32,
    part: u32,
    parts: u32,
    start: usize,
    end: usize,
    kind: Kind,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    pub(super) text: String,
    pub(super) digest: Hex,
    /// Whole numbers of two bytes, the lower one first, in base 64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) vector: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) theme: Option<MemberLine>,
}

impl PassageLine {
    pub(super) fn new(
        passage: NewPassage,
        vector: Option<&[f32]>,
        theme: Option<MemberLine>,
    ) -> Self {
        let Place {
            paragraph,
            part,
            parts,
        } = passage.place;
        Self {
            paragraph,
            part,
            parts,
            start: passage.span.start,
            end: passage.span.end,
            kind: passage.kind,
            language: passage.language.map(Into::into),
            text: passage.text,
            digest: Hex(passage.digest),
            vector: vector.map(encode),
            theme,
        }
    }

    /// Where it stands in its article: passages stand in this order.
    pub(super) fn place(&self) -> (u32, u32) {
        (self.paragraph, self.part)
    }

    pub(super) fn is_span_sound(&self) -> bool {
        self.start <= self.end
    }

    /// The passage, whose vector stands at `vector` among those that are carried with it.
    pub(super) fn into_passage(self, vector: usize) -> NewPassage {
        NewPassage {
            place: Place {
                paragraph: self.paragraph,
                part: self.part,
                parts: self.parts,
            },
            span: Span::new(self.start, self.end),
            kind: self.kind,
            language: self.language.map(Into::into),
            text: self.text,
            digest: self.digest.0,
            vector: VectorSource::Embedded(vector),
        }
    }
}

/// Which theme a passage has.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct MemberLine {
    pub(super) id: ThemeId,
    #[serde(deserialize_with = "to_the_last_bit")]
    pub(super) strength: f64,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ThemeLine {
    pub(super) id: ThemeId,
    name: String,
    given: Option<String>,
    title: Option<String>,
    terms: Vec<String>,
    /// The passages that stand for it, by their places among all passages of the export, from 0.
    pub(super) exemplars: Vec<u64>,
    #[serde(deserialize_with = "to_the_last_bit")]
    coherence: f64,
    pinned: bool,
}

impl ThemeLine {
    /// A theme with the places of its exemplars.
    pub(super) fn new(theme: KeptTheme, exemplars: Vec<u64>) -> Self {
        Self {
            id: theme.id,
            name: theme.name,
            given: theme.given,
            title: theme.title,
            terms: theme.terms,
            exemplars,
            coherence: theme.coherence,
            pinned: theme.pinned,
        }
    }

    /// The theme, without exemplars.
    pub(super) fn into_theme(self) -> KeptTheme {
        KeptTheme {
            id: self.id,
            name: self.name,
            given: self.given,
            title: self.title,
            terms: self.terms,
            exemplars: Vec::new(),
            coherence: self.coherence,
            pinned: self.pinned,
        }
    }
}

/// Reads a number as it was written: `serde_json` by itself may be off by the last bit.
fn to_the_last_bit<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    raw.get().parse().map_err(de::Error::custom)
}

/// A digest, in hexadecimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hex(pub(super) [u8; 32]);

impl fmt::Display for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Serialize for Hex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Digits;
        impl Visitor<'_> for Digits {
            type Value = Hex;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a digest of 64 hexadecimal digits")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Hex, E> {
                let mut digest = [0; 32];
                let is_plain =
                    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
                for (at, byte) in digest.iter_mut().enumerate() {
                    let digits = text.get(2 * at..2 * at + 2).filter(|_| is_plain);
                    let value = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
                    *byte =
                        value.ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))?;
                }
                Ok(Hex(digest))
            }
        }
        deserializer.deserialize_str(Digits)
    }
}

/// A vector as text: the whole numbers that it is stored as.
fn encode(vector: &[f32]) -> String {
    let numbers = to_whole(vector).into_iter();
    let bytes: Vec<u8> = numbers.flat_map(i16::to_le_bytes).collect();
    STANDARD.encode(bytes)
}

/// The vector of a text, of `dim` numbers; what is wrong where there is none.
pub(super) fn decode(text: &str, dim: usize) -> Result<Vec<f32>, String> {
    let bytes = STANDARD
        .decode(text)
        .map_err(|error| format!("its vector is not in base 64: {error}"))?;
    let (numbers, rest) = bytes.as_chunks::<2>();
    let numbers: Vec<i16> = numbers.iter().copied().map(i16::from_le_bytes).collect();
    if numbers.len() != dim || !rest.is_empty() {
        return Err(format!(
            "its vector has {} bytes where {} are expected",
            bytes.len(),
            2 * dim
        ));
    }
    let vector = from_whole(&numbers);
    let is_sound = numbers.iter().any(|number| *number != 0) && to_whole(&vector) == numbers;
    if is_sound {
        Ok(vector)
    } else {
        Err("its vector is none that a library stores".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_comes_back_as_it_was() {
        let vector: Vec<f32> = (0..384).map(|i| (i as f32 * 0.7).sin()).collect();
        let stored = from_whole(&to_whole(&vector));
        let text = encode(&stored);
        assert_eq!(decode(&text, 384), Ok(stored));
        assert!(
            decode(&text, 383)
                .unwrap_err()
                .contains("768 bytes where 766")
        );
        assert!(decode(&text[1..], 384).unwrap_err().contains("base 64"));
        assert!(decode(&STANDARD.encode([0; 8]), 4).is_err());
    }

    #[test]
    fn numbers_are_read_to_the_last_bit() {
        for strength in [
            0.1 + 0.2,
            1.0 / 3.0,
            f64::MIN_POSITIVE,
            0.999_999_999_999_999_9,
        ] {
            let line = MemberLine {
                id: ThemeId(1),
                strength,
            };
            let json = serde_json::to_string(&line).unwrap();
            let back: MemberLine = serde_json::from_str(&json).unwrap();
            assert_eq!(back.strength.to_bits(), strength.to_bits(), "{json}");
        }
    }

    #[test]
    fn a_digest_is_64_digits_and_nothing_else() {
        let digest = Hex([0xa7; 32]);
        let json = serde_json::to_string(&digest).unwrap();
        assert_eq!(serde_json::from_str::<Hex>(&json).unwrap(), digest);
        for wrong in [
            "\"a7\"",
            "7",
            &json.replacen("a7", "+7", 1),
            &json.replacen("a7", "ü", 1),
        ] {
            assert!(serde_json::from_str::<Hex>(wrong).is_err(), "{wrong}");
        }
    }
}
