//! Front matter: the lines between `---` at the top of a Markdown file.
//!
//! Only the flat part of YAML that people write there is read: `key: value`, values quoted or not, lists as
//! `[a, b]` or one `- item` a line, and text folded over lines with `>` or `|`. What is nested under a key that
//! topoi does not use is passed over unread.

use super::error::Warning;
use super::fold::fold;
use super::language::language_code;
use crate::article::{Date, Metadata};

/// Front matter that was read.
pub(super) struct FrontMatter {
    /// What it says.
    pub(super) metadata: Metadata,
    /// The first byte behind its closing line.
    pub(super) end: usize,
    /// Fields that were not understood.
    pub(super) warnings: Vec<Warning>,
}

/// Whether a text begins with front matter: a line `---`, a first line `key: value`, and a closing line.
pub(super) fn is_present(text: &str) -> bool {
    matches!(read(text), Some(Ok(_)))
}

/// Reads the front matter of a text. `None` where it has none; a [`Warning::FrontMatter`] where the lines
/// between two `---` begin as front matter does and are none.
pub(super) fn read(text: &str) -> Option<Result<FrontMatter, Warning>> {
    let (block, end) = block(text)?;
    let first = block
        .lines()
        .map(str::trim_end)
        .find(|line| !line.is_empty() && !line.starts_with('#'))?;
    // A thematic break, prose, and another thematic break.
    key_value(first)?;
    Some(entries(block).map(|entries| {
        let mut matter = FrontMatter {
            metadata: Metadata::default(),
            end,
            warnings: Vec::new(),
        };
        for entry in &entries {
            apply(entry, &mut matter);
        }
        matter
    }))
}

/// The lines between the first `---` and the next, and where the text goes on behind them.
fn block(text: &str) -> Option<(&str, usize)> {
    let mut at = 0;
    let mut start = None;
    for line in text.split_inclusive('\n') {
        let bare = line.trim_end();
        at += line.len();
        match start {
            None if bare == "---" => start = Some(at),
            None => return None,
            Some(start) if bare == "---" || bare == "..." => {
                return Some((text.get(start..at - line.len())?, at));
            }
            Some(_) => {}
        }
    }
    None
}

/// A key with its value, as far as the lines were read.
struct Entry<'a> {
    line: usize,
    key: &'a str,
    values: Vec<String>,
}

/// Splits `key: value`; a key is one word.
fn key_value(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once(':')?;
    let word = !key.is_empty()
        && key
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
    (word && (value.is_empty() || value.starts_with([' ', '\t']))).then(|| (key, value.trim()))
}

fn entries(block: &str) -> Result<Vec<Entry<'_>>, Warning> {
    let mut entries: Vec<Entry<'_>> = Vec::new();
    // Line 1 of the file is the opening `---`.
    let mut lines = block
        .lines()
        .enumerate()
        .map(|(number, line)| (number + 2, line.trim_end()))
        .peekable();
    while let Some((line, text)) = lines.next() {
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let Some((key, value)) = key_value(text) else {
            return Err(Warning::FrontMatter {
                line,
                reason: "it has no `key:`".to_owned(),
            });
        };
        let mut below = Vec::new();
        while let Some((_, text)) =
            lines.next_if(|(_, text)| text.is_empty() || text.starts_with([' ', '\t', '-']))
        {
            below.push(text.trim());
        }
        let wrong = |reason: &str| Warning::FrontMatter {
            line,
            reason: format!("`{key}` {reason}"),
        };
        let values = if is_used(key) {
            values(value, &below).map_err(wrong)?
        } else {
            Vec::new()
        };
        entries.push(Entry { line, key, values });
    }
    Ok(entries)
}

/// The values of a key that topoi uses.
fn values(value: &str, below: &[&str]) -> Result<Vec<String>, &'static str> {
    let mut below = below.iter().filter(|line| !line.is_empty());
    if value.is_empty() {
        return below
            .map(|line| {
                line.strip_prefix('-')
                    .map(str::trim)
                    .ok_or("holds neither a value nor a list")
            })
            .map(|item| item.and_then(scalar))
            .collect();
    }
    if matches!(value, ">" | "|" | ">-" | "|-" | ">+" | "|+") {
        let text: Vec<&str> = below.copied().collect();
        return Ok(vec![text.join(" ")]);
    }
    if below.next().is_some() {
        return Err("goes on below its value");
    }
    match value.strip_prefix('[') {
        Some(list) => items(list),
        None => Ok(vec![scalar(value)?]),
    }
}

/// The items of a list in brackets, the opening one being gone.
fn items(list: &str) -> Result<Vec<String>, &'static str> {
    let mut items = Vec::new();
    let mut rest = list.trim_start();
    loop {
        if let Some(after) = rest.strip_prefix(']') {
            let after = after.trim_start();
            return if after.is_empty() || after.starts_with('#') {
                Ok(items)
            } else {
                Err("goes on behind its `]`")
            };
        }
        let (item, after) = if rest.starts_with(['"', '\'']) {
            quoted(rest)?
        } else {
            let end = rest.find([',', ']']).ok_or("has no closing `]`")?;
            let (item, after) = rest.split_at(end);
            (item.trim().to_owned(), after)
        };
        items.push(item);
        let after = after.trim_start();
        rest = match after.strip_prefix(',') {
            Some(after) => after.trim_start(),
            None if after.starts_with(']') => after,
            None => return Err("has no closing `]`"),
        };
    }
}

/// A single value, quoted or not, a comment behind it left out.
fn scalar(text: &str) -> Result<String, &'static str> {
    if text.starts_with(['"', '\'']) {
        let (value, after) = quoted(text)?;
        let after = after.trim_start();
        return if after.is_empty() || after.starts_with('#') {
            Ok(value)
        } else {
            Err("goes on behind its closing quote")
        };
    }
    if text.starts_with(['{', '&', '*', '!', '%', '@', '`']) {
        return Err("holds a kind of YAML value that is not read here: put it in quotes");
    }
    let value = text
        .find(" #")
        .map_or(text, |comment| text.get(..comment).unwrap_or(text));
    Ok(value.trim_end().to_owned())
}

/// A quoted value, and what stands behind its closing quote.
fn quoted(text: &str) -> Result<(String, &str), &'static str> {
    let mut chars = text.chars();
    let quote = chars.next().unwrap_or('"');
    let mut value = String::new();
    while let Some(c) = chars.next() {
        if c == '\\' && quote == '"' {
            match chars.next() {
                Some('n' | 't' | 'r') => value.push(' '),
                Some(escaped) => value.push(escaped),
                None => break,
            }
        } else if c != quote {
            value.push(c);
        } else if quote == '\'' && chars.as_str().starts_with('\'') {
            value.push('\'');
            chars.next();
        } else {
            return Ok((value, chars.as_str()));
        }
    }
    Err("has no closing quote")
}

fn is_used(key: &str) -> bool {
    matches!(
        key.to_ascii_lowercase().as_str(),
        "title"
            | "headline"
            | "author"
            | "authors"
            | "byline"
            | "date"
            | "published"
            | "source"
            | "publication"
            | "outlet"
            | "language"
            | "lang"
            | "address"
            | "canonical"
            | "canonical_url"
            | "link"
            | "url"
    )
}

fn apply(entry: &Entry<'_>, matter: &mut FrontMatter) {
    let FrontMatter {
        metadata, warnings, ..
    } = matter;
    let text = fold(
        &entry
            .values
            .iter()
            .filter(|value| !value.is_empty())
            .cloned()
            .collect::<Vec<_>>()
            .join(", "),
    );
    if text.is_empty() || matches!(text.as_str(), "~" | "null") {
        return;
    }
    let mut warn = |reason: String| {
        warnings.push(Warning::Field {
            line: entry.line,
            reason,
        })
    };
    let keep = |place: &mut Option<String>, text| {
        place.get_or_insert(text);
    };
    match entry.key.to_ascii_lowercase().as_str() {
        "title" | "headline" => keep(&mut metadata.title, text),
        "author" | "authors" | "byline" => keep(&mut metadata.author, text),
        "source" | "publication" | "outlet" => keep(&mut metadata.source, text),
        "date" | "published" => match text.parse::<Date>() {
            Ok(date) => metadata.date = metadata.date.or(Some(date)),
            Err(error) => warn(error.to_string()),
        },
        "language" | "lang" => match language_code(&text) {
            Some(code) => keep(&mut metadata.language, code),
            None => warn(format!(
                "`{text}` is not a language: write it as a code like `en`"
            )),
        },
        "address" | "canonical" | "canonical_url" | "link" | "url" => {
            keep(&mut metadata.address, text);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(block: &str) -> Metadata {
        let text = format!("---\n{block}---\nText.");
        let matter = read(&text).unwrap().unwrap();
        assert_eq!(&text[matter.end..], "Text.");
        matter.metadata
    }

    #[test]
    fn values_are_read_quoted_bare_and_in_lists() {
        let read = metadata(
            "# a comment\ntitle: \"The \\\"Long\\\" Pier: a history\"\nauthors: [Ada Marsh, 'Ben O''Holt']\n\
             date: 2020-05-14T10:00:00Z # morning\npublication: The Example Review\nlang: en-GB\ntags:\n  - sea\n  - ports\n\
             params:\n  deep:\n    deeper: yes\n",
        );
        assert_eq!(read.title.as_deref(), Some("The \"Long\" Pier: a history"));
        assert_eq!(read.author.as_deref(), Some("Ada Marsh, Ben O'Holt"));
        assert_eq!(
            read.date.map(|date| date.to_string()).as_deref(),
            Some("2020-05-14")
        );
        assert_eq!(read.source.as_deref(), Some("The Example Review"));
        assert_eq!(read.language.as_deref(), Some("en"));
    }

    #[test]
    fn lists_and_text_may_stand_below_their_key() {
        let read = metadata(
            "author:\n- Ada Marsh\n- \"Ben Holt\"\ntitle: >\n  The Long\n  Pier\nsource: ~\n",
        );
        assert_eq!(read.author.as_deref(), Some("Ada Marsh, Ben Holt"));
        assert_eq!(read.title.as_deref(), Some("The Long Pier"));
        assert_eq!(read.source, None);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let wrong = |block: &str| match read(&format!("---\n{block}\n---\n")) {
            Some(Err(warning)) => warning.to_string(),
            _ => String::new(),
        };
        assert!(wrong("title: \"The Long").contains("(line 2: `title` has no closing quote)"));
        assert!(wrong("title: x\njust a line").contains("(line 3: it has no `key:`)"));
        assert!(wrong("authors: [Ada").contains("`authors` has no closing `]`"));
    }

    #[test]
    fn a_field_that_is_not_understood_is_left_out_with_a_warning() {
        let matter = read("---\ntitle: T\ndate: soon\nlang: the usual\n---\n")
            .unwrap()
            .unwrap();
        assert_eq!(matter.metadata.title.as_deref(), Some("T"));
        assert_eq!(matter.warnings.len(), 2);
        assert!(
            matter.warnings[0]
                .to_string()
                .starts_with("line 3: `soon` is not a date")
        );
    }

    #[test]
    fn thematic_breaks_are_no_front_matter() {
        for text in [
            "---\n\nIt was a dark night.\n\n---\n",
            "---\ntitle: never closed\n",
            "Text\n---\n",
            "---",
        ] {
            assert!(read(text).is_none(), "{text}");
        }
    }
}
