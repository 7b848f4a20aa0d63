//! Records of named fields, as JSON and tables hold them, into articles.
//!
//! [`Fields`] says which field means what, [`Recorder`] makes articles of records and remembers what it went by.

mod fields;
mod text;
mod value;

use std::collections::{BTreeSet, HashMap};

use serde_json::{Map, Value};

use fields::at_path;
pub(super) use fields::meaning;
pub use fields::{Field, FieldRuleError, Fields};
use text::Text;
pub(super) use text::kind_of;
pub(super) use value::parse;

use super::entries::Entries;
use super::error::{ReadError, Warning, Warnings};
use super::fold::fold;
use super::language::language_code;
use super::source::Extracted;
use crate::article::{Article, Metadata};

/// So many names of fields are listed where no record has a text.
const LISTED_FIELDS: usize = 12;

/// Makes articles of records, one after another.
pub(super) struct Recorder<'a> {
    fields: &'a Fields,
    /// What each name met so far means, and how good a name for that it is.
    meanings: HashMap<String, Option<(Field, usize)>>,
    used: BTreeSet<(Field, String)>,
    entries: Entries,
    articles: Vec<Article>,
    warnings: Warnings,
    left_out: usize,
    /// Whether records are called by their names and not by their lines, since several may stand in one.
    by_name: bool,
    /// Names of fields in records without a text.
    unread: BTreeSet<String>,
}

impl<'a> Recorder<'a> {
    pub(super) fn new(fields: &'a Fields) -> Self {
        Self {
            fields,
            meanings: HashMap::new(),
            used: BTreeSet::new(),
            entries: Entries::default(),
            articles: Vec::new(),
            warnings: Warnings::default(),
            left_out: 0,
            by_name: false,
            unread: BTreeSet::new(),
        }
    }

    /// Calls records by their names in warnings.
    pub(super) fn by_name(mut self) -> Self {
        self.by_name = true;
        self
    }

    /// Adds the article that a record is. `line` is where it stands, `name` what it is called where it has no id of its own.
    pub(super) fn add(&mut self, record: &Map<String, Value>, line: usize, name: &str) {
        if self.entries.are_full() {
            self.left_out += 1;
            return;
        }
        let found = self.find(record);
        for (field, name) in &found.used {
            if !self
                .used
                .iter()
                .any(|used| used.0 == *field && used.1 == *name)
            {
                self.used.insert((*field, (*name).to_owned()));
            }
        }
        let Some(text) = found.text else {
            if self.articles.is_empty() && self.unread.len() < LISTED_FIELDS {
                self.unread
                    .extend(record.keys().take(LISTED_FIELDS).cloned());
            }
            let reason = match found.empty_text {
                Some(field) => format!("has no text in `{field}`"),
                None => "has none of the fields `text`, `body`, `content`, `paragraphs`".to_owned(),
            };
            self.leave_out(line, name, reason);
            return;
        };
        let mut metadata = self.metadata(&found.values, line);
        metadata.title = metadata.title.or(text.title);
        let named = found
            .values
            .get(&Field::Entry)
            .and_then(|value| scalar(value));
        let entry = self.entries.unique(named.as_deref().unwrap_or(name));
        self.articles.push(Article {
            entry: Some(entry),
            metadata,
            paragraphs: text.paragraphs,
        });
    }

    /// Counts something that is no record, and why.
    pub(super) fn leave_out(&mut self, line: usize, name: &str, reason: String) {
        self.left_out += 1;
        let by_name = self.by_name;
        self.warnings.add(|| match by_name {
            true => Warning::Member {
                name: name.to_owned(),
                reason,
            },
            false => Warning::LeftOut { line, reason },
        });
    }

    /// Whether a record has a text.
    pub(super) fn has_text(&mut self, record: &Map<String, Value>) -> bool {
        self.find(record).text.is_some()
    }

    /// What was made.
    ///
    /// # Errors
    ///
    /// [`ReadError::NoTextField`] where no record had a text.
    pub(super) fn finish(self) -> Result<Extracted, ReadError> {
        if self.articles.is_empty() {
            return Err(ReadError::NoTextField {
                fields: self.unread.into_iter().take(LISTED_FIELDS).collect(),
            });
        }
        let mut warnings = self.warnings.into_vec();
        warnings.extend(self.entries.warning());
        Ok(Extracted {
            articles: self.articles,
            warnings,
            left_out: self.left_out,
            fields: self.used.into_iter().collect(),
        })
    }

    /// What a record holds under the names that mean something.
    fn find<'r>(&mut self, record: &'r Map<String, Value>) -> Found<'r>
    where
        'a: 'r,
    {
        let mut found = Found::default();
        for (field, path) in self.fields.named() {
            if let Some(value) = at_path(record, path) {
                found.take(*field, value, path);
            }
        }
        let mut guesses: Vec<(usize, Field, &str, &Value)> = Vec::new();
        for (name, value) in record {
            let meaning = match self.meanings.get(name) {
                Some(meaning) => *meaning,
                None => *self.meanings.entry(name.clone()).or_insert(meaning(name)),
            };
            if let Some((field, rank)) = meaning
                && !self.fields.names(field)
            {
                guesses.push((rank, field, name, value));
            }
        }
        guesses.sort_by_key(|(rank, field, ..)| (*field, *rank));
        for (_, field, name, value) in guesses {
            found.take(field, value, name);
        }
        found
    }

    fn metadata(&mut self, values: &HashMap<Field, &Value>, line: usize) -> Metadata {
        let text = |field| values.get(&field).and_then(|value| names_in(value));
        let mut warn = |reason: String| self.warnings.add(|| Warning::Field { line, reason });
        let date = text(Field::Date).and_then(|text| match fields::date(&text) {
            Ok(date) => Some(date),
            Err(error) => {
                warn(error.to_string());
                None
            }
        });
        let language = text(Field::Language).and_then(|text| {
            let code = language_code(&text);
            if code.is_none() {
                warn(format!(
                    "`{text}` is not a language: write it as a code like `en`"
                ));
            }
            code
        });
        Metadata {
            title: text(Field::Title),
            author: text(Field::Author),
            date,
            source: text(Field::Source),
            language,
            address: text(Field::Address),
        }
    }
}

/// What was found in one record.
#[derive(Default)]
struct Found<'r> {
    values: HashMap<Field, &'r Value>,
    text: Option<Text>,
    /// A field that should have held the text and holds none.
    empty_text: Option<&'r str>,
    /// What was taken, by the names of the fields.
    used: Vec<(Field, &'r str)>,
}

impl<'r> Found<'r> {
    /// Takes a value for a field that has none yet.
    fn take(&mut self, field: Field, value: &'r Value, name: &'r str) {
        let is_taken = if field == Field::Text {
            if self.text.is_some() {
                return;
            }
            self.text = Text::of(value);
            if self.text.is_none() {
                self.empty_text.get_or_insert(name);
            }
            self.text.is_some()
        } else {
            let is_new = !self.values.contains_key(&field) && names_in(value).is_some();
            if is_new {
                self.values.insert(field, value);
            }
            is_new
        };
        if is_taken {
            self.used.push((field, name));
        }
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
        Value::Object(object) => ["name", "rendered", "value", "title", "#text"]
            .iter()
            .filter_map(|name| object.get(*name))
            .find_map(scalar),
        one => scalar(one),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(fields: &Fields, records: &[&str]) -> Result<Extracted, ReadError> {
        let mut recorder = Recorder::new(fields);
        for (record, line) in records.iter().zip(1..) {
            recorder.add(
                &serde_json::from_str(record).unwrap(),
                line,
                &line.to_string(),
            );
        }
        recorder.finish()
    }

    #[test]
    fn fields_are_found_under_their_usual_names_however_they_are_written() {
        let record = r#"{"_id": 7, "Headline": " The  Pier ", "byline": ["Ada Marsh", {"name": "Ben Holt"}], "published_at": "May 14, 2020",
            "outlet": "The Example", "lang": "eng", "webUrl": "https://example.org/pier", "articleBody": "One.\n\nTwo."}"#;
        let mut extracted = read(&Fields::default(), &[record]).unwrap();
        let article = extracted.articles.remove(0);
        assert_eq!(article.entry.as_deref(), Some("7"));
        let metadata = article.metadata;
        assert_eq!(metadata.title.as_deref(), Some("The Pier"));
        assert_eq!(metadata.author.as_deref(), Some("Ada Marsh, Ben Holt"));
        assert_eq!(metadata.date.unwrap().to_string(), "2020-05-14");
        assert_eq!(metadata.source.as_deref(), Some("The Example"));
        assert_eq!(metadata.language.as_deref(), Some("en"));
        assert_eq!(
            metadata.address.as_deref(),
            Some("https://example.org/pier")
        );
        assert_eq!(article.paragraphs.len(), 2);
        assert!(
            extracted
                .fields
                .contains(&(Field::Text, "articleBody".to_owned()))
        );
    }

    #[test]
    fn fields_that_a_person_names_come_first_and_may_lie_deeper() {
        let mut fields = Fields::default();
        fields.add("text=content.rendered").unwrap();
        fields.add("title=kicker").unwrap();
        let record = r#"{"title": "No", "kicker": "Yes", "text": "No.", "content": {"rendered": "<p>One.</p><p>Two.</p>"}}"#;
        let extracted = read(&fields, &[record]).unwrap();
        let article = &extracted.articles[0];
        assert_eq!(article.metadata.title.as_deref(), Some("Yes"));
        assert_eq!(article.paragraphs.len(), 2);
        let used: Vec<&str> = extracted
            .fields
            .iter()
            .map(|(_, name)| name.as_str())
            .collect();
        assert_eq!(used, ["kicker", "content.rendered"]);
    }

    #[test]
    fn two_articles_never_share_an_entry() {
        let records = [
            r#"{"id": "2", "text": "One."}"#,
            r#"{"text": "Two."}"#,
            r#"{"id": 2, "text": "Three."}"#,
        ];
        let read = read(&Fields::default(), &records).unwrap();
        let entries: Vec<&str> = read
            .articles
            .iter()
            .filter_map(|article| article.entry.as_deref())
            .collect();
        assert_eq!(entries, ["2", "2:2", "2:3"]);
    }

    #[test]
    fn records_without_text_are_an_error_that_names_their_fields() {
        let error = read(
            &Fields::default(),
            &[r#"{"width": 1, "words": 2}"#, r#"{"width": 3}"#],
        )
        .unwrap_err();
        assert_eq!(
            error.to_string(),
            "no record has a text: looked for `text`, `body`, `content`, `description` or another name for \
             it and found only `width`, `words`; say which it is with `--map text=NAME`"
        );
    }
}
