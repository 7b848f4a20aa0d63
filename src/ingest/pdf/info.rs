//! What a PDF says about itself: the document information, and XMP where that says nothing.

use hayro_font::hayro_syntax::Pdf;
use hayro_font::hayro_syntax::object::{Dict, Stream};
use quick_xml::Reader;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::Event;

use super::unpack::Unpacking;
use crate::article::{Date, Metadata};
use crate::ingest::fold::fold;

/// Names that programs and people leave where no title was given.
const NO_TITLES: [&str; 9] = [
    "untitled",
    "powerpoint presentation",
    "word document",
    "no title",
    "title",
    "document",
    "slide 1",
    "microsoft word",
    "template",
];

/// Names of accounts and programs that stand for no author.
const NO_AUTHORS: [&str; 9] = [
    "user",
    "admin",
    "administrator",
    "unknown",
    "owner",
    "author",
    "root",
    "microsoft",
    "anonymous",
];

/// The endings of names of files that titles are made of.
const ENDINGS: [&str; 14] = [
    ".doc", ".docx", ".pdf", ".tex", ".dvi", ".indd", ".qxd", ".rtf", ".odt", ".ppt", ".pptx",
    ".txt", ".fm", ".eps",
];

/// The title, the author and the date of a document, as far as they are sensible.
pub(super) fn metadata(pdf: &Pdf, unpacking: &mut Unpacking) -> Metadata {
    let info = pdf.metadata();
    let title = info
        .title
        .as_deref()
        .and_then(|title| sensible_title(&text(title)));
    let author = info
        .author
        .as_deref()
        .and_then(|author| sensible_author(&text(author)));
    let date = info
        .creation_date
        .and_then(|date| Date::new(date.year, Some(date.month), Some(date.day)));
    let xmp = match title.is_none() || author.is_none() || date.is_none() {
        true => xmp(pdf, unpacking),
        false => Xmp::default(),
    };
    Metadata {
        title: title.or_else(|| sensible_title(&xmp.title)),
        author: author.or_else(|| sensible_author(&xmp.creators.join(", "))),
        date: date.or_else(|| xmp.created.parse().ok()),
        ..Metadata::default()
    }
}

/// A string outside of content: UTF-16 or UTF-8 with a mark, or Latin.
fn text(bytes: &[u8]) -> String {
    match bytes {
        [0xfe, 0xff, rest @ ..] => encoding_rs::UTF_16BE
            .decode_without_bom_handling(rest)
            .0
            .into_owned(),
        [0xff, 0xfe, rest @ ..] => encoding_rs::UTF_16LE
            .decode_without_bom_handling(rest)
            .0
            .into_owned(),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => encoding_rs::WINDOWS_1252
                .decode_without_bom_handling(bytes)
                .0
                .into_owned(),
        },
    }
}

/// A title, folded, unless it is what a program put there.
pub(super) fn sensible_title(title: &str) -> Option<String> {
    let title = fold(title);
    let title = title
        .strip_prefix("Microsoft Word - ")
        .map_or(title.as_str(), |_| "");
    let lower = title.to_lowercase();
    let letters = title.chars().filter(|c| c.is_alphabetic()).count();
    let is_file = ENDINGS.iter().any(|ending| lower.ends_with(ending))
        || (!title.contains(' ') && title.contains(['_', '/', '\\']))
        || lower.starts_with("file:")
        || lower.starts_with("http");
    // One word with digits in it is a name for a file or an order.
    let is_code = !title.contains(' ') && title.chars().any(|c| c.is_ascii_digit());
    let is_none = NO_TITLES.iter().any(|none| lower == *none) || lower.starts_with("untitled");
    (letters >= 3 && !is_file && !is_code && !is_none && title.len() <= 400)
        .then(|| title.to_owned())
}

fn sensible_author(author: &str) -> Option<String> {
    let author = fold(author);
    let lower = author.to_lowercase();
    // An account is one word in lower case.
    let is_account = !author.contains(' ') && author == lower && lower.is_ascii();
    let is_none = NO_AUTHORS.iter().any(|none| lower == *none);
    let letters = author.chars().filter(|c| c.is_alphabetic()).count();
    (letters >= 2 && !is_account && !is_none && author.len() <= 400).then_some(author)
}

#[derive(Debug, Default, PartialEq)]
struct Xmp {
    title: String,
    creators: Vec<String>,
    created: String,
}

fn xmp(pdf: &Pdf, unpacking: &mut Unpacking) -> Xmp {
    let root = pdf.xref().get::<Dict<'_>>(pdf.xref().root_id());
    let stream = root.and_then(|root| root.get::<Stream<'_>>("Metadata"));
    let packet = stream.and_then(|stream| unpacking.unpack(&stream));
    packet.map_or_else(Xmp::default, |packet| {
        parse_xmp(&String::from_utf8_lossy(&packet))
    })
}

/// What an XMP packet says; what is damaged ends it.
fn parse_xmp(packet: &str) -> Xmp {
    let mut xmp = Xmp::default();
    let mut reader = Reader::from_str(packet);
    let mut within: Option<String> = None;
    let mut item = String::new();
    while let Ok(event) = reader.read_event() {
        match event {
            Event::Eof => break,
            Event::Start(start) if is_property(start.name().as_ref()) => {
                within = Some(start.name().as_ref().to_owned());
                item.clear();
            }
            Event::Text(text) if within.is_some() => {
                item.push_str(&text);
            }
            Event::GeneralRef(name) if within.is_some() => {
                item.push_str(resolve_xml_entity(&name).unwrap_or(""));
            }
            Event::End(end) => {
                let text = std::mem::take(&mut item);
                let text = text.trim();
                match within.as_deref() {
                    Some("dc:title") if xmp.title.is_empty() => text.clone_into(&mut xmp.title),
                    Some("dc:creator") if !text.is_empty() => xmp.creators.push(text.to_owned()),
                    Some("xmp:CreateDate") => text.clone_into(&mut xmp.created),
                    _ => {}
                }
                if within.as_deref() == Some(end.name().as_ref()) {
                    within = None;
                }
            }
            _ => {}
        }
    }
    xmp
}

fn is_property(name: &str) -> bool {
    matches!(name, "dc:title" | "dc:creator" | "xmp:CreateDate")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_that_are_names_of_files_are_none() {
        for none in [
            "Microsoft Word - harbour.doc",
            "harbour_final_2",
            "untitled-1",
            "draft.pdf",
            "1234.5678v2",
            "",
            "PowerPoint Presentation",
        ] {
            assert_eq!(sensible_title(none), None, "{none}");
        }
        assert_eq!(
            sensible_title(" The  Harbour ").as_deref(),
            Some("The Harbour")
        );
        for none in ["ada", "Administrator", "user", "?"] {
            assert_eq!(sensible_author(none), None, "{none}");
        }
        assert_eq!(sensible_author("Ada Marsh").as_deref(), Some("Ada Marsh"));
    }

    #[test]
    fn strings_are_read_in_their_encodings() {
        assert_eq!(text(b"\xfe\xff\0\xd6\0l"), "Öl");
        assert_eq!(text(b"\xd6l"), "Öl");
    }

    #[test]
    fn xmp_gives_what_the_information_lacks() {
        let packet = "<x><dc:title><rdf:Alt><rdf:li>Ports &amp; Piers</rdf:li></rdf:Alt></dc:title>\
                      <dc:creator><rdf:Seq><rdf:li>Ada Marsh</rdf:li><rdf:li>Ben Holt</rdf:li></rdf:Seq></dc:creator>\
                      <xmp:CreateDate>2020-05-14T10:00:00Z</xmp:CreateDate><broken";
        let xmp = parse_xmp(packet);
        assert_eq!(xmp.title, "Ports & Piers");
        assert_eq!(xmp.creators, ["Ada Marsh", "Ben Holt"]);
        assert_eq!(xmp.created, "2020-05-14T10:00:00Z");
    }
}
