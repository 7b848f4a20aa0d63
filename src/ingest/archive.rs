//! The reader of ZIP archives, and what is in one.

use std::io::Cursor;

use zip::ZipArchive;

use super::error::ReadError;
use super::format::Format;
use super::source::{Extracted, Reader, Source};

/// Reads a ZIP archive: each file in it is read as if it stood alone.
pub(super) struct Zip;

impl Reader for Zip {
    fn read(&self, _: &Source<'_>) -> Result<Extracted, ReadError> {
        Err(ReadError::OtherFormat {
            what: "a ZIP archive",
        })
    }
}

/// Which format a ZIP archive is: many packed files, or one of those that are archives inside.
pub(super) fn format(bytes: &[u8], promised: Option<Format>) -> Result<Format, ReadError> {
    let archive = match ZipArchive::new(Cursor::new(bytes)) {
        Ok(archive) => archive,
        Err(error) => {
            // What it was to be says best what is wrong with it.
            let what = match promised {
                Some(Format::Docx) => "a Word document",
                Some(Format::Epub) => "a book",
                _ => "a ZIP archive",
            };
            return Err(ReadError::Damaged {
                what,
                reason: error.to_string(),
            });
        }
    };
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
