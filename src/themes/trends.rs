//! Who writes under a theme, and when; and which themes are written about more of late.
//!
//! ```
//! use topoi::themes::trends::{Appearance, trends};
//!
//! let appearance = Appearance {
//!     article: 1,
//!     date: Some("2024-05-14".parse()?),
//!     author: Some("Ada Marsh and Ben Holt"),
//!     source: Some("The Harbour Review"),
//!     weight: 1.0,
//! };
//! let trends = trends(&[vec![appearance]]);
//! let theme = &trends.themes[0];
//! assert_eq!(theme.periods[0].period.to_string(), "2024-05");
//! assert_eq!(theme.authors[1].name, "Ben Holt");
//! # Ok::<(), topoi::article::DateError>(())
//! ```

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde::Serialize;

use super::odds::{Body, Part, Sizes};
use crate::article::Date;

/// How many bins a series has at most.
const BINS: u32 = 24;

/// The recent part is one of so many of the periods.
const RECENT: usize = 4;

/// The recent part has at least so many periods, and so has what was before.
const FEWEST_PERIODS: usize = 3;

/// What joins one name to the next, or stands before the first, in lower case.
const JOINERS: [&str; 6] = ["and", "&", "und", "et", "with", "by"];

/// What follows a name behind a comma and is no name, in lower case and without full stops.
const SUFFIXES: [&str; 7] = ["jr", "sr", "ii", "iii", "iv", "phd", "md"];

/// A passage of a theme: where it appeared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Appearance<'a> {
    /// The number of its article.
    pub article: u64,
    /// When the article was published.
    pub date: Option<Date>,
    /// Who wrote it, as one line of names.
    pub author: Option<&'a str>,
    /// Where it was published.
    pub source: Option<&'a str>,
    /// How much of the passage belongs to the theme, 0 to 1. Shares go by it; counts are of passages.
    pub weight: f64,
}

/// Who wrote under each theme of a body, and when.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trends {
    /// What time is counted in: `None` where no passage has a date.
    pub unit: Option<Unit>,
    /// The first period of the recent part. `None` where passages appeared in fewer than six periods.
    pub recent_from: Option<Date>,
    /// The first period of each bin of the series. All bins are equally long, and together they cover the time from the
    /// body's first period to its last: 24 at most.
    pub bins: Vec<Date>,
    /// How many passages of all themes fall into each bin.
    pub series: Vec<usize>,
    /// The themes, in the order in which they were given.
    pub themes: Vec<ThemeTrends>,
}

/// What time is counted in: the finest unit that most dates know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Months. A date that knows the year alone falls into no month.
    Month,
    /// Years.
    Year,
}

/// Who wrote under a theme, and when.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ThemeTrends {
    /// What appeared in each period, the earliest first; periods without passages are left out.
    pub periods: Vec<PeriodCount>,
    /// What is known to have appeared in a year, but not in which month, where months are counted. It is not spread over
    /// the months, and has no part in `series` and `rising`.
    pub years: Vec<PeriodCount>,
    /// The share of its passages without any date, 0 to 1.
    pub undated: f64,
    /// Who wrote, those with the most passages first. Each name of a line counts.
    pub authors: Vec<NameCount>,
    /// Where it appeared, those with the most passages first.
    pub sources: Vec<NameCount>,
    /// How many of its passages fall into each [bin](Trends::bins).
    pub series: Vec<usize>,
    /// How its share of all that appeared has changed of late, down as well as up. `None` without a recent part, and where
    /// none of its passages falls into a period.
    pub rising: Option<Trend>,
}

/// What appeared in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct PeriodCount {
    /// The month or the year.
    pub period: Date,
    /// How many passages.
    pub passages: usize,
    /// In how many articles.
    pub articles: usize,
}

/// What appeared under a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NameCount {
    /// An author or a source. Capitals make no other name; the commonest spelling stands for all.
    pub name: String,
    /// How many passages.
    pub passages: usize,
    /// In how many articles.
    pub articles: usize,
}

/// How a theme's share of all passages in the recent part (the last quarter of the periods in which anything appeared, at
/// least three) differs from its share before.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Trend {
    /// Its share before, 0 to 1.
    pub before_share: f64,
    /// Its share of late, 0 to 1.
    pub recent_share: f64,
    /// How many times its share before the recent one is, drawn towards 1 where there is little to go by: above 1 it
    /// rises, below it falls.
    pub ratio: f64,
    /// How sure that is, in standard errors: above 2 it hardly rises by chance, below −2 it hardly falls by chance. Passages
    /// of one article are not counted as independent.
    pub z: f64,
}

/// Looks at who wrote under each of the `themes`, and when.
///
/// Months are counted if at least half of the dated passages know theirs, and years otherwise. That and all parts of
/// time are the same for all themes. The time taken is that of sorting the passages.
#[must_use]
pub fn trends(themes: &[Vec<Appearance<'_>>]) -> Trends {
    let calendar = Calendar::of(themes);
    let body = Body::new(calendar.sizes(themes.iter().flatten()));
    let themes: Vec<ThemeTrends> = themes
        .iter()
        .map(|theme| theme_trends(theme, &calendar, &body))
        .collect();
    let bins = calendar.bins();
    let in_bin = |bin: usize| themes.iter().map(|theme| theme.series[bin]).sum();
    Trends {
        unit: calendar.unit,
        recent_from: calendar.recent_from,
        series: (0..bins.len()).map(in_bin).collect(),
        bins,
        themes,
    }
}

fn theme_trends(theme: &[Appearance<'_>], calendar: &Calendar, body: &Body) -> ThemeTrends {
    let mut periods: BTreeMap<Date, Tally> = BTreeMap::new();
    let mut years: BTreeMap<Date, Tally> = BTreeMap::new();
    let mut authors = Register::default();
    let mut sources = Register::default();
    let mut series = vec![0; calendar.count as usize];
    let (mut undated, mut all) = (0.0, 0.0);
    for appearance in theme {
        all += appearance.weight;
        match appearance.date {
            None => undated += appearance.weight,
            Some(date) => {
                if let Some(period) = calendar.period(date) {
                    periods.entry(period).or_default().add(appearance.article);
                    series[calendar.bin(period)] += 1;
                } else if let Some(year) = Unit::Year.period(date) {
                    years.entry(year).or_default().add(appearance.article);
                }
            }
        }
        let names: BTreeSet<String> = appearance.author.map(names).unwrap_or_default();
        for name in names {
            authors.add(name, appearance.article);
        }
        if let Some(source) = appearance.source {
            sources.add(folded(source), appearance.article);
        }
    }
    ThemeTrends {
        periods: counts(periods),
        years: counts(years),
        undated: if all > 0.0 { undated / all } else { 0.0 },
        authors: authors.listed(),
        sources: sources.listed(),
        series,
        rising: body.difference(&calendar.sizes(theme)).map(|found| Trend {
            before_share: found.shares[Part::Other as usize],
            recent_share: found.shares[Part::One as usize],
            ratio: found.ratio,
            z: found.z,
        }),
    }
}

impl Unit {
    /// The period that a date lies in; `None` where it doesn't know.
    fn period(self, date: Date) -> Option<Date> {
        match (self, date.parts()) {
            (Self::Month, (_, None, _)) => None,
            (Self::Month, (year, month, _)) => Date::new(year, month, None),
            (Self::Year, (year, ..)) => Date::new(year, None, None),
        }
    }

    /// The number of a period: the next one has the next number.
    fn number(self, period: Date) -> u32 {
        let (year, month, _) = period.parts();
        match self {
            Self::Month => u32::from(year) * 12 + u32::from(month.unwrap_or(1)) - 1,
            Self::Year => u32::from(year),
        }
    }

    /// The period that has a number.
    fn numbered(self, number: u32) -> Option<Date> {
        let (year, month) = match self {
            Self::Month => (number / 12, u8::try_from(number % 12 + 1).ok()),
            Self::Year => (number, None),
        };
        Date::new(u16::try_from(year).ok()?, month, None)
    }
}

/// How the time of a body is divided.
struct Calendar {
    unit: Option<Unit>,
    recent_from: Option<Date>,
    /// The number of the first period.
    first: u32,
    /// How many periods a bin has.
    width: u32,
    /// How many bins there are.
    count: u32,
}

impl Calendar {
    fn of(themes: &[Vec<Appearance<'_>>]) -> Self {
        let dates = || themes.iter().flatten().filter_map(|passage| passage.date);
        let dated = dates().count();
        let with_month = dates().filter(|date| date.parts().1.is_some()).count();
        let unit = if with_month * 2 >= dated {
            Unit::Month
        } else {
            Unit::Year
        };
        let periods: BTreeSet<Date> = dates().filter_map(|date| unit.period(date)).collect();
        let (Some(first), Some(last)) = (periods.first(), periods.last()) else {
            return Self {
                unit: None,
                recent_from: None,
                first: 0,
                width: 1,
                count: 0,
            };
        };
        let (first, last) = (unit.number(*first), unit.number(*last));
        let span = last - first + 1;
        let width = span.div_ceil(BINS);
        let recent = periods.len().div_ceil(RECENT).max(FEWEST_PERIODS);
        let before = periods.len().saturating_sub(recent);
        Self {
            unit: Some(unit),
            recent_from: periods
                .into_iter()
                .nth(before)
                .filter(|_| before >= FEWEST_PERIODS),
            first,
            width,
            count: span.div_ceil(width),
        }
    }

    /// The period that a date lies in; `None` where it doesn't know.
    fn period(&self, date: Date) -> Option<Date> {
        self.unit?.period(date)
    }

    /// The bin that a period lies in.
    fn bin(&self, period: Date) -> usize {
        let number = self.unit.map_or(self.first, |unit| unit.number(period));
        (number.saturating_sub(self.first) / self.width) as usize
    }

    /// The first period of each bin.
    fn bins(&self) -> Vec<Date> {
        (0..self.count)
            .filter_map(|bin| self.unit?.numbered(self.first + bin * self.width))
            .collect()
    }

    /// How much of each article appeared of late and before; nothing without a recent part.
    fn sizes<'a>(&self, passages: impl IntoIterator<Item = &'a Appearance<'a>>) -> Sizes {
        let mut sizes = Sizes::new();
        let Some(recent_from) = self.recent_from else {
            return sizes;
        };
        for passage in passages {
            if let Some(period) = passage.date.and_then(|date| self.period(date)) {
                let part = if period >= recent_from {
                    Part::One
                } else {
                    Part::Other
                };
                *sizes.entry((passage.article, part)).or_default() += passage.weight;
            }
        }
        sizes
    }
}

/// Passages, and the articles that they stand in.
#[derive(Default)]
struct Tally {
    passages: usize,
    articles: HashSet<u64>,
}

impl Tally {
    fn add(&mut self, article: u64) {
        self.passages += 1;
        self.articles.insert(article);
    }
}

fn counts(periods: BTreeMap<Date, Tally>) -> Vec<PeriodCount> {
    periods
        .into_iter()
        .map(|(period, tally)| PeriodCount {
            period,
            passages: tally.passages,
            articles: tally.articles.len(),
        })
        .collect()
}

/// Names with what appeared under each.
#[derive(Default)]
struct Register {
    /// By the name in lower case: what appeared, and how often in which spelling.
    names: BTreeMap<String, (Tally, BTreeMap<String, usize>)>,
}

impl Register {
    /// Adds a passage; an empty name has none.
    fn add(&mut self, name: String, article: u64) {
        if name.is_empty() {
            return;
        }
        let (tally, spellings) = self.names.entry(name.to_lowercase()).or_default();
        tally.add(article);
        *spellings.entry(name).or_default() += 1;
    }

    /// The names, those with the most passages first, then by name.
    fn listed(self) -> Vec<NameCount> {
        let mut listed: Vec<NameCount> = self
            .names
            .into_iter()
            .map(|(lower, (tally, spellings))| NameCount {
                name: spellings
                    .into_iter()
                    .rev()
                    .max_by_key(|(_, count)| *count)
                    .map_or(lower, |(spelling, _)| spelling),
                passages: tally.passages,
                articles: tally.articles.len(),
            })
            .collect();
        listed.sort_by(|a, b| b.passages.cmp(&a.passages).then(a.name.cmp(&b.name)));
        listed
    }
}

/// The names in a line of them: "Ada Marsh, Ben Holt Jr. and Li Wei" has three. Where semicolons divide them, commas don't:
/// "Marsh, Ada; Holt, Ben".
fn names(line: &str) -> BTreeSet<String> {
    let divides = if line.contains(';') { ';' } else { ',' };
    let mut names: Vec<String> = Vec::new();
    for part in line.split(divides) {
        let words: Vec<&str> = part.split_whitespace().collect();
        for name in words.split(|word| JOINERS.contains(&&*word.to_lowercase())) {
            let name = name.join(" ");
            let bare = name.to_lowercase().replace('.', "");
            match names.last_mut() {
                Some(last) if SUFFIXES.contains(&&*bare) => *last += &format!(" {name}"),
                _ => names.push(name),
            }
        }
    }
    names.into_iter().filter(|name| !name.is_empty()).collect()
}

/// The text, white space folded.
fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
#[path = "trends_tests.rs"]
mod tests;
