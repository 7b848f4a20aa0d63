//! The way from the bytes of one source to its articles, and what a reader of a format is.

use std::cell::OnceCell;
use std::path::PathBuf;

use super::compression::{self, Budget, Compression};
use super::decode::{Decoded, Encoding, decode};
use super::error::{ReadError, Warning};
use super::finish::finish;
use super::format::Format;
use super::records::{Field, Fields};
use crate::article::Article;

/// What is known of a source beside its bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hints {
    /// Its path or name; standard input has none. Only the extension is looked at, and nothing is opened.
    pub path: Option<PathBuf>,
    /// The format, where the person says it; the content is then not asked.
    pub format: Option<Format>,
    /// Its media type, where a protocol says it (`text/html; charset=utf-8`). The charset is believed before a
    /// charset that the content declares; the type is looked at only where content and path leave it open.
    pub media_type: Option<String>,
    /// The address that it was fetched from, for links that are relative and where no canonical one is given.
    pub address: Option<String>,
    /// Which fields of records mean what, where the person says it.
    pub fields: Fields,
}

/// The bytes of a source with their hints, decoded at most once.
#[derive(Debug)]
pub struct Source<'a> {
    bytes: &'a [u8],
    hints: &'a Hints,
    decoded: OnceCell<Result<Decoded<'a>, ReadError>>,
    budget: Budget,
}

impl<'a> Source<'a> {
    /// A source.
    #[must_use]
    pub fn new(bytes: &'a [u8], hints: &'a Hints) -> Self {
        Self {
            bytes,
            hints,
            decoded: OnceCell::new(),
            budget: Budget::new(),
        }
    }

    /// The bytes as they were read.
    #[must_use]
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// What is known beside them.
    #[must_use]
    pub const fn hints(&self) -> &'a Hints {
        self.hints
    }

    /// The bytes as text, for formats that are text.
    ///
    /// # Errors
    ///
    /// What [`decode`] finds wrong with them.
    pub fn decoded(&self) -> Result<&Decoded<'a>, ReadError> {
        self.decoded
            .get_or_init(|| decode(self.bytes, self.charset()))
            .as_ref()
            .map_err(Clone::clone)
    }

    /// The charset that its media type names.
    fn charset(&self) -> Option<&str> {
        let media_type = self.hints.media_type.as_deref()?;
        media_type.split(';').skip(1).find_map(|parameter| {
            let (name, value) = parameter.split_once('=')?;
            let value = value.trim().trim_matches(['"', '\'']);
            name.trim().eq_ignore_ascii_case("charset").then_some(value)
        })
    }

    /// How much may still be unpacked from it.
    pub(super) const fn budget(&self) -> &Budget {
        &self.budget
    }

    /// Reads something that is packed in this source, as a source of its own.
    ///
    /// # Errors
    ///
    /// As [`read_source`], with [`ReadError::Empty`] where it gives no article, and [`ReadError::TooDeep`].
    pub(super) fn read_member(&self, bytes: &[u8], hints: &Hints) -> Result<Extracted, ReadError> {
        let member = Source {
            bytes,
            hints,
            decoded: OnceCell::new(),
            budget: self.budget.deeper()?,
        };
        let (_, mut extracted) = extract(&member)?;
        extracted
            .articles
            .retain(|article| !article.paragraphs.is_empty());
        match extracted.articles.is_empty() {
            true => Err(ReadError::Empty),
            false => Ok(extracted),
        }
    }
}

/// What a reader takes from a source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extracted {
    /// The articles in the order in which they stand.
    pub articles: Vec<Article>,
    /// What was odd, in the order of the source.
    pub warnings: Vec<Warning>,
    /// How many entries were left out.
    pub left_out: usize,
    /// Which fields of records were read as what.
    pub fields: Vec<(Field, String)>,
}

/// Takes sources of one format apart.
///
/// A reader says what the format says: the metadata that is written down as such, the paragraphs, which of
/// them are headings. What a text says only to a reader of English (a byline, a copyright line) and what has
/// to be guessed (the language) is left to [`read_source`], so that it is done alike for every format.
pub trait Reader: Sync {
    /// Reads the articles of a source.
    ///
    /// # Errors
    ///
    /// A [`ReadError`] that says why the source gives none.
    fn read(&self, source: &Source<'_>) -> Result<Extracted, ReadError>;
}

/// A source that has been read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The articles in the order in which they stand; at least one, and each has at least one paragraph.
    pub articles: Vec<Article>,
    /// The format that it was read as.
    pub format: Format,
    /// The encoding of its text; `None` for a format that is not text.
    pub encoding: Option<Encoding>,
    /// What was odd, in the order of the source.
    pub warnings: Vec<Warning>,
    /// How many entries were left out.
    pub left_out: usize,
    /// Which fields of records were read as what, by their names.
    pub fields: Vec<(Field, String)>,
}

/// Reads a source into articles.
///
/// Where a paragraph's [`Span`](crate::article::Span) counts from depends on what was read:
///
/// | source | a span counts bytes of |
/// |---|---|
/// | plain text and Markdown in UTF-8 | the source as it was read, byte order mark included |
/// | plain text and Markdown in another encoding | the decoded text, as [`decode`] gives it |
/// | all other formats | the article's own text: its text as the format holds it, or its paragraphs joined by a blank line |
///
/// An article without a title in the source has none here; [`super::title_from_path`] makes one from the name.
///
/// # Errors
///
/// A [`ReadError`] that says why the source holds no article that can be read.
pub fn read_source(bytes: &[u8], hints: &Hints) -> Result<Reading, ReadError> {
    let source = Source::new(bytes, hints);
    let (
        format,
        Extracted {
            mut articles,
            warnings,
            left_out,
            fields,
        },
    ) = extract(&source)?;
    articles.retain(|article| !article.paragraphs.is_empty());
    if articles.is_empty() {
        return Err(ReadError::Empty);
    }
    finish(&mut articles);
    let encoding = match source.decoded.get() {
        Some(Ok(decoded)) => Some(decoded.encoding),
        _ => None,
    };
    Ok(Reading {
        articles,
        format,
        encoding,
        warnings,
        left_out,
        fields,
    })
}

/// Recognises a source's format and has its reader take it apart, after unpacking it where it is compressed.
fn extract(source: &Source<'_>) -> Result<(Format, Extracted), ReadError> {
    if let Some(compression) = Compression::of(source.bytes()) {
        let bytes = compression.unpack(source.bytes(), source.budget())?;
        let mut hints = source.hints().clone();
        hints.path = hints.path.as_deref().map(compression::without_extension);
        let inner = Source {
            bytes: &bytes,
            hints: &hints,
            decoded: OnceCell::new(),
            budget: source.budget().deeper()?,
        };
        return extract(&inner);
    }
    let format = Format::detect(source)?;
    let mut extracted = format.reader().read(source)?;
    if let Some(Ok(decoded)) = source.decoded.get()
        && decoded.unmapped > 0
    {
        let (count, encoding) = (decoded.unmapped, decoded.encoding.name());
        extracted
            .warnings
            .insert(0, Warning::Unmapped { count, encoding });
    }
    Ok((format, extracted))
}
