//! The plain types that every part speaks: articles, their paragraphs, and where those stand in a source.

#[path = "article/date.rs"]
mod date;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use date::{Date, DateError};
pub(crate) use date::{DayOrder, read_date};

/// A range of bytes, `start..end`, in a source as it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// The span `start..end`.
    #[must_use]
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// The length in bytes.
    #[must_use]
    pub const fn len(self) -> usize {
        self.end - self.start
    }

    /// Whether the span holds no byte.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.end == self.start
    }
}

/// What a paragraph is. Only [`Kind::Body`] is searched unless more is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The article's own argument.
    Body,
    /// A title or a subheading.
    Heading,
    /// Who made an illustration or a photograph.
    Credit,
    /// Who wrote the article.
    Byline,
    /// Who the author is, usually in the last lines.
    Biography,
    /// Who holds the rights.
    Copyright,
    /// The beginning of another article, cut off in mid-sentence, or a call to read, follow or subscribe.
    Teaser,
    /// What a reader wrote below the article.
    Comment,
    /// A line that stands in many articles of its source.
    Recurring,
}

impl Kind {
    /// Every kind, in the order of their codes.
    pub const ALL: [Self; 9] = [
        Self::Body,
        Self::Heading,
        Self::Credit,
        Self::Byline,
        Self::Biography,
        Self::Copyright,
        Self::Teaser,
        Self::Comment,
        Self::Recurring,
    ];

    /// The word for this kind, as it stands in output and in a library.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Body => "body",
            Self::Heading => "heading",
            Self::Credit => "credit",
            Self::Byline => "byline",
            Self::Biography => "biography",
            Self::Copyright => "copyright",
            Self::Teaser => "teaser",
            Self::Comment => "comment",
            Self::Recurring => "recurring",
        }
    }

    /// Whether the paragraph carries none of the article's argument.
    #[must_use]
    pub const fn is_boilerplate(self) -> bool {
        !matches!(self, Self::Body | Self::Heading)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| format!("`{text}` is not a kind of paragraph"))
    }
}

/// What is known of an article beside its text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// The headline.
    pub title: Option<String>,
    /// Who wrote it, as one line of names.
    pub author: Option<String>,
    /// When it was published.
    pub date: Option<Date>,
    /// The newspaper, journal or site that it appeared in.
    pub source: Option<String>,
    /// The language as an ISO 639-1 code, `en`.
    pub language: Option<String>,
    /// The address under which it was published.
    pub address: Option<String>,
}

/// The number of an article in a library, never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ArticleId(pub u64);

impl fmt::Display for ArticleId {
    /// With an `a` before the number, as the command line takes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("a{}", self.0))
    }
}

/// The number of a passage in a library, never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PassageId(pub u64);

impl fmt::Display for PassageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// The number of a theme in a library, never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ThemeId(pub u64);

impl fmt::Display for ThemeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Where a passage stands in its article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Place {
    /// Which paragraph, from 1.
    pub paragraph: u32,
    /// Which part of that paragraph, from 1.
    pub part: u32,
    /// How many parts the paragraph has: 1 unless it is longer than the model reads.
    pub parts: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.parts > 1 {
            write!(
                f,
                "¶{} part {} of {}",
                self.paragraph, self.part, self.parts
            )
        } else {
            write!(f, "¶{}", self.paragraph)
        }
    }
}

/// What is searched and found: a paragraph, or a part of one that is longer than the model reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passage {
    /// Its number.
    pub id: PassageId,
    /// The article that it belongs to.
    pub article: ArticleId,
    /// Where it stands in that article.
    pub place: Place,
    /// Where its paragraph stands in the source, in bytes.
    pub span: Span,
    /// What its paragraph is.
    pub kind: Kind,
    /// Its text, white space folded.
    pub text: String,
}

/// An article as a library keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredArticle {
    /// Its number.
    pub id: ArticleId,
    /// The file it was read from, or the name given for standard input.
    pub path: String,
    /// Which entry of that file it is, where the file holds several.
    pub entry: Option<String>,
    /// What is known of it.
    pub metadata: Metadata,
    /// How many paragraphs it has.
    pub paragraphs: u32,
}

/// A paragraph as a source has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paragraph {
    /// The text with every run of white space (line ends of a hard-wrapped text too) folded to one space.
    pub text: String,
    /// Where it stands in the source, in bytes, white space at both ends left out.
    pub span: Span,
    /// What it is.
    pub kind: Kind,
    /// Its language as an ISO 639-1 code where that is reliably another than its article's, as in a quotation.
    pub language: Option<&'static str>,
}

impl Paragraph {
    /// A paragraph in its article's language.
    #[must_use]
    pub const fn new(kind: Kind, text: String, span: Span) -> Self {
        Self {
            text,
            span,
            kind,
            language: None,
        }
    }
}

/// An article as a reader found it in a source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Article {
    /// Which entry of its source this is, where a source holds several: an id, or a line number.
    pub entry: Option<String>,
    /// What is known of it.
    pub metadata: Metadata,
    /// Its paragraphs in reading order.
    pub paragraphs: Vec<Paragraph>,
}
