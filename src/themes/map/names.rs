//! Where the names of themes stand on a picture: each where its passages are densest, and none on another.

use unicode_segmentation::UnicodeSegmentation;

use super::Map;

/// How many cells the picture is divided into, along each axis, to find where a theme is densest.
const CELLS: i32 = 24;

/// How many letters of a name stand in a line, and how many lines there are at most.
const LINE: usize = 22;
const LINES: usize = 3;

/// A name, and where its middle stands: in units of the map.
pub(super) struct Name {
    pub(super) lines: Vec<String>,
    pub(super) x: f32,
    pub(super) y: f32,
}

/// The names of the themes of one level, in order of size. `letter` is how wide and how high a letter is in units of
/// the map. A name that would cover one of a larger theme, or leave the box, is moved or left out.
pub(super) fn names(map: &Map<'_>, level: u8, letter: [f32; 2]) -> Vec<Name> {
    let mut members: Vec<Vec<[f32; 2]>> = vec![Vec::new(); map.themes.len()];
    for point in &map.points {
        if let Some(theme) = ancestor(map, point.leaf, level) {
            members[theme].push([point.x, point.y]);
        }
    }
    let mut order: Vec<usize> = (0..members.len())
        .filter(|&theme| !members[theme].is_empty())
        .collect();
    order.sort_by_key(|&theme| std::cmp::Reverse(members[theme].len()));
    let mut taken: Vec<[f32; 4]> = Vec::new();
    let mut placed = Vec::new();
    for theme in order {
        let lines = lines(&map.themes[theme].name);
        let longest = lines.iter().map(|line| columns(line)).max().unwrap_or(0);
        let [wide, high] = [
            letter[0] * (longest as f32 + 1.0) / 2.0,
            letter[1] * (lines.len() as f32 + 0.3) / 2.0,
        ];
        let [x, y] = densest(&members[theme]);
        let [x, y] = [within(x, wide), within(y, high)];
        let free = [0.0, 1.0, -1.0, 2.0, -2.0].iter().find_map(|lift| {
            let y = within(y + lift * 2.0 * high, high);
            let own = [x - wide, y - high, x + wide, y + high];
            let apart = |other: &[f32; 4]| {
                own[0] > other[2] || own[2] < other[0] || own[1] > other[3] || own[3] < other[1]
            };
            taken.iter().all(apart).then_some((own, y))
        });
        if let (false, Some((own, y))) = (lines.is_empty(), free) {
            taken.push(own);
            placed.push(Name { lines, x, y });
        }
    }
    placed
}

/// The theme of this level that `leaf` is part of.
pub(super) fn ancestor(map: &Map<'_>, leaf: u32, level: u8) -> Option<usize> {
    let mut theme = leaf as usize;
    // A chain is no longer than the forest is large, even if it is a ring.
    for _ in 0..map.themes.len() {
        if map.themes[theme].level <= level {
            break;
        }
        theme = map.themes[theme].parent? as usize;
    }
    (map.themes[theme].level == level).then_some(theme)
}

/// A value so far from the edges of the box that what reaches so far around it is inside.
fn within(value: f32, reach: f32) -> f32 {
    let room = (1.0 - reach).max(0.0);
    value.clamp(-room, room)
}

/// The mean of the places in the fullest cell.
fn densest(places: &[[f32; 2]]) -> [f32; 2] {
    let cell = |place: &[f32; 2]| place.map(|value| (value * CELLS as f32 / 2.0).floor() as i32);
    let mut cells: Vec<([i32; 2], usize)> = places
        .iter()
        .enumerate()
        .map(|(place, at)| (cell(at), place))
        .collect();
    cells.sort_unstable();
    let fullest = cells
        .chunk_by(|a, b| a.0 == b.0)
        .max_by_key(|chunk| (chunk.len(), std::cmp::Reverse(chunk[0].0)))
        .unwrap_or_default();
    let count = fullest.len().max(1) as f32;
    [0, 1].map(|axis| {
        fullest
            .iter()
            .map(|entry| places[entry.1][axis])
            .sum::<f32>()
            / count
    })
}

/// A name in lines.
fn lines(name: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in name.split_whitespace() {
        match lines.last_mut() {
            Some(line) if columns(line) + 1 + columns(word) <= LINE => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.extend(pieces(word)),
        }
    }
    if lines.len() > LINES {
        lines.truncate(LINES);
        lines[LINES - 1].push('…');
    }
    lines
}

/// A word in pieces that fit in a line; one that is a little too long stays whole.
fn pieces(word: &str) -> Vec<String> {
    if columns(word) <= LINE + LINE / 3 {
        return vec![word.to_owned()];
    }
    let mut pieces = vec![String::new()];
    for letter in word.graphemes(true) {
        let last = pieces.len() - 1;
        if columns(&pieces[last]) + columns(letter) > LINE {
            pieces.push(letter.to_owned());
        } else {
            pieces[last].push_str(letter);
        }
    }
    pieces
}

/// How many letters a text is wide; those of East Asian scripts count for two.
fn columns(text: &str) -> usize {
    let wide = |c: char| matches!(c, '\u{1100}'..='\u{115F}' | '\u{2E80}'..='\u{A4CF}' | '\u{AC00}'..='\u{D7A3}' | '\u{F900}'..='\u{FAFF}' | '\u{FF00}'..='\u{FF60}');
    text.graphemes(true)
        .map(|letter| if letter.chars().any(wide) { 2 } else { 1 })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_stand_in_lines() {
        assert_eq!(
            lines("Interest rates, inflation and the central bank"),
            ["Interest rates,", "inflation and the", "central bank"]
        );
        assert_eq!(lines(&"言".repeat(50)).len(), LINES);
        assert_eq!(lines(" "), Vec::<String>::new());
        assert!(lines(&"word ".repeat(40))[2].ends_with('…'));
    }

    #[test]
    fn a_name_stands_where_most_are() {
        let mut places = vec![[-0.9, 0.9], [0.0, 0.0]];
        places.extend([[0.71, 0.71]; 5]);
        assert_eq!(
            densest(&places).map(|value| (value * 100.0).round() as i32),
            [71, 71]
        );
    }
}
