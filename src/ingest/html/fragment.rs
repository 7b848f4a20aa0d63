//! The whole text of HTML that is all text: a chapter of a book, an entry of a feed, an e-mail.

use super::super::blocks::Blocks;
use super::super::fold::fold;
use super::super::language::language_code;
use super::blocks::{blocks, is_hidden};
use super::build::parse;
use super::tag::{Attribute, Tag};
use super::tree::{ROOT, Tree};
use crate::article::{Kind, Paragraph};

/// A heading longer than this, in bytes, is a paragraph that was only set large.
const LONGEST_HEADING: usize = 300;

/// The whole text of a part of a page or of an XHTML document, as paragraphs.
///
/// Scripts, styles and what is hidden are left out; nothing else is. Spans count the paragraphs' own text, as those of [`Blocks`].
pub(in super::super) fn fragment(html: &str) -> Vec<Paragraph> {
    let tree = parse(html);
    let mut paragraphs = Blocks::default();
    for block in blocks(&tree, ROOT, |id, tag| {
        tag.is_unread() || is_hidden(&tree, id)
    }) {
        paragraphs.push(kind(block.is_heading, &block.text), &block.text);
    }
    paragraphs.into_paragraphs()
}

/// Whether a block is a heading or body.
pub(super) const fn kind(is_heading: bool, text: &str) -> Kind {
    match is_heading && text.len() <= LONGEST_HEADING {
        true => Kind::Heading,
        false => Kind::Body,
    }
}

/// What a page's `title` says, if it says anything. Only the first counts: a drawing in the page may have one too.
pub(super) fn title_of(tree: &Tree) -> Option<String> {
    let title = fold(&tree.inner_text(tree.elements(Tag::Title).next()?));
    (!title.is_empty()).then_some(title)
}

/// The code of the language that a page says it is in.
pub(super) fn language_of(tree: &Tree) -> Option<String> {
    let says = |id| {
        let language = tree
            .attribute(id, Attribute::Lang)
            .or_else(|| tree.attribute(id, Attribute::XmlLang));
        language.and_then(language_code)
    };
    (tree.elements(Tag::Html).next().and_then(says))
        .or_else(|| tree.elements(Tag::Body).next().and_then(says))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(html: &str) -> Vec<String> {
        fragment(html).into_iter().map(|p| p.text).collect()
    }

    #[test]
    fn paragraphs_end_at_blocks_and_inline_markup_joins() {
        let html = "Ships <b>wait</b>\n<i>out</i>side.<p>One<div>Two <a href=x>links</a></div>Three\
                    <ul><li>Four<li>Five</ul><table><tr><td>Six<td>Seven</table>\
                    Eight<br>goes on<br> <br>Nine<hr>Ten &amp; &eacute;&nbsp;x<!-- no -->";
        assert_eq!(
            texts(html),
            [
                "Ships wait outside.",
                "One",
                "Two links",
                "Three",
                "Four",
                "Five",
                "Six Seven",
                "Eight goes on",
                "Nine",
                "Ten & é x"
            ]
        );
    }

    #[test]
    fn headings_are_headings_unless_they_are_as_long_as_a_paragraph() {
        let long = "All of it is set large. ".repeat(20);
        let kinds: Vec<Kind> = fragment(&format!("<h2>The <em>pier</em></h2><h1>{long}</h1><p>x"))
            .into_iter()
            .map(|p| p.kind)
            .collect();
        assert_eq!(kinds, [Kind::Heading, Kind::Body, Kind::Body]);
    }

    #[test]
    fn what_is_not_shown_is_left_out() {
        let html = "<style>p{}</style><script>if (a<b) {}</script><p hidden>no</p><p style='display: none'>no\
                    <p>yes<noscript>no</noscript><svg><title>no</title></svg><textarea><p>no</textarea>";
        assert_eq!(texts(html), ["yes"]);
    }

    #[test]
    fn what_is_laid_out_is_parted_at_empty_lines() {
        assert_eq!(
            texts("<pre>One\nline.\n\nTwo.</pre>"),
            ["One line.", "Two."]
        );
    }

    #[test]
    fn xhtml_documents_are_read_as_such() {
        let html = "<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml' xml:lang='en-GB'><head><title/></head>\
                    <body><a id='x'/><p>One<![CDATA[ & two]]></p><script src='x'/><p>Three</p></body></html>";
        assert_eq!(texts(html), ["One & two", "Three"]);
        let tree = parse(html);
        assert_eq!(title_of(&tree), None);
        assert_eq!(language_of(&tree).as_deref(), Some("en"));
    }

    #[test]
    fn unclosed_and_misnested_tags_keep_the_text() {
        assert_eq!(
            texts(
                "<b><p>One</b> goes on<p>Two</span></div>, too</p><a>three<div>four</a>five</div>"
            ),
            ["One goes on", "Two, too", "three", "fourfive"]
        );
        assert_eq!(texts("One <p"), ["One"]);
        assert_eq!(texts("<"), ["<"]);
    }
}
