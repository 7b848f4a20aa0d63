//! The pieces that the text of a document is put together from, and the vocabularies that they are written in.

use crate::article::Kind;

/// The longest text of a cell, in bytes, that is read with its row as one paragraph.
const CELL: usize = 200;

/// Which vocabulary an element's name belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Vocabulary {
    Word,
    Math,
    Drawing,
    Alternatives,
    Other,
}

impl Vocabulary {
    /// The vocabulary of a namespace; each has a name in transitional and one in strict documents.
    pub(super) fn of(namespace: &str) -> Self {
        match namespace {
            "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
            | "http://purl.oclc.org/ooxml/wordprocessingml/main" => Self::Word,
            "http://schemas.openxmlformats.org/officeDocument/2006/math"
            | "http://purl.oclc.org/ooxml/officeDocument/math" => Self::Math,
            "http://schemas.openxmlformats.org/drawingml/2006/main"
            | "http://purl.oclc.org/ooxml/drawingml/main" => Self::Drawing,
            "http://schemas.openxmlformats.org/markup-compatibility/2006" => Self::Alternatives,
            _ => Self::Other,
        }
    }
}

/// Whether a property that is there is on, by its value: it is unless that says no.
pub(super) fn is_on(value: Option<&str>) -> bool {
    !matches!(value, Some("0" | "false" | "off" | "none"))
}

/// A paragraph.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    pub(super) kind: Kind,
    pub(super) text: String,
    /// Whether its style is that of a title.
    pub(super) is_title: bool,
}

/// A paragraph that has not ended.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) text: String,
    pub(super) style: Option<String>,
    pub(super) outline_level: Option<u8>,
    /// Whether its end was deleted, so that the next paragraph goes on with it.
    pub(super) joins: bool,
    /// Whether what follows is another word.
    pub(super) gap: bool,
    /// The paragraphs of the text boxes that hang on it.
    pub(super) boxes: Vec<Piece>,
}

impl Draft {
    /// Adds text, with a space before it where it begins another word.
    pub(super) fn push(&mut self, text: &str) {
        let gap = std::mem::take(&mut self.gap);
        if gap
            && self.text.ends_with(char::is_alphanumeric)
            && text.starts_with(char::is_alphanumeric)
        {
            self.text.push(' ');
        }
        self.text.push_str(text);
    }
}

/// A row that has not ended.
#[derive(Debug, Default)]
pub(super) struct Row {
    pub(super) cells: Vec<Vec<Piece>>,
    pub(super) is_deleted: bool,
}

impl Row {
    /// Its text: one paragraph as long as its cells are short, else those that the cells hold.
    pub(super) fn into_pieces(self) -> Vec<Piece> {
        let is_line = self.cells.iter().all(|cell| match cell.as_slice() {
            [] => true,
            [piece] => piece.kind == Kind::Body && piece.text.len() <= CELL,
            _ => false,
        });
        let pieces = self.cells.into_iter().flatten();
        if !is_line {
            return pieces.collect();
        }
        let texts: Vec<String> = pieces.map(|piece| piece.text).collect();
        match texts.is_empty() {
            true => Vec::new(),
            false => vec![Piece {
                kind: Kind::Body,
                text: texts.join(" | "),
                is_title: false,
            }],
        }
    }
}
