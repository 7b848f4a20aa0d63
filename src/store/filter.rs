//! Which articles and passages a question is about.

use std::num::NonZeroU64;

use crate::article::{Date, ThemeId};

/// A choice of passages by what is known of their articles. The default chooses every body passage.
///
/// The criteria that are given must all hold. A criterion on something that is not known of an article
/// (its author, its date …) does not hold for that article.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Part of the author's name, in any case.
    pub author: Option<String>,
    /// Part of the source's name, in any case.
    pub source: Option<String>,
    /// Published on this day or later; of a month or a year, its first day.
    pub after: Option<Date>,
    /// Published before this day; of a month or a year, its first day.
    pub before: Option<Date>,
    /// The language as an ISO 639-1 code; `en` also finds `en-GB`.
    pub language: Option<String>,
    /// Part of the path; with `*`, `?` or `[`, a pattern for the whole path.
    pub path: Option<String>,
    /// A theme of the library's ledger: its passages, and the articles that they stand in.
    pub theme: Option<ThemeId>,
    /// One article of so many, by their numbers: a sample, which is always the same.
    pub one_in: Option<NonZeroU64>,
    /// Whether headings and boilerplate are chosen too.
    pub all_kinds: bool,
}

impl Filter {
    /// Whether nothing but the kind of paragraph matters.
    #[must_use]
    pub fn is_any_article(&self) -> bool {
        *self
            == Self {
                all_kinds: self.all_kinds,
                ..Self::default()
            }
    }
}
