//! The order in which the pieces of a page are read: columns one after another, rows from top to bottom.

use super::direction::is_leftward;
use super::glyphs::Style;
use super::lines::Piece;

/// A line in reading order.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    pub(super) piece: Piece,
    /// Which column of its page it stands in, counted in reading order.
    pub(super) column: usize,
    /// Where that column begins and ends.
    pub(super) edges: (f32, f32),
}

/// How deep columns are looked for in columns.
const DEPTH: usize = 12;

/// How many pieces a column has at least.
const ENOUGH: usize = 4;

/// How many letters a column's pieces have at least, in the middle: those of tables have fewer.
const LETTERS: usize = 14;

/// How wide the space between columns is at least, in sizes of the font.
const GUTTER: f32 = 0.6;

/// How many places are tried for it.
const PLACES: usize = 160;

/// Puts the pieces of a page into reading order.
pub(super) fn in_reading_order(pieces: Vec<Piece>) -> Vec<Line> {
    let mut lines = Vec::new();
    for (column, region) in parted(pieces, DEPTH).into_iter().enumerate() {
        let edges = edges(&region);
        lines.extend(rows(region).into_iter().map(|piece| Line {
            piece,
            column,
            edges,
        }));
    }
    lines
}

/// Parts a region into columns, and what stands across them into regions of its own.
fn parted(pieces: Vec<Piece>, depth: usize) -> Vec<Vec<Piece>> {
    if depth == 0 || pieces.len() < 2 * ENOUGH {
        return if pieces.is_empty() {
            Vec::new()
        } else {
            vec![pieces]
        };
    }
    if let Some(gutter) = gutter(&pieces) {
        let mut regions = Vec::new();
        for band in bands(pieces, gutter) {
            match band {
                Band::Across(pieces) => regions.push(pieces),
                Band::Columns(left, right) => {
                    // What runs to the left is read from the right.
                    let leftward = |piece: &&Piece| piece.text.contains(is_leftward);
                    let many = left.iter().chain(&right).filter(leftward).count();
                    let (first, second) = match 2 * many > left.len() + right.len() {
                        true => (right, left),
                        false => (left, right),
                    };
                    regions.extend(parted(first, depth - 1));
                    regions.extend(parted(second, depth - 1));
                }
            }
        }
        return regions;
    }
    let Some(y) = widest_gap(&pieces) else {
        return vec![pieces];
    };
    let (above, below): (Vec<Piece>, Vec<Piece>) =
        pieces.into_iter().partition(|piece| piece.y < y);
    let (mut above, mut below) = (parted(above, depth - 1), parted(below, depth - 1));
    // A gap is only of use where there are columns above or below.
    if let ([whole], [rest]) = (above.as_mut_slice(), below.as_mut_slice()) {
        whole.append(rest);
    } else {
        above.append(&mut below);
    }
    above
}

/// Where the space between two columns is that fewest pieces stand across.
fn gutter(pieces: &[Piece]) -> Option<f32> {
    let (start, end) = edges(pieces);
    let step = (end - start) / PLACES as f32;
    let mut best: Option<(usize, f32, f32)> = None;
    for place in 1..PLACES {
        let x = step.mul_add(place as f32, start);
        let Some((across, width, middle)) = gutter_at(pieces, x) else {
            continue;
        };
        let better = best.is_none_or(|(fewest, widest, _)| {
            across < fewest || (across == fewest && width > widest + 0.01)
        });
        if better {
            best = Some((across, width, middle));
        }
    }
    best.map(|(_, _, x)| x)
}

/// How many pieces stand across `x`, and how wide the space there is and its middle, where that parts columns.
fn gutter_at(pieces: &[Piece], x: f32) -> Option<(usize, f32, f32)> {
    let (mut left, mut right, mut across) = (Vec::new(), Vec::new(), 0_usize);
    for piece in pieces {
        if piece.x.1 <= x {
            left.push(piece);
        } else if piece.x.0 >= x {
            right.push(piece);
        } else {
            across += 1;
        }
    }
    if left.len() < ENOUGH || right.len() < ENOUGH || 4 * across > left.len() + right.len() {
        return None;
    }
    if usual_letters(&left) < LETTERS || usual_letters(&right) < LETTERS {
        return None;
    }
    let from = left.iter().map(|piece| piece.x.1).fold(f32::MIN, f32::max);
    let to = right.iter().map(|piece| piece.x.0).fold(f32::MAX, f32::min);
    let size = pieces.iter().map(|piece| piece.size).sum::<f32>() / pieces.len() as f32;
    // They stand beside each other, not one below the other.
    let span = |side: &[&Piece]| {
        side.iter()
            .fold((f32::MAX, f32::MIN), |(top, bottom), piece| {
                (top.min(piece.y), bottom.max(piece.y))
            })
    };
    let (left, right) = (span(&left), span(&right));
    let shared = left.1.min(right.1) - left.0.max(right.0);
    let shorter = (left.1 - left.0).min(right.1 - right.0);
    (to - from >= GUTTER * size && shared > 0.5 * shorter).then_some((
        across,
        to - from,
        f32::midpoint(from, to),
    ))
}

/// The length of the middle one of pieces sorted by length.
fn usual_letters(pieces: &[&Piece]) -> usize {
    let mut lengths: Vec<usize> = pieces
        .iter()
        .map(|piece| piece.text.chars().count())
        .collect();
    lengths.sort_unstable();
    lengths.get(lengths.len() / 2).copied().unwrap_or(0)
}

enum Band {
    /// What stands across the gutter.
    Across(Vec<Piece>),
    /// What stands to its left and right.
    Columns(Vec<Piece>, Vec<Piece>),
}

/// The bands of a region with a gutter from top to bottom.
fn bands(mut pieces: Vec<Piece>, gutter: f32) -> Vec<Band> {
    pieces.sort_by(|a, b| a.y.total_cmp(&b.y));
    let mut bands: Vec<Band> = Vec::new();
    for piece in pieces {
        let crosses = piece.x.0 < gutter && piece.x.1 > gutter;
        match (crosses, bands.last_mut()) {
            (true, Some(Band::Across(across))) => across.push(piece),
            (true, _) => bands.push(Band::Across(vec![piece])),
            (false, Some(Band::Columns(left, right))) => match piece.x.1 <= gutter {
                true => left.push(piece),
                false => right.push(piece),
            },
            (false, _) => bands.push(match piece.x.1 <= gutter {
                true => Band::Columns(vec![piece], Vec::new()),
                false => Band::Columns(Vec::new(), vec![piece]),
            }),
        }
    }
    bands
}

/// The middle of the widest gap between lines, where it is wider than most.
fn widest_gap(pieces: &[Piece]) -> Option<f32> {
    /// How much wider than the usual one a gap is that parts a page.
    const WIDER: f32 = 1.3;
    let mut ys: Vec<(f32, f32)> = pieces
        .iter()
        .map(|piece| (piece.y - piece.size, piece.y))
        .collect();
    ys.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut gaps: Vec<(f32, f32)> = Vec::new();
    let mut bottom = f32::MIN;
    for (top, y) in ys {
        if bottom > f32::MIN && y - bottom > 0.5 * (y - top) {
            gaps.push((y - bottom, bottom + 0.3 * (y - bottom)));
        }
        bottom = bottom.max(y);
    }
    let mut widths: Vec<f32> = gaps.iter().map(|gap| gap.0).collect();
    widths.sort_by(f32::total_cmp);
    let usual = widths.get(widths.len() / 2).copied()?;
    gaps.into_iter()
        .filter(|(width, _)| *width > WIDER * usual)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, y)| y)
}

/// Where pieces begin and end together.
fn edges(pieces: &[Piece]) -> (f32, f32) {
    pieces
        .iter()
        .fold((f32::MAX, f32::MIN), |(start, end), piece| {
            (start.min(piece.x.0), end.max(piece.x.1))
        })
}

/// Pieces on one baseline put together to one line, from top to bottom.
fn rows(mut pieces: Vec<Piece>) -> Vec<Piece> {
    pieces.sort_by(|a, b| a.y.total_cmp(&b.y));
    let mut rows: Vec<Vec<Piece>> = Vec::new();
    for piece in pieces {
        match rows.last_mut() {
            Some(row)
                if row
                    .first()
                    .is_some_and(|first| piece.y - first.y <= 0.4 * first.size.min(piece.size)) =>
            {
                row.push(piece);
            }
            _ => rows.push(vec![piece]),
        }
    }
    rows.into_iter().filter_map(joined).collect()
}

fn joined(mut row: Vec<Piece>) -> Option<Piece> {
    let leftward = row
        .iter()
        .filter(|piece| piece.text.contains(is_leftward))
        .count();
    row.sort_by(|a, b| a.x.0.total_cmp(&b.x.0));
    let edges = edges(&row);
    if 2 * leftward > row.len() {
        row.reverse();
    }
    let mut pieces = row.into_iter();
    let mut first = pieces.next()?;
    for piece in pieces {
        first.text.push(' ');
        first.text.push_str(&piece.text);
        if first.style != piece.style {
            first.style = Style::Plain;
        }
        first.size = first.size.max(piece.size);
    }
    first.x = edges;
    Some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(text: &str, x: (f32, f32), y: f32) -> Piece {
        Piece {
            x,
            y,
            size: 10.0,
            style: Style::Plain,
            text: text.into(),
        }
    }

    fn read(pieces: Vec<Piece>) -> Vec<String> {
        in_reading_order(pieces)
            .into_iter()
            .map(|line| line.piece.text)
            .collect()
    }

    #[test]
    fn columns_are_read_one_after_another_around_what_stands_across() {
        let mut pieces = vec![piece(
            "A title that stands across both of them",
            (20.0, 280.0),
            10.0,
        )];
        for row in 0..5 {
            let y = 40.0 + 12.0 * row as f32;
            pieces.push(piece(
                &format!("right column line {row}"),
                (160.0, 300.0),
                y + 2.0,
            ));
            pieces.push(piece(&format!("left column line {row}"), (0.0, 145.0), y));
        }
        let read = read(pieces);
        assert!(read[0].starts_with("A title"));
        assert_eq!(read[1], "left column line 0");
        assert_eq!(read[5], "left column line 4");
        assert_eq!(read[6], "right column line 0");
    }

    #[test]
    fn tables_are_read_row_by_row() {
        let cells = (0..6).flat_map(|row| {
            let y = 12.0 * row as f32;
            [
                piece(&format!("port {row}"), (0.0, 40.0), y),
                piece(&format!("{row}00 t"), (150.0, 190.0), y),
            ]
        });
        assert_eq!(read(cells.collect())[1], "port 1 100 t");
    }

    #[test]
    fn columns_of_scripts_that_run_to_the_left_are_read_from_the_right() {
        let rows = (0..5).flat_map(|row| {
            let y = 12.0 * row as f32;
            [
                piece("השורה השמאלית של העמוד", (0.0, 145.0), y),
                piece("השורה הימנית של העמוד", (160.0, 300.0), y),
            ]
        });
        assert!(read(rows.collect())[0].contains("הימנית"));
    }
}
