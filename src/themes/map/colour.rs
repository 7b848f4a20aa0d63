//! The colours of themes: the same for the same number, and far from those of the numbers next to it.

/// How light the colours are that take turns on a light ground, and on a dark one. Two themes whose hues come near each
/// other differ in lightness, which is what is left to eyes that can't tell the hues apart.
const ON_LIGHT: [f64; 3] = [0.58, 0.44, 0.68];
const ON_DARK: [f64; 3] = [0.74, 0.84, 0.64];

/// How colourful they are: about as much as every hue can be at these lightnesses.
const CHROMA: f64 = 0.14;

/// The hue of theme 0, and the way to the next: a golden angle, so that any run of numbers is spread evenly.
const FIRST_HUE: f64 = 110.0;
const TURN: f64 = 137.507_764_05;

/// The colour of the theme with this number on a light and on a dark ground, as `#rrggbb`.
pub(super) fn colours(id: u64) -> [String; 2] {
    let hue = (FIRST_HUE + TURN * (id % 1_000_000) as f64).to_radians();
    let turn = (id % 3) as usize;
    [ON_LIGHT[turn], ON_DARK[turn]].map(|lightness| hex(lightness, hue))
}

/// The colour of this lightness and hue in sRGB, with less chroma where the screen can't show so much.
///
/// Source: B. Ottosson, *A perceptual color space for image processing* (2020).
fn hex(lightness: f64, hue: f64) -> String {
    let mut chroma = CHROMA;
    loop {
        let (a, b) = (chroma * hue.cos(), chroma * hue.sin());
        let l = (lightness + 0.396_337_777_4 * a + 0.215_803_757_3 * b).powi(3);
        let m = (lightness - 0.105_561_345_8 * a - 0.063_854_172_8 * b).powi(3);
        let s = (lightness - 0.089_484_177_5 * a - 1.291_485_548_0 * b).powi(3);
        let linear = [
            4.076_741_662_1 * l - 3.307_711_591_3 * m + 0.230_969_929_2 * s,
            -1.268_438_004_6 * l + 2.609_757_401_1 * m - 0.341_319_396_5 * s,
            -0.004_196_086_3 * l - 0.703_418_614_7 * m + 1.707_614_701_0 * s,
        ];
        if chroma <= 0.0 || linear.iter().all(|value| (0.0..=1.0).contains(value)) {
            let [red, green, blue] = linear.map(|value| (255.0 * encoded(value)).round() as u8);
            return format!("#{red:02x}{green:02x}{blue:02x}");
        }
        chroma = (chroma - 0.005).max(0.0);
    }
}

/// sRGB's curve from light to number.
fn encoded(linear: f64) -> f64 {
    let linear = linear.clamp(0.0, 1.0);
    if linear <= 0.003_130_8 {
        12.92 * linear
    } else {
        1.055 * linear.powf(1.0 / 2.4) - 0.055
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_those_of_the_screen() {
        assert_eq!(hex(1.0, 0.0), "#ffffff");
        // OKLCH .628, .258, 29.2° is pure red; with less chroma it is a paler one.
        assert_eq!(&hex(0.628, 29.23_f64.to_radians())[..2], "#c");
    }

    #[test]
    fn no_two_of_sixty_themes_look_the_same() {
        let mut seen: Vec<String> = (1..=60).map(|id| colours(id)[0].clone()).collect();
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 60);
        assert_eq!(colours(7), colours(7));
        assert!(colours(u64::MAX)[0].starts_with('#'));
    }
}
