//! The map as a picture.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::colour::colours;
use super::names::{ancestor, names};
use super::{Map, escaped};

/// The width of the picture in its own units, which a browser takes for pixels, and the margin around the dots.
const WIDTH: f32 = 1200.0;
const MARGIN: f32 = 40.0;

/// How large the names are.
const SIZE: f32 = 17.0;

/// The map as a picture: a dot for each passage in the colour of its theme, and the names of the themes.
///
/// # Panics
///
/// If a point names a theme that is not there.
#[must_use]
pub fn svg(map: &Map<'_>) -> String {
    let reach = |of: fn(f32, f32) -> f32| {
        map.points
            .iter()
            .map(|point| of(point.x, point.y).abs())
            .fold(0.3, f32::max)
    };
    let (half_width, half_height) = (reach(|x, _| x), reach(|_, y| y));
    let scale = (WIDTH - 2.0 * MARGIN) / 2.0 / half_width;
    let height = (2.0 * (half_height * scale + MARGIN)).round();
    let place = |x: f32, y: f32| (WIDTH / 2.0 + x * scale, height / 2.0 - y * scale);
    let mut picture = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" role=\"img\">\n\
         <title>{title}</title>\n<rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#fbfaf7\"/>\n",
        title = escaped(map.title),
    );
    // Strokes of no length with round ends are dots, and take a fifth of the bytes of circles.
    let mut dots: BTreeMap<u64, String> = BTreeMap::new();
    for point in &map.points {
        let theme = (0..=1)
            .rev()
            .find_map(|level| ancestor(map, point.leaf, level));
        let id = map.themes[theme.unwrap_or(point.leaf as usize)].id;
        let (x, y) = place(point.x, point.y);
        push(
            dots.entry(id).or_default(),
            format_args!("M{x:.1} {y:.1}h0"),
        );
    }
    let dot = 2.0 * (28.0 / (map.points.len().max(1) as f32).powf(0.3)).clamp(0.85, 7.0);
    push(
        &mut picture,
        format_args!("<g fill=\"none\" stroke-linecap=\"round\" stroke-width=\"{dot:.2}\">\n"),
    );
    for (id, path) in &dots {
        let [colour, _] = colours(*id);
        push(
            &mut picture,
            format_args!("<path stroke=\"{colour}\" d=\"{path}\"/>\n"),
        );
    }
    push(
        &mut picture,
        format_args!(
            "</g>\n<g text-anchor=\"middle\" font-family=\"system-ui, sans-serif\" font-size=\"{SIZE}\" \
             font-weight=\"600\" fill=\"#1d1c1a\" stroke=\"#fbfaf7\" stroke-width=\"4\" stroke-linejoin=\"round\" \
             paint-order=\"stroke\">\n"
        ),
    );
    let level = if map.themes.iter().any(|theme| theme.level == 1) {
        1
    } else {
        0
    };
    let line = 1.2 * SIZE;
    for name in names(map, level, [0.56 * SIZE / scale, line / scale]) {
        let (x, y) = place(name.x, name.y);
        let first = y - line * (name.lines.len() as f32 - 1.0) / 2.0 + 0.35 * SIZE;
        for (row, text) in name.lines.iter().enumerate() {
            let y = first + line * row as f32;
            push(
                &mut picture,
                format_args!("<text x=\"{x:.1}\" y=\"{y:.1}\">{}</text>\n", escaped(text)),
            );
        }
    }
    picture.push_str("</g>\n</svg>\n");
    picture
}

/// Adds to a text.
fn push(text: &mut String, more: std::fmt::Arguments<'_>) {
    // A text can always take more.
    let _ = text.write_fmt(more);
}
