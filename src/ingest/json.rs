//! The reader of JSON documents: an article, a list of articles, or an object that holds such a list somewhere.

use serde_json::{Map, Value};

use super::error::ReadError;
use super::records::{Recorder, kind_of};
use super::source::{Extracted, Reader, Source};

/// How deep in objects a list of articles is looked for: exports wrap theirs in one or two (`data.posts`).
const DEPTH: usize = 4;

/// Reads JSON documents.
///
/// An object with a text is one article. Otherwise the articles are the objects of the list, or the values of the
/// object, in which the most of them have a text, wherever in the document that stands.
pub(super) struct Json;

impl Reader for Json {
    fn read(&self, source: &Source<'_>) -> Result<Extracted, ReadError> {
        let text = &source.decoded()?.text;
        let document: Value = serde_json::from_str(text).map_err(|error| ReadError::Damaged {
            what: "JSON",
            reason: error.to_string(),
        })?;
        let mut recorder = Recorder::new(&source.hints().fields).by_name();
        if let Value::Object(object) = &document
            && recorder.has_text(object)
        {
            recorder.add(object, 1, "1");
            let mut extracted = recorder.finish()?;
            for article in &mut extracted.articles {
                // The only article of its file needs no name there.
                article.entry = None;
            }
            return Ok(extracted);
        }
        match best_list(&document, DEPTH, &mut recorder) {
            Some((_, List::Array(items))) => {
                for (item, number) in items.iter().zip(1..) {
                    add(&mut recorder, item, number, &number.to_string());
                }
            }
            Some((_, List::Object(object))) => {
                for ((name, value), number) in object.iter().zip(1..) {
                    add(&mut recorder, value, number, name);
                }
            }
            None => {
                // Says which fields there are.
                if let Value::Object(object) = &document {
                    recorder.add(object, 1, "1");
                }
            }
        }
        recorder.finish()
    }
}

enum List<'a> {
    Array(&'a [Value]),
    Object(&'a Map<String, Value>),
}

fn add(recorder: &mut Recorder<'_>, item: &Value, number: usize, name: &str) {
    match item {
        Value::Object(object) => recorder.add(object, number, name),
        Value::String(text) => {
            let record = Map::from_iter([("text".to_owned(), Value::String(text.clone()))]);
            recorder.add(&record, number, name);
        }
        other => recorder.leave_out(
            number,
            name,
            format!("is {} where an object was expected", kind_of(other)),
        ),
    }
}

/// The list in which the most elements have a text, and how many.
fn best_list<'a>(
    value: &'a Value,
    depth: usize,
    recorder: &mut Recorder<'_>,
) -> Option<(usize, List<'a>)> {
    let mut count = |item: &Value| match item {
        Value::Object(object) => recorder.has_text(object),
        // A list of strings is a list of articles only where it is all there is.
        Value::String(_) => depth == DEPTH,
        _ => false,
    };
    let (own, list, inner): (usize, _, Vec<&Value>) = match value {
        Value::Array(items) => {
            let own = items.iter().filter(|item| count(item)).count();
            (own, List::Array(items), items.iter().collect())
        }
        Value::Object(object) => {
            let own = object
                .values()
                .filter(|item| item.is_object() && count(item))
                .count();
            // A map of articles has hardly anything but articles; an article's own parts may hold texts too.
            let own = if 2 * own > object.len() && own > 1 {
                own
            } else {
                0
            };
            (own, List::Object(object), object.values().collect())
        }
        _ => return None,
    };
    let mut best = (own > 0).then_some((own, list));
    if let Some(depth) = depth.checked_sub(1) {
        for value in inner {
            if let Some((count, list)) = best_list(value, depth, recorder)
                && best.as_ref().is_none_or(|(most, _)| count > *most)
            {
                best = Some((count, list));
            }
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::super::source::Hints;
    use super::*;

    fn read(content: &str) -> Result<Extracted, ReadError> {
        let hints = Hints::default();
        Json.read(&Source::new(content.as_bytes(), &hints))
    }

    fn entries(content: &str) -> Vec<Option<String>> {
        read(content)
            .unwrap()
            .articles
            .into_iter()
            .map(|article| article.entry)
            .collect()
    }

    #[test]
    fn articles_are_found_wherever_they_stand() {
        assert_eq!(entries(r#"{"title": "One", "text": "Text."}"#), [None]);
        let two = [Some("1".to_owned()), Some("2".to_owned())];
        assert_eq!(entries(r#"[{"text": "One."}, {"text": "Two."}]"#), two);
        assert_eq!(entries(r#"["One.", "Two."]"#), two);
        let wrapped = r#"{"status": "ok", "tags": [{"text": "x"}], "data": {"posts": [{"body": "One."}, {"body": "Two."}]}}"#;
        assert_eq!(entries(wrapped), two);
        let keyed = r#"{"pier": {"body": "One."}, "quay": {"body": "Two."}}"#;
        assert_eq!(
            entries(keyed),
            [Some("pier".to_owned()), Some("quay".to_owned())]
        );
    }

    #[test]
    fn what_is_wrong_is_said() {
        let reason = |content: &str| read(content).unwrap_err().to_string();
        assert!(
            reason("[{\"text\": ").starts_with("is JSON that can't be read: EOF while parsing")
        );
        assert!(reason(r#"{"width": 3}"#).contains("found only `width`"));
        assert!(reason(&"[".repeat(1_000_000)).contains("recursion limit exceeded"));
        let read = read(r#"[{"text": "One."}, 7, {"text": ""}]"#).unwrap();
        assert_eq!((read.articles.len(), read.left_out), (1, 2));
    }
}
