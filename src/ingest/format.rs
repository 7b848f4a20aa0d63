//! Which format a source is in: its content decides, and its name only where the content leaves it open.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

use super::archive::{self, Zip};
use super::compression;
use super::docx::Docx;
use super::epub::Epub;
use super::error::ReadError;
use super::feed::Feed;
use super::front_matter;
use super::html::Html;
use super::json::Json;
use super::json_lines::JsonLines;
use super::mail::{self, Mail, Mailbox};
use super::markdown::Markdown;
use super::pdf::Pdf;
use super::plain::PlainText;
use super::source::{Reader, Source};
use super::table::Table;
use super::warc::Warc;
use super::xml::decode_xml;

/// A format that topoi reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Format {
    /// Plain text, one paragraph a line or hard-wrapped.
    PlainText,
    /// Markdown, with or without front matter.
    Markdown,
    /// A web page.
    Html,
    /// A feed: RSS, Atom or JSON Feed.
    Feed,
    /// One JSON object a line, each an article.
    JsonLines,
    /// A JSON document: an article, a list of them, or an object that holds such a list.
    Json,
    /// Comma-, semicolon- or tab-separated values under a line of names, an article a row.
    Table,
    /// A PDF.
    Pdf,
    /// A Word document (`.docx`).
    Docx,
    /// A book, an article a chapter.
    Epub,
    /// An e-mail.
    Mail,
    /// Many e-mails, one after another (`mbox`).
    Mailbox,
    /// A web archive.
    Warc,
    /// A ZIP archive of any of these.
    Zip,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 14] = [
        Self::PlainText,
        Self::Markdown,
        Self::Html,
        Self::Feed,
        Self::JsonLines,
        Self::Json,
        Self::Table,
        Self::Pdf,
        Self::Docx,
        Self::Epub,
        Self::Mail,
        Self::Mailbox,
        Self::Warc,
        Self::Zip,
    ];

    /// The word for this format on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PlainText => "text",
            Self::Markdown => "markdown",
            Self::Html => "html",
            Self::Feed => "feed",
            Self::JsonLines => "jsonl",
            Self::Json => "json",
            Self::Table => "csv",
            Self::Pdf => "pdf",
            Self::Docx => "docx",
            Self::Epub => "epub",
            Self::Mail => "mail",
            Self::Mailbox => "mbox",
            Self::Warc => "warc",
            Self::Zip => "zip",
        }
    }

    /// The endings of the names of such files, in lower case.
    #[must_use]
    pub const fn extensions(self) -> &'static [&'static str] {
        match self {
            Self::PlainText => &["txt", "text"],
            Self::Markdown => &["md", "markdown", "mdown", "mkd"],
            Self::Html => &["html", "htm", "xhtml", "xht"],
            Self::Feed => &["rss", "atom", "rdf", "xml"],
            Self::JsonLines => &["jsonl", "ndjson"],
            Self::Json => &["json"],
            Self::Table => &["csv", "tsv", "tab"],
            Self::Pdf => &["pdf"],
            Self::Docx => &["docx"],
            Self::Epub => &["epub"],
            Self::Mail => &["eml"],
            Self::Mailbox => &["mbox"],
            Self::Warc => &["warc"],
            Self::Zip => &["zip"],
        }
    }

    /// The format that a file's name promises. An extension that says how the file is compressed is passed over.
    ///
    /// ```
    /// use std::path::Path;
    /// use topoi::ingest::Format;
    ///
    /// assert_eq!(Format::from_path(Path::new("essays/harbour.MD")), Some(Format::Markdown));
    /// assert_eq!(Format::from_path(Path::new("page.html.gz")), Some(Format::Html));
    /// assert_eq!(Format::from_path(Path::new("harbour.png")), None);
    /// ```
    #[must_use]
    pub fn from_path(path: &Path) -> Option<Self> {
        let path = compression::without_extension(path);
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        Self::ALL
            .into_iter()
            .find(|format| format.extensions().contains(&extension.as_str()))
    }

    /// The format that a media type names; what is only "text" or "data" names none.
    fn from_media_type(media_type: &str) -> Option<Self> {
        let essence = media_type.split(';').next()?.trim().to_ascii_lowercase();
        Some(match essence.as_str() {
            "text/html" | "application/xhtml+xml" => Self::Html,
            "text/markdown" => Self::Markdown,
            "application/rss+xml" | "application/atom+xml" | "application/feed+json" => Self::Feed,
            "application/x-ndjson" | "application/jsonl" => Self::JsonLines,
            "application/json" => Self::Json,
            "text/csv" | "text/tab-separated-values" => Self::Table,
            "message/rfc822" => Self::Mail,
            "application/mbox" => Self::Mailbox,
            _ => return None,
        })
    }

    /// What takes sources of this format apart.
    #[must_use]
    pub fn reader(self) -> &'static dyn Reader {
        match self {
            Self::PlainText => &PlainText,
            Self::Markdown => &Markdown,
            Self::Html => &Html,
            Self::Feed => &Feed,
            Self::JsonLines => &JsonLines,
            Self::Json => &Json,
            Self::Table => &Table,
            Self::Pdf => &Pdf,
            Self::Docx => &Docx,
            Self::Epub => &Epub,
            Self::Mail => &Mail,
            Self::Mailbox => &Mailbox,
            Self::Warc => &Warc,
            Self::Zip => &Zip,
        }
    }

    /// Recognises the format of a source.
    ///
    /// Signatures come first (a PDF named `notes.txt` is still no text), then the shape of the text (tags,
    /// objects, headers, front matter), then the name, and last the media type. Text of no particular shape is
    /// plain text.
    ///
    /// # Errors
    ///
    /// [`ReadError::OtherFormat`] for content that is recognised and has no reader, and what [`super::decode`]
    /// finds wrong with bytes that are no text.
    pub fn detect(source: &Source<'_>) -> Result<Self, ReadError> {
        if let Some(format) = source.hints().format {
            return Ok(format);
        }
        let bytes = source.bytes();
        let promised = source.hints().path.as_deref().and_then(Self::from_path);
        if let Some(format) = by_signature(bytes, promised)? {
            return Ok(format);
        }
        if is_declared_feed(bytes) {
            return Ok(Format::Feed);
        }
        let text = &source.decoded()?.text;
        if promised == Some(Self::JsonLines) {
            return Ok(Self::JsonLines);
        }
        if let Some(format) = by_tag(text)? {
            return Ok(format);
        }
        let named = source.hints().media_type.as_deref();
        let named = named.and_then(Self::from_media_type);
        if let Some(format) = by_braces(text, promised) {
            // The version that makes a feed of JSON is left out by some that serve it.
            let is_feed = format == Self::Json && named == Some(Self::Feed);
            return Ok(if is_feed { Self::Feed } else { format });
        }
        if front_matter::is_present(text) || (promised.is_none() && starts_with_heading(text)) {
            return Ok(Self::Markdown);
        }
        let named = promised.or(named);
        // A name that promises bytes of another kind than text is wrong about this text.
        Ok(named
            .filter(|format| format.is_text())
            .unwrap_or(Self::PlainText))
    }

    /// Whether spans of paragraphs count the bytes of the source, so that a paragraph has a line in it.
    #[must_use]
    pub const fn has_lines(self) -> bool {
        matches!(self, Self::PlainText | Self::Markdown)
    }

    /// Whether a source that no signature gives away can be of this format.
    const fn is_text(self) -> bool {
        !matches!(
            self,
            Self::Feed | Self::Pdf | Self::Docx | Self::Epub | Self::Warc | Self::Zip
        )
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
fn by_signature(bytes: &[u8], promised: Option<Format>) -> Result<Option<Format>, ReadError> {
    const UNREAD: [(&[u8], &str); 9] = [
        (b"BZh", "compressed with bzip2"),
        (b"\xfd7zXZ\0", "compressed with xz"),
        (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
        (b"Rar!\x1a\x07", "a RAR archive"),
        (b"\xd0\xcf\x11\xe0", "an old Office document"),
        (b"{\\rtf", "an RTF document"),
        (b"PAR1", "a Parquet file"),
        (b"\x89PNG", "a picture"),
        (b"\xff\xd8\xff", "a picture"),
    ];
    // How far into a file the first bytes of a PDF may stand (ISO 32000-1, annex H).
    const PDF_WITHIN: usize = 1024;
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
        return archive::format(bytes, promised).map(Some);
    }
    let head = bytes.get(..PDF_WITHIN.min(bytes.len())).unwrap_or(bytes);
    if head.windows(5).any(|window| window == b"%PDF-")
        && (promised == Some(Format::Pdf) || head.trim_ascii_start().starts_with(b"%PDF-"))
    {
        return Ok(Some(Format::Pdf));
    }
    if bytes.starts_with(b"WARC/") {
        return Ok(Some(Format::Warc));
    }
    if mail::starts_mailbox(bytes) {
        return Ok(Some(Format::Mailbox));
    }
    if mail::starts_mail(bytes) {
        return Ok(Some(Format::Mail));
    }
    match UNREAD
        .iter()
        .find(|(signature, _)| bytes.starts_with(signature))
    {
        Some(&(_, what)) => Err(ReadError::OtherFormat { what }),
        None => Ok(None),
    }
}

/// HTML, feeds and other XML, known by their first tag after the prolog and comments.
fn by_tag(text: &str) -> Result<Option<Format>, ReadError> {
    let mut rest = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let mut is_xml = false;
    loop {
        let begins = |tag: &str| {
            rest.get(..tag.len())
                .is_some_and(|head| head.eq_ignore_ascii_case(tag))
                && rest
                    .get(tag.len()..)
                    .and_then(|rest| rest.chars().next())
                    .is_none_or(|c| !c.is_alphanumeric() && c != '-')
        };
        if begins("<!doctype html") || HTML_TAGS.iter().any(|tag| begins(tag)) {
            return Ok(Some(Format::Html));
        }
        if begins("<rss") || begins("<feed") || begins("<rdf:rdf") {
            return Ok(Some(Format::Feed));
        }
        let end = if rest.starts_with("<!--") {
            "-->"
        } else if begins("<?xml") || begins("<?xml-stylesheet") {
            is_xml = true;
            "?>"
        } else if begins("<!doctype") {
            is_xml = true;
            // It may declare entities, in brackets.
            match (rest.find('['), rest.find('>')) {
                (Some(bracket), Some(end)) if bracket < end => "]>",
                _ => ">",
            }
        } else {
            break;
        };
        match rest.find(end) {
            Some(at) => rest = rest.get(at + end.len()..).unwrap_or("").trim_start(),
            None => break,
        }
    }
    // A prefix may stand before the name: `<atom:feed>`.
    let name = rest
        .strip_prefix('<')
        .and_then(|rest| {
            rest.split(|c: char| c.is_whitespace() || c == '>' || c == '/')
                .next()
        })
        .unwrap_or("");
    match name.rsplit(':').next() {
        Some("rss" | "feed" | "RDF") => Ok(Some(Format::Feed)),
        // A single entry, as servers send it that edit feeds.
        Some("entry") if is_atom(rest) => Ok(Some(Format::Feed)),
        _ if is_xml => Err(ReadError::OtherFormat {
            what: "an XML document that is neither a page nor a feed",
        }),
        _ => Ok(None),
    }
}

/// Whether the first tag names Atom's namespace.
fn is_atom(text: &str) -> bool {
    let tag = text.split('>').next().unwrap_or("");
    tag.contains("http://www.w3.org/2005/Atom")
}

/// Whether bytes are XML that says so, and a feed. XML names its own encoding, which has to be known before its first tag
/// can be read.
fn is_declared_feed(bytes: &[u8]) -> bool {
    // Above the first tag stands at most a licence.
    const HEAD: usize = 64 << 10;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let bytes = bytes.trim_ascii_start();
    bytes.starts_with(b"<?xml")
        && bytes
            .get(..HEAD.min(bytes.len()))
            .is_some_and(|head| matches!(by_tag(&decode_xml(head)), Ok(Some(Format::Feed))))
}

/// Tags that a page or a part of one begins with.
const HTML_TAGS: [&str; 10] = [
    "<html", "<head", "<body", "<article", "<div", "<section", "<main", "<title", "<meta", "<p",
];

/// JSON, known by its brackets, and JSON Feed, known by its version.
fn by_braces(text: &str, promised: Option<Format>) -> Option<Format> {
    let lines = || text.lines().filter(|line| !line.trim().is_empty());
    if lines().nth(1).is_some() && starts_with_json_lines(text) {
        return Some(Format::JsonLines);
    }
    if !is_json(text)
        || !matches!(
            promised,
            None | Some(Format::Json | Format::Feed | Format::PlainText)
        )
    {
        return None;
    }
    // Programs that sort the names of an object write the version behind the entries.
    let head = text.get(..text.floor_char_boundary(1024)).unwrap_or(text);
    let tail = text.ceil_char_boundary(text.len().saturating_sub(1024));
    let tail = text.get(tail..).unwrap_or_default();
    let names_version = |part: &str| {
        part.contains("://jsonfeed.org/version/")
            || part.contains(":\\/\\/jsonfeed.org\\/version\\/")
    };
    if names_version(head) || names_version(tail) {
        return Some(Format::Feed);
    }
    // Plain text may begin with a bracket; it is JSON only if it also ends as such.
    (promised == Some(Format::Json) || text.trim_end().ends_with(['}', ']']))
        .then_some(Format::Json)
}

/// Whether one of the first three lines that hold anything is a JSON object.
///
/// Three rather than one, so that a single bad line at the top does not change what the file is.
fn starts_with_json_lines(text: &str) -> bool {
    text.trim_start().starts_with('{')
        && text
            .lines()
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
            ..Hints::default()
        };
        Format::detect(&Source::new(content.as_bytes(), &hints)).map_err(|error| error.to_string())
    }

    #[test]
    fn a_json_feed_is_known_wherever_its_version_stands_and_by_its_media_type() {
        let entries = format!("{{\"items\": [{}1], ", "\"port\", ".repeat(1000));
        let sorted = format!("{entries}\"version\": \"https://jsonfeed.org/version/1\"}}");
        assert_eq!(detect("feed", &sorted), Ok(Format::Feed));
        let bare = format!("{entries}\"title\": \"Ports\"}}");
        for (media_type, format) in [
            ("application/feed+json", Format::Feed),
            ("application/json", Format::Json),
        ] {
            let hints = Hints {
                media_type: Some(media_type.to_owned()),
                ..Hints::default()
            };
            let source = Source::new(bare.as_bytes(), &hints);
            assert_eq!(Format::detect(&source), Ok(format));
        }
    }

    #[test]
    fn content_decides_before_the_name() {
        assert_eq!(
            detect("notes.txt", "{\"text\": \"One.\"}\n{\"text\": \"Two.\"}\n"),
            Ok(Format::JsonLines)
        );
        assert_eq!(
            detect("notes.txt", "---\ntitle: One\n---\nText."),
            Ok(Format::Markdown)
        );
        for (name, content, format) in [
            ("notes.txt", "%PDF-1.7 …", Format::Pdf),
            ("", "<!DOCTYPE HTML><p>x", Format::Html),
            ("page.txt", "\n<html lang=en>", Format::Html),
            (
                "page.xml",
                "<?xml version='1.0'?>\n<!-- x -->\n<!DOCTYPE html><html>",
                Format::Html,
            ),
            (
                "feed.xml",
                "<?xml version='1.0'?><rss version='2.0'>",
                Format::Feed,
            ),
            ("", "<atom:feed xmlns:atom='x'>", Format::Feed),
            (
                "",
                "<!DOCTYPE rss [<!ENTITY % a 'b'>\n%a;]>\n<rss version='2.0'>",
                Format::Feed,
            ),
            ("", "<rdf:RDF>", Format::Feed),
            (
                "feed.json",
                "{\"version\": \"https://jsonfeed.org/version/1.1\"}",
                Format::Feed,
            ),
            ("a.json", "{\n \"text\": 1\n}", Format::Json),
            ("", "[{\"text\": \"One.\"}]", Format::Json),
            ("", "[\n{\"text\": \"One.\"}\n]", Format::Json),
            ("", "{\"text\": \"One.\"}\n", Format::Json),
            ("", "WARC/1.0\r\n", Format::Warc),
            (
                "",
                "From ada@example.org Thu May 14 10:00:00 2020\nSubject: x\n\nx",
                Format::Mailbox,
            ),
            (
                "",
                "Received: x\nFrom: a@example.org\nSubject: x\n\nx",
                Format::Mail,
            ),
        ] {
            assert_eq!(detect(name, content), Ok(format), "{content}");
        }
        let reason = |content| detect("notes.txt", content).unwrap_err();
        assert!(reason("<?xml version=\"1.0\"?><catalogue>").starts_with("is an XML document"));
        assert!(reason("{\\rtf1 x}").starts_with("is an RTF document"));
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
        for text in [
            "[sic] is how the letter begins.",
            "Date: today\nMood: good",
            "<3 is a heart.",
        ] {
            assert_eq!(detect("", text), Ok(Format::PlainText), "{text}");
        }
        assert_eq!(detect("rows.csv", "title,text\nOne,Two"), Ok(Format::Table));
        assert_eq!(detect("a.pdf", "No PDF at all."), Ok(Format::PlainText));
    }

    #[test]
    fn one_bad_line_at_the_top_does_not_hide_json_lines() {
        assert_eq!(
            detect("", "{\"text\": \"cut\n{\"text\": \"Whole.\"}\n"),
            Ok(Format::JsonLines)
        );
    }
}
