//! The readers of e-mail.

use super::error::ReadError;
use super::source::{Extracted, Reader, Source};

/// Reads an e-mail.
pub(super) struct Mail;

impl Reader for Mail {
    fn read(&self, _: &Source<'_>) -> Result<Extracted, ReadError> {
        Err(ReadError::OtherFormat { what: "an e-mail" })
    }
}

/// Reads a mailbox.
pub(super) struct Mailbox;

impl Reader for Mailbox {
    fn read(&self, _: &Source<'_>) -> Result<Extracted, ReadError> {
        Err(ReadError::OtherFormat { what: "a mailbox" })
    }
}

/// Whether bytes begin as a mailbox does: a line `From ADDRESS DATE`, and then a header.
pub(super) fn starts_mailbox(bytes: &[u8]) -> bool {
    bytes.starts_with(b"From ")
        && bytes
            .iter()
            .position(|&byte| byte == b'\n')
            .and_then(|end| bytes.get(end + 1..))
            .is_some_and(|rest| header_names(rest).next().is_some())
}

/// Whether bytes begin with the header of an e-mail: several fields, of which two are such that only e-mails have.
pub(super) fn starts_mail(bytes: &[u8]) -> bool {
    const KNOWN: [&[u8]; 12] = [
        b"from",
        b"to",
        b"subject",
        b"date",
        b"received",
        b"return-path",
        b"message-id",
        b"mime-version",
        b"delivered-to",
        b"content-type",
        b"reply-to",
        b"dkim-signature",
    ];
    const TELLING: [&[u8]; 6] = [
        b"received",
        b"return-path",
        b"message-id",
        b"mime-version",
        b"delivered-to",
        b"dkim-signature",
    ];
    let names: Vec<Vec<u8>> = header_names(bytes)
        .map(<[u8]>::to_ascii_lowercase)
        .collect();
    let count = |known: &[&[u8]]| {
        names
            .iter()
            .filter(|name| known.contains(&name.as_slice()))
            .count()
    };
    count(&KNOWN) >= 3 && count(&TELLING) >= 1
}

/// The names of the fields of the header that bytes begin with, at most the first 40.
fn header_names(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes
        .split(|&byte| byte == b'\n')
        .take(200)
        .take_while(|line| !line.trim_ascii().is_empty())
        .filter(|line| !line.starts_with(b" ") && !line.starts_with(b"\t"))
        .map_while(|line| {
            let colon = line.iter().take(80).position(|&byte| byte == b':')?;
            let name = line.get(..colon)?;
            let valid = !name.is_empty()
                && name
                    .iter()
                    .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-');
            valid.then_some(name)
        })
        .take(40)
}
