//! NumPy's `.npy` format for a matrix of float32, which is written row by row, and read as a whole.
//!
//! <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};
use std::path::Path;

use anyhow::Context as _;
use tempfile::NamedTempFile;
use topoi_models::Embeddings;

use super::failure::Failure;
use super::whole_file;

/// A multiple of 64, as the format asks for, with room for any number of rows.
const HEADER: usize = 128;

/// How long the description of a matrix may be; NumPy's have 128 bytes.
const MOST_HEADER: u64 = 64 << 10;

/// A matrix that is being written. Nothing stands under its name until [`NpyWriter::finish`].
pub(crate) struct NpyWriter {
    file: BufWriter<NamedTempFile>,
    rows: usize,
    dim: usize,
}

impl NpyWriter {
    pub(crate) fn create(path: &Path, dim: usize) -> io::Result<Self> {
        let mut file = BufWriter::new(whole_file::beside(path)?);
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
        whole_file::put(file, path)
    }
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

/// Reads a matrix of float32 (n × dim, row-major, little-endian).
pub(crate) fn read(path: &Path) -> anyhow::Result<Embeddings> {
    let file = File::open(path).with_context(|| format!("cannot open `{}`", path.display()))?;
    let cannot_read = || format!("cannot read `{}`", path.display());
    let length = file.metadata().with_context(cannot_read)?.len();
    let mut file = BufReader::new(file);
    let header = read_header(&mut file).with_context(cannot_read)?;
    let (rows, dim) = header
        .as_deref()
        .and_then(shape)
        .ok_or_else(|| refused(path, "is no NumPy array of float32 with two dimensions"))?;
    let bytes = (rows as u64).checked_mul(dim as u64);
    let bytes = bytes.and_then(|numbers| numbers.checked_mul(size_of::<f32>() as u64));
    let begin = file.stream_position().with_context(cannot_read)?;
    if bytes != length.checked_sub(begin) {
        return Err(refused(
            path,
            &format!("is not as long as {rows} × {dim} numbers are"),
        ));
    }
    let mut matrix = Embeddings::zeros(rows, dim);
    let mut bytes = [0; size_of::<f32>()];
    for row in 0..rows {
        for value in matrix.row_mut(row).unwrap_or_default() {
            file.read_exact(&mut bytes).with_context(cannot_read)?;
            *value = f32::from_le_bytes(bytes);
        }
    }
    Ok(matrix)
}

fn refused(path: &Path, reason: &str) -> anyhow::Error {
    Failure::with_hint(
        format!("`{}` {reason}", path.display()),
        "`numpy.save(FILE, vectors.astype(\"float32\"))` writes such an array",
    )
    .into()
}

/// The description at the beginning of an array; none where the file is none.
fn read_header(file: &mut impl Read) -> io::Result<Option<String>> {
    let mut begin = Vec::new();
    file.by_ref().take(8).read_to_end(&mut begin)?;
    // Of the length, version 1 has two bytes, the later ones four.
    let bytes = match begin.strip_prefix(b"\x93NUMPY") {
        Some([1, _]) => 2,
        Some([2 | 3, _]) => 4,
        _ => return Ok(None),
    };
    let mut length = [0; 4];
    file.read_exact(&mut length[..bytes])?;
    let mut header = Vec::new();
    let length = u64::from(u32::from_le_bytes(length)).min(MOST_HEADER);
    file.take(length).read_to_end(&mut header)?;
    Ok(String::from_utf8(header).ok())
}

/// Rows and columns, where the description is that of a matrix as it is read here.
fn shape(header: &str) -> Option<(usize, usize)> {
    let value = |key: &str| Some(header.split_once(&format!("'{key}':"))?.1.trim_start());
    let is_readable =
        value("descr")?.starts_with("'<f4'") && value("fortran_order")?.starts_with("False");
    let (shape, _) = value("shape")?.strip_prefix('(')?.split_once(')')?;
    let mut numbers = shape.split(',').map(|number| number.trim().parse().ok());
    let shape = (numbers.next()??, numbers.next()??);
    // Rows of nothing take no room in a file, so that there could be any number of them.
    (is_readable && numbers.next().is_none() && shape.1 > 0).then_some(shape)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("v.npy");
        let mut array = NpyWriter::create(&path, 3).unwrap();
        array.row(&[1.0, -2.5, 0.0]).unwrap();
        array.row(&[3.0, 1e-30, f32::MAX]).unwrap();
        array.finish(&path).unwrap();
        let matrix = read(&path).unwrap();
        assert_eq!(matrix.dim(), 3);
        assert_eq!(matrix.values(), [1.0, -2.5, 0.0, 3.0, 1e-30, f32::MAX]);
    }

    #[test]
    fn other_arrays_and_other_files_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("v.npy");
        let described = |description: &str| {
            let length = description.len() as u16;
            let mut file = b"\x93NUMPY\x01\x00".to_vec();
            file.extend(length.to_le_bytes());
            file.extend(description.as_bytes());
            file.extend([0; 16]);
            file
        };
        let good = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }";
        std::fs::write(&path, described(good)).unwrap();
        assert_eq!(read(&path).unwrap().len(), 2);
        for (from, to) in [
            ("<f4", "<f8"),
            ("False", "True"),
            ("(2, 2)", "(4,)"),
            ("(2, 2)", "(1, 2, 2)"),
            ("(2, 2)", "(2, 3)"),
            ("(2, 2)", "(99999999999999, 99999999999999)"),
            ("shape", "form"),
        ] {
            std::fs::write(&path, described(&good.replace(from, to))).unwrap();
            assert!(read(&path).is_err(), "{to}");
        }
        let rows_of_nothing = described(&good.replace("(2, 2)", "(99999999999999, 0)"));
        std::fs::write(&path, &rows_of_nothing[..rows_of_nothing.len() - 16]).unwrap();
        assert!(read(&path).is_err());
        for content in [&b""[..], b"no array", b"\x93NUMPY\x01\x00\xff"] {
            std::fs::write(&path, content).unwrap();
            assert!(read(&path).is_err());
        }
    }
}
