//! What the styles of a document make of its paragraphs and runs.

use std::collections::HashMap;

use super::super::xml::{Node, Xml};
use super::body::{Vocabulary, is_on};

/// How many styles one style is based on, one on another, at most; Word has ten.
const CHAIN: usize = 16;

/// The styles of a document by their ids.
#[derive(Debug, Default)]
pub(super) struct Styles {
    styles: HashMap<String, Style>,
}

#[derive(Debug, Default)]
struct Style {
    /// In lower case; those that are built in have English names whatever the language of the program.
    name: String,
    based_on: Option<String>,
    outline_level: Option<u8>,
    is_hidden: bool,
}

/// What a paragraph is by its style.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Text,
    Title,
    Heading,
    /// A line of a table of contents or an index.
    Contents,
}

impl Styles {
    /// Reads the part that holds the styles.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let mut xml = Xml::new(text, Vocabulary::of);
        let mut styles = HashMap::new();
        let mut id = None;
        let mut style = Style::default();
        while let Some(node) = xml.next()? {
            let Node::Start(element) = node else { continue };
            if element.vocabulary != Vocabulary::Word {
                continue;
            }
            let value = || element.attribute("val");
            match element.name() {
                "style" => {
                    if let Some(id) = id.take() {
                        styles.insert(id, std::mem::take(&mut style));
                    }
                    id = element.attribute("styleId");
                }
                "name" => style.name = value().unwrap_or_default().to_lowercase(),
                "basedOn" => style.based_on = value(),
                "outlineLvl" => style.outline_level = value().and_then(|level| level.parse().ok()),
                "vanish" => style.is_hidden = is_on(value().as_deref()),
                _ => {}
            }
        }
        if let Some(id) = id {
            styles.insert(id, style);
        }
        Ok(Self { styles })
    }

    /// A style and those that it is based on.
    fn chain(&self, id: &str) -> impl Iterator<Item = &Style> {
        std::iter::successors(self.styles.get(id), |style| {
            self.styles.get(style.based_on.as_deref()?)
        })
        .take(CHAIN)
    }

    /// What a paragraph in a style is, where it has no outline level of its own.
    pub(super) fn role(&self, id: &str) -> Role {
        for style in self.chain(id) {
            let name = style.name.as_str();
            match name {
                "title" => return Role::Title,
                "subtitle" => return Role::Heading,
                _ if name.starts_with("toc ") || name == "table of figures" => {
                    return Role::Contents;
                }
                _ if name.starts_with("heading ") => return Role::Heading,
                _ => {}
            }
            if let Some(level) = style.outline_level {
                return of_level(level);
            }
        }
        Role::Text
    }

    /// Whether text in a style is not shown.
    pub(super) fn is_hidden(&self, id: &str) -> bool {
        self.chain(id).any(|style| style.is_hidden)
    }
}

/// What a paragraph of an outline level is: the tenth is that of body text.
pub(super) const fn of_level(level: u8) -> Role {
    match level {
        0..9 => Role::Heading,
        _ => Role::Text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_style_is_what_it_is_based_on() {
        let styles = Styles::read(
            "<w:styles xmlns:w='http://schemas.openxmlformats.org/wordprocessingml/2006/main'>\
             <w:style w:styleId='berschrift1'><w:name w:val='heading 1'/></w:style>\
             <w:style w:styleId='Own'><w:name w:val='Own'/><w:basedOn w:val='berschrift1'/></w:style>\
             <w:style w:styleId='Level'><w:pPr><w:outlineLvl w:val='2'/></w:pPr></w:style>\
             <w:style w:styleId='Body'><w:basedOn w:val='Own'/><w:pPr><w:outlineLvl w:val='9'/></w:pPr></w:style>\
             <w:style w:styleId='a'><w:basedOn w:val='b'/></w:style><w:style w:styleId='b'><w:basedOn w:val='a'/></w:style>\
             <w:style w:styleId='Off'><w:rPr><w:vanish/></w:rPr></w:style></w:styles>",
        )
        .unwrap();
        for (id, role) in [
            ("berschrift1", Role::Heading),
            ("Own", Role::Heading),
            ("Level", Role::Heading),
            ("Body", Role::Text),
            ("a", Role::Text),
            ("none", Role::Text),
        ] {
            assert_eq!(styles.role(id), role, "{id}");
        }
        assert!(styles.is_hidden("Off") && !styles.is_hidden("Own"));
    }
}
