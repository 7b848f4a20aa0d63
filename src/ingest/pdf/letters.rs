//! The characters of a font as they are searched: whole letters instead of ligatures and forms of presentation.

use unicode_normalization::UnicodeNormalization;

/// What a glyph says, in letters that a person would type.
///
/// Ligatures (ﬁ), the forms of Arabic letters, letters of mathematical alphabets and wide Latin letters become the plain
/// ones; characters for private use and controls, which say nothing outside of their font, are dropped.
pub(super) fn plain(text: &str) -> String {
    if text.is_ascii() && !text.bytes().any(|byte| byte.is_ascii_control()) {
        return text.to_owned();
    }
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{fb00}'..='\u{fdff}'
            | '\u{fe70}'..='\u{fefc}'
            | '\u{1d400}'..='\u{1d7ff}'
            | '\u{ff01}'..='\u{ff5e}' => {
                plain.extend(std::iter::once(c).nfkc());
            }
            // The hyphen of many fonts.
            '\u{ad}' | '\u{2010}' | '\u{2011}' => plain.push('-'),
            '\u{e000}'..='\u{f8ff}'
            | '\u{f0000}'..
            | '\u{fffd}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'
            | '\u{feff}' => {}
            _ if c.is_whitespace() => plain.push(' '),
            _ if c.is_control() => {}
            _ => plain.push(c),
        }
    }
    plain
}

/// A text whose accents are part of their letters, without what stretches Arabic words to fill a line.
pub(super) fn composed(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    text.chars().filter(|c| *c != '\u{640}').nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn glyphs_say_plain_letters() {
        assert_eq!(plain("ﬁ"), "fi");
        assert_eq!(plain("ﬄ"), "ffl");
        assert_eq!(plain("ﻻ"), "لا");
        assert_eq!(plain("𝑥"), "x");
        assert_eq!(plain("\u{f0b7}\u{1}"), "");
        assert_eq!(plain("a½²"), "a½²");
        assert_eq!(composed("cafe\u{301}"), "café");
        assert_eq!(composed("بنــــاء"), "بناء");
    }
}
