//! The fonts of a document: how long its strings are, and what they say.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::ControlFlow;
use std::rc::Rc;
use std::sync::Arc;

use hayro_font::hayro_cmap::BfString;
use hayro_font::hayro_syntax::object::{Dict, Name, Object};
use hayro_font::{CMapResolverFn, Font, FontCache, FontGlyph, FontQuery, FontResolverFn, GlyphId};

use super::cids::{Cids, Tables};
use super::glyphs::Style;
use super::loading::{self, Loading, descendant};
use super::unpack::Unpacking;

/// How long the text of one code may be: three bytes for each of the 256 characters that the 512 bytes of it are at most
/// (ISO 32000-1, 9.10.3).
const TEXT: usize = 768;

/// Fonts as they were loaded, each only once.
pub(super) struct Fonts<'a> {
    cache: FontCache<'a>,
    programs: FontResolverFn,
    cmaps: CMapResolverFn,
    tables: Tables,
    loading: Loading,
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
    /// What its codes of one byte say, as far as that was asked for: the name of a glyph is taken apart anew each time.
    said: RefCell<HashMap<u32, Option<String>>>,
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
            cmaps: loading::tables(),
            tables: Tables::default(),
            loading: Loading::new(),
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
        let fits = self.loading.count(dict, unpacking);
        let font = fits.and_then(|()| self.cache.font(dict, &self.programs, &self.cmaps));
        let loaded = font.map(|font| {
            Rc::new(LoadedFont {
                font,
                cids: descendant(dict)
                    .and_then(|descendant| Cids::of(dict, &descendant, &mut self.tables)),
                style: style(dict),
                unit: type3_unit(dict).unwrap_or(0.001),
                said: RefCell::default(),
            })
        });
        self.loaded.insert(place, loaded.clone());
        loaded
    }
}

impl LoadedFont<'_> {
    /// The codes of a string one after another, until `each` has had enough.
    pub(super) fn codes(&self, bytes: &[u8], mut each: impl FnMut(Shown) -> ControlFlow<()>) {
        let mut at = 0;
        while at < bytes.len() {
            let (code, length) = self.font.read_code(bytes, at);
            let length = length.max(1);
            at += length;
            let advance = self.font.code_advance(code);
            let shown = each(Shown {
                text: self.known_text(code, length),
                advance: (advance.x, advance.y),
                is_space: length == 1 && code == 32,
            });
            if shown.is_break() {
                return;
            }
        }
    }

    fn known_text(&self, code: u32, length: usize) -> Option<String> {
        if length > 1 {
            return self.text(code, length);
        }
        if let Some(text) = self.said.borrow().get(&code) {
            return text.clone();
        }
        let text = self.text(code, length);
        self.said.borrow_mut().insert(code, text.clone());
        text
    }

    fn text(&self, code: u32, length: usize) -> Option<String> {
        // What a glyph says hangs on its code alone; which one it is would take a search in the font.
        let said = match self.font.glyph(GlyphId::NOTDEF, code) {
            FontGlyph::Outline(glyph) => glyph.as_unicode(),
            FontGlyph::Type3(glyph) => glyph.as_unicode(),
        };
        let by_number = || self.cids.as_ref()?.text(code, length);
        let text = match said.or_else(by_number)? {
            BfString::Char(c) => super::letters::plain(c.encode_utf8(&mut [0; 4])),
            BfString::String(text) if text.len() > TEXT => return None,
            BfString::String(text) => super::letters::plain(&text),
        };
        (!text.is_empty()).then_some(text)
    }
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
