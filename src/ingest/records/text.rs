//! The text of a record: a string, or a list of paragraphs in any of the forms that lists of paragraphs have.

use serde_json::{Map, Value};

use super::super::blocks::Blocks;
use super::super::fold::fold;
use super::super::html;
use super::super::plain::body_paragraphs;
use crate::article::{Kind, Paragraph, Span};

/// The text of an article, and its title where the text holds that too.
pub(super) struct Text {
    pub(super) title: Option<String>,
    pub(super) paragraphs: Vec<Paragraph>,
}

impl Text {
    /// The text that a field holds; `None` where it holds none.
    ///
    /// A string is split into paragraphs, or read as HTML where it is marked up. In a list each element is a paragraph: a
    /// string, an object with a `text`, or a list of the pieces of one. An object's `label`, `kind`, `type` or `tag` may say that
    /// it is a title or a heading.
    pub(super) fn of(value: &Value) -> Option<Self> {
        let text = match value {
            Value::String(text) if is_marked_up(text) => {
                Self::from_paragraphs(html::fragment(text))
            }
            Value::String(text) => Self::from_paragraphs(body_paragraphs(text, 0)),
            Value::Array(items) if items.iter().all(|item| item.is_string()) => {
                Self::from_paragraphs(strings(items))
            }
            Value::Array(items) => pieces(items),
            Value::Object(object) => {
                let inner = ["rendered", "value", "html", "text", "#text", "paragraphs"];
                return inner
                    .iter()
                    .filter_map(|name| object.get(*name))
                    .find_map(|value| match value {
                        Value::Object(_) => None,
                        value => Self::of(value),
                    });
            }
            _ => return None,
        };
        (!text.paragraphs.is_empty()).then_some(text)
    }

    const fn from_paragraphs(paragraphs: Vec<Paragraph>) -> Self {
        Self {
            title: None,
            paragraphs,
        }
    }
}

/// Whether a string is HTML: it has the end of a block, or a line break.
fn is_marked_up(text: &str) -> bool {
    text.contains('<')
        && ["</p>", "<br", "</div>", "<p>", "</li>", "</h2>"]
            .iter()
            .any(|tag| text.contains(tag) || text.contains(&tag.to_uppercase()))
}

/// Paragraphs that are strings; spans count the strings joined by a blank line, as they are.
fn strings(items: &[Value]) -> Vec<Paragraph> {
    let mut start = 0;
    let mut paragraphs = Vec::with_capacity(items.len());
    for item in items.iter().filter_map(Value::as_str) {
        let indent = item.len() - item.trim_start().len();
        let bare = item.trim();
        let text = fold(bare);
        if !text.is_empty() {
            let span = Span::new(start + indent, start + indent + bare.len());
            paragraphs.push(Paragraph::new(Kind::Body, text, span));
        }
        start += item.len() + "\n\n".len();
    }
    paragraphs
}

/// Paragraphs that are objects, or lists of pieces.
fn pieces(items: &[Value]) -> Text {
    let mut title = None;
    let mut blocks = Blocks::default();
    for item in items {
        let (text, kind) = match item {
            Value::Array(pieces) => {
                let (mut joined, mut kinds) = (String::new(), Vec::new());
                for piece in pieces {
                    let (text, kind) = piece_of(piece);
                    join(&mut joined, text);
                    kinds.push(kind);
                }
                // A paragraph is a title only if all of it is.
                let same = kinds
                    .first()
                    .filter(|first| kinds.iter().all(|kind| kind == *first));
                (joined, same.copied().unwrap_or(Piece::Body))
            }
            one => {
                let (text, kind) = piece_of(one);
                (text.to_owned(), kind)
            }
        };
        match kind {
            Piece::Title if title.is_none() => {
                title = Some(fold(&text)).filter(|text| !text.is_empty())
            }
            Piece::Title | Piece::Heading => blocks.push(Kind::Heading, &text),
            Piece::Body => blocks.push(Kind::Body, &text),
        }
    }
    Text {
        title,
        paragraphs: blocks.into_paragraphs(),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece {
    Title,
    Heading,
    Body,
}

fn piece_of(value: &Value) -> (&str, Piece) {
    let Value::Object(object) = value else {
        return (value.as_str().unwrap_or(""), Piece::Body);
    };
    let string = |names: &[&str]| {
        names
            .iter()
            .filter_map(|name| object.get(*name))
            .find_map(Value::as_str)
    };
    let text = string(&["text", "content", "value", "#text"]).unwrap_or("");
    (text, label(object))
}

fn label(object: &Map<String, Value>) -> Piece {
    let label = ["label", "kind", "type", "tag", "style"]
        .iter()
        .filter_map(|name| object.get(*name))
        .find_map(Value::as_str)
        .unwrap_or("")
        .to_ascii_lowercase();
    match label.as_str() {
        "title" | "headline" | "h1" => Piece::Title,
        "heading" | "subheading" | "header" | "subtitle" | "h2" | "h3" | "h4" | "h5" | "h6" => {
            Piece::Heading
        }
        _ => Piece::Body,
    }
}

/// Adds a piece of a sentence: with a space before it, unless it begins with a sign that stands close or has one.
fn join(joined: &mut String, piece: &str) {
    let closes = piece.starts_with(|c: char| {
        c.is_whitespace()
            || matches!(
                c,
                '.' | ',' | ';' | ':' | '!' | '?' | ')' | ']' | '’' | '”' | '%'
            )
    });
    if !joined.is_empty()
        && !closes
        && !joined.ends_with(|c: char| c.is_whitespace() || matches!(c, '(' | '[' | '“'))
    {
        joined.push(' ');
    }
    joined.push_str(piece);
}

/// What a JSON value is, with its article.
pub(in super::super) const fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(json: &str) -> (Option<String>, Vec<String>) {
        let text = Text::of(&serde_json::from_str(json).unwrap()).unwrap();
        (
            text.title,
            text.paragraphs
                .into_iter()
                .map(|paragraph| paragraph.text)
                .collect(),
        )
    }

    #[test]
    fn paragraphs_may_be_given_in_pieces_with_labels() {
        let json = r#"[[{"text": "The pier", "label": "title"}],
            [{"text": "It stands", "label": "claim"}, {"text": ","}, {"text": "and it leaks"}, {"text": "."}],
            {"type": "h2", "text": "Why"}, "Because."]"#;
        let (title, paragraphs) = text(json);
        assert_eq!(title.as_deref(), Some("The pier"));
        assert_eq!(paragraphs, ["It stands, and it leaks.", "Why", "Because."]);
    }

    #[test]
    fn spans_stand_in_the_articles_own_text() {
        for (json, own) in [
            (
                r#"[" Öne. ", "", "Two\nlines."]"#,
                " Öne. \n\n\n\nTwo\nlines.",
            ),
            (r#""Öne.\n\nTwo\nlines.""#, "Öne.\n\nTwo\nlines."),
        ] {
            let text = Text::of(&serde_json::from_str(json).unwrap()).unwrap();
            let found: Vec<&str> = text
                .paragraphs
                .iter()
                .map(|p| &own[p.span.start..p.span.end])
                .collect();
            assert_eq!(found, ["Öne.", "Two\nlines."]);
        }
    }

    #[test]
    fn what_holds_no_text_is_none() {
        for json in ["null", "\" \"", "[]", "[1, 2]", "{\"x\": 1}", "7"] {
            assert!(
                Text::of(&serde_json::from_str(json).unwrap()).is_none(),
                "{json}"
            );
        }
    }
}
