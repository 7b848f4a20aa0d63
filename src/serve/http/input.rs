//! What is to be embedded: a text, texts, the numbers of a text's tokens, or those of several texts.
//!
//! It is read element by element and refused as soon as there are too many, so that nothing takes more memory than the
//! request has bytes.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};

/// How many texts can be embedded at once, as many as OpenAI takes.
const MOST_TEXTS: usize = 2048;

/// How many tokens of a text are read; no model reads as many.
const MOST_TOKENS: usize = 64 << 10;

/// What is to be embedded.
#[derive(Debug, PartialEq)]
pub(super) enum Input {
    Texts(Vec<String>),
    /// The numbers of the tokens of texts.
    Tokens(Vec<Vec<u32>>),
}

/// An element of a list.
enum Element {
    Text(String),
    Token(u32),
    Tokens(Vec<u32>),
}

/// What a list is of, as its first element says.
enum List {
    Texts(Vec<String>),
    Tokens(Vec<u32>),
    ManyTokens(Vec<Vec<u32>>),
}

impl List {
    fn of(first: Element) -> Self {
        match first {
            Element::Text(text) => Self::Texts(vec![text]),
            Element::Token(token) => Self::Tokens(vec![token]),
            Element::Tokens(tokens) => Self::ManyTokens(vec![tokens]),
        }
    }

    fn add<E: Error>(&mut self, next: Element) -> Result<(), E> {
        let (count, most) = match self {
            Self::Texts(texts) => (texts.len(), MOST_TEXTS),
            Self::Tokens(tokens) => (tokens.len(), MOST_TOKENS),
            Self::ManyTokens(texts) => (texts.len(), MOST_TEXTS),
        };
        if count == most {
            return Err(too_many(most));
        }
        match (self, next) {
            (Self::Texts(texts), Element::Text(text)) => texts.push(text),
            (Self::Tokens(tokens), Element::Token(token)) => tokens.push(token),
            (Self::ManyTokens(texts), Element::Tokens(tokens)) => texts.push(tokens),
            _ => return Err(E::custom("`input` mixes texts and tokens")),
        }
        Ok(())
    }
}

fn too_many<E: Error>(most: usize) -> E {
    E::custom(match most {
        MOST_TEXTS => format!("`input` has too many texts: 1 to {MOST_TEXTS}"),
        _ => format!("`input` has a text of more than {MOST_TOKENS} tokens"),
    })
}

struct InputVisitor;

impl<'de> Visitor<'de> for InputVisitor {
    type Value = Input;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a text, texts, the numbers of a text's tokens, or those of several texts as `input`",
        )
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Input, E> {
        Ok(Input::Texts(vec![text.to_owned()]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Input, A::Error> {
        let Some(first) = elements.next_element()? else {
            return Ok(Input::Texts(Vec::new()));
        };
        let mut list = List::of(first);
        while let Some(next) = elements.next_element()? {
            list.add(next)?;
        }
        Ok(match list {
            List::Texts(texts) => Input::Texts(texts),
            List::Tokens(tokens) => Input::Tokens(vec![tokens]),
            List::ManyTokens(texts) => Input::Tokens(texts),
        })
    }
}

impl<'de> Deserialize<'de> for Input {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(InputVisitor)
    }
}

struct ElementVisitor;

impl<'de> Visitor<'de> for ElementVisitor {
    type Value = Element;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, the number of a token, or a list of such numbers in `input`")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Element, E> {
        Ok(Element::Text(text.to_owned()))
    }

    fn visit_u64<E: Error>(self, token: u64) -> Result<Element, E> {
        let token = u32::try_from(token);
        token
            .map(Element::Token)
            .map_err(|_| E::custom("`input` has a number that is none of a token"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Element, A::Error> {
        let mut tokens = Vec::new();
        while let Some(token) = elements.next_element()? {
            if tokens.len() == MOST_TOKENS {
                return Err(too_many(MOST_TOKENS));
            }
            tokens.push(token);
        }
        Ok(Element::Tokens(tokens))
    }
}

impl<'de> Deserialize<'de> for Element {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ElementVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Input, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn all_forms_of_input_are_read() {
        let texts = |texts: &[&str]| Input::Texts(texts.iter().map(|&text| text.into()).collect());
        assert_eq!(read(r#""a""#), Ok(texts(&["a"])));
        assert_eq!(read(r#"["a", "b"]"#), Ok(texts(&["a", "b"])));
        assert_eq!(read("[1, 2]"), Ok(Input::Tokens(vec![vec![1, 2]])));
        assert_eq!(
            read("[[1, 2], [3]]"),
            Ok(Input::Tokens(vec![vec![1, 2], vec![3]]))
        );
        assert_eq!(read("[]"), Ok(texts(&[])));
    }

    #[test]
    fn anything_else_is_refused() {
        for (json, part) in [
            ("7", "as `input`"),
            ("{}", "as `input`"),
            (r#"[1, "a"]"#, "mixes"),
            ("[-1]", "in `input`"),
            ("[4294967296]", "none of a token"),
            ("[[[1]]]", "invalid type"),
        ] {
            let error = read(json).unwrap_err();
            assert!(error.contains(part), "{json}: {error}");
        }
        let many = format!("[{}\"a\"]", "\"a\",".repeat(MOST_TEXTS));
        assert!(read(&many).unwrap_err().contains("too many texts"));
        let long = format!("[[{}1]]", "1,".repeat(MOST_TOKENS));
        assert!(read(&long).unwrap_err().contains("more than 65536 tokens"));
    }
}
