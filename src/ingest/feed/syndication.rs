//! RSS and Atom. Both have a head and entries, whose fields have much the same names.

use super::super::xml::{Element, Node, Xml};
use super::Contents;
use super::entry::{Draft, Markup, date};

/// Which vocabulary an element's name belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Vocabulary {
    /// RSS, which mostly has no namespace.
    Rss,
    Atom,
    /// The module for whole contents.
    Content,
    DublinCore,
    Podcast,
    Media,
    Xhtml,
    Other,
}

impl Vocabulary {
    fn of(namespace: &str) -> Self {
        match namespace {
            ""
            | "http://purl.org/rss/1.0/"
            | "http://my.netscape.com/rdf/simple/0.9/"
            | "http://channel.netscape.com/rdf/simple/0.9/"
            | "http://backend.userland.com/rss2"
            | "http://backend.userland.com/RSS2"
            | "http://www.w3.org/1999/02/22-rdf-syntax-ns#" => Self::Rss,
            "http://www.w3.org/2005/Atom" | "http://purl.org/atom/ns#" => Self::Atom,
            "http://purl.org/rss/1.0/modules/content/" => Self::Content,
            "http://purl.org/dc/elements/1.1/" | "http://purl.org/dc/terms/" => Self::DublinCore,
            "http://www.w3.org/1999/xhtml" => Self::Xhtml,
            _ if namespace.starts_with("http://www.itunes.com/") => Self::Podcast,
            _ if namespace.starts_with("http://search.yahoo.com/mrss") => Self::Media,
            _ => Self::Other,
        }
    }
}

/// A field whose text is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Id,
    /// An id that is an address too.
    PermanentId,
    Title,
    Author,
    Published,
    Updated,
    Address,
    Language,
    Content,
    Summary,
    /// A summary that is taken where there is no other.
    Description,
}

/// What an open element is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    Other,
    Entry,
    /// A person, whose name is wanted and whose address is not.
    Person,
}

/// A field that is being read.
struct Reading {
    field: Field,
    /// Whether its text is HTML.
    is_html: bool,
    /// Whether there are elements in it, so that its text has to be escaped to be markup.
    is_tree: bool,
    text: String,
    /// The names of the elements that are open in it.
    open: Vec<String>,
}

/// Reads RSS or Atom.
pub(super) fn read(text: &str) -> Contents {
    let mut xml = Xml::new(text, Vocabulary::of);
    let mut contents = Contents::default();
    let mut open: Vec<Open> = Vec::new();
    let mut entry: Option<Draft> = None;
    let mut reading: Option<Reading> = None;
    let mut skipped = 0usize;
    let mut is_atom = false;
    loop {
        let node = match xml.next() {
            Ok(Some(node)) => node,
            Ok(None) => break,
            Err(reason) => {
                contents.damage = Some(reason);
                break;
            }
        };
        match (node, &mut reading) {
            (Node::Start(_), _) if skipped > 0 => skipped += 1,
            (Node::End, _) if skipped > 0 => skipped -= 1,
            (Node::Start(element), Some(reading)) => reading.begin(element.name()),
            (Node::Text(text), Some(reading)) => reading.push(&text),
            (Node::End, Some(inside)) if !inside.open.is_empty() => inside.end(),
            (Node::End, Some(_)) => {
                if let Some(reading) = reading.take() {
                    reading.finish(entry.as_mut().unwrap_or(&mut contents.feed));
                }
            }
            (Node::Start(element), None) => {
                let draft = entry.as_mut().unwrap_or(&mut contents.feed);
                let in_person = open.last() == Some(&Open::Person);
                if matches!(element.name(), "feed" | "entry" | "rss" | "channel")
                    && let Some(language) = element.attribute("lang")
                {
                    draft.language.get_or_insert(language);
                }
                // A feed without a namespace is Atom by the name of its first element.
                is_atom |= element.name() == "feed" && open.is_empty();
                let by_atom = is_atom || element.vocabulary == Vocabulary::Atom;
                match begin(&element, by_atom, in_person, draft) {
                    Begun::Field(field, is_html) => {
                        reading = Some(Reading {
                            field,
                            is_html,
                            is_tree: false,
                            text: String::new(),
                            open: Vec::new(),
                        });
                    }
                    Begun::Open(Open::Entry) if entry.is_none() => {
                        entry = Some(Draft {
                            language: element.attribute("lang"),
                            ..Draft::default()
                        });
                        open.push(Open::Entry);
                    }
                    Begun::Open(Open::Entry) => open.push(Open::Other),
                    Begun::Open(other) => open.push(other),
                    Begun::Skipped => skipped = 1,
                }
            }
            (Node::End, None) => {
                if open.pop() == Some(Open::Entry) {
                    contents.entries.extend(entry.take());
                }
            }
            (Node::Text(_), None) => {}
        }
    }
    if contents.damage.is_none() && (reading.is_some() || !open.is_empty()) {
        contents.damage = Some("it breaks off before its end".to_owned());
    }
    contents
}

/// What becomes of an element.
enum Begun {
    Field(Field, bool),
    Open(Open),
    Skipped,
}

fn begin(
    element: &Element<'_, Vocabulary>,
    is_atom: bool,
    in_person: bool,
    draft: &mut Draft,
) -> Begun {
    let name = element.name();
    let kind = element.attribute("type").unwrap_or_default();
    // Atom says what a text is; in RSS a description is HTML, and a title may be.
    let is_html = !is_atom || kind.contains("html");
    let field = match element.vocabulary {
        Vocabulary::Rss | Vocabulary::Atom => match name {
            "item" | "entry" => return Begun::Open(Open::Entry),
            // These have titles and descriptions of their own.
            "image" | "textinput" | "textInput" | "source" | "contributor" => {
                return Begun::Skipped;
            }
            "name" if in_person => Field::Author,
            "email" | "uri" | "url" if in_person => return Begun::Skipped,
            "author" if is_atom => return Begun::Open(Open::Person),
            "author" | "managingEditor" => Field::Author,
            "id" => Field::Id,
            "guid" => match element.attribute("isPermaLink").as_deref() {
                Some("false") => Field::Id,
                _ => Field::PermanentId,
            },
            "title" => return Begun::Field(Field::Title, is_html),
            "description" | "summary" => return Begun::Field(Field::Summary, is_html),
            "pubDate" | "published" | "issued" | "created" => Field::Published,
            "updated" | "modified" | "lastBuildDate" => Field::Updated,
            "language" => Field::Language,
            "link" => {
                let Some(address) = element.attribute("href") else {
                    return Begun::Field(Field::Address, false);
                };
                if matches!(
                    element.attribute("rel").as_deref(),
                    None | Some("alternate")
                ) {
                    draft.address.get_or_insert(address);
                }
                return Begun::Skipped;
            }
            "content" => {
                // What is of another type is a picture or a film, and what has a source is elsewhere.
                let is_text = matches!(kind.as_str(), "" | "text" | "html" | "xhtml")
                    || kind.starts_with("text/")
                    || kind.ends_with("xhtml+xml");
                return match is_text && element.attribute("src").is_none() {
                    true => Begun::Field(Field::Content, is_html),
                    false => Begun::Skipped,
                };
            }
            _ => return Begun::Open(Open::Other),
        },
        Vocabulary::Content if name == "encoded" => return Begun::Field(Field::Content, true),
        Vocabulary::Xhtml if matches!(name, "body" | "div") => {
            return Begun::Field(Field::Content, true);
        }
        Vocabulary::DublinCore => match name {
            "creator" => Field::Author,
            "date" | "issued" | "created" => Field::Published,
            "modified" => Field::Updated,
            "language" => Field::Language,
            "description" => return Begun::Field(Field::Description, true),
            _ => return Begun::Skipped,
        },
        Vocabulary::Podcast => match name {
            "author" => Field::Author,
            "summary" => return Begun::Field(Field::Description, true),
            _ => return Begun::Skipped,
        },
        Vocabulary::Media => match name {
            "description" => return Begun::Field(Field::Description, true),
            "group" | "content" => return Begun::Open(Open::Other),
            _ => return Begun::Skipped,
        },
        _ => return Begun::Skipped,
    };
    Begun::Field(field, false)
}

impl Reading {
    fn push(&mut self, text: &str) {
        match self.is_tree {
            true => self.text.push_str(&escape(text)),
            false => self.text.push_str(text),
        }
    }

    /// An element in the field: its text is a tree, not escaped.
    fn begin(&mut self, name: &str) {
        if !self.is_tree {
            self.is_tree = true;
            self.text = escape(&self.text);
        }
        self.text.push('<');
        self.text.push_str(name);
        self.text.push('>');
        self.open.push(name.to_owned());
    }

    fn end(&mut self) {
        if let Some(name) = self.open.pop() {
            self.text.push_str("</");
            self.text.push_str(&name);
            self.text.push('>');
        }
    }

    /// Gives what was read to the entry, or to the feed.
    fn finish(self, draft: &mut Draft) {
        let markup = match self.is_html || self.is_tree {
            true => Markup::Html(self.text),
            false => Markup::Plain(self.text),
        };
        let line = match self.field {
            Field::Content | Field::Summary | Field::Description => None,
            _ => markup.line(),
        };
        match self.field {
            Field::Content => draft.content = Some(markup),
            Field::Summary => draft.summary = Some(markup),
            Field::Description => {
                draft.summary.get_or_insert(markup);
            }
            Field::Title => draft.title = draft.title.take().or(line),
            Field::Id => draft.id = line,
            Field::PermanentId => {
                if let Some(line) = &line
                    && line.starts_with("http")
                {
                    draft.address.get_or_insert(line.clone());
                }
                draft.id = line;
            }
            Field::Author => draft.add_author(&line.unwrap_or_default()),
            Field::Published => draft.published = line.and_then(|line| date(&line)),
            Field::Updated => draft.updated = line.and_then(|line| date(&line)),
            Field::Address => draft.address = line.or_else(|| draft.address.take()),
            Field::Language => draft.language = line,
        }
    }
}

/// Text as it is written in markup.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
