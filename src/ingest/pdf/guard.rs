//! What could make the library that takes a PDF apart unpack or list without end is found before it is asked, and
//! hidden from it.
//!
//! The library unpacks a stream of objects or of references as a whole, and believes the number of references that such
//! a stream says it has. Streams that a page shows are measured when it is run (see [`super::unpack`]).

use hayro_font::hayro_syntax::Filter;

use super::loading::literal_length;
use super::unpack::Unpacking;

/// How far before `stream` its dictionary is looked for. Dictionaries of such streams are short, but for those of
/// references of a file that was changed thousands of times.
const DICTIONARY: usize = 64 << 10;

/// How many references one stream may list: those of the largest PDFs are a tenth of it.
const REFERENCES: u64 = 4_000_000;

/// How many references all streams of a file may list, and how many dictionaries all streams of objects may hold, apart
/// from what the length of the file allows: each takes some bytes of it even where it is packed, the more so where it
/// says anything. A page takes a thousand bytes once it is listed.
const MORE_REFERENCES: u64 = 500_000;
const MORE_DICTIONARIES: u64 = 20_000;

/// What the library reads anew for each page, as a whole, wherever it stands.
const READ_ANEW: [&[u8]; 7] = [
    b"Resources",
    b"MediaBox",
    b"CropBox",
    b"Rotate",
    b"Contents",
    b"Type",
    b"Kids",
];

/// How many bytes the library may come to read for that, apart from so many for each byte of the file. A handbook of three
/// thousand pages in 10 MB, with a list of half a megabyte in it, comes to two hundred for each.
const READ: u64 = 256 << 20;
const READ_FOR_A_BYTE: u64 = 2_048;

/// How many streams are looked at: a file of 64 MiB has place for more only when they are empty.
const STREAMS: usize = 500_000;

/// What streams may still hold.
struct Left {
    unpacking: Unpacking,
    references: u64,
    dictionaries: u64,
    /// How many references are read anew for pages, and how long the longest object is that they may lead to.
    anew: u64,
    longest: u64,
}

/// The bytes of a PDF in which streams that unpack to too much, or list too much, are no streams any more; `None`
/// where there are so many of any kind that the file is no document.
pub(super) fn guarded(mut bytes: Vec<u8>) -> Option<Vec<u8>> {
    if nests_deep(&bytes) {
        return None;
    }
    let length = bytes.len() as u64;
    let mut left = Left {
        unpacking: Unpacking::new(),
        references: MORE_REFERENCES + 4 * length,
        dictionaries: MORE_DICTIONARIES + length / 4,
        anew: 0,
        longest: 0,
    };
    let mut hidden = Vec::new();
    let mut seen = 0;
    let (mut from, mut outside) = (0, 0);
    while let Some(at) = find(&bytes, b"stream", from) {
        from = at + b"stream".len();
        let before = bytes.get(..at).unwrap_or_default();
        if before.ends_with(b"end") {
            outside = from;
            continue;
        }
        if is_after_dictionary(before) {
            left.weigh(bytes.get(outside..at).unwrap_or_default());
            outside = from;
        }
        seen += 1;
        if seen > STREAMS {
            return None;
        }
        let data = bytes.get(from..).unwrap_or_default();
        if !is_harmless(before, data, &mut left)? {
            hidden.push(at);
        }
    }
    left.weigh(bytes.get(outside..).unwrap_or_default());
    if left.anew.saturating_mul(left.longest) > READ + READ_FOR_A_BYTE * length {
        return None;
    }
    for at in hidden {
        if let Some(letter) = bytes.get_mut(at) {
            *letter = b'S';
        }
    }
    Some(bytes)
}

/// Whether so many dictionaries stand deep in others that the library, which begins anew with each that it can't find
/// the end of, takes minutes. Those of documents are nested up to five deep.
fn nests_deep(bytes: &[u8]) -> bool {
    const DEEP: usize = 8;
    const MANY: usize = 20_000;
    let (mut depth, mut deep) = (0_usize, 0_usize);
    let mut at = 0;
    while let Some(two) = bytes.get(at..at + 2) {
        match two {
            b"<<" => {
                depth += 1;
                deep += usize::from(depth > DEEP);
                at += 1;
            }
            b">>" => {
                depth = depth.saturating_sub(1);
                at += 1;
            }
            // No dictionary goes on past the end of an object.
            b"en"
                if bytes
                    .get(at..)
                    .is_some_and(|rest| rest.starts_with(b"endobj")) =>
            {
                depth = 0
            }
            _ => {}
        }
        at += 1;
    }
    deep > MANY
}

/// Whether a stream between its dictionary and what follows may be read; `None` where all has been unpacked that may.
fn is_harmless(before: &[u8], data: &[u8], left: &mut Left) -> Option<bool> {
    if !is_after_dictionary(before) {
        // No stream, but the word.
        return Some(true);
    }
    let Some(dictionary) = dictionary(before) else {
        left.unpacking.spend(DICTIONARY as u64)?;
        return Some(false);
    };
    left.unpacking.spend(dictionary.len() as u64)?;
    let dictionary = unescaped(dictionary);
    let is_list = has_name(&dictionary, b"XRef");
    if is_list {
        let counted = listed(&dictionary).and_then(|count| left.references.checked_sub(count));
        let Some(references) = counted else {
            return Some(false);
        };
        left.references = references;
    }
    if !is_list && !has_name(&dictionary, b"ObjStm") {
        return Some(true);
    }
    let end = find(data, b"endstream", 0).unwrap_or(data.len());
    let data = data.get(..end).unwrap_or_default();
    left.unpacking.spend(end as u64)?;
    let data = data.strip_prefix(b"\r").unwrap_or(data);
    let data = data.strip_prefix(b"\n").unwrap_or(data);
    let filters = filters(&dictionary);
    // More than one filter that unpacks is never needed here, and multiplies.
    if filters.iter().filter(|filter| unpacks(filter)).count() > 1 || filters.len() > 2 {
        return Some(false);
    }
    if is_list {
        return Some(left.unpacking.measure(data, &filters).is_some());
    }
    let Some(objects) = left.unpacking.contents(data, &filters) else {
        return Some(false);
    };
    left.weigh(&objects);
    let count = objects.windows(2).filter(|two| two == b"<<").count() as u64;
    let dictionaries = left.dictionaries.checked_sub(count);
    left.dictionaries = dictionaries.unwrap_or(left.dictionaries);
    Some(dictionaries.is_some())
}

fn is_after_dictionary(before: &[u8]) -> bool {
    before.trim_ascii_end().ends_with(b">>")
}

impl Left {
    /// Looks for references that are read anew for each page, and for long objects, where no stream stands.
    fn weigh(&mut self, objects: &[u8]) {
        let (mut depth, mut start) = (0_usize, 0);
        let mut at = 0;
        while let Some(rest) = objects.get(at..).filter(|rest| !rest.is_empty()) {
            let mut step = 1;
            match rest {
                [b'<', b'<', ..] | [b'[', ..] => {
                    if depth == 0 {
                        start = at;
                    }
                    depth += 1;
                    step = if rest.starts_with(b"[") { 1 } else { 2 };
                }
                [b'>', b'>', ..] | [b']', ..] => {
                    if depth == 1 {
                        self.longest = self.longest.max((at - start) as u64);
                    }
                    depth = depth.saturating_sub(1);
                    step = if rest.starts_with(b"]") { 1 } else { 2 };
                }
                [b'(', string @ ..] => step += literal_length(string),
                [b'%', comment @ ..] => {
                    let is_end = |byte: &u8| matches!(byte, b'\r' | b'\n');
                    step += comment.iter().position(is_end).unwrap_or(comment.len());
                }
                [b'/', name @ ..] => self.anew += u64::from(is_read_anew(name)),
                // No object goes on past its end.
                [b'e', ..] if rest.starts_with(b"endobj") => depth = 0,
                _ => {}
            }
            at += step;
        }
        if depth > 0 {
            self.longest = self.longest.max((objects.len() - start) as u64);
        }
    }
}

/// Whether a key is one of those that are read for each page, and a reference follows it.
fn is_read_anew(rest: &[u8]) -> bool {
    /// How long such a key is at most, each letter in hexadecimal.
    const KEY: usize = 30;
    let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'#';
    let length = rest.iter().take(KEY).take_while(is_part).count();
    let Some((key, rest)) = rest.split_at_checked(length) else {
        return false;
    };
    let is_key = READ_ANEW.contains(&key)
        || (key.contains(&b'#') && READ_ANEW.contains(&unescaped(key).as_slice()));
    is_key
        && rest
            .trim_ascii_start()
            .first()
            .is_some_and(u8::is_ascii_digit)
}

/// Whether a filter gives more than it takes.
const fn unpacks(filter: &Filter) -> bool {
    matches!(
        filter,
        Filter::FlateDecode | Filter::LzwDecode | Filter::RunLengthDecode
    )
}

/// The dictionary before a stream: from the last object that begins before it.
fn dictionary(before: &[u8]) -> Option<&[u8]> {
    let near = before.get(before.len().saturating_sub(DICTIONARY)..)?;
    let start = near.windows(3).rposition(|window| window == b"obj")?;
    near.get(start + 3..)
}

/// The bytes with what is written in hexadecimal in names put in its place.
pub(super) fn unescaped(bytes: &[u8]) -> Vec<u8> {
    let digit = |at: usize| char::from(*bytes.get(at)?).to_digit(16);
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escaped = (byte == b'#')
            .then(|| Some((digit(at + 1)? << 4) | digit(at + 2)?))
            .flatten()
            .and_then(|byte| u8::try_from(byte).ok());
        plain.push(escaped.unwrap_or(byte));
        at += if escaped.is_some() { 3 } else { 1 };
    }
    plain
}

fn has_name(dictionary: &[u8], name: &[u8]) -> bool {
    dictionary.windows(name.len()).any(|window| window == name)
}

/// The filters that a dictionary names, in their order.
fn filters(dictionary: &[u8]) -> Vec<Filter> {
    dictionary
        .split(|byte| *byte == b'/')
        .skip(1)
        .filter_map(|name| {
            let end = name.iter().position(|byte| !byte.is_ascii_alphanumeric());
            match name.get(..end.unwrap_or(name.len()))? {
                b"FlateDecode" | b"Fl" => Some(Filter::FlateDecode),
                b"LZWDecode" | b"LZW" => Some(Filter::LzwDecode),
                b"RunLengthDecode" | b"RL" => Some(Filter::RunLengthDecode),
                b"ASCII85Decode" | b"A85" => Some(Filter::Ascii85Decode),
                b"ASCIIHexDecode" | b"AHx" => Some(Filter::AsciiHexDecode),
                _ => None,
            }
        })
        .collect()
}

/// How many references a stream of them lists; `None` unless `/Size` and every number of `/Index` are small, and its
/// entries are of some width, so that its length bounds them too.
fn listed(dictionary: &[u8]) -> Option<u64> {
    let few = |numbers: &[u64]| numbers.iter().all(|number| *number <= REFERENCES);
    let sizes = numbers_after(dictionary, b"/Size", false);
    let indices = numbers_after(dictionary, b"/Index", true);
    let widths = numbers_after(dictionary, b"/W", true);
    let lists = [&sizes, &indices, &widths];
    // Each is written once and in place.
    if lists.iter().any(|lists| lists.len() > 1) || sizes.is_empty() || widths.is_empty() {
        return None;
    }
    let width = widths
        .iter()
        .flatten()
        .fold(0_u64, |sum, width| sum.saturating_add(*width));
    // A list of so many ranges, each as long as may be.
    let ranges = indices.iter().flatten().skip(1).step_by(2);
    let count = ranges.fold(0_u64, |count, range| count.saturating_add(*range));
    let is_little = (1..=REFERENCES).contains(&width)
        && few(&sizes.concat())
        && few(&indices.concat())
        && count <= REFERENCES;
    let count = match indices.is_empty() {
        true => sizes.concat().into_iter().max().unwrap_or(0),
        false => count,
    };
    is_little.then_some(count)
}

/// The number or the list of numbers that follows each place where a key stands; what is no such thing is a number
/// that is too large.
fn numbers_after(dictionary: &[u8], key: &[u8], is_list: bool) -> Vec<Vec<u64>> {
    const TOO_MANY: u64 = u64::MAX / 1024;
    let mut all = Vec::new();
    let mut from = 0;
    while let Some(at) = find(dictionary, key, from) {
        from = at + key.len();
        let rest = dictionary.get(from..).unwrap_or_default();
        // A longer name is another key.
        if rest.first().is_some_and(u8::is_ascii_alphabetic) {
            continue;
        }
        let is_part =
            |byte: &u8| byte.is_ascii_digit() || byte.is_ascii_whitespace() || *byte == b'[';
        let end = rest
            .iter()
            .position(|byte| !is_part(byte))
            .unwrap_or(rest.len());
        let numbers = rest
            .get(..end)
            .unwrap_or_default()
            .split(|byte| !byte.is_ascii_digit())
            .filter(|digits| !digits.is_empty())
            .map(|digits| {
                std::str::from_utf8(digits)
                    .ok()
                    .and_then(|digits| digits.parse().ok())
                    .unwrap_or(TOO_MANY)
            });
        let numbers: Vec<u64> = numbers.collect();
        let is_one =
            rest.trim_ascii_start().starts_with(b"[") == is_list && (is_list || numbers.len() == 1);
        all.push(if is_one { numbers } else { vec![TOO_MANY] });
    }
    all
}

/// Where a word stands next.
fn find(bytes: &[u8], word: &[u8], from: usize) -> Option<usize> {
    let first = word.first()?;
    let mut at = from;
    loop {
        let rest = bytes.get(at..)?;
        at += rest.iter().position(|byte| byte == first)?;
        if bytes.get(at..)?.starts_with(word) {
            return Some(at);
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn is_hidden(pdf: &str) -> bool {
        guarded(pdf.as_bytes().to_vec()).is_none_or(|guarded| guarded != pdf.as_bytes())
    }

    #[test]
    fn lists_without_end_are_hidden() {
        for list in [
            "/Type/XRef/Size 4000000000/W[1 2 1]",
            "/Type/XRef/Size 9/W[0 0 0]",
            "/Type/XRef/Size 9/W[1 2 1]/Index[0 99999999999999999999]",
            "/Type/XRef/Size 9/W[1 2 1]/Index 5 0 R/Index[0 9]",
            "/Type/X#52ef/Size 9/W 5 0 R",
        ] {
            assert!(
                is_hidden(&format!("1 0 obj <<{list}>> stream\nx\nendstream")),
                "{list}"
            );
        }
        let harmless =
            "1 0 obj <</Type /XRef /Size 9 /W [1 2 1] /Index [0 9]>> stream\nx\nendstream";
        assert!(!is_hidden(harmless));
        assert!(!is_hidden("A stream of words, and >> no stream"));
    }

    #[test]
    fn what_unpacks_twice_is_hidden() {
        let filters = "/Type/ObjStm/Filter[/FlateDecode /Fl /FlateDecode]";
        assert!(is_hidden(&format!(
            "1 0 obj <<{filters}>>stream\nx\nendstream"
        )));
        let packed_text = "/Type/ObjStm/Filter[/ASCII85Decode /FlateDecode]";
        assert!(!is_hidden(&format!(
            "1 0 obj <<{packed_text}>>stream\nx\nendstream"
        )));
    }

    #[test]
    fn a_long_object_that_is_read_for_each_of_many_pages_is_refused() {
        let pdf = |pages, length| {
            let page = "<</Re#73ources 9 0 R>>";
            let (pages, list) = (page.repeat(pages), "0 ".repeat(length));
            format!("8 0 obj[{pages}]endobj 9 0 obj[{list}]endobj").into_bytes()
        };
        assert!(guarded(pdf(12_000, 60_000)).is_none());
        assert!(guarded(pdf(30, 60_000)).is_some());
        assert!(guarded(pdf(3_000, 6)).is_some());
    }

    #[test]
    fn more_dictionaries_than_a_file_has_room_for_are_hidden() {
        let objects = |count| {
            let mut pdf = b"1 0 obj <</Type/ObjStm/Filter/FlateDecode>>stream\n".to_vec();
            let mut encoder = flate2::write::ZlibEncoder::new(pdf, flate2::Compression::best());
            encoder.write_all(&b"<<>>".repeat(count)).unwrap();
            pdf = encoder.finish().unwrap();
            pdf.extend_from_slice(b"\nendstream");
            pdf
        };
        let is_kept = |pdf: Vec<u8>| guarded(pdf.clone()) == Some(pdf);
        assert!(is_kept(objects(15_000)));
        assert!(!is_kept(objects(1_000_000)));
    }
}
