//! The readers of e-mail.

mod body;
mod detect;
mod mailbox;

use mail_parser::{Encoding, Message, MessageParser, MessagePart, MimeHeaders, PartType};

use super::entries::Members;
use super::error::ReadError;
use super::fold::fold;
use super::format::Format;
use super::language::language_code;
use super::source::{Extracted, Hints, Reader, Source};
use crate::article::{Article, Date, Metadata};

pub(super) use detect::{starts_mail, starts_mailbox};

const WHAT: &str = "an e-mail";

/// How many lines that may part a message's parts it holds at most: each part costs some 500 bytes.
const BOUNDARIES: usize = 100_000;

/// How many lines that may be fields of a header it holds at most: each field costs some 120 bytes.
const FIELDS: usize = 1_000_000;

/// How long the names of fields are that are counted, colon included.
const FIELD_NAME: usize = 40;

/// How many messages are attached, one to another, at most. Each is taken apart within the one around it.
const NESTED: usize = 100;

/// Reads an e-mail (RFC 5322 and MIME).
///
/// Its plain text is read, or its HTML where there is no plain text or only a stub that points to it. What the mail
/// answers to (lines after `>`, with the line that says who wrote them) is [`Kind::Comment`], a signature after `-- `
/// [`Kind::Biography`]: neither is searched, and nothing is lost where somebody writes like that. Attachments whose
/// names promise a format, and attached messages, are read as sources of their own.
///
/// [`Kind::Comment`]: crate::article::Kind::Comment
/// [`Kind::Biography`]: crate::article::Kind::Biography
pub(super) struct Mail;

impl Reader for Mail {
    fn read(&self, source: &Source<'_>) -> Result<Extracted, ReadError> {
        read_message(source, source.bytes()).map(|(_, extracted)| extracted)
    }
}

/// Reads a mailbox (`mbox`, its variants included): each message as an e-mail, under its `Message-ID`.
pub(super) struct Mailbox;

impl Reader for Mailbox {
    fn read(&self, source: &Source<'_>) -> Result<Extracted, ReadError> {
        let mut members = Members::default();
        for (at, message) in mailbox::messages(source.bytes()).enumerate() {
            if members.are_full() {
                break;
            }
            let number = at + 1;
            let (name, read) = match read_message(source, &message) {
                Ok((id, member)) => (id.unwrap_or_else(|| number.to_string()), Ok(member)),
                Err(error) => (format!("message {number}"), Err(error)),
            };
            members.add(&name, read, source.budget())?;
        }
        members.finish("a mailbox")
    }
}

/// Reads a message and what is attached to it; beside them its id.
fn read_message(
    source: &Source<'_>,
    bytes: &[u8],
) -> Result<(Option<String>, Extracted), ReadError> {
    let damaged = |reason: &str| ReadError::Damaged {
        what: WHAT,
        reason: reason.to_owned(),
    };
    if count(bytes, b"\n--") > BOUNDARIES {
        return Err(damaged(&format!("it has more than {BOUNDARIES} parts")));
    }
    if count(bytes, b"message/rfc822") + count(bytes, b"message/global") > NESTED {
        return Err(damaged(&format!(
            "more than {NESTED} messages are attached to it"
        )));
    }
    let fields = bytes
        .split(|&byte| byte == b'\n')
        .filter(|line| line.iter().take(FIELD_NAME).any(|&byte| byte == b':'))
        .count();
    if fields > FIELDS {
        return Err(damaged(&format!(
            "its header has more than {FIELDS} fields"
        )));
    }
    let message = MessageParser::default()
        .parse(bytes)
        .ok_or_else(|| damaged("it has no header"))?;
    let mut extracted = Extracted::default();
    let paragraphs = body::paragraphs(&message);
    if !paragraphs.is_empty() {
        extracted.articles.push(Article {
            entry: None,
            metadata: metadata(&message),
            paragraphs,
        });
    }
    read_attachments(source, &message, bytes, &mut extracted);
    if extracted.articles.is_empty() {
        return Err(match is_encrypted(&message) {
            true => ReadError::Encrypted { what: WHAT },
            false => ReadError::Empty,
        });
    }
    let id = message.message_id().map(fold).filter(|id| !id.is_empty());
    Ok((id, extracted))
}

/// How often a word stands in bytes, in whatever case.
fn count(bytes: &[u8], word: &[u8]) -> usize {
    bytes
        .windows(word.len())
        .filter(|window| window.eq_ignore_ascii_case(word))
        .count()
}

fn is_encrypted(message: &Message<'_>) -> bool {
    message.parts.iter().any(|part| {
        part.is_content_type("multipart", "encrypted")
            || part.is_content_type("application", "pkcs7-mime")
            || part.is_content_type("application", "x-pkcs7-mime")
    })
}

/// Reads the attachments that may be articles, each under its name.
fn read_attachments(
    source: &Source<'_>,
    message: &Message<'_>,
    bytes: &[u8],
    extracted: &mut Extracted,
) {
    let mut members = Members::default();
    for part in message.attachments() {
        if let Some((name, hints, content)) = attachment(part, bytes) {
            members.add_what_is_read(&name, source.read_member(content, &hints));
        }
    }
    members.append_to(extracted);
}

/// The name of an attachment, what is known of it and what is in it; `None` where it can be no article.
fn attachment<'a>(part: &'a MessagePart<'_>, bytes: &'a [u8]) -> Option<(String, Hints, &'a [u8])> {
    if let PartType::Message(inner) = &part.body {
        let content = match part.encoding {
            Encoding::None => {
                let start = usize::try_from(part.offset_body).ok()?;
                bytes.get(start..usize::try_from(part.offset_end).ok()?)?
            }
            _ => &inner.raw_message,
        };
        let name = part.attachment_name().or_else(|| inner.subject());
        let hints = Hints {
            format: Some(Format::Mail),
            ..Hints::default()
        };
        return Some((fold(name.unwrap_or("message")), hints, content));
    }
    let name = fold(part.attachment_name()?);
    Format::from_path(name.as_ref())?;
    let hints = Hints {
        path: Some(name.clone().into()),
        ..Hints::default()
    };
    Some((name, hints, part.contents()))
}

/// What the header says.
fn metadata(message: &Message<'_>) -> Metadata {
    let sender = message.from().and_then(|from| from.first());
    let name = sender.and_then(|sender| sender.name().or_else(|| sender.address()));
    let some = |text: String| (!text.is_empty()).then_some(text);
    let date = message
        .date()
        .and_then(|date| Date::new(date.year, Some(date.month), Some(date.day)));
    let language = message.header_raw("Content-Language");
    let archived = message.header_raw("Archived-At").map(fold);
    Metadata {
        title: message.subject().map(fold).and_then(some),
        author: name.map(fold).and_then(some),
        date,
        source: list(message).or_else(|| {
            // A sender of many mails stands for a publication; that of a single one is only their author.
            message.header_raw("List-Unsubscribe")?;
            let (_, domain) = sender?.address()?.rsplit_once('@')?;
            some(fold(domain))
        }),
        language: language.and_then(|language| language_code(language.split(',').next()?.trim())),
        address: archived
            .map(|address| address.trim_matches(['<', '>']).to_owned())
            .filter(|address| address.starts_with("http")),
    }
}

/// The name of the list that a mail came by, from `List-Id: Name <id>`.
fn list(message: &Message<'_>) -> Option<String> {
    let field = fold(message.header_raw("List-Id")?);
    let (name, id) = field.split_once('<').unwrap_or(("", &field));
    let name = name.trim().trim_matches('"').trim();
    // A name that is encoded stays so in the raw field; the id says it in ASCII.
    let name = match name.is_empty() || name.contains("=?") {
        true => id.trim_end_matches('>').trim(),
        false => name,
    };
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests;
