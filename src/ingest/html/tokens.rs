//! From the text of a page to its tags and texts.
//!
//! The rules are those of the standard's tokenizer, but for the escapes within scripts, which nobody reads here. Each
//! byte is looked at a bounded number of times, whatever the page.

use std::borrow::Cow;

use super::entities::{Place, decode};
use super::tag::{Attribute, Tag};

/// So many attributes of one element are kept; all that are known fit.
const ATTRIBUTES: usize = 32;

/// A tag or a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A start tag; its attributes are in [`Tokens::attributes`].
    Start {
        tag: Tag,
        /// Whether it ends with `/>`.
        is_whole: bool,
    },
    End(Tag),
    /// A text, its entities resolved.
    Text(Cow<'a, str>),
}

/// How the text within an element is read that holds no tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Raw {
    /// As it stands, up to the element's end tag.
    Text,
    /// With entities, up to the element's end tag.
    Escapable,
    /// As it stands, up to the end of the page.
    Rest,
}

/// The tokens of a page, one after another.
#[derive(Debug)]
pub(super) struct Tokens<'a> {
    html: &'a str,
    at: usize,
    is_xml: bool,
    /// The name of the last start tag, and how the text after it is read if it holds no tags.
    name: &'a str,
    raw: Option<Raw>,
    attributes: Vec<(Attribute, Cow<'a, str>)>,
}

impl<'a> Tokens<'a> {
    /// The tokens of a page. In XML, `<![CDATA[` holds text.
    pub(super) const fn new(html: &'a str, is_xml: bool) -> Self {
        Self {
            html,
            at: 0,
            is_xml,
            name: "",
            raw: None,
            attributes: Vec::new(),
        }
    }

    /// The attributes of the last start tag that are known, each once.
    pub(super) fn attributes(&self) -> &[(Attribute, Cow<'a, str>)] {
        &self.attributes
    }

    /// Has the text after the last start tag read in a way of its own.
    pub(super) const fn read_raw(&mut self, raw: Raw) {
        self.raw = Some(raw);
    }

    fn rest(&self) -> &'a str {
        self.html.get(self.at..).unwrap_or("")
    }

    /// Steps over as much as `rest` is before `end`, or over all of it, and what `end` is.
    fn take_until(&mut self, rest: &'a str, end: &str) -> &'a str {
        let start = self.html.len() - rest.len();
        let length = rest.find(end);
        self.at = length.map_or(self.html.len(), |length| start + length + end.len());
        rest.get(..length.unwrap_or(rest.len())).unwrap_or("")
    }

    fn raw(&mut self, raw: Raw) -> Token<'a> {
        let rest = self.rest();
        let is_end = |at: &usize| {
            let after = rest.as_bytes().get(at + 2..).unwrap_or_default();
            let (name, after) = after.split_at(self.name.len().min(after.len()));
            name.eq_ignore_ascii_case(self.name.as_bytes())
                && after
                    .first()
                    .is_none_or(|byte| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>'))
        };
        let end = match raw {
            Raw::Rest => None,
            Raw::Text | Raw::Escapable => rest.match_indices("</").map(|(at, _)| at).find(is_end),
        };
        let text = rest.get(..end.unwrap_or(rest.len())).unwrap_or("");
        self.at += text.len();
        Token::Text(match raw {
            Raw::Escapable => decode(text, Place::Text),
            Raw::Text | Raw::Rest => Cow::Borrowed(text),
        })
    }

    /// A start tag, from after its `<`.
    fn start(&mut self) -> Option<Token<'a>> {
        let bytes = self.html.as_bytes();
        self.name = self.name_at(self.at + 1, |byte| {
            byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>')
        });
        let mut at = self.at + 1 + self.name.len();
        self.attributes.clear();
        let mut is_whole = false;
        loop {
            match *bytes.get(at)? {
                b'>' => break,
                b'/' => {
                    is_whole = true;
                    at += 1;
                }
                byte if byte.is_ascii_whitespace() => at += 1,
                _ => {
                    is_whole = false;
                    at = self.attribute(at);
                }
            }
        }
        self.at = at + 1;
        Some(Token::Start {
            tag: Tag::of(&lower(self.name)),
            is_whole,
        })
    }

    /// Reads an attribute at a place and gives the place after it.
    fn attribute(&mut self, at: usize) -> usize {
        let bytes = self.html.as_bytes();
        // An equals sign at the beginning is a part of the name.
        let mut is_first = true;
        let name = self.name_at(at, |byte| {
            let is_first = std::mem::take(&mut is_first);
            byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>') || (byte == b'=' && !is_first)
        });
        let skip_space = |mut at: usize| {
            while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
                at += 1;
            }
            at
        };
        let mut at = at + name.len();
        let mut value = "";
        let sign = skip_space(at);
        if bytes.get(sign) == Some(&b'=') {
            at = skip_space(sign + 1);
            match bytes.get(at) {
                Some(quote @ (b'"' | b'\'')) => {
                    value = self.name_at(at + 1, |byte| byte == *quote);
                    at += value.len() + 2;
                }
                _ => {
                    value = self.name_at(at, |byte| byte.is_ascii_whitespace() || byte == b'>');
                    at += value.len();
                }
            }
        }
        let attribute = Attribute::of(&lower(name));
        let is_new = !self.attributes.iter().any(|(known, _)| *known == attribute);
        if !matches!(attribute, Attribute::Unknown(_))
            && is_new
            && self.attributes.len() < ATTRIBUTES
        {
            self.attributes
                .push((attribute, decode(value, Place::Attribute)));
        }
        at
    }

    /// What stands at a place up to the first byte that ends it, which is one of ASCII.
    fn name_at(&self, at: usize, is_end: impl FnMut(u8) -> bool) -> &'a str {
        let rest = self.html.get(at..).unwrap_or("");
        let end = rest.bytes().position(is_end);
        rest.get(..end.unwrap_or(rest.len())).unwrap_or("")
    }

    /// Comments, declarations and instructions are stepped over; a section of characters is a text.
    fn declaration(&mut self, rest: &'a str) -> Option<Token<'a>> {
        if let Some(text) = rest.strip_prefix("<![CDATA[")
            && self.is_xml
        {
            return Some(Token::Text(Cow::Borrowed(self.take_until(text, "]]>"))));
        }
        match rest.strip_prefix("<!--") {
            Some(comment) if comment.starts_with('>') => self.at += "<!-->".len(),
            Some(comment) if comment.starts_with("->") => self.at += "<!--->".len(),
            Some(comment) => _ = self.take_until(comment, "-->"),
            None => _ = self.take_until(rest, ">"),
        }
        None
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        if let Some(raw) = self.raw.take() {
            return Some(self.raw(raw));
        }
        while self.at < self.html.len() {
            let rest = self.rest();
            let bytes = rest.as_bytes();
            let begins = |at: &usize| match bytes.get(at + 1) {
                Some(b'!' | b'?') => true,
                Some(b'/') => bytes.get(at + 2).is_some(),
                Some(byte) => byte.is_ascii_alphabetic(),
                None => false,
            };
            let tag = rest.match_indices('<').map(|(at, _)| at).find(begins);
            let text = rest.get(..tag.unwrap_or(rest.len())).unwrap_or("");
            if !text.is_empty() {
                self.at += text.len();
                return Some(Token::Text(decode(text, Place::Text)));
            }
            match bytes.get(1) {
                Some(b'/') if bytes.get(2).is_some_and(u8::is_ascii_alphabetic) => {
                    let name = self.name_at(self.at + 2, |byte| {
                        byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>')
                    });
                    let end = rest.get(name.len() + 2..).unwrap_or("");
                    self.take_until(end, ">");
                    return Some(Token::End(Tag::of(&lower(name))));
                }
                Some(byte) if byte.is_ascii_alphabetic() => match self.start() {
                    Some(token) => return Some(token),
                    // A tag that is cut off is none.
                    None => self.at = self.html.len(),
                },
                _ => {
                    if let Some(token) = self.declaration(rest) {
                        return Some(token);
                    }
                }
            }
        }
        None
    }
}

/// A name in lower case.
fn lower(name: &str) -> Cow<'_, str> {
    match name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => Cow::Owned(name.to_ascii_lowercase()),
        false => Cow::Borrowed(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tokens as one text: tags in brackets with their attributes.
    fn tokens(html: &str) -> String {
        let mut tokens = Tokens::new(html, false);
        let mut all = String::new();
        while let Some(token) = tokens.next() {
            match token {
                Token::Start { tag, is_whole } => {
                    all += &format!("<{tag:?}");
                    for (name, value) in tokens.attributes() {
                        all += &format!(" {name:?}={value}");
                    }
                    all += if is_whole { "/>" } else { ">" };
                    if tag == Tag::Title {
                        tokens.read_raw(Raw::Escapable);
                    }
                    if tag == Tag::Script {
                        tokens.read_raw(Raw::Text);
                    }
                }
                Token::End(tag) => all += &format!("</{tag:?}>"),
                Token::Text(text) => all += &text,
            }
        }
        all
    }

    #[test]
    fn tags_and_texts_are_told_apart() {
        for (html, read) in [
            ("a < b <3 </", "a < b <3 </"),
            ("<P>x</P >y", "<P>x</P>y"),
            ("<!doctype html><!-- <p> --><!--><?x?></ x>z", "z"),
            ("<!-- open", ""),
            (
                "<title>a <b> &amp; </titles></TITLE>x",
                "<Title>a <b> & </titles></Title>x",
            ),
            ("<script>a</b>&amp;", "<Script>a</b>&amp;"),
            ("x<p class='a", "x"),
            ("<![CDATA[x]]>", ""),
        ] {
            assert_eq!(tokens(html), read, "{html}");
        }
    }

    #[test]
    fn attributes_are_read_as_browsers_read_them() {
        for (html, read) in [
            ("<a HREF=x/y>", "<A Href=x/y>"),
            (
                "<a href = 'a&amp;b' id=\"c>\" id=d x>",
                "<A Href=a&b Id=c>>",
            ),
            ("<br/>", "<Br/>"),
            ("<a hidden/class=b/>", "<A Hidden= Class=b/>"),
            ("<a =id id>", "<A Id=>"),
            ("<a id='a'class='b'>", "<A Id=a Class=b>"),
        ] {
            assert_eq!(tokens(html), read, "{html}");
        }
    }
}
