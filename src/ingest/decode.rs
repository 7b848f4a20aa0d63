//! Bytes to text: UTF-8 with or without a byte order mark, UTF-16 with one, and a clear word on the rest.

use std::borrow::Cow;

use super::error::ReadError;

/// How the bytes of a source stand for text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Encoding {
    /// UTF-8, whether or not a byte order mark stands before it.
    Utf8,
    /// UTF-16 with a little-endian byte order mark.
    Utf16Le,
    /// UTF-16 with a big-endian byte order mark.
    Utf16Be,
}

/// The text of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded<'a> {
    /// The text without its byte order mark.
    pub text: Cow<'a, str>,
    /// What a place in `text` has to be moved by to become a place in what spans refer to: the length of the
    /// byte order mark in UTF-8, where spans count the bytes of the source, and 0 in UTF-16, where they count
    /// the bytes of the decoded text.
    pub offset: usize,
    /// The encoding that was found.
    pub encoding: Encoding,
}

const UTF8_MARK: &[u8] = b"\xef\xbb\xbf";

/// Decodes a source.
///
/// ```
/// use topoi::ingest::decode;
///
/// let decoded = decode(b"\xef\xbb\xbfGulls")?;
/// assert_eq!((&*decoded.text, decoded.offset), ("Gulls", 3));
/// # Ok::<(), topoi::ingest::ReadError>(())
/// ```
///
/// # Errors
///
/// [`ReadError::Empty`], [`ReadError::Binary`], [`ReadError::NotUtf8`], [`ReadError::DamagedUtf16`], and
/// [`ReadError::OtherEncoding`] for UTF-32 and for the ISO 2022 family, whose bytes are all ASCII and would
/// otherwise pass for text.
pub fn decode(bytes: &[u8]) -> Result<Decoded<'_>, ReadError> {
    if bytes.starts_with(b"\xff\xfe\0\0") || bytes.starts_with(b"\0\0\xfe\xff") {
        return Err(ReadError::OtherEncoding { encoding: "UTF-32" });
    }
    if let Some(units) = bytes.strip_prefix(b"\xff\xfe") {
        return decode_utf16(units, Encoding::Utf16Le, u16::from_le_bytes);
    }
    if let Some(units) = bytes.strip_prefix(b"\xfe\xff") {
        return decode_utf16(units, Encoding::Utf16Be, u16::from_be_bytes);
    }
    let content = bytes.strip_prefix(UTF8_MARK).unwrap_or(bytes);
    let offset = bytes.len() - content.len();
    if let Some(nul) = content.iter().position(|&byte| byte == 0) {
        return Err(ReadError::Binary {
            offset: offset + nul,
        });
    }
    let text = std::str::from_utf8(content).map_err(|error| {
        let wrong = error.valid_up_to();
        ReadError::NotUtf8 {
            offset: offset + wrong,
            byte: content.get(wrong).copied().unwrap_or(0),
        }
    })?;
    if is_iso_2022(text) {
        return Err(ReadError::OtherEncoding {
            encoding: "an ISO 2022 encoding",
        });
    }
    if text.trim().is_empty() {
        return Err(ReadError::Empty);
    }
    Ok(Decoded {
        text: Cow::Borrowed(text),
        offset,
        encoding: Encoding::Utf8,
    })
}

fn decode_utf16(
    units: &[u8],
    encoding: Encoding,
    unit: fn([u8; 2]) -> u16,
) -> Result<Decoded<'_>, ReadError> {
    let (pairs, rest) = units.as_chunks::<2>();
    let mut text = String::with_capacity(units.len() / 2);
    let mut at = 0;
    for decoded in char::decode_utf16(pairs.iter().map(|&pair| unit(pair))) {
        match decoded {
            Ok('\0') => return Err(ReadError::Binary { offset: text.len() }),
            Ok(char) => {
                at += 2 * char.len_utf16();
                text.push(char);
            }
            Err(_) => return Err(ReadError::DamagedUtf16 { offset: 2 + at }),
        }
    }
    if !rest.is_empty() {
        return Err(ReadError::DamagedUtf16 { offset: 2 + at });
    }
    if text.trim().is_empty() {
        return Err(ReadError::Empty);
    }
    Ok(Decoded {
        text: Cow::Owned(text),
        offset: 0,
        encoding,
    })
}

/// Whether the text switches character sets with the escape sequences of ISO-2022-JP, -KR or -CN.
fn is_iso_2022(text: &str) -> bool {
    ["\x1b$B", "\x1b$@", "\x1b$)", "\x1b$A", "\x1b$("]
        .iter()
        .any(|switch| text.contains(switch))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf_16_is_read_in_both_byte_orders() {
        for (bytes, encoding) in [
            (&b"\xff\xfeH\0\xe9\0"[..], Encoding::Utf16Le),
            (&b"\xfe\xff\0H\0\xe9"[..], Encoding::Utf16Be),
        ] {
            let decoded = decode(bytes).unwrap();
            assert_eq!(
                (decoded.text.as_ref(), decoded.offset, decoded.encoding),
                ("Hé", 0, encoding)
            );
        }
    }

    #[test]
    fn each_kind_of_bad_input_has_its_own_reason() {
        let reason = |bytes: &[u8]| decode(bytes).unwrap_err().to_string();
        assert_eq!(reason(b""), "holds no text");
        assert_eq!(reason(b"\xef\xbb\xbf \r\n"), "holds no text");
        assert_eq!(
            reason(b"ab\0c"),
            "holds a NUL byte at offset 2, so it is not text"
        );
        assert!(
            reason(b"caf\xe9 au lait")
                .starts_with("is not UTF-8 (byte 0xe9 at offset 3): convert it")
        );
        assert!(reason(b"\xff\xfea\0b").starts_with("starts as UTF-16 but is damaged at offset 4"));
        assert!(
            reason(b"\xff\xfe\x00\xd8a\0")
                .starts_with("starts as UTF-16 but is damaged at offset 2")
        );
        assert!(reason(b"\xff\xfe\0\0a\0\0\0").starts_with("is in UTF-32"));
        assert!(reason(b"\x1b$B%F\x1b(B").starts_with("is in an ISO 2022 encoding"));
    }
}
