//! Answers that may be sent more than once: packed once, for those who can unpack them.

use std::cell::RefCell;
use std::io::{self, Write};
use std::sync::{Arc, OnceLock};

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

/// What is shorter isn't worth packing.
const WORTH_IT: usize = 1 << 10;

/// Bytes of a type.
pub(crate) struct Packed {
    kind: &'static str,
    plain: Bytes,
    gzip: OnceLock<Option<Bytes>>,
}

impl Packed {
    pub(crate) fn new(kind: &'static str, plain: impl Into<Bytes>) -> Self {
        Self {
            kind,
            plain: plain.into(),
            gzip: OnceLock::new(),
        }
    }

    pub(crate) fn json(plain: impl Into<Bytes>) -> Self {
        Self::new("application/json", plain)
    }

    /// How many bytes it takes, unpacked.
    pub(crate) fn len(&self) -> usize {
        self.plain.len()
    }

    fn gzip(&self) -> Option<&Bytes> {
        let pack = || {
            if self.plain.len() < WORTH_IT {
                return None;
            }
            gzip(&self.plain).ok().map(Bytes::from)
        };
        self.gzip.get_or_init(pack).as_ref()
    }
}

thread_local! {
    /// What packs takes 380 kB. Made anew for each answer, and given back among answers that are kept, it left a hole of that
    /// size beside each of them.
    static PACKER: RefCell<DeflateEncoder<Vec<u8>>> =
        RefCell::new(DeflateEncoder::new(Vec::new(), Compression::fast()));
}

/// Packs bytes as one member of gzip (RFC 1952).
fn gzip(plain: &[u8]) -> io::Result<Box<[u8]>> {
    /// Deflate; no name, no time; packed fast, on a system that isn't said.
    const HEAD: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 0xff];
    let mut packed = PACKER.with_borrow_mut(|packer| {
        packer.reset(HEAD.to_vec())?;
        packer.write_all(plain)?;
        packer.reset(Vec::new())
    })?;
    let mut sum = Crc::new();
    sum.update(plain);
    packed.extend(sum.sum().to_le_bytes());
    packed.extend(sum.amount().to_le_bytes());
    Ok(packed.into_boxed_slice())
}

/// An answer that is packed on the way out, if whoever asked can unpack it; see [`pack`].
pub(crate) struct Packable(pub(crate) Arc<Packed>);

impl IntoResponse for Packable {
    fn into_response(self) -> Response {
        let Self(packed) = self;
        let mut response = Response::new(Body::from(packed.plain.clone()));
        let kind = HeaderValue::from_static(packed.kind);
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response.extensions_mut().insert(packed);
        response
    }
}

/// Packs an answer, if it can be packed and whoever asked for it, with these headers, can unpack it.
pub(crate) fn pack(asked: &HeaderMap, mut response: Response) -> Response {
    let Some(packed) = response.extensions_mut().remove::<Arc<Packed>>() else {
        return response;
    };
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("accept-encoding"));
    if response.status() == StatusCode::OK
        && takes_gzip(asked)
        && let Some(gzip) = packed.gzip()
    {
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        headers.remove(header::CONTENT_LENGTH);
        *response.body_mut() = Body::from(gzip.clone());
    }
    response
}

/// Whether `Accept-Encoding` names gzip, and not to say that it isn't wanted.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT_ENCODING).iter();
    values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|coding| {
            let mut parts = coding.split(';').map(str::trim);
            let is_gzip = parts
                .next()
                .is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
            let quality = parts.find_map(|part| part.strip_prefix("q="));
            is_gzip && quality.is_none_or(|quality| quality.parse().is_ok_and(|q: f32| q > 0.0))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asking(coding: &'static str) -> HeaderMap {
        [(header::ACCEPT_ENCODING, HeaderValue::from_static(coding))]
            .into_iter()
            .collect()
    }

    #[test]
    fn gzip_is_sent_to_those_who_ask_for_it() {
        for (coding, is_taken) in [
            ("gzip", true),
            ("br, GZIP;q=0.5", true),
            ("gzip;q=0", false),
            ("identity", false),
        ] {
            assert_eq!(takes_gzip(&asking(coding)), is_taken, "{coding}");
        }
    }

    #[test]
    fn what_is_packed_is_the_same_unpacked() {
        for word in ["tariffs ", "rivers "] {
            let text = word.repeat(1000);
            let packed = Packed::json(text.clone());
            let mut decoder = flate2::read::GzDecoder::new(packed.gzip().unwrap().as_ref());
            let mut unpacked = String::new();
            std::io::Read::read_to_string(&mut decoder, &mut unpacked).unwrap();
            assert_eq!(unpacked, text);
        }
        assert!(Packed::json("short").gzip().is_none());
    }
}
