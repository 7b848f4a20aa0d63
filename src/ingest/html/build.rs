//! From a page's tags to its tree.
//!
//! The tree is built by a part of its rules: which tags end others, and what
//! an end tag reaches. What the standard moves elsewhere (what stands between the rows of a table) stays where it
//! was written here, and a formatting element that is closed out of turn is not opened again, since neither changes
//! the text. In exchange the work is linear: the standard's own way is quadratic in nested or unclosed tags.

use std::borrow::Cow;

use super::tag::{Attribute, Tag};
use super::tokens::{Raw, Token, Tokens};
use super::tree::{ROOT, Tree};

/// So deep are elements nested; what is deeper becomes flat. The deepest of 181 news pages has 52
/// levels, and Chromium allows 512.
const DEPTH: usize = 256;

/// So many nodes are made of a page: the largest of 181 news pages has 4,000. The tags of the rest are passed over
/// and its text is one text.
const NODES: usize = 2_000_000;

/// Builds the tree of a page or of a part of one.
pub(super) fn parse(html: &str) -> Tree {
    let is_xml = html
        .trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}')
        .starts_with("<?xml");
    let mut builder = Builder {
        tree: Tree::new(),
        open: Vec::new(),
        too_deep: 0,
        is_xml,
        has_body: false,
    };
    let mut tokens = Tokens::new(html, is_xml);
    while let Some(token) = tokens.next() {
        match token {
            Token::Start { tag, is_whole } => {
                if let Some(raw) = builder.start(tag, tokens.attributes(), is_whole) {
                    tokens.read_raw(raw);
                }
            }
            Token::End(tag) => builder.end(tag),
            Token::Text(text) => builder.text(&text),
        }
    }
    builder.tree.finish();
    builder.tree
}

/// A page that is being built.
struct Builder {
    tree: Tree,
    /// The elements that are open, the innermost last.
    open: Vec<(Tag, usize)>,
    /// How many more are open that were too deep.
    too_deep: usize,
    /// Whether it says that it is XML, where `<title/>` is a whole element.
    is_xml: bool,
    has_body: bool,
}

impl Builder {
    fn top(&self) -> (Tag, usize) {
        self.open.last().copied().unwrap_or((Tag::Html, ROOT))
    }

    fn text(&mut self, text: &str) {
        let (mut tag, mut parent) = self.top();
        if tag == Tag::Head && !text.trim_ascii().is_empty() {
            self.open.pop();
            (tag, parent) = self.top();
        }
        let is_data = tag == Tag::Script
            && (self.tree.attribute(parent, Attribute::Type))
                .is_some_and(|kind| kind.to_ascii_lowercase().contains("ld+json"));
        if tag == Tag::Style || (tag == Tag::Script && !is_data) {
            return;
        }
        if self.tree.len() < NODES {
            self.tree.push_text(parent, text);
        } else {
            self.tree.extend_text(parent, text);
        }
    }

    /// Takes a start tag, and says how the text after it is read if it holds no tags.
    fn start(
        &mut self,
        tag: Tag,
        attributes: &[(Attribute, Cow<'_, str>)],
        is_whole: bool,
    ) -> Option<Raw> {
        let is_whole = is_whole && (self.is_xml || self.is_foreign());
        let raw = match tag {
            _ if is_whole => None,
            Tag::Title if self.is_foreign() => None,
            Tag::Title | Tag::Textarea => Some(Raw::Escapable),
            Tag::Script | Tag::Style | Tag::Iframe | Tag::Xmp | Tag::Noembed | Tag::Noframes => {
                Some(Raw::Text)
            }
            Tag::Plaintext => Some(Raw::Rest),
            _ => None,
        };
        self.add(tag, attributes, is_whole, raw.is_some());
        raw
    }

    /// Adds an element, and opens it unless it is whole.
    fn add(
        &mut self,
        tag: Tag,
        attributes: &[(Attribute, Cow<'_, str>)],
        is_whole: bool,
        is_raw: bool,
    ) {
        if tag == Tag::Html && self.tree.len() > 1 {
            return;
        }
        if self.tree.len() >= NODES {
            // What the tag parts stays parted.
            if tag.is_block() || tag == Tag::Br {
                self.tree.extend_text(self.top().1, "\n\n");
            }
            return;
        }
        self.end_what_is_implied(tag);
        if tag == Tag::Body && std::mem::replace(&mut self.has_body, true) {
            return;
        }
        let id = self.tree.push_element(self.top().1, tag, attributes);
        if tag.is_void() || is_whole {
            return;
        }
        if self.open.len() < DEPTH || is_raw {
            self.open.push((tag, id));
        } else {
            self.too_deep += 1;
        }
    }

    /// Whether the tag stands in a drawing or a formula.
    fn is_foreign(&self) -> bool {
        self.open
            .iter()
            .any(|(tag, _)| matches!(tag, Tag::Svg | Tag::Math))
    }

    /// Ends the elements that a start tag ends.
    fn end_what_is_implied(&mut self, tag: Tag) {
        let is_table = |tag| matches!(tag, Tag::Table | Tag::Template);
        if self.top().0 == Tag::Head && !tag.is_of_head() {
            self.open.pop();
        }
        if tag.is_block() && !tag.is_table_part() || tag == Tag::Table {
            self.close(
                |open| open == Tag::P,
                |open| is_scope(open) || open == Tag::Button,
            );
        }
        if tag.is_heading() && self.top().0.is_heading() {
            self.open.pop();
        }
        let _ = match tag {
            Tag::Li => self.close(|open| open == Tag::Li, ends_items),
            Tag::Dd | Tag::Dt => self.close(|open| matches!(open, Tag::Dd | Tag::Dt), ends_items),
            Tag::Td | Tag::Th => self.close(|open| matches!(open, Tag::Td | Tag::Th), is_table),
            Tag::Tr => self.close(|open| open == Tag::Tr, is_table),
            Tag::Tbody | Tag::Thead | Tag::Tfoot => self.close(
                |open| matches!(open, Tag::Tbody | Tag::Thead | Tag::Tfoot),
                is_table,
            ),
            Tag::Button => self.close(|open| open == Tag::Button, is_scope),
            Tag::A => self.end_formatting(Tag::A),
            _ => false,
        };
    }

    fn end(&mut self, tag: Tag) {
        if self.too_deep > 0 {
            self.too_deep -= 1;
            return;
        }
        let is_it = |open: Tag| open == tag;
        match tag {
            Tag::Html | Tag::Body => {}
            Tag::Br => self.add(Tag::Br, &[], true, false),
            Tag::P => {
                let in_scope = |open| is_scope(open) || open == Tag::Button;
                if !self.close(is_it, in_scope) && self.tree.len() < NODES {
                    self.tree.push_element(self.top().1, Tag::P, &[]);
                }
            }
            Tag::Table | Tag::Template => {
                self.close(is_it, |_| false);
            }
            _ if tag.is_table_part() => {
                self.close(is_it, |open| matches!(open, Tag::Table | Tag::Template));
            }
            _ if tag.is_heading() => {
                self.close(Tag::is_heading, is_scope);
            }
            Tag::Li => {
                self.close(is_it, |open| {
                    is_scope(open) || matches!(open, Tag::Ul | Tag::Ol)
                });
            }
            _ if is_formatting(tag) => {
                self.end_formatting(tag);
            }
            _ if tag.is_block()
                || matches!(
                    tag,
                    Tag::Button | Tag::Head | Tag::Object | Tag::Select | Tag::Noscript
                ) =>
            {
                self.close(is_it, is_scope);
            }
            _ => {
                self.close(is_it, |open| open.is_block() || is_scope(open));
            }
        }
    }

    /// Ends the innermost open element that `is_it` and all within it, unless one that `stops` stands between.
    fn close(&mut self, is_it: impl Fn(Tag) -> bool, stops: impl Fn(Tag) -> bool) -> bool {
        for (at, (tag, _)) in self.open.iter().enumerate().rev() {
            if is_it(*tag) {
                self.open.truncate(at);
                return true;
            }
            if stops(*tag) {
                return false;
            }
        }
        false
    }

    /// Ends a formatting element. Blocks within it stay open.
    fn end_formatting(&mut self, tag: Tag) -> bool {
        let mut holds_block = false;
        for (at, (open, _)) in self.open.iter().enumerate().rev() {
            if *open == tag {
                match holds_block {
                    true => drop(self.open.remove(at)),
                    false => self.open.truncate(at),
                }
                return true;
            }
            if is_scope(*open) {
                return false;
            }
            holds_block |= open.is_block();
        }
        false
    }
}

/// Whether an element shuts what is in it off from end tags of what it is in.
const fn is_scope(tag: Tag) -> bool {
    matches!(
        tag,
        Tag::Caption | Tag::Html | Tag::Object | Tag::Table | Tag::Td | Tag::Template | Tag::Th
    )
}

/// Whether an element parts the items of a list in it from those of a list that it is in.
const fn ends_items(tag: Tag) -> bool {
    tag.is_block() && !tag.is_item() && !matches!(tag, Tag::Address | Tag::Div | Tag::P)
}

/// Whether an element's end may cross the end of a block.
const fn is_formatting(tag: Tag) -> bool {
    matches!(
        tag,
        Tag::A
            | Tag::B
            | Tag::Big
            | Tag::Code
            | Tag::Em
            | Tag::Font
            | Tag::I
            | Tag::Nobr
            | Tag::S
            | Tag::Small
            | Tag::Strike
            | Tag::Strong
            | Tag::Tt
            | Tag::U
    )
}
