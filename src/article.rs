//! The plain types that every part speaks: articles, their paragraphs, and where those stand in a source.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

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

/// A day, a month or a year, as exactly as a source gives it.
///
/// Dates order by year, then month, then day; a part that is missing comes first, so that
/// `2024` < `2024-01` < `2024-01-01`.
///
/// ```
/// use topoi::article::Date;
///
/// let date: Date = "14 May 2020".parse()?;
/// assert_eq!(date.to_string(), "2020-05-14");
/// assert!("2020-05".parse::<Date>()? < date);
/// # Ok::<(), topoi::article::DateError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

/// A text that is no date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a date: write it as 2024-05-14, 2024-05 or 2024")]
pub struct DateError(String);

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

const WEEKDAYS: [&str; 14] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "mon",
    "tue",
    "wed",
    "thu",
    "fri",
    "sat",
    "sun",
];

impl Date {
    /// A date from its parts; `None` where there is no such day.
    #[must_use]
    pub fn new(year: u16, month: Option<u8>, day: Option<u8>) -> Option<Self> {
        let leap =
            (year.is_multiple_of(4) && !year.is_multiple_of(100)) || year.is_multiple_of(400);
        let days = match month {
            None => {
                return (day.is_none() && year > 0).then_some(Self {
                    year,
                    month: 0,
                    day: 0,
                });
            }
            Some(4 | 6 | 9 | 11) => 30,
            Some(2) if leap => 29,
            Some(2) => 28,
            Some(1..=12) => 31,
            Some(_) => return None,
        };
        let valid = year > 0 && day.is_none_or(|day| (1..=days).contains(&day));
        valid.then_some(Self {
            year,
            month: month.unwrap_or(0),
            day: day.unwrap_or(0),
        })
    }

    /// The day (in UTC) of a moment, in seconds since 1970; `None` beyond the year 9999 and before the year 1.
    ///
    /// The calendar's arithmetic is Hinnant's `civil_from_days`: years begin in March, so that leap days come last.
    #[must_use]
    pub fn from_timestamp(seconds: i64) -> Option<Self> {
        const DAYS_TO_1970: i64 = 719_468;
        let days = seconds.div_euclid(86_400) + DAYS_TO_1970;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        let year = u16::try_from(year).ok().filter(|year| *year <= 9999)?;
        Self::new(year, u8::try_from(month).ok(), u8::try_from(day).ok())
    }

    /// The first day that the date can mean: `2024` is 2024-01-01.
    #[must_use]
    pub fn earliest(self) -> Self {
        Self {
            year: self.year,
            month: self.month.max(1),
            day: self.day.max(1),
        }
    }

    /// The last day that the date can mean: `2024-02` is 2024-02-29.
    #[must_use]
    pub fn latest(self) -> Self {
        if self.day != 0 {
            return self;
        }
        let month = if self.month == 0 { 12 } else { self.month };
        (28..=31)
            .rev()
            .find_map(|day| Self::new(self.year, Some(month), Some(day)))
            .unwrap_or(self)
    }

    /// Year, month and day as far as they are known.
    #[must_use]
    pub fn parts(self) -> (u16, Option<u8>, Option<u8>) {
        let known = |part: u8| (part != 0).then_some(part);
        (self.year, known(self.month), known(self.day))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self.parts() {
            (year, None, _) => format!("{year:04}"),
            (year, Some(month), None) => format!("{year:04}-{month:02}"),
            (year, Some(month), Some(day)) => format!("{year:04}-{month:02}-{day:02}"),
        };
        f.pad(&text)
    }
}

impl FromStr for Date {
    type Err = DateError;

    /// Reads `2024`, `2024-05`, `2024-05-14` (also with a time behind it, which is dropped),
    /// `May 14, 2024`, `14 May 2024` and `May 2024`, with months in English, whole or shortened.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse_iso(text.trim())
            .or_else(|| parse_words(text))
            .ok_or_else(|| DateError(text.trim().chars().take(60).collect()))
    }
}

fn parse_iso(text: &str) -> Option<Date> {
    if text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let part = |range: Range<usize>| text.get(range)?.parse().ok();
        return Date::new(text.get(..4)?.parse().ok()?, part(4..6), part(6..8));
    }
    let day_end = text.find(['T', ' ']).unwrap_or(text.len());
    let mut parts = text[..day_end].split(['-', '/']);
    let year = parts.next().filter(|year| year.len() == 4)?.parse().ok()?;
    let month = parts.next().map(str::parse).transpose().ok()?;
    let day = parts.next().map(str::parse).transpose().ok()?;
    if parts.next().is_some() {
        return None;
    }
    Date::new(year, month, day)
}

fn parse_words(text: &str) -> Option<Date> {
    let lower = text.to_lowercase();
    let mut year = None;
    let mut month = None;
    let mut day = None;
    for word in lower
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
    {
        if WEEKDAYS.contains(&word) {
            continue;
        }
        let is_month = |name: &str| name.starts_with(word) && word.len() >= 3;
        if let Some(number) = MONTHS
            .iter()
            .position(|name| is_month(name) || (word == "sept" && *name == "september"))
        {
            if month.replace(u8::try_from(number + 1).ok()?).is_some() {
                return None;
            }
        } else if word.len() == 4
            && year.is_none()
            && word.bytes().all(|byte| byte.is_ascii_digit())
        {
            year = Some(word.parse().ok()?);
        } else if month.is_none() || day.is_none() {
            let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
            if !matches!(&word[digits.len()..], "" | "st" | "nd" | "rd" | "th") || day.is_some() {
                return None;
            }
            day = Some(digits.parse().ok()?);
        } else {
            return None;
        }
    }
    Date::new(year?, Some(month?), day)
}

impl Serialize for Date {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// What is known of an article beside its text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_in_the_forms_that_articles_use() {
        for (text, iso) in [
            ("2024-05-14", "2024-05-14"),
            ("2024-05-14T10:00:00Z", "2024-05-14"),
            ("2024/05/14", "2024-05-14"),
            ("20240514", "2024-05-14"),
            ("2024-05", "2024-05"),
            ("2024", "2024"),
            ("May 14, 2020", "2020-05-14"),
            ("14 May 2020", "2020-05-14"),
            ("Thursday, May 14th, 2020", "2020-05-14"),
            ("14th Sept. 2020", "2020-09-14"),
            ("Feb 2020", "2020-02"),
            ("2023-02-29", ""),
            ("2024-13-01", ""),
            ("yesterday", ""),
            ("", ""),
            ("2024-é", ""),
        ] {
            let read = text
                .parse::<Date>()
                .map(|date| date.to_string())
                .unwrap_or_default();
            assert_eq!(read, iso, "{text}");
        }
    }

    #[test]
    fn a_month_spans_its_first_to_its_last_day() {
        let date: Date = "2024-02".parse().unwrap();
        assert_eq!(date.earliest().to_string(), "2024-02-01");
        assert_eq!(date.latest().to_string(), "2024-02-29");
        let year: Date = "2023".parse().unwrap();
        assert_eq!(year.latest().to_string(), "2023-12-31");
    }
}
