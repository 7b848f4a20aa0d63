//! NumPy's `.npy` format, version 1.0, for a matrix of float32 that is written row by row.
//!
//! <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>

use std::fs::File;
use std::io::{self, BufWriter, Seek, Write};
use std::path::Path;

use tempfile::NamedTempFile;

/// A multiple of 64, as the format asks for, with room for any number of rows.
const HEADER: usize = 128;

/// A matrix that is being written. Nothing stands under its name until [`NpyWriter::finish`].
pub(crate) struct NpyWriter {
    file: BufWriter<NamedTempFile>,
    rows: usize,
    dim: usize,
}

impl NpyWriter {
    pub(crate) fn create(path: &Path, dim: usize) -> io::Result<Self> {
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        let mut file = BufWriter::new(NamedTempFile::new_in(folder)?);
        file.write_all(&[0; HEADER])?;
        Ok(Self { file, rows: 0, dim })
    }

    pub(crate) fn row(&mut self, row: &[f32]) -> io::Result<()> {
        debug_assert_eq!(row.len(), self.dim);
        for value in row {
            self.file.write_all(&value.to_le_bytes())?;
        }
        self.rows += 1;
        Ok(())
    }

    pub(crate) fn finish(mut self, path: &Path) -> io::Result<()> {
        self.file.flush()?;
        self.file.rewind()?;
        self.file.write_all(&header(self.rows, self.dim))?;
        let file = self
            .file
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?;
        file.as_file().sync_all()?;
        make_readable(file.as_file())?;
        file.persist(path)?;
        Ok(())
    }
}

/// A temporary file is private; the result is to be as readable as any other file.
fn make_readable(file: &File) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.set_permissions(std::fs::Permissions::from_mode(0o644))?;
    }
    #[cfg(not(unix))]
    let _ = file;
    Ok(())
}

fn header(rows: usize, dim: usize) -> [u8; HEADER] {
    let mut header = [b' '; HEADER];
    let description =
        format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {dim}), }}");
    header[..10].copy_from_slice(b"\x93NUMPY\x01\x00\x76\x00");
    header[10..10 + description.len()].copy_from_slice(description.as_bytes());
    header[HEADER - 1] = b'\n';
    header
}
