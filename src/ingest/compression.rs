//! What is compressed as a whole, with gzip or Zstandard, and how much is unpacked at most.

use std::cell::Cell;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use flate2::read::MultiGzDecoder;
use ruzstd::decoding::StreamingDecoder;

use super::error::ReadError;

/// How many bytes are unpacked from one source, all of its members together.
///
/// Text shrinks to a third or a quarter, so that this is more than the 64 MiB of the largest file unpack to, and less
/// than a laptop can spare.
const UNPACKED: u64 = 512 << 20;

/// How many archives are unpacked, one in another.
const DEPTH: u8 = 4;

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

    /// Reads all that a decompressor gives, and no more than is left.
    ///
    /// `what` names what is unpacked, with its article.
    ///
    /// # Errors
    ///
    /// [`ReadError::UnpacksTooLarge`], and [`ReadError::Damaged`] where the decompressor fails.
    pub(super) fn unpack(&self, from: impl Read, what: &'static str) -> Result<Vec<u8>, ReadError> {
        let left = self.bytes.get();
        let mut bytes = Vec::new();
        from.take(left.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(|error| ReadError::Damaged {
                what,
                reason: error.to_string(),
            })?;
        let rest = left
            .checked_sub(bytes.len() as u64)
            .ok_or(ReadError::UnpacksTooLarge { limit: UNPACKED })?;
        self.bytes.set(rest);
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
        } else if bytes.starts_with(b"\x28\xb5\x2f\xfd") {
            Some(Self::Zstandard)
        } else {
            None
        }
    }

    /// Unpacks a source. Several members one after another are one, as `cat a.gz b.gz` makes them.
    pub(super) fn unpack(self, bytes: &[u8], budget: &Budget) -> Result<Vec<u8>, ReadError> {
        match self {
            Self::Gzip => budget.unpack(MultiGzDecoder::new(bytes), "compressed with gzip"),
            Self::Zstandard => budget.unpack(
                ZstandardFrames { bytes, frame: None },
                "compressed with Zstandard",
            ),
        }
    }
}

/// Reads Zstandard frames one after another.
struct ZstandardFrames<'a> {
    bytes: &'a [u8],
    frame: Option<StreamingDecoder<&'a [u8], ruzstd::decoding::FrameDecoder>>,
}

impl Read for ZstandardFrames<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(frame) = &mut self.frame {
                let count = frame.read(buffer)?;
                if count > 0 || buffer.is_empty() {
                    return Ok(count);
                }
                self.bytes = frame.get_ref();
                self.frame = None;
            }
            if self.bytes.is_empty() {
                return Ok(0);
            }
            let frame = StreamingDecoder::new(self.bytes).map_err(io::Error::other)?;
            self.frame = Some(frame);
        }
    }
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
