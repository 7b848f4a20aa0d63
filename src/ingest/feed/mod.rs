//! The reader of feeds: RSS 0.9x, 1.0 and 2.0, Atom, JSON Feed.
//!
//! They are taken apart here rather than by a library: what feeds come from the web is often damaged, and each entry
//! before the damage is worth having.

mod entry;
mod json;
mod syndication;

use super::entries::Entries;
use super::error::{ReadError, Warning, Warnings};
use super::source::{Extracted, Reader, Source};
use super::xml::decode_xml;
use crate::article::{Article, Paragraph};
use entry::Draft;

const WHAT: &str = "a feed";

/// Reads a feed: an article an entry, its whole content where the feed has it, else its summary.
///
/// | what | from |
/// |---|---|
/// | entry | the entry's id, else its address, else its number |
/// | author | the entry's authors, else the feed's |
/// | date | when it was published, else when it was updated |
/// | source | the feed's title |
/// | address | its link of the kind `alternate` |
///
/// Entries that have no text, but perhaps a title, are left out with a warning.
pub(super) struct Feed;

/// What a feed holds.
#[derive(Debug, Default)]
struct Contents {
    /// What it says of itself.
    feed: Draft,
    entries: Vec<Draft>,
    /// Why it was read no further, where it was not read to its end.
    damage: Option<String>,
}

/// A text shorter than this, in characters, doesn't stand for an article that is longer: a teaser has a few sentences.
const TEASER: usize = 1000;

/// Whether a feed's entry holds less than the page that it links to, by all appearances: little, or something that breaks
/// off.
#[must_use]
pub fn is_teaser(paragraphs: &[Paragraph]) -> bool {
    let chars = paragraphs
        .iter()
        .map(|paragraph| paragraph.text.chars().count());
    let breaks_off = paragraphs.last().is_some_and(|last| {
        let end = last.text.trim_end();
        ["…", "...", "[…]", "[...]"]
            .iter()
            .any(|mark| end.ends_with(mark))
    });
    breaks_off || chars.sum::<usize>() < TEASER
}

/// The addresses of those entries of a feed that are teasers, or hold nothing, in the feed's order.
#[must_use]
pub fn teasers(feed: &[u8]) -> Vec<String> {
    let entries = contents(feed).entries.into_iter();
    let teasers = entries.filter(|entry| is_teaser(&entry.paragraphs()));
    teasers.filter_map(|entry| entry.address).collect()
}

fn contents(feed: &[u8]) -> Contents {
    let text = decode_xml(feed);
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    match text.starts_with('{') {
        true => json::read(text),
        false => syndication::read(text),
    }
}

impl Reader for Feed {
    fn read(&self, source: &Source<'_>) -> Result<Extracted, ReadError> {
        let Contents {
            feed,
            entries: drafts,
            damage,
        } = contents(source.bytes());
        let mut entries = Entries::default();
        let mut warnings = Warnings::default();
        let mut extracted = Extracted::default();
        for (at, draft) in drafts.into_iter().enumerate() {
            if entries.are_full() {
                break;
            }
            let name = draft.name().unwrap_or_else(|| (at + 1).to_string());
            let paragraphs = draft.paragraphs();
            if paragraphs.is_empty() {
                extracted.left_out += 1;
                let title = draft.title.unwrap_or(name);
                warnings.add(|| Warning::Member {
                    name: title,
                    reason: "has no text, only what is said of it".to_owned(),
                });
                continue;
            }
            extracted.articles.push(Article {
                entry: Some(entries.unique(&name)),
                metadata: draft.metadata(&feed),
                paragraphs,
            });
        }
        if extracted.articles.is_empty() {
            return Err(match damage {
                Some(reason) => ReadError::Damaged { what: WHAT, reason },
                None => warnings.into_error(WHAT),
            });
        }
        extracted.warnings = warnings.into_vec();
        extracted.warnings.extend(entries.warning());
        extracted
            .warnings
            .extend(damage.map(|reason| Warning::Damaged { reason }));
        Ok(extracted)
    }
}

#[cfg(test)]
mod tests;
