//! Which format a source is in: its content decides, and its name only where the content leaves it open.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

use super::error::ReadError;
use super::front_matter;
use super::json_lines::JsonLines;
use super::markdown::Markdown;
use super::plain::PlainText;
use super::source::{Reader, Source};

/// A format that topoi reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Format {
    /// Plain text, one paragraph a line or hard-wrapped.
    PlainText,
    /// Markdown, with or without front matter.
    Markdown,
    /// One JSON object a line, each an article.
    JsonLines,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 3] = [Self::PlainText, Self::Markdown, Self::JsonLines];

    /// The word for this format on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PlainText => "text",
            Self::Markdown => "markdown",
            Self::JsonLines => "jsonl",
        }
    }

    /// The endings of the names of such files, in lower case.
    #[must_use]
    pub const fn extensions(self) -> &'static [&'static str] {
        match self {
            Self::PlainText => &["txt", "text"],
            Self::Markdown => &["md", "markdown", "mdown", "mkd"],
            Self::JsonLines => &["jsonl", "ndjson"],
        }
    }

    /// The format that a file's name promises.
    ///
    /// ```
    /// use std::path::Path;
    /// use topoi::ingest::Format;
    ///
    /// assert_eq!(Format::from_path(Path::new("essays/harbour.MD")), Some(Format::Markdown));
    /// assert_eq!(Format::from_path(Path::new("harbour.png")), None);
    /// ```
    #[must_use]
    pub fn from_path(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        Self::ALL
            .into_iter()
            .find(|format| format.extensions().contains(&extension.as_str()))
    }

    /// What takes sources of this format apart.
    #[must_use]
    pub fn reader(self) -> &'static dyn Reader {
        match self {
            Self::PlainText => &PlainText,
            Self::Markdown => &Markdown,
            Self::JsonLines => &JsonLines,
        }
    }

    /// Recognises the format of a source.
    ///
    /// Signatures come first (a PDF named `notes.txt` is still no text), then the shape of the text (objects,
    /// one a line; front matter), then the name. Text of no particular shape is plain text.
    ///
    /// # Errors
    ///
    /// [`ReadError::OtherFormat`] for content that is recognised and has no reader, and what [`super::decode`]
    /// finds wrong with bytes that are no text.
    pub fn detect(source: &Source<'_>) -> Result<Self, ReadError> {
        if let Some(format) = source.hints().format {
            return Ok(format);
        }
        if let Some(what) = binary_signature(source.bytes()) {
            return Err(ReadError::OtherFormat { what });
        }
        let text = &source.decoded()?.text;
        let promised = source.hints().path.as_deref().and_then(Self::from_path);
        if promised == Some(Self::JsonLines) || starts_with_json_lines(text) {
            return Ok(Self::JsonLines);
        }
        if let Some(what) = markup_signature(text) {
            return Err(ReadError::OtherFormat { what });
        }
        if promised.is_none() && is_json(text) {
            return Err(ReadError::OtherFormat {
                what: "JSON that is not one object a line",
            });
        }
        if front_matter::is_present(text) || (promised.is_none() && starts_with_heading(text)) {
            return Ok(Self::Markdown);
        }
        Ok(promised.unwrap_or(Self::PlainText))
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|format| format.as_str() == text)
            .ok_or_else(|| {
                let known: Vec<String> = Self::ALL
                    .iter()
                    .map(|format| format!("`{format}`"))
                    .collect();
                format!("`{text}` is not a format: choose {}", known.join(", "))
            })
    }
}

/// Formats that are known by their first bytes.
fn binary_signature(bytes: &[u8]) -> Option<&'static str> {
    const SIGNATURES: [(&[u8], &str); 8] = [
        (b"%PDF-", "a PDF"),
        (b"PK\x03\x04", "a ZIP archive (perhaps DOCX or EPUB)"),
        (b"\x1f\x8b", "compressed with gzip"),
        (b"BZh", "compressed with bzip2"),
        (b"\x28\xb5\x2f\xfd", "compressed with Zstandard"),
        (b"\xfd7zXZ\0", "compressed with xz"),
        (b"\xd0\xcf\x11\xe0", "an old Office document"),
        (b"{\\rtf", "an RTF document"),
    ];
    SIGNATURES
        .iter()
        .find(|(signature, _)| bytes.starts_with(signature))
        .map(|&(_, what)| what)
}

/// HTML, feeds and other XML, known by their first tag.
fn markup_signature(text: &str) -> Option<&'static str> {
    let text = text.trim_start();
    let begins = |tag: &str| {
        text.get(..tag.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(tag))
    };
    if begins("<!doctype html") || begins("<html") {
        return Some("an HTML page");
    }
    if begins("<rss") || begins("<feed") || begins("<rdf:rdf") {
        return Some("a feed");
    }
    (begins("<?xml") || begins("<!doctype ")).then_some("an XML document")
}

/// Whether one of the first three lines that hold anything is a JSON object.
///
/// Three rather than one, so that a single bad line at the top does not change what the file is.
fn starts_with_json_lines(text: &str) -> bool {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .take(3)
        .any(|line| line.starts_with('{') && is_object(line))
}

/// Whether a line is one JSON object, found without building it.
fn is_object(line: &str) -> bool {
    struct Object;
    impl<'de> Visitor<'de> for Object {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            Ok(())
        }
    }
    let mut json = serde_json::Deserializer::from_str(line);
    (&mut json).deserialize_map(Object).is_ok() && json.end().is_ok()
}

/// Whether the text begins as JSON does: a brace or a bracket, and then what may follow it.
fn is_json(text: &str) -> bool {
    let text = text.trim_start();
    let after = |open: char| text.strip_prefix(open).map(str::trim_start);
    after('{').is_some_and(|rest| rest.starts_with('"'))
        || after('[').is_some_and(|rest| rest.starts_with(['{', '[']))
}

/// Whether the first line that holds anything is a Markdown heading of the first level.
fn starts_with_heading(text: &str) -> bool {
    text.trim_start()
        .strip_prefix("# ")
        .is_some_and(|rest| !rest.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::super::source::Hints;
    use super::*;

    fn detect(name: &str, content: &str) -> Result<Format, String> {
        let hints = Hints {
            path: (!name.is_empty()).then(|| name.into()),
            format: None,
        };
        Format::detect(&Source::new(content.as_bytes(), &hints)).map_err(|error| error.to_string())
    }

    #[test]
    fn content_decides_before_the_name() {
        assert_eq!(
            detect("notes.txt", "{\"text\": \"One.\"}\n"),
            Ok(Format::JsonLines)
        );
        assert_eq!(
            detect("notes.txt", "---\ntitle: One\n---\nText."),
            Ok(Format::Markdown)
        );
        assert!(
            detect("notes.txt", "%PDF-1.7 …")
                .unwrap_err()
                .starts_with("is a PDF")
        );
        assert!(
            detect("", "<!DOCTYPE HTML><p>x")
                .unwrap_err()
                .starts_with("is an HTML page")
        );
        assert!(
            detect("page.txt", "<html>")
                .unwrap_err()
                .starts_with("is an HTML page")
        );
        assert!(
            detect("", "<?xml version=\"1.0\"?>")
                .unwrap_err()
                .starts_with("is an XML document")
        );
        assert!(
            detect("a.json", "{\n \"text\": 1\n}")
                .unwrap_err()
                .contains("one object a line")
        );
    }

    #[test]
    fn the_name_decides_where_the_content_leaves_it_open() {
        assert_eq!(detect("notes.md", "Only a line."), Ok(Format::Markdown));
        assert_eq!(
            detect("notes.txt", "# Not a heading here"),
            Ok(Format::PlainText)
        );
        assert_eq!(
            detect("notes.ndjson", "not an object"),
            Ok(Format::JsonLines)
        );
        assert_eq!(detect("", "# A heading\n\nText."), Ok(Format::Markdown));
        assert_eq!(
            detect("", "[sic] is how the letter begins."),
            Ok(Format::PlainText)
        );
    }

    #[test]
    fn one_bad_line_at_the_top_does_not_hide_json_lines() {
        assert_eq!(
            detect("", "{\"text\": \"cut\n{\"text\": \"Whole.\"}\n"),
            Ok(Format::JsonLines)
        );
    }
}
