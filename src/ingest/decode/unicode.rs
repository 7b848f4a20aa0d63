//! UTF-16 and UTF-32, with and without a byte order mark, and UTF-8 with flaws.

use super::{Encoding, Scheme};

/// The encoding that a byte order mark names, and the mark's length.
pub(super) fn mark(bytes: &[u8]) -> Option<(Encoding, usize)> {
    // UTF-32's little-endian mark begins as UTF-16's does, so that it has to be asked for first.
    let marks: [(&[u8], Scheme); 5] = [
        (b"\xff\xfe\0\0", Scheme::Utf32 { big_endian: false }),
        (b"\0\0\xfe\xff", Scheme::Utf32 { big_endian: true }),
        (super::UTF8_MARK, Scheme::Web(encoding_rs::UTF_8)),
        (b"\xff\xfe", Scheme::Web(encoding_rs::UTF_16LE)),
        (b"\xfe\xff", Scheme::Web(encoding_rs::UTF_16BE)),
    ];
    marks
        .into_iter()
        .find(|(mark, _)| bytes.starts_with(mark))
        .map(|(mark, scheme)| (Encoding(scheme), mark.len()))
}

/// The units of a Unicode text without a mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Width {
    Two { big_endian: bool },
    Four { big_endian: bool },
}

impl Width {
    /// Recognises units of two and four bytes by where their zero bytes stand: text in any script has spaces and line
    /// ends, whose upper bytes are zero, and never a zero where a lower byte stands.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        // How much is looked at: some lines, a multiple of four.
        const SAMPLE: usize = 4096;
        let sample = bytes.get(..bytes.len().min(SAMPLE)).unwrap_or(bytes);
        let sample = sample
            .get(..sample.len() / 4 * 4)
            .filter(|sample| !sample.is_empty());
        let sample = match sample {
            Some(sample) => sample,
            None => bytes.get(..bytes.len() / 2 * 2)?,
        };
        let mut zeros = [0usize; 4];
        for (at, byte) in sample.iter().enumerate() {
            zeros[at % 4] += usize::from(*byte == 0);
        }
        let units = sample.len() / 4;
        // UTF-32 has nothing but zero in its highest byte, and beyond the basic plane alone anything else in the next.
        if units > 0 && zeros[3] == units && zeros[0] == 0 && 2 * zeros[2] > units {
            return Some(Self::Four { big_endian: false });
        }
        if units > 0 && zeros[0] == units && zeros[3] == 0 && 2 * zeros[1] > units {
            return Some(Self::Four { big_endian: true });
        }
        let (even, odd) = (zeros[0] + zeros[2], zeros[1] + zeros[3]);
        // One unit in twenty: the spaces of a text in a script whose letters have no zero byte.
        let enough = (sample.len() / 2 / 20).max(1);
        let decides = |upper: usize, lower: usize| upper > enough && lower * 10 <= upper;
        if bytes.len().is_multiple_of(2) && decides(odd, even) {
            return Some(Self::Two { big_endian: false });
        }
        (bytes.len().is_multiple_of(2) && decides(even, odd))
            .then_some(Self::Two { big_endian: true })
    }

    pub(super) const fn encoding(self) -> Encoding {
        Encoding(match self {
            Self::Two { big_endian: false } => Scheme::Web(encoding_rs::UTF_16LE),
            Self::Two { big_endian: true } => Scheme::Web(encoding_rs::UTF_16BE),
            Self::Four { big_endian } => Scheme::Utf32 { big_endian },
        })
    }
}

pub(super) fn decode_utf_32(bytes: &[u8], big_endian: bool) -> String {
    let (units, rest) = bytes.as_chunks::<4>();
    let mut text = String::with_capacity(units.len());
    for unit in units {
        let code = match big_endian {
            true => u32::from_be_bytes(*unit),
            false => u32::from_le_bytes(*unit),
        };
        text.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    if !rest.is_empty() {
        text.push(char::REPLACEMENT_CHARACTER);
    }
    text
}

/// Whether bytes that are no valid UTF-8 are UTF-8 all the same, with some bytes lost or broken: for each place that is
/// wrong there are many characters of several bytes that are right, which no other encoding makes by chance.
pub(super) fn is_damaged_utf_8(bytes: &[u8]) -> bool {
    let (mut right, mut wrong) = (0usize, 0usize);
    for chunk in bytes.utf8_chunks() {
        right += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        wrong += usize::from(!chunk.invalid().is_empty());
    }
    right > 10 * wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf_16(text: &str, big_endian: bool) -> Vec<u8> {
        text.encode_utf16()
            .flat_map(|unit| {
                if big_endian {
                    unit.to_be_bytes()
                } else {
                    unit.to_le_bytes()
                }
            })
            .collect()
    }

    #[test]
    fn units_are_recognised_without_a_mark() {
        for text in ["Gulls over the harbour.", "Чайки над гаванью, и море."] {
            for big_endian in [false, true] {
                assert_eq!(
                    Width::of(&utf_16(text, big_endian)),
                    Some(Width::Two { big_endian }),
                    "{text}"
                );
                let wide: Vec<u8> = text
                    .chars()
                    .flat_map(|c| {
                        if big_endian {
                            (c as u32).to_be_bytes()
                        } else {
                            (c as u32).to_le_bytes()
                        }
                    })
                    .collect();
                assert_eq!(Width::of(&wide), Some(Width::Four { big_endian }), "{text}");
                assert_eq!(decode_utf_32(&wide, big_endian), text);
            }
            assert_eq!(Width::of(text.as_bytes()), None);
        }
        assert_eq!(
            Width::of(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\x3e\0"),
            None
        );
    }
}
