//! The plain types that a library is kept in.

use std::borrow::Cow;

use serde::Serialize;

use crate::article::{ArticleId, Date, Kind, Metadata, PassageId, Place, Span, ThemeId};
use crate::copies::Sketch;

/// How much a library holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Files, and names given for standard input.
    pub files: u64,
    /// Articles.
    pub articles: u64,
    /// Passages of every kind.
    pub passages: u64,
    /// Passages that are searched by default.
    pub body: u64,
    /// Passages that are gone while a segment still holds their vectors.
    pub tombstones: u64,
}

/// Which model a library's vectors come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelRow {
    /// How the user named the model: a name, a hub name or an absolute folder.
    pub reference: String,
    /// The model's identity as JSON.
    pub identity: String,
}

/// What is known of a file that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRow {
    /// Its number.
    pub id: u64,
    /// Its length in bytes.
    pub size: u64,
    /// When it was last changed, in nanoseconds since 1970; 0 where that cannot be trusted.
    pub modified_ns: i64,
    /// The SHA-256 of its bytes.
    pub digest: [u8; 32],
}

/// What a server said of something that was fetched from it, by which to ask whether it has changed since.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Validators {
    /// Its `ETag`.
    pub etag: Option<String>,
    /// Its `Last-Modified`.
    pub last_modified: Option<String>,
}

impl Validators {
    /// Whether the server said nothing.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.etag.is_none() && self.last_modified.is_none()
    }
}

/// What the articles are that a filter chooses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overview {
    /// How many there are.
    pub articles: u64,
    /// The first day, month or year that one is of.
    pub from: Option<Date>,
    /// The last one.
    pub until: Option<Date>,
    /// Where they were published, most articles first.
    pub sources: Vec<NameCount>,
    /// Who wrote them, as their bylines say, most articles first.
    pub authors: Vec<NameCount>,
    /// Their languages, most articles first.
    pub languages: Vec<NameCount>,
}

/// How many articles have something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NameCount {
    /// What it is called.
    pub name: String,
    /// How many articles have it.
    pub articles: u64,
}

/// An article as it is compared with others.
#[derive(Debug, Clone)]
pub struct Sketched {
    /// The article.
    pub article: ArticleId,
    /// The source that it names.
    pub source: Option<String>,
    /// The first day that its date can mean, as text.
    pub date: Option<Date>,
    /// Its sketch.
    pub sketch: Sketch,
}

/// An article that is a copy of another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Copy {
    /// The copy.
    pub article: ArticleId,
    /// The first of its story.
    pub original: ArticleId,
    /// How alike it is to another article of the story, 0 to 1.
    pub likeness: f32,
}

/// A theme as the ledger has it.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptTheme {
    /// Its number.
    pub id: ThemeId,
    /// What it is called after its terms.
    pub name: String,
    /// What a person calls it.
    pub given: Option<String>,
    /// What a language model calls it.
    pub title: Option<String>,
    /// The words and phrases that set it apart, the most telling first.
    pub terms: Vec<String>,
    /// The passages that stand for it.
    pub exemplars: Vec<PassageId>,
    /// The mean cosine of two different passages of it, −1 to 1.
    pub coherence: f64,
    /// Whether its passages stay together whenever themes are found anew.
    pub pinned: bool,
}

/// A passage of a theme.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Membership {
    /// The passage.
    pub passage: PassageId,
    /// Its theme.
    pub theme: ThemeId,
    /// How firmly it belongs, 0 to 1.
    pub strength: f64,
}

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFile {
    /// Its path, or the name given for standard input.
    pub path: String,
    /// Its length in bytes.
    pub size: u64,
    /// When it was last changed, in nanoseconds since 1970; 0 where that cannot be trusted.
    pub modified_ns: i64,
    /// The SHA-256 of its bytes.
    pub digest: [u8; 32],
    /// What the server said of it, where it was fetched from one.
    pub validators: Validators,
}

impl NewFile {
    /// The same while it is not complete yet: without its digest, the next run reads it again.
    #[must_use]
    pub fn unfinished(&self) -> Self {
        Self {
            digest: [0; 32],
            modified_ns: 0,
            validators: Validators::default(),
            ..self.clone()
        }
    }
}

/// An article to add.
#[derive(Debug, Clone)]
pub struct NewArticle {
    /// Which entry of its file it is.
    pub entry: Option<String>,
    /// What is known of it.
    pub metadata: Metadata,
    /// How many paragraphs it has.
    pub paragraphs: u32,
    /// The SHA-256 of its content.
    pub digest: [u8; 32],
    /// Its passages in reading order.
    pub passages: Vec<NewPassage>,
}

/// A passage to add. It gets its number when it is.
#[derive(Debug, Clone)]
pub struct NewPassage {
    /// Where it stands in its article.
    pub place: Place,
    /// Where its paragraph stands in the source.
    pub span: Span,
    /// What its paragraph is.
    pub kind: Kind,
    /// Its language, where that is another than its article's.
    pub language: Option<Cow<'static, str>>,
    /// Its text.
    pub text: String,
    /// The SHA-256 of its text.
    pub digest: [u8; 32],
    /// Where its vector comes from.
    pub vector: VectorSource,
}

/// Where a new passage's vector comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VectorSource {
    /// A text that was embedded now, by its place among those.
    Embedded(usize),
    /// A passage of the same text that the library has.
    Passage(PassageId),
}

/// What changes for one file.
#[derive(Debug, Clone)]
pub struct Change {
    /// The file. While only part of it is taken in, its digest and time are 0, so that the next run reads it again.
    pub file: NewFile,
    /// Articles that it no longer holds.
    pub removed: Vec<ArticleId>,
    /// Articles that it did not hold before.
    pub added: Vec<NewArticle>,
}
