//! The reader of PDF: letters with their places in, paragraphs in reading order out.
//!
//! The file is taken apart by `hayro-syntax`, and fonts by `hayro-font`. What a page shows is run here
//! ([`interpret`]), so that it ends; letters become lines ([`lines`]), lines without running heads ([`furniture`])
//! are put into reading order ([`columns`]) and then together to paragraphs ([`paragraphs`]).

mod apart;
mod cids;
mod columns;
mod content;
mod direction;
mod fonts;
mod furniture;
mod glyphs;
mod guard;
mod hyphens;
mod info;
mod interpret;
mod letters;
mod lines;
mod loading;
mod paragraphs;
mod resources;
mod unpack;

use hayro_font::hayro_syntax::{self, DecryptionError, LoadPdfError};
use serde::{Deserialize, Serialize};

pub use self::apart::{read_pdf_for_another, read_pdfs_apart};
use self::furniture::PagePieces;
use self::glyphs::Turn;
use self::interpret::Interpreter;
use self::lines::Piece;
use self::unpack::Unpacking;
use super::blocks::Blocks;
use super::error::ReadError;
use super::source::{Extracted, Reader, Source};
use crate::article::{Article, Kind, Metadata};

/// Reads a PDF: one article.
///
/// Its title, author and date are those of the document information or of XMP, where they are sensible; a title is
/// else the largest heading at the top of the first page. Text that is not seen is read too: that is how recognised text stands
/// behind the picture of a page.
pub(super) struct Pdf;

const WHAT: &str = "a PDF";

/// How many pages are read. The longest documents that are one article (proceedings, handbooks) have a tenth of it.
const PAGES: usize = 20_000;

/// What a PDF says, as the process that reads it hands it on.
#[derive(Serialize, Deserialize)]
struct Document {
    metadata: Metadata,
    paragraphs: Vec<(Kind, String)>,
    /// Whether a page shows one.
    has_picture: bool,
}

/// Why a PDF can't be read.
#[derive(Serialize, Deserialize)]
enum Failure {
    Damaged(String),
    Encrypted,
}

impl From<Failure> for ReadError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Damaged(reason) => Self::Damaged { what: WHAT, reason },
            Failure::Encrypted => Self::Encrypted { what: WHAT },
        }
    }
}

impl Reader for Pdf {
    fn read(&self, source: &Source<'_>) -> Result<Extracted, ReadError> {
        let document = apart::read(source.bytes())?;
        let mut blocks = Blocks::default();
        for (kind, text) in &document.paragraphs {
            blocks.push(*kind, text);
        }
        if blocks.is_empty() {
            return Err(match document.has_picture {
                true => ReadError::OnlyPictures { what: WHAT },
                false => ReadError::Empty,
            });
        }
        let article = Article {
            metadata: document.metadata,
            paragraphs: blocks.into_paragraphs(),
            ..Article::default()
        };
        Ok(Extracted {
            articles: vec![article],
            ..Extracted::default()
        })
    }
}

fn read(bytes: Vec<u8>) -> Result<Document, Failure> {
    let damaged = |reason: &str| Failure::Damaged(reason.to_owned());
    let bytes = guard::guarded(bytes)
        .ok_or_else(|| damaged("its objects are nested too deep or unpack to too much"))?;
    let pdf = hayro_syntax::Pdf::new(bytes).map_err(|error| match error {
        LoadPdfError::Decryption(DecryptionError::PasswordProtected) => Failure::Encrypted,
        LoadPdfError::Decryption(DecryptionError::UnsupportedAlgorithm) => {
            damaged("it is encrypted in a way that is not known")
        }
        LoadPdfError::Decryption(_) => damaged("its encryption is broken"),
        LoadPdfError::Invalid => damaged("no pages are found in it"),
    })?;
    let mut interpreter = Interpreter::new();
    let mut pages = Vec::new();
    let mut has_picture = false;
    for page in pdf.pages().iter().take(PAGES) {
        let glyphs = interpreter.page(page);
        has_picture |= glyphs.has_picture;
        pages.push(page_pieces(glyphs));
    }
    if pages.is_empty() {
        return Err(damaged("no pages are found in it"));
    }
    furniture::remove(&mut pages);
    let pages: Vec<_> = pages
        .into_iter()
        .map(|page| columns::in_reading_order(page.pieces))
        .collect();
    let found = paragraphs::blocks(&pages);
    let mut metadata = info::metadata(&pdf, &mut Unpacking::new());
    if metadata.title.is_none() {
        metadata.title = title(&found);
    }
    let paragraphs = found.into_iter().map(|block| (block.kind, block.text));
    Ok(Document {
        metadata,
        paragraphs: paragraphs.collect(),
        has_picture,
    })
}

/// The pieces of a page. Lines that are turned are read where a whole text is: a few of them are stamps in the margin
/// and labels of diagrams.
fn page_pieces(page: glyphs::PageGlyphs) -> PagePieces {
    let all: usize = page.turned.iter().map(Vec::len).sum();
    let (width, height) = page.size;
    let mut pieces: Vec<Piece> = Vec::new();
    let mut offset = 0.0;
    for (turn, glyphs) in Turn::ALL.into_iter().zip(page.turned) {
        if glyphs.is_empty() || (turn != Turn::None && 4 * glyphs.len() < all) {
            continue;
        }
        // What is turned comes after what is not, as if it stood below it.
        let moved = lines::pieces(glyphs).into_iter().map(|piece| Piece {
            y: piece.y + offset,
            ..piece
        });
        pieces.extend(moved);
        offset += width.max(height);
    }
    PagePieces {
        height: offset.max(height),
        pieces,
    }
}

/// The largest heading of the first page that has any text, of those before its first sentences.
///
/// A heading with a number before it is one of a chapter.
fn title(blocks: &[paragraphs::Block]) -> Option<String> {
    /// How many letters a paragraph has at least that is no line of names or dates.
    const SENTENCES: usize = 100;
    let first = blocks.first()?.page;
    let mut best: Option<&paragraphs::Block> = None;
    for block in blocks.iter().take_while(|block| block.page == first) {
        if block.kind != Kind::Heading {
            if block.text.chars().count() >= SENTENCES {
                break;
            }
            continue;
        }
        let larger = best.is_none_or(|best| block.size > 1.05 * best.size);
        let is_numbered = block.text.starts_with(|c: char| c.is_numeric())
            && block
                .text
                .split(' ')
                .next()
                .is_some_and(|word| word.contains(['.', '-']));
        let is_address = block.text.contains(".com") || block.text.contains("www.");
        if larger && !is_numbered && !is_address && info::sensible_title(&block.text).is_some() {
            best = Some(block);
        }
    }
    best.map(|block| block.text.clone())
}

#[cfg(test)]
mod tests;
