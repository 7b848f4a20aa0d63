//! What could make the library that takes a PDF apart unpack or list without end is found before it is asked, and
//! hidden from it.
//!
//! The library unpacks a stream of objects or of references as a whole, and believes the number of references that such
//! a stream says it has. Streams that a page shows are measured when it is run (see [`super::unpack`]).

use hayro_font::hayro_syntax::Filter;

use super::unpack::Unpacking;

/// How far before `stream` its dictionary is looked for. Dictionaries of such streams are short, but for those of
/// references of a file that was changed thousands of times.
const DICTIONARY: usize = 64 << 10;

/// How many references one stream may list: those of the largest PDFs are a tenth of it.
const REFERENCES: u64 = 4_000_000;

/// How many streams are looked at: a file of 64 MiB has place for more only when they are empty.
const STREAMS: usize = 500_000;

/// The bytes of a PDF in which streams that unpack to too much, or list too much, are no streams any more; `None`
/// where there are so many of any kind that the file is no document.
pub(super) fn guarded(mut bytes: Vec<u8>) -> Option<Vec<u8>> {
    if nests_deep(&bytes) {
        return None;
    }
    let mut unpacking = Unpacking::new();
    let mut hidden = Vec::new();
    let mut seen = 0;
    let mut from = 0;
    while let Some(at) = find(&bytes, b"stream", from) {
        from = at + b"stream".len();
        let before = bytes.get(..at).unwrap_or_default();
        if before.ends_with(b"end") {
            continue;
        }
        seen += 1;
        if seen > STREAMS {
            return None;
        }
        let data = bytes.get(from..).unwrap_or_default();
        if !is_harmless(before, data, &mut unpacking)? {
            hidden.push(at);
        }
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
fn is_harmless(before: &[u8], data: &[u8], unpacking: &mut Unpacking) -> Option<bool> {
    if !before.trim_ascii_end().ends_with(b">>") {
        // No stream, but the word.
        return Some(true);
    }
    let Some(dictionary) = dictionary(before) else {
        unpacking.spend(DICTIONARY as u64)?;
        return Some(false);
    };
    unpacking.spend(dictionary.len() as u64)?;
    let dictionary = unescaped(dictionary);
    let is_list = has_name(&dictionary, b"XRef");
    if is_list && !lists_little(&dictionary) {
        return Some(false);
    }
    if !is_list && !has_name(&dictionary, b"ObjStm") {
        return Some(true);
    }
    let end = find(data, b"endstream", 0).unwrap_or(data.len());
    let data = data.get(..end).unwrap_or_default();
    unpacking.spend(end as u64)?;
    let data = data.strip_prefix(b"\r").unwrap_or(data);
    let data = data.strip_prefix(b"\n").unwrap_or(data);
    let filters = filters(&dictionary);
    // More than one filter that unpacks is never needed here, and multiplies.
    Some(filters.len() <= 2 && unpacking.measure(data, &filters).is_some())
}

/// The dictionary before a stream: from the last object that begins before it.
fn dictionary(before: &[u8]) -> Option<&[u8]> {
    let near = before.get(before.len().saturating_sub(DICTIONARY)..)?;
    let start = near.windows(3).rposition(|window| window == b"obj")?;
    near.get(start + 3..)
}

/// The bytes with what is written in hexadecimal in names put in its place.
fn unescaped(bytes: &[u8]) -> Vec<u8> {
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

/// Whether a stream of references lists few enough: `/Size` and every number of `/Index` are small, and its entries
/// are of some width, so that its length bounds them too.
fn lists_little(dictionary: &[u8]) -> bool {
    let few = |numbers: &[u64]| numbers.iter().all(|number| *number <= REFERENCES);
    let sizes = numbers_after(dictionary, b"/Size", false);
    let indices = numbers_after(dictionary, b"/Index", true);
    let widths = numbers_after(dictionary, b"/W", true);
    let lists = [&sizes, &indices, &widths];
    // Each is written once and in place.
    if lists.iter().any(|lists| lists.len() > 1) || sizes.is_empty() || widths.is_empty() {
        return false;
    }
    let width = widths
        .iter()
        .flatten()
        .fold(0_u64, |sum, width| sum.saturating_add(*width));
    // A list of so many ranges, each as long as may be.
    let ranges = indices.iter().flatten().skip(1).step_by(2);
    let count = ranges.fold(0_u64, |count, range| count.saturating_add(*range));
    (1..=REFERENCES).contains(&width)
        && few(&sizes.concat())
        && few(&indices.concat())
        && count <= REFERENCES
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
    }
}
