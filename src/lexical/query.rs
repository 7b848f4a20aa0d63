//! What a person types: plain words, `"a phrase"`, `+must` and `-without`; or a sum of terms, `"trade" - "tariffs"`.

/// What is longer than so many bytes nobody has typed: it is a text, and the marks and signs in it are its own.
const LONGEST_TYPED: usize = 1024;

/// The largest weight that a term may have.
const HEAVIEST: f32 = 100.0;

/// The marks that a phrase begins with.
const OPENING: [char; 3] = ['"', '“', '„'];

/// The marks that a phrase ends with.
const CLOSING: [char; 3] = ['"', '”', '“'];

/// A question.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// What is looked for by words: without operators and without what is excluded or counts against a passage.
    text: String,
    /// What is looked for by meaning: a sum of terms, mostly of one.
    terms: Vec<WeightedTerm>,
    demands: Vec<Demand>,
}

/// A part of what is looked for by meaning.
#[derive(Debug, Clone, PartialEq)]
pub struct WeightedTerm {
    /// What it says.
    pub text: String,
    /// How much it counts; below 0 where it counts against a passage.
    pub weight: f32,
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
    /// A sign stands by itself before a phrase, though this is no sum of terms: it could mean one, or a demand.
    #[error("the query has a sign by itself before a phrase: `{0}`")]
    LoneSign(String),
    /// A term's weight is no number that can be reckoned with.
    #[error("`{0}` is no weight for a term")]
    Weight(String),
    /// The terms of a sum come to nothing.
    #[error("the terms of the query cancel each other out")]
    Nothing,
}

impl QueryError {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Empty => "say in a few words, or a whole sentence, what you look for",
            Self::Unbalanced(_) => "put a phrase between two `\"`, or leave the mark out",
            Self::OnlyWithout => "say what you look for too: `tariffs -steel`",
            Self::LoneSign(_) => {
                "put each term in quotation marks to take one meaning from another: `\"trade\" - \"tariffs\"`; or write the \
                 sign right before a phrase that must not be there: `trade -\"tariffs\"`"
            }
            Self::Weight(_) => {
                "write a number from 0 to 100 before a term: `\"trade\" - 0.5 \"tariffs\"`"
            }
            Self::Nothing => "give one of the terms less weight: `\"trade\" - 0.5 \"tariffs\"`",
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
    /// Where there is nothing but terms in quotation marks with `+` or `-` and blanks between them, each perhaps behind a
    /// weight, it is a sum of meanings: `"trade" - 0.5 "tariffs on steel"`. Then no term is demanded. Anywhere else a sign
    /// by itself before a phrase is refused, since it may be meant as a part of a sum or as a demand.
    ///
    /// # Errors
    ///
    /// Where there is nothing to look for, a phrase has no end, or a sign is not clear.
    ///
    /// ```
    /// use topoi::search::{Query, QueryError};
    ///
    /// let query = Query::parse(r#"tariffs "price of bread" -steel"#)?;
    /// assert_eq!(query.terms()[0].text, "tariffs price of bread");
    /// let sum = Query::parse(r#""trade" - 0.5 "tariffs on steel""#)?;
    /// assert_eq!(sum.terms()[1].weight, -0.5);
    /// assert!(matches!(Query::parse(r#""no end"#), Err(QueryError::Unbalanced(_))));
    /// # Ok::<(), QueryError>(())
    /// ```
    pub fn parse(typed: &str) -> Result<Self, QueryError> {
        if typed.len() > LONGEST_TYPED && typed.chars().any(char::is_alphanumeric) {
            return Ok(Self::plain(typed.trim()));
        }
        if let Some(sum) = sum_of_terms(typed) {
            return sum;
        }
        let mut text = String::new();
        let mut demands = Vec::new();
        let mut rest = typed.trim_start();
        while let Some(first) = rest.chars().next() {
            let sign = matches!(first, '+' | '-').then_some(first);
            let body = sign.map_or(rest, |sign| &rest[sign.len_utf8()..]);
            if sign.is_some() && body.starts_with(char::is_whitespace) && begins_with_term(body) {
                return Err(QueryError::LoneSign(shortened(rest)));
            }
            let (wording, after, quoted) = match body.strip_prefix(OPENING) {
                Some(open) => {
                    let end = open
                        .find(CLOSING)
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
        Ok(Self {
            demands,
            ..Self::plain(&text)
        })
    }

    /// A text that is looked for as it stands, whatever signs are in it.
    #[must_use]
    pub fn plain(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            terms: vec![WeightedTerm {
                text: text.to_owned(),
                weight: 1.0,
            }],
            demands: Vec::new(),
        }
    }

    /// What is looked for by meaning: at least one term.
    #[must_use]
    pub fn terms(&self) -> &[WeightedTerm] {
        &self.terms
    }

    /// What is looked for, without operators.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What a passage must have, and what it must not.
    pub(crate) fn wordings(&self) -> impl Iterator<Item = (&str, bool)> {
        let demands = self.demands.iter();
        demands.map(|demand| (demand.wording.as_str(), demand.excluded))
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

/// Reads terms in quotation marks with signs between them, if that is all there is, and more than one.
fn sum_of_terms(typed: &str) -> Option<Result<Query, QueryError>> {
    let mut terms: Vec<(&str, WeightedTerm)> = Vec::new();
    let mut rest = typed.trim();
    while !rest.is_empty() {
        let sign = match rest.split_at_checked(1) {
            // A sign right before a term demands it, or excludes it.
            Some((sign @ ("+" | "-"), after)) if after.starts_with(char::is_whitespace) => {
                rest = after.trim_start();
                sign
            }
            _ if terms.is_empty() => "+",
            _ => return None,
        };
        let (weight, quoted) = rest.split_at(rest.find(OPENING)?);
        let (text, after) = quoted.strip_prefix(OPENING)?.split_once(CLOSING)?;
        rest = after.trim_start();
        let written = weight.trim_end().trim_end_matches('*').trim_end();
        let size: f32 = if written.is_empty() {
            1.0
        } else if written.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
            written.parse().unwrap_or(f32::NAN)
        } else {
            return None;
        };
        if !text.contains(char::is_alphanumeric) {
            return None;
        }
        let weight = if sign == "-" { -size } else { size };
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        terms.push((written, WeightedTerm { text, weight }));
    }
    if terms.len() < 2 && terms.iter().all(|(written, _)| written.is_empty()) {
        return None;
    }
    if let Some((written, _)) = terms
        .iter()
        .find(|(_, term)| !(f32::EPSILON..=HEAVIEST).contains(&term.weight.abs()))
    {
        return Some(Err(QueryError::Weight(shortened(written))));
    }
    let terms: Vec<WeightedTerm> = terms.into_iter().map(|(_, term)| term).collect();
    let wanted = terms.iter().filter(|term| term.weight > 0.0);
    let text: Vec<&str> = wanted.map(|term| term.text.as_str()).collect();
    if text.is_empty() {
        return Some(Err(QueryError::OnlyWithout));
    }
    Some(Ok(Query {
        text: text.join(" "),
        terms,
        demands: Vec::new(),
    }))
}

/// Whether a phrase stands here, perhaps behind a weight.
fn begins_with_term(text: &str) -> bool {
    let digit = |c: char| c.is_ascii_digit() || c == '.';
    let behind = text.trim_start().trim_start_matches(digit).trim_start();
    let phrase = behind.trim_start_matches('*').trim_start();
    let phrase = phrase.strip_prefix(OPENING);
    let phrase = phrase.and_then(|open| open.split_once(CLOSING));
    phrase.is_some_and(|(phrase, _)| phrase.contains(char::is_alphanumeric))
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
    fn terms_with_signs_between_them_are_a_sum() {
        let terms = |typed: &str| {
            let query = Query::parse(typed).unwrap();
            assert!(query.demands.is_empty(), "{typed}");
            let terms = query.terms.into_iter();
            let terms: Vec<_> = terms.map(|term| (term.text, term.weight)).collect();
            (query.text, terms)
        };
        let (text, found) = terms("\"trade\" - \"tariffs on  steel\"");
        assert_eq!(text, "trade");
        let expected = [("trade", 1.0), ("tariffs on steel", -1.0)];
        assert_eq!(
            found,
            expected.map(|(text, weight)| (text.to_owned(), weight))
        );
        let (text, found) = terms(" 2 \"trade\" + .5*\"ports\" ");
        assert_eq!(text, "trade ports");
        let expected = [("trade", 2.0), ("ports", 0.5)];
        assert_eq!(
            found,
            expected.map(|(text, weight)| (text.to_owned(), weight))
        );
        // Phrases that must be there, or must not.
        for phrases in [
            "\"trade\"",
            "\"trade\" \"tariffs\"",
            "\"trade\" -\"tariffs\"",
        ] {
            let query = Query::parse(phrases).unwrap();
            assert!(query.is_demanding() && query.terms.len() == 1, "{phrases}");
        }
        let weight = |typed| matches!(Query::parse(typed), Err(QueryError::Weight(_)));
        assert!(
            weight("1e9 \"a\" - \"b\"") && weight("\"a\" - 0 \"b\"") && weight("\"a\" + 1x \"b\"")
        );
        assert_eq!(
            Query::parse("- \"a\" - \"b\""),
            Err(QueryError::OnlyWithout)
        );
    }

    #[test]
    fn a_sign_by_itself_before_a_phrase_is_refused_where_it_is_no_sum() {
        for odd in [
            "heat - \"nuit\"",
            "heat + \"nuit\"",
            "heat - 0.5 \"nuit\"",
            "heat - 2*\"nuit\"",
            "- \"nuit\"",
            "heat - “nuit”",
            "\"heat\" - \"nuit\" summer",
        ] {
            let refused = matches!(Query::parse(odd), Err(QueryError::LoneSign(_)));
            assert!(refused, "{odd}: {:?}", Query::parse(odd));
        }
        let sum = Query::parse("“heat” - “nuit”").unwrap();
        assert_eq!(sum.terms()[1].weight, -1.0);
        for plain in ["heat - nuit", "heat -", "5 - 3"] {
            assert!(!Query::parse(plain).unwrap().is_demanding(), "{plain}");
        }
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
