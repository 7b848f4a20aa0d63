//! What stands above an article: its title, its byline, its date.

use std::path::Path;

use super::boilerplate::line_kind;
use super::people::{are_names, is_role};
use super::sentences::ends_as_sentence;
use crate::article::{Article, Date, Kind, Paragraph};

/// The byline and the date stand among this many paragraphs at the top, if anywhere.
const TOP: usize = 8;

/// The position of the paragraph that is evidently the title, if one is: the first, short, without the
/// punctuation that ends a sentence, and with a longer paragraph of whole sentences soon after it.
pub(super) fn title_position(paragraphs: &[Paragraph]) -> Option<usize> {
    let (first, rest) = paragraphs.split_first()?;
    let text = first.text.as_str();
    let chars = text.chars().count();
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    if chars > 120
        || letters < 2
        || 2 * letters < chars
        || text.ends_with(['.', ',', ';', ':', '。', '…'])
    {
        return None;
    }
    if byline(text).is_some()
        || date_line(text).is_some()
        || line_kind(text).is_some()
        || is_item(text)
    {
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
pub(super) fn fill(article: &mut Article) {
    let mut long = 0;
    for paragraph in article.paragraphs.iter_mut().take(TOP) {
        if paragraph.kind != Kind::Body {
            continue;
        }
        let metadata = &mut article.metadata;
        if let Some(Byline { author, date }) = byline(&paragraph.text) {
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
        } else if let Some(date) = date_line(&paragraph.text) {
            paragraph.kind = Kind::Byline;
            metadata.date.get_or_insert(date);
        } else if paragraph.text.len() > 200 {
            long += 1;
            if long == 2 {
                break;
            }
        }
    }
}

/// Whether a line is a byline or a date.
pub(super) fn is_matter(text: &str) -> bool {
    byline(text).is_some() || date_line(text).is_some()
}

struct Byline {
    author: String,
    date: Option<Date>,
}

/// Reads "By Ada Marsh", "By Ada Marsh and Ben Holt | May 14, 2020", "BY ADA MARSH, Opinion Editor", and a date
/// beside names: "May 14, 2020 | Ada Marsh", also with nothing between the two, as copied pages have it.
fn byline(text: &str) -> Option<Byline> {
    if text.len() > 160 {
        return None;
    }
    if let Some(byline) = date_and_names(text) {
        return Some(byline);
    }
    let names = text
        .strip_prefix("By ")
        .or_else(|| text.strip_prefix("BY "))
        .or_else(|| text.strip_prefix("by "))?;
    let mut parts = names
        .trim_start_matches(':')
        .split(['|', '•', '·', '–', '—', '/'])
        .map(str::trim);
    let author = parts.next()?;
    let mut date = None;
    for part in parts {
        date = date.or_else(|| date_line(part));
        if part.split_whitespace().count() > 6 {
            return None;
        }
    }
    // A date or a role may follow the names behind a comma.
    let follows = |after: &str| {
        date_line(after).is_some()
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
    let (names, after) = match cut {
        Some((Some(names), after)) => (names, after),
        _ => (author, None),
    };
    are_names(names).then(|| Byline {
        author: names.to_owned(),
        date: date.or_else(|| after.and_then(date_line)),
    })
}

/// Reads "May 14, 2020Ada Marsh" and "May 14, 2020 | Ada Marsh".
fn date_and_names(text: &str) -> Option<Byline> {
    let year = text
        .as_bytes()
        .windows(4)
        .position(|four| four.iter().all(u8::is_ascii_digit))?;
    let (date, rest) = text.split_at_checked(year + 4)?;
    let names = rest.trim_start_matches(|c: char| {
        c.is_whitespace() || matches!(c, '|' | '·' | '•' | '–' | '—')
    });
    let names = names
        .strip_prefix("by ")
        .or_else(|| names.strip_prefix("By "))
        .unwrap_or(names);
    if rest.starts_with(',') || !are_names(names) {
        return None;
    }
    let date: Date = date.parse().ok()?;
    date.parts().2.map(|_| Byline {
        author: names.to_owned(),
        date: Some(date),
    })
}

/// Reads a line that is a date and nothing else, with a word like "Published" before it and a time behind it.
fn date_line(text: &str) -> Option<Date> {
    const LABELS: [&str; 12] = [
        "published",
        "posted",
        "updated",
        "last",
        "modified",
        "first",
        "created",
        "date",
        "on",
        "at",
        "online",
        "print",
    ];
    if text.len() > 80 || !text.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let label = |word: &&&str| {
        LABELS.contains(
            &word
                .trim_end_matches([':', ','])
                .to_ascii_lowercase()
                .as_str(),
        )
    };
    let words = words
        .get(words.iter().take_while(label).count()..)
        .unwrap_or_default();
    (1..=words.len().min(5)).find_map(|length| {
        let (date, rest) = words.split_at_checked(length)?;
        // `2020-05-14` is a date by itself, and what follows it has to be a time.
        let numeric = date.first().is_some_and(|word| word.contains(['-', '/']));
        if (numeric && length > 1) || !rest.iter().all(|word| is_time(word)) {
            return None;
        }
        let date: Date = date
            .join(" ")
            .trim_end_matches([',', '.', ';', '|'])
            .parse()
            .ok()?;
        date.parts().1.map(|_| date)
    })
}

/// Whether a word can stand behind a date as part of a time: `10:30`, `a.m.`, `GMT`, `|`, `at`.
fn is_time(word: &str) -> bool {
    let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
    let lower = bare.to_ascii_lowercase();
    bare.is_empty()
        || bare.starts_with(|c: char| c.is_ascii_digit())
        || matches!(lower.as_str(), "am" | "pm" | "a.m" | "p.m" | "at")
        || ((3..=4).contains(&bare.len()) && bare.chars().all(|c| c.is_ascii_uppercase()))
}

/// Whether a text opens an item of a list.
fn is_item(text: &str) -> bool {
    text.starts_with(['-', '*', '•', '>', '|'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bylines_give_the_names_and_the_date() {
        let read =
            |text| byline(text).map(|line| (line.author, line.date.map(|date| date.to_string())));
        let author = |name: &str| Some((name.to_owned(), None));
        assert_eq!(read("By Ada Marsh"), author("Ada Marsh"));
        assert_eq!(
            read("BY ADA MARSH AND BEN HOLT"),
            author("ADA MARSH AND BEN HOLT")
        );
        assert_eq!(read("By Ada Marsh, Opinion Editor"), author("Ada Marsh"));
        assert_eq!(
            read("By Ada Marsh, Ben Holt and Li Wei"),
            author("Ada Marsh, Ben Holt and Li Wei")
        );
        let dated = Some(("Ada Marsh".to_owned(), Some("2020-05-14".to_owned())));
        assert_eq!(read("By Ada Marsh | May 14, 2020 | 5 min read"), dated);
        for text in [
            "By Ada Marsh, 14 May 2020",
            "May 14, 2020Ada Marsh",
            "May 14, 2020 | by Ada Marsh",
        ] {
            assert_eq!(read(text), dated, "{text}");
        }
        for text in [
            "By Monday the port was shut.",
            "By all means",
            "By then, Ada Marsh had left the town",
            "Ada Marsh",
        ] {
            assert!(read(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_name_beside_the_date_is_the_papers_once_the_author_is_known() {
        let paragraph = |text: &str| crate::article::Paragraph {
            text: text.to_owned(),
            span: crate::article::Span::new(0, text.len()),
            kind: Kind::Body,
        };
        let mut article = Article {
            paragraphs: ["By Ada Marsh", "14 May 2024 | Quayside Post"]
                .map(paragraph)
                .to_vec(),
            ..Article::default()
        };
        fill(&mut article);
        assert_eq!(article.metadata.author.as_deref(), Some("Ada Marsh"));
        assert_eq!(article.metadata.source.as_deref(), Some("Quayside Post"));
        assert_eq!(
            article
                .metadata
                .date
                .map(|date| date.to_string())
                .as_deref(),
            Some("2024-05-14")
        );
    }

    #[test]
    fn a_date_line_is_a_date_and_nothing_else() {
        let read = |text| {
            date_line(text)
                .map(|date| date.to_string())
                .unwrap_or_default()
        };
        assert_eq!(read("May 14, 2020"), "2020-05-14");
        assert_eq!(
            read("Published on Thursday, 14 May 2020 at 10:30 GMT"),
            "2020-05-14"
        );
        assert_eq!(read("Last updated: 2020-05-14 10:30"), "2020-05-14");
        assert_eq!(read("May 2020"), "2020-05");
        assert_eq!(read("2020"), "");
        assert_eq!(read("May 14, 2020 changed the port for ever"), "");
        assert_eq!(read("2020-05-14 was a quiet day"), "");
    }

    #[test]
    fn file_names_become_titles() {
        let title = |name| title_from_path(Path::new(name)).unwrap_or_default();
        assert_eq!(title("a/the_harbour-can-wait.md"), "The harbour can wait");
        assert_eq!(title("élan vital.txt"), "Élan vital");
        assert_eq!(title("2020-05-14.txt"), "");
        assert_eq!(title("12345.txt"), "");
        assert_eq!(title(".."), "");
    }
}
