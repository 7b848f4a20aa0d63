//! A library becomes lines.

use std::collections::HashMap;
use std::io::Write;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::ExportError;
use super::form::{
    ArticleLine, Header, Held, Hex, Line, MemberLine, Model, PassageLine, SCHEMA, Seal, ThemeLine,
};
use crate::article::{ArticleId, PassageId};
use crate::error::{Error, Result};
use crate::library::transfer::carried::{Carried, article};
use crate::library::transfer::{in_order, new_file};
use crate::library::{Library, read_identity};
use crate::store::{Membership, NewPassage};

/// How many bytes of texts and vectors a line holds, roughly: the passages of a longer article stand in several lines.
const LINE: usize = 4 << 20;

/// What was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Exported {
    /// Files, and names given for standard input.
    pub files: u64,
    /// Articles.
    pub articles: u64,
    /// Passages of every kind.
    pub passages: u64,
    /// Themes that were kept.
    pub themes: u64,
}

/// Writes a library as lines of JSON, with its vectors or without. `report` is told how many passages are written, and of how
/// many, and says whether to go on.
///
/// Two libraries of the same content give the same bytes.
///
/// # Errors
///
/// Where the library can't be read, holds nothing, or was changed meanwhile, which happens on servers only; or where the lines
/// can't be written.
pub fn export(
    library: &Library,
    with_vectors: bool,
    to: &mut dyn Write,
    report: &mut dyn FnMut(u64, u64) -> bool,
) -> Result<Exported> {
    let records = library.store();
    let (Some(identity), Some(model)) = (read_identity(records)?, records.model()?) else {
        return Err(Error::Empty(library.location().clone()));
    };
    let themes = records.themes()?;
    let header = Header {
        schema: SCHEMA.to_owned(),
        model: Model {
            reference: model.reference,
            identity,
        },
        vectors: with_vectors,
        counts: Held::new(&records.counts()?, themes.len()),
    };
    let exemplars = themes.iter().flat_map(|theme| &theme.exemplars);
    let mut writer = Writer {
        library,
        with_vectors,
        dim: header.model.identity.dim.max(1),
        memberships: records.memberships()?,
        places: exemplars.map(|passage| (*passage, None)).collect(),
        written: Held::default(),
        lines: Lines::new(to),
    };
    writer.lines.write(&header)?;
    for path in in_order(records)? {
        writer.file(&path)?;
        if !report(writer.written.passages, header.counts.passages) {
            return Err(Error::Stopped);
        }
    }
    for theme in themes {
        let exemplars = theme.exemplars.iter();
        let exemplars = exemplars.filter_map(|passage| writer.places.get(passage).copied()?);
        let line = ThemeLine::new(theme.clone(), exemplars.collect());
        writer.lines.write(&Line::Theme(line))?;
        writer.written.themes += 1;
    }
    if let Some(changes) = records.theme_changes()? {
        writer.lines.write(&Line::ThemeChanges(changes))?;
    }
    let Writer { written, lines, .. } = writer;
    if written != header.counts {
        return Err(Error::ChangedMeanwhile(library.location().clone()));
    }
    lines.seal()?;
    let Held {
        files,
        articles,
        passages,
        themes,
    } = written;
    Ok(Exported {
        files,
        articles,
        passages,
        themes,
    })
}

struct Writer<'a> {
    library: &'a Library,
    with_vectors: bool,
    dim: usize,
    /// Which passages have which themes, in ascending order.
    memberships: Vec<Membership>,
    /// The places in the export of the passages that stand for themes.
    places: HashMap<PassageId, Option<u64>>,
    written: Held,
    lines: Lines<'a>,
}

impl Writer<'_> {
    fn file(&mut self, path: &str) -> Result<()> {
        let records = self.library.store();
        let Some(file) = records.file(path)? else {
            return Ok(());
        };
        let file = new_file(path, &file, records.validators(path)?);
        self.lines.write(&Line::File(file.into()))?;
        self.written.files += 1;
        for (id, digest) in records.article_digests(path)? {
            self.article(id, digest)?;
        }
        Ok(())
    }

    fn article(&mut self, id: ArticleId, digest: [u8; 32]) -> Result<()> {
        let Some(article) = article(self.library, id, digest)? else {
            return Ok(());
        };
        let (carried, ids) = Carried::read(self.library, id, self.with_vectors)?;
        let mut vectors = carried.vectors.chunks_exact(self.dim);
        let mut head = Some(ArticleLine::from(article));
        let mut passages = Vec::new();
        let mut room = LINE;
        for (passage, id) in carried.passages.into_iter().zip(ids) {
            let weight = passage.text.len() + 3 * self.dim;
            if room < weight && !passages.is_empty() {
                self.passages(&mut head, &mut passages)?;
                room = LINE;
            }
            room = room.saturating_sub(weight);
            passages.push(self.passage(passage, id, vectors.next()));
        }
        if head.is_some() || !passages.is_empty() {
            self.passages(&mut head, &mut passages)?;
        }
        self.written.articles += 1;
        Ok(())
    }

    /// Writes the passages that were gathered, in an article's first line with what is known of it.
    fn passages(
        &mut self,
        head: &mut Option<ArticleLine>,
        passages: &mut Vec<PassageLine>,
    ) -> Result<()> {
        let passages = std::mem::take(passages);
        let line = match head.take() {
            Some(mut article) => {
                article.passages = passages;
                Line::Article(Box::new(article))
            }
            None => Line::Passages(passages),
        };
        self.lines.write(&line)
    }

    fn passage(
        &mut self,
        passage: NewPassage,
        id: PassageId,
        vector: Option<&[f32]>,
    ) -> PassageLine {
        if let Some(place) = self.places.get_mut(&id) {
            *place = Some(self.written.passages);
        }
        self.written.passages += 1;
        let at = self
            .memberships
            .binary_search_by_key(&id, |member| member.passage);
        let member = at.ok().and_then(|at| self.memberships.get(at));
        let theme = member.map(|member| MemberLine {
            id: member.theme,
            strength: member.strength,
        });
        PassageLine::new(passage, vector, theme)
    }
}

/// Lines, with a digest over all of them.
struct Lines<'w> {
    to: &'w mut dyn Write,
    line: Vec<u8>,
    count: u64,
    hasher: Sha256,
}

impl<'w> Lines<'w> {
    fn new(to: &'w mut dyn Write) -> Self {
        Self {
            to,
            line: Vec::new(),
            count: 0,
            hasher: Sha256::new(),
        }
    }

    fn write(&mut self, object: &impl Serialize) -> Result<()> {
        let mut write = || {
            self.line.clear();
            serde_json::to_writer(&mut self.line, object)?;
            self.line.push(b'\n');
            self.to.write_all(&self.line)
        };
        write().map_err(ExportError::Unwritten)?;
        self.hasher.update(&self.line);
        self.count += 1;
        Ok(())
    }

    /// Writes the last line.
    fn seal(mut self) -> Result<()> {
        let seal = Seal {
            lines: self.count,
            sha256: Hex(self.hasher.clone().finalize().into()),
        };
        self.write(&Line::End(seal))?;
        Ok(self.to.flush().map_err(ExportError::Unwritten)?)
    }
}
