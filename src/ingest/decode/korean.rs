//! Korean beyond EUC-KR: Johab, and the shifted encodings of mail (ISO-2022).

use super::{Encoding, Scheme};

/// The encoding of a text that is valid UTF-8 but switches character sets by escape sequences, as mail once did: all of
/// its bytes are ASCII, and it would otherwise pass for text.
pub(super) fn iso_2022(text: &str) -> Option<Encoding> {
    if !text.contains('\x1b') {
        return None;
    }
    let any = |switches: &[&str]| switches.iter().any(|switch| text.contains(switch));
    if any(&["\x1b$)C"]) {
        Some(Encoding(Scheme::Iso2022Kr))
    } else if any(&["\x1b$B", "\x1b$@", "\x1b(J", "\x1b(I"]) {
        Some(Encoding(Scheme::Web(encoding_rs::ISO_2022_JP)))
    } else {
        None
    }
}

/// ISO-2022-KR (RFC 1557): between SO and SI each pair of bytes is a character of KS X 1001, which in EUC-KR has its
/// high bits set.
pub(super) fn decode_iso_2022_kr(bytes: &[u8]) -> String {
    const SHIFT_OUT: u8 = 0x0e;
    const SHIFT_IN: u8 = 0x0f;
    let mut euc = Vec::with_capacity(bytes.len());
    let mut shifted = false;
    let mut rest = bytes;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            SHIFT_OUT => shifted = true,
            SHIFT_IN => shifted = false,
            0x1b if after.starts_with(b"$)C") => rest = after.get(3..).unwrap_or_default(),
            // A line begins unshifted.
            b'\n' => {
                shifted = false;
                euc.push(byte);
            }
            0x21..=0x7e if shifted => euc.push(byte | 0x80),
            _ => euc.push(byte),
        }
    }
    encoding_rs::EUC_KR
        .decode_without_bom_handling(&euc)
        .0
        .into_owned()
}

/// The twenty syllables that make up a third of Korean text.
const FREQUENT: &str = "이다는에의을가하고은를지로한사기도서어리";

/// The share of frequent syllables from which on a text is Korean. Texts have .25 to .35, noise that decodes by chance .01.
const PLAUSIBLE: f32 = 0.15;

/// Decides between a guess and Johab, the only one of these encodings that no guess gives.
pub(super) fn decide(bytes: &[u8], guessed: Encoding) -> Encoding {
    const SAMPLE: usize = 16_384;
    const FEWEST: usize = 20;
    let sample = bytes.get(..bytes.len().min(SAMPLE)).unwrap_or(bytes);
    let text = decode_johab(sample);
    let beyond = || text.chars().filter(|c| !c.is_ascii());
    let count = beyond().count();
    let wrong = beyond()
        .filter(|&c| c == char::REPLACEMENT_CHARACTER)
        .count();
    let frequent = beyond().filter(|&c| FREQUENT.contains(c)).count();
    #[expect(clippy::cast_precision_loss, reason = "at most 16,384")]
    let share = frequent as f32 / count.max(1) as f32;
    if count >= FEWEST && wrong * 20 <= count && share >= PLAUSIBLE {
        Encoding(Scheme::Johab)
    } else {
        guessed
    }
}

/// Johab (KS X 1001, annex 3): a Hangul syllable is three numbers of five bits, all else a place in KS X 1001's table.
pub(super) fn decode_johab(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    let mut bytes = bytes.iter().copied();
    while let Some(lead) = bytes.next() {
        if lead < 0x80 {
            text.push(char::from(lead));
            continue;
        }
        let trail = bytes.next().unwrap_or(0);
        let decoded = hangul(lead, trail).or_else(|| symbol(lead, trail));
        text.push(decoded.unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    text
}

const INITIALS: &str = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ";
const FINALS: &str = "ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ";

/// A Hangul syllable, or a letter alone.
fn hangul(lead: u8, trail: u8) -> Option<char> {
    let code = u32::from(lead) << 8 | u32::from(trail);
    let initial = (code >> 10 & 31)
        .checked_sub(2)
        .filter(|initial| *initial < 19);
    let medial = match code >> 5 & 31 {
        medial @ 3..=7 => Some(medial - 3),
        medial @ 10..=15 => Some(medial - 5),
        medial @ 18..=23 => Some(medial - 7),
        medial @ 26..=29 => Some(medial - 9),
        2 => None,
        _ => return None,
    };
    let last = match code & 31 {
        1 => 0,
        last @ 2..=17 => last - 1,
        last @ 19..=29 => last - 2,
        _ => return None,
    };
    if initial.is_none() && (code >> 10 & 31) != 1 {
        return None;
    }
    let letter = |letters: &str, at: u32| letters.chars().nth(at as usize);
    match (initial, medial, last) {
        (Some(initial), Some(medial), last) => {
            char::from_u32(0xac00 + (initial * 21 + medial) * 28 + last)
        }
        (Some(initial), None, 0) => letter(INITIALS, initial),
        (None, Some(medial), 0) => char::from_u32(0x314f + medial),
        (None, None, last) => letter(FINALS, last.checked_sub(1)?),
        _ => None,
    }
}

/// A symbol or a Chinese character: two rows of KS X 1001 to a lead byte.
fn symbol(lead: u8, trail: u8) -> Option<char> {
    let first_row = match lead {
        0xd9..=0xde => (lead - 0xd9) * 2,
        0xe0..=0xf9 => 41 + (lead - 0xe0) * 2,
        _ => return None,
    };
    let place = match trail {
        0x31..=0x7e => trail - 0x31,
        0x91..=0xfe => trail - 0x43,
        _ => return None,
    };
    let euc = [0xa1 + first_row + place / 94, 0xa1 + place % 94];
    let (text, _) = encoding_rs::EUC_KR.decode_without_bom_handling(&euc);
    text.chars()
        .next()
        .filter(|&c| c != char::REPLACEMENT_CHARACTER)
}

#[cfg(test)]
mod tests {
    use super::super::decode;
    use super::*;

    #[test]
    fn a_johab_syllable_is_three_numbers() {
        // 한글, then the full-width exclamation mark, which stands in row 3 of KS X 1001.
        assert_eq!(
            decode_johab(b"\xd0\x65\x8b\x69 \xda\x31\xff"),
            "한글 ！\u{fffd}"
        );
    }

    #[test]
    fn shifted_korean_and_japanese_are_recognised() {
        let decoded = decode(b"\x1b$)C\x0eGQ1[\x0f, HANGUL\n", None).unwrap();
        assert_eq!(
            (&*decoded.text, decoded.encoding.name()),
            ("한글, HANGUL\n", "ISO-2022-KR")
        );
        let decoded = decode(b"\x1b$B9A\x1b(B!", None).unwrap();
        assert_eq!(
            (&*decoded.text, decoded.encoding.name()),
            ("港!", "ISO-2022-JP")
        );
        assert_eq!(
            decode(b"\x1b[1mbold\x1b[0m", None).unwrap().encoding,
            Encoding::UTF_8
        );
    }
}
