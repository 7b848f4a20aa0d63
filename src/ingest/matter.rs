//! What stands above an article: its title, its byline, its date.

use std::path::Path;

use super::boilerplate::line_kind;
use super::byline::names;
use super::people::{are_names, is_role};
use super::sentences::ends_as_sentence;
use crate::article::{Article, Date, DateError, DayOrder, Kind, Metadata, Paragraph, read_date};

/// The byline and the date stand among this many paragraphs at the top, if anywhere.
const TOP: usize = 8;

/// The position of the paragraph that is evidently the title, if one is: the first, short, without the
/// punctuation that ends a sentence, and with a longer paragraph of whole sentences soon after it.
pub(super) fn title_position(paragraphs: &[Paragraph]) -> Option<usize> {
    let (first, rest) = paragraphs.split_first()?;
    let text = first.text.as_str();
    // No character is longer than four bytes.
    if text.len() > 4 * 120 {
        return None;
    }
    let chars = text.chars().count();
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    if chars > 120
        || letters < 2
        || 2 * letters < chars
        || text.ends_with(['.', ',', ';', ':', '。', '…'])
    {
        return None;
    }
    if is_matter(text) || line_kind(text).is_some() || is_item(text) {
        return None;
    }
    let body = rest.iter().take(4).find(|paragraph| {
        paragraph.text.len() > 2 * text.len() && ends_as_sentence(&paragraph.text)
    });
    // A question or an exclamation is as often a first sentence: it is a title only above a byline or a date.
    let above_matter = rest.first().is_some_and(|next| is_matter(&next.text));
    (body.is_some() && (above_matter || !ends_as_sentence(text))).then_some(0)
}

/// A title from the name of a file: `2020-05-14_the-harbour-can-wait.txt` gives "The harbour can wait".
///
/// The extension goes, and so does a date in front; hyphens and underscores become spaces, and the first
/// letter a capital. `None` where nothing but digits and marks is left.
///
/// ```
/// use std::path::Path;
/// use topoi::ingest::title_from_path;
///
/// let title = title_from_path(Path::new("essays/2020-05-14_the-harbour-can-wait.txt"));
/// assert_eq!(title.as_deref(), Some("The harbour can wait"));
/// ```
#[must_use]
pub fn title_from_path(path: &Path) -> Option<String> {
    let stem = path.file_stem()?.to_string_lossy();
    let words: Vec<&str> = stem
        .split(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '-' | '_' | '+'))
        .filter(|word| !word.is_empty())
        .collect();
    let dated = match words.as_slice() {
        [year, month, day, ..]
            if year.len() == 4 && format!("{year}-{month}-{day}").parse::<Date>().is_ok() =>
        {
            3
        }
        _ => 0,
    };
    let title = words.get(dated..).unwrap_or_default().join(" ");
    if !title.chars().any(char::is_alphabetic) {
        return None;
    }
    let mut chars = title.chars();
    let first = chars.next()?;
    Some(first.to_uppercase().chain(chars).collect())
}

/// Marks the byline and the date at the top of an article, and fills its metadata from them where it has none.
///
/// The author that the format names is cleaned as bylines are; an account that is nobody's name gives way to the
/// byline. Of several dates the first on which the article appeared counts, and one on which it was changed only
/// where there is no other.
pub(super) fn fill(article: &mut Article) {
    let Article {
        metadata,
        paragraphs,
        ..
    } = article;
    metadata.author = metadata.author.take().and_then(|author| names(&author));
    let order = day_order(metadata);
    let mut updated = None;
    let mut long = 0;
    for paragraph in paragraphs.iter_mut().take(TOP) {
        if paragraph.kind != Kind::Body {
            continue;
        }
        if let Some(Byline { author, date }) = byline(&paragraph.text, order) {
            paragraph.kind = Kind::Byline;
            metadata.date = metadata.date.or(date);
            // Beside a date may also stand the paper: after the author was named, or with its article.
            let known = metadata.author.as_ref();
            let is_paper =
                known.is_some_and(|known| *known != author) || author.starts_with("The ");
            if is_paper && date.is_some() {
                metadata.source.get_or_insert(author);
            } else {
                metadata.author.get_or_insert(author);
            }
        } else if let Some(DateLine { date, is_update }) = date_line(&paragraph.text, order) {
            paragraph.kind = Kind::Byline;
            if is_update {
                updated.get_or_insert(date);
            } else {
                metadata.date.get_or_insert(date);
            }
        } else if paragraph.text.len() > 200 {
            long += 1;
            if long == 2 {
                break;
            }
        }
    }
    metadata.date = metadata.date.or(updated);
}

/// Which stands first in a date of figures: what the language says, or the country of the address.
///
/// English without an address, and addresses that belong to no country, leave it open.
fn day_order(metadata: &Metadata) -> Option<DayOrder> {
    // Countries whose papers write in English and the day first.
    const DAY_FIRST: [&str; 7] = ["uk", "ie", "au", "nz", "in", "za", "ng"];
    match metadata.language.as_deref() {
        Some("en") | None => {}
        Some(_) => return Some(DayOrder::DayFirst),
    }
    let (_, rest) = metadata.address.as_deref()?.split_once("://")?;
    let host = rest.split(['/', ':', '?', '#']).next()?;
    match host.rsplit('.').next()? {
        "us" | "gov" => Some(DayOrder::MonthFirst),
        country if DAY_FIRST.contains(&country) => Some(DayOrder::DayFirst),
        _ => None,
    }
}

/// Whether a line is a byline or a date.
pub(super) fn is_matter(text: &str) -> bool {
    byline(text, None).is_some() || date_line(text, None).is_some()
}

struct Byline {
    author: String,
    date: Option<Date>,
}

/// Reads "By Ada Marsh", "By Ada Marsh and Ben Holt | May 14, 2020", "BY ADA MARSH, Opinion Editor", "Von Ada Marsh",
/// and a date beside names: "May 14, 2020 | Ada Marsh", also with nothing between the two, as copied pages have it.
fn byline(text: &str, order: Option<DayOrder>) -> Option<Byline> {
    const OPENINGS: [&str; 9] = [
        "By ", "BY ", "by ", "Von ", "VON ", "Par ", "Por ", "Door ", "Di ",
    ];
    if text.len() > 160 {
        return None;
    }
    if let Some(byline) = date_and_names(text, order) {
        return Some(byline);
    }
    let line = OPENINGS
        .iter()
        .find_map(|opening| text.strip_prefix(opening))?;
    let mut parts = line
        .trim_start_matches(':')
        .split(['|', '•', '·', '–', '—'])
        .map(str::trim);
    let author = parts.next()?;
    let date_of = |text: &str| date_line(text, order).map(|line| line.date);
    let mut date = None;
    for part in parts {
        date = date.or_else(|| date_of(part));
        if part.split_whitespace().count() > 6 {
            return None;
        }
    }
    // A date or a role may follow the names behind a comma.
    let follows = |after: &str| {
        date_of(after).is_some()
            || (!ends_as_sentence(after)
                && after.split_whitespace().count() <= 6
                && after
                    .split_whitespace()
                    .any(|word| is_role(&word.to_lowercase())))
    };
    let cut = author
        .match_indices(", ")
        .map(|(at, comma)| (author.get(..at), author.get(at + comma.len()..)))
        .find(|(_, after)| after.is_some_and(follows));
    let (line, after) = match cut {
        Some((Some(line), after)) => (line, after),
        _ => (author, None),
    };
    let author = names(line).filter(|author| are_names(author))?;
    // What was cut off a sentence is no paper and no place.
    let is_bare = are_names(line) || !ends_as_sentence(line);
    is_bare.then(|| Byline {
        author,
        date: date.or_else(|| after.and_then(date_of)),
    })
}

/// Reads "May 14, 2020Ada Marsh" and "May 14, 2020 | Ada Marsh".
fn date_and_names(text: &str, order: Option<DayOrder>) -> Option<Byline> {
    let year = text
        .as_bytes()
        .windows(4)
        .position(|four| four.iter().all(u8::is_ascii_digit))?;
    let (date, rest) = text.split_at_checked(year + 4)?;
    let line = rest.trim_start_matches(|c: char| {
        c.is_whitespace() || matches!(c, '|' | '·' | '•' | '–' | '—')
    });
    let line = line
        .strip_prefix("by ")
        .or_else(|| line.strip_prefix("By "))
        .unwrap_or(line);
    if rest.starts_with(',') || !are_names(line) {
        return None;
    }
    let date = read_date(date, order).ok()?.date;
    date.parts().2?;
    names(line).map(|author| Byline {
        author,
        date: Some(date),
    })
}

/// A line that says when an article appeared, or when it was changed.
struct DateLine {
    date: Date,
    is_update: bool,
}

/// Reads a line that is a date and nothing else, with a word like "Published" before it and a time behind it, and
/// beside it perhaps how long the article takes to read.
///
/// Of a date whose day and month can't be told apart the year is taken, which is all that is sure.
fn date_line(text: &str, order: Option<DayOrder>) -> Option<DateLine> {
    if text.len() > 160 || !text.contains(char::is_numeric) {
        return None;
    }
    let text = ["|", "•", "·"]
        .iter()
        .filter_map(|bar| text.rsplit_once(bar))
        .find(|(_, rest)| is_reading_time(rest))
        .map_or(text, |(date, _)| date);
    match read_date(text, order) {
        Ok(reading) => reading.date.parts().1.map(|_| DateLine {
            date: reading.date,
            is_update: reading.is_update,
        }),
        Err(DateError::Ambiguous { day_first, .. }) => Some(DateLine {
            date: Date::new(day_first.parts().0, None, None)?,
            is_update: false,
        }),
        Err(DateError::NoDate(_)) => None,
    }
}

/// Whether a text is "5 min read".
fn is_reading_time(text: &str) -> bool {
    let mut words = text
        .split([' ', '-'])
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase);
    let minutes = words.next();
    minutes.is_some_and(|minutes| minutes.bytes().all(|b| b.is_ascii_digit()))
        && words
            .next()
            .is_some_and(|unit| matches!(unit.as_str(), "min" | "mins" | "minute" | "minutes"))
        && words.next().is_none_or(|word| word == "read")
        && words.next().is_none()
}

/// Whether a text opens an item of a list.
fn is_item(text: &str) -> bool {
    text.starts_with(['-', '*', '•', '>', '|'])
}

#[cfg(test)]
#[path = "matter_tests.rs"]
mod tests;
