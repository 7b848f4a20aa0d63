//! Answers of web servers, as an archive keeps them.

use std::borrow::Cow;

use flate2::read::{DeflateDecoder, ZlibDecoder};

use super::super::compression::{Budget, Compression};
use super::super::error::ReadError;
use super::record::Header;

/// An answer.
pub(super) struct Response<'a> {
    pub(super) status: u16,
    pub(super) media_type: Option<String>,
    header: Header<'a>,
    body: &'a [u8],
}

impl<'a> Response<'a> {
    /// Reads one; `None` where the bytes are none.
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let (first, header, body) = Header::split(bytes)?;
        let line = std::str::from_utf8(first).ok()?;
        let status = line.strip_prefix("HTTP/")?.split_ascii_whitespace().nth(1)?;
        Some(Self {
            status: status.parse().ok()?,
            media_type: header.get("Content-Type"),
            header,
            body,
        })
    }

    /// What was sent, without how it was sent: in chunks, compressed.
    pub(super) fn body(&self, budget: &Budget) -> Result<Cow<'a, [u8]>, ReadError> {
        const WHAT: &str = "compressed";
        let is_chunked = self
            .header
            .get("Transfer-Encoding")
            .is_some_and(|encoding| encoding.to_ascii_lowercase().contains("chunked"));
        // Many programs join the chunks and leave the field as it was.
        let body = match is_chunked.then(|| unchunked(self.body)).flatten() {
            Some(joined) => Cow::Owned(joined),
            None => Cow::Borrowed(self.body),
        };
        let encoding = self.header.get("Content-Encoding").unwrap_or_default();
        match encoding.to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" | "zstd" => match Compression::of(&body) {
                Some(compression) => compression.unpack(&body, budget).map(Cow::Owned),
                None => Ok(body),
            },
            // The name means zlib's format, and some servers send what is inside it.
            "deflate" => match budget.unpack(ZlibDecoder::new(&*body), WHAT) {
                Ok(bytes) => Ok(Cow::Owned(bytes)),
                Err(error @ ReadError::UnpacksTooLarge { .. }) => Err(error),
                Err(_) => match budget.unpack(DeflateDecoder::new(&*body), WHAT) {
                    Ok(bytes) => Ok(Cow::Owned(bytes)),
                    Err(error @ ReadError::UnpacksTooLarge { .. }) => Err(error),
                    Err(_) => Ok(body),
                },
            },
            "br" => Err(ReadError::OtherFormat {
                what: "compressed with Brotli",
            }),
            _ => Ok(body),
        }
    }
}

/// What was sent in chunks, joined; `None` where it does not begin with a chunk. What follows a broken chunk is lost.
fn unchunked(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut joined = Vec::new();
    let mut rest = bytes;
    let mut is_first = true;
    while !rest.is_empty() {
        let Some((length, after)) = chunk_length(rest) else {
            return (!is_first).then_some(joined);
        };
        is_first = false;
        if length == 0 {
            break;
        }
        let (chunk, after) = after.split_at_checked(length).unwrap_or((after, &[]));
        joined.extend_from_slice(chunk);
        rest = after.strip_prefix(b"\r\n").unwrap_or(after);
    }
    Some(joined)
}

/// The length that a chunk begins with, and what follows it.
fn chunk_length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    // A length in hexadecimal digits and extensions that nobody uses.
    const LINE: usize = 256;
    let within = bytes.get(..LINE.min(bytes.len()))?;
    let end = within.iter().position(|&byte| byte == b'\n')?;
    let line = std::str::from_utf8(bytes.get(..end)?).ok()?;
    let digits = line.split(';').next()?.trim();
    let length = usize::from_str_radix(digits, 16).ok()?;
    Some((length, bytes.get(end + 1..)?))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::*;

    fn body(fields: &str, body: &[u8]) -> Vec<u8> {
        let bytes = [format!("HTTP/1.1 200 OK\r\n{fields}\r\n").as_bytes(), body].concat();
        let response = Response::read(&bytes).unwrap();
        response.body(&Budget::new()).unwrap().into_owned()
    }

    #[test]
    fn chunks_are_joined_where_there_are_any() {
        let fields = "Transfer-Encoding: chunked\r\n";
        assert_eq!(body(fields, b"4;x=y\r\nThe \r\nA\r\nharbour ca\r\n0\r\n\r\n"), b"The harbour ca");
        assert_eq!(body(fields, b"<p>Joined already.</p>"), b"<p>Joined already.</p>");
        assert_eq!(body(fields, b"4\r\nThe \r\nffffffffffffffff\r\ncut"), b"The cut");
    }

    #[test]
    fn bodies_are_unpacked_however_they_were_packed() {
        let level = flate2::Compression::default();
        let mut gzip = GzEncoder::new(Vec::new(), level);
        gzip.write_all(b"mud").unwrap();
        assert_eq!(body("content-encoding: GZIP\r\n", &gzip.finish().unwrap()), b"mud");
        let mut zlib = ZlibEncoder::new(Vec::new(), level);
        zlib.write_all(b"mud").unwrap();
        assert_eq!(body("Content-Encoding: deflate\r\n", &zlib.finish().unwrap()), b"mud");
        let mut bare = DeflateEncoder::new(Vec::new(), level);
        bare.write_all(b"mud").unwrap();
        assert_eq!(body("Content-Encoding: deflate\r\n", &bare.finish().unwrap()), b"mud");
        assert_eq!(body("Content-Encoding: gzip\r\n", b"unpacked already"), b"unpacked already");
    }

    #[test]
    fn what_is_no_answer_is_none() {
        for bytes in [&b""[..], b"HTTP/1.1 200 OK", b"HTTP/1.1\r\n\r\n", b"x y 200\r\n\r\n", b"HTTP/1.1 2\xff0 OK\r\n\r\n"] {
            assert!(Response::read(bytes).is_none());
        }
    }
}
