//! The reader of JSON Lines: one object a line, each an article.

use serde_json::Value;

use super::error::ReadError;
use super::records::{Recorder, kind_of, parse};
use super::source::{Extracted, Reader, Source};

/// Reads JSON Lines. Which fields are read, [`Fields`](super::Fields) and their names say.
///
/// A line that can't be read is left out with a warning, and the others go on.
pub(super) struct JsonLines;

impl Reader for JsonLines {
    fn read(&self, source: &Source<'_>) -> Result<Extracted, ReadError> {
        let text = &source.decoded()?.text;
        let mut recorder = Recorder::new(&source.hints().fields);
        let mut first_trouble = None;
        let mut objects = 0usize;
        for (line, number) in text.lines().zip(1..) {
            let line = line.trim();
            if line.is_empty() {
                continue;
            }
            let reason = match parse(line) {
                Ok(Value::Object(object)) => {
                    objects += 1;
                    recorder.add(&object, number, &number.to_string());
                    continue;
                }
                Ok(other) => format!("{} where an object was expected", kind_of(&other)),
                Err(reason) => reason,
            };
            first_trouble.get_or_insert_with(|| (number, reason.clone()));
            recorder.leave_out(number, "", reason);
        }
        match first_trouble {
            Some((line, reason)) if objects == 0 => Err(ReadError::NotJsonLines { line, reason }),
            _ => recorder.finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::error::Warning;
    use super::super::source::Hints;
    use super::*;

    fn read(content: &str) -> Result<Extracted, ReadError> {
        let hints = Hints::default();
        JsonLines.read(&Source::new(content.as_bytes(), &hints))
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
        assert_eq!(said[2], "line 5 was left out: has no text in `text`");
        assert!(said[3].starts_with("line 6: `soon` is not a date"));
    }

    #[test]
    fn a_hopeless_file_gives_a_few_warnings_and_a_count() {
        let read = read(&("{\"text\": \"One.\"}\n".to_owned() + &"no\n".repeat(500))).unwrap();
        assert_eq!(read.left_out, 500);
        assert_eq!(read.warnings.last(), Some(&Warning::More { count: 490 }));
    }

    #[test]
    fn a_document_over_many_lines_is_no_json_lines() {
        let error = read("{\n \"text\": \"pretty\"\n}").unwrap_err().to_string();
        assert!(
            error.contains("one object a line") && error.contains("in line 1"),
            "{error}"
        );
    }
}
