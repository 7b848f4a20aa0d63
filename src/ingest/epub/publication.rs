//! What a book says of itself: its package document and what is encrypted.

use std::collections::{HashMap, HashSet};

use super::super::error::ReadError;
use super::super::fold::fold;
use super::super::language::language_code;
use super::super::package::{Package, resolve};
use super::super::xml::{Node, Xml, decode_xml};
use super::damaged;
use crate::article::{Date, Metadata};

/// What a package document says.
#[derive(Debug, Default)]
pub(super) struct Publication {
    /// Title, authors, date and language of the whole book.
    pub(super) metadata: Metadata,
    /// The files that hold the text, in reading order.
    pub(super) spine: Vec<String>,
    /// The files that are a navigation document, and where the table of contents of a book of EPUB 2 is.
    pub(super) navigation: Option<String>,
    pub(super) ncx: Option<String>,
    /// The files that the book says are something else than text.
    pub(super) matter: HashMap<String, Matter>,
}

/// A file of the book, as its manifest has it.
#[derive(Debug)]
struct Item {
    path: String,
    media_type: String,
    properties: String,
}

/// A creator and what they did, by MARC's codes.
#[derive(Debug, Default)]
struct Creator {
    id: Option<String>,
    name: String,
    role: Option<String>,
}

impl Publication {
    /// Reads the package document of a book.
    pub(super) fn of(package: &mut Package<'_>) -> Result<Self, ReadError> {
        let Some(container) = package.part("META-INF/container.xml")? else {
            return Err(damaged("it has no `META-INF/container.xml`".to_owned()));
        };
        let path = root_file(&decode_xml(&container)).map_err(damaged)?;
        let path = path.ok_or_else(|| damaged("its container names no book".to_owned()))?;
        let Some(bytes) = package.part(&path)? else {
            return Err(damaged(format!("it has no `{path}`")));
        };
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        Self::read(&decode_xml(&bytes), folder).map_err(damaged)
    }

    fn read(text: &str, folder: &str) -> Result<Self, String> {
        let mut xml = Xml::new(text, |_| ());
        let mut publication = Self::default();
        let mut items: HashMap<String, Item> = HashMap::new();
        let mut creators: Vec<Creator> = Vec::new();
        let mut roles: HashMap<String, String> = HashMap::new();
        let mut spine = Vec::new();
        let mut toc = None;
        // What the text of the open element is for: a field, and what it refines.
        let mut field = String::new();
        let mut refines = None;
        while let Some(node) = xml.next()? {
            let element = match node {
                Node::Start(element) => element,
                Node::End => {
                    field.clear();
                    continue;
                }
                Node::Text(text) => {
                    publication.say(&field, &text, &mut creators);
                    if let Some(id) = refines.take_if(|_| field == "role") {
                        roles.insert(id, fold(&text));
                    }
                    continue;
                }
            };
            let attribute = |name: &str| element.attribute(name);
            field.clear();
            match element.name() {
                "item" => {
                    if let (Some(id), Some(href)) = (attribute("id"), attribute("href")) {
                        let item = Item {
                            path: resolve(folder, &percent_decoded(&href)),
                            media_type: attribute("media-type").unwrap_or_default(),
                            properties: attribute("properties").unwrap_or_default(),
                        };
                        items.insert(id, item);
                    }
                }
                "spine" => toc = attribute("toc"),
                "itemref" if attribute("linear").as_deref() != Some("no") => {
                    spine.extend(attribute("idref"));
                }
                "reference" => {
                    if let (Some(kind), Some(href)) = (attribute("type"), attribute("href"))
                        && let Some(matter) = Matter::of(&kind)
                    {
                        let href = percent_decoded(href.split('#').next().unwrap_or_default());
                        publication.matter.insert(resolve(folder, &href), matter);
                    }
                }
                "creator" => {
                    creators.push(Creator {
                        id: attribute("id"),
                        name: String::new(),
                        role: attribute("role"),
                    });
                    "creator".clone_into(&mut field);
                }
                // A date of EPUB 2 may be that of a conversion.
                "date" => {
                    let event = attribute("event").unwrap_or_default();
                    if matches!(event.as_str(), "" | "publication" | "original-publication") {
                        "date".clone_into(&mut field);
                    }
                }
                "meta" => {
                    refines = attribute("refines").map(|id| id.trim_start_matches('#').to_owned());
                    if refines.is_some() && attribute("property").as_deref() == Some("role") {
                        "role".clone_into(&mut field);
                    }
                }
                name @ ("title" | "language") => name.clone_into(&mut field),
                _ => {}
            }
        }
        publication.metadata.author = authors(creators, &roles);
        let mut seen = HashSet::new();
        for item in spine.iter().filter_map(|id| items.get(id)) {
            let is_text = item.media_type.contains("html") || item.media_type == "text/x-oeb1-document";
            // Read once, however often the spine names it.
            if is_text && seen.insert(item.path.clone()) {
                publication.spine.push(item.path.clone());
            }
        }
        publication.navigation = items
            .values()
            .find(|item| item.properties.split(' ').any(|property| property == "nav"))
            .map(|item| item.path.clone());
        publication.ncx = toc
            .and_then(|id| items.get(&id))
            .or_else(|| {
                items
                    .values()
                    .find(|item| item.media_type == "application/x-dtbncx+xml")
            })
            .map(|item| item.path.clone());
        if let Some(path) = &publication.navigation {
            publication.matter.insert(path.clone(), Matter::Apparatus);
        }
        Ok(publication)
    }

    /// Takes the text of a field; the first of its kind counts.
    fn say(&mut self, field: &str, text: &str, creators: &mut [Creator]) {
        let metadata = &mut self.metadata;
        let text = fold(text);
        if text.is_empty() {
            return;
        }
        match field {
            "title" => metadata.title = metadata.title.take().or(Some(text)),
            "language" => {
                metadata.language = metadata.language.take().or_else(|| language_code(&text));
            }
            "date" => {
                metadata.date = metadata.date.or_else(|| text.parse::<Date>().ok());
            }
            "creator" => {
                if let Some(creator) = creators.last_mut() {
                    creator.name = text;
                }
            }
            _ => {}
        }
    }
}

/// The authors on one line: those whose role is that, or all where nobody's is said.
fn authors(creators: Vec<Creator>, roles: &HashMap<String, String>) -> Option<String> {
    let role = |creator: &Creator| {
        let refined = creator.id.as_ref().and_then(|id| roles.get(id));
        creator.role.as_ref().or(refined).cloned()
    };
    let has_author = creators
        .iter()
        .any(|creator| role(creator).as_deref() == Some("aut"));
    let names: Vec<String> = creators
        .into_iter()
        .filter(|creator| !creator.name.is_empty())
        .filter(|creator| !has_author || role(creator).as_deref() == Some("aut"))
        .map(|creator| creator.name)
        .collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// The package document that a container names first.
fn root_file(text: &str) -> Result<Option<String>, String> {
    let mut xml = Xml::new(text, |_| ());
    while let Some(node) = xml.next()? {
        if let Node::Start(element) = node
            && element.name() == "rootfile"
            && let Some(path) = element.attribute("full-path")
        {
            return Ok(Some(resolve("", &path)));
        }
    }
    Ok(None)
}

/// The files that can't be read without a key. Fonts are obfuscated in many books that are free.
pub(super) fn encrypted(package: &mut Package<'_>) -> Result<HashSet<String>, ReadError> {
    let mut files = HashSet::new();
    let Some(bytes) = package.part("META-INF/encryption.xml")? else {
        return Ok(files);
    };
    let text = decode_xml(&bytes);
    let mut xml = Xml::new(&text, |_| ());
    let mut is_font = false;
    while let Some(node) = xml.next().map_err(damaged)? {
        let Node::Start(element) = node else { continue };
        match element.name() {
            "EncryptedData" => is_font = false,
            "EncryptionMethod" => {
                is_font = matches!(
                    element.attribute("Algorithm").as_deref(),
                    Some("http://www.idpf.org/2008/embedding" | "http://ns.adobe.com/pdf/enc#RC")
                );
            }
            "CipherReference" if !is_font => {
                if let Some(path) = element.attribute("URI") {
                    files.insert(resolve("", &percent_decoded(&path)));
                }
            }
            _ => {}
        }
    }
    Ok(files)
}

/// What stands in a book beside its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Matter {
    /// Covers, title pages, tables of contents, indexes: they say nothing that the book does not.
    Apparatus,
    Copyright,
}

impl Matter {
    /// What a part of a book is by its name in the vocabularies of EPUB 2 and 3; `None` for text.
    pub(super) fn of(kinds: &str) -> Option<Self> {
        kinds.split_ascii_whitespace().find_map(|kind| {
            Some(match kind.to_ascii_lowercase().as_str() {
                "cover" | "toc" | "titlepage" | "title-page" | "halftitlepage" | "halftitle"
                | "landmarks" | "page-list" | "loi" | "lot" | "index" => Self::Apparatus,
                "copyright-page" | "copyright" => Self::Copyright,
                _ => return None,
            })
        })
    }

    /// What a part of a book is by its title in the table of contents.
    pub(super) fn of_title(title: &str) -> Option<Self> {
        Some(match title.to_lowercase().as_str() {
            "cover" | "titlepage" | "title page" | "half title" | "contents"
            | "table of contents" => Self::Apparatus,
            "copyright" | "copyright page" | "copyright notice" => Self::Copyright,
            _ => return None,
        })
    }
}

/// A reference with its escapes resolved: `ch%201.xhtml` is `ch 1.xhtml`.
pub(super) fn percent_decoded(reference: &str) -> String {
    let bytes = reference.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escaped = (byte == b'%')
            .then(|| reference.get(at + 1..at + 3))
            .flatten()
            .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        decoded.push(escaped.unwrap_or(byte));
        at += if escaped.is_some() { 3 } else { 1 };
    }
    String::from_utf8(decoded).unwrap_or_else(|_| reference.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_in_references_are_resolved() {
        for (reference, path) in [
            ("ch%201.xhtml", "ch 1.xhtml"),
            ("%C3%A9", "é"),
            ("100%", "100%"),
            ("%+1%zz%é", "%+1%zz%é"),
            ("%ff", "%ff"),
        ] {
            assert_eq!(percent_decoded(reference), path);
        }
    }

    #[test]
    fn authors_are_those_who_wrote() {
        let read = |creators: &str| {
            let text = format!("<package><metadata>{creators}</metadata></package>");
            Publication::read(&text, "").unwrap().metadata.author
        };
        let two = "<creator id='a'>Ada Marsh</creator><creator opf:role='aut'>Ben Holt</creator>";
        assert_eq!(read(two).as_deref(), Some("Ben Holt"));
        let refined = "<creator id='a'>Ada Marsh</creator><creator id='b'>Ben Holt</creator>\
                       <meta refines='#a' property='role'>aut</meta><meta refines='#b' property='role'>ill</meta>";
        assert_eq!(read(refined).as_deref(), Some("Ada Marsh"));
        let unsaid = "<creator>Ada Marsh</creator><creator>Ben Holt</creator>";
        assert_eq!(read(unsaid).as_deref(), Some("Ada Marsh, Ben Holt"));
    }
}
