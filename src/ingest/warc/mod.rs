//! The reader of web archives.

mod http;
mod record;

use std::borrow::Cow;

use super::entries::Members;
use super::error::{ReadError, Warning};
use super::source::{Extracted, Hints, Reader, Source};
use http::Response;
use record::{Next, Record, Records};

const WHAT: &str = "a web archive";

/// Reads a web archive (ISO 28500, WARC/1.0 and 1.1): what servers answered, resources, and conversions, each as a
/// source of its own.
///
/// An article's entry is the address that it was fetched from. Passed over, and counted, is what can be no article:
/// requests for pages that were not there, redirections, pictures, scripts, styles, `robots.txt`.
pub(super) struct Warc;

impl Reader for Warc {
    fn read(&self, source: &Source<'_>) -> Result<Extracted, ReadError> {
        let mut records = Records::new(source.bytes());
        let mut members = Members::default();
        let mut passed_over = 0;
        while !members.are_full() {
            let record = match records.next() {
                Next::End => break,
                Next::Record(record) => record,
                Next::Damaged => {
                    members.leave_out("a part of the archive", "is not a record".to_owned());
                    continue;
                }
                Next::CutOff => {
                    members.warn(Warning::CutOff { what: "a record" });
                    break;
                }
            };
            let Some(page) = Page::of(&record) else {
                passed_over += usize::from(is_content(&record));
                continue;
            };
            let read = page.read(source).map(|mut member| {
                for article in &mut member.articles {
                    let address = &mut article.metadata.address;
                    address.get_or_insert_with(|| page.address.clone());
                }
                member
            });
            members.add(&page.address, read, source.budget())?;
        }
        members.pass_over(
            passed_over,
            "records without text (pictures, scripts, redirections, pages that were not there)",
        );
        members.finish(WHAT)
    }
}

/// Whether a record is there for its content, rather than for how it came into the archive.
fn is_content(record: &Record<'_>) -> bool {
    matches!(
        record.header.get("WARC-Type").as_deref(),
        Some("response" | "resource" | "conversion")
    )
}

/// Something that was fetched and may be read.
struct Page<'a> {
    address: String,
    media_type: Option<String>,
    body: Body<'a>,
}

enum Body<'a> {
    Plain(&'a [u8]),
    Sent(Response<'a>),
}

impl<'a> Page<'a> {
    /// The page that a record holds; `None` where it holds none that can be an article.
    fn of(record: &Record<'a>) -> Option<Self> {
        if !is_content(record) {
            return None;
        }
        let address = record.header.get("WARC-Target-URI");
        let address = address.or_else(|| record.header.get("WARC-Record-ID"));
        let address = address.as_deref().unwrap_or("a record");
        let address = address.trim_matches(['<', '>']).to_owned();
        let declared = record.header.get("Content-Type");
        let is_http = declared
            .as_deref()
            .is_some_and(|declared| declared.starts_with("application/http"));
        let (media_type, body) = match Response::read(record.block).filter(|_| is_http) {
            Some(response) if response.status != 200 => return None,
            Some(response) => (response.media_type.clone(), Body::Sent(response)),
            None if is_http => return None,
            None => (declared, Body::Plain(record.block)),
        };
        let is_wanted = media_type.as_deref().is_none_or(may_be_text)
            && !address.ends_with("/robots.txt")
            && !address.starts_with("dns:");
        is_wanted.then_some(Self {
            address,
            media_type,
            body,
        })
    }

    fn read(&self, source: &Source<'_>) -> Result<Extracted, ReadError> {
        let body = match &self.body {
            Body::Plain(bytes) => Cow::Borrowed(*bytes),
            Body::Sent(response) => response.body(source.budget())?,
        };
        let hints = Hints {
            media_type: self.media_type.clone(),
            address: Some(self.address.clone()),
            ..Hints::default()
        };
        source.read_member(&body, &hints)
    }
}

/// Whether what is of a media type may be an article. Data for scripts, such as JSON, is none.
fn may_be_text(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default();
    let essence = essence.trim().to_ascii_lowercase();
    match essence.split_once('/') {
        Some(("text", kind)) => !matches!(
            kind,
            "css" | "javascript" | "ecmascript" | "x-javascript" | "dns" | "calendar" | "vcard"
        ),
        Some(("application", kind)) => matches!(
            kind,
            "xhtml+xml"
                | "xml"
                | "rss+xml"
                | "atom+xml"
                | "rdf+xml"
                | "feed+json"
                | "pdf"
                | "epub+zip"
                | "msword"
                | "vnd.openxmlformats-officedocument.wordprocessingml.document"
        ),
        Some(("message", "rfc822")) | None => true,
        Some(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::write::GzEncoder;

    use super::super::format::Format;
    use super::super::source::{Reading, read_source};
    use super::*;

    const TEXT: &str = "A port is not a monument.\n\nIt silts up where nobody dredges it.\n";

    fn record(kind: &str, address: &str, media_type: &str, block: &str) -> String {
        format!(
            "WARC/1.1\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {address}\r\nContent-Type: {media_type}\r\n\
             Content-Length: {}\r\n\r\n{block}\r\n\r\n",
            block.len()
        )
    }

    fn response(address: &str, status: u16, media_type: &str, body: &str) -> String {
        let block = format!("HTTP/1.1 {status} X\r\nContent-Type: {media_type}\r\n\r\n{body}");
        record(
            "response",
            address,
            "application/http; msgtype=response",
            &block,
        )
    }

    fn read(bytes: &[u8]) -> Result<Reading, ReadError> {
        read_source(bytes, &Hints::default())
    }

    fn sample() -> Vec<String> {
        vec![
            record("warcinfo", "", "application/warc-fields", "software: x"),
            response("http://example.org/a", 200, "text/plain", TEXT),
            record(
                "request",
                "http://example.org/a",
                "application/http",
                "GET /a HTTP/1.1\r\n\r\n",
            ),
            response("http://example.org/b", 404, "text/plain", TEXT),
            response("http://example.org/c.png", 200, "image/png", "x"),
            response("http://example.org/robots.txt", 200, "text/plain", TEXT),
            record("conversion", "<http://example.org/d>", "text/plain", TEXT),
            record(
                "resource",
                "http://example.org/a",
                "text/markdown",
                "# Mud\n\nSilt.",
            ),
        ]
    }

    #[test]
    fn pages_are_read_and_the_rest_is_counted() {
        let reading = read(sample().concat().as_bytes()).unwrap();
        assert_eq!(reading.format, Format::Warc);
        let entries: Vec<_> = reading
            .articles
            .iter()
            .filter_map(|article| article.entry.as_deref())
            .collect();
        assert_eq!(
            entries,
            [
                "http://example.org/a",
                "http://example.org/d",
                "http://example.org/a:2"
            ]
        );
        assert_eq!(reading.left_out, 3);
        assert_eq!(
            reading.articles[2].metadata.address.as_deref(),
            Some("http://example.org/a")
        );
        assert_eq!(reading.articles[2].metadata.title.as_deref(), Some("Mud"));
        assert!(
            reading.warnings[0]
                .to_string()
                .starts_with("3 records without text")
        );
    }

    #[test]
    fn an_archive_with_a_gzip_member_a_record_is_one_archive() {
        let mut bytes = Vec::new();
        for record in sample() {
            let mut encoder = GzEncoder::new(&mut bytes, flate2::Compression::default());
            encoder.write_all(record.as_bytes()).unwrap();
            encoder.finish().unwrap();
        }
        assert_eq!(read(&bytes).unwrap().articles.len(), 3);
    }

    #[test]
    fn what_precedes_damage_and_what_follows_it_is_kept() {
        let whole = sample().concat();
        let cut = read(&whole.as_bytes()[..whole.len() - 8]).unwrap();
        assert_eq!(cut.articles.len(), 2);
        assert!(cut.warnings.contains(&Warning::CutOff { what: "a record" }));
        let damaged = whole.replacen("Content-Length", "Content-Width", 2);
        let reading = read(damaged.as_bytes()).unwrap();
        assert_eq!(reading.articles.len(), 2);
        assert!(reading.warnings[0].to_string().contains("is not a record"));
    }

    #[test]
    fn hostile_archives_end_soon() {
        for unit in [
            "WARC/1.0\r\n",
            "WARC/1.0\r\n\r\n",
            "WARC/1.0\r\nContent-Length: 0\r\n\r\n",
            "WARC/1.0",
        ] {
            let error = read(unit.repeat(200_000).as_bytes()).unwrap_err();
            assert!(
                matches!(error, ReadError::Damaged { .. } | ReadError::Empty),
                "{error}"
            );
        }
        let long = format!("WARC/1.0\r\nContent-Length: {}\r\n\r\nx", usize::MAX);
        assert!(read(long.as_bytes()).is_err());
    }
}
