//! What is compressed as a whole, with gzip or Zstandard, and how much is unpacked at most.

use std::cell::Cell;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use flate2::bufread::GzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{FrameDecoder, StreamingDecoder};

use super::error::ReadError;

/// How many bytes are unpacked from one source, all of its members together.
///
/// Text shrinks to a third or a quarter, so that this is more than the 64 MiB of the largest file unpack to, and less
/// than a laptop can spare.
const UNPACKED: u64 = 512 << 20;

/// How many archives are unpacked, one in another.
const DEPTH: u8 = 4;

/// How many members a compressed file has at most, as a web archive has one a record.
///
/// Each costs some microseconds however little is in it; 64 MiB of web pages are some thousands.
const MEMBERS: usize = 1 << 18;

/// How much may still be unpacked from a source. What is packed in it draws on the same budget.
#[derive(Debug, Clone)]
pub(super) struct Budget {
    bytes: Rc<Cell<u64>>,
    depth: u8,
}

impl Budget {
    pub(super) fn new() -> Self {
        Self {
            bytes: Rc::new(Cell::new(UNPACKED)),
            depth: DEPTH,
        }
    }

    /// The budget of something that is packed in the source that this is the budget of.
    pub(super) fn deeper(&self) -> Result<Self, ReadError> {
        let depth = self
            .depth
            .checked_sub(1)
            .ok_or(ReadError::TooDeep { limit: DEPTH })?;
        Ok(Self {
            bytes: Rc::clone(&self.bytes),
            depth,
        })
    }

    /// Whether nothing more may be unpacked.
    pub(super) fn is_spent(&self) -> bool {
        self.bytes.get() == 0
    }

    /// Reads all that a decompressor gives, and no more than is left.
    ///
    /// `what` names what is unpacked, with its article.
    ///
    /// # Errors
    ///
    /// [`ReadError::UnpacksTooLarge`], and [`ReadError::Damaged`] where the decompressor fails.
    pub(super) fn unpack(&self, from: impl Read, what: &'static str) -> Result<Vec<u8>, ReadError> {
        self.unpack_at_most(from, what, UNPACKED)
    }

    /// Reads all that a decompressor gives, and no more than is left or `limit` allows.
    ///
    /// What was read counts even where it ends in an error, so that a thousand members that fail late cost no more
    /// than one that does not.
    ///
    /// # Errors
    ///
    /// As [`Self::unpack`].
    pub(super) fn unpack_at_most(
        &self,
        from: impl Read,
        what: &'static str,
        limit: u64,
    ) -> Result<Vec<u8>, ReadError> {
        let left = self.bytes.get();
        let most = left.min(limit);
        let mut bytes = Vec::new();
        let read = from.take(most.saturating_add(1)).read_to_end(&mut bytes);
        let count = bytes.len() as u64;
        self.bytes.set(left.saturating_sub(count));
        read.map_err(|error| ReadError::Damaged {
            what,
            reason: error.to_string(),
        })?;
        if count > most {
            let limit = if most == limit { limit } else { UNPACKED };
            return Err(ReadError::UnpacksTooLarge { limit });
        }
        Ok(bytes)
    }
}

/// How a source is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compression {
    Gzip,
    Zstandard,
}

impl Compression {
    /// Recognises it by its first bytes.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(b"\x1f\x8b") {
            Some(Self::Gzip)
        } else if bytes.starts_with(b"\x28\xb5\x2f\xfd") || starts_skippable_frame(bytes) {
            Some(Self::Zstandard)
        } else {
            None
        }
    }

    /// Unpacks a source. Several members one after another are one, as `cat a.gz b.gz` makes them; what follows them
    /// and begins none is left alone, as `gzip` does it.
    pub(super) fn unpack(self, bytes: &[u8], budget: &Budget) -> Result<Vec<u8>, ReadError> {
        match self {
            Self::Gzip => budget.unpack(
                Members::new(bytes, |bytes| Ok(GzDecoder::new(bytes))),
                "compressed with gzip",
            ),
            Self::Zstandard => budget.unpack(
                Members::new(bytes, ZstandardFrame::new),
                "compressed with Zstandard",
            ),
        }
    }
}

/// A decompressor of one member of a compressed file.
trait Member<'a>: Read {
    /// What follows the member, once it has been read to its end.
    fn rest(self) -> &'a [u8];
}

impl<'a> Member<'a> for GzDecoder<&'a [u8]> {
    fn rest(self) -> &'a [u8] {
        self.into_inner()
    }
}

/// Reads the members of a compressed file one after another.
struct Members<'a, M> {
    bytes: &'a [u8],
    member: Option<M>,
    open: fn(&'a [u8]) -> io::Result<M>,
    compression: Option<Compression>,
    left: usize,
}

impl<'a, M: Member<'a>> Members<'a, M> {
    fn new(bytes: &'a [u8], open: fn(&'a [u8]) -> io::Result<M>) -> Self {
        Self {
            bytes,
            member: None,
            open,
            compression: Compression::of(bytes),
            left: MEMBERS,
        }
    }
}

impl<'a, M: Member<'a>> Read for Members<'a, M> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if let Some(member) = &mut self.member {
                let count = member.read(buffer).map_err(in_words)?;
                if count > 0 {
                    return Ok(count);
                }
            }
            if let Some(member) = self.member.take() {
                self.bytes = member.rest();
            }
            if self.bytes.is_empty() || Compression::of(self.bytes) != self.compression {
                return Ok(0);
            }
            self.left = self.left.checked_sub(1).ok_or_else(|| {
                io::Error::other(format!("it is packed in more than {MEMBERS} pieces"))
            })?;
            self.member = Some((self.open)(self.bytes).map_err(in_words)?);
        }
    }
}

/// What a decompressor says of a file that ends too soon comes in many words; this is what it means.
fn in_words(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => io::Error::other("it is cut off"),
        _ => error,
    }
}

/// Decompresses one Zstandard frame and compares its checksum, or passes over a frame that holds no content.
enum ZstandardFrame<'a> {
    Content(Box<StreamingDecoder<&'a [u8], FrameDecoder>>),
    Skipped(&'a [u8]),
}

impl<'a> ZstandardFrame<'a> {
    fn new(bytes: &'a [u8]) -> io::Result<Self> {
        match StreamingDecoder::new(bytes) {
            Ok(decoder) => Ok(Self::Content(Box::new(decoder))),
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                length,
                ..
            })) => usize::try_from(length)
                .ok()
                .and_then(|length| bytes.get(SKIPPABLE_HEADER.checked_add(length)?..))
                .map(Self::Skipped)
                .ok_or_else(|| io::ErrorKind::UnexpectedEof.into()),
            Err(FrameDecoderError::WindowSizeTooBig { .. }) => Err(io::Error::other(
                "it was compressed with a window that takes much memory; compress it again without `--long`",
            )),
            Err(error) => Err(of_zstandard(&error)),
        }
    }
}

impl Read for ZstandardFrame<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Self::Content(frame) = self else {
            return Ok(0);
        };
        let count = frame.read(buffer).map_err(|error| of_zstandard(&error))?;
        if count == 0 {
            let said = frame.decoder.get_checksum_from_data();
            if said.is_some() && said != frame.decoder.get_calculated_checksum() {
                return Err(io::Error::other("its checksum is wrong"));
            }
        }
        Ok(count)
    }
}

impl<'a> Member<'a> for ZstandardFrame<'a> {
    fn rest(self) -> &'a [u8] {
        match self {
            Self::Content(frame) => frame.into_inner(),
            Self::Skipped(rest) => rest,
        }
    }
}

/// How long the header of a frame is that is to be skipped: a magic number and a length.
const SKIPPABLE_HEADER: usize = 8;

/// Whether bytes begin with a Zstandard frame that is to be skipped, as parallel compressors put them first.
fn starts_skippable_frame(bytes: &[u8]) -> bool {
    matches!(bytes, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
}

/// An error of the Zstandard decoder; where the end of the file is at its bottom, that is all there is to say.
fn of_zstandard(error: &(dyn std::error::Error + 'static)) -> io::Error {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error
            .downcast_ref::<io::Error>()
            .is_some_and(|error| error.kind() == io::ErrorKind::UnexpectedEof)
        {
            return io::ErrorKind::UnexpectedEof.into();
        }
        cause = error.source();
    }
    io::Error::other(error.to_string())
}

/// A path without the extension of its compression: `a.html.gz` is `a.html`.
pub(super) fn without_extension(path: &Path) -> PathBuf {
    let packed = path.extension().is_some_and(|extension| {
        EXTENSIONS
            .iter()
            .any(|known| extension.eq_ignore_ascii_case(known))
    });
    if packed {
        path.with_extension("")
    } else {
        path.to_owned()
    }
}

/// The extensions of compressed files.
pub(super) const EXTENSIONS: [&str; 4] = ["gz", "gzip", "zst", "zstd"];

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::write::GzEncoder;
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    use super::super::source::{Hints, read_source};
    use super::*;

    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    fn zstandard(content: &[u8]) -> Vec<u8> {
        compress_to_vec(content, CompressionLevel::Fastest)
    }

    fn unpack(bytes: &[u8]) -> Result<Vec<u8>, String> {
        let compression = Compression::of(bytes).unwrap();
        compression
            .unpack(bytes, &Budget::new())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn members_are_joined_and_what_follows_them_is_left_alone() {
        for pack in [gzip, zstandard] {
            let mut bytes = [pack(b"The harbour "), pack(b""), pack(b"can wait.")].concat();
            assert_eq!(unpack(&bytes).unwrap(), b"The harbour can wait.");
            bytes.extend([0; 512]);
            assert_eq!(unpack(&bytes).unwrap(), b"The harbour can wait.");
        }
    }

    #[test]
    fn frames_that_hold_no_content_are_skipped() {
        let skippable = b"\x50\x2a\x4d\x18\x03\0\0\0abc".to_vec();
        let bytes = [skippable.clone(), zstandard(b"x"), skippable].concat();
        assert_eq!(unpack(&bytes).unwrap(), b"x");
        let endless = b"\x50\x2a\x4d\x18\xff\xff\xff\xffabc";
        assert!(unpack(endless).unwrap_err().contains("cut off"));
    }

    #[test]
    fn damage_is_an_error_wherever_it_is() {
        let content: Vec<u8> = (0..20_000u32).flat_map(u32::to_le_bytes).collect();
        for pack in [gzip, zstandard] {
            let bytes = pack(&content);
            let error = unpack(&bytes[..bytes.len() / 2]).unwrap_err();
            assert!(error.contains("cut off"), "{error}");
            for at in (4..bytes.len()).step_by(7) {
                let mut bytes = bytes.clone();
                bytes[at] ^= 0x10;
                if let Ok(unpacked) = unpack(&bytes) {
                    assert!(unpacked == content, "damage at {at} was not found");
                }
            }
        }
    }

    #[test]
    fn what_unpacks_without_end_is_an_error_and_is_paid_for() {
        let zeros = gzip(&vec![0; 1 << 20]);
        let many = zeros.repeat(600);
        let budget = Budget::new();
        let error = Compression::Gzip.unpack(&many, &budget).unwrap_err();
        assert_eq!(error, ReadError::UnpacksTooLarge { limit: UNPACKED });
        assert!(budget.is_spent());
        let pieces = gzip(b"").repeat(MEMBERS + 1);
        assert!(unpack(&pieces).unwrap_err().contains("pieces"));
    }

    #[test]
    fn the_name_without_its_compression_says_the_format() {
        let hints = Hints {
            path: Some("a.md.gz".into()),
            ..Hints::default()
        };
        let reading = read_source(&gzip(b"Only a *line*."), &hints).unwrap();
        assert_eq!(reading.articles[0].paragraphs[0].text, "Only a line.");
        let lines = zstandard(b"{\"text\": \"One.\"}\n{\"text\": \"Two.\"}\n");
        let hints = Hints {
            path: Some("a.jsonl.zst".into()),
            ..Hints::default()
        };
        assert_eq!(read_source(&lines, &hints).unwrap().articles.len(), 2);
    }
}
