//! JSON Feed, versions 1 and 1.1.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::super::fold::fold;
use super::Contents;
use super::entry::{Draft, Markup, date};

#[derive(Deserialize)]
struct JsonFeed {
    #[serde(default)]
    title: Scalar,
    #[serde(default)]
    language: Scalar,
    #[serde(default)]
    author: Author,
    #[serde(default)]
    authors: Vec<Author>,
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    #[serde(default)]
    id: Scalar,
    #[serde(default)]
    url: Scalar,
    #[serde(default)]
    external_url: Scalar,
    #[serde(default)]
    title: Scalar,
    #[serde(default)]
    content_html: Scalar,
    #[serde(default)]
    content_text: Scalar,
    #[serde(default)]
    summary: Scalar,
    #[serde(default)]
    date_published: Scalar,
    #[serde(default)]
    date_modified: Scalar,
    #[serde(default)]
    language: Scalar,
    #[serde(default)]
    author: Author,
    #[serde(default)]
    authors: Vec<Author>,
}

#[derive(Default, Deserialize)]
struct Author {
    #[serde(default)]
    name: Scalar,
}

/// A string, or a number as one; anything else is as if it were not there, so that one odd field costs no feed.
#[derive(Default)]
struct Scalar(Option<String>);

impl Scalar {
    /// The text on one line, if there is any.
    fn line(&self) -> Option<String> {
        self.0
            .as_deref()
            .map(fold)
            .filter(|line| !line.is_empty())
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Scalar;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_str<E>(self, text: &str) -> Result<Scalar, E> {
                Ok(Scalar(Some(text.to_owned())))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Scalar, E> {
                Ok(Scalar(Some(number.to_string())))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Scalar, E> {
                Ok(Scalar(Some(number.to_string())))
            }

            fn visit_f64<E>(self, _: f64) -> Result<Scalar, E> {
                Ok(Scalar(None))
            }

            fn visit_bool<E>(self, _: bool) -> Result<Scalar, E> {
                Ok(Scalar(None))
            }

            fn visit_unit<E>(self) -> Result<Scalar, E> {
                Ok(Scalar(None))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Scalar, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Scalar(None))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Scalar, A::Error> {
                while items.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Scalar(None))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// Reads a JSON Feed.
pub(super) fn read(text: &str) -> Contents {
    let feed: JsonFeed = match serde_json::from_str(text) {
        Ok(feed) => feed,
        Err(error) => {
            return Contents {
                damage: Some(error.to_string()),
                ..Contents::default()
            };
        }
    };
    let mut head = Draft {
        title: feed.title.line(),
        language: feed.language.line(),
        ..Draft::default()
    };
    add_authors(&mut head, &feed.authors, &feed.author);
    Contents {
        feed: head,
        entries: feed.items.into_iter().map(entry).collect(),
        damage: None,
    }
}

fn entry(item: Item) -> Draft {
    let html = item.content_html.0.filter(|html| !html.trim().is_empty());
    let mut draft = Draft {
        id: item.id.line(),
        title: item.title.line(),
        published: item.date_published.line().and_then(|text| date(&text)),
        updated: item.date_modified.line().and_then(|text| date(&text)),
        address: item.url.line().or_else(|| item.external_url.line()),
        language: item.language.line(),
        content: html
            .map(Markup::Html)
            .or_else(|| item.content_text.0.map(Markup::Plain)),
        summary: item.summary.0.map(Markup::Plain),
        ..Draft::default()
    };
    add_authors(&mut draft, &item.authors, &item.author);
    draft
}

/// Version 1.1 has a list of authors, version 1 had one.
fn add_authors(draft: &mut Draft, authors: &[Author], author: &Author) {
    for author in authors.iter().chain([author]) {
        draft.add_author(&author.name.line().unwrap_or_default());
    }
}
