//! A text → its words, as they are compared.
//!
//! A word is a run of letters and digits, in lower case and without accents. What has no spaces between words (Chinese,
//! Japanese, Korean) becomes overlapping pairs of characters, as Lucene's CJK analyser has it. Stems are Snowball's, of
//! the article's language.

use std::collections::HashMap;

use tantivy::tokenizer::{
    AsciiFoldingFilter, Language, LowerCaser, Stemmer, TextAnalyzer, Token, TokenStream, Tokenizer,
};

/// Longer "words" are data, and nobody looks for them.
const LONGEST: usize = 100;

/// Words so frequent in English that they say nothing in a question.
const EMPTY: &[&str] = &[
    "a", "about", "an", "and", "any", "are", "as", "at", "be", "been", "but", "by", "can", "could",
    "did", "do", "does", "for", "from", "had", "has", "have", "he", "her", "his", "how", "i", "if",
    "in", "into", "is", "it", "its", "of", "on", "or", "our", "she", "should", "so", "such",
    "than", "that", "the", "their", "them", "then", "there", "these", "they", "this", "those",
    "to", "was", "we", "were", "what", "when", "where", "which", "who", "whom", "why", "will",
    "with", "would", "you", "your",
];

/// What splits texts, kept from text to text.
pub(crate) struct Words {
    exact: TextAnalyzer,
    stems: HashMap<String, TextAnalyzer>,
}

impl Default for Words {
    fn default() -> Self {
        Self {
            exact: TextAnalyzer::builder(Runs)
                .filter(LowerCaser)
                .filter(AsciiFoldingFilter)
                .build(),
            stems: HashMap::new(),
        }
    }
}

impl Words {
    /// The words of `text`.
    pub(crate) fn exact(&mut self, text: &str) -> Vec<String> {
        collect(&mut self.exact, text)
    }

    /// The stems of the words of `text` in a language, given by its ISO 639-1 code: English where there is no code.
    pub(crate) fn stems(&mut self, text: &str, language: &str) -> Vec<String> {
        collect(self.analyser(language), text)
    }

    /// For each different word of a question, its stems in each of the `languages`, and how often it stands there.
    /// Empty words are left out, unless there are no others.
    pub(crate) fn query_stems(
        &mut self,
        text: &str,
        languages: &[String],
    ) -> Vec<(Vec<String>, usize)> {
        let english = [String::from("en")];
        let languages = if languages.is_empty() {
            &english
        } else {
            languages
        };
        let words = self.exact(text);
        let each: Vec<Vec<String>> = languages
            .iter()
            .map(|language| self.stems(text, language))
            .collect();
        let is_empty = |word: &String| EMPTY.contains(&word.as_str());
        let all_empty = words.iter().all(is_empty);
        let mut places: HashMap<Vec<String>, usize> = HashMap::new();
        let mut found: Vec<(Vec<String>, usize)> = Vec::new();
        for (place, word) in words.iter().enumerate() {
            if is_empty(word) && !all_empty {
                continue;
            }
            let mut stems: Vec<String> = each
                .iter()
                .filter_map(|stems| stems.get(place).cloned())
                .collect();
            stems.sort_unstable();
            stems.dedup();
            match places.get(&stems) {
                Some(known) => found[*known].1 += 1,
                None => {
                    places.insert(stems.clone(), found.len());
                    found.push((stems, 1));
                }
            }
        }
        found
    }

    fn analyser(&mut self, language: &str) -> &mut TextAnalyzer {
        self.stems.entry(language.to_owned()).or_insert_with(|| {
            let words = TextAnalyzer::builder(Runs).filter(LowerCaser).dynamic();
            let stems = match stemmer(language) {
                Some(stemmer) => words.filter_dynamic(stemmer),
                None => words,
            };
            stems.filter_dynamic(AsciiFoldingFilter).build()
        })
    }
}

fn collect(analyser: &mut TextAnalyzer, text: &str) -> Vec<String> {
    let mut words = Vec::new();
    analyser
        .token_stream(text)
        .process(&mut |token| words.push(token.text.clone()));
    words
}

fn stemmer(language: &str) -> Option<Stemmer> {
    let language = match language {
        "" | "en" => Language::English,
        "ar" => Language::Arabic,
        "da" => Language::Danish,
        "de" => Language::German,
        "el" => Language::Greek,
        "es" => Language::Spanish,
        "fi" => Language::Finnish,
        "fr" => Language::French,
        "hu" => Language::Hungarian,
        "it" => Language::Italian,
        "nl" => Language::Dutch,
        "no" | "nb" | "nn" => Language::Norwegian,
        "pt" => Language::Portuguese,
        "ro" => Language::Romanian,
        "ru" => Language::Russian,
        "sv" => Language::Swedish,
        "ta" => Language::Tamil,
        "tr" => Language::Turkish,
        _ => return None,
    };
    Some(Stemmer::new(language))
}

/// Splits a text into runs of letters and digits, and into pairs of characters where there are no spaces.
#[derive(Clone)]
struct Runs;

struct RunStream {
    tokens: std::vec::IntoIter<Token>,
    token: Token,
}

impl Tokenizer for Runs {
    type TokenStream<'a> = RunStream;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> RunStream {
        let mut tokens = Vec::new();
        let mut push = |text: &str, from: usize| {
            tokens.push(Token {
                offset_from: from,
                offset_to: from + text.len(),
                position: tokens.len(),
                text: text.to_owned(),
                position_length: 1,
            });
        };
        for (from, run) in runs(text) {
            if run.chars().next().is_some_and(is_dense) {
                let ends: Vec<usize> = run
                    .char_indices()
                    .map(|(at, _)| at)
                    .chain([run.len()])
                    .collect();
                if ends.len() == 2 {
                    push(run, from);
                }
                for pair in ends.windows(3) {
                    push(&run[pair[0]..pair[2]], from + pair[0]);
                }
            } else if run.len() <= LONGEST {
                push(run, from);
            }
        }
        RunStream {
            tokens: tokens.into_iter(),
            token: Token::default(),
        }
    }
}

impl TokenStream for RunStream {
    fn advance(&mut self) -> bool {
        match self.tokens.next() {
            Some(token) => {
                self.token = token;
                true
            }
            None => false,
        }
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

/// Runs of characters of one sort, each with its offset.
fn runs(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut rest = 0;
    std::iter::from_fn(move || {
        let start = rest + text[rest..].find(char::is_alphanumeric)?;
        let dense = text[start..].chars().next().is_some_and(is_dense);
        let end = text[start..]
            .find(|c: char| !is_part(c) || is_dense(c) != dense)
            .map_or(text.len(), |len| start + len);
        rest = end;
        Some((start, &text[start..end]))
    })
}

/// Whether a character goes on with a word: letters, digits, and marks that combine with letters.
fn is_part(c: char) -> bool {
    c.is_alphanumeric() || ('\u{300}'..='\u{36f}').contains(&c)
}

/// Whether words are written without spaces in the script of `c`.
fn is_dense(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{30ff}' | '\u{3100}'..='\u{9fff}' | '\u{a960}'..='\u{a97f}' | '\u{ac00}'..='\u{d7ff}'
        | '\u{f900}'..='\u{faff}' | '\u{ff66}'..='\u{ff9f}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_lose_case_and_accents_and_nothing_else() {
        let mut words = Words::default();
        assert_eq!(
            words.exact("Böhm-Bawerk's 3rd café, NATO."),
            ["bohm", "bawerk", "s", "3rd", "cafe", "nato"]
        );
        assert!(words.exact(" … — ").is_empty());
        assert!(words.exact(&"x".repeat(LONGEST + 1)).is_empty());
    }

    #[test]
    fn stems_are_those_of_the_language() {
        let mut words = Words::default();
        assert_eq!(words.stems("tariffs running", "en"), ["tariff", "run"]);
        assert_eq!(words.stems("tariffs running", ""), ["tariff", "run"]);
        assert_eq!(words.stems("Häuser", "de"), ["haus"]);
        // A language without a stemmer has its words as they are.
        assert_eq!(words.stems("vêtements", "xx"), ["vetements"]);
    }

    #[test]
    fn scripts_without_spaces_become_pairs() {
        let mut words = Words::default();
        assert_eq!(words.exact("関税 GDP"), ["関税", "gdp"]);
        assert_eq!(words.exact("自由貿易"), ["自由", "由貿", "貿易"]);
        assert_eq!(words.exact("税"), ["税"]);
    }

    #[test]
    fn a_question_is_its_words_that_say_something() {
        let mut words = Words::default();
        let stems = words.query_stems("who pays for the tariffs, and for a tariff?", &[]);
        let plain: Vec<(&str, usize)> = stems
            .iter()
            .map(|(stems, n)| (stems[0].as_str(), *n))
            .collect();
        assert_eq!(plain, [("pay", 1), ("tariff", 2)]);
        assert_eq!(words.query_stems("to be or", &[]).len(), 3);
        let both = words.query_stems("nations", &["en".into(), "fr".into()]);
        assert_eq!(both.len(), 1);
    }
}
