//! What loading a font costs, counted before the library does it: it believes what a font says of itself, and some of
//! that takes few bytes to say.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hayro_font::CMapResolverFn;
use hayro_font::hayro_cmap::load_embedded;
use hayro_font::hayro_syntax::object::{Array, Dict, Object, Stream};

use super::unpack::Unpacking;

/// How many fonts are loaded for one document: proceedings of three hundred papers have as many.
const FONTS: u64 = 10_000;

/// How many entries (widths, names, glyphs that are drawings, four bytes of a dictionary) the fonts of one document have.
/// A font for Chinese has a few thousand.
const ENTRIES: u64 = 8_000_000;

/// How many entries one font has, so that what is wrong with it is not held against the others.
const FONT_ENTRIES: u64 = 1_000_000;

/// How many strings the CMaps of one document hold: each takes up to a hundred bytes once it is parsed. A font of all
/// characters has two hundred thousand.
const STRINGS: u64 = 2_000_000;

/// How long a string of a CMap may be as it is written: twice the 512 bytes that a code may stand for (ISO 32000-1,
/// 9.10.3), with room for white space.
const STRING: usize = 2_048;

/// How many other CMaps one may build upon.
const USED: usize = 4;

/// How many bytes of the tables that come with the library are taken apart for one document: half a thousand of the
/// larger ones.
const TABLES: u64 = 16 << 20;

/// The largest code that a font may name. Those of simple fonts have one byte, and widths are kept from 0 on.
const FIRST: usize = 65_535;

/// How long the name of a glyph may be. Those of fonts that are made by programs have up to 63 letters.
const NAME: usize = 512;

/// How many glyphs a font of drawings may have. It has codes for 256.
const DRAWINGS: usize = 4_096;

/// What an object counts for that is not what it should be: it was gone through all the same.
const BROKEN: u64 = 4_096;

/// How much may still be loaded for a document.
pub(super) struct Loading {
    fonts: u64,
    entries: u64,
    font_entries: u64,
    strings: u64,
}

impl Loading {
    pub(super) const fn new() -> Self {
        Self {
            fonts: FONTS,
            entries: ENTRIES,
            font_entries: FONT_ENTRIES,
            strings: STRINGS,
        }
    }

    /// Counts a font before it is loaded; `None` where it is too much.
    pub(super) fn count(&mut self, font: &Dict<'_>, unpacking: &mut Unpacking) -> Option<()> {
        self.fonts = self.fonts.checked_sub(1)?;
        self.font_entries = FONT_ENTRIES;
        self.dictionary(font)?;
        self.simple(font)?;
        self.drawings(font)?;
        self.streams(font, unpacking)?;
        if let Some(descendant) = descendant(font) {
            self.dictionary(&descendant)?;
            self.streams(&descendant, unpacking)?;
            self.widths(&descendant)?;
        }
        Some(())
    }

    fn entries(&mut self, count: u64) -> Option<()> {
        let left = self.entries.checked_sub(count);
        let Some((left, font_left)) = left.zip(self.font_entries.checked_sub(count)) else {
            self.entries = self.entries.saturating_sub(BROKEN);
            return None;
        };
        (self.entries, self.font_entries) = (left, font_left);
        Some(())
    }

    /// The bytes of a dictionary and of those in it that are read with it.
    fn dictionary(&mut self, font: &Dict<'_>) -> Option<()> {
        let mut bytes = font.data().len();
        for key in ["FontDescriptor", "Encoding", "CIDSystemInfo"] {
            bytes += font.get::<Dict<'_>>(key).map_or(0, |of| of.data().len());
        }
        self.entries(bytes as u64 / 4)
    }

    /// The widths and the names of a font whose codes are bytes.
    fn simple(&mut self, font: &Dict<'_>) -> Option<()> {
        if font
            .get::<usize>("FirstChar")
            .is_some_and(|first| first > FIRST)
        {
            return None;
        }
        let widths = font.get::<Array<'_>>("Widths").unwrap_or_default();
        self.entries(widths.data().len() as u64 / 4)?;
        let encoding = font.get::<Dict<'_>>("Encoding").unwrap_or_default();
        let names = encoding.get::<Array<'_>>("Differences").unwrap_or_default();
        for item in names.iter::<Object<'_>>() {
            let length = match item {
                Object::Name(name) => name.len(),
                // The library counts on from there.
                Object::Number(code) if code.as_i64() > FIRST as i64 => return None,
                _ => 0,
            };
            if length > NAME {
                return None;
            }
            self.entries(1 + length as u64 / 4)?;
        }
        Some(())
    }

    /// The glyphs of a font that are drawings: the library reads the dictionary of each.
    fn drawings(&mut self, font: &Dict<'_>) -> Option<()> {
        let drawings = font.get::<Dict<'_>>("CharProcs").unwrap_or_default();
        if drawings.len() > DRAWINGS {
            return None;
        }
        self.entries(drawings.data().len() as u64 / 4)?;
        for name in drawings.keys() {
            let drawing = drawings.get::<Stream<'_>>(name.as_ref());
            self.entries(
                drawing.map_or(BROKEN, |drawing| 64 + drawing.dict().data().len() as u64),
            )?;
        }
        Some(())
    }

    /// The widths of a composite font: a few numbers stand for as many as one likes.
    fn widths(&mut self, descendant: &Dict<'_>) -> Option<()> {
        let lists = |key| {
            descendant
                .get::<Array<'_>>(key)
                .unwrap_or_default()
                .flex_iter()
        };
        let across = |from: u32, to: u32| 1 + u64::from(to.saturating_sub(from));
        let mut widths = lists("W");
        loop {
            let count = if let Some((_, list)) = widths.next::<(u32, Array<'_>)>() {
                1 + list.data().len() as u64 / 2
            } else if let Some((from, to, _)) = widths.next::<(u32, u32, f32)>() {
                across(from, to)
            } else {
                break;
            };
            self.entries(count)?;
        }
        let mut widths = lists("W2");
        loop {
            let count = if let Some((_, list)) = widths.next::<(u32, Array<'_>)>() {
                1 + list.data().len() as u64 / 2
            } else if let Some((from, to, ..)) = widths.next::<(u32, u32, f32, f32, f32)>() {
                across(from, to)
            } else {
                break;
            };
            self.entries(count)?;
        }
        Some(())
    }

    /// The streams that are unpacked when a font is loaded.
    fn streams(&mut self, font: &Dict<'_>, unpacking: &mut Unpacking) -> Option<()> {
        for key in ["ToUnicode", "Encoding"] {
            if let Some(stream) = font.get::<Stream<'_>>(key) {
                let count = strings(&unpacking.unpack(&stream)?)?;
                self.strings = self.strings.checked_sub(count)?;
            }
        }
        let descriptor = font.get::<Dict<'_>>("FontDescriptor").unwrap_or_default();
        let files =
            ["FontFile", "FontFile2", "FontFile3"].map(|key| descriptor.get::<Stream<'_>>(key));
        let glyphs = font.get::<Stream<'_>>("CIDToGIDMap");
        let mut streams = files.into_iter().flatten().chain(glyphs);
        streams.all(|stream| unpacking.fits(&stream)).then_some(())
    }
}

/// The font that the codes of a composite font select from.
pub(super) fn descendant<'a>(font: &Dict<'a>) -> Option<Dict<'a>> {
    font.get::<Array<'_>>("DescendantFonts")?
        .iter::<Dict<'_>>()
        .next()
}

/// The tables that come with the library, until too many of them were asked for.
pub(super) fn tables() -> CMapResolverFn {
    let left = AtomicU64::new(TABLES);
    Arc::new(move |name| {
        let table = load_embedded(name)?;
        let spent = |left: u64| left.checked_sub(table.len() as u64);
        left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, spent)
            .ok()?;
        Some(table)
    })
}

/// How many strings a CMap holds; `None` where one of them is longer than anything that a code stands for, or the CMap
/// builds upon too many others, or is none of a document.
fn strings(cmap: &[u8]) -> Option<u64> {
    // The form that the library packs its own tables in.
    if cmap.starts_with(b"bcmap") {
        return None;
    }
    let (mut count, mut used) = (0, 0);
    let mut at = 0;
    while let Some(byte) = cmap.get(at) {
        let rest = cmap.get(at + 1..)?;
        at += 1;
        let length = match byte {
            b'%' => {
                at += rest
                    .iter()
                    .take_while(|byte| !matches!(byte, b'\r' | b'\n'))
                    .count();
                continue;
            }
            b'<' if rest.first() == Some(&b'<') => {
                at += 1;
                continue;
            }
            b'<' => rest.iter().take_while(|byte| **byte != b'>').count(),
            b'(' => literal_length(rest),
            b'u' if rest.starts_with(b"secmap") => {
                used += 1;
                if used > USED {
                    return None;
                }
                continue;
            }
            _ => continue,
        };
        if length > STRING {
            return None;
        }
        count += 1;
        at += length;
    }
    Some(count)
}

/// How long a string in parentheses is, those in it and what is escaped included.
pub(super) fn literal_length(rest: &[u8]) -> usize {
    let (mut open, mut escaped) = (1_usize, false);
    for (at, byte) in rest.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'(' => open += 1,
            b')' => open -= 1,
            _ => {}
        }
        if open == 0 {
            return at;
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strings_of_a_cmap_are_counted() {
        let cmap = b"/Registry (A\\)(d)obe) def << /X 1 >> % <41\n1 beginbfchar <41> <0061 0062> endbfchar";
        assert_eq!(strings(cmap), Some(3));
        let long = format!("1 beginbfchar <41> <{}> endbfchar", "0061".repeat(600));
        assert_eq!(strings(long.as_bytes()), None);
        let longest = format!("1 beginbfchar <41> <{}> endbfchar", "0061".repeat(256));
        assert_eq!(strings(longest.as_bytes()), Some(2));
        assert_eq!(strings("/H usecmap ".repeat(5).as_bytes()), None);
    }

    #[test]
    fn tables_are_given_until_there_were_too_many() {
        let name = hayro_font::hayro_cmap::CMapName::UniJisUtf16H;
        let tables = tables();
        let given = (0..10_000).take_while(|_| tables(name).is_some()).count();
        assert!((100..10_000).contains(&given), "{given}");
    }
}
