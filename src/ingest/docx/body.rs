//! The paragraphs of a document, its notes and its comments, as its XML has them.

use super::super::xml::{Element, Node, Xml};
use super::math::Math;
use super::styles::{Role, Styles, of_level};
use crate::article::Kind;

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

/// What a note is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoteKind {
    Footnote,
    Endnote,
}

/// A paragraph.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    pub(super) kind: Kind,
    pub(super) text: String,
    /// Whether its style is that of a title.
    pub(super) is_title: bool,
}

/// What a part of a document holds.
#[derive(Debug, Default)]
pub(super) struct Body {
    /// Its paragraphs.
    pub(super) pieces: Vec<Piece>,
    /// The notes that it refers to, in their order, by their ids.
    pub(super) references: Vec<(NoteKind, String)>,
    /// The notes or comments that it holds, with their ids.
    pub(super) notes: Vec<(String, Vec<Piece>)>,
}

/// Headings are not longer, in bytes; what is longer was set as one by mistake.
const HEADING: usize = 400;

/// The longest text of a cell, in bytes, that is read with its row as one paragraph.
const CELL: usize = 200;

/// How many fields are open at most, one in another; Word has 20.
const FIELDS: usize = 64;

/// What an open element is, as far as its end or its children need it.
#[derive(Debug)]
enum Open {
    Other,
    Paragraph,
    ParagraphProperties,
    MarkProperties,
    /// A run, and whether the one around it is hidden.
    Run(bool),
    RunProperties,
    Text,
    Row,
    RowProperties,
    Cell,
    /// A text box, and whether the run around it is hidden.
    Box(bool),
    /// Alternatives, and whether one of them was taken.
    Alternatives(bool),
    /// A content control, and whether its content is none of the document's text.
    Content(bool),
    ContentProperties,
    Note(String),
    Math(Math),
}

/// A paragraph that has not ended.
#[derive(Debug, Default)]
struct Draft {
    text: String,
    style: Option<String>,
    outline_level: Option<u8>,
    /// Whether its end was deleted, so that the next paragraph goes on with it.
    joins: bool,
    /// Whether what follows is another word.
    gap: bool,
    /// The paragraphs of the text boxes that hang on it.
    boxes: Vec<Piece>,
}

impl Draft {
    fn push(&mut self, text: &str) {
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
struct Row {
    cells: Vec<Vec<Piece>>,
    is_deleted: bool,
}

struct Parser<'a> {
    styles: &'a Styles,
    body: Body,
    open: Vec<Open>,
    /// How many elements are open in one that is passed over, itself included.
    skipped: usize,
    drafts: Vec<Draft>,
    rows: Vec<Row>,
    /// Where finished paragraphs go: the document, a cell, a text box, a note.
    sinks: Vec<Vec<Piece>>,
    is_hidden: bool,
    /// The open fields, and whether each is still in its code.
    fields: Vec<bool>,
    /// The text of a paragraph that goes on in the next.
    carried: String,
}

impl Body {
    /// Reads a part.
    pub(super) fn read(text: &str, styles: &Styles) -> Result<Self, String> {
        let mut xml = Xml::new(text, Vocabulary::of);
        let mut parser = Parser {
            styles,
            body: Self::default(),
            open: Vec::new(),
            skipped: 0,
            drafts: Vec::new(),
            rows: Vec::new(),
            sinks: vec![Vec::new()],
            is_hidden: false,
            fields: Vec::new(),
            carried: String::new(),
        };
        while let Some(node) = xml.next()? {
            match node {
                Node::Start(_) if parser.skipped > 0 => parser.skipped += 1,
                Node::Start(element) => match parser.begin(&element) {
                    Some(open) => parser.open.push(open),
                    None => parser.skipped = 1,
                },
                Node::End if parser.skipped > 0 => parser.skipped -= 1,
                Node::End => parser.end(),
                Node::Text(text) => parser.text(&text),
            }
        }
        parser.body.pieces = parser.sinks.into_iter().flatten().collect();
        Ok(parser.body)
    }
}

impl Parser<'_> {
    /// What an element is; `None` where it is passed over with all that is in it.
    fn begin(&mut self, element: &Element<'_, Vocabulary>) -> Option<Open> {
        match element.vocabulary {
            Vocabulary::Word => self.begin_word(element),
            Vocabulary::Math => Some(self.begin_math(element)),
            Vocabulary::Drawing => Some(match element.name() {
                "p" => self.begin_paragraph(),
                "r" => Open::Run(std::mem::take(&mut self.is_hidden)),
                "t" => Open::Text,
                "br" => self.show("\n"),
                _ => Open::Other,
            }),
            Vocabulary::Alternatives => match (element.name(), self.open.last_mut()) {
                ("AlternateContent", _) => Some(Open::Alternatives(false)),
                ("Choice" | "Fallback", Some(Open::Alternatives(taken))) => {
                    (!std::mem::replace(taken, true)).then_some(Open::Other)
                }
                _ => Some(Open::Other),
            },
            Vocabulary::Other => Some(Open::Other),
        }
    }

    fn begin_word(&mut self, element: &Element<'_, Vocabulary>) -> Option<Open> {
        let value = || element.attribute("val");
        let name = element.name();
        Some(match name {
            "p" => self.begin_paragraph(),
            "pPr" => Open::ParagraphProperties,
            "r" => Open::Run(std::mem::take(&mut self.is_hidden)),
            "rPr" => match self.open.last() {
                Some(Open::ParagraphProperties) => Open::MarkProperties,
                _ => Open::RunProperties,
            },
            "t" => Open::Text,
            "tab" | "ptab" if matches!(self.open.last(), Some(Open::Run(_))) => self.show("\t"),
            "br" | "cr" => self.show("\n"),
            "noBreakHyphen" => self.show("-"),
            "tr" => {
                self.rows.push(Row::default());
                Open::Row
            }
            "trPr" => Open::RowProperties,
            "tc" => {
                self.sinks.push(Vec::new());
                Open::Cell
            }
            "txbxContent" => {
                self.sinks.push(Vec::new());
                Open::Box(std::mem::take(&mut self.is_hidden))
            }
            "sdt" => Open::Content(false),
            "sdtPr" => Open::ContentProperties,
            "sdtContent" => match self.open.last() {
                Some(Open::Content(true)) => return None,
                _ => Open::Other,
            },
            "footnote" | "endnote" | "comment" => {
                if matches!(
                    element.attribute("type").as_deref(),
                    Some("separator" | "continuationSeparator" | "continuationNotice")
                ) {
                    return None;
                }
                self.sinks.push(Vec::new());
                Open::Note(element.attribute("id").unwrap_or_default())
            }
            "footnoteReference" | "endnoteReference" => {
                if let Some(id) = element.attribute("id").filter(|_| self.is_shown()) {
                    let kind = match name {
                        "footnoteReference" => NoteKind::Footnote,
                        _ => NoteKind::Endnote,
                    };
                    self.body.references.push((kind, id));
                }
                Open::Other
            }
            "fldChar" => {
                match element.attribute("fldCharType").as_deref() {
                    Some("begin") if self.fields.len() < FIELDS => self.fields.push(true),
                    Some("separate") => {
                        if let Some(is_code) = self.fields.last_mut() {
                            *is_code = false;
                        }
                    }
                    Some("end") => {
                        self.fields.pop();
                    }
                    _ => {}
                }
                Open::Other
            }
            "del" | "moveFrom" => return self.begin_deleted(),
            // Above a ruby's base stands how it is read; a change keeps what was there before.
            "instrText" | "delText" | "delInstrText" | "rt" | "sectPr" | "tblPr" | "tblGrid"
            | "tcPr" => return None,
            _ if name.ends_with("Change") => return None,
            _ => {
                self.property(name, value);
                Open::Other
            }
        })
    }

    /// A property of what encloses it.
    fn property(&mut self, name: &str, value: impl Fn() -> Option<String>) {
        let is_placeholder = match name {
            "showingPlcHdr" => is_on(value().as_deref()),
            // The gallery stands in an element of its own within the properties.
            "docPartGallery" => value().as_deref() == Some("Table of Contents"),
            _ => false,
        };
        if is_placeholder {
            let control = self
                .open
                .iter_mut()
                .rev()
                .take(3)
                .find(|open| matches!(open, Open::Content(_)));
            if let Some(Open::Content(left_out)) = control {
                *left_out = true;
            }
        }
        match (self.open.last(), self.drafts.last_mut()) {
            (Some(Open::ParagraphProperties), Some(draft)) => match name {
                "pStyle" => draft.style = value(),
                "outlineLvl" => draft.outline_level = value().and_then(|level| level.parse().ok()),
                _ => {}
            },
            (Some(Open::RunProperties), _) => match name {
                "vanish" | "specVanish" => self.is_hidden = is_on(value().as_deref()),
                "rStyle" => {
                    self.is_hidden |= value().is_some_and(|style| self.styles.is_hidden(&style));
                }
                _ => {}
            },
            _ => {}
        }
    }

    /// What was deleted: text, the end of a paragraph, a row.
    fn begin_deleted(&mut self) -> Option<Open> {
        match (self.open.last(), self.drafts.last_mut(), self.rows.last_mut()) {
            (Some(Open::MarkProperties), Some(draft), _) => draft.joins = true,
            (Some(Open::RowProperties), _, Some(row)) => row.is_deleted = true,
            _ => {}
        }
        None
    }

    fn begin_paragraph(&mut self) -> Open {
        self.drafts.push(Draft {
            text: std::mem::take(&mut self.carried),
            ..Draft::default()
        });
        Open::Paragraph
    }

    fn begin_math(&mut self, element: &Element<'_, Vocabulary>) -> Open {
        let Some(draft) = self.drafts.last_mut() else {
            return Open::Other;
        };
        let name = element.name();
        match name {
            "t" => return Open::Text,
            "oMath" => draft.gap = true,
            "chr" | "begChr" | "endChr" | "sepChr" => {
                let value = element.attribute("val").unwrap_or_default();
                let around = self.open.iter_mut().rev().take(2);
                for open in around {
                    if let Open::Math(math) = open {
                        math.set(name, value.clone());
                    }
                }
            }
            _ => {}
        }
        let parent = match self.open.last_mut() {
            Some(Open::Math(math)) => Some(math),
            _ => None,
        };
        Open::Math(Math::begin(name, parent, &mut draft.text))
    }

    /// Adds what stands for a character to the open paragraph.
    fn show(&mut self, text: &str) -> Open {
        if self.is_shown()
            && let Some(draft) = self.drafts.last_mut()
        {
            draft.push(text);
        }
        Open::Other
    }

    fn is_shown(&self) -> bool {
        !self.is_hidden && !self.fields.contains(&true)
    }

    fn text(&mut self, text: &str) {
        if self.skipped == 0 && matches!(self.open.last(), Some(Open::Text)) {
            self.show(text);
        }
    }

    fn end(&mut self) {
        match self.open.pop() {
            Some(Open::Paragraph) => self.end_paragraph(),
            Some(Open::Run(hidden)) => self.is_hidden = hidden,
            Some(Open::Row) => self.end_row(),
            Some(Open::Cell) => {
                let pieces = self.sinks.pop().unwrap_or_default();
                match self.rows.last_mut() {
                    Some(row) => row.cells.push(pieces),
                    None => self.sink(pieces),
                }
            }
            Some(Open::Box(hidden)) => {
                self.is_hidden = hidden;
                let pieces = self.sinks.pop().unwrap_or_default();
                match self.drafts.last_mut() {
                    Some(draft) => draft.boxes.extend(pieces),
                    None => self.sink(pieces),
                }
            }
            Some(Open::Note(id)) => {
                let pieces = self.sinks.pop().unwrap_or_default();
                self.body.notes.push((id, pieces));
            }
            Some(Open::Math(math)) => {
                if let Some(draft) = self.drafts.last_mut() {
                    draft.gap = math.is_equation();
                    math.end(&mut draft.text);
                }
            }
            _ => {}
        }
    }

    fn end_paragraph(&mut self) {
        let Some(draft) = self.drafts.pop() else {
            return;
        };
        // Codes end with their paragraph; one that does not was cut off, and would hide all that follows.
        self.fields.iter_mut().for_each(|is_code| *is_code = false);
        if draft.joins {
            self.carried = draft.text;
            self.sink(draft.boxes);
            return;
        }
        let role = match (draft.outline_level, &draft.style) {
            (Some(level), None) => of_level(level),
            (level, Some(style)) => match (self.styles.role(style), level) {
                (Role::Text | Role::Heading, Some(level)) => of_level(level),
                (role, _) => role,
            },
            (None, None) => Role::Text,
        };
        let is_hidden = draft
            .style
            .is_some_and(|style| self.styles.is_hidden(&style));
        if role != Role::Contents && !is_hidden && !draft.text.trim().is_empty() {
            let kind = match role {
                Role::Title | Role::Heading if draft.text.len() <= HEADING => Kind::Heading,
                _ => Kind::Body,
            };
            let piece = Piece {
                kind,
                is_title: role == Role::Title && kind == Kind::Heading,
                text: draft.text,
            };
            self.sink([piece]);
        }
        self.sink(draft.boxes);
    }

    fn end_row(&mut self) {
        let Some(row) = self.rows.pop().filter(|row| !row.is_deleted) else {
            return;
        };
        let is_line = row.cells.iter().all(|cell| match cell.as_slice() {
            [] => true,
            [piece] => piece.kind == Kind::Body && piece.text.len() <= CELL,
            _ => false,
        });
        let pieces = row.cells.into_iter().flatten();
        if is_line {
            let texts: Vec<String> = pieces.map(|piece| piece.text).collect();
            if !texts.is_empty() {
                self.sink([Piece {
                    kind: Kind::Body,
                    text: texts.join(" | "),
                    is_title: false,
                }]);
            }
        } else {
            self.sink(pieces);
        }
    }

    fn sink(&mut self, pieces: impl IntoIterator<Item = Piece>) {
        if let Some(sink) = self.sinks.last_mut() {
            sink.extend(pieces);
        }
    }
}
