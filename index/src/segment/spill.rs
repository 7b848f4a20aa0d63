//! Where vectors wait while a segment is being made.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use memmap2::Mmap;

use super::file::temporary_beside;
use crate::error::Error;

/// A file of vectors in the order in which they came, next to the segment's place, as `NAME.PROCESS.NUMBER.vectors.tmp`. It
/// goes when it is dropped.
pub(super) struct Spill {
    path: PathBuf,
    writer: BufWriter<File>,
}

impl Spill {
    pub(super) fn create(segment: &Path) -> Result<Self, Error> {
        let (path, file) = temporary_beside(segment, "vectors.tmp")?;
        Ok(Self {
            writer: BufWriter::with_capacity(1 << 18, file),
            path,
        })
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.writer
            .write_all(bytes)
            .map_err(Error::io("write", &self.path))
    }

    /// All that was written; none where that is nothing.
    pub(super) fn map(&mut self) -> Result<Option<Mmap>, Error> {
        let map = self.writer.flush().and_then(|()| {
            let file = self.writer.get_ref();
            match file.metadata()?.len() {
                0 => Ok(None),
                // SAFETY: nobody else knows of the file, and nothing is written to it from here on.
                _ => unsafe { Mmap::map(file) }.map(Some),
            }
        });
        map.map_err(Error::io("map", &self.path))
    }
}

impl Drop for Spill {
    fn drop(&mut self) {
        // Nothing names the file, so leaving it behind does no harm beyond its space.
        let _ = fs::remove_file(&self.path);
    }
}
