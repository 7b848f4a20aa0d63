//! Reading dates from text, in the forms that newspapers, exports and mail have.

use super::words::{self, Month};
use super::{Date, DateError};

/// Texts longer than this, in bytes, are no dates. (With a label, a weekday, a time, a zone by its whole name and a
/// second date they come to 110.)
const LONGEST: usize = 160;

/// Which stands first in a date of figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DayOrder {
    /// `14/05/2020`, as most of the world writes.
    DayFirst,
    /// `05/14/2020`, as the United States do.
    MonthFirst,
}

/// A date as it was read from a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DateReading {
    /// The date.
    pub(crate) date: Date,
    /// Whether the text says that something was changed on that day, rather than that it appeared.
    pub(crate) is_update: bool,
}

/// Reads a text that is a date and nothing else but a time, a zone and words like "Published on".
///
/// Of two dates in it ("Published …, updated …") the one of publication counts. `order` says how figures of which
/// both orders are dates are meant, where that is known; a time zone in the text says it, too.
pub(crate) fn read_date(text: &str, order: Option<DayOrder>) -> Result<DateReading, DateError> {
    let text = text.trim();
    let no_date = || DateError::NoDate(text.chars().take(60).collect());
    if text.len() > LONGEST || !text.contains(char::is_numeric) {
        return Err(no_date());
    }
    let plain = without_cjk_units(without_zone_name(text));
    let mut found: Option<Result<DateReading, DateError>> = None;
    for part in parts(&plain).ok_or_else(no_date)? {
        let date = part.date(order, text).ok_or_else(no_date)?;
        let is_update = part.is_update;
        let reading = date.map(|date| DateReading { date, is_update });
        // The first date counts, but one of publication before one of a change.
        let replaces = match &found {
            None => true,
            Some(Ok(before)) => before.is_update && !is_update,
            Some(Err(_)) => false,
        };
        if replaces {
            found = Some(reading);
        }
    }
    found.unwrap_or_else(|| Err(no_date()))
}

/// A text without the name of its time zone in brackets behind the time: `10:00:00 GMT+0200 (Central European …)`.
fn without_zone_name(text: &str) -> &str {
    match text
        .strip_suffix(')')
        .and_then(|rest| rest.rsplit_once('('))
    {
        Some((before, _)) if before.contains(':') => before,
        _ => text,
    }
}

/// A text in which `2020年5月14日` and `2020년 5월 14일` are `2020-5-14`, hours end in a colon, and figures are ASCII.
fn without_cjk_units(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut after_unit = false;
    for c in text.chars() {
        let after_figure = plain.ends_with(|c: char| c.is_ascii_digit());
        let mapped = match c {
            '年' | '년' | '月' | '월' if after_figure => '-',
            '時' | '时' | '点' | '點' | '시' if after_figure => ':',
            '日' | '일' | '分' | '분' if after_figure => ' ',
            '０'..='９' => char::from_digit(u32::from(c) - u32::from('０'), 10).unwrap_or(c),
            _ => c,
        };
        if mapped.is_whitespace() && after_unit {
            continue;
        }
        after_unit = mapped != c && matches!(mapped, '-' | ':');
        plain.push(mapped);
    }
    plain
}

/// What the words up to the next label say.
#[derive(Debug, Default)]
struct Part<'a> {
    year: Option<u16>,
    month: Option<Month>,
    day: Option<u8>,
    /// A date of figures, with the order that it has or leaves open.
    figures: Option<Figures>,
    has_time: bool,
    zone: Option<&'a str>,
    is_update: bool,
    /// How many words there are beside labels.
    words: usize,
}

/// A date of figures: `2020-05-14` and the like.
#[derive(Debug, Clone, Copy)]
enum Figures {
    Date(Date),
    /// Two figures that can each be a month or a day, and the year behind them.
    Open(u8, u8, u16),
}

/// The dates that a text holds, parted at their labels; `None` where anything in it belongs to no date.
fn parts(text: &str) -> Option<Vec<Part<'_>>> {
    let mut parts: Vec<Part<'_>> = Vec::new();
    let mut part = Part::default();
    let mut words = text
        .split(|c: char| c.is_whitespace() || ",;|()[]·•–—（），".contains(c))
        .map(|word| word.trim_end_matches([':', '.']).trim_start_matches('.'))
        .filter(|word| !word.is_empty() && *word != "-")
        .peekable();
    while let Some(word) = words.next() {
        let lower = word.to_lowercase();
        let is_update = words::is_updated(&lower);
        if is_update || words::is_published(&lower) {
            if part.is_begun() {
                parts.push(std::mem::take(&mut part));
            }
            part.is_update |= is_update;
            continue;
        }
        let next = words
            .peek()
            .map(|next| next.to_lowercase().replace('.', ""));
        part.words += 1;
        part.add(word, &lower, next.is_some_and(|next| words::is_hour(&next)))?;
    }
    if part.words > 0 {
        parts.push(part);
    } else if let Some(last) = parts.last_mut() {
        // A label may stand behind its date.
        last.is_update |= part.is_update;
    }
    Some(parts)
}

impl<'a> Part<'a> {
    /// Whether a date stands in it.
    const fn is_begun(&self) -> bool {
        self.year.is_some() || self.month.is_some() || self.figures.is_some()
    }

    /// Takes a word in; `None` where it belongs to no date. `is_hour` says that the word behind it makes it an hour.
    fn add(&mut self, word: &'a str, lower: &str, is_hour: bool) -> Option<()> {
        if word.starts_with(|c: char| c.is_ascii_digit()) {
            return self.add_number(lower, is_hour);
        }
        if let Some(month) = words::month(lower) {
            return self.add_month(month);
        }
        if words::is_weekday(lower) || words::is_link(lower) || matches!(lower, "a.m" | "p.m") {
            return Some(());
        }
        if let Some((first, rest)) = lower.split_once('-')
            && let Some(month) = words::month(first)
        {
            // `May-14-2020`
            self.add_month(month)?;
            return rest
                .split('-')
                .try_for_each(|number| self.add_plain(number));
        }
        let (name, offset) = word.split_at(word.find(['+', '-']).unwrap_or(word.len()));
        let is_zone = name.len() <= 5 && name.bytes().all(|b| b.is_ascii_uppercase());
        if is_zone && (offset.is_empty() || is_offset(offset)) && self.has_time {
            self.zone = self.zone.or_else(|| (!name.is_empty()).then_some(name));
            return Some(());
        }
        None
    }

    fn add_month(&mut self, month: Month) -> Option<()> {
        match self.month {
            Some(before) if before.is_weekday => self.month = Some(month),
            Some(_) if month.is_weekday => {}
            Some(_) => return None,
            None => self.month = Some(month),
        }
        Some(())
    }

    /// Takes in a word that begins with a figure.
    fn add_number(&mut self, lower: &str, is_hour: bool) -> Option<()> {
        if is_hour || is_time(lower) {
            self.has_time = true;
            return Some(());
        }
        let lower = lower.strip_suffix("-го").unwrap_or(lower);
        // What follows the T of an ISO date is its time.
        let (date, time) = match lower.split_once('t') {
            Some((date, time))
                if date.len() >= 8 && time.starts_with(|c: char| c.is_ascii_digit()) =>
            {
                (date, true)
            }
            _ => (lower, false),
        };
        self.has_time |= time;
        if let Some(separator) = date.find(['-', '/', '.']).and_then(|at| date.get(at..=at)) {
            let pieces: Vec<&str> = date.trim_end_matches(separator).split(separator).collect();
            if pieces.iter().all(|piece| is_number(piece)) {
                return self.add_figures(&pieces, separator);
            }
            // `14-May-2020`
            return pieces.iter().try_for_each(|piece| {
                match words::month(piece.trim_end_matches('.')) {
                    Some(month) => self.add_month(month),
                    None => self.add_plain(piece),
                }
            });
        }
        if date.len() == 8 && is_number(date) {
            let pieces = [date.get(..4)?, date.get(4..6)?, date.get(6..)?];
            return self.add_figures(&pieces, "-");
        }
        self.add_plain(date)
    }

    /// Takes in figures with a sign between them.
    fn add_figures(&mut self, pieces: &[&str], separator: &str) -> Option<()> {
        let number = |piece: &str| piece.parse::<u16>().ok();
        let small = |piece: &str| piece.parse::<u8>().ok().filter(|_| piece.len() <= 2);
        let figures = match pieces {
            [year] if year.len() == 4 => return self.add_plain(year),
            [year, month] if year.len() == 4 => {
                Figures::Date(Date::new(number(year)?, Some(small(month)?), None)?)
            }
            [year, month, day] if year.len() == 4 => Figures::Date(Date::new(
                number(year)?,
                Some(small(month)?),
                Some(small(day)?),
            )?),
            [first, second, year] if year.len() == 4 => {
                let (a, b, year) = (small(first)?, small(second)?, number(year)?);
                let day_first = Date::new(year, Some(b), Some(a));
                let month_first = Date::new(year, Some(a), Some(b));
                match (day_first, month_first) {
                    (Some(date), _) if separator == "." || a == b => Figures::Date(date),
                    _ if separator == "." => return None,
                    (Some(_), Some(_)) => Figures::Open(a, b, year),
                    (Some(date), None) | (None, Some(date)) => Figures::Date(date),
                    (None, None) => return None,
                }
            }
            _ => return None,
        };
        self.figures.replace(figures).is_none().then_some(())
    }

    /// Takes in a year, or a day with what makes an ordinal of it.
    fn add_plain(&mut self, word: &str) -> Option<()> {
        let digits = word.trim_end_matches(|c: char| !c.is_ascii_digit());
        let suffix = word.get(digits.len()..)?.to_lowercase();
        if !is_number(digits) {
            return None;
        }
        match digits.len() {
            1 | 2 if self.day.is_none() => {
                let ordinal = matches!(
                    suffix.as_str(),
                    "" | "st" | "nd" | "rd" | "th" | "er" | "re" | "e" | "º" | "ª" | "°"
                );
                self.day = Some(digits.parse().ok().filter(|_| ordinal)?);
            }
            4 if suffix.is_empty() && self.year.is_none() => self.year = Some(digits.parse().ok()?),
            _ => return None,
        }
        Some(())
    }

    /// The date that was taken in; `None` where it is none.
    fn date(&self, order: Option<DayOrder>, text: &str) -> Option<Result<Date, DateError>> {
        let zone = self
            .zone
            .and_then(words::zone_is_american)
            .map(|american| match american {
                true => DayOrder::MonthFirst,
                false => DayOrder::DayFirst,
            });
        if let Some(figures) = self.figures {
            if self.year.is_some()
                || self.day.is_some()
                || self.month.is_some_and(|month| !month.is_weekday)
            {
                return None;
            }
            return match figures {
                Figures::Date(date) => Some(Ok(date)),
                Figures::Open(a, b, year) => {
                    let day_first = Date::new(year, Some(b), Some(a))?;
                    let month_first = Date::new(year, Some(a), Some(b))?;
                    Some(match zone.or(order) {
                        Some(DayOrder::DayFirst) => Ok(day_first),
                        Some(DayOrder::MonthFirst) => Ok(month_first),
                        None => Err(DateError::Ambiguous {
                            text: text.chars().take(60).collect(),
                            day_first,
                            month_first,
                        }),
                    })
                }
            };
        }
        let year = self.year?;
        match self.month {
            None => (self.words == 1).then(|| Date::new(year, None, None).map(Ok))?,
            Some(month) if !month.is_sure && self.day.is_none() => None,
            Some(month) => Date::new(year, Some(month.number), self.day).map(Ok),
        }
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a word in lower case is a time: `10:30`, `10:30:00.5Z`, `10.05`, `10h30`, `9am`, `10:00:00+02:00`.
fn is_time(word: &str) -> bool {
    let whole = word.trim_end_matches(['z', '.']);
    let bare = whole
        .strip_suffix("am")
        .or_else(|| whole.strip_suffix("pm"));
    let word = bare.unwrap_or(whole);
    let (clock, offset) = word.split_at(word.find(['+', '-']).unwrap_or(word.len()));
    if !(offset.is_empty() || clock.contains(':') && is_offset(offset)) {
        return false;
    }
    let digits = clock.bytes().take_while(u8::is_ascii_digit).count();
    let (Some(hour), Some(rest)) = (clock.get(..digits), clock.get(digits..)) else {
        return false;
    };
    if !(1..=2).contains(&digits) || hour.parse::<u8>().is_ok_and(|hour| hour > 24) {
        return false;
    }
    let minutes = |text: &str| text.len() == 2 && is_number(text) && text < "60";
    match rest.chars().next() {
        // A bare number is a time only with the am or pm that was cut off.
        None => bare.is_some(),
        Some('h') => rest.len() == 1 || minutes(rest.get(1..).unwrap_or("")),
        Some('.') => minutes(rest.get(1..).unwrap_or("")),
        Some(':') => {
            let mut parts = rest.get(1..).unwrap_or("").split(':');
            parts
                .next()
                .is_some_and(|part| part.is_empty() || minutes(part))
                && parts.all(|part| {
                    part.bytes()
                        .all(|byte| byte.is_ascii_digit() || byte == b'.')
                })
        }
        _ => false,
    }
}

/// Whether a text is the offset of a time zone: `+0000`, `+02:00`, `-4`.
fn is_offset(text: &str) -> bool {
    text.strip_prefix(['+', '-']).is_some_and(|digits| {
        let digits = digits.replacen(':', "", 1);
        (1..=4).contains(&digits.len()) && is_number(&digits)
    })
}

#[cfg(test)]
#[path = "date_text_tests.rs"]
mod tests;
