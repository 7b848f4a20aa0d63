//! The reader of books.

mod contents;
mod publication;

use std::collections::HashMap;

use super::blocks::Blocks;
use super::entries::Entries;
use super::error::{ReadError, Warning, Warnings};
use super::html::fragment;
use super::package::Package;
use super::source::{Extracted, Reader, Source};
use super::xml::{Node, Xml, decode_xml};
use crate::article::{Article, Kind, Metadata, Paragraph};
use contents::{Contents, Line, anchors};
use publication::{Matter, Publication, encrypted};

const WHAT: &str = "a book";

/// Reads a book (EPUB 2 and 3): an article a chapter, as the table of contents has them.
///
/// A file that the table of contents does not name goes on with the chapter before it; one that it names several times
/// holds several chapters. Lines that stand below others in the same file are sections, and part nothing. Without a
/// table of contents that says something, each file is a chapter. Covers, title pages, tables of contents and
/// indexes are left out where the book or its titles say that they are such; a copyright page is kept as
/// [`Kind::Copyright`], which is not searched.
///
/// The book's title is the source of each article, and its author, date and language are theirs.
pub(super) struct Epub;

impl Reader for Epub {
    fn read(&self, source: &Source<'_>) -> Result<Extracted, ReadError> {
        let mut package = Package::open(source.bytes(), source.budget(), WHAT)?;
        let publication = Publication::of(&mut package)?;
        let encrypted = encrypted(&mut package)?;
        if publication.spine.iter().any(|path| encrypted.contains(path)) {
            return Err(ReadError::Encrypted { what: WHAT });
        }
        let contents = contents_of(&mut package, &publication)?;
        let mut warnings = Warnings::default();
        let mut left_out = 0;
        let mut chapters = Chapters::new(&publication, &contents);
        for path in &publication.spine {
            match package.part(path)? {
                Some(bytes) => chapters.add(path, &decode_xml(&bytes)),
                None => {
                    left_out += 1;
                    warnings.add(|| Warning::Member {
                        name: path.clone(),
                        reason: "is not in the book".to_owned(),
                    });
                }
            }
        }
        let articles = chapters.into_articles(&publication.metadata);
        if articles.is_empty() {
            return Err(warnings.into_error(WHAT));
        }
        Ok(Extracted {
            articles,
            warnings: warnings.into_vec(),
            left_out,
            ..Extracted::default()
        })
    }
}

fn damaged(reason: String) -> ReadError {
    ReadError::Damaged { what: WHAT, reason }
}

/// The table of contents, from the navigation document or else the NCX. One that is damaged is none.
fn contents_of(
    package: &mut Package<'_>,
    publication: &Publication,
) -> Result<Contents, ReadError> {
    let mut matter = HashMap::new();
    for (path, is_ncx) in [(&publication.navigation, false), (&publication.ncx, true)] {
        let Some(path) = path else { continue };
        let Some(bytes) = package.part(path)? else {
            continue;
        };
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let text = decode_xml(&bytes);
        let contents = match is_ncx {
            false => Contents::of_navigation(&text, folder),
            true => Contents::of_ncx(&text, folder),
        };
        if let Ok(mut contents) = contents {
            matter.extend(std::mem::take(&mut contents.matter));
            if !contents.lines.is_empty() {
                contents.matter = matter;
                return Ok(contents);
            }
        }
    }
    Ok(Contents {
        matter,
        ..Contents::default()
    })
}

/// A chapter that is being put together.
struct Chapter {
    entry: String,
    title: Option<String>,
    blocks: Blocks,
}

/// The chapters of a book, from its files one after another.
struct Chapters<'a> {
    publication: &'a Publication,
    contents: &'a Contents,
    /// Whether the table of contents tells chapters apart: it leads to more than one file, or into one.
    has_contents: bool,
    chapters: Vec<Chapter>,
    /// Whether the next file may go on with the last chapter.
    goes_on: bool,
}

impl<'a> Chapters<'a> {
    fn new(publication: &'a Publication, contents: &'a Contents) -> Self {
        let lines = publication
            .spine
            .iter()
            .filter_map(|path| contents.lines.get(path));
        Self {
            publication,
            contents,
            has_contents: lines.map(Vec::len).sum::<usize>() > 1,
            chapters: Vec::new(),
            goes_on: false,
        }
    }

    /// Adds the next file of the spine.
    fn add(&mut self, path: &str, html: &str) {
        let lines = match self.contents.lines.get(path) {
            Some(lines) if self.has_contents => lines.as_slice(),
            _ => &[],
        };
        let title = lines.first().map(|line| line.title.clone());
        if let Some(matter) = self.matter(path, title.as_deref(), html) {
            if matter == Matter::Copyright {
                let mut paragraphs = fragment(html);
                for paragraph in &mut paragraphs {
                    paragraph.kind = Kind::Copyright;
                }
                self.begin(path.to_owned(), title, paragraphs);
            }
            self.goes_on = false;
            return;
        }
        let top = lines.first().map_or(0, |line| line.depth);
        let chapters: Vec<&Line> = lines.iter().filter(|line| line.depth <= top).collect();
        let whole = chapters.iter().find(|line| line.fragment.is_none());
        let found = anchors(html, &chapters);
        let end = found.first().map_or(html.len(), |(at, _)| *at);
        let mut before = fragment(html.get(..end).unwrap_or_default());
        // An element that is not in the file stands for its beginning.
        let lost = chapters.first().filter(|_| found.is_empty());
        match whole.or(lost) {
            Some(line) => self.begin(path.to_owned(), Some(line.title.clone()), before),
            None if !found.is_empty() && before.iter().all(|p| p.kind == Kind::Heading) => {
                // The title of a part stands above its first chapter.
                for (number, (at, line)) in found.iter().enumerate() {
                    let mut paragraphs = std::mem::take(&mut before);
                    paragraphs.extend(piece(html, &found, number, *at));
                    self.begin(entry(path, line), Some(line.title.clone()), paragraphs);
                }
                return;
            }
            None if self.has_contents && self.goes_on => {
                if let Some(chapter) = self.chapters.last_mut() {
                    chapter.blocks.extend(before);
                }
            }
            None => self.begin(path.to_owned(), None, before),
        }
        for (number, (at, line)) in found.iter().enumerate() {
            let paragraphs = piece(html, &found, number, *at);
            self.begin(entry(path, line), Some(line.title.clone()), paragraphs);
        }
    }

    fn begin(&mut self, entry: String, title: Option<String>, paragraphs: Vec<Paragraph>) {
        let mut blocks = Blocks::default();
        blocks.extend(paragraphs);
        self.goes_on = true;
        self.chapters.push(Chapter {
            entry,
            title,
            blocks,
        });
    }

    /// What a file is beside text, by what the book says of it, its title, or what it says itself.
    fn matter(&self, path: &str, title: Option<&str>, html: &str) -> Option<Matter> {
        let said = self.publication.matter.get(path);
        said.or_else(|| self.contents.matter.get(path))
            .copied()
            .or_else(|| title.and_then(Matter::of_title))
            .or_else(|| Matter::of(&semantics(html)))
    }

    /// The articles: chapters that hold more than a heading, with what is known of the book.
    fn into_articles(self, book: &Metadata) -> Vec<Article> {
        let mut entries = Entries::default();
        let mut articles: Vec<Article> = self
            .chapters
            .into_iter()
            .filter_map(|chapter| {
                let paragraphs = chapter.blocks.into_paragraphs();
                let heading = paragraphs
                    .iter()
                    .take(3)
                    .find(|paragraph| paragraph.kind == Kind::Heading)
                    .map(|paragraph| paragraph.text.clone());
                paragraphs.iter().any(|p| p.kind != Kind::Heading).then(|| Article {
                    entry: Some(entries.unique(&chapter.entry)),
                    metadata: Metadata {
                        title: chapter.title.or(heading),
                        source: book.title.clone(),
                        address: None,
                        ..book.clone()
                    },
                    paragraphs,
                })
            })
            .collect();
        if let [only] = articles.as_mut_slice() {
            only.metadata.title.clone_from(&book.title);
            only.metadata.source = None;
        }
        articles
    }
}

/// What tells a chapter apart that is a part of a file.
fn entry(path: &str, line: &Line) -> String {
    match &line.fragment {
        Some(fragment) => format!("{path}#{fragment}"),
        None => path.to_owned(),
    }
}

/// The paragraphs from one anchor to the next.
fn piece(html: &str, found: &[(usize, &Line)], number: usize, at: usize) -> Vec<Paragraph> {
    // Without its beginning a page no longer says that it is XHTML, in which empty elements are written short.
    const XHTML: &str = "<?xml version=\"1.0\"?>";
    let end = found.get(number + 1).map_or(html.len(), |(end, _)| *end);
    let content = html.get(at..end).unwrap_or_default();
    fragment(&format!("{XHTML}{content}"))
}

/// What a page says that it is, on its body or on the first elements in it.
fn semantics(html: &str) -> String {
    // A section, and what stands in it alone.
    const WITHIN: usize = 2;
    let mut xml = Xml::new(html, |_| ());
    let mut in_body = false;
    let mut left = WITHIN;
    let mut said = String::new();
    while let Ok(Some(node)) = xml.next() {
        let Node::Start(element) = node else { continue };
        in_body |= element.name() == "body";
        if !in_body {
            continue;
        }
        if matches!(element.name(), "body" | "section" | "div" | "nav" | "article") {
            said.push_str(&element.attribute("type").unwrap_or_default());
            said.push(' ');
        }
        if element.name() != "body" {
            left -= 1;
            if left == 0 {
                break;
            }
        }
    }
    said
}

#[cfg(test)]
mod tests;
