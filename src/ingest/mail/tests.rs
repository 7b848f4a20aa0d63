//! Tests of reading e-mail, small ones written for the purpose.

use super::super::source::{Reading, read_source};
use super::*;
use crate::article::Kind;

fn read(text: &str) -> Result<Reading, ReadError> {
    read_source(text.as_bytes(), &Hints::default())
}

fn texts(article: &Article) -> Vec<&str> {
    article.paragraphs.iter().map(|p| p.text.as_str()).collect()
}

const HEADER: &str = "Message-ID: <1@example.org>\r\nFrom: Ada Marsh <ada@example.org>\r\nTo: ben@example.org\r\n\
                      Date: Thu, 14 May 2020 23:30:00 -0700\r\nMIME-Version: 1.0\r\n";

const LONG: &str = "A port is not a monument, and a city that treats it as one will soon have neither ships nor visitors, \
                    but only a wall with a view of the mud, as every harbour master has said.";

#[test]
fn the_header_becomes_metadata() {
    let mail = format!(
        "{HEADER}Subject: =?utf-8?q?Mud_and_gr=C3=BC=C3=9Fe?=\r\nList-Id: \"The Harbour Letter\" <letter.example.org>\r\n\
         Content-Language: en-GB\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\
         Content-Transfer-Encoding: quoted-printable\r\n\r\nCaf=E9 by the =\r\nsea.\r\n"
    );
    let reading = read(&mail).unwrap();
    assert_eq!(reading.format, Format::Mail);
    let article = &reading.articles[0];
    assert_eq!(article.metadata.title.as_deref(), Some("Mud and grüße"));
    assert_eq!(article.metadata.author.as_deref(), Some("Ada Marsh"));
    assert_eq!(article.metadata.date.unwrap().to_string(), "2020-05-14");
    assert_eq!(article.metadata.source.as_deref(), Some("The Harbour Letter"));
    assert_eq!(article.metadata.language.as_deref(), Some("en"));
    assert_eq!(texts(article), ["Café by the sea."]);
}

fn alternatives(plain: &str, html: &str) -> String {
    format!(
        "{HEADER}Content-Type: multipart/alternative; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\n{plain}\r\n\
         --x\r\nContent-Type: text/html\r\n\r\n<html><body>{html}</body></html>\r\n--x--\r\n"
    )
}

#[test]
fn html_is_read_where_the_plain_text_is_a_stub() {
    let html = format!("<p>{LONG}</p><p>{LONG}</p>");
    let stub = read(&alternatives("View this mail in your browser.", &html)).unwrap();
    assert_eq!(texts(&stub.articles[0]), [LONG, LONG]);
    let whole = read(&alternatives(&format!("{LONG}\r\n\r\nPlain."), &html)).unwrap();
    assert_eq!(texts(&whole.articles[0]), [LONG, "Plain."]);
    let only = read(&format!("{HEADER}Content-Type: text/html\r\n\r\n<p>Mud.</p>")).unwrap();
    assert_eq!(texts(&only.articles[0]), ["Mud."]);
}

#[test]
fn attachments_that_are_documents_are_read_under_their_names() {
    let part = |name: &str, content: &str| {
        format!(
            "--x\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=\"{name}\"\r\n\r\n{content}\r\n"
        )
    };
    let mail = format!(
        "{HEADER}Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\nSee below.\r\n{}{}{}\
         --x\r\nContent-Type: message/rfc822\r\n\r\nSubject: Inner\r\nFrom: Ben <b@example.org>\r\n\r\nOf silt.\r\n--x--\r\n",
        part("mud.md", "# Mud\r\n\r\nIt silts."),
        part("mud.png", "x"),
        part("void.txt", " ")
    );
    let reading = read(&mail).unwrap();
    let found: Vec<(Option<&str>, &str)> = reading
        .articles
        .iter()
        .map(|article| (article.entry.as_deref(), article.paragraphs.last().unwrap().text.as_str()))
        .collect();
    assert_eq!(
        found,
        [(None, "See below."), (Some("mud.md"), "It silts."), (Some("Inner"), "Of silt.")]
    );
    assert_eq!(reading.left_out, 1);
}

#[test]
fn each_message_of_a_mailbox_is_an_article() {
    let from = "From ada@example.org Thu May 14 10:00:00 2020\n";
    let header = HEADER.replace('\r', "");
    let mailbox = format!(
        "{from}{header}Subject: One\n\nIt silts.\n>From here.\n\n{from}{header}Subject: Two\n\nIt stinks.\n\n{from}Subject: None\n\n\n"
    );
    let reading = read(&mailbox).unwrap();
    assert_eq!(reading.format, Format::Mailbox);
    let found: Vec<(Option<&str>, &str)> = reading
        .articles
        .iter()
        .map(|article| (article.entry.as_deref(), article.paragraphs.last().unwrap().text.as_str()))
        .collect();
    assert_eq!(
        found,
        [(Some("1@example.org"), "From here."), (Some("1@example.org:2"), "It stinks.")]
    );
    assert_eq!(reading.left_out, 1);
    assert_eq!(reading.warnings[0].to_string(), "`message 3` was left out: it holds no text");
}

#[test]
fn what_can_not_be_read_is_said() {
    let encrypted = format!(
        "{HEADER}Content-Type: multipart/encrypted; boundary=x\r\n\r\n--x\r\nContent-Type: application/octet-stream\r\n\r\nx\r\n--x--\r\n"
    );
    assert_eq!(read(&encrypted).unwrap_err(), ReadError::Encrypted { what: WHAT });
    assert_eq!(read(HEADER).unwrap_err(), ReadError::Empty);
}

#[test]
fn hostile_mail_ends_soon() {
    let multipart = "--x\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n";
    let nested = "--x\r\nContent-Type: message/rfc822\r\n\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n";
    let part = "--x\r\n\r\na\r\n";
    for (unit, times) in [(multipart, 20_000), (nested, 99), (nested, 20_000), (part, 50_000), (part, 200_000), ("Subject: x\r\n ", 100_000)] {
        let mail = format!("{HEADER}Content-Type: multipart/mixed; boundary=x\r\n\r\n{}", unit.repeat(times));
        let _ = read(&mail);
        let _ = read(&format!("{HEADER}{}", unit.repeat(times)));
    }
    let quoted = format!("{HEADER}\r\n{}", (">".repeat(1000) + " a\r\n").repeat(2000));
    assert_eq!(read(&quoted).unwrap().articles[0].paragraphs[0].kind, Kind::Body);
}
