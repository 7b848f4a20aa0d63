//! Reading labelled documents: JSON lines with an id, a label and a text.

use std::collections::HashMap;
use std::path::Path;

use serde_json::{Map, Value};
use topoi::article::Span;
use topoi::ingest::{fold, split_paragraphs};
use topoi::themes::partition::Partition;

use crate::commands::failure::Failure;
use crate::commands::lines::{each_line, name, open_or_stdin};

const HINT: &str = "write {\"id\": …, \"label\": …, \"text\": …} a line, where `paragraphs` (a list of strings) may \
                    stand for `text` and a `title` beside it";

// The first field that holds something counts.
const ID: [&str; 2] = ["id", "_id"];
const LABEL: [&str; 4] = ["label", "theme", "category", "class"];
const TEXT: [&str; 2] = ["paragraphs", "text"];

/// A document and what people say it is about.
pub(super) struct Document {
    pub(super) id: Value,
    pub(super) label: String,
    /// Its title and its paragraphs, with a space between them.
    pub(super) text: String,
    /// Where each of them stands in the text.
    paragraphs: Vec<Span>,
}

impl Document {
    /// The title, if there is one, and the paragraphs.
    pub(super) fn paragraphs(&self) -> impl Iterator<Item = &str> {
        let spans = self.paragraphs.iter();
        spans.filter_map(|span| self.text.get(span.start..span.end))
    }

    /// Reads a line, the one with this number; what is wrong with it is said in words that follow its name.
    fn parse(line: &str, number: u64) -> Result<Self, String> {
        let object = match serde_json::from_str(line) {
            Ok(Value::Object(object)) => object,
            Ok(_) => return Err("is not an object".to_owned()),
            Err(error) => return Err(format!("is not JSON: {error}")),
        };
        let first = |fields: &[&str]| fields.iter().find_map(|field| scalar(object.get(*field)?));
        let id = first(&ID).map_or_else(|| Value::from(number), Clone::clone);
        let label = first(&LABEL).ok_or_else(|| {
            "has no label: none of `label`, `theme`, `category` and `class` holds a string or a number".to_owned()
        })?;
        let mut document = Self {
            id,
            label: label.as_str().map_or_else(|| label.to_string(), fold),
            text: String::new(),
            paragraphs: Vec::new(),
        };
        match object.get("title") {
            None | Some(Value::Null) => {}
            Some(Value::String(title)) => document.push(title),
            Some(_) => return Err("has a `title` that is not a string".to_owned()),
        }
        for paragraph in body(&object)? {
            document.push(&paragraph);
        }
        Ok(document)
    }

    fn push(&mut self, paragraph: &str) {
        let paragraph = fold(paragraph);
        if paragraph.is_empty() {
            return;
        }
        if !self.text.is_empty() {
            self.text.push(' ');
        }
        let start = self.text.len();
        self.text.push_str(&paragraph);
        self.paragraphs.push(Span::new(start, self.text.len()));
    }
}

/// A string that isn't blank, or a number.
fn scalar(value: &Value) -> Option<&Value> {
    let holds = value.is_number() || value.as_str().is_some_and(|text| !fold(text).is_empty());
    holds.then_some(value)
}

/// The paragraphs of a document, of which at least one holds text.
fn body(object: &Map<String, Value>) -> Result<Vec<String>, String> {
    for field in TEXT {
        let paragraphs = match object.get(field) {
            None | Some(Value::Null) => continue,
            Some(Value::String(text)) => split_paragraphs(text)
                .filter_map(|span| text.get(span.start..span.end))
                .map(str::to_owned)
                .collect(),
            Some(Value::Array(items)) => {
                let strings = items.iter().map(|item| item.as_str().map(str::to_owned));
                let strings: Option<Vec<String>> = strings.collect();
                strings.ok_or_else(|| format!("has something in `{field}` that is not a string"))?
            }
            Some(_) => {
                return Err(format!(
                    "has in `{field}` neither a string nor a list of strings"
                ));
            }
        };
        if paragraphs.iter().any(|text| !fold(text).is_empty()) {
            return Ok(paragraphs);
        }
    }
    Err("has no text: neither `text` nor `paragraphs` holds any".to_owned())
}

/// Documents with labels, at least two of each.
pub(super) struct Collection {
    pub(super) documents: Vec<Document>,
    /// Which documents have the same label.
    pub(super) labels: Partition,
}

impl Collection {
    /// Reads a file, or standard input where the path is `-`.
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let name = name(path);
        let mut documents = Vec::new();
        each_line(&name, open_or_stdin(path, HINT)?, |number, line| {
            if !line.trim().is_empty() {
                documents.push(Document::parse(line, number).map_err(|reason| {
                    Failure::with_hint(format!("line {number} of {name} {reason}"), HINT)
                })?);
            }
            Ok(())
        })?;
        if documents.len() < 2 {
            return Err(Failure::with_hint(
                format!(
                    "{name} holds {} document{}, and two are the least that can be told apart",
                    documents.len(),
                    if documents.len() == 1 { "" } else { "s" }
                ),
                HINT,
            )
            .into());
        }
        let labels = labels(&documents);
        if labels.count() < 2 {
            return Err(Failure::new(format!(
                "all documents of {name} have the label `{}`: with one label there is nothing to measure",
                documents.first().map_or("", |document| &document.label)
            ))
            .into());
        }
        Ok(Self { documents, labels })
    }
}

fn labels(documents: &[Document]) -> Partition {
    let mut numbers = HashMap::new();
    let labels: Vec<u32> = documents
        .iter()
        .map(|document| {
            let next = numbers.len() as u32;
            *numbers.entry(document.label.as_str()).or_insert(next)
        })
        .collect();
    Partition::from_labels(&labels)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Document, String> {
        Document::parse(line, 7)
    }

    #[test]
    fn fields_are_found_under_each_of_their_names() {
        let line = r#"{"_id": 3, "theme": " The  sea ", "title": "Ports", "paragraphs": ["They  silt up.", " ", "All."]}"#;
        let document = parse(line).ok().unwrap();
        assert_eq!(document.id, 3);
        assert_eq!(document.label, "The sea");
        assert_eq!(document.text, "Ports They silt up. All.");
        let paragraphs: Vec<&str> = document.paragraphs().collect();
        assert_eq!(paragraphs, ["Ports", "They silt up.", "All."]);

        let line = r#"{"label": "", "class": 4, "paragraphs": [], "text": "One.\n\nTwo."}"#;
        let document = parse(line).ok().unwrap();
        assert_eq!(document.id, 7);
        assert_eq!(document.label, "4");
        assert_eq!(document.paragraphs().count(), 2);
    }

    #[test]
    fn what_is_wrong_with_a_line_is_said() {
        for (line, reason) in [
            ("no", "is not JSON"),
            ("[1]", "is not an object"),
            (r#"{"id": 1, "text": "One."}"#, "has no label"),
            (r#"{"label": " ", "text": "One."}"#, "has no label"),
            (r#"{"label": "a"}"#, "has no text"),
            (
                r#"{"label": "a", "title": "T", "text": " "}"#,
                "has no text",
            ),
            (
                r#"{"label": "a", "text": 1}"#,
                "has in `text` neither a string",
            ),
            (
                r#"{"label": "a", "paragraphs": ["x", 1]}"#,
                "in `paragraphs` that is not a string",
            ),
            (
                r#"{"label": "a", "title": 1, "text": "x"}"#,
                "has a `title`",
            ),
        ] {
            let found = parse(line).err().unwrap();
            assert!(found.contains(reason), "{line}: {found}");
        }
    }
}
