//! Running heads and feet and page numbers: what stands at the same place of page after page.

use std::collections::{HashMap, HashSet};

use super::lines::Piece;

/// How much of a page's height at either end can hold them.
const ZONE: f32 = 0.13;

/// How much of it can hold the number of a page that stands alone.
const NUMBER_ZONE: f32 = 0.09;

/// On how many pages the same must stand. Running heads change with the chapter, so that these are few; in a short
/// document, whose heads may stand on every other page, two.
const OFTEN: usize = 3;
const OFTEN_IN_SHORT: usize = 2;
const SHORT: usize = 8;

/// How far apart places are that are the same, in points.
const PLACE: f32 = 6.0;

/// A page's pieces and its height.
pub(super) struct PagePieces {
    pub(super) height: f32,
    pub(super) pieces: Vec<Piece>,
}

/// Takes running heads and feet and the numbers of pages out.
pub(super) fn remove(pages: &mut [PagePieces]) {
    let often = match pages.len() <= SHORT {
        true => OFTEN_IN_SHORT,
        false => OFTEN,
    };
    let mut found: HashMap<(String, i32), usize> = HashMap::new();
    for page in &*pages {
        let keys: HashSet<(String, i32)> = page
            .pieces
            .iter()
            .filter(|piece| in_zone(piece, page.height, ZONE))
            .flat_map(|piece| keys(piece, page.height))
            .collect();
        for key in keys {
            *found.entry(key).or_default() += 1;
        }
    }
    for page in pages {
        let height = page.height;
        let (mut top, mut bottom) = (f32::MAX, f32::MIN);
        for piece in &page.pieces {
            (top, bottom) = (top.min(piece.y), bottom.max(piece.y));
        }
        let is_furniture = |piece: &Piece| {
            let recurs = || {
                keys(piece, height)
                    .iter()
                    .any(|key| found.get(key).is_some_and(|count| *count >= often))
            };
            let outermost = piece.y - top < 1.0 || bottom - piece.y < 1.0;
            (in_zone(piece, height, ZONE) && recurs())
                || (outermost && in_zone(piece, height, NUMBER_ZONE) && is_page_number(&piece.text))
        };
        // Only as far as the first row that is all text: text can recur too, in forms and examples.
        let (mut above, mut below) = (f32::MAX, f32::MIN);
        for piece in &page.pieces {
            let in_row = |other: &&Piece| (other.y - piece.y).abs() < PLACE;
            if !is_furniture(piece) && !page.pieces.iter().filter(in_row).any(is_furniture) {
                (above, below) = (above.min(piece.y), below.max(piece.y));
            }
        }
        page.pieces.retain(|piece| {
            let outside = piece.y < above || piece.y > below;
            !(outside && is_furniture(piece))
        });
    }
}

fn in_zone(piece: &Piece, height: f32, zone: f32) -> bool {
    piece.y < zone * height || piece.y > (1.0 - zone) * height
}

/// What a piece says, numbers left open, with its place; twice, so that a place between two is found too.
fn keys(piece: &Piece, height: f32) -> [(String, i32); 2] {
    let mut text = String::new();
    for c in piece.text.chars() {
        match c {
            _ if c.is_numeric() => {
                if !text.ends_with('#') {
                    text.push('#');
                }
            }
            _ => text.extend(c.to_lowercase()),
        }
    }
    // Feet are measured from below: pages of other heights have them too.
    let y = if piece.y > height / 2.0 {
        piece.y - height
    } else {
        piece.y
    };
    let place = (y / PLACE).floor() as i32;
    let between = ((y + PLACE / 2.0) / PLACE).floor() as i32;
    [(text.clone(), 2 * place), (text, 2 * between + 1)]
}

/// Whether a text is only a page's number: 12, – 12 –, xii, Page 3 of 8.
fn is_page_number(text: &str) -> bool {
    let bare = text
        .trim_matches(|c: char| !c.is_alphanumeric())
        .to_lowercase();
    let words: Vec<&str> = bare.split_whitespace().collect();
    let is_number =
        |word: &str| word.len() <= 4 && !word.is_empty() && word.chars().all(char::is_numeric);
    let is_roman = |word: &str| {
        word.len() <= 6 && !word.is_empty() && word.chars().all(|c| "ivxlc".contains(c))
    };
    match words.as_slice() {
        [word] => is_number(word) || is_roman(word),
        ["page" | "p" | "p." | "seite", word] => is_number(word),
        [one, "of" | "/" | "von", all] => is_number(one) && is_number(all),
        ["page" | "seite", one, "of" | "/" | "von", all] => is_number(one) && is_number(all),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(text: &str, y: f32) -> Piece {
        Piece {
            x: (0.0, 100.0),
            y,
            size: 10.0,
            style: super::super::glyphs::Style::Plain,
            text: text.into(),
        }
    }

    fn left(pages: &[&[(&str, f32)]]) -> Vec<Vec<String>> {
        let mut pages: Vec<PagePieces> = pages
            .iter()
            .map(|pieces| PagePieces {
                height: 800.0,
                pieces: pieces.iter().map(|(text, y)| piece(text, *y)).collect(),
            })
            .collect();
        remove(&mut pages);
        let texts = |page: PagePieces| page.pieces.into_iter().map(|piece| piece.text).collect();
        pages.into_iter().map(texts).collect()
    }

    #[test]
    fn what_recurs_at_the_edge_goes_and_what_recurs_inside_stays() {
        let pages = left(&[
            &[
                ("Ports 1", 40.0),
                ("The same", 400.0),
                ("One.", 420.0),
                ("12", 780.0),
            ],
            &[
                ("Ports 2", 41.0),
                ("The same", 400.0),
                ("Two.", 420.0),
                ("13", 780.0),
            ],
        ]);
        assert_eq!(pages, [["The same", "One."], ["The same", "Two."]]);
    }

    #[test]
    fn the_number_of_a_single_page_goes_and_a_year_in_the_text_stays() {
        let pages = left(&[&[("In the year", 400.0), ("1914", 412.0), ("– 7 –", 770.0)]]);
        assert_eq!(pages, [["In the year", "1914"]]);
    }
}
