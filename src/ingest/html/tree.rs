//! A page as a tree: nodes in the order of the page, each with where its descendants end.
//!
//! The nodes lie in one vector, so that every walk is a loop over numbers and dropping a tree of a million nested
//! elements needs no stack.

use std::borrow::Cow;

use super::tag::{Attribute, Tag};

/// The number of a node; the root is 0, and a node's descendants have the numbers that follow its own.
pub(super) type Id = usize;

/// The root, which stands for the page as a whole.
pub(super) const ROOT: Id = 0;

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// An element, with where its attributes stand.
    Element { tag: Tag, attributes: (u32, u32) },
    /// A text, with where it stands.
    Text { start: usize, end: usize },
}

/// A node.
#[derive(Debug, Clone, Copy)]
struct Node {
    parent: u32,
    /// One past its last descendant.
    end: u32,
    content: Content,
}

/// What stands for a node that is not there.
const NOTHING: Node = Node {
    parent: 0,
    end: 0,
    content: Content::Text { start: 0, end: 0 },
};

/// A page.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    nodes: Vec<Node>,
    attributes: Vec<(Attribute, usize, usize)>,
    /// Texts and values of attributes.
    text: String,
}

impl Tree {
    /// A tree that has only its root.
    pub(super) fn new() -> Self {
        let content = Content::Element {
            tag: Tag::Html,
            attributes: (0, 0),
        };
        Self {
            nodes: vec![Node {
                content,
                end: 1,
                ..NOTHING
            }],
            attributes: Vec::new(),
            text: String::new(),
        }
    }

    /// How many nodes there are.
    pub(super) const fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Keeps a text for a node or an attribute, and says where it stands.
    fn keep(&mut self, text: &str) -> (usize, usize) {
        let start = self.text.len();
        self.text.push_str(text);
        (start, self.text.len())
    }

    /// Adds an element under `parent`, which has to be the last node or one of its ancestors.
    pub(super) fn push_element(
        &mut self,
        parent: Id,
        tag: Tag,
        attributes: &[(Attribute, Cow<'_, str>)],
    ) -> Id {
        let start = short(self.attributes.len());
        for (name, value) in attributes {
            let (start, end) = self.keep(value);
            self.attributes.push((*name, start, end));
        }
        let attributes = (start, short(self.attributes.len()));
        self.push(parent, Content::Element { tag, attributes })
    }

    /// Adds a text under `parent`, or to the last node where that is a text that ends where this one starts.
    pub(super) fn push_text(&mut self, parent: Id, text: &str) {
        let (start, end) = self.keep(text);
        self.push(parent, Content::Text { start, end });
    }

    /// Adds to the last node where that is a text, and otherwise as a new one.
    pub(super) fn extend_text(&mut self, parent: Id, text: &str) {
        let (start, new_end) = self.keep(text);
        match self.nodes.last_mut().map(|node| &mut node.content) {
            Some(Content::Text { end, .. }) if *end == start => *end = new_end,
            _ => {
                self.push(
                    parent,
                    Content::Text {
                        start,
                        end: new_end,
                    },
                );
            }
        }
    }

    fn push(&mut self, parent: Id, content: Content) -> Id {
        let id = self.nodes.len();
        self.nodes.push(Node {
            parent: short(parent),
            end: short(id + 1),
            content,
        });
        id
    }

    /// Says of each node where its descendants end, once all are there.
    pub(super) fn finish(&mut self) {
        for id in (1..self.nodes.len()).rev() {
            let Node { parent, end, .. } = self.node(id);
            if let Some(parent) = self.nodes.get_mut(parent as usize) {
                parent.end = parent.end.max(end);
            }
        }
    }

    fn node(&self, id: Id) -> Node {
        self.nodes.get(id).copied().unwrap_or(NOTHING)
    }

    /// What a node is.
    pub(super) fn content(&self, id: Id) -> Content {
        self.node(id).content
    }

    /// The name of an element; `None` for a text.
    pub(super) fn tag(&self, id: Id) -> Option<Tag> {
        match self.node(id).content {
            Content::Element { tag, .. } => Some(tag),
            Content::Text { .. } => None,
        }
    }

    /// The text of a node, without that of its descendants.
    pub(super) fn text(&self, id: Id) -> &str {
        match self.node(id).content {
            Content::Text { start, end } => self.text.get(start..end).unwrap_or(""),
            Content::Element { .. } => "",
        }
    }

    /// What an attribute of an element says.
    pub(super) fn attribute(&self, id: Id, name: Attribute) -> Option<&str> {
        let Content::Element {
            attributes: (start, end),
            ..
        } = self.node(id).content
        else {
            return None;
        };
        let attributes = self.attributes.get(start as usize..end as usize)?;
        let (_, start, end) = attributes.iter().find(|(found, ..)| *found == name)?;
        self.text.get(*start..*end)
    }

    /// The node that holds a node; the root holds itself.
    pub(super) fn parent(&self, id: Id) -> Id {
        self.node(id).parent as usize
    }

    /// One past the last descendant of a node.
    pub(super) fn end(&self, id: Id) -> Id {
        (self.node(id).end as usize).max(id + 1)
    }

    /// The nodes that a node holds directly.
    pub(super) fn children(&self, id: Id) -> impl Iterator<Item = Id> + '_ {
        let end = self.end(id);
        std::iter::successors(Some(id + 1), |&child| Some(self.end(child)))
            .take_while(move |&child| child < end)
    }

    /// The nodes that hold a node, from the inside to the root.
    pub(super) fn ancestors(&self, id: Id) -> impl Iterator<Item = Id> + '_ {
        std::iter::successors((id != ROOT).then(|| self.parent(id)), |&id| {
            (id != ROOT).then(|| self.parent(id))
        })
    }

    /// The elements of a name, in the order of the page.
    pub(super) fn elements(&self, tag: Tag) -> impl Iterator<Item = Id> + '_ {
        (1..self.len()).filter(move |&id| self.tag(id) == Some(tag))
    }

    /// The whole text below a node, as it stands.
    pub(super) fn inner_text(&self, id: Id) -> String {
        (id..self.end(id)).map(|id| self.text(id)).collect()
    }
}

/// A number of a node or an attribute; there are never as many as don't fit, since nodes are bounded.
fn short(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
