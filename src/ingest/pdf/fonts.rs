//! The fonts of a document: how long its strings are, and what they say.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use hayro_font::hayro_cmap::{self, BfString};
use hayro_font::hayro_syntax::object::{Array, Dict, Name, Object, Stream};
use hayro_font::{CMapResolverFn, Font, FontCache, FontGlyph, FontQuery, FontResolverFn};

use super::cids::Cids;
use super::glyphs::Style;
use super::unpack::Unpacking;

/// Fonts as they were loaded, each only once.
pub(super) struct Fonts<'a> {
    cache: FontCache<'a>,
    programs: FontResolverFn,
    cmaps: CMapResolverFn,
    /// By where their dictionaries stand.
    loaded: HashMap<(usize, usize), Option<Rc<LoadedFont<'a>>>>,
}

/// A font, and what each of its codes says, as far as that was asked for.
pub(super) struct LoadedFont<'a> {
    font: Font<'a>,
    /// What its codes say where it doesn't say it itself.
    cids: Option<Cids>,
    /// How it sets text apart.
    pub(super) style: Style,
    /// How much of the size a unit of its widths is.
    pub(super) unit: f64,
}

/// One code of a string.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Shown {
    pub(super) text: Option<String>,
    /// How far the line goes on, across and down, in thousandths of the size.
    pub(super) advance: (f64, f64),
    /// Whether word spacing is added after it.
    pub(super) is_space: bool,
}

impl<'a> Fonts<'a> {
    pub(super) fn new() -> Self {
        Self {
            cache: FontCache::new(),
            programs: Arc::new(|query| {
                Some(match query {
                    FontQuery::Standard(font) => font.get_font_data(),
                    FontQuery::Fallback(query) => query.pick_standard_font().get_font_data(),
                })
            }),
            cmaps: Arc::new(hayro_cmap::load_embedded),
            loaded: HashMap::new(),
        }
    }

    /// The font of a dictionary, unless it is broken or unpacks to too much.
    pub(super) fn load(
        &mut self,
        dict: &Dict<'a>,
        unpacking: &mut Unpacking,
    ) -> Option<Rc<LoadedFont<'a>>> {
        let place = (dict.data().as_ptr() as usize, dict.data().len());
        if let Some(loaded) = self.loaded.get(&place) {
            return loaded.clone();
        }
        let fits = streams_of(dict).all(|stream| unpacking.fits(&stream));
        let font = fits
            .then(|| self.cache.font(dict, &self.programs, &self.cmaps))
            .flatten();
        let loaded = font.map(|font| {
            Rc::new(LoadedFont {
                font,
                cids: descendant(dict).and_then(|descendant| Cids::of(dict, &descendant)),
                style: style(dict),
                unit: type3_unit(dict).unwrap_or(0.001),
            })
        });
        self.loaded.insert(place, loaded.clone());
        loaded
    }
}

impl LoadedFont<'_> {
    /// The codes of a string one after another.
    pub(super) fn codes(&self, bytes: &[u8], mut each: impl FnMut(Shown)) {
        let mut at = 0;
        while at < bytes.len() {
            let (code, length) = self.font.read_code(bytes, at);
            let length = length.max(1);
            at += length;
            let advance = self.font.code_advance(code);
            each(Shown {
                text: self
                    .text(code, length)
                    .map(|text| super::letters::plain(&text))
                    .filter(|text| !text.is_empty()),
                advance: (advance.x, advance.y),
                is_space: length == 1 && code == 32,
            });
        }
    }

    fn text(&self, code: u32, length: usize) -> Option<String> {
        let said = match self.font.glyph(self.font.map_code(code), code) {
            FontGlyph::Outline(glyph) => glyph.as_unicode(),
            FontGlyph::Type3(glyph) => glyph.as_unicode(),
        };
        let by_number = || self.cids.as_ref()?.text(code, length);
        match said.or_else(by_number)? {
            BfString::Char(c) => Some(c.into()),
            BfString::String(text) => Some(text),
        }
    }
}

/// The font that the codes of a composite font select from.
fn descendant<'a>(dict: &Dict<'a>) -> Option<Dict<'a>> {
    dict.get::<Array<'_>>("DescendantFonts")?
        .iter::<Dict<'_>>()
        .next()
}

/// The streams that are unpacked when a font is loaded.
fn streams_of<'a>(dict: &Dict<'a>) -> impl Iterator<Item = Stream<'a>> {
    let mut streams = Vec::new();
    for dict in [Some(dict.clone()), descendant(dict)].into_iter().flatten() {
        for key in ["ToUnicode", "Encoding", "CIDToGIDMap"] {
            streams.extend(dict.get::<Stream<'_>>(key));
        }
        let descriptor = dict.get::<Dict<'_>>("FontDescriptor").unwrap_or_default();
        for key in ["FontFile", "FontFile2", "FontFile3"] {
            streams.extend(descriptor.get::<Stream<'_>>(key));
        }
    }
    streams.into_iter()
}

/// How much of the size a unit is in a font whose glyphs are drawings: its matrix says so.
fn type3_unit(dict: &Dict<'_>) -> Option<f64> {
    let subtype = dict.get::<Name<'_>>("Subtype")?;
    if subtype.as_ref() != b"Type3" {
        return None;
    }
    let matrix = dict.get::<[f32; 6]>("FontMatrix")?;
    Some(f64::from(matrix.first().copied()?).abs())
}

/// How a font sets text apart, by its name or its descriptor.
fn style(dict: &Dict<'_>) -> Style {
    /// The flag of slanted letters (ISO 32000-1, 9.8.2).
    const ITALIC: i32 = 1 << 6;
    /// The flag that asks for bold glyphs at small sizes too (as above).
    const FORCE_BOLD: i32 = 1 << 18;
    const BOLD: [&str; 7] = ["bold", "black", "heavy", "cmbx", "sfbx", "-bd", "no9l-medi"];
    const SLANTED: [&str; 5] = ["italic", "oblique", "cmti", "sfti", "-it"];
    let name = dict
        .get::<Name<'_>>("BaseFont")
        .map_or_else(String::new, |name| {
            String::from_utf8_lossy(name.as_ref()).to_lowercase()
        });
    let descriptor = match dict.get::<Object<'_>>("FontDescriptor") {
        Some(Object::Dict(descriptor)) => descriptor,
        _ => descendant(dict)
            .and_then(|font| font.get::<Dict<'_>>("FontDescriptor"))
            .unwrap_or_default(),
    };
    let has = |marks: &[&str]| marks.iter().any(|mark| name.contains(mark));
    let flags = descriptor.get::<i32>("Flags").unwrap_or(0);
    let weight = descriptor.get::<f32>("FontWeight").unwrap_or(0.0);
    if has(&BOLD) || flags & FORCE_BOLD != 0 || weight >= 600.0 {
        Style::Bold
    } else if has(&SLANTED) || flags & ITALIC != 0 {
        Style::Italic
    } else {
        Style::Plain
    }
}
