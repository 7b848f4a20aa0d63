//! JSON lines: read one by one or as a whole, and written as a whole.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::failure::Failure;

/// A line longer than this is no text to embed as one.
const MAX_LINE: usize = 64 << 20;

/// Opens a file; `hint` says what would be expected there.
pub(crate) fn open(path: &Path, hint: &str) -> anyhow::Result<BufReader<File>> {
    let file = File::open(path).map_err(|error| {
        Failure::with_hint(format!("cannot open `{}`: {error}", path.display()), hint)
    })?;
    Ok(BufReader::new(file))
}

/// Opens a file, or standard input where the path is `-`; `hint` says what would be expected there.
pub(crate) fn open_or_stdin(path: &Path, hint: &str) -> anyhow::Result<Box<dyn BufRead>> {
    Ok(if path == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        Box::new(open(path, hint)?)
    })
}

/// What a path is called in errors about what stands there.
pub(crate) fn name(path: &Path) -> String {
    if path == Path::new("-") {
        "standard input".to_owned()
    } else {
        path.display().to_string()
    }
}

/// Hands over the lines of `input` with their numbers, from 1, without their ends; `name` is what errors call it.
pub(crate) fn each_line(
    name: &str,
    mut input: impl BufRead,
    mut take: impl FnMut(u64, &str) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut bytes = Vec::new();
    for number in 1_u64.. {
        bytes.clear();
        let limited = &mut Read::take(&mut input, MAX_LINE as u64 + 1);
        let read = limited.read_until(b'\n', &mut bytes);
        if read.with_context(|| format!("cannot read {name}"))? == 0 {
            break;
        }
        if bytes.len() > MAX_LINE {
            return Err(Failure::new(format!(
                "line {number} of {name} is longer than {} MiB",
                MAX_LINE >> 20
            ))
            .into());
        }
        let line = std::str::from_utf8(&bytes)
            .map_err(|_| Failure::new(format!("line {number} of {name} is not UTF-8")))?;
        take(number, line.trim_end_matches(['\n', '\r']))?;
    }
    Ok(())
}

/// All objects of a file, one a line; `hint` says what would be expected there.
pub(crate) fn read_lines<T: DeserializeOwned>(path: &Path, hint: &str) -> anyhow::Result<Vec<T>> {
    let objects = serde_json::Deserializer::from_reader(open(path, hint)?).into_iter();
    let objects: Result<Vec<T>, _> = objects.collect();
    objects.map_err(|error| {
        // It names the line.
        let message = format!("`{}` is not as expected: {error}", path.display());
        Failure::with_hint(message, hint).into()
    })
}

/// A file that is to be written when all is known.
pub(crate) struct LinesFile {
    path: PathBuf,
    file: File,
}

impl LinesFile {
    /// Opens the file, so that one that can't be written is refused before minutes of work. What it holds stays there
    /// until [`LinesFile::write`].
    pub(crate) fn open(path: &Path) -> anyhow::Result<Self> {
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .with_context(|| cannot_write(path))?;
        Ok(Self {
            path: path.to_owned(),
            file,
        })
    }

    /// Puts `objects` in the place of what the file held, one a line.
    pub(crate) fn write<T: Serialize>(
        self,
        objects: impl IntoIterator<Item = T>,
    ) -> anyhow::Result<()> {
        let Self { path, file } = self;
        write_lines(file, objects).with_context(|| cannot_write(&path))
    }
}

fn write_lines<T: Serialize>(
    file: File,
    objects: impl IntoIterator<Item = T>,
) -> anyhow::Result<()> {
    // A pipe has no length.
    if file.metadata()?.is_file() {
        file.set_len(0)?;
    }
    let mut file = BufWriter::new(file);
    for object in objects {
        serde_json::to_writer(&mut file, &object)?;
        writeln!(file)?;
    }
    Ok(file.flush()?)
}

fn cannot_write(path: &Path) -> String {
    format!("cannot write `{}`", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_without_an_end_is_refused() {
        let endless = BufReader::new(io::repeat(b'a'));
        let error = each_line("it", endless, |_, _| Ok(())).unwrap_err();
        assert_eq!(error.to_string(), "line 1 of it is longer than 64 MiB");
        let mut lines = Vec::new();
        let take = |number, line: &str| {
            lines.push(format!("{number}: {line}"));
            Ok(())
        };
        each_line("it", &b"one\r\n\ntwo"[..], take).unwrap();
        assert_eq!(lines, ["1: one", "2: ", "3: two"]);
    }
}
