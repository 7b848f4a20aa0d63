//! Lines put together to paragraphs, within columns and across them.

use std::collections::HashMap;

use super::columns::Line;
use super::glyphs::Style;
use super::hyphens::Words;
use super::letters::composed;
use crate::article::Kind;

/// How much wider than the usual one a step to the next line is that begins a paragraph.
const WIDER: f32 = 1.25;

/// How much larger than the text a heading is.
const LARGER: f32 = 1.12;

/// How far a line is set in that begins a paragraph, in sizes of its font.
const INDENT: f32 = 0.7;

/// How many letters and lines a heading has at most.
const HEADING_LETTERS: usize = 200;
const HEADING_LINES: usize = 4;
const ITALIC_LETTERS: usize = 80;

/// How many paragraphs (footnotes, captions) may stand between two halves of one.
const BETWEEN: usize = 4;

/// A paragraph as the pages show it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Block {
    pub(super) kind: Kind,
    pub(super) text: String,
    /// The size of its font.
    pub(super) size: f32,
    /// Which page it begins on.
    pub(super) page: usize,
}

/// The paragraphs of pages whose lines are in reading order.
pub(super) fn blocks(pages: &[Vec<Line>]) -> Vec<Block> {
    let mut words = Words::default();
    for line in pages.iter().flatten() {
        words.add(&line.piece.text);
    }
    let body = Body::of(pages);
    let mut blocks: Vec<Block> = Vec::new();
    for (page, lines) in pages.iter().enumerate() {
        for column in lines.chunk_by(|a, b| a.column == b.column) {
            for (at, paragraph) in parted(column).into_iter().enumerate() {
                let block = block(paragraph, &words, &body, page);
                match (at == 0).then(|| unfinished(&mut blocks, &block)).flatten() {
                    Some(half) => words.join(&mut half.text, &block.text),
                    None => blocks.push(block),
                }
            }
        }
    }
    for block in &mut blocks {
        block.text = composed(&block.text);
    }
    blocks
}

/// What most of a document is set in.
struct Body {
    size: f32,
    style: Style,
}

impl Body {
    fn of(pages: &[Vec<Line>]) -> Self {
        let mut letters: HashMap<(i32, Style), usize> = HashMap::new();
        for line in pages.iter().flatten() {
            let key = ((line.piece.size * 5.0).round() as i32, line.piece.style);
            *letters.entry(key).or_default() += line.piece.text.len();
        }
        // The smaller one of two that are as frequent, whatever the order of the map.
        let most = letters
            .into_iter()
            .max_by_key(|((size, style), count)| (*count, -*size, *style));
        most.map_or(
            Self {
                size: 10.0,
                style: Style::Plain,
            },
            |((size, style), _)| Self {
                size: size as f32 / 5.0,
                style,
            },
        )
    }
}

/// The paragraphs of a column.
fn parted(lines: &[Line]) -> Vec<&[Line]> {
    let step = usual_step(lines);
    let mut paragraphs = Vec::new();
    let mut start = 0;
    for at in 1..lines.len() {
        let (Some(paragraph), Some(line)) = (lines.get(start..at), lines.get(at)) else {
            break;
        };
        if begins(paragraph, line, lines.get(at + 1), step) {
            paragraphs.push(paragraph);
            start = at;
        }
    }
    paragraphs.extend(lines.get(start..).filter(|rest| !rest.is_empty()));
    paragraphs
}

/// The usual step from one line of a column to the next, in sizes of their font.
fn usual_step(lines: &[Line]) -> f32 {
    /// What is usual where there are too few lines to tell.
    const USUAL: f32 = 1.3;
    let mut steps: Vec<f32> = lines
        .iter()
        .zip(lines.iter().skip(1))
        .filter(|(a, b)| same_size(a, b))
        .map(|(a, b)| (b.piece.y - a.piece.y) / a.piece.size)
        .filter(|step| (0.8..3.0).contains(step))
        .collect();
    if steps.len() < 3 {
        return USUAL;
    }
    steps.sort_by(f32::total_cmp);
    // A little below the middle: a list or a table has as many wide steps as narrow ones.
    steps.get(steps.len() * 2 / 5).copied().unwrap_or(USUAL)
}

fn same_size(a: &Line, b: &Line) -> bool {
    (a.piece.size - b.piece.size).abs() <= 0.08 * a.piece.size.max(b.piece.size)
}

/// Whether a line begins a paragraph after the lines of the one before it.
fn begins(paragraph: &[Line], line: &Line, next: Option<&Line>, step: f32) -> bool {
    let Some(before) = paragraph.last() else {
        return true;
    };
    let (piece, last) = (&line.piece, &before.piece);
    let size = piece.size.max(last.size);
    if !same_size(before, line) || piece.style != last.style {
        return true;
    }
    if piece.y - last.y > WIDER * step * size || piece.y < last.y - size {
        return true;
    }
    if is_item(&piece.text) {
        return true;
    }
    let middle = |line: &Line| f32::midpoint(line.piece.x.0, line.piece.x.1);
    let (left, right) = line.edges;
    let centred = (middle(line) - middle(before)).abs() < 0.3 * size
        && (piece.x.0 - last.x.0).abs() > 0.3 * size
        && last.x.0 > left + size;
    let rightward = !is_leftward_line(&piece.text);
    let start = |line: &Line| {
        if rightward {
            line.piece.x.0
        } else {
            -line.piece.x.1
        }
    };
    let set_in = start(line) - start(before);
    if !centred && set_in > INDENT * size {
        // A line set in begins a paragraph, unless all but the first line of it are set in.
        let hanging = next.is_some_and(|next| (start(next) - start(line)).abs() < 0.3 * size);
        return paragraph.len() > 1 || !hanging || ends_sentence(&last.text);
    }
    if !centred && set_in < -INDENT * size && paragraph.len() > 1 {
        return true;
    }
    // A line that ends early though the next word would have fitted ends its paragraph.
    let room = if rightward {
        right - last.x.1
    } else {
        last.x.0 - left
    };
    let letters = piece.text.chars().count().max(1) as f32;
    let first_word = piece.text.split(' ').next().unwrap_or("").chars().count() as f32;
    let width = (piece.x.1 - piece.x.0) / letters * (first_word + 1.0);
    let upper = piece
        .text
        .chars()
        .find(|c| c.is_alphanumeric())
        .is_some_and(|c| !c.is_lowercase());
    room > width + 2.0 * size && upper && ends_sentence(&last.text)
}

fn is_leftward_line(text: &str) -> bool {
    let letters = text.chars().filter(|c| c.is_alphabetic());
    let (left, all) = letters.fold((0, 0), |(left, all), c| {
        (
            left + usize::from(super::direction::is_leftward(c)),
            all + 1,
        )
    });
    2 * left > all
}

/// Whether a line begins an item of a list or of references.
fn is_item(text: &str) -> bool {
    const BULLETS: [char; 11] = ['•', '◦', '▪', '■', '●', '○', '‣', '⁃', '·', '►', '✓'];
    let mut chars = text.chars();
    let first = chars.next();
    if first.is_some_and(|c| BULLETS.contains(&c)) {
        return true;
    }
    let number: usize = text
        .chars()
        .skip(1)
        .take_while(char::is_ascii_digit)
        .count();
    first == Some('[') && number > 0 && text.chars().nth(number + 1) == Some(']')
}

/// Whether a text ends as a sentence does.
fn ends_sentence(text: &str) -> bool {
    let bare = text.trim_end_matches(['"', '”', '’', '\'', ')', ']', '»']);
    bare.ends_with(['.', '!', '?', ':', '。', '؟', '…', '։'])
}

fn block(lines: &[Line], words: &Words, body: &Body, page: usize) -> Block {
    let mut text = String::new();
    for line in lines {
        words.join(&mut text, &line.piece.text);
    }
    let size = lines.first().map_or(body.size, |line| line.piece.size);
    let style = lines.first().map_or(Style::Plain, |line| line.piece.style);
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let set_apart = size >= 0.95 * body.size
        && match style {
            Style::Bold => body.style != Style::Bold,
            // Quotations and captions are italic too.
            Style::Italic => {
                body.style == Style::Plain
                    && lines.len() == 1
                    && text.chars().count() <= ITALIC_LETTERS
                    && text.starts_with(|c: char| c.is_uppercase() || c.is_numeric())
            }
            Style::Plain => false,
        };
    let stands_out = size >= LARGER * body.size || set_apart;
    let is_heading = stands_out
        && lines.len() <= HEADING_LINES
        && letters >= 2
        && text.chars().count() <= HEADING_LETTERS
        && !text.ends_with(['.', ',', ';', ':'])
        && !is_item(&text);
    Block {
        kind: if is_heading {
            Kind::Heading
        } else {
            Kind::Body
        },
        text,
        size,
        page,
    }
}

/// The paragraph that another one at the top of a column goes on with, past footnotes and captions.
fn unfinished<'a>(blocks: &'a mut [Block], next: &Block) -> Option<&'a mut Block> {
    if next.kind != Kind::Body {
        return None;
    }
    let same = |block: &Block| (block.size - next.size).abs() <= 0.05 * next.size;
    let at = blocks
        .iter()
        .rev()
        .take(BETWEEN)
        .position(|block| block.kind == Kind::Body && same(block))?;
    let half = blocks.iter_mut().rev().nth(at)?;
    let first = next
        .text
        .chars()
        .find(|c| !matches!(c, '(' | '"' | '“' | '‘'))?;
    let parted = half.text.ends_with('-') && first.is_alphabetic();
    let cut = half
        .text
        .ends_with(|c: char| c.is_alphanumeric() || matches!(c, ',' | ';' | ')' | '’'));
    let goes_on =
        first.is_lowercase() || (at == 0 && !first.is_uppercase() && first.is_alphabetic());
    // A line of a table or a list is no half of a sentence.
    let is_prose = half.text.split(' ').count() >= 6;
    ((parted || (cut && goes_on)) && is_prose && next.page <= half.page + 2).then_some(half)
}

#[cfg(test)]
mod tests {
    use super::super::lines::Piece;
    use super::*;

    fn line(text: &str, x: f32, y: f32, column: usize) -> Line {
        Line {
            piece: Piece {
                x: (x, x + 5.0 * text.len() as f32),
                y,
                size: 10.0,
                style: Style::Plain,
                text: text.into(),
            },
            column,
            edges: (0.0, 150.0),
        }
    }

    fn texts(pages: &[Vec<Line>]) -> Vec<String> {
        blocks(pages).into_iter().map(|block| block.text).collect()
    }

    #[test]
    fn space_and_indents_part_paragraphs() {
        let lines = vec![
            line("A port is not a monument and", 0.0, 10.0, 0),
            line("a city needs it.", 0.0, 22.0, 0),
            line("It can wait.", 0.0, 50.0, 0),
            line("So can we, says the master", 10.0, 62.0, 0),
            line("of the old port.", 0.0, 74.0, 0),
        ];
        let expected = [
            "A port is not a monument and a city needs it.",
            "It can wait.",
            "So can we, says the master of the old port.",
        ];
        assert_eq!(texts(&[lines]), expected);
    }

    #[test]
    fn a_paragraph_goes_on_in_the_next_column_past_a_footnote() {
        let mut note = line("1 A footnote of the page.", 0.0, 200.0, 0);
        note.piece.size = 7.0;
        let pages = [
            vec![
                line("A port is not a monument, and a har-", 0.0, 10.0, 0),
                note,
                line("bour is not one either.", 200.0, 10.0, 1),
            ],
            vec![line("Another page.", 0.0, 10.0, 0)],
        ];
        let expected = [
            "A port is not a monument, and a harbour is not one either.",
            "1 A footnote of the page.",
            "Another page.",
        ];
        assert_eq!(texts(&pages), expected);
    }

    #[test]
    fn larger_and_bold_lines_are_headings() {
        let mut title = line("The Harbour", 0.0, 10.0, 0);
        title.piece.size = 16.0;
        let mut bold = line("Its mud", 0.0, 40.0, 0);
        bold.piece.style = Style::Bold;
        let body = line("A port is not a monument, and so on.", 0.0, 60.0, 0);
        let kinds: Vec<Kind> = blocks(&[vec![title, bold, body]])
            .iter()
            .map(|block| block.kind)
            .collect();
        assert_eq!(kinds, [Kind::Heading, Kind::Heading, Kind::Body]);
    }
}
