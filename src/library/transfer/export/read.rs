//! Lines are read, and found to be all that were written.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Seek, Write};

use serde::Deserialize;
use sha2::{Digest, Sha256};
use topoi_index::Space;

use super::ExportError;
use super::form::{
    ANY_SCHEMA, ArticleLine, Header, Held, Hex, Line, MemberLine, PassageLine, SCHEMA, Seal,
    ThemeLine, decode,
};
use crate::article::ThemeId;
use crate::error::{Error, Result};
use crate::library::transfer::carried::Carried;
use crate::store::{NewArticle, NewFile};

/// A line longer than this is none that was written: those hold some MiB, unless a single passage is longer.
pub(super) const MAX_LINE: usize = 64 << 20;

/// Copies what can be read once only, as standard input, into a temporary file, so that all of it can be looked at before
/// anything is made of it. `name` is what errors call it.
///
/// # Errors
///
/// Where it can't be read or there is no room for it, or where it has a line of more than 64 MiB.
pub fn spool(mut input: impl BufRead, name: &str) -> Result<File> {
    let failed = |source| ExportError::Unread {
        name: name.to_owned(),
        source,
    };
    let unkept = |source| ExportError::Unkept {
        name: name.to_owned(),
        source,
    };
    let mut file = BufWriter::new(tempfile::tempfile().map_err(unkept)?);
    let (mut line, mut length) = (1, 0);
    loop {
        let bytes = input.fill_buf().map_err(failed)?;
        if bytes.is_empty() {
            break;
        }
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            length += part.len();
            if length > MAX_LINE {
                let name = name.to_owned();
                return Err(ExportError::TooLong { name, line }.into());
            }
            if part.ends_with(b"\n") {
                (line, length) = (line + 1, 0);
            }
        }
        file.write_all(bytes).map_err(unkept)?;
        let read = bytes.len();
        input.consume(read);
    }
    let file = file
        .into_inner()
        .map_err(|error| failed(error.into_error()));
    Ok(file?)
}

/// An export that is read from its beginning.
pub(super) struct ExportReader<'f> {
    name: &'f str,
    input: BufReader<&'f File>,
    pub(super) header: Header,
    /// The line that is read next; `None` behind the last one.
    ahead: Option<Line>,
    /// Its number, from 1.
    number: u64,
    bytes: Vec<u8>,
    hasher: Sha256,
}

/// An article with its passages, and in which line it stands.
pub(super) struct ExportedArticle {
    pub(super) line: u64,
    article: ArticleLine,
}

/// What stands behind all files.
#[derive(Debug, Default)]
pub(super) struct Themes {
    pub(super) themes: Vec<ThemeLine>,
    pub(super) changes: Option<String>,
}

/// What all of an export comes to.
#[derive(Debug, Default)]
pub(super) struct Verified {
    pub(super) paths: HashSet<String>,
    pub(super) themes: Themes,
}

impl<'f> ExportReader<'f> {
    /// Begins with the first line.
    pub(super) fn open(mut file: &'f File, name: &'f str) -> Result<Self> {
        file.rewind().map_err(|source| ExportError::Unread {
            name: name.to_owned(),
            source,
        })?;
        let mut input = BufReader::with_capacity(1 << 16, file);
        let mut bytes = Vec::new();
        read_line(&mut input, &mut bytes, name, 1)?;
        let mut reader = Self {
            name,
            header: header(&bytes, name)?,
            hasher: Sha256::new_with_prefix(&bytes),
            input,
            ahead: None,
            number: 1,
            bytes,
        };
        let dim = reader.header.model.identity.dim;
        if dim == 0 || dim > Space::MAX_DIM {
            return Err(reader.damaged(1, format!("no model has {dim} dimensions")));
        }
        reader.advance()?;
        Ok(reader)
    }

    /// The next file; `None` where there are no more.
    pub(super) fn next_file(&mut self) -> Result<Option<NewFile>> {
        match self.ahead.take() {
            Some(Line::File(file)) => {
                self.advance()?;
                Ok(Some(file.into()))
            }
            Some(Line::Article(_) | Line::Passages(_)) => {
                Err(self.damaged(self.number, "it doesn't belong to what stands before it"))
            }
            other => {
                self.ahead = other;
                Ok(None)
            }
        }
    }

    /// The next article of that file; `None` where there are no more.
    pub(super) fn next_article(&mut self) -> Result<Option<ExportedArticle>> {
        let line = self.number;
        let mut article = match self.ahead.take() {
            Some(Line::Article(article)) => *article,
            other => {
                self.ahead = other;
                return Ok(None);
            }
        };
        self.advance()?;
        while let Some(Line::Passages(more)) = &mut self.ahead {
            article.passages.append(more);
            self.advance()?;
        }
        Ok(Some(ExportedArticle { line, article }))
    }

    /// What stands behind the files, to the end.
    pub(super) fn themes(mut self) -> Result<Themes> {
        let mut found = Themes::default();
        while let Some(line) = self.ahead.take() {
            match line {
                Line::Theme(theme) if found.changes.is_none() => found.themes.push(theme),
                Line::ThemeChanges(changes) if found.changes.is_none() => {
                    found.changes = Some(changes);
                }
                _ => return Err(self.damaged(self.number, "it stands in the wrong place")),
            }
            self.advance()?;
        }
        Ok(found)
    }

    /// Reads the next line; the last one must say what those before come to.
    fn advance(&mut self) -> Result<()> {
        self.number += 1;
        read_line(&mut self.input, &mut self.bytes, self.name, self.number)?;
        let line = serde_json::from_slice(&self.bytes);
        let line = line.map_err(|error| self.damaged(self.number, error))?;
        let Line::End(seal) = line else {
            self.hasher.update(&self.bytes);
            self.ahead = Some(line);
            return Ok(());
        };
        let expected = Seal {
            lines: self.number - 1,
            sha256: Hex(self.hasher.clone().finalize().into()),
        };
        if seal != expected {
            let detail = "the lines before it are not those that were written";
            return Err(self.damaged(self.number, detail));
        }
        let rest = self.input.fill_buf();
        match rest.map(<[u8]>::is_empty) {
            Ok(true) => {
                self.ahead = None;
                Ok(())
            }
            Ok(false) => Err(self.damaged(self.number + 1, "it stands behind the end")),
            Err(source) => Err(ExportError::Unread {
                name: self.name.to_owned(),
                source,
            }
            .into()),
        }
    }

    pub(super) fn damaged(&self, line: u64, detail: impl ToString) -> Error {
        damaged(self.name, line, detail)
    }
}

impl ExportedArticle {
    /// The digest of its content.
    pub(super) fn digest(&self) -> [u8; 32] {
        self.article.digest.0
    }

    /// How many passages it has.
    pub(super) fn passages(&self) -> u64 {
        self.article.passages.len() as u64
    }

    /// The article, its passages with vectors of `dim` numbers, and which of them has which theme; what is wrong where it
    /// is none that was written.
    pub(super) fn open(
        mut self,
        dim: usize,
    ) -> Result<(NewArticle, Carried, Vec<Option<MemberLine>>), String> {
        let lines = std::mem::take(&mut self.article.passages);
        let is_in_order = lines
            .iter()
            .zip(lines.iter().skip(1))
            .all(|(one, next)| one.place() < next.place());
        if !is_in_order {
            return Err("its passages are not in order".to_owned());
        }
        let mut carried = Carried::default();
        let mut members = Vec::with_capacity(lines.len());
        for (place, line) in lines.into_iter().enumerate() {
            carried.vectors.extend(vector_of(&line, dim)?);
            members.push(line.theme);
            carried.passages.push(line.into_passage(place));
        }
        Ok((self.article.into(), carried, members))
    }
}

/// The vector of a passage, if the passage is sound.
fn vector_of(line: &PassageLine, dim: usize) -> Result<Vec<f32>, String> {
    if !line.is_span_sound() {
        return Err("a passage ends before it begins".to_owned());
    }
    if Sha256::digest(&line.text) != line.digest.0 {
        return Err("a passage's text is not that of its digest".to_owned());
    }
    let vector = line.vector.as_deref().ok_or("a passage has no vector")?;
    decode(vector, dim)
}

/// Reads all of an export, and refuses it unless it is as it was written. `report` is told how many passages were read, and
/// says whether to go on.
pub(super) fn verify(
    mut reader: ExportReader<'_>,
    report: &mut dyn FnMut(u64) -> bool,
) -> Result<Verified> {
    let (name, header) = (reader.name, reader.header.clone());
    if !header.vectors {
        return Err(ExportError::NoVectors(name.to_owned()).into());
    }
    let mut found = Verified::default();
    let mut held = Held::default();
    let mut used: HashSet<ThemeId> = HashSet::new();
    loop {
        let line = reader.number;
        let Some(file) = reader.next_file()? else {
            break;
        };
        held.files += 1;
        if !found.paths.insert(file.path) {
            return Err(reader.damaged(line, "its file stands before it already"));
        }
        while let Some(article) = reader.next_article()? {
            let line = article.line;
            let opened = article.open(header.model.identity.dim);
            let (_, carried, members) = opened.map_err(|detail| reader.damaged(line, detail))?;
            held.articles += 1;
            held.passages += carried.passages.len() as u64;
            used.extend(members.into_iter().flatten().map(|member| member.id));
        }
        if !report(held.passages) {
            return Err(Error::Stopped);
        }
    }
    found.themes = reader.themes()?;
    let themes = &found.themes.themes;
    held.themes = themes.len() as u64;
    if held != header.counts {
        return Err(damaged(name, 1, "it announces more or less than follows"));
    }
    let known: HashSet<ThemeId> = themes.iter().map(|theme| theme.id).collect();
    let places = themes.iter().flat_map(|theme| &theme.exemplars);
    let is_sound = known.len() == themes.len()
        && used.is_subset(&known)
        && places.max().is_none_or(|place| *place < held.passages);
    if is_sound {
        Ok(found)
    } else {
        let detail = "the themes behind it are not those of its passages";
        Err(damaged(name, 1, detail))
    }
}

fn damaged(name: &str, line: u64, detail: impl ToString) -> Error {
    ExportError::Damaged {
        name: name.to_owned(),
        line,
        detail: detail.to_string(),
    }
    .into()
}

/// Reads the line of this number, with its end.
fn read_line(
    input: &mut impl BufRead,
    bytes: &mut Vec<u8>,
    name: &str,
    number: u64,
) -> Result<(), ExportError> {
    bytes.clear();
    let mut limited = Read::take(input, MAX_LINE as u64 + 1);
    let read = limited.read_until(b'\n', bytes);
    read.map_err(|source| ExportError::Unread {
        name: name.to_owned(),
        source,
    })?;
    let name = || name.to_owned();
    if bytes.len() > MAX_LINE {
        return Err(ExportError::TooLong {
            name: name(),
            line: number,
        });
    }
    match (bytes.ends_with(b"\n"), number) {
        (true, _) => Ok(()),
        // Whatever it is, it isn't one.
        (false, 1) => Err(ExportError::Foreign(name())),
        (false, _) => Err(ExportError::CutOff {
            name: name(),
            lines: number - 1,
        }),
    }
}

/// The first line, if it is of an export, and of one in this form.
fn header(bytes: &[u8], name: &str) -> Result<Header> {
    #[derive(Deserialize)]
    struct Form {
        schema: String,
    }
    let foreign = || ExportError::Foreign(name.to_owned());
    let Form { schema } = serde_json::from_slice(bytes).map_err(|_| foreign())?;
    if schema == SCHEMA {
        return serde_json::from_slice(bytes).map_err(|error| damaged(name, 1, error));
    }
    Err(if schema.starts_with(ANY_SCHEMA) {
        let name = name.to_owned();
        ExportError::OtherForm { name, schema }.into()
    } else {
        foreign().into()
    })
}
