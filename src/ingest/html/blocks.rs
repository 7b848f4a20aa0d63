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
        ended_line: false,
        open: Vec::new(),
    };
    let end = tree.end(below);
    let mut id = below;
    while id < end {
        walk.leave(id);
        match tree.content(id) {
            Content::Text { .. } => {
                walk.text(tree.text(id));
                id += 1;
            }
            Content::Element { tag, .. } if is_left_out(id, tag) => {
                if tag.is_block() {
                    walk.flush();
                }
                id = tree.end(id);
            }
            Content::Element { tag, .. } => {
                walk.enter(id, tag, tree.end(id));
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

/// An element that the walk is in.
struct Open {
    tag: Tag,
    id: Id,
    end: Id,
}

/// A walk through a tree.
struct Walk {
    blocks: Vec<Block>,
    /// The text of the block that is being read, as it stands.
    text: String,
    linked: usize,
    /// Whether a line was ended and nothing came since: the next end ends the block.
    ended_line: bool,
    open: Vec<Open>,
}

impl Walk {
    fn text(&mut self, text: &str) {
        self.text.push_str(text);
        if !text.trim_ascii().is_empty() {
            self.ended_line = false;
            if self.open.iter().rev().any(|open| open.tag == Tag::A) {
                self.linked += text.trim_ascii().len();
            }
        }
    }

    fn enter(&mut self, id: Id, tag: Tag, end: Id) {
        if tag == Tag::Br {
            match self.ended_line {
                true => self.flush(),
                false => self.text.push('\n'),
            }
            self.ended_line = true;
            return;
        }
        if tag.is_block() {
            self.flush();
        } else if tag == Tag::Q {
            self.text.push('“');
        } else if matches!(tag, Tag::Button | Tag::Img) {
            self.text.push(' ');
        }
        self.open.push(Open { tag, id, end });
    }

    /// Leaves the elements that end before a node.
    fn leave(&mut self, next: Id) {
        while let Some(open) = self.open.last().filter(|open| open.end <= next) {
            let tag = open.tag;
            if tag.is_block() {
                self.flush();
            } else if tag == Tag::Q {
                self.text.push('”');
            }
            self.open.pop();
        }
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
        let is_heading = self.open.iter().any(|open| open.tag.is_heading());
        let is_laid_out = self.open.iter().any(|open| {
            matches!(
                open.tag,
                Tag::Pre | Tag::Plaintext | Tag::Xmp | Tag::Listing
            )
        });
        let parent = parent.map_or(0, |open| open.id);
        let mut push = |text: &str, linked| {
            let text = fold(text);
            if !text.is_empty() {
                self.blocks.push(Block {
                    text,
                    parent,
                    linked,
                    is_heading,
                });
            }
        };
        if is_laid_out {
            for span in split_paragraphs(&self.text) {
                push(self.text.get(span.start..span.end).unwrap_or(""), linked);
            }
        } else {
            push(&self.text, linked);
        }
        self.text.clear();
    }
}
