//! The reader of tables: comma-, semicolon- or tab-separated values, an article a row.

use csv::{ReaderBuilder, StringRecord};
use serde_json::{Map, Value};

use super::error::ReadError;
use super::records::{self, Field, Fields, Recorder};
use super::source::{Extracted, Reader, Source};

/// Signs that separate values.
const SEPARATORS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// How many rows are looked at to tell which column holds the text, where its name does not say.
const SAMPLE: usize = 100;

/// The text of a table whose names say nothing is in the column with the longest values, if these are at least so long on
/// average: two sentences, in bytes.
const LONG: usize = 120;

/// How many columns a table may have: a row of them as a record takes some 100 bytes for each, however short.
const COLUMNS: usize = 10_000;

/// Reads tables. The first row holds the names of the columns, unless it holds a text; columns without a name are called by
/// their number.
pub(super) struct Table;

impl Reader for Table {
    fn read(&self, source: &Source<'_>) -> Result<Extracted, ReadError> {
        let text = &source.decoded()?.text;
        let separator = separator(text);
        let rows = || {
            ReaderBuilder::new()
                .delimiter(separator)
                .has_headers(false)
                .flexible(true)
                .from_reader(text.as_bytes())
        };
        let sample: Vec<StringRecord> = rows()
            .into_records()
            .take(SAMPLE + 1)
            .filter_map(Result::ok)
            .collect();
        let first = sample.first().ok_or(ReadError::Empty)?;
        if first.len() > COLUMNS {
            return Err(ReadError::Damaged {
                what: "a table",
                reason: format!(
                    "its first row has {} columns, and no more than {COLUMNS} are read",
                    first.len()
                ),
            });
        }
        let has_names = first.iter().all(|name| name.len() <= LONG);
        let names: Vec<String> = first
            .iter()
            .zip(1..)
            .map(|(name, number)| match name.trim() {
                name if has_names && !name.is_empty() => name.to_owned(),
                _ => number.to_string(),
            })
            .collect();
        let hints = &source.hints().fields;
        let fields = match names_a_text(&names, hints) {
            true => hints.clone(),
            false => with_longest(&names, &sample, hints),
        };
        let mut recorder = Recorder::new(&fields);
        for (row, number) in rows()
            .into_records()
            .zip(1usize..)
            .skip(usize::from(has_names))
        {
            match row {
                Ok(row) => {
                    let line = row.position().map_or(number, |position| {
                        usize::try_from(position.line()).unwrap_or(number)
                    });
                    let record: Map<String, Value> = names
                        .iter()
                        .zip(&row)
                        .map(|(name, value)| (name.clone(), Value::String(value.to_owned())))
                        .collect();
                    recorder.add(
                        &record,
                        line,
                        &(number - usize::from(has_names)).to_string(),
                    );
                }
                Err(error) => recorder.leave_out(number, "", error.to_string()),
            }
        }
        recorder.finish()
    }
}

/// Whether one of the columns is known to hold the text.
fn names_a_text(names: &[String], fields: &Fields) -> bool {
    fields.names(Field::Text)
        || names
            .iter()
            .any(|name| records::meaning(name).is_some_and(|(field, _)| field == Field::Text))
}

/// The fields with the column of the longest values as the text.
fn with_longest(names: &[String], sample: &[StringRecord], fields: &Fields) -> Fields {
    let mut fields = fields.clone();
    let length = |column: usize| -> usize {
        let values = sample.iter().skip(1).filter_map(|row| row.get(column));
        values.map(str::len).sum::<usize>() / sample.len().saturating_sub(1).max(1)
    };
    let longest = (0..names.len())
        .map(|column| (length(column), column))
        .max();
    if let Some((length, column)) = longest
        && length >= LONG
        && let Some(name) = names.get(column)
    {
        fields.name(Field::Text, name);
    }
    fields
}

/// The sign that separates the values of the first line, quoted ones left out: the most frequent.
fn separator(text: &str) -> u8 {
    let line = text.trim_start_matches(['\r', '\n']);
    let mut quoted = false;
    let mut counts = [0usize; SEPARATORS.len()];
    for byte in line.bytes() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => break,
            _ if quoted => {}
            _ => {
                for (count, separator) in counts.iter_mut().zip(SEPARATORS) {
                    *count += usize::from(byte == separator);
                }
            }
        }
    }
    let most = counts.iter().copied().max().unwrap_or(0);
    let first = counts
        .iter()
        .zip(SEPARATORS)
        .find(|(count, _)| **count == most);
    first.map_or(b',', |(_, separator)| separator)
}

#[cfg(test)]
mod tests {
    use super::super::source::Hints;
    use super::*;

    fn read(content: &str) -> Result<Extracted, ReadError> {
        let hints = Hints::default();
        Table.read(&Source::new(content.as_bytes(), &hints))
    }

    #[test]
    fn rows_are_articles_whatever_separates_their_values() {
        for content in [
            "id,title,body\n7,\"The pier, the quay\",\"One.\n\nTwo.\"\n",
            "id;title;body\r\n7;The pier, the quay;\"One.\r\n\r\nTwo.\"\r\n",
            "id\ttitle\tbody\n7\tThe pier, the quay\t\"One.\n\nTwo.\"",
        ] {
            let article = read(content).unwrap().articles.remove(0);
            assert_eq!(article.entry.as_deref(), Some("7"));
            assert_eq!(
                article.metadata.title.as_deref(),
                Some("The pier, the quay")
            );
            assert_eq!(article.paragraphs.len(), 2);
        }
    }

    #[test]
    fn the_text_is_the_column_of_long_values_where_no_name_says_so() {
        let long = "The harbour can wait, and so can the pier. ".repeat(5);
        let read = read(&format!("\"\",\"x\"\n1,\"{long}\"\n2,\"{long}\"\n")).unwrap();
        assert_eq!(read.articles.len(), 2);
        assert_eq!(read.fields, [(Field::Text, "x".to_owned())]);
        let error = super::Table
            .read(&Source::new(b"a,b\n1,2\n", &Hints::default()))
            .unwrap_err();
        let error = error.to_string();
        assert!(
            error.contains("found only `a`, `b`") && error.contains("`description`"),
            "{error}"
        );
    }

    #[test]
    fn a_table_wider_than_any_is_refused() {
        let error = super::Table
            .read(&Source::new(
                ",".repeat(COLUMNS).as_bytes(),
                &Hints::default(),
            ))
            .unwrap_err()
            .to_string();
        assert!(error.contains("has 10001 columns"), "{error}");
    }

    #[test]
    fn a_row_without_text_is_left_out_and_the_others_go_on() {
        let read = read("title,text\nOne,Text.\nTwo\nThree,\nFour,More text.,too many\n").unwrap();
        assert_eq!((read.articles.len(), read.left_out), (2, 2));
        assert!(
            read.warnings[0]
                .to_string()
                .starts_with("line 3 was left out")
        );
    }
}
