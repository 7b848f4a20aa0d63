//! The encoding that a text declares in itself.

use super::Encoding;

/// How far into a page a declaration is looked for: what the HTML standard asks of browsers.
const WITHIN: usize = 1024;

/// The encoding that an XML declaration or a page's `meta` names, if one of them does and it is known.
pub(super) fn declared(bytes: &[u8]) -> Option<Encoding> {
    let head = bytes.get(..bytes.len().min(WITHIN)).unwrap_or(bytes);
    let lower: String = head
        .iter()
        .map(|byte| {
            if byte.is_ascii() {
                char::from(byte.to_ascii_lowercase())
            } else {
                '\u{fffd}'
            }
        })
        .collect();
    if let Some(declaration) = lower.trim_start().strip_prefix("<?xml") {
        let declaration = declaration.split("?>").next()?;
        return declaration
            .split("encoding")
            .nth(1)
            .and_then(|rest| rest.trim_start().strip_prefix('='))
            .and_then(label);
    }
    // Both `<meta charset="…">` and `<meta … content="text/html; charset=…">`.
    lower
        .split("<meta")
        .skip(1)
        .filter_map(|meta| meta.split('>').next())
        .find_map(|meta| {
            let rest = meta.split("charset").nth(1)?.trim_start();
            rest.strip_prefix('=').and_then(label)
        })
}

/// The encoding that stands after a sign of equality, in quotes or bare.
fn label(text: &str) -> Option<Encoding> {
    let bare = text.trim_start().trim_start_matches(['"', '\'']);
    let end = bare.find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ';' | '/' | '>'));
    Encoding::for_label(bare.get(..end.unwrap_or(bare.len()))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_are_read_as_they_are_written() {
        let name = |text: &str| declared(text.as_bytes()).map(Encoding::name);
        assert_eq!(
            name("<?xml version=\"1.0\" encoding = 'koi8-r' ?>"),
            Some("KOI8-R")
        );
        assert_eq!(
            name("<META http-equiv=Content-Type content='text/html; charset=Shift_JIS'>"),
            Some("Shift_JIS")
        );
        assert_eq!(
            name("<head>\n<meta charset=\"latin1\" />"),
            Some("windows-1252")
        );
        assert_eq!(name("<?xml version='1.0'?><a encoding='koi8-r'/>"), None);
        assert_eq!(name("The charset=koi8-r is old."), None);
    }
}
