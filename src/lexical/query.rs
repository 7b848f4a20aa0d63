//! What a person types: plain words, `"a phrase"`, `+must` and `-without`.

/// What is longer than so many bytes nobody has typed: it is a text, and the marks and signs in it are its own.
const LONGEST_TYPED: usize = 1024;

/// A question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// What is looked for, without operators and without what is excluded.
    text: String,
    demands: Vec<Demand>,
}

/// Something that a passage must have, or must not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Demand {
    pub(super) wording: Wording,
    pub(super) excluded: bool,
}

/// A word, or several one behind the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wording(String);

impl Wording {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why what was typed is no question.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// There is nothing to look for.
    #[error("the query is empty")]
    Empty,
    /// A phrase has no end.
    #[error("the query has a quotation mark without its twin: `{0}`")]
    Unbalanced(String),
    /// A passage can't be looked for by what it lacks.
    #[error("the query says only what is to be left out")]
    OnlyWithout,
}

impl QueryError {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Empty => "say in a few words, or a whole sentence, what you look for",
            Self::Unbalanced(_) => "put a phrase between two `\"`, or leave the mark out",
            Self::OnlyWithout => "say what you look for too: `tariffs -steel`",
        }
    }
}

impl Query {
    /// Reads what a person typed.
    ///
    /// `"like this"` must stand in a passage just so, but for case and accents; so must `+this` and `+"these words"`;
    /// `-this` and `-"these words"` must not. Everything else is looked for by meaning and by words. A sign within a
    /// word, or before a blank, is no operator. Neither is any in a text of more than a kilobyte.
    ///
    /// # Errors
    ///
    /// Where there is nothing to look for, or a phrase has no end.
    pub fn parse(typed: &str) -> Result<Self, QueryError> {
        if typed.len() > LONGEST_TYPED && typed.chars().any(char::is_alphanumeric) {
            return Ok(Self::plain(typed.trim()));
        }
        let mut text = String::new();
        let mut demands = Vec::new();
        let mut rest = typed.trim_start();
        while let Some(first) = rest.chars().next() {
            let sign = matches!(first, '+' | '-').then_some(first);
            let body = sign.map_or(rest, |sign| &rest[sign.len_utf8()..]);
            let (wording, after, quoted) = match body.strip_prefix(['"', '“', '„']) {
                Some(open) => {
                    let end = open
                        .find(['"', '”', '“'])
                        .ok_or_else(|| QueryError::Unbalanced(shortened(rest)))?;
                    let close = open[end..].chars().next().map_or(1, char::len_utf8);
                    (&open[..end], &open[end + close..], true)
                }
                None => {
                    let end = body.find(char::is_whitespace).unwrap_or(body.len());
                    (&body[..end], &body[end..], false)
                }
            };
            let says = wording.chars().any(char::is_alphanumeric);
            let operator = says && (quoted || wording.starts_with(char::is_alphanumeric));
            let excluded = sign == Some('-') && operator;
            if operator && (quoted || sign.is_some()) {
                demands.push(Demand {
                    wording: Wording(wording.to_owned()),
                    excluded,
                });
            }
            if !excluded && says {
                if !text.is_empty() {
                    text.push(' ');
                }
                text.push_str(wording);
            }
            rest = after.trim_start();
        }
        if text.is_empty() {
            return Err(if demands.is_empty() {
                QueryError::Empty
            } else {
                QueryError::OnlyWithout
            });
        }
        Ok(Self { text, demands })
    }

    /// A text that is looked for as it stands, whatever signs are in it.
    #[must_use]
    pub fn plain(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            demands: Vec::new(),
        }
    }

    /// What is looked for, without operators.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn demands(&self) -> &[Demand] {
        &self.demands
    }

    /// Whether anything is demanded or excluded.
    #[must_use]
    pub fn is_demanding(&self) -> bool {
        !self.demands.is_empty()
    }
}

fn shortened(text: &str) -> String {
    const MOST: usize = 40;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(typed: &str) -> (String, Vec<(String, bool)>) {
        let query = Query::parse(typed).unwrap();
        let demands = query.demands.into_iter();
        (
            query.text,
            demands
                .map(|demand| (demand.wording.0, demand.excluded))
                .collect(),
        )
    }

    #[test]
    fn plain_words_are_looked_for_as_they_stand() {
        for plain in ["who pays?", "well-known e-mail", "5 - 3", "C++ -", "a+b"] {
            assert!(parsed(plain).1.is_empty(), "{plain}");
        }
        assert_eq!(parsed("  who   pays? ").0, "who pays?");
    }

    #[test]
    fn operators_demand_and_exclude() {
        let (text, demands) = parsed("tariffs \"Ottilie Brandram\" +steel -china -\"trade war\"");
        assert_eq!(text, "tariffs Ottilie Brandram steel");
        let expected = [
            ("Ottilie Brandram", false),
            ("steel", false),
            ("china", true),
            ("trade war", true),
        ];
        assert_eq!(
            demands,
            expected.map(|(wording, excluded)| (wording.to_owned(), excluded))
        );
    }

    #[test]
    fn a_long_text_is_looked_for_as_it_stands() {
        let text = "\"Who pays?\" she asked -again. ".repeat(40);
        assert_eq!(Query::parse(&text), Ok(Query::plain(text.trim())));
        let marks = "\"".repeat(2000);
        assert_eq!(Query::parse(&marks), Err(QueryError::Empty));
    }

    #[test]
    fn what_is_no_question_is_said() {
        assert_eq!(Query::parse("  "), Err(QueryError::Empty));
        assert_eq!(Query::parse("\"\" - +"), Err(QueryError::Empty));
        assert_eq!(Query::parse("-steel"), Err(QueryError::OnlyWithout));
        assert!(matches!(
            Query::parse("a \"b c"),
            Err(QueryError::Unbalanced(_))
        ));
        for odd in ["\u{0}\u{7}", "\u{202e}", "+", "-", "\"\"\"\"", "+-+-"] {
            assert_eq!(Query::parse(odd), Err(QueryError::Empty), "{odd:?}");
        }
    }
}
