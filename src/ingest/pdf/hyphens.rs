//! Words that a line end parts.

use std::collections::HashSet;

use unicode_segmentation::UnicodeSegmentation;

/// The words of a document, to tell words that a line end parted from compounds.
#[derive(Debug, Default)]
pub(super) struct Words(HashSet<String>);

impl Words {
    /// Adds the words of a line, but not those that it may share with the lines around it. A compound is added as a
    /// whole too.
    pub(super) fn add(&mut self, line: &str) {
        let tokens: Vec<&str> = line.split_whitespace().collect();
        let inner = match tokens.last() {
            Some(last) if last.ends_with('-') => tokens.get(1..tokens.len() - 1),
            _ => tokens.get(1..),
        };
        for token in inner.unwrap_or_default() {
            let token = token.trim_matches(|c: char| !c.is_alphanumeric());
            if token.contains('-') {
                self.0.insert(token.to_lowercase());
            }
            self.0.extend(token.unicode_words().map(str::to_lowercase));
        }
    }

    /// Puts the next line behind a text: with a space, or right behind a hyphen, which goes where it only parted a
    /// word.
    ///
    /// The hyphen goes where the document has the word without it, or where the word goes on in lower case and the
    /// document has no such compound.
    pub(super) fn join(&self, text: &mut String, next: &str) {
        let Some(stem) = text.strip_suffix('-') else {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(next);
            return;
        };
        let before: String = trailing(stem);
        let after: String = next.chars().take_while(|c| c.is_alphabetic()).collect();
        let goes_on = after.chars().next().is_some_and(|c| !c.is_uppercase());
        if before.is_empty() || !before.chars().all(char::is_alphabetic) || after.is_empty() {
            // A dash, or a number and its unit.
            if before.is_empty() || !goes_on {
                text.push(' ');
            }
        } else {
            let whole = format!("{before}{after}").to_lowercase();
            let compound = format!("{before}-{after}").to_lowercase();
            let drop = self.0.contains(&whole) || (goes_on && !self.0.contains(&compound));
            if drop {
                text.pop();
            }
        }
        text.push_str(next);
    }
}

/// The letters and digits that a text ends with.
fn trailing(text: &str) -> String {
    let mut end: Vec<char> = text
        .chars()
        .rev()
        .take_while(|c| c.is_alphanumeric())
        .collect();
    end.reverse();
    end.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(document: &str, text: &str, next: &str) -> String {
        let mut words = Words::default();
        words.add(document);
        let mut text = text.to_owned();
        words.join(&mut text, next);
        text
    }

    #[test]
    fn a_hyphen_goes_where_the_line_end_put_it() {
        assert_eq!(joined("", "the har-", "bour is"), "the harbour is");
        assert_eq!(
            joined("a well-known port", "a well-", "known port"),
            "a well-known port"
        );
        assert_eq!(joined("", "Franco-", "Prussian"), "Franco-Prussian");
        assert_eq!(joined("the McAdam road", "Mc-", "Adam"), "McAdam");
        assert_eq!(joined("", "1914-", "1918"), "1914- 1918");
        assert_eq!(joined("", "a dash -", "and"), "a dash - and");
        assert_eq!(joined("", "one", "two"), "one two");
    }
}
