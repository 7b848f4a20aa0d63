//! ZIP archives as readers see them: named parts, unpacked one at a time within a budget.

use std::collections::HashMap;
use std::io::Cursor;

use zip::ZipArchive;
use zip::result::ZipError;

use super::compression::Budget;
use super::error::ReadError;
use super::file::DEFAULT_MAX_FILE_SIZE;

/// How many files a ZIP archive holds at most.
///
/// Each costs some 500 bytes before it is read; a library of so many articles is better unpacked.
const PARTS: usize = 200_000;

/// The bytes that one file takes in the list of an archive at least, and those that it begins with there.
const LISTED: (usize, &[u8]) = (46, b"PK\x01\x02");

/// A ZIP archive.
pub(super) struct Package<'a> {
    archive: ZipArchive<Cursor<&'a [u8]>>,
    /// Where each part is, by its name in lower case.
    places: HashMap<String, usize>,
    budget: &'a Budget,
    what: &'static str,
}

impl<'a> Package<'a> {
    /// Opens an archive; `what` names it, with its article.
    ///
    /// # Errors
    ///
    /// [`ReadError::Damaged`].
    pub(super) fn open(
        bytes: &'a [u8],
        budget: &'a Budget,
        what: &'static str,
    ) -> Result<Self, ReadError> {
        let archive = open(bytes, what)?;
        let mut places = HashMap::with_capacity(archive.len());
        for (at, name) in archive.file_names().enumerate() {
            if let Ok(name) = name {
                places.entry(key(&name)).or_insert(at);
            }
        }
        Ok(Self {
            archive,
            places,
            budget,
            what,
        })
    }

    /// The bytes of a part; `None` where there is none of that name.
    ///
    /// # Errors
    ///
    /// [`ReadError::Encrypted`], [`ReadError::Damaged`] and [`ReadError::UnpacksTooLarge`].
    pub(super) fn part(&mut self, name: &str) -> Result<Option<Vec<u8>>, ReadError> {
        match self.places.get(&key(name)) {
            Some(&at) => unpack(&mut self.archive, at, self.budget, self.what).map(Some),
            None => Ok(None),
        }
    }
}

/// Names are compared as most systems compare them.
fn key(name: &str) -> String {
    name.replace('\\', "/").to_lowercase()
}

/// The name in the package that a reference from a folder means.
pub(super) fn resolve(folder: &str, target: &str) -> String {
    let mut path: Vec<&str> = match target.starts_with('/') {
        true => Vec::new(),
        false => folder.split('/').collect(),
    };
    for step in target.split('/') {
        match step {
            ".." => {
                path.pop();
            }
            "." => {}
            step => path.push(step),
        }
    }
    path.retain(|step| !step.is_empty());
    path.join("/")
}

/// Opens a ZIP archive without unpacking anything.
pub(super) fn open<'a>(
    bytes: &'a [u8],
    what: &'static str,
) -> Result<ZipArchive<Cursor<&'a [u8]>>, ReadError> {
    let damaged = |reason: String| ReadError::Damaged { what, reason };
    // The list is counted before anything is built from it.
    if bytes.len() / LISTED.0 > PARTS {
        let listed = bytes
            .windows(LISTED.1.len())
            .filter(|window| *window == LISTED.1)
            .count();
        if listed > PARTS {
            return Err(damaged(format!(
                "it holds more than {PARTS} files; unpack it, and index the folder"
            )));
        }
    }
    ZipArchive::new(Cursor::new(bytes)).map_err(|error| damaged(reason(&error)))
}

/// Unpacks one file of an archive.
pub(super) fn unpack(
    archive: &mut ZipArchive<Cursor<&[u8]>>,
    at: usize,
    budget: &Budget,
    what: &'static str,
) -> Result<Vec<u8>, ReadError> {
    let file = match archive.by_index(at) {
        Ok(file) => file,
        Err(ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED)) => {
            return Err(ReadError::Encrypted { what });
        }
        Err(error) => {
            return Err(ReadError::Damaged {
                what,
                reason: reason(&error),
            });
        }
    };
    budget.unpack_at_most(file, what, DEFAULT_MAX_FILE_SIZE)
}

/// What the library says is wrong, without the words that every such message begins with.
fn reason(error: &ZipError) -> String {
    let text = error.to_string();
    for known in ["invalid Zip archive: ", "unsupported Zip archive: "] {
        if let Some(rest) = text.strip_prefix(known) {
            return rest.to_owned();
        }
    }
    text
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::Write;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    /// A ZIP archive of these files.
    pub(in super::super) fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in files {
            writer
                .start_file(*name, SimpleFileOptions::default())
                .unwrap();
            writer.write_all(content).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    #[test]
    fn a_part_is_found_however_its_name_is_written() {
        let bytes = archive(&[("Word/Document.xml", b"x")]);
        let budget = Budget::new();
        let mut package = Package::open(&bytes, &budget, "a document").unwrap();
        assert_eq!(
            package.part("word/document.xml").unwrap().as_deref(),
            Some(&b"x"[..])
        );
        assert_eq!(package.part("word/styles.xml").unwrap(), None);
    }

    #[test]
    fn references_are_resolved_in_their_folder() {
        for (folder, target, path) in [
            ("", "word/document.xml", "word/document.xml"),
            ("word", "styles.xml", "word/styles.xml"),
            ("word", "/docProps/core.xml", "docProps/core.xml"),
            ("word/x", "../../a/./b", "a/b"),
            ("", "../../a", "a"),
        ] {
            assert_eq!(resolve(folder, target), path);
        }
    }

    #[test]
    fn damage_is_named() {
        let budget = Budget::new();
        let mut bytes = archive(&[("a", &[b'a'; 1000])]);
        bytes[40] ^= 0xff;
        let mut package = Package::open(&bytes, &budget, "a document").unwrap();
        assert!(matches!(package.part("a"), Err(ReadError::Damaged { .. })));
        let error = Package::open(&bytes[..50], &budget, "a document").err();
        assert!(matches!(error, Some(ReadError::Damaged { .. })));
    }

    #[test]
    fn a_list_without_end_is_not_read() {
        let bytes = LISTED.1.repeat(PARTS * 12);
        let error = open(&bytes, "a ZIP archive").err().unwrap().to_string();
        assert!(error.contains("more than 200000 files"), "{error}");
    }
}
