//! A map of the themes: one HTML file that a browser opens without a network, and a picture of it as SVG.
//!
//! Everything in a map comes from outside: titles, names and texts may hold anything. In the page they stand as data
//! in which no tag can begin or end, and its script shows them as text only; a policy in the page lets nothing run
//! but that script, and nothing be fetched.
//!
//! ```
//! use topoi::themes::map::{Map, MapArticle, MapTheme, Point, html, svg};
//!
//! let map = Map {
//!     title: "Two passages",
//!     points: vec![
//!         Point { passage: 1, x: -1.0, y: 0.0, leaf: 0, article: 0, strength: 0.9, text: "Rates rose." },
//!         Point { passage: 2, x: 1.0, y: 0.0, leaf: 0, article: 0, strength: 0.7, text: "</script>" },
//!     ],
//!     themes: vec![MapTheme { id: 7, name: "Interest rates".to_owned(), terms: Vec::new(), parent: None, level: 1 }],
//!     articles: vec![MapArticle { id: 3, path: "rates.md".to_owned(), ..MapArticle::default() }],
//! };
//! assert!(html(&map).contains(r"\u003c/script\u003e"));
//! assert!(svg(&map).contains("Interest rates"));
//! ```

mod colour;
mod data;
mod names;
mod snippet;
mod svg;

use sha2::{Digest, Sha256};

pub use svg::svg;

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// What a map shows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Map<'a> {
    /// What it is a map of.
    pub title: &'a str,
    /// The passages.
    pub points: Vec<Point<'a>>,
    /// The themes at all levels, a forest by their parents.
    pub themes: Vec<MapTheme>,
    /// The articles that the passages stand in.
    pub articles: Vec<MapArticle>,
}

/// A passage on a map.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point<'a> {
    /// Its number in the library.
    pub passage: u64,
    /// Where it stands, from -1 (left) to 1 (right).
    pub x: f32,
    /// Where it stands, from -1 (below) to 1 (above).
    pub y: f32,
    /// Its finest theme, as its place in [`Map::themes`].
    pub leaf: u32,
    /// Its article, as its place in [`Map::articles`].
    pub article: u32,
    /// How firmly it belongs to its theme, 0 to 1.
    pub strength: f32,
    /// What it says; the map shows the beginning.
    pub text: &'a str,
}

/// A theme on a map.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MapTheme {
    /// Its number. A theme with the same number has the same colour on every map.
    pub id: u64,
    /// What it is called.
    pub name: String,
    /// The words and phrases that set it apart.
    pub terms: Vec<String>,
    /// The theme that it is part of, as its place in [`Map::themes`].
    pub parent: Option<u32>,
    /// 0 for a group of themes, 1 for a theme, 2 for a part of one.
    pub level: u8,
}

/// An article on a map.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MapArticle {
    /// Its number in the library.
    pub id: u64,
    /// Its headline.
    pub title: Option<String>,
    /// Who wrote it.
    pub author: Option<String>,
    /// When it was published: `2024-05-14`, `2024-05` or `2024`.
    pub date: Option<String>,
    /// Where it appeared.
    pub source: Option<String>,
    /// The file that it was read from.
    pub path: String,
}

/// The map as a page: one HTML file that needs nothing else.
///
/// A page of 100,000 passages has some 20 MB. It shows the beginning of each passage: 240 characters, or fewer where
/// there are many passages.
///
/// # Panics
///
/// If a point names a theme or an article that is not there.
#[must_use]
pub fn html(map: &Map<'_>) -> String {
    let fills = [
        ("policy", policy()),
        ("title", escaped(map.title)),
        ("style", unix(STYLE)),
        ("data", data::json(map)),
        ("script", unix(SCRIPT)),
    ];
    fill(&unix(PAGE), &fills)
}

/// What a browser may do with [`html`], as a Content-Security-Policy: run its own script and show its own style, and nothing
/// else. The page says so itself; a server that sends it may say so too.
#[must_use]
pub fn policy() -> String {
    let [style, script] = [STYLE, SCRIPT].map(|part| digest(&unix(part)));
    format!(
        "default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{script}'; base-uri 'none'; form-action 'none'"
    )
}

/// A part of the page: a checkout may have other line ends, and a browser reads them as these before it compares digests.
fn unix(part: &str) -> String {
    part.replace("\r\n", "\n")
}

/// The page with each `{{name}}` in it replaced. What is filled in is not looked at again.
fn fill(page: &str, fills: &[(&str, String)]) -> String {
    let mut filled =
        String::with_capacity(fills.iter().map(|fill| fill.1.len()).sum::<usize>() + page.len());
    let mut rest = page;
    while let Some((before, after)) = rest.split_once("{{")
        && let Some((name, after)) = after.split_once("}}")
    {
        filled.push_str(before);
        if let Some((_, value)) = fills.iter().find(|fill| fill.0 == name) {
            filled.push_str(value);
        }
        rest = after;
    }
    filled.push_str(rest);
    filled
}

/// The digest by which the page's policy knows its own script and style.
fn digest(text: &str) -> String {
    data::base64(&Sha256::digest(text.as_bytes()))
}

/// Text for HTML and SVG, between tags and in attributes.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            // XML knows no other control characters, not even by number.
            '\t' | '\n' | '\r' => safe.push(character),
            _ if character.is_control() || matches!(character, '\u{FFFE}' | '\u{FFFF}') => {}
            _ => safe.push(character),
        }
    }
    safe
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
