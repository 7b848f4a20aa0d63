//! From a page's tree to its blocks of text: what stands on lines of its own.

use super::super::fold::fold;
use super::super::paragraphs::split_paragraphs;
use super::tag::{Attribute, Tag};
use super::tree::{Content, Id, Tree};

/// A block of text.
#[derive(Debug, Clone)]
pub(super) struct Block {
    /// Its text, white space folded; never empty.
    pub(super) text: String,
    /// The innermost element that is a block and holds it.
    pub(super) parent: Id,
    /// The node of its first text.
    pub(super) at: Id,
    /// How many of its bytes stand in links, about.
    pub(super) linked: usize,
    /// Whether it is a heading.
    pub(super) is_heading: bool,
}

/// The blocks below a node, in order, without those that are below elements for which `is_left_out` holds.
pub(super) fn blocks(tree: &Tree, below: Id, is_left_out: impl Fn(Id, Tag) -> bool) -> Vec<Block> {
    let mut walk = Walk {
        blocks: Vec::new(),
        text: String::new(),
        linked: 0,
        at: 0,
        ended_line: false,
        open: Vec::new(),
        links: 0,
        headings: 0,
        laid_out: 0,
    };
    let end = tree.end(below);
    let mut id = below;
    while id < end {
        walk.leave(id);
        match tree.content(id) {
            Content::Text { .. } => {
                walk.text(id, tree.text(id));
                id += 1;
            }
            Content::Element { tag, .. } if is_left_out(id, tag) => {
                if tag.is_block() {
                    walk.flush();
                }
                id = tree.end(id);
            }
            Content::Element { tag, .. } => {
                walk.enter(tree, id, tag);
                id += 1;
            }
        }
    }
    walk.leave(end);
    walk.flush();
    walk.blocks
}

/// Whether an element says that it is not shown.
pub(super) fn is_hidden(tree: &Tree, id: Id) -> bool {
    let is_styled_away = || {
        let style = tree.attribute(id, Attribute::Style)?;
        let style: String = style.chars().filter(|c| !c.is_whitespace()).collect();
        let style = style.to_ascii_lowercase();
        Some(style.contains("display:none") || style.contains("visibility:hidden"))
    };
    tree.attribute(id, Attribute::Hidden).is_some() || is_styled_away().unwrap_or(false)
}

/// A row of a table longer than this, in bytes, is no line of values.
const LONGEST_ROW: usize = 400;

/// Whether a row of a table is a line of values rather than a part of a page's layout: several cells, and in them
/// no blocks.
fn is_line(tree: &Tree, row: Id) -> bool {
    let (mut cells, mut length) = (0, 0);
    for id in row + 1..tree.end(row) {
        match tree.tag(id) {
            Some(Tag::Td | Tag::Th) => cells += 1,
            Some(tag) if tag.is_block() => return false,
            _ => length += tree.text(id).len(),
        }
        if length > LONGEST_ROW {
            return false;
        }
    }
    cells > 1
}

/// An element that the walk is in.
#[derive(Clone, Copy)]
struct Open {
    tag: Tag,
    id: Id,
    end: Id,
    /// Whether it is a row that is one block.
    is_line: bool,
}

/// A walk through a tree.
struct Walk {
    blocks: Vec<Block>,
    /// The text of the block that is being read, as it stands.
    text: String,
    linked: usize,
    at: Id,
    /// Whether a line was ended and nothing came since: the next end ends the block.
    ended_line: bool,
    open: Vec<Open>,
    /// How many links, headings and elements that keep their white space the walk is in.
    links: usize,
    headings: usize,
    laid_out: usize,
}

impl Walk {
    fn text(&mut self, id: Id, text: &str) {
        let is_first = self.text.trim_ascii().is_empty();
        self.text.push_str(text);
        if !text.trim_ascii().is_empty() {
            if is_first {
                self.at = id;
            }
            self.ended_line = false;
            if self.links > 0 {
                self.linked += text.trim_ascii().len();
            }
        }
    }

    fn enter(&mut self, tree: &Tree, id: Id, tag: Tag) {
        let end = tree.end(id);
        if tag == Tag::Br {
            match self.ended_line {
                true => self.flush(),
                false => self.text.push('\n'),
            }
            self.ended_line = true;
            return;
        }
        if tag.is_block() {
            if self.is_cell_of_line(tag, 0) {
                self.text.push(' ');
            } else {
                self.flush();
            }
        } else if tag == Tag::Q {
            self.text.push('“');
        } else if matches!(tag, Tag::Button | Tag::Img) {
            self.text.push(' ');
        }
        let is_line = tag == Tag::Tr && is_line(tree, id);
        self.open.push(Open {
            tag,
            id,
            end,
            is_line,
        });
        self.count(tag, true);
    }

    /// Leaves the elements that end before a node.
    fn leave(&mut self, next: Id) {
        while let Some(open) = self.open.last().copied().filter(|open| open.end <= next) {
            if open.tag.is_block() && !self.is_cell_of_line(open.tag, 1) {
                self.flush();
            } else if open.tag == Tag::Q {
                self.text.push('”');
            } else if open.tag.is_table_part() {
                self.text.push(' ');
            }
            self.open.pop();
            self.count(open.tag, false);
        }
    }

    /// Whether an element is a cell of a row that is one block; `above` elements from the innermost stands what holds it.
    fn is_cell_of_line(&self, tag: Tag, above: usize) -> bool {
        matches!(tag, Tag::Td | Tag::Th)
            && self
                .open
                .iter()
                .nth_back(above)
                .is_some_and(|open| open.is_line)
    }

    /// Counts the elements that the walk is in and that say something of all text below them.
    fn count(&mut self, tag: Tag, is_entered: bool) {
        let counter = match tag {
            Tag::A => &mut self.links,
            Tag::Pre | Tag::Plaintext | Tag::Xmp | Tag::Listing => &mut self.laid_out,
            _ if tag.is_heading() => &mut self.headings,
            _ => return,
        };
        *counter = match is_entered {
            true => *counter + 1,
            false => counter.saturating_sub(1),
        };
    }

    /// Ends the block.
    fn flush(&mut self) {
        let linked = std::mem::take(&mut self.linked);
        self.ended_line = false;
        if self.text.trim_ascii().is_empty() {
            self.text.clear();
            return;
        }
        let parent = self.open.iter().rev().find(|open| open.tag.is_block());
        let is_heading = self.headings > 0;
        let parent = parent.map_or(0, |open| open.id);
        let at = self.at;
        let mut push = |text: &str, linked| {
            let text = fold(text);
            if !text.is_empty() {
                self.blocks.push(Block {
                    text,
                    parent,
                    at,
                    linked,
                    is_heading,
                });
            }
        };
        if self.laid_out > 0 {
            for span in split_paragraphs(&self.text) {
                push(self.text.get(span.start..span.end).unwrap_or(""), linked);
            }
        } else {
            push(&self.text, linked);
        }
        self.text.clear();
    }
}
