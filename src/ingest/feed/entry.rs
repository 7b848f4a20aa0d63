//! What a feed says of an entry, or of itself, and the article that comes of it.

use super::super::blocks::Blocks;
use super::super::fold::fold;
use super::super::html::fragment;
use super::super::language::language_code;
use super::super::plain::body_paragraphs;
use crate::article::{Date, Metadata, Paragraph};

/// A text, and what it is written in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Markup {
    Plain(String),
    Html(String),
}

/// An entry, or the feed itself.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) id: Option<String>,
    pub(super) title: Option<String>,
    pub(super) authors: Vec<String>,
    pub(super) published: Option<Date>,
    pub(super) updated: Option<Date>,
    pub(super) address: Option<String>,
    pub(super) language: Option<String>,
    pub(super) content: Option<Markup>,
    pub(super) summary: Option<Markup>,
}

impl Draft {
    /// What tells the entry apart from the others, where it has anything of its own.
    pub(super) fn name(&self) -> Option<String> {
        self.id.clone().or_else(|| self.address.clone())
    }

    /// Adds an author, once.
    pub(super) fn add_author(&mut self, name: &str) {
        let name = name_of(name);
        if !name.is_empty() && !self.authors.contains(&name) {
            self.authors.push(name);
        }
    }

    /// The paragraphs of its content, or of its summary where it has none.
    pub(super) fn paragraphs(&self) -> Vec<Paragraph> {
        [&self.content, &self.summary]
            .into_iter()
            .flatten()
            .map(Markup::paragraphs)
            .find(|paragraphs| !paragraphs.is_empty())
            .unwrap_or_default()
    }

    /// What is known of the article, by the entry or else by its feed.
    pub(super) fn metadata(self, feed: &Self) -> Metadata {
        let authors = match self.authors.is_empty() {
            true => &feed.authors,
            false => &self.authors,
        };
        let language = self.language.as_ref().or(feed.language.as_ref());
        Metadata {
            author: (!authors.is_empty()).then(|| authors.join(", ")),
            date: self.published.or(self.updated),
            source: feed.title.clone(),
            language: language.and_then(|language| language_code(language)),
            title: self.title,
            address: self.address,
        }
    }
}

impl Markup {
    fn paragraphs(&self) -> Vec<Paragraph> {
        let mut blocks = Blocks::default();
        match self {
            Self::Plain(text) => blocks.extend(body_paragraphs(text, 0)),
            // Much that is called HTML is plain text but for its references.
            Self::Html(text) if !text.contains('<') => {
                for paragraph in body_paragraphs(text, 0) {
                    blocks.extend(fragment(&paragraph.text));
                }
            }
            Self::Html(html) => return fragment(html),
        }
        blocks.into_paragraphs()
    }

    /// The text on one line, as for a title.
    pub(super) fn line(&self) -> Option<String> {
        let text = match self {
            Self::Plain(text) => fold(text),
            Self::Html(html) if !html.contains(['<', '&']) => fold(html),
            Self::Html(html) => {
                let texts: Vec<String> = fragment(html).into_iter().map(|p| p.text).collect();
                texts.join(" ")
            }
        };
        (!text.is_empty()).then_some(text)
    }
}

/// The name in what stands for an author: RSS asks for `mail@example.org (Ada Marsh)`.
fn name_of(author: &str) -> String {
    let author = fold(author);
    let Some((address, name)) = author.split_once('(') else {
        return author;
    };
    match (address.trim().contains('@'), name.strip_suffix(')')) {
        (true, Some(name)) if !name.trim().is_empty() => name.trim().to_owned(),
        _ => author,
    }
}

/// The day of a time as feeds write it: `2020-05-14T10:00:00Z`, `Thu, 14 May 2020 10:00:00 GMT`, and shorter.
pub(super) fn date(text: &str) -> Option<Date> {
    let text = text.trim();
    if let Ok(date) = text.parse() {
        return Some(date);
    }
    let mut day: Vec<String> = Vec::new();
    let is_day = |word: &String| word.parse::<u8>().is_ok();
    for word in text.split(|c: char| c.is_whitespace() || c == ',') {
        let is_number = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
        // The year ends the day; RFC 822 wrote it with two digits.
        match (is_number, word.len(), day.len()) {
            (_, 0, _) => {}
            (true, 4, _) => {
                day.push(word.to_owned());
                break;
            }
            (true, 2, 2..) if day.iter().any(|word| is_month(word)) && day.iter().any(is_day) => {
                let century = if word < "70" { "20" } else { "19" };
                day.push(format!("{century}{word}"));
                break;
            }
            _ => day.push(word.to_owned()),
        }
        if day.len() > 4 {
            return None;
        }
    }
    day.join(" ").parse().ok()
}

fn is_month(word: &str) -> bool {
    format!("1 {word} 2000").parse::<Date>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_however_they_are_written() {
        for (text, day) in [
            ("2020-05-14T10:00:00+02:00", "2020-05-14"),
            ("2020-05", "2020-05"),
            ("Thu, 14 May 2020 10:00:00 GMT", "2020-05-14"),
            ("14 May 2020 10:00:00 +0000", "2020-05-14"),
            ("Thu, 14 May 20 10:00:00 EST", "2020-05-14"),
            ("14 May 99 10:00", "1999-05-14"),
            ("Thursday, May 14, 2020 10:00 AM", "2020-05-14"),
            ("soon", ""),
            ("99999999999999999999999999 May 2020", ""),
            ("", ""),
        ] {
            let read = date(text).map(|date| date.to_string()).unwrap_or_default();
            assert_eq!(read, day, "{text}");
        }
    }

    #[test]
    fn an_authors_name_is_told_from_the_address() {
        let mut draft = Draft::default();
        for name in ["ada@example.org (Ada Marsh)", " Ada  Marsh ", "Ben Holt (Harbour Review)", ""] {
            draft.add_author(name);
        }
        assert_eq!(draft.authors, ["Ada Marsh", "Ben Holt (Harbour Review)"]);
    }

    #[test]
    fn plain_text_that_is_called_html_keeps_its_paragraphs() {
        let texts = |markup: &Markup| -> Vec<String> {
            markup.paragraphs().into_iter().map(|p| p.text).collect()
        };
        let text = "Ships &amp; mud.\n\nSilt.".to_owned();
        assert_eq!(texts(&Markup::Html(text.clone())), ["Ships & mud.", "Silt."]);
        assert_eq!(texts(&Markup::Plain(text)), ["Ships &amp; mud.", "Silt."]);
        let html = Markup::Html("<b>Ships</b> &amp; mud".to_owned());
        assert_eq!(html.line().as_deref(), Some("Ships & mud"));
    }
}
