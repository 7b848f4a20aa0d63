//! Which field of a record means what: as a person says, and by its name where nobody does.

use std::fmt;
use std::str::FromStr;

use serde_json::{Map, Value};

use crate::article::{Date, DateError};

/// What a field of a record can mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// What the article is called within its file.
    Entry,
    /// The headline.
    Title,
    /// Who wrote it.
    Author,
    /// When it was published.
    Date,
    /// Where it appeared.
    Source,
    /// Its language.
    Language,
    /// The address under which it was published.
    Address,
    /// The article itself.
    Text,
}

impl Field {
    const ALL: [Self; 8] = [
        Self::Entry,
        Self::Title,
        Self::Author,
        Self::Date,
        Self::Source,
        Self::Language,
        Self::Address,
        Self::Text,
    ];

    /// The word for it on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Entry => "id",
            Self::Title => "title",
            Self::Author => "author",
            Self::Date => "date",
            Self::Source => "source",
            Self::Language => "language",
            Self::Address => "address",
            Self::Text => "text",
        }
    }

    /// Names that such fields have in exports, newspapers' interfaces and data sets, without capitals, spaces and
    /// signs; the first that holds something counts.
    const fn names(self) -> &'static [&'static str] {
        match self {
            Self::Entry => &["id", "guid", "uuid", "key"],
            Self::Title => &["title", "headline", "heading", "subject", "posttitle"],
            Self::Author => &[
                "author",
                "authors",
                "byline",
                "creator",
                "writer",
                "columnist",
            ],
            Self::Date => &[
                "date",
                "published",
                "publishedat",
                "publisheddate",
                "publishedon",
                "publishdate",
                "publicationdate",
                "datepublished",
                "pubdate",
                "postdate",
                "created",
                "createdat",
                "datecreated",
                "timestamp",
                "year",
            ],
            Self::Source => &[
                "source",
                "outlet",
                "publication",
                "publisher",
                "newspaper",
                "journal",
                "site",
                "sitename",
                "website",
            ],
            Self::Language => &["language", "lang", "inlanguage"],
            Self::Address => &[
                "url",
                "link",
                "address",
                "canonicalurl",
                "canonical",
                "permalink",
                "weburl",
                "href",
            ],
            Self::Text => &[
                "paragraphs",
                "text",
                "body",
                "content",
                "articlebody",
                "fulltext",
                "bodytext",
                "maintext",
                "articletext",
                "article",
                "contenthtml",
                "contenttext",
                "bodyhtml",
                "postcontent",
                "story",
                "transcript",
                "abstract",
                "summary",
                "description",
            ],
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Field {
    type Err = FieldRuleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|field| field.as_str() == text)
            .ok_or_else(|| FieldRuleError::Unknown(text.to_owned()))
    }
}

/// What is wrong with a rule `FIELD=NAME`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FieldRuleError {
    /// There is no such field.
    #[error("`{0}` is none of id, title, author, date, source, language, address and text")]
    Unknown(String),
    /// It has no name.
    #[error("`{0}` is not FIELD=NAME, as in `title=headline`")]
    Form(String),
}

/// What a person says of the fields of records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields {
    named: Vec<(Field, String)>,
}

impl Fields {
    /// Adds a rule such as `title=headline`. The name may lead into objects: `text=content.rendered`. Of several rules for one
    /// field the first whose field holds something counts.
    ///
    /// ```
    /// use topoi::ingest::Fields;
    ///
    /// let mut fields = Fields::default();
    /// fields.add("title=headline")?;
    /// assert!(fields.add("headline").is_err());
    /// # Ok::<(), topoi::ingest::FieldRuleError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Where the rule is no `FIELD=NAME`.
    pub fn add(&mut self, rule: &str) -> Result<(), FieldRuleError> {
        match rule.split_once('=') {
            Some((field, name)) if !name.is_empty() => {
                self.named.push((field.trim().parse()?, name.to_owned()));
                Ok(())
            }
            _ => Err(FieldRuleError::Form(rule.to_owned())),
        }
    }

    /// Adds a rule of topoi's own.
    pub(in super::super) fn name(&mut self, field: Field, name: &str) {
        self.named.push((field, name.to_owned()));
    }

    pub(super) fn named(&self) -> &[(Field, String)] {
        &self.named
    }

    /// Whether the person said what the field is; it is then not guessed.
    pub(in super::super) fn names(&self, field: Field) -> bool {
        self.named.iter().any(|(named, _)| *named == field)
    }
}

/// What a field means by its name, and which of the names for that it is.
pub(in super::super) fn meaning(name: &str) -> Option<(Field, usize)> {
    let bare: String = name
        .chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    Field::ALL.into_iter().find_map(|field| {
        let rank = field.names().iter().position(|known| *known == bare)?;
        Some((field, rank))
    })
}

/// The value under a name, or where the dots of a name lead.
pub(super) fn at_path<'r>(record: &'r Map<String, Value>, path: &str) -> Option<&'r Value> {
    if let Some(value) = record.get(path) {
        return Some(value);
    }
    let (first, rest) = path.split_once('.')?;
    at_path(record.get(first)?.as_object()?, rest)
}

/// A date, or a moment in seconds or milliseconds since 1970 as exports of databases have them.
pub(super) fn date(text: &str) -> Result<Date, DateError> {
    // Four digits are a year and eight a day; the first moment with nine is in 1973.
    let moment = text
        .parse::<i64>()
        .ok()
        .filter(|moment| *moment >= 100_000_000);
    match moment {
        Some(moment) => {
            let seconds = if moment >= 100_000_000_000 {
                moment / 1000
            } else {
                moment
            };
            Date::from_timestamp(seconds).map_or_else(|| text.parse(), Ok)
        }
        None => text.parse(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_mean_the_same_however_they_are_written() {
        for name in [
            "publishedAt",
            "published_at",
            "Published At",
            "PUBLISHED-AT",
        ] {
            assert_eq!(
                meaning(name).map(|(field, _)| field),
                Some(Field::Date),
                "{name}"
            );
        }
        assert_eq!(meaning("width"), None);
    }

    #[test]
    fn moments_are_dates() {
        for (text, iso) in [
            ("1589414400", "2020-05-14"),
            ("1589414400000", "2020-05-14"),
            ("2020", "2020"),
            ("20200514", "2020-05-14"),
        ] {
            assert_eq!(date(text).unwrap().to_string(), iso, "{text}");
        }
        assert!(date("99999999999999999").is_err());
    }
}
