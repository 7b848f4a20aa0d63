//! The reader of ZIP archives, and what is in one.

use std::path::Path;

use super::compression;
use super::entries::Members;
use super::error::ReadError;
use super::format::Format;
use super::package;
use super::source::{Extracted, Hints, Reader, Source};

const WHAT: &str = "a ZIP archive";

/// Reads a ZIP archive: each file in it is read as if it stood alone.
///
/// As in a folder, files whose names promise no format are left out (here they are counted too), and hidden files
/// are passed over.
pub(super) struct Zip;

impl Reader for Zip {
    fn read(&self, source: &Source<'_>) -> Result<Extracted, ReadError> {
        let mut archive = package::open(source.bytes(), WHAT)?;
        let mut members = Members::default();
        for at in 0..archive.len() {
            if members.are_full() {
                break;
            }
            let Some(Ok(name)) = archive.name_for_index(at) else {
                continue;
            };
            let name = name.replace('\\', "/");
            if name.ends_with('/') || is_hidden(&name) {
                continue;
            }
            if !promises_a_format(&name) {
                members.leave_out(&name, "has a name that promises no format".to_owned());
                continue;
            }
            let read = package::unpack(&mut archive, at, source.budget(), "a file")
                .and_then(|bytes| source.read_member(&bytes, &hints(source, &name)));
            members.add(&name, read, source.budget())?;
        }
        members.finish(WHAT)
    }
}

/// What is known of a file in an archive.
fn hints(source: &Source<'_>, name: &str) -> Hints {
    Hints {
        path: Some(name.into()),
        fields: source.hints().fields.clone(),
        ..Hints::default()
    }
}

/// Whether a file is worth unpacking: its name promises a format, or it is compressed, in which case only its content
/// says what it is.
fn promises_a_format(name: &str) -> bool {
    let path = Path::new(name);
    Format::from_path(path).is_some() || compression::without_extension(path) != path
}

/// Whether a file is there for a system rather than for people: `.DS_Store`, `__MACOSX/`.
fn is_hidden(name: &str) -> bool {
    name.split('/')
        .any(|part| (part.starts_with('.') && part != "." && part != "..") || part == "__MACOSX")
}

/// Which format a ZIP archive is: many packed files, or one of those that are archives inside.
pub(super) fn format(bytes: &[u8], promised: Option<Format>) -> Result<Format, ReadError> {
    // What it was to be says best what is wrong with it.
    let archive = package::open(
        bytes,
        match promised {
            Some(Format::Docx) => "a Word document",
            Some(Format::Epub) => "a book",
            _ => WHAT,
        },
    )?;
    let has = |name: &str| archive.index_for_name(name).is_some();
    if has("META-INF/container.xml") {
        return Ok(Format::Epub);
    }
    if has("[Content_Types].xml") {
        let is_text = archive
            .file_names()
            .any(|name| name.is_ok_and(|name| name.starts_with("word/")));
        return match is_text {
            true => Ok(Format::Docx),
            false => Err(ReadError::OtherFormat {
                what: "an Office document that is no text",
            }),
        };
    }
    if has("content.xml") && has("mimetype") {
        return Err(ReadError::OtherFormat {
            what: "an OpenDocument file",
        });
    }
    Ok(Format::Zip)
}

#[cfg(test)]
mod tests {
    use super::super::package::tests::archive;
    use super::super::source::read_source;
    use super::*;

    const TEXT: &str = "A port is not a monument.\n\nIt silts up where nobody dredges it.\n";

    fn read(bytes: &[u8]) -> Result<super::super::source::Reading, ReadError> {
        read_source(bytes, &Hints::default())
    }

    #[test]
    fn files_are_read_as_if_they_stood_alone() {
        let bytes = archive(&[
            ("essays/", b""),
            ("essays/a.txt", TEXT.as_bytes()),
            (
                "b.jsonl",
                b"{\"id\": 7, \"text\": \"One.\"}\n{\"text\": \"Two.\"}",
            ),
            ("__MACOSX/essays/._a.txt", b"\0"),
            (".DS_Store", b"\0"),
            ("harbour.png", b"\x89PNG"),
            ("empty.txt", b" "),
        ]);
        let reading = read(&bytes).unwrap();
        assert_eq!(reading.format, Format::Zip);
        let entries: Vec<_> = reading
            .articles
            .iter()
            .filter_map(|article| article.entry.as_deref())
            .collect();
        assert_eq!(entries, ["essays/a.txt", "b.jsonl#7", "b.jsonl#2"]);
        assert_eq!(reading.left_out, 2);
        let said: Vec<String> = reading.warnings.iter().map(ToString::to_string).collect();
        assert_eq!(
            said,
            [
                "`harbour.png` was left out: it has a name that promises no format",
                "`empty.txt` was left out: it holds no text"
            ]
        );
    }

    #[test]
    fn archives_in_archives_are_read_to_a_depth() {
        let mut bytes = archive(&[("a.txt", TEXT.as_bytes())]);
        for _ in 0..3 {
            bytes = archive(&[("inner.zip", &bytes)]);
        }
        let reading = read(&bytes).unwrap();
        assert_eq!(
            reading.articles[0].entry.as_deref(),
            Some("inner.zip#inner.zip#inner.zip#a.txt")
        );
        for _ in 0..20 {
            bytes = archive(&[("inner.zip", &bytes)]);
        }
        let error = read(&bytes).unwrap_err().to_string();
        assert!(error.contains("more than 4 archives"), "{error}");
    }

    #[test]
    fn what_unpacks_without_end_is_an_error() {
        let zeros = vec![b' '; 60 << 20];
        let names: Vec<String> = (0..6).map(|number| format!("{number}.txt")).collect();
        let files: Vec<(&str, &[u8])> = names
            .iter()
            .map(|name| (name.as_str(), zeros.as_slice()))
            .collect();
        let error = read(&archive(&files)).unwrap_err();
        assert!(
            matches!(error, ReadError::UnpacksTooLarge { .. }),
            "{error}"
        );
    }
}
