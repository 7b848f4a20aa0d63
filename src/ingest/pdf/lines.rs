//! Letters put together to lines: where a line is parted by a wide gap, each part is a piece of its own.

use super::direction::logical_order;
use super::glyphs::{Glyph, Style};

/// How wide a gap parts a line, in sizes of its font: less than what stands between two columns, which is down to one.
/// A wide space of a justified line parts it too; it is put together again where it is no column.
const WIDE: f32 = 0.8;

/// How wide a gap is a space, in sizes of the font, beyond what usually stands between its letters. The spaces of
/// justified lines are down to 0.2 wide; pairs of letters are moved apart by less than 0.1.
const SPACE: f32 = 0.15;

/// How far baselines are apart that are one, in sizes of the font.
const SAME: f32 = 0.18;

/// How many pieces around a raised or lowered one are looked at.
const NEAR: usize = 96;

/// Letters on one baseline without a wide gap.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Piece {
    /// Where it begins and ends.
    pub(super) x: (f32, f32),
    /// Its baseline.
    pub(super) y: f32,
    /// The size of most of its letters.
    pub(super) size: f32,
    /// How all of its letters are set apart; plain where that is only some of them.
    pub(super) style: Style,
    /// What it says.
    pub(super) text: String,
}

/// The pieces that letters make, from top to bottom and from left to right.
pub(super) fn pieces(glyphs: Vec<Glyph>) -> Vec<Piece> {
    let bands = bands(glyphs);
    let mut drafts: Vec<Draft> = bands.into_iter().flat_map(parted).collect();
    attach_raised(&mut drafts);
    let drafts = rejoined(drafts);
    drafts.into_iter().filter_map(Draft::finish).collect()
}

/// Letters that become a piece, from left to right.
struct Draft {
    glyphs: Vec<Glyph>,
    x: (f32, f32),
    y: f32,
    size: f32,
}

/// Letters on the same baseline, from top to bottom.
fn bands(mut glyphs: Vec<Glyph>) -> Vec<Vec<Glyph>> {
    glyphs.sort_by(|a, b| a.y.total_cmp(&b.y));
    let mut bands: Vec<Vec<Glyph>> = Vec::new();
    let mut last = f32::NEG_INFINITY;
    let mut first = f32::NEG_INFINITY;
    for glyph in glyphs {
        let near = glyph.size * SAME;
        match bands.last_mut() {
            // Measured from the letter before, but never so far that lines run into one another.
            Some(band) if glyph.y - last <= near && glyph.y - first <= 2.0 * near => {
                band.push(glyph.clone());
            }
            _ => {
                first = glyph.y;
                bands.push(vec![glyph.clone()]);
            }
        }
        last = glyph.y;
    }
    bands
}

/// Parts a band at its wide gaps.
fn parted(mut band: Vec<Glyph>) -> Vec<Draft> {
    band.sort_by(|a, b| a.x.0.total_cmp(&b.x.0));
    let mut drafts: Vec<Draft> = Vec::new();
    for glyph in band {
        let blank = glyph.text.trim().is_empty();
        match drafts.last_mut() {
            Some(draft) if glyph.x.0 - draft.x.1 <= WIDE * draft.size.max(glyph.size) => {
                if !blank {
                    draft.x.1 = draft.x.1.max(glyph.x.1);
                    draft.size = draft.size.max(glyph.size);
                }
                draft.glyphs.push(glyph);
            }
            _ if blank => {}
            _ => drafts.push(Draft {
                x: glyph.x,
                y: glyph.y,
                size: glyph.size,
                glyphs: vec![glyph],
            }),
        }
    }
    for draft in &mut drafts {
        draft.size = usual_size(&draft.glyphs);
    }
    drafts
}

/// The size of most letters.
fn usual_size(glyphs: &[Glyph]) -> f32 {
    let mut sizes: Vec<f32> = glyphs.iter().map(|glyph| glyph.size).collect();
    sizes.sort_by(f32::total_cmp);
    sizes.get(sizes.len() / 2).copied().unwrap_or(0.0)
}

/// Puts raised and lowered letters (footnote marks, indices) into the lines that they stand at.
fn attach_raised(drafts: &mut Vec<Draft>) {
    for at in 0..drafts.len() {
        let Some(small) = drafts.get(at).filter(|draft| !draft.glyphs.is_empty()) else {
            continue;
        };
        let fits = |host: &Draft| {
            let (above, below) = (host.y - 0.9 * host.size, host.y + 0.35 * host.size);
            let middle = small.y - 0.3 * small.size;
            let gap = (small.x.0 - host.x.1).max(host.x.0 - small.x.1);
            small.size < 0.9 * host.size
                && host.glyphs.len() > small.glyphs.len()
                && (above..below).contains(&middle)
                && gap < 0.5 * host.size
        };
        let around = at.saturating_sub(NEAR)..(at + NEAR).min(drafts.len());
        let host = around
            .filter(|other| *other != at)
            .find(|other| drafts.get(*other).is_some_and(&fits));
        let Some(host) = host else { continue };
        let Some(small) = drafts
            .get_mut(at)
            .map(|small| std::mem::take(&mut small.glyphs))
        else {
            continue;
        };
        if let Some(host) = drafts.get_mut(host) {
            for glyph in small {
                host.x = (host.x.0.min(glyph.x.0), host.x.1.max(glyph.x.1));
                host.glyphs.push(glyph);
            }
            host.glyphs.sort_by(|a, b| a.x.0.total_cmp(&b.x.0));
        }
    }
    drafts.retain(|draft| !draft.glyphs.is_empty());
}

/// Joins what only a raised mark had parted.
fn rejoined(drafts: Vec<Draft>) -> Vec<Draft> {
    let mut joined: Vec<Draft> = Vec::new();
    for draft in drafts {
        match joined.last_mut() {
            Some(last)
                if (draft.y - last.y).abs() <= SAME * last.size
                    && draft.x.0 >= last.x.0
                    && draft.x.0 - last.x.1 <= 0.5 * last.size =>
            {
                last.x.1 = last.x.1.max(draft.x.1);
                last.glyphs.extend(draft.glyphs);
                last.glyphs.sort_by(|a, b| a.x.0.total_cmp(&b.x.0));
            }
            _ => joined.push(draft),
        }
    }
    joined
}

impl Draft {
    fn finish(self) -> Option<Piece> {
        let letters = |glyph: &&Glyph| !glyph.text.trim().is_empty();
        let count = self.glyphs.iter().filter(letters).count();
        let mut styles = self.glyphs.iter().filter(letters).map(|glyph| glyph.style);
        let first = styles.next().unwrap_or(Style::Plain);
        let style = if styles.all(|style| style == first) {
            first
        } else {
            Style::Plain
        };
        let text = logical_order(&spelled(&self.glyphs, self.size));
        (count > 0).then_some(Piece {
            x: self.x,
            y: self.y,
            size: self.size,
            style,
            text: text.trim().to_owned(),
        })
    }
}

/// What letters say from left to right, with spaces where there are gaps.
fn spelled(glyphs: &[Glyph], size: f32) -> Vec<String> {
    let usual = usual_gap(glyphs, size);
    let mut tokens: Vec<String> = Vec::new();
    let mut before: Option<&Glyph> = None;
    for glyph in glyphs {
        if glyph.text.trim().is_empty() {
            if tokens.last().is_some_and(|last| last != " ") {
                tokens.push(" ".to_owned());
            }
            continue;
        }
        if let Some(before) = before {
            // The same letter once more, moved by a little, is how some print bold.
            let moved = (glyph.x.0 - before.x.0).abs();
            let width = (before.x.1 - before.x.0).max(0.1 * size);
            if glyph.text == before.text && moved < 0.3 * width {
                continue;
            }
            let gap = glyph.x.0 - before.x.1;
            if gap > usual + SPACE * size.min(glyph.size.max(before.size))
                && tokens.last().is_some_and(|last| last != " ")
            {
                tokens.push(" ".to_owned());
            }
        }
        tokens.push(glyph.text.clone());
        before = Some(glyph);
    }
    tokens
}

/// What stands between the letters of a line that is set wide, beyond which a space begins.
fn usual_gap(glyphs: &[Glyph], size: f32) -> f32 {
    /// A line of fewer letters tells nothing about how wide it is set.
    const ENOUGH: usize = 8;
    let mut gaps: Vec<f32> = glyphs
        .iter()
        .zip(glyphs.iter().skip(1))
        .filter(|(a, b)| !a.text.trim().is_empty() && !b.text.trim().is_empty())
        .map(|(a, b)| b.x.0 - a.x.1)
        .collect();
    if gaps.len() < ENOUGH {
        return 0.0;
    }
    gaps.sort_by(f32::total_cmp);
    let median = gaps.get(gaps.len() / 2).copied().unwrap_or(0.0);
    median.clamp(0.0, 0.5 * size)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The letters of a text, each half as wide as it is high.
    pub(in super::super) fn glyphs(text: &str, x: f32, y: f32, size: f32) -> Vec<Glyph> {
        let step = 0.5 * size;
        let place = |at: usize| x + step * at as f32;
        text.chars()
            .enumerate()
            .filter(|(_, c)| *c != ' ')
            .map(|(at, c)| Glyph {
                text: c.into(),
                x: (place(at), place(at + 1)),
                y,
                size,
                style: Style::Plain,
            })
            .collect()
    }

    fn texts(glyphs: Vec<Glyph>) -> Vec<String> {
        pieces(glyphs).into_iter().map(|piece| piece.text).collect()
    }

    #[test]
    fn gaps_are_spaces_and_wide_gaps_part_a_line() {
        let mut all = glyphs("the pier", 0.0, 50.0, 10.0);
        all.extend(glyphs("a quay", 80.0, 50.0, 10.0));
        all.extend(glyphs("above", 0.0, 30.0, 10.0));
        assert_eq!(texts(all), ["above", "the pier", "a quay"]);
    }

    #[test]
    fn a_raised_mark_stands_in_its_line() {
        let mut all = glyphs("the port", 0.0, 50.0, 10.0);
        all.extend(glyphs("12", 40.0, 46.5, 6.0));
        all.extend(glyphs("is old", 50.0, 50.0, 10.0));
        assert_eq!(texts(all), ["the port12 is old"]);
    }

    #[test]
    fn letters_that_are_printed_twice_or_set_wide_are_read_once_and_whole() {
        let mut all = glyphs("bold", 0.0, 50.0, 10.0);
        all.extend(glyphs("bold", 0.3, 50.0, 10.0));
        assert_eq!(texts(all), ["bold"]);
        let mut wide = glyphs("HARBOURS OLD", 0.0, 50.0, 10.0);
        for (at, glyph) in wide.iter_mut().enumerate() {
            let by = 2.5 * at as f32;
            glyph.x = (glyph.x.0 + by, glyph.x.1 + by);
        }
        assert_eq!(texts(wide), ["HARBOURS OLD"]);
    }
}
