//! The messages of a mailbox, one after another between lines that begin with `From `.

use std::borrow::Cow;

use super::detect::is_separator;

/// The messages in their order, without the lines that part them and the `>` that protects a line like those.
pub(super) fn messages(bytes: &[u8]) -> impl Iterator<Item = Cow<'_, [u8]>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        loop {
            if rest.is_empty() {
                return None;
            }
            let (message, after) = split(rest);
            rest = after;
            if !message.trim_ascii().is_empty() {
                return Some(unescaped(message));
            }
        }
    })
}

/// The first message and what follows it, which begins with the line that parts them.
fn split(bytes: &[u8]) -> (&[u8], &[u8]) {
    let start = match bytes.iter().position(|&byte| byte == b'\n') {
        Some(end) if bytes.get(..end).is_some_and(is_separator) => end + 1,
        _ => 0,
    };
    let mut at = start;
    while let Some(line) = bytes.get(at..).filter(|line| !line.is_empty()) {
        let end = line.iter().position(|&byte| byte == b'\n');
        let end = end.unwrap_or(line.len());
        if at > 0 && is_separator(line.get(..end).unwrap_or(line)) {
            break;
        }
        at += end + 1;
    }
    let at = at.min(bytes.len());
    (
        bytes.get(start..at).unwrap_or_default(),
        bytes.get(at..).unwrap_or_default(),
    )
}

/// A message with one `>` taken off each line of `>From `, `>>From ` and so on, as it was put there.
fn unescaped(message: &[u8]) -> Cow<'_, [u8]> {
    let is_escaped = |line: &[u8]| {
        let quotes = line.iter().take_while(|&&byte| byte == b'>').count();
        quotes > 0
            && line
                .get(quotes..)
                .is_some_and(|rest| rest.starts_with(b"From "))
    };
    if !message.split(|&byte| byte == b'\n').any(is_escaped) {
        return Cow::Borrowed(message);
    }
    let mut text = Vec::with_capacity(message.len());
    for line in message.split_inclusive(|&byte| byte == b'\n') {
        let line = match is_escaped(line) {
            true => line.get(1..).unwrap_or_default(),
            false => line,
        };
        text.extend_from_slice(line);
    }
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_parted_at_lines_that_no_text_has() {
        let bytes = b"From a@b Thu May 14 10:00:00 2020\nSubject: 1\n\nFrom here on\n>From there\n>>From x\n\n\
                      From a@b Thu May 14 10:00:00 2020\nSubject: 2\n\nb";
        let found: Vec<String> = messages(bytes)
            .map(|message| String::from_utf8_lossy(&message).into_owned())
            .collect();
        assert_eq!(
            found,
            ["Subject: 1\n\nFrom here on\nFrom there\n>From x\n\n", "Subject: 2\n\nb"]
        );
        assert_eq!(messages(b"").count(), 0);
        let empty = b"From a@b Thu May 14 10:00:00 2020\n".repeat(50_000);
        assert_eq!(messages(&empty).count(), 0);
    }
}
