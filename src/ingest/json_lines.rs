//! The reader of JSON Lines: one object a line, each an article.

use std::collections::{BTreeSet, HashSet};

use serde_json::{Map, Value};

use super::error::{ReadError, Warning, Warnings};
use super::fold::fold;
use super::language::language_code;
use super::plain::body_paragraphs;
use super::source::{Extracted, Reader, Source};
use crate::article::{Article, Date, Kind, Metadata, Paragraph, Span};

/// Reads JSON Lines.
///
/// | what | fields, the first one that holds something counts |
/// |---|---|
/// | entry | `id`, `_id`; without one the number of the line |
/// | title | `title`, `headline` |
/// | author | `author`, `authors`, `byline`: a string, a list, or objects with a `name` |
/// | date | `date`, `published`, `year` |
/// | source | `source`, `outlet`, `publication` |
/// | language | `language`, `lang` |
/// | address | `url`, `link`, `address`, `canonical_url` |
/// | text | `paragraphs`, `text`, `body`, `content`: a list of paragraphs, or a string that is split into them |
///
/// Spans count the bytes of the article's own text: the string, or the listed paragraphs joined by a blank
/// line. In the file the text is escaped, so that a span of the file would show backslashes.
///
/// A line that can't be read is left out with a warning, and the others go on.
pub(super) struct JsonLines;

const ENTRY: [&str; 2] = ["id", "_id"];
const TITLE: [&str; 2] = ["title", "headline"];
const AUTHOR: [&str; 3] = ["author", "authors", "byline"];
const DATE: [&str; 3] = ["date", "published", "year"];
const SOURCE: [&str; 3] = ["source", "outlet", "publication"];
const ADDRESS: [&str; 4] = ["url", "link", "address", "canonical_url"];
const LANGUAGE: [&str; 2] = ["language", "lang"];
const TEXT: [&str; 4] = ["paragraphs", "text", "body", "content"];

/// So many names of fields are listed where no object has a text.
const LISTED_FIELDS: usize = 12;

impl Reader for JsonLines {
    fn read(&self, source: &Source<'_>) -> Result<Extracted, ReadError> {
        let text = &source.decoded()?.text;
        let mut warnings = Warnings::default();
        let mut articles = Vec::new();
        let mut entries = HashSet::new();
        let mut fields = BTreeSet::new();
        let mut first_trouble = None;
        let (mut objects, mut left_out) = (0usize, 0usize);
        for (number, line) in text.lines().enumerate() {
            let line_number = number + 1;
            let line = line.trim();
            if line.is_empty() {
                continue;
            }
            let mut leave_out = |reason: String| {
                left_out += 1;
                warnings.add(|| Warning::LeftOut {
                    line: line_number,
                    reason,
                });
            };
            let object = match serde_json::from_str::<Value>(line) {
                Ok(Value::Object(object)) => object,
                Ok(other) => {
                    let reason = format!("{} where an object was expected", kind_of(&other));
                    first_trouble.get_or_insert_with(|| (line_number, reason.clone()));
                    leave_out(reason);
                    continue;
                }
                Err(error) => {
                    let reason = reason_of(&error);
                    first_trouble.get_or_insert_with(|| (line_number, reason.clone()));
                    leave_out(reason);
                    continue;
                }
            };
            objects += 1;
            let Some(paragraphs) = TEXT
                .iter()
                .filter_map(|field| object.get(*field))
                .find_map(paragraphs)
            else {
                if articles.is_empty() && fields.len() < LISTED_FIELDS {
                    fields.extend(object.keys().cloned());
                }
                let known = TEXT.iter().find(|field| object.contains_key(**field));
                leave_out(known.map_or_else(
                    || {
                        "it has none of the fields `text`, `body`, `content`, `paragraphs`"
                            .to_owned()
                    },
                    |field| format!("`{field}` holds no text"),
                ));
                continue;
            };
            let metadata = metadata(&object, |reason| {
                warnings.add(|| Warning::Field {
                    line: line_number,
                    reason,
                })
            });
            let entry = unique_entry(&object, line_number, &mut entries);
            articles.push(Article {
                entry: Some(entry),
                metadata,
                paragraphs,
            });
        }
        if articles.is_empty() {
            return Err(match first_trouble {
                Some((line, reason)) if objects == 0 => ReadError::NotJsonLines { line, reason },
                _ => ReadError::NoTextField {
                    fields: fields.into_iter().take(LISTED_FIELDS).collect(),
                },
            });
        }
        Ok(Extracted {
            articles,
            warnings: warnings.into_vec(),
            left_out,
        })
    }
}

/// The name of an article within its file. Two articles never share one, since a library tells them apart by
/// it: the later one has its line number added.
fn unique_entry(object: &Map<String, Value>, line: usize, entries: &mut HashSet<String>) -> String {
    let named = ENTRY
        .iter()
        .filter_map(|field| object.get(*field))
        .find_map(scalar);
    let mut entry = named.unwrap_or_else(|| line.to_string());
    while !entries.insert(entry.clone()) {
        entry = format!("{entry}:{line}");
    }
    entry
}

fn metadata(object: &Map<String, Value>, mut warn: impl FnMut(String)) -> Metadata {
    let first = |names: &[&str]| {
        names
            .iter()
            .filter_map(|name| object.get(*name))
            .find_map(names_in)
    };
    let date = first(&DATE).and_then(|text| match text.parse::<Date>() {
        Ok(date) => Some(date),
        Err(error) => {
            warn(error.to_string());
            None
        }
    });
    let language = first(&LANGUAGE).and_then(|text| {
        let code = language_code(&text);
        if code.is_none() {
            warn(format!(
                "`{text}` is not a language: write it as a code like `en`"
            ));
        }
        code
    });
    Metadata {
        title: first(&TITLE),
        author: first(&AUTHOR),
        date,
        source: first(&SOURCE),
        language,
        address: first(&ADDRESS),
    }
}

/// A string or a number as folded text; `None` where it holds nothing.
fn scalar(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => fold(text),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

/// A scalar, an object's `name`, or a list of these, as one line.
fn names_in(value: &Value) -> Option<String> {
    match value {
        Value::Array(items) => {
            let names: Vec<String> = items.iter().filter_map(name_in).collect();
            (!names.is_empty()).then(|| names.join(", "))
        }
        one => name_in(one),
    }
}

fn name_in(value: &Value) -> Option<String> {
    match value {
        Value::Object(object) => object.get("name").and_then(scalar),
        one => scalar(one),
    }
}

/// The paragraphs of a text field; `None` where it holds no text.
fn paragraphs(value: &Value) -> Option<Vec<Paragraph>> {
    let paragraphs = match value {
        Value::String(text) => body_paragraphs(text, 0),
        Value::Array(items) => {
            let mut start = 0;
            let mut paragraphs = Vec::with_capacity(items.len());
            for item in items.iter().filter_map(Value::as_str) {
                let indent = item.len() - item.trim_start().len();
                let bare = item.trim();
                let text = fold(bare);
                if !text.is_empty() {
                    let span = Span::new(start + indent, start + indent + bare.len());
                    paragraphs.push(Paragraph {
                        text,
                        span,
                        kind: Kind::Body,
                    });
                }
                start += item.len() + "\n\n".len();
            }
            paragraphs
        }
        _ => return None,
    };
    (!paragraphs.is_empty()).then_some(paragraphs)
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// What `serde_json` says, with the column alone: its line is always 1.
fn reason_of(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or_default();
    format!("not JSON ({message} at column {})", error.column())
}

#[cfg(test)]
mod tests {
    use super::super::source::Hints;
    use super::*;

    fn read(content: &str) -> Result<Extracted, ReadError> {
        let hints = Hints::default();
        JsonLines.read(&Source::new(content.as_bytes(), &hints))
    }

    #[test]
    fn fields_are_found_under_their_usual_names() {
        let line = r#"{"_id": 7, "headline": " The  Pier ", "byline": ["Ada Marsh", {"name": "Ben Holt"}], "published": "May 14, 2020", "outlet": "The Example", "lang": "eng", "body": "One.\n\nTwo."}"#;
        let article = read(line).unwrap().articles.remove(0);
        assert_eq!(article.entry.as_deref(), Some("7"));
        let metadata = article.metadata;
        assert_eq!(metadata.title.as_deref(), Some("The Pier"));
        assert_eq!(metadata.author.as_deref(), Some("Ada Marsh, Ben Holt"));
        assert_eq!(metadata.date.unwrap().to_string(), "2020-05-14");
        assert_eq!(metadata.source.as_deref(), Some("The Example"));
        assert_eq!(metadata.language.as_deref(), Some("en"));
        assert_eq!(article.paragraphs.len(), 2);
    }

    #[test]
    fn spans_stand_in_the_articles_own_text() {
        let content = "{\"paragraphs\": [\" Öne. \", \"\", \"Two\\nlines.\"]}\n{\"text\": \"Öne.\\n\\nTwo\\nlines.\"}";
        let articles = read(content).unwrap().articles;
        for (article, text) in articles
            .iter()
            .zip([" Öne. \n\n\n\nTwo\nlines.", "Öne.\n\nTwo\nlines."])
        {
            let found: Vec<&str> = article
                .paragraphs
                .iter()
                .map(|p| &text[p.span.start..p.span.end])
                .collect();
            assert_eq!(found, ["Öne.", "Two\nlines."]);
        }
    }

    #[test]
    fn a_bad_line_is_named_and_the_others_go_on() {
        let read = read("{\"text\": \"One.\"}\nnot json\n\n[1]\n{\"text\": \"\"}\n{\"text\": \"Two.\", \"date\": \"soon\"}").unwrap();
        assert_eq!(read.articles.len(), 2);
        assert_eq!(read.left_out, 3);
        let said: Vec<String> = read.warnings.iter().map(ToString::to_string).collect();
        assert!(
            said[0].starts_with("line 2 was left out: not JSON (expected ident at column 2"),
            "{}",
            said[0]
        );
        assert_eq!(
            said[1],
            "line 4 was left out: a list where an object was expected"
        );
        assert_eq!(said[2], "line 5 was left out: `text` holds no text");
        assert!(said[3].starts_with("line 6: `soon` is not a date"));
    }

    #[test]
    fn a_hopeless_file_gives_a_few_warnings_and_a_count() {
        let read = read(&("{\"text\": \"One.\"}\n".to_owned() + &"no\n".repeat(500))).unwrap();
        assert_eq!(read.left_out, 500);
        assert_eq!(read.warnings.last(), Some(&Warning::More { count: 490 }));
    }

    #[test]
    fn objects_without_text_are_an_error_that_names_their_fields() {
        let error = read("{\"url\": 1, \"words\": 2}\n{\"url\": 3}")
            .unwrap_err()
            .to_string();
        assert_eq!(
            error,
            "no object has a text: looked for `text`, `body`, `content` or `paragraphs` and found only `url`, `words`"
        );
        let error = read("{\n \"text\": \"pretty\"\n}").unwrap_err().to_string();
        assert!(
            error.contains("one object a line") && error.contains("in line 1"),
            "{error}"
        );
    }

    #[test]
    fn two_articles_never_share_an_entry() {
        let read = read("{\"id\": \"2\", \"text\": \"One.\"}\n{\"text\": \"Two.\"}\n{\"id\": 2, \"text\": \"Three.\"}").unwrap();
        let entries: Vec<&str> = read
            .articles
            .iter()
            .filter_map(|article| article.entry.as_deref())
            .collect();
        assert_eq!(entries, ["2", "2:2", "2:3"]);
    }
}
