//! XML as packed documents hold it: elements and text one after another, without a tree.

use std::borrow::Cow;

use quick_xml::NsReader;
use quick_xml::XmlVersion;
use quick_xml::escape::{resolve_html5_entity, resolve_xml_entity};
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::{Namespace, ResolveResult};

use super::decode::decode;

/// What stands next in a document.
#[derive(Debug)]
pub(super) enum Node<'a, V> {
    /// The beginning of an element; one without content is given as a beginning and an end too.
    Start(Element<'a, V>),
    /// The end of the element that began last and has not ended.
    End,
    /// Text, with its references resolved.
    Text(Cow<'a, str>),
}

/// The beginning of an element.
#[derive(Debug)]
pub(super) struct Element<'a, V> {
    start: BytesStart<'a>,
    /// Which vocabulary its name belongs to.
    pub(super) vocabulary: V,
}

impl<V> Element<'_, V> {
    /// Its name without a prefix.
    pub(super) fn name(&self) -> &str {
        self.start.local_name().into_inner()
    }

    /// The value of an attribute, whatever prefix its name has.
    pub(super) fn attribute(&self, name: &str) -> Option<String> {
        self.start
            .attributes()
            .with_checks(false)
            .filter_map(Result::ok)
            .find(|attribute| attribute.key.local_name().into_inner() == name)
            .and_then(|attribute| {
                let value = attribute.normalized_value(XmlVersion::Implicit1_0).ok()?;
                Some(value.into_owned())
            })
    }
}

/// Reads XML.
///
/// Entities that a document declares itself are left out rather than expanded, so that none can grow; those of HTML are
/// resolved, since many write them who should not. The depth of nesting and the number of namespaces are bounded by
/// the parser.
pub(super) struct Xml<'a, V> {
    reader: NsReader<&'a [u8]>,
    vocabulary: fn(&str) -> V,
}

impl<'a, V> Xml<'a, V> {
    /// A reader of a text; `vocabulary` says which one the name of a namespace stands for.
    pub(super) fn new(text: &'a str, vocabulary: fn(&str) -> V) -> Self {
        let mut reader = NsReader::from_str(text);
        reader.config_mut().expand_empty_elements = true;
        // An address or a name with a bare `&` is no reason to read nothing.
        reader.config_mut().allow_dangling_amp = true;
        Self { reader, vocabulary }
    }

    /// What stands next, or `None` at the end.
    ///
    /// # Errors
    ///
    /// What is wrong with the XML, and where.
    pub(super) fn next(&mut self) -> Result<Option<Node<'a, V>>, String> {
        loop {
            match self.reader.read_event() {
                Ok(Event::Start(start)) => {
                    let (namespace, _) = self.reader.resolver().resolve_element(start.name());
                    let namespace = match namespace {
                        ResolveResult::Bound(Namespace(name)) => name,
                        _ => "",
                    };
                    return Ok(Some(Node::Start(Element {
                        vocabulary: (self.vocabulary)(namespace),
                        start,
                    })));
                }
                Ok(Event::End(_)) => return Ok(Some(Node::End)),
                Ok(Event::Text(text)) => return Ok(Some(Node::Text(text.xml10_content()))),
                Ok(Event::CData(text)) => return Ok(Some(Node::Text(text.xml10_content()))),
                Ok(Event::GeneralRef(reference)) => {
                    if let Ok(Some(char)) = reference.resolve_char_ref() {
                        return Ok(Some(Node::Text(Cow::Owned(char.to_string()))));
                    }
                    let known = resolve_xml_entity(&reference);
                    if let Some(text) = known.or_else(|| resolve_html5_entity(&reference)) {
                        return Ok(Some(Node::Text(Cow::Borrowed(text))));
                    }
                }
                Ok(Event::Eof) => return Ok(None),
                Ok(_) => {}
                Err(error) => {
                    return Err(format!("{error} (byte {})", self.reader.error_position()));
                }
            }
        }
    }
}

/// XML as text, in the encoding that [`decode`] finds; what stands for nothing becomes U+FFFD.
pub(super) fn decode_xml(bytes: &[u8]) -> Cow<'_, str> {
    match decode(bytes, None) {
        Ok(decoded) => decoded.text,
        Err(_) => String::from_utf8_lossy(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Result<String, String> {
        let mut xml = Xml::new(text, |namespace| namespace == "urn:a");
        let mut said = Vec::new();
        while let Some(node) = xml.next()? {
            said.push(match node {
                Node::Start(element) => format!(
                    "<{}{}{}>",
                    element.name(),
                    if element.vocabulary { "!" } else { "" },
                    element.attribute("val").unwrap_or_default()
                ),
                Node::End => "/".to_owned(),
                Node::Text(text) => text.into_owned(),
            });
        }
        Ok(said.join(" "))
    }

    #[test]
    fn elements_come_with_their_vocabulary_and_text_with_its_references() {
        assert_eq!(
            words(
                "<x:p xmlns:x='urn:a'><q x:val='1&amp;2'/>a&lt;&#x62;<![CDATA[<c>]]>&eacute;&</x:p>"
            ),
            Ok("<p!> <q1&2> / a < b <c> é & /".to_owned())
        );
    }

    #[test]
    fn declared_entities_are_left_out_and_broken_xml_is_an_error() {
        let bomb = "<!DOCTYPE p [<!ENTITY a 'ha'><!ENTITY b '&a;&a;'>]><p>x&b;y</p>";
        assert_eq!(words(bomb), Ok("<p> x y /".to_owned()));
        assert!(words("<p><q></p>").unwrap_err().contains("byte"));
        assert!(words(&"<p>".repeat(100_000)).is_err());
    }

    #[test]
    fn the_declared_encoding_counts_unless_it_can_not_be() {
        let bytes = b"<?xml version='1.0' encoding='ISO-8859-1'?><p>caf\xe9</p>";
        assert!(decode_xml(bytes).ends_with("<p>café</p>"));
        let bytes = "<?xml version=\"1.0\" encoding=\"UTF-16\"?><p>café</p>";
        assert!(decode_xml(bytes.as_bytes()).ends_with("<p>café</p>"));
        assert_eq!(decode_xml(b"\xff\xfe<\0p\0/\0>\0"), "<p/>");
        let bytes = "<?xml version='1.0' encoding='iso-8859-1'?><p>café</p>";
        assert!(decode_xml(bytes.as_bytes()).ends_with("<p>café</p>"));
        assert_eq!(decode_xml(b"<p>caf\xe9</p>"), "<p>café</p>");
    }
}
