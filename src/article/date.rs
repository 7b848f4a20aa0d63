//! Dates: what they are, and how they are read and written.

#[path = "date_text.rs"]
mod text;
#[path = "date_words.rs"]
mod words;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub(crate) use text::{DayOrder, read_date};

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

/// Why a text gives no date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DateError {
    /// It is none.
    #[error("`{0}` is not a date: write it as 2024-05-14, 2024-05 or 2024")]
    NoDate(String),
    /// Day and month can be told apart by nothing: `05/06/2020`.
    #[error("`{text}` can be {day_first} or {month_first}: write it as one of these")]
    Ambiguous {
        /// The text.
        text: String,
        /// What it is with the day first.
        day_first: Date,
        /// What it is with the month first.
        month_first: Date,
    },
}

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

    /// Reads a date in the forms that people and newspapers write, a time and a word like "Published" beside it
    /// dropped:
    ///
    /// - `2024`, `2024-05`, `2024-05-14`, `20240514`, `2024/05/14`, `2024-05-14T10:00:00+02:00`, `2020年5月14日`;
    /// - `May 14, 2024`, `14 May 2024`, `14-May-2024`, `May 2024`, `Thu, 14 May 2020 10:00:00 +0000`, with months whole or
    ///   shortened in English, German, French, Spanish, Italian, Portuguese, Dutch, Polish and Russian;
    /// - `14.05.2024`, which is day first everywhere, and `14/05/2024`, `05/14/2024` and `14-05-2024`, of which only
    ///   one reading is a date, or beside which a time zone says in which country it was written.
    ///
    /// # Errors
    ///
    /// [`DateError::Ambiguous`] for `05/06/2024`, which is another day in London than in New York, and
    /// [`DateError::NoDate`] for everything else.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        read_date(text, None).map(|reading| reading.date)
    }
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
