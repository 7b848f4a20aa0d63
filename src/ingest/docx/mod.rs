//! The reader of Word documents.

mod body;
mod math;
mod parts;
mod styles;

use std::collections::HashMap;

use super::blocks::Blocks;
use super::error::ReadError;
use super::package::Package;
use super::source::{Extracted, Reader, Source};
use super::xml::decode_xml;
use crate::article::{Article, Kind};
use body::{Body, NoteKind, Piece};
use parts::Relations;
use styles::Styles;

const WHAT: &str = "a Word document";

/// Reads a Word document (ISO/IEC 29500, transitional and strict).
///
/// Its paragraphs come in their order: those of text boxes behind the paragraph that the box hangs on, footnotes and
/// endnotes at the end, and last, as [`Kind::Comment`], what reviewers wrote beside it. Styles and outline levels say
/// what is a heading. A row of a table is one paragraph as long as its cells are short; cells that hold whole
/// paragraphs, as tables made for layout do, keep them. Left out is what is no text of the document: headers and
/// footers, deleted and hidden text, field codes, tables of contents, unfilled placeholders.
pub(super) struct Docx;

impl Reader for Docx {
    fn read(&self, source: &Source<'_>) -> Result<Extracted, ReadError> {
        let mut package = Package::open(source.bytes(), source.budget(), WHAT)?;
        let relations = Relations::of(&mut package, "")?;
        let document = relations
            .target("officeDocument")
            .unwrap_or("word/document.xml")
            .to_owned();
        let Some(bytes) = package.part(&document)? else {
            return Err(damaged(format!("it has no `{document}`")));
        };
        let related = Relations::of(&mut package, &document)?;
        let mut part = |kind: &str| -> Result<Option<Vec<u8>>, ReadError> {
            match related.target(kind) {
                Some(name) => package.part(name),
                None => Ok(None),
            }
        };
        let styles = match part("styles")? {
            Some(bytes) => Styles::read(&decode_xml(&bytes)).map_err(damaged)?,
            None => Styles::default(),
        };
        let body = Body::read(&decode_xml(&bytes), &styles).map_err(damaged)?;
        drop(bytes);

        let mut blocks = Blocks::default();
        let mut title = None;
        let mut push = |piece: &Piece, kind: Kind| {
            if piece.is_title && title.is_none() {
                title = Some(super::fold(&piece.text));
            }
            for text in piece.text.split("\n\n") {
                blocks.push(kind, text);
            }
        };
        for piece in &body.pieces {
            push(piece, piece.kind);
        }
        for (name, kind) in [
            ("footnotes", NoteKind::Footnote),
            ("endnotes", NoteKind::Endnote),
        ] {
            if !body.references.iter().any(|(of, _)| *of == kind) {
                continue;
            }
            if let Some(bytes) = part(name)? {
                let notes = Body::read(&decode_xml(&bytes), &styles).map_err(damaged)?.notes;
                // Each is shown once, however often it is referred to.
                let mut notes: HashMap<String, Vec<Piece>> = notes.into_iter().collect();
                for (_, id) in body.references.iter().filter(|(of, _)| *of == kind) {
                    for piece in notes.remove(id).unwrap_or_default() {
                        push(&piece, Kind::Body);
                    }
                }
            }
        }
        if let Some(bytes) = part("comments")? {
            let comments = Body::read(&decode_xml(&bytes), &styles).map_err(damaged)?;
            for piece in comments.notes.iter().flat_map(|(_, pieces)| pieces) {
                push(piece, Kind::Comment);
            }
        }
        let title = title.filter(|title| !title.is_empty());
        let mut metadata = match relations.target("core-properties") {
            Some(name) => match package.part(name)? {
                Some(bytes) => parts::metadata(&decode_xml(&bytes)),
                None => Default::default(),
            },
            None => Default::default(),
        };
        metadata.title = title.or(metadata.title);
        Ok(Extracted {
            articles: vec![Article {
                entry: None,
                metadata,
                paragraphs: blocks.into_paragraphs(),
            }],
            ..Extracted::default()
        })
    }
}

fn damaged(reason: String) -> ReadError {
    ReadError::Damaged { what: WHAT, reason }
}

#[cfg(test)]
mod tests;
