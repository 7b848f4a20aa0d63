//! Text for people: safe for a terminal, and short where it must be.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use topoi::article::StoredArticle;

/// The text without characters that would steer a terminal: articles come from anywhere.
pub(crate) fn clean(text: &str) -> String {
    let steers = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|c| !steers(*c))
        .collect()
}

/// How many there are of something: `1 article`, `2 articles`.
pub(crate) fn count<N: Display + PartialEq + From<u8>>(number: N, what: &str) -> String {
    let ending = if number == N::from(1) { "" } else { "s" };
    format!("{number} {what}{ending}")
}

/// The beginning of a text, on one line of at most `width` columns.
pub(crate) fn one_line(text: &str, width: usize) -> String {
    let text = clean(text);
    if textwrap::core::display_width(&text) <= width {
        return text;
    }
    let mut line = String::new();
    let mut used = 1; // the ellipsis
    for c in text.chars() {
        used += textwrap::core::display_width(c.encode_utf8(&mut [0; 4]));
        if used > width {
            break;
        }
        line.push(c);
    }
    line.truncate(line.trim_end().len());
    line + "…"
}

/// Author, date and source, as far as they are known.
pub(crate) fn by_line(article: &StoredArticle) -> String {
    let metadata = &article.metadata;
    let date = metadata.date.map(|date| date.to_string());
    let parts = [&metadata.author, &date, &metadata.source];
    clean(
        &parts
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(" · "),
    )
}

/// A path as seen from the current folder, or from the home folder, where it lies below it.
pub(crate) fn short_path(path: &str) -> String {
    let below = |folder: Option<PathBuf>, sign: &str| {
        let rest = Path::new(path).strip_prefix(folder?).ok()?;
        Some(Path::new(sign).join(rest).to_string_lossy().into_owned())
    };
    let here = below(std::env::current_dir().ok(), "");
    let short = here.or_else(|| below(std::env::home_dir(), "~"));
    clean(&short.unwrap_or_else(|| path.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_does_not_reach_it() {
        assert_eq!(clean("a\u{1b}[31mred\u{7}\n\u{202e}b"), "a[31mred b");
    }

    #[test]
    fn a_long_text_is_cut_to_its_columns() {
        assert_eq!(one_line("short", 10), "short");
        assert_eq!(one_line("a rather long line", 10), "a rather…");
        assert_eq!(one_line("关税最终由消费者承担", 8), "关税最…");
    }
}
