//! JSON lines, read and written as a whole.

use std::fs::{File, OpenOptions};
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::commands::failure::Failure;

/// Opens a file; `hint` says what would be expected there.
pub(super) fn open(path: &Path, hint: &str) -> anyhow::Result<BufReader<File>> {
    let file = File::open(path).map_err(|error| {
        Failure::with_hint(format!("cannot open `{}`: {error}", path.display()), hint)
    })?;
    Ok(BufReader::new(file))
}

/// All objects of a file, one a line; `hint` says what would be expected there.
pub(super) fn read_lines<T: DeserializeOwned>(path: &Path, hint: &str) -> anyhow::Result<Vec<T>> {
    let objects = serde_json::Deserializer::from_reader(open(path, hint)?).into_iter();
    let objects: Result<Vec<T>, _> = objects.collect();
    objects.map_err(|error| {
        // It names the line.
        let message = format!("`{}` is not as expected: {error}", path.display());
        Failure::with_hint(message, hint).into()
    })
}

/// A file that is to be written when all is known.
pub(super) struct LinesFile {
    path: PathBuf,
    file: File,
}

impl LinesFile {
    /// Opens the file, so that one that can't be written is refused before minutes of work. What it holds stays there
    /// until [`LinesFile::write`].
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
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
    pub(super) fn write<T: Serialize>(
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
