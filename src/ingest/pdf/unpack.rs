//! Unpacking the streams of a PDF, and no more of them than a laptop can spare.

use std::io::{self, Read, Write};

use flate2::read::{DeflateDecoder, ZlibDecoder};
use hayro_font::hayro_syntax::Filter;
use hayro_font::hayro_syntax::object::Stream;

/// How many bytes one stream may unpack to. The pages of books hold a thousandth of it; fonts for Chinese a fifth.
const STREAM: u64 = 64 << 20;

/// How many bytes all streams that are unpacked for one document may unpack to.
const DOCUMENT: u64 = 512 << 20;

/// How much may still be unpacked from a document.
#[derive(Debug)]
pub(super) struct Unpacking {
    left: u64,
}

impl Unpacking {
    pub(super) const fn new() -> Self {
        Self { left: DOCUMENT }
    }

    /// Whether a stream unpacks to no more than may still be unpacked, which it is then counted against.
    ///
    /// The library unpacks without a limit, so that this is asked before.
    pub(super) fn fits(&mut self, stream: &Stream<'_>) -> bool {
        self.measure(&stream.raw_data(), &stream.filters())
            .is_some()
    }

    /// What a stream holds, unless that is too much or broken.
    pub(super) fn unpack(&mut self, stream: &Stream<'_>) -> Option<Vec<u8>> {
        if !self.fits(stream) {
            return None;
        }
        stream.decoded_data().ok().map(|data| data.into_owned())
    }

    /// Counts bytes that were gone through; `None` where that was all that may be, and from then on.
    pub(super) fn spend(&mut self, bytes: u64) -> Option<()> {
        let left = self.left.checked_sub(bytes);
        self.left = left.unwrap_or(0);
        left.map(|_| ())
    }

    /// How many bytes come out of filters, one after another; `None` where they are too many.
    pub(super) fn measure(&mut self, raw: &[u8], filters: &[Filter]) -> Option<u64> {
        self.run(raw, filters, false).map(|(length, _)| length)
    }

    /// What comes out of filters, one after another; `None` where that is too much.
    pub(super) fn contents(&mut self, raw: &[u8], filters: &[Filter]) -> Option<Vec<u8>> {
        let (_, data) = self.run(raw, filters, true)?;
        Some(data.unwrap_or_else(|| raw.to_vec()))
    }

    fn run(
        &mut self,
        raw: &[u8],
        filters: &[Filter],
        keep: bool,
    ) -> Option<(u64, Option<Vec<u8>>)> {
        let limit = STREAM.min(self.left);
        self.spend(raw.len() as u64)?;
        let mut data: Option<Vec<u8>> = None;
        let mut length = raw.len() as u64;
        for (at, filter) in filters.iter().enumerate() {
            let from = data.as_deref().unwrap_or(raw);
            // What comes out last is only counted, unless it is wanted.
            let is_last = at + 1 == filters.len();
            let keep = keep || !is_last;
            let mut out = Counted {
                bytes: keep.then(Vec::new),
                count: 0,
                limit,
            };
            let done = match filter {
                Filter::FlateDecode => inflate(from, &mut out),
                Filter::LzwDecode => lzw(from, &mut out),
                Filter::RunLengthDecode => run_length(from, &mut out),
                Filter::Ascii85Decode => ascii_85(from, &mut out),
                Filter::AsciiHexDecode => out.write_all(from.get(..from.len() / 2)?),
                // Pictures, which are never unpacked.
                _ => break,
            };
            self.spend(out.count)?;
            if out.count > limit || (!is_last && done.is_err()) {
                return None;
            }
            length = out.count;
            if *filter == Filter::AsciiHexDecode {
                out.bytes = keep.then(|| ascii_hex(from));
            }
            data = out.bytes;
        }
        Some((length, data))
    }
}

/// Bytes that are counted, and kept where they are wanted, up to a limit.
struct Counted {
    bytes: Option<Vec<u8>>,
    count: u64,
    limit: u64,
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.count += bytes.len() as u64;
        if self.count > self.limit {
            return Err(io::Error::other("too much"));
        }
        if let Some(kept) = &mut self.bytes {
            kept.extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Deflate with or without the header of zlib. What is damaged further on gives what comes before.
fn inflate(from: &[u8], out: &mut Counted) -> io::Result<()> {
    let has_header = matches!(from, [first, second, ..]
        if first & 0x0f == 8 && (u16::from(*first) << 8 | u16::from(*second)).is_multiple_of(31));
    let copied = match has_header {
        true => copy(ZlibDecoder::new(from), out),
        false => copy(DeflateDecoder::new(from), out),
    };
    match copied {
        Err(_) if out.count <= out.limit => Ok(()),
        other => other,
    }
}

fn copy(mut from: impl Read, out: &mut Counted) -> io::Result<()> {
    io::copy(&mut from, out).map(|_| ())
}

fn lzw(from: &[u8], out: &mut Counted) -> io::Result<()> {
    const CLEAR: u32 = 256;
    const END: u32 = 257;
    const ENTRIES: usize = 4096;
    let mut entries: Vec<(u16, u8)> = Vec::with_capacity(ENTRIES);
    let (mut bits, mut held, mut width) = (0_u32, 0_u32, 9_u32);
    let mut previous: Option<u32> = None;
    let mut word = Vec::new();
    // An entry is the entry before it and one more letter.
    let spell = |entries: &[(u16, u8)], mut code: u32, word: &mut Vec<u8>| {
        word.clear();
        while let Some((prefix, letter)) = (code as usize)
            .checked_sub(258)
            .and_then(|at| entries.get(at))
        {
            word.push(*letter);
            code = u32::from(*prefix);
        }
        word.push(u8::try_from(code).unwrap_or(0));
        word.reverse();
    };
    for byte in from {
        bits = bits << 8 | u32::from(*byte);
        held += 8;
        if held < width {
            continue;
        }
        held -= width;
        let code = bits >> held;
        bits &= (1 << held) - 1;
        match code {
            CLEAR => {
                entries.clear();
                width = 9;
                previous = None;
                continue;
            }
            END => return Ok(()),
            _ => {}
        }
        let known = code < 256 || ((code as usize) < 258 + entries.len());
        match (previous, known) {
            (_, true) => spell(&entries, code, &mut word),
            (Some(previous), false) => {
                spell(&entries, previous, &mut word);
                word.extend(word.first().copied());
            }
            (None, false) => return Ok(()),
        }
        out.write_all(&word)?;
        if let (Some(previous), Some(first)) = (previous, word.first())
            && entries.len() + 258 < ENTRIES
        {
            entries.push((u16::try_from(previous).unwrap_or(0), *first));
        }
        previous = Some(code);
        width = match entries.len() + 258 {
            ..511 => 9,
            511..1023 => 10,
            1023..2047 => 11,
            _ => 12,
        };
    }
    Ok(())
}

fn run_length(from: &[u8], out: &mut Counted) -> io::Result<()> {
    let mut at = 0;
    while let Some(&length) = from.get(at) {
        at += 1;
        match length {
            128 => break,
            0..128 => {
                let end = (at + usize::from(length) + 1).min(from.len());
                out.write_all(from.get(at..end).unwrap_or_default())?;
                at = end;
            }
            _ => {
                let byte = from.get(at).copied().unwrap_or(0);
                out.write_all(&vec![byte; 257 - usize::from(length)])?;
                at += 1;
            }
        }
    }
    Ok(())
}

fn ascii_85(from: &[u8], out: &mut Counted) -> io::Result<()> {
    let (mut group, mut count) = (0_u32, 0_usize);
    for byte in from {
        match byte {
            b'z' if count == 0 => out.write_all(&[0; 4])?,
            b'!'..=b'u' => {
                group = group.wrapping_mul(85).wrapping_add(u32::from(byte - b'!'));
                count += 1;
                if count == 5 {
                    out.write_all(&group.to_be_bytes())?;
                    (group, count) = (0, 0);
                }
            }
            b'~' => break,
            _ => {}
        }
    }
    if count > 1 {
        for _ in count..5 {
            group = group.wrapping_mul(85).wrapping_add(84);
        }
        out.write_all(group.to_be_bytes().get(..count - 1).unwrap_or_default())?;
    }
    Ok(())
}

fn ascii_hex(from: &[u8]) -> Vec<u8> {
    let digits: Vec<u8> = from
        .iter()
        .take_while(|byte| **byte != b'>')
        .filter_map(|byte| char::from(*byte).to_digit(16))
        .filter_map(|digit| u8::try_from(digit).ok())
        .collect();
    digits
        .chunks(2)
        .map(|pair| pair.first().map_or(0, |high| high << 4) | pair.get(1).copied().unwrap_or(0))
        .collect()
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::read::ZlibEncoder;

    use super::*;

    fn length(raw: &[u8], filters: &[Filter]) -> Option<u64> {
        Unpacking::new().measure(raw, filters)
    }

    fn deflated(bytes: &[u8]) -> Vec<u8> {
        let mut packed = Vec::new();
        ZlibEncoder::new(bytes, Compression::best())
            .read_to_end(&mut packed)
            .unwrap();
        packed
    }

    #[test]
    fn what_comes_out_of_each_filter_is_counted() {
        let packed = deflated(&[b'a'; 1000]);
        assert_eq!(length(&packed, &[Filter::FlateDecode]), Some(1000));
        assert_eq!(length(b"4a 4b>", &[Filter::AsciiHexDecode]), Some(3));
        assert_eq!(length(b"87cURDZ~>", &[Filter::Ascii85Decode]), Some(5));
        assert_eq!(
            length(b"\x02abc\xfed\x80", &[Filter::RunLengthDecode]),
            Some(6)
        );
        // The example of the specification: 45 45 45 45 45 65 45 45 45 66 (ISO 32000-1, 7.4.4.2).
        let lzw = b"\x80\x0b\x60\x50\x22\x0c\x0c\x85\x01";
        assert_eq!(length(lzw, &[Filter::LzwDecode]), Some(10));
        assert_eq!(length(b"plain", &[]), Some(5));
    }

    #[test]
    fn too_much_of_one_or_of_all_is_refused() {
        let bomb = deflated(&vec![0; usize::try_from(STREAM).unwrap() + 1]);
        assert_eq!(length(&bomb, &[Filter::FlateDecode]), None);
        let twice = deflated(&bomb);
        assert_eq!(
            length(&twice, &[Filter::FlateDecode, Filter::FlateDecode]),
            None
        );
        let half = deflated(&vec![0; usize::try_from(STREAM / 2).unwrap()]);
        let mut unpacking = Unpacking::new();
        let fits = (0..100).filter(|_| unpacking.measure(&half, &[Filter::FlateDecode]).is_some());
        assert!(fits.count() < 20);
    }
}
