//! What an indexing run is told, tells meanwhile, and has done in the end.

use std::collections::{BTreeMap, BTreeSet};

use crate::fetch::FetchError;
use crate::ingest::{ReadError, Reading, SkipReason};

/// What happens during indexing, for whoever wants to show it.
pub trait Observer {
    /// One more text is to be embedded.
    fn queued(&self);
    /// So many of the texts queued since the last commit have been embedded.
    fn embedded(&self, texts: usize);
    /// What has been reported so far is now safe in the library.
    fn committed(&self, report: &IndexReport);
    /// Whether the user wants to stop. Asked often; must be quick.
    fn interrupted(&self) -> bool;
}

/// An observer that shows nothing and never stops.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Observer for Silent {
    fn queued(&self) {}

    fn embedded(&self, _: usize) {}

    fn committed(&self, _: &IndexReport) {}

    fn interrupted(&self) -> bool {
        false
    }
}

/// Why a file's articles were not taken in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The file is not read.
    #[error("{0}")]
    Skipped(SkipReason),
    /// The file was read, and holds no article.
    #[error(transparent)]
    Unreadable(#[from] ReadError),
    /// The file is on the web, and did not come from there.
    #[error(transparent)]
    NotFetched(#[from] FetchError),
    /// The library keeps paths as text.
    #[error("has a path that is not UTF-8: rename it")]
    PathNotUtf8,
}

impl From<SkipReason> for Refusal {
    fn from(reason: SkipReason) -> Self {
        Self::Skipped(reason)
    }
}

/// What to do with a paragraph that is longer than the model reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Windowing {
    /// Make several passages of it, cut at sentence ends, so that nothing is lost.
    #[default]
    Windows,
    /// Leave it one passage, of which the model reads the beginning. Only for measuring against published figures.
    Whole,
}

/// What was read.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Survey {
    /// Articles.
    pub articles: u64,
    /// Their paragraphs, of every kind.
    pub paragraphs: u64,
    /// Paragraphs that carry none of the argument.
    pub boilerplate: u64,
    /// Entries of files that gave no article.
    pub left_out: u64,
    /// The same by format.
    pub formats: BTreeMap<&'static str, FormatSurvey>,
    /// Which fields of records were read as what, by what they were read as.
    pub fields: BTreeMap<&'static str, BTreeSet<String>>,
}

/// What was read in one format.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct FormatSurvey {
    /// Files.
    pub files: u64,
    /// Articles in them.
    pub articles: u64,
    /// Paragraphs in those, of every kind.
    pub paragraphs: u64,
}

impl Survey {
    /// Counts what was read in another run too.
    pub fn merge(&mut self, other: Self) {
        self.articles += other.articles;
        self.paragraphs += other.paragraphs;
        self.boilerplate += other.boilerplate;
        self.left_out += other.left_out;
        for (name, survey) in other.formats {
            let format = self.formats.entry(name).or_default();
            format.files += survey.files;
            format.articles += survey.articles;
            format.paragraphs += survey.paragraphs;
        }
        for (field, names) in other.fields {
            self.fields.entry(field).or_default().extend(names);
        }
    }

    /// Counts a file that was read.
    pub fn add(&mut self, reading: &Reading) {
        let articles = reading.articles.len() as u64;
        let paragraphs = || {
            reading
                .articles
                .iter()
                .flat_map(|article| &article.paragraphs)
        };
        let count = paragraphs().count() as u64;
        let boilerplate = paragraphs().filter(|paragraph| paragraph.kind.is_boilerplate());
        self.articles += articles;
        self.paragraphs += count;
        self.boilerplate += boilerplate.count() as u64;
        self.left_out += reading.left_out as u64;
        for (field, name) in &reading.fields {
            self.fields
                .entry(field.as_str())
                .or_default()
                .insert(name.clone());
        }
        let format = self.formats.entry(reading.format.as_str()).or_default();
        format.files += 1;
        format.articles += articles;
        format.paragraphs += count;
    }
}

/// What an indexing run has done.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct IndexReport {
    /// What was read in it.
    #[serde(flatten)]
    pub read: Survey,
    /// How many of the articles that were added are copies of others.
    pub copies: u64,
    /// Files that were as the library has them.
    pub files_unchanged: u64,
    /// Files that were read, new or changed.
    pub files_read: u64,
    /// Files that are no longer there and were removed.
    pub files_removed: u64,
    /// Articles added.
    pub articles_added: u64,
    /// Articles that a changed file no longer holds, or holds in another form, and those of files that were removed.
    pub articles_removed: u64,
    /// Passages added.
    pub passages_added: u64,
    /// Texts that the model embedded.
    pub embedded: u64,
    /// Passages that took over the vector of the same text.
    pub reused: u64,
    /// Commits made.
    pub commits: u64,
}

impl IndexReport {
    /// Counts what was done in another run too.
    pub fn merge(&mut self, other: Self) {
        self.read.merge(other.read);
        self.copies += other.copies;
        self.files_unchanged += other.files_unchanged;
        self.files_read += other.files_read;
        self.files_removed += other.files_removed;
        self.articles_added += other.articles_added;
        self.articles_removed += other.articles_removed;
        self.passages_added += other.passages_added;
        self.embedded += other.embedded;
        self.reused += other.reused;
        self.commits += other.commits;
    }

    /// Whether the library is another than it was.
    #[must_use]
    pub const fn has_changed_something(&self) -> bool {
        self.articles_added + self.articles_removed + self.files_removed > 0
    }
}
