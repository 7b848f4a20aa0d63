//! Characters by name and by number: `&eacute;`, `&#233;`.

use std::borrow::Cow;

use quick_xml::escape::resolve_html5_entity;

/// Where a text with entities stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Text,
    /// The value of an attribute, where `&copy=1` is a part of an address.
    Attribute,
}

/// The longest name of a character, `CounterClockwiseContourIntegral`.
const LONGEST: usize = 32;

/// What the numbers 128 to 159 stand for: they are meant as those of Windows-1252.
const WINDOWS: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// A text with its entities resolved; what is none stays as it stands.
pub(super) fn decode(text: &str, place: Place) -> Cow<'_, str> {
    let Some(first) = text.find('&') else {
        return Cow::Borrowed(text);
    };
    let (before, mut rest) = text.split_at(first);
    let mut decoded = String::with_capacity(text.len());
    decoded.push_str(before);
    loop {
        // `rest` begins with an ampersand.
        let length = by_number(rest, &mut decoded).or_else(|| by_name(rest, place, &mut decoded));
        if length.is_none() {
            decoded.push('&');
        }
        rest = rest.get(length.unwrap_or(1)..).unwrap_or("");
        let Some(next) = rest.find('&') else { break };
        let (before, from) = rest.split_at(next);
        decoded.push_str(before);
        rest = from;
    }
    decoded.push_str(rest);
    Cow::Owned(decoded)
}

/// Reads `&#233;` or `&#xe9;` and gives its length.
fn by_number(text: &str, decoded: &mut String) -> Option<usize> {
    let number = text.strip_prefix("&#")?;
    let (digits, radix) = match number.strip_prefix(['x', 'X']) {
        Some(digits) => (digits, 16),
        None => (number, 10),
    };
    let count = digits.chars().take_while(|c| c.is_digit(radix)).count();
    if count == 0 {
        return None;
    }
    let value = digits
        .get(..count)
        .and_then(|digits| u32::from_str_radix(digits, radix).ok());
    let windows = value
        .and_then(|value| value.checked_sub(128))
        .and_then(|at| WINDOWS.get(at as usize));
    let c = windows.copied().or_else(|| value.and_then(char::from_u32));
    decoded.push(
        c.filter(|c| *c != '\0')
            .unwrap_or(char::REPLACEMENT_CHARACTER),
    );
    let length = text.len() - digits.len() + count;
    Some(length + usize::from(text[length..].starts_with(';')))
}

/// Reads `&eacute;` and gives its length. The names of Latin-1 need no semicolon.
fn by_name(text: &str, place: Place, decoded: &mut String) -> Option<usize> {
    let name = text.get(1..)?;
    let count = name
        .bytes()
        .take(LONGEST)
        .take_while(u8::is_ascii_alphanumeric)
        .count();
    let after = name.as_bytes().get(count);
    if after == Some(&b';')
        && let Some(value) = name.get(..count).and_then(resolve_html5_entity)
    {
        decoded.push_str(value);
        return Some(count + 2);
    }
    let lengths = match place {
        Place::Text => 2..=count.min(6),
        // Only where nothing follows that an address could go on with.
        Place::Attribute if after != Some(&b'=') && count <= 6 => count..=count,
        Place::Attribute => return None,
    };
    let (length, value) = lengths.rev().find_map(|length| {
        let value = name.get(..length).and_then(resolve_html5_entity)?;
        let is_latin = value.chars().all(|c| c <= '\u{ff}');
        is_latin.then_some((length, value))
    })?;
    decoded.push_str(value);
    Some(length + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_are_read_as_browsers_read_them() {
        for (text, read) in [
            ("a &amp; b", "a & b"),
            ("&eacute;&#233;&#xE9;", "ééé"),
            (
                "&#146;&#0;&#x110000;&#99999999999;",
                "’\u{fffd}\u{fffd}\u{fffd}",
            ),
            ("AT&T &x; &; & &#; &#x;", "AT&T &x; &; & &#; &#x;"),
            ("&copy 2020 &notit; &hellip", "© 2020 ¬it; &hellip"),
            ("&amp;lt;", "&lt;"),
        ] {
            assert_eq!(decode(text, Place::Text), read, "{text}");
        }
        assert_eq!(
            decode("?a=1&copy=2&amp;b&lt", Place::Attribute),
            "?a=1&copy=2&b<"
        );
        assert_eq!(decode("?a&copyright", Place::Attribute), "?a&copyright");
    }
}
