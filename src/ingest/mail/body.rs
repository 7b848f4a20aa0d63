//! The text of an e-mail: which of its forms is read, and what of it others wrote.

use mail_parser::{Message, MessagePart, MimeHeaders, PartType};

use super::super::blocks::Blocks;
use super::super::html::fragment;
use super::super::plain::body_paragraphs;
use crate::article::{Kind, Paragraph};

/// A plain text is a stub where the HTML beside it says so many times more.
const STUB: usize = 4;

/// A plain text is no stub from so many bytes on: a call to look at the mail elsewhere is shorter.
const NO_STUB: usize = 600;

/// The paragraphs of a message.
pub(super) fn paragraphs(message: &Message<'_>) -> Vec<Paragraph> {
    let mut plain = Blocks::default();
    for part in message.text_bodies() {
        if let PartType::Text(text) = &part.body {
            plain.extend(of_plain(text, flow(part)));
        }
    }
    let plain = plain.into_paragraphs();
    let length = |paragraphs: &[Paragraph]| paragraphs.iter().map(|p| p.text.len()).sum::<usize>();
    if length(&plain) >= NO_STUB {
        return plain;
    }
    let mut html = Blocks::default();
    for part in message.html_bodies() {
        if let PartType::Html(text) = &part.body {
            html.extend(fragment(text));
        }
    }
    let html = html.into_paragraphs();
    match length(&html) > STUB * length(&plain) {
        true => html,
        false => plain,
    }
}

/// How the lines of a plain text are joined again (RFC 3676).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    Fixed,
    Flowed {
        /// Whether the space at the end of a line was put there.
        deletes_space: bool,
    },
}

fn flow(part: &MessagePart<'_>) -> Flow {
    let says = |name: &str, value: &str| {
        part.content_type()
            .and_then(|kind| kind.attribute(name))
            .is_some_and(|said| said.eq_ignore_ascii_case(value))
    };
    match says("format", "flowed") {
        true => Flow::Flowed {
            deletes_space: says("delsp", "yes"),
        },
        false => Flow::Fixed,
    }
}

/// The paragraphs of a plain text: its own, those that it quotes, and its signature.
fn of_plain(text: &str, flow: Flow) -> Vec<Paragraph> {
    let mut blocks = Blocks::default();
    let mut part = String::new();
    let mut kind = Kind::Body;
    let mut flush = |part: &mut String, kind: Kind| {
        for paragraph in body_paragraphs(part, 0) {
            blocks.push(kind, &paragraph.text);
        }
        part.clear();
    };
    let mut depth_before = 0;
    let mut goes_on = false;
    for line in text.lines() {
        let (depth, line) = unquoted(line);
        let is_signature = depth == 0 && line.trim_end() == "--" && line.len() <= 3;
        let line_kind = match (is_signature || kind == Kind::Biography, depth) {
            (true, 0) => Kind::Biography,
            (_, 0) => Kind::Body,
            _ => Kind::Comment,
        };
        if line_kind != kind {
            let said_by = (line_kind == Kind::Comment).then(|| take_attribution(&mut part));
            flush(&mut part, kind);
            part.push_str(&said_by.unwrap_or_default());
            kind = line_kind;
            goes_on = false;
        }
        if is_signature {
            continue;
        }
        if depth != depth_before && goes_on {
            part.push('\n');
            goes_on = false;
        }
        depth_before = depth;
        match flow {
            Flow::Flowed { deletes_space } => {
                // A space was put before lines that begin with one, or with `From` or `>`.
                let line = line.strip_prefix(' ').unwrap_or(line);
                goes_on = line.ends_with(' ');
                part.push_str(match goes_on && deletes_space {
                    true => line.strip_suffix(' ').unwrap_or(line),
                    false => line,
                });
                // What does not go on is a paragraph, whatever the length of its lines.
                if !goes_on {
                    part.push_str("\n\n");
                }
            }
            Flow::Fixed => {
                part.push_str(line);
                part.push('\n');
            }
        }
    }
    flush(&mut part, kind);
    let mut paragraphs = blocks.into_paragraphs();
    // A mail that only passes on what others wrote is about that.
    if paragraphs.iter().all(|paragraph| paragraph.kind != Kind::Body) {
        for paragraph in &mut paragraphs {
            paragraph.kind = Kind::Body;
        }
    }
    paragraphs
}

/// How deep a line is quoted, and the line without the marks.
fn unquoted(line: &str) -> (usize, &str) {
    let mut depth = 0;
    let mut rest = line;
    while let Some(inside) = rest.strip_prefix('>') {
        depth += 1;
        // `> > ` is as common as `>> `.
        rest = match inside.strip_prefix(' ') {
            Some(after) if after.starts_with('>') => after,
            _ => inside,
        };
    }
    match depth {
        0 => (0, line),
        _ => (depth, rest.strip_prefix(' ').unwrap_or(rest)),
    }
}

/// Takes the line off a text that says who wrote what is quoted after it: "On Thursday Ada Marsh wrote:", which may be
/// two lines long.
fn take_attribution(text: &mut String) -> String {
    const LONGEST: usize = 200;
    let end = text.trim_end();
    if !end.ends_with(':') {
        return String::new();
    }
    let start = end.rfind("\n\n").map_or(0, |at| at + 2);
    let last = end.get(start..).unwrap_or_default();
    let has_address = last.contains('@') || last.contains("wrote") || last.contains("schrieb") || last.contains("écrit");
    if last.len() > LONGEST || last.lines().count() > 2 || !has_address {
        return String::new();
    }
    let mut taken = last.to_owned();
    text.truncate(start);
    taken.push_str("\n\n");
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str, flow: Flow) -> Vec<(Kind, String)> {
        of_plain(text, flow)
            .into_iter()
            .map(|paragraph| (paragraph.kind, paragraph.text))
            .collect()
    }

    fn own(kinds: &[(Kind, &str)]) -> Vec<(Kind, String)> {
        kinds.iter().map(|(kind, text)| (*kind, (*text).to_owned())).collect()
    }

    #[test]
    fn quotes_and_signatures_are_not_the_senders_argument() {
        let text = "I agree.\n\nOn Thursday, Ada Marsh\n<a@example.org> wrote:\n> The port\n> > silts.\n\nNo: it does not.\n\n-- \nBen Holt\nHarbour Office\n";
        assert_eq!(
            kinds(text, Flow::Fixed),
            own(&[
                (Kind::Body, "I agree."),
                (Kind::Comment, "On Thursday, Ada Marsh <a@example.org> wrote:"),
                (Kind::Comment, "The port silts."),
                (Kind::Body, "No: it does not."),
                (Kind::Biography, "Ben Holt Harbour Office"),
            ])
        );
        assert_eq!(kinds("> only this", Flow::Fixed), own(&[(Kind::Body, "only this")]));
    }

    #[test]
    fn flowed_lines_are_joined_and_others_are_not() {
        let text = "The port \nsilts up.\n From here\n> quoted \n> too\n";
        let flowed = Flow::Flowed { deletes_space: false };
        assert_eq!(
            kinds(text, flowed),
            own(&[
                (Kind::Body, "The port silts up."),
                (Kind::Body, "From here"),
                (Kind::Comment, "quoted too"),
            ])
        );
        let deleted = Flow::Flowed { deletes_space: true };
        assert_eq!(kinds("har \nbour", deleted), own(&[(Kind::Body, "harbour")]));
    }
}
