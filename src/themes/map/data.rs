//! The data of a map as JSON that can stand inside a page.

use serde::Serialize;

use super::colour::colours;
use super::snippet::snippet;
use super::{Map, MapArticle, MapTheme, Point};

#[derive(Serialize)]
struct Data<'a> {
    title: &'a str,
    points: Points,
    texts: Vec<String>,
    themes: Vec<Theme<'a>>,
    articles: Vec<Article<'a>>,
}

/// The numbers of the points, each list in base64, little-endian.
#[derive(Serialize)]
struct Points {
    count: usize,
    /// 16 bits: -1 is 0, and 1 is 65535.
    x: String,
    y: String,
    /// 32 bits.
    leaf: String,
    article: String,
    /// 64-bit floats: exact up to 2^53.
    passage: String,
    /// 8 bits: 1 is 255.
    strength: String,
}

#[derive(Serialize)]
struct Theme<'a> {
    /// As a text, since a script's numbers are not exact above 2^53.
    id: String,
    name: &'a str,
    terms: &'a [String],
    parent: Option<u32>,
    level: u8,
    light: String,
    dark: String,
}

#[derive(Serialize)]
struct Article<'a> {
    id: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a str>,
    path: &'a str,
}

/// The map as JSON in which neither a tag nor a comment can begin or end, nor a line of a script.
pub(super) fn json(map: &Map<'_>) -> String {
    let count = map.points.len();
    let data = Data {
        title: map.title,
        points: points(&map.points),
        texts: map
            .points
            .iter()
            .map(|point| snippet(point.text, count))
            .collect(),
        themes: map.themes.iter().map(theme).collect(),
        articles: map.articles.iter().map(article).collect(),
    };
    // Maps of plain texts and numbers can always be written.
    inert(&serde_json::to_string(&data).unwrap_or_default())
}

fn points(points: &[Point<'_>]) -> Points {
    let all = |of: &dyn Fn(&Point<'_>, &mut Vec<u8>)| {
        let mut bytes = Vec::new();
        points.iter().for_each(|point| of(point, &mut bytes));
        base64(&bytes)
    };
    let sixteen =
        |value: f32| (f32::midpoint(value.clamp(-1.0, 1.0), 1.0) * 65535.0).round() as u16;
    Points {
        count: points.len(),
        x: all(&|point, bytes| bytes.extend(sixteen(point.x).to_le_bytes())),
        y: all(&|point, bytes| bytes.extend(sixteen(point.y).to_le_bytes())),
        leaf: all(&|point, bytes| bytes.extend(point.leaf.to_le_bytes())),
        article: all(&|point, bytes| bytes.extend(point.article.to_le_bytes())),
        passage: all(&|point, bytes| bytes.extend((point.passage as f64).to_le_bytes())),
        strength: all(&|point, bytes| {
            bytes.push((point.strength.clamp(0.0, 1.0) * 255.0).round() as u8)
        }),
    }
}

fn theme(theme: &MapTheme) -> Theme<'_> {
    let [light, dark] = colours(theme.id);
    Theme {
        id: theme.id.to_string(),
        name: &theme.name,
        terms: &theme.terms,
        parent: theme.parent,
        level: theme.level,
        light,
        dark,
    }
}

fn article(article: &MapArticle) -> Article<'_> {
    Article {
        id: article.id,
        title: article.title.as_deref(),
        author: article.author.as_deref(),
        date: article.date.as_deref(),
        source: article.source.as_deref(),
        path: &article.path,
    }
}

/// JSON with every character that could mean something to HTML or to an old script engine written as a number. Such
/// characters stand in strings only, where that is the same.
fn inert(json: &str) -> String {
    let mut safe = String::with_capacity(json.len() + json.len() / 64);
    for character in json.chars() {
        match character {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                safe.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            _ => safe.push(character),
        }
    }
    safe
}

/// Base64 with padding (RFC 4648, section 4).
pub(super) fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let bits = three
            .iter()
            .fold(0_u32, |bits, &byte| bits << 8 | u32::from(byte))
            << (8 * (3 - three.len()));
        for place in 0..4 {
            if place <= three.len() {
                text.push(char::from(
                    LETTERS[(bits >> (18 - 6 * place)) as usize & 63],
                ));
            } else {
                text.push('=');
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_standard() {
        let cases = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
        ];
        for (text, encoded) in cases {
            assert_eq!(base64(text.as_bytes()), encoded);
        }
    }

    #[test]
    fn numbers_keep_their_values() {
        let point = |x, strength| Point {
            passage: 1 << 40,
            x,
            y: 0.0,
            leaf: 1,
            article: 2,
            strength,
            text: "",
        };
        let list = points(&[point(-1.0, 0.0), point(1.0, 2.0), point(f32::NAN, f32::NAN)]);
        assert_eq!(list.x, base64(&[0, 0, 255, 255, 0, 0]));
        assert_eq!(list.strength, base64(&[0, 255, 0]));
        assert_eq!(list.leaf, base64(&[1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0]));
    }
}
