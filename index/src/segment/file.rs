//! Writing a segment file: sections one after the other, and the name only when all of it is on disk.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest, Sha256};

use super::layout::{ALIGNMENT, Extent, HEADER_LEN, Header};
use crate::error::Error;

/// A segment file being written next to its final place, as `NAME.PROCESS.NUMBER.tmp`; removed unless it is
/// finished.
pub(super) struct SegmentFile {
    path: PathBuf,
    temporary: PathBuf,
    /// `None` once the file has been given its name.
    writer: Option<BufWriter<File>>,
    written: u64,
    section: Extent,
    hasher: Sha256,
}

impl SegmentFile {
    /// Begins a file, leaving room for the header.
    pub(super) fn create(path: &Path) -> Result<Self, Error> {
        let (temporary, file) = temporary_beside(path, "tmp")?;
        let mut this = Self {
            path: path.to_path_buf(),
            temporary,
            writer: Some(BufWriter::with_capacity(1 << 20, file)),
            written: 0,
            section: Extent::default(),
            hasher: Sha256::new(),
        };
        this.put(&[0; HEADER_LEN])?;
        this.begin()?;
        Ok(this)
    }

    /// Begins a section at the next aligned place.
    pub(super) fn begin(&mut self) -> Result<(), Error> {
        let gap = self.written.next_multiple_of(ALIGNMENT) - self.written;
        let zeros = [0; ALIGNMENT as usize];
        self.put(zeros.get(..gap as usize).unwrap_or_default())?;
        self.section = Extent {
            offset: self.written,
            ..Extent::default()
        };
        self.hasher = Sha256::new();
        Ok(())
    }

    /// Adds bytes to the section.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.hasher.update(bytes);
        self.section.len += bytes.len() as u64;
        self.put(bytes)
    }

    /// Ends the section.
    pub(super) fn end(&mut self) -> Extent {
        self.section.sha256 = self.hasher.finalize_reset().into();
        self.section
    }

    /// A whole section.
    pub(super) fn section(&mut self, bytes: &[u8]) -> Result<Extent, Error> {
        self.begin()?;
        self.write(bytes)?;
        Ok(self.end())
    }

    /// Where it is being written.
    pub(super) fn temporary(&self) -> &Path {
        &self.temporary
    }

    /// Bytes written so far.
    pub(super) fn written(&self) -> u64 {
        self.written
    }

    /// The file, with everything that was written in it.
    pub(super) fn flushed(&mut self) -> Result<&File, Error> {
        let action = Error::io("write", &self.temporary);
        let writer = self.writer.as_mut().ok_or_else(closed);
        match writer.and_then(|writer| writer.flush().map(|()| &*writer)) {
            Ok(writer) => Ok(writer.get_ref()),
            Err(error) => Err(action(error)),
        }
    }

    /// Writes the header, makes sure that all of it is on disk, and only then gives the file its name.
    /// Returns the checksum of the header.
    pub(super) fn finish(mut self, header: &Header) -> Result<[u8; 32], Error> {
        let (bytes, checksum) = header.encode();
        let written = self
            .writer
            .take()
            .ok_or_else(closed)
            .and_then(|mut writer| {
                writer.seek(SeekFrom::Start(0))?;
                writer.write_all(&bytes)?;
                writer.flush()?;
                writer.get_ref().sync_all()
            });
        let named = written
            .map_err(Error::io("write", &self.temporary))
            .and_then(|()| {
                fs::rename(&self.temporary, &self.path).map_err(Error::io("create", &self.path))
            });
        if named.is_err() {
            // What went wrong first is what is reported.
            let _ = fs::remove_file(&self.temporary);
        }
        named?;
        sync_folder(folder_of(&self.path)).map_err(Error::io("write the folder of", &self.path))?;
        Ok(checksum)
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let writer = self.writer.as_mut().ok_or_else(closed);
        writer
            .and_then(|writer| writer.write_all(bytes))
            .map_err(Error::io("write", &self.temporary))?;
        self.written += bytes.len() as u64;
        Ok(())
    }
}

impl Drop for SegmentFile {
    fn drop(&mut self) {
        if self.writer.take().is_some() {
            // Nothing names the file, so leaving it behind does no harm beyond its space.
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

/// A new file next to another, as `NAME.PROCESS.NUMBER.ENDING`: none that somebody may have mapped.
pub(super) fn temporary_beside(path: &Path, ending: &str) -> Result<(PathBuf, File), Error> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let process = std::process::id();
    loop {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let mut name = path.file_name().map(OsString::from).unwrap_or_default();
        name.push(format!(".{process}.{number}.{ending}"));
        let temporary = path.with_file_name(name);
        let mut options = File::options();
        match options
            .read(true)
            .write(true)
            .create_new(true)
            .open(&temporary)
        {
            Ok(file) => return Ok((temporary, file)),
            // An earlier process had this one's number, and was killed.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(Error::io("create", &temporary)(error)),
        }
    }
}

fn closed() -> io::Error {
    io::Error::other("the file is already closed")
}

/// The folder that a file lies in.
fn folder_of(path: &Path) -> &Path {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

/// Has a folder on disk: only then a file that was made or renamed in it survives a power cut under its name.
///
/// # Errors
///
/// Where the folder can't be opened or written.
#[cfg(unix)]
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Does nothing: elsewhere folders can't be opened, and the file system keeps its own journal.
///
/// # Errors
///
/// None.
#[cfg(not(unix))]
pub fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_files_beside_the_same_segment_are_two() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.seg");
        let (first, mut file) = temporary_beside(&path, "tmp").unwrap();
        file.write_all(b"the first").unwrap();
        let (second, _) = temporary_beside(&path, "tmp").unwrap();
        assert_ne!(first, second);
        assert_eq!(fs::read(first).unwrap(), b"the first");
    }
}
