//! The reader of JSON documents: an article, a list of articles, or an object that holds such a list somewhere.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::error::ReadError;
use super::records::{Recorder, kind_of, parse};
use super::source::{Extracted, Reader, Source};

/// How deep in objects a list of articles is looked for: exports wrap theirs in one or two (`data.posts`).
const DEPTH: usize = 4;

/// Reads JSON documents.
///
/// An object with a text is one article. Otherwise the articles are the objects of the list, or the values of the
/// object, in which the most of them have a text, wherever in the document that stands.
///
/// The document is never in memory as values, which take up to a hundred times what it does, but only one record of it.
pub(super) struct Json;

impl Reader for Json {
    fn read(&self, source: &Source<'_>) -> Result<Extracted, ReadError> {
        let text = &source.decoded()?.text;
        let document: &RawValue =
            serde_json::from_str(text).map_err(|error| ReadError::Damaged {
                what: "JSON",
                reason: error.to_string(),
            })?;
        let mut recorder = Recorder::new(&source.hints().fields).by_name();
        let alone = object_of(document);
        if let Some(object) = &alone
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
        match best_list(document, DEPTH, &mut recorder) {
            Some((_, List::Array(items))) => {
                for (item, number) in items.into_iter().zip(1..) {
                    add(&mut recorder, item, number, &number.to_string());
                }
            }
            Some((_, List::Object(object))) => {
                for ((name, value), number) in object.into_iter().zip(1..) {
                    add(&mut recorder, value, number, &name);
                }
            }
            None => {
                // Says which fields there are.
                if let Some(object) = &alone {
                    recorder.add(object, 1, "1");
                }
            }
        }
        recorder.finish()
    }
}

/// A list of values in a document, none of which has been parsed.
enum List<'a> {
    Array(Vec<&'a RawValue>),
    Object(BTreeMap<String, &'a RawValue>),
}

impl<'a> List<'a> {
    /// The elements of an array or an object; `None` where a value is neither.
    fn of(value: &'a RawValue) -> Option<Self> {
        match value.get().as_bytes().first() {
            Some(b'[') => serde_json::from_str(value.get()).ok().map(Self::Array),
            Some(b'{') => serde_json::from_str(value.get()).ok().map(Self::Object),
            _ => None,
        }
    }

    fn values(&self) -> Box<dyn Iterator<Item = &'a RawValue> + '_> {
        match self {
            Self::Array(items) => Box::new(items.iter().copied()),
            Self::Object(object) => Box::new(object.values().copied()),
        }
    }
}

/// A value as an object, where it is one, and no larger than any record.
fn object_of(value: &RawValue) -> Option<Map<String, Value>> {
    if !value.get().starts_with('{') {
        return None;
    }
    match parse(value.get()) {
        Ok(Value::Object(object)) => Some(object),
        _ => None,
    }
}

fn add(recorder: &mut Recorder<'_>, item: &RawValue, number: usize, name: &str) {
    match parse(item.get()) {
        Ok(Value::Object(object)) => recorder.add(&object, number, name),
        Ok(text @ Value::String(_)) => {
            let record = Map::from_iter([("text".to_owned(), text)]);
            recorder.add(&record, number, name);
        }
        Ok(other) => recorder.leave_out(
            number,
            name,
            format!("is {} where an object was expected", kind_of(&other)),
        ),
        Err(reason) => recorder.leave_out(number, name, reason),
    }
}

/// The list in which the most elements have a text, and how many.
fn best_list<'a>(
    value: &'a RawValue,
    depth: usize,
    recorder: &mut Recorder<'_>,
) -> Option<(usize, List<'a>)> {
    let mut is_article =
        |item: &RawValue| object_of(item).is_some_and(|object| recorder.has_text(&object));
    let list = List::of(value)?;
    let own = match &list {
        // A list of strings is a list of articles only where it is all there is.
        List::Array(items) => items
            .iter()
            .filter(|item| is_article(item) || (depth == DEPTH && item.get().starts_with('"')))
            .count(),
        List::Object(object) => {
            let own = object.values().filter(|item| is_article(item)).count();
            // A map of articles has hardly anything but articles; an article's own parts may hold texts too.
            if 2 * own > object.len() && own > 1 {
                own
            } else {
                0
            }
        }
    };
    let mut best: Option<(usize, List<'a>)> = None;
    if let Some(depth) = depth.checked_sub(1) {
        for value in list.values() {
            if let Some((count, inner)) = best_list(value, depth, recorder)
                && count > best.as_ref().map_or(own, |(most, _)| *most)
            {
                best = Some((count, inner));
            }
        }
    }
    best.or_else(|| (own > 0).then_some((own, list)))
}

#[cfg(test)]
mod tests {
    use super::super::records::Field;
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
        let fields = read(wrapped).unwrap().fields;
        assert_eq!(fields, [(Field::Text, "body".to_owned())]);
        let keyed = r#"{"pier": {"body": "One."}, "quay": {"body": "Two."}}"#;
        assert_eq!(
            entries(keyed),
            [Some("pier".to_owned()), Some("quay".to_owned())]
        );
    }

    #[test]
    fn a_record_that_does_not_fit_into_memory_is_left_out_and_the_others_are_read() {
        let large = format!("[{}0]", "0,".repeat(500_000));
        let read = read(&format!(r#"[{{"text": {large}}}, {{"text": "Two."}}]"#)).unwrap();
        assert_eq!((read.articles.len(), read.left_out), (1, 1));
        let said = read.warnings[0].to_string();
        assert!(said.contains("holds more than 500000 values"), "{said}");
    }

    #[test]
    fn what_is_wrong_is_said() {
        let reason = |content: &str| read(content).unwrap_err().to_string();
        assert!(
            reason("[{\"text\": ").starts_with("is JSON that can't be read: EOF while parsing")
        );
        assert!(reason(r#"{"width": 3}"#).contains("found only `width`"));
        assert!(reason(&"[".repeat(1_000_000)).contains("EOF while parsing a list"));
        let deep = "[".repeat(1_000_000) + &"]".repeat(1_000_000);
        assert!(reason(&deep).contains("found only empty records"));
        let read = read(r#"[{"text": "One."}, 7, {"text": ""}]"#).unwrap();
        assert_eq!((read.articles.len(), read.left_out), (1, 2));
    }
}
