//! The table of contents of a book, and where its chapters begin.

use std::collections::HashMap;

use super::super::fold::fold;
use super::super::package::resolve;
use super::super::xml::{Node, Xml};
use super::publication::{Matter, percent_decoded};

/// A line of the table of contents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) title: String,
    /// The element in the file that it leads to; to the file as a whole where there is none.
    pub(super) fragment: Option<String>,
    /// How many lines it stands below.
    pub(super) depth: usize,
}

/// The lines of a table of contents by the file that they lead to, in their order.
#[derive(Debug, Default)]
pub(super) struct Contents {
    pub(super) lines: HashMap<String, Vec<Line>>,
    /// The files that the navigation document says are something else than text.
    pub(super) matter: HashMap<String, Matter>,
}

impl Contents {
    fn add(&mut self, folder: &str, href: &str, title: &str, depth: usize) {
        let (file, fragment) = match href.split_once('#') {
            Some((file, fragment)) => (file, Some(fragment)),
            None => (href, None),
        };
        let title = fold(title);
        if !file.is_empty() && !title.is_empty() {
            let path = resolve(folder, &percent_decoded(file));
            self.lines.entry(path).or_default().push(Line {
                title,
                fragment: fragment.filter(|id| !id.is_empty()).map(percent_decoded),
                depth,
            });
        }
    }

    /// Reads a navigation document (EPUB 3). Only its `toc` has titles; its landmarks say what is front matter.
    pub(super) fn of_navigation(text: &str, folder: &str) -> Result<Self, String> {
        let mut xml = Xml::new(text, |_| ());
        let mut contents = Self::default();
        let mut open: Vec<Open> = Vec::new();
        let mut navigation = String::new();
        let mut link: Option<(String, String)> = None;
        let mut depth = 0usize;
        while let Some(node) = xml.next()? {
            match node {
                Node::Start(element) => {
                    open.push(match element.name() {
                        "nav" => {
                            navigation = element.attribute("type").unwrap_or_default();
                            depth = 0;
                            Open::Other
                        }
                        "ol" | "ul" => {
                            depth += 1;
                            Open::List
                        }
                        "a" => {
                            let href = element.attribute("href").unwrap_or_default();
                            let kind = element.attribute("type").unwrap_or_default();
                            if navigation == "landmarks"
                                && let Some(matter) = Matter::of(&kind)
                            {
                                let file = href.split('#').next().unwrap_or_default();
                                let path = resolve(folder, &percent_decoded(file));
                                contents.matter.insert(path, matter);
                            }
                            link = Some((href, String::new()));
                            Open::Link
                        }
                        _ => Open::Other,
                    });
                }
                Node::Text(text) => {
                    if let Some((_, title)) = &mut link {
                        title.push_str(&text);
                    }
                }
                Node::End => match open.pop() {
                    Some(Open::List) => depth = depth.saturating_sub(1),
                    Some(Open::Link) => {
                        if let Some((href, title)) = link.take()
                            && navigation.split(' ').any(|kind| kind == "toc")
                        {
                            contents.add(folder, &href, &title, depth);
                        }
                    }
                    _ => {}
                },
            }
        }
        Ok(contents)
    }

    /// Reads an NCX (EPUB 2).
    pub(super) fn of_ncx(text: &str, folder: &str) -> Result<Self, String> {
        let mut xml = Xml::new(text, |_| ());
        let mut contents = Self::default();
        let mut open: Vec<Open> = Vec::new();
        let mut depth = 0usize;
        let mut title = String::new();
        while let Some(node) = xml.next()? {
            match node {
                Node::Start(element) => {
                    open.push(match element.name() {
                        "navPoint" => {
                            depth += 1;
                            title.clear();
                            Open::List
                        }
                        "text" if depth > 0 => Open::Link,
                        "content" if depth > 0 => {
                            let href = element.attribute("src").unwrap_or_default();
                            contents.add(folder, &href, &title, depth);
                            Open::Other
                        }
                        _ => Open::Other,
                    });
                }
                Node::Text(text) => {
                    if matches!(open.last(), Some(Open::Link)) {
                        title.push_str(&text);
                    }
                }
                Node::End => {
                    if let Some(Open::List) = open.pop() {
                        depth = depth.saturating_sub(1);
                    }
                }
            }
        }
        Ok(contents)
    }
}

/// What an open element is, as far as its end needs it.
enum Open {
    Other,
    List,
    Link,
}

/// Where in a page the elements begin that have one of these ids, in the order of the page.
pub(super) fn anchors<'a>(html: &str, lines: &[&'a Line]) -> Vec<(usize, &'a Line)> {
    let mut wanted: HashMap<&str, &Line> = HashMap::new();
    for line in lines {
        if let Some(fragment) = &line.fragment {
            wanted.entry(fragment).or_insert(line);
        }
    }
    let bytes = html.as_bytes();
    let mut found = Vec::new();
    let mut tag = None;
    for (at, &byte) in bytes.iter().enumerate() {
        match byte {
            b'<' => tag = Some(at),
            b'>' => tag = None,
            b'=' => {
                let (Some(tag), Some(id)) = (tag, id_at(html, at)) else {
                    continue;
                };
                if let Some(line) = wanted.remove(id) {
                    found.push((beginning(html, tag), line));
                }
            }
            _ => {}
        }
    }
    found
}

/// The value of an attribute `id`, or of the `name` that was one once, whose `=` stands at a place.
fn id_at(html: &str, at: usize) -> Option<&str> {
    let before = html.get(..at)?;
    if !before.ends_with(" id") && !before.ends_with("\nid") && !before.ends_with(" name") {
        return None;
    }
    let value = html.get(at + 1..)?;
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    // No table of contents has longer ids.
    let value = value.get(1..)?;
    let value = value.get(..value.floor_char_boundary(256))?;
    value.split_once(quote).map(|(id, _)| id)
}

/// Where what an element begins really begins: an anchor in a heading stands for the heading.
fn beginning(html: &str, tag: usize) -> usize {
    // Tags around an anchor are short, and few.
    const TAG: usize = 300;
    const AROUND: usize = 5;
    let mut at = tag;
    for _ in 0..AROUND {
        let before = html.get(..at).unwrap_or_default().trim_end();
        let near = before
            .get(before.ceil_char_boundary(before.len().saturating_sub(TAG))..)
            .unwrap_or_default();
        let Some(start) = near.rfind('<') else {
            break;
        };
        let around = near.get(start..).unwrap_or_default();
        let is_opening = around.ends_with('>')
            && !around.ends_with("/>")
            && !["</", "<!", "<?", "<body", "<html"]
                .iter()
                .any(|other| around.starts_with(other));
        if !is_opening {
            break;
        }
        at = before.len() - near.len() + start;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(title: &str, fragment: Option<&str>, depth: usize) -> Line {
        Line {
            title: title.to_owned(),
            fragment: fragment.map(str::to_owned),
            depth,
        }
    }

    #[test]
    fn both_kinds_of_contents_say_the_same() {
        let navigation = "<html xmlns:epub='e'><nav epub:type='toc'><h1>Contents</h1><ol><li><a href='a.xhtml'>The <i>Port</i></a>\
                          <ol><li><a href='a.xhtml#x'>Mud</a></li></ol></li></ol></nav>\
                          <nav epub:type='landmarks'><ol><li><a epub:type='cover' href='c.xhtml'>Cover</a></li></ol></nav></html>";
        let ncx = "<ncx><docTitle><text>Book</text></docTitle><navMap><navPoint><navLabel><text>The Port</text></navLabel>\
                   <content src='a.xhtml'/><navPoint><navLabel><text>Mud</text></navLabel><content src='a.xhtml#x'/></navPoint>\
                   </navPoint></navMap></ncx>";
        let navigation = Contents::of_navigation(navigation, "OPS").unwrap();
        let ncx = Contents::of_ncx(ncx, "OPS").unwrap();
        let expected = vec![line("The Port", None, 1), line("Mud", Some("x"), 2)];
        assert_eq!(navigation.lines["OPS/a.xhtml"], expected);
        assert_eq!(ncx.lines["OPS/a.xhtml"], expected);
        assert_eq!(navigation.matter.get("OPS/c.xhtml"), Some(&Matter::Apparatus));
    }

    #[test]
    fn an_anchor_stands_for_the_heading_around_it() {
        let html = "<body><p>a</p><h2 class='x'><a name=\"m\"></a>Mud</h2><section id='s'>b</section>";
        let (mud, silt) = (line("Mud", Some("m"), 1), line("Silt", Some("s"), 1));
        let found: Vec<&str> = anchors(html, &[&silt, &mud, &line("No", Some("no"), 1)])
            .into_iter()
            .map(|(at, _)| &html[at..at + 4])
            .collect();
        assert_eq!(found, ["<h2 ", "<sec"]);
    }
}
