//! What the characters of Chinese, Japanese and Korean fonts say that don't say it themselves: they are numbered as
//! Adobe numbers the characters of each script.

use std::collections::HashMap;
use std::rc::Rc;

use hayro_font::hayro_cmap::{BfString, CMap, CMapName, CidFamily, load_embedded};
use hayro_font::hayro_syntax::object::{Dict, Name, String as PdfString};

/// The tables that lead from the codes of such a font to characters.
pub(super) struct Cids {
    /// From codes to numbers; none where they are the same.
    numbers: Option<Rc<CMap>>,
    /// From numbers to characters.
    characters: Rc<CMap>,
}

/// The tables that come with the library, by their names, each taken apart once: that takes megabytes.
#[derive(Default)]
pub(super) struct Tables(HashMap<Vec<u8>, Option<Rc<CMap>>>);

impl Tables {
    fn get(&mut self, name: CMapName<'_>) -> Option<Rc<CMap>> {
        let data = load_embedded(name)?;
        let parse = || CMap::parse(data, load_embedded).map(Rc::new);
        self.0
            .entry(name.to_bytes().to_vec())
            .or_insert_with(parse)
            .clone()
    }
}

impl Cids {
    /// The tables for a font whose descendant is `descendant`, where its characters are numbered in a known way.
    pub(super) fn of(font: &Dict<'_>, descendant: &Dict<'_>, tables: &mut Tables) -> Option<Self> {
        let info = descendant.get::<Dict<'_>>("CIDSystemInfo")?;
        let registry = info.get::<PdfString<'_>>("Registry")?;
        let ordering = info.get::<PdfString<'_>>("Ordering")?;
        let family = CidFamily::from_registry_ordering(&registry, &ordering);
        let characters = tables.get(family.ucs2_cmap()?)?;
        let encoding = font.get::<Name<'_>>("Encoding")?;
        let numbers = match encoding.as_ref() {
            b"Identity-H" | b"Identity-V" => None,
            name => Some(tables.get(CMapName::from_bytes(name))?),
        };
        Some(Self {
            numbers,
            characters,
        })
    }

    /// What a code of so many bytes says.
    pub(super) fn text(&self, code: u32, length: usize) -> Option<BfString> {
        let cid = match &self.numbers {
            Some(numbers) => numbers.lookup_cid_code(code, u8::try_from(length).ok()?)?,
            None => code,
        };
        self.characters.lookup_bf_string(cid)
    }
}
