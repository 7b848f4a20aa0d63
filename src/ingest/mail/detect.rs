//! Whether bytes are e-mail, by how they begin.

/// Whether bytes begin as a mailbox does: a line `From ADDRESS DATE`, and then a header.
pub(in super::super) fn starts_mailbox(bytes: &[u8]) -> bool {
    let mut lines = bytes.splitn(2, |&byte| byte == b'\n');
    match (lines.next(), lines.next()) {
        (Some(first), Some(rest)) => is_separator(first) && header_names(rest).next().is_some(),
        _ => false,
    }
}

/// Whether a line parts the messages of a mailbox: `From ADDRESS DATE`, with a time and a year in its date, which no
/// sentence that begins with "From" has.
pub(super) fn is_separator(line: &[u8]) -> bool {
    // An address, a date and a time zone.
    const LONGEST: usize = 512;
    let Some(rest) = line.strip_prefix(b"From ") else {
        return false;
    };
    if rest.len() > LONGEST {
        return false;
    }
    let (mut has_time, mut has_year) = (false, false);
    for word in rest.split(|byte| byte.is_ascii_whitespace()).skip(1) {
        let digits = word.iter().filter(|byte| byte.is_ascii_digit()).count();
        has_year |= word.len() == 4 && digits == 4;
        has_time |= word.contains(&b':') && digits >= 3 && digits + 2 >= word.len();
    }
    has_time && has_year
}

/// Whether bytes begin with the header of an e-mail: several fields, of which two are such that only e-mails have.
pub(in super::super) fn starts_mail(bytes: &[u8]) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mailboxes_are_told_from_texts_that_begin_with_from() {
        let header = "Subject: Mud\nDate: now\n\nText";
        for line in [
            "From ada@example.org Thu May 14 10:00:00 2020\n",
            "From MAILER-DAEMON Thu Jan  1 00:00:00 1970\r\n",
            "From 123@xxx Thu May 14 10:00:00 +0000 2020\n",
        ] {
            assert!(starts_mailbox(format!("{line}{header}").as_bytes()), "{line}");
        }
        for text in [
            "From the harbour one sees the mud.\nNote: it stinks.\n",
            "From 10:30 in the year 2020 ships came.\n\nAnd went.",
            "From here",
        ] {
            assert!(!starts_mailbox(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn mail_is_told_from_texts_with_lines_like_fields() {
        let mail = "Received: by x\r\n with y\r\nFrom: Ada <a@example.org>\r\nSubject: Mud\r\n\r\nText";
        assert!(starts_mail(mail.as_bytes()));
        for text in [
            "Title: Mud\nDate: 14 May 2020\nAuthor: Ada\n\nText",
            "From: Ada\nTo: Ben\nDate: today\nSubject: Mud\n\nA letter in a novel.",
            "Subject: mud\n",
        ] {
            assert!(!starts_mail(text.as_bytes()), "{text}");
        }
    }
}
