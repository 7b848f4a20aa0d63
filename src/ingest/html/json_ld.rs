//! What a page says of its article in JSON-LD with the words of schema.org.

use serde_json::{Map, Value};

use super::super::fold::fold;
use super::build::parse;
use super::tag::{Attribute, Tag};
use super::tree::{ROOT, Tree};

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Described {
    pub(super) title: Option<String>,
    pub(super) authors: Vec<String>,
    /// The date of publication, as it is written.
    pub(super) date: Option<String>,
    pub(super) source: Option<String>,
    pub(super) language: Option<String>,
    pub(super) address: Option<String>,
}

/// A script longer than this, in bytes, is not read: those of 181 news pages have up to 30,000.
const LONGEST: usize = 1_000_000;

/// So many objects of a page are looked at.
const OBJECTS: usize = 1_000;

/// Reads the description of the first article that a page describes.
pub(super) fn described(tree: &Tree) -> Described {
    let mut budget = OBJECTS;
    for id in tree.elements(Tag::Script) {
        let kind = tree.attribute(id, Attribute::Type).unwrap_or("");
        let text = tree.text(id + 1);
        if !kind.to_ascii_lowercase().contains("ld+json")
            || tree.parent(id + 1) != id
            || text.len() > LONGEST
        {
            continue;
        }
        let Ok(value) = serde_json::from_str::<Value>(text.trim()) else {
            continue;
        };
        if let Some(article) = find(&value, &mut budget) {
            return read(article);
        }
    }
    Described::default()
}

/// The first object that is an article, among those of a list or a graph too.
fn find<'a>(value: &'a Value, budget: &mut usize) -> Option<&'a Map<String, Value>> {
    let mut values = vec![value];
    while let Some(value) = values.pop() {
        *budget = budget.checked_sub(1)?;
        match value {
            Value::Array(items) => values.extend(items.iter().rev().take(OBJECTS)),
            Value::Object(object) => {
                if is_article(object) {
                    return Some(object);
                }
                values.extend(
                    ["@graph", "mainEntity"]
                        .iter()
                        .filter_map(|name| object.get(*name)),
                );
            }
            _ => {}
        }
    }
    None
}

fn is_article(object: &Map<String, Value>) -> bool {
    let is_named = |value: &Value| {
        value.as_str().is_some_and(|name| {
            ["Article", "BlogPosting", "Report", "Review", "Chapter"]
                .iter()
                .any(|kind| name.ends_with(kind))
        })
    };
    match object.get("@type") {
        Some(Value::Array(names)) => names.iter().any(is_named),
        Some(name) => is_named(name),
        None => false,
    }
}

fn read(article: &Map<String, Value>) -> Described {
    let text = |name: &str| article.get(name).and_then(text);
    Described {
        title: text("headline").or_else(|| text("name")),
        authors: article.get("author").map(names).unwrap_or_default(),
        date: text("datePublished").or_else(|| text("dateCreated")),
        source: (article.get("publisher").map(names)).and_then(|names| names.into_iter().next()),
        language: text("inLanguage"),
        address: text("url"),
    }
}

/// A text, its entities resolved, since many sites write them in JSON too.
fn text(value: &Value) -> Option<String> {
    let text = value.as_str()?;
    let text = match text.contains('&') {
        true => {
            let tree = parse(text);
            fold(&tree.inner_text(ROOT))
        }
        false => fold(text),
    };
    (!text.is_empty() && text.len() <= 500).then_some(text)
}

/// The names of persons or organisations: a text, an object with a `name`, or a list of these.
fn names(value: &Value) -> Vec<String> {
    let name = |value: &Value| match value {
        Value::Object(object) => object.get("name").and_then(|name| match name {
            Value::Array(names) => names.first().and_then(text),
            name => text(name),
        }),
        value => text(value),
    };
    match value {
        Value::Array(values) => values.iter().take(20).filter_map(name).collect(),
        value => name(value).into_iter().collect(),
    }
}
