//! BERT's tokeniser: the same tokens as the `tokenizers` crate finds, in a thirtieth of the time.
//!
//! Nearly all sentence models in use share one pipeline: BERT's normaliser and pre-tokeniser, WordPiece over some
//! 30,000 words, `[CLS]` before and `[SEP]` behind. The crate runs any pipeline there is and keeps for each byte
//! where it came from. Here one pass over the text takes each ASCII character as BERT does, asks the crate once
//! what becomes of each other letter or sign that doesn't depend on its surroundings, and gives what stands
//! between two pieces of white space to the crate if there is anything else in it. The splitting into words of
//! the vocabulary is always done here, so the vocabulary is read once and kept once, in two flat arrays.
//!
//! | file | what |
//! |---|---|
//! | `file` | what a `tokenizer.json` must say to be read here |
//! | `vocabulary` | the words and their numbers |
//! | `characters` | what becomes of a character |
//! | `scan` | one pass over a text |

mod characters;
mod file;
mod scan;
#[cfg(test)]
mod tests;
mod vocabulary;

use tokenizers::normalizers::BertNormalizer;

use characters::Characters;
use file::{AddedToken, File, Normalizer, PostProcessor};
use scan::Scan;
pub(super) use scan::Sink;
use vocabulary::{Hash, PREFIX, Place, Vocabulary};

use super::frame::Frame;

/// Added tokens are compared one by one; a file with more of them than this is left to the crate.
const MOST_ADDED: usize = 64;

/// BERT's tokeniser with a vocabulary.
pub(super) struct WordPiece {
    vocabulary: Vocabulary,
    /// The token of words that can't be made of those of the vocabulary.
    unknown: u32,
    /// Longer words are unknown.
    most_chars: usize,
    /// The tokens before every text.
    before: Vec<u32>,
    /// The tokens behind every text.
    behind: Vec<u32>,
    /// The tokens around two texts that are read as a pair.
    frame: Option<Frame>,
    /// What is a token wherever it stands in a text, the longest first.
    added: Vec<(String, u32)>,
    /// The bytes that one of `added` begins with.
    opens: [bool; 256],
    /// What becomes of each byte.
    ascii: [AsciiFate; 256],
    /// What is written in a word for each byte that becomes part of one, and with which no added token begins.
    /// 0 for all others.
    plain: [u8; 256],
    characters: Characters,
}

/// What becomes of a byte of a text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum AsciiFate {
    /// It is dropped, and what stands on both sides of it is joined.
    Dropped,
    /// It ends a word.
    Space,
    /// It is a word of its own.
    Alone,
    /// It is part of a word, and written so there.
    Joined(u8),
    /// It is part of a longer character.
    NoAscii,
}

/// A token of a word: its number, and its bytes in the word.
#[derive(Clone, Copy)]
struct Token {
    id: u32,
    start: usize,
    end: usize,
}

impl WordPiece {
    /// Reads a `tokenizer.json`, if it describes what is done here.
    ///
    /// With `lower_case` a text becomes lower case before anything else. What the file says of padding and
    /// truncation is ignored. `None` where it is damaged, or asks for anything unusual: then the `tokenizers`
    /// crate has the word.
    pub(super) fn read(json: &[u8], lower_case: bool) -> Option<Self> {
        let file = File::parse(json)?;
        let Normalizer::BertNormalizer {
            clean_text,
            handle_chinese_chars,
            strip_accents,
            lowercase,
        } = file.normalizer;
        let model = file.model;
        if !clean_text || model.continuing_subword_prefix != PREFIX {
            return None;
        }
        let frame = file.post_processor.as_ref().and_then(PostProcessor::frame);
        let (before, behind) = match file.post_processor {
            Some(processor) => processor.ends()?,
            None => Default::default(),
        };
        let added = added(&file.added_tokens, &model.vocab)?;
        let mut opens = [false; 256];
        for (content, _) in &added {
            opens[usize::from(*content.as_bytes().first()?)] = true;
        }
        let ascii = ascii(lower_case || lowercase);
        let plain = std::array::from_fn(|byte| match ascii[byte] {
            AsciiFate::Joined(letter) if !opens[byte] => letter,
            _ => 0,
        });
        let bert = BertNormalizer::new(clean_text, handle_chinese_chars, strip_accents, lowercase);
        Some(Self {
            unknown: model.vocab.id(&model.unk_token)?,
            most_chars: model.max_input_chars_per_word,
            vocabulary: model.vocab,
            before,
            behind,
            frame,
            added,
            opens,
            ascii,
            plain,
            characters: Characters::new(lower_case, bert),
        })
    }

    /// The tokens before and behind those of every text.
    pub(super) fn ends(&self) -> (&[u32], &[u32]) {
        (&self.before, &self.behind)
    }

    /// The tokens around two texts that are read as a pair, where the file says which.
    pub(super) fn frame(&self) -> Option<&Frame> {
        self.frame.as_ref()
    }

    /// The token of words that can't be made of those of the vocabulary.
    pub(super) fn unknown(&self) -> u32 {
        self.unknown
    }

    /// Gives `sink` the tokens of `text`, without those before and behind.
    ///
    /// Once it has `enough`, this may end at the next white space. An error comes from the crate, which promises
    /// less than it does: there is nothing in this pipeline that fails.
    pub(super) fn tokenise<S: Sink>(
        &self,
        text: &str,
        enough: usize,
        sink: &mut S,
    ) -> tokenizers::Result<()> {
        Scan::new(self, text, sink).run(enough)
    }

    /// The longest added token that stands in `text` at the byte `at`: its number, and where it ends.
    #[inline]
    fn added_at(&self, text: &str, at: usize) -> Option<(u32, usize)> {
        let rest = &text.as_bytes()[at..];
        if !self.opens[usize::from(*rest.first()?)] {
            return None;
        }
        self.added
            .iter()
            .find(|(content, _)| rest.starts_with(content.as_bytes()))
            .map(|(content, id)| (*id, at + content.len()))
    }

    /// Where in `text`, from the byte `at` on, the next white space or added token begins, or else the end.
    fn next_break(&self, text: &str, at: usize) -> usize {
        (at..text.len())
            .find(|at| {
                self.ascii[usize::from(text.as_bytes()[*at])] == AsciiFate::Space
                    || self.added_at(text, *at).is_some()
            })
            .unwrap_or(text.len())
    }

    /// Splits `word`, which is UTF-8 and not empty, into `tokens`, taking the longest word of the vocabulary that
    /// it begins with, and again of what is left. `hashes` is room to work in.
    ///
    /// Words of the vocabulary that stand at the beginning of another never begin with the prefix of those that
    /// stand further on, since `#` is always a word of its own.
    #[inline]
    fn split(&self, word: &[u8], hashes: &mut Vec<Hash>, tokens: &mut Vec<Token>) {
        tokens.clear();
        let (mut start, mut place) = (0, Place::Head);
        if !self.is_too_long(word) {
            while let Some((id, len)) = self.vocabulary.longest(place, &word[start..], hashes) {
                let end = start + len;
                tokens.push(Token { id, start, end });
                (start, place) = (end, Place::Tail);
            }
        }
        if start < word.len() {
            tokens.clear();
            tokens.push(Token {
                id: self.unknown,
                start: 0,
                end: word.len(),
            });
        }
    }

    fn is_too_long(&self, word: &[u8]) -> bool {
        let is_first = |byte: &&u8| **byte & 0b1100_0000 != 0b1000_0000;
        word.len() > self.most_chars && word.iter().filter(is_first).count() > self.most_chars
    }

    /// [`Self::split`] as the crate wants it.
    fn crate_tokens(&self, word: &str) -> Vec<tokenizers::Token> {
        let mut tokens = Vec::new();
        self.split(word.as_bytes(), &mut Vec::new(), &mut tokens);
        tokens
            .into_iter()
            .map(|Token { id, start, end }| tokenizers::Token {
                id,
                value: String::new(),
                offsets: (start, end),
            })
            .collect()
    }
}

/// The content and the number of each added token, the longest first. `None` where one isn't in the vocabulary,
/// or is to be found in any other way than as it is written, or where there are two that the crate would mix up.
fn added(tokens: &[AddedToken], vocabulary: &Vocabulary) -> Option<Vec<(String, u32)>> {
    if tokens.len() > MOST_ADDED {
        return None;
    }
    let mut added: Vec<(String, u32)> = Vec::with_capacity(tokens.len());
    for token in tokens {
        let plain = !token.single_word && !token.lstrip && !token.rstrip && !token.normalized;
        let id = vocabulary.id(&token.content)?;
        if !plain || token.content.is_empty() || added.iter().any(|(_, other)| *other == id) {
            return None;
        }
        added.push((token.content.clone(), id));
    }
    added.sort_by_key(|(content, _)| std::cmp::Reverse(content.len()));
    Some(added)
}

/// What becomes of each byte. Of the control characters only three count as white space; the others are dropped,
/// even the two that Unicode calls white space too.
fn ascii(lower_case: bool) -> [AsciiFate; 256] {
    std::array::from_fn(|byte| match byte as u8 {
        b' ' | b'\t' | b'\n' | b'\r' => AsciiFate::Space,
        byte if byte.is_ascii_control() => AsciiFate::Dropped,
        byte if byte.is_ascii_punctuation() => AsciiFate::Alone,
        byte if byte.is_ascii() && lower_case => AsciiFate::Joined(byte.to_ascii_lowercase()),
        byte if byte.is_ascii() => AsciiFate::Joined(byte),
        _ => AsciiFate::NoAscii,
    })
}
