//! One pass over a text that finds its words and splits them into tokens.

use std::ops::Range;

use tokenizers::OffsetType;

use super::characters::Fate;
use super::vocabulary::Hash;
use super::{AsciiFate, Token, WordPiece};

/// What is done with the tokens of a text.
pub(in crate::engine) trait Sink {
    /// Whether it matters where the tokens lie. Where it doesn't, every span is empty.
    const SPANS: bool;

    /// Takes a token: its number, and where it lies in the text, in bytes.
    fn push(&mut self, id: u32, span: Range<usize>);

    /// How many tokens it has.
    fn len(&self) -> usize;

    /// Takes back all tokens but the first `len`.
    fn truncate(&mut self, len: usize);
}

/// A word as the model's vocabulary writes it, and room to split it in.
#[derive(Default)]
struct Word {
    bytes: Vec<u8>,
    /// For each byte, where the character lies that it came from, if spans matter.
    origins: Vec<(usize, usize)>,
    hashes: Vec<Hash>,
    tokens: Vec<Token>,
}

pub(super) struct Scan<'a, S> {
    model: &'a WordPiece,
    text: &'a str,
    sink: &'a mut S,
    word: Word,
    /// Where what stands between two pieces of white space began, and how many tokens there were before it.
    since: (usize, usize),
}

impl<'a, S: Sink> Scan<'a, S> {
    pub(super) fn new(model: &'a WordPiece, text: &'a str, sink: &'a mut S) -> Self {
        Self {
            model,
            text,
            since: (0, sink.len()),
            sink,
            word: Word::default(),
        }
    }

    /// Gives the sink the tokens of the text, up to some white space where it has `enough` or more.
    pub(super) fn run(mut self, enough: usize) -> tokenizers::Result<()> {
        let mut at = 0;
        loop {
            at = self.join_plain(at);
            let Some(byte) = self.text.as_bytes().get(at) else {
                self.end_word();
                return Ok(());
            };
            if let Some((id, end)) = self.model.added_at(self.text, at) {
                self.end_word();
                self.sink.push(id, at..end);
                self.since = (end, self.sink.len());
                at = end;
                continue;
            }
            match self.model.ascii[usize::from(*byte)] {
                AsciiFate::Joined(letter) => self.join(&[letter], at..at + 1),
                AsciiFate::Alone => self.stand_alone(&[*byte], at..at + 1),
                AsciiFate::Dropped => {}
                AsciiFate::Space => {
                    self.end_word();
                    if self.sink.len() >= enough {
                        return Ok(());
                    }
                    self.since = (at + 1, self.sink.len());
                }
                AsciiFate::NoAscii => {
                    at = self.take_wide(at)?;
                    continue;
                }
            }
            at += 1;
        }
    }

    /// Makes the plain letters from `at` on part of the word, and returns where they end.
    fn join_plain(&mut self, at: usize) -> usize {
        let plain = &self.model.plain;
        let rest = &self.text.as_bytes()[at..];
        let len = rest
            .iter()
            .position(|byte| plain[usize::from(*byte)] == 0)
            .unwrap_or(rest.len());
        let letters = rest[..len].iter().map(|byte| plain[usize::from(*byte)]);
        self.word.bytes.extend(letters);
        if S::SPANS {
            self.word
                .origins
                .extend((at..at + len).map(|at| (at, at + 1)));
        }
        at + len
    }

    /// Takes the character at `at`, which isn't ASCII, and returns where to go on.
    fn take_wide(&mut self, at: usize) -> tokenizers::Result<usize> {
        let Some(character) = self.text[at..].chars().next() else {
            return Ok(self.text.len());
        };
        let end = at + character.len_utf8();
        match self.model.characters.fate(character) {
            Fate::Joined(letters) => self.join(letters.as_bytes(), at..end),
            Fate::Dropped => {}
            Fate::Alone(letters) => self.stand_alone(letters.as_bytes(), at..end),
            Fate::Space => self.end_word(),
            Fate::Open => return self.begin_again(end),
        }
        Ok(end)
    }

    /// Forgets what came of the text since the last white space, and has the crate find its words, up to the next
    /// after `seen`.
    fn begin_again(&mut self, seen: usize) -> tokenizers::Result<usize> {
        let (start, tokens) = self.since;
        self.word.clear();
        self.sink.truncate(tokens);
        let end = self.model.next_break(self.text, seen);
        let mut words = self.model.characters.words(&self.text[start..end])?;
        words.tokenize(|word| Ok(self.model.crate_tokens(word.get())))?;
        let offsets = if S::SPANS {
            OffsetType::Byte
        } else {
            OffsetType::None
        };
        let found = words.into_encoding(None, 0, offsets)?;
        for (id, (from, to)) in found.get_ids().iter().zip(found.get_offsets()) {
            self.sink.push(*id, start + from..start + to);
        }
        self.since = (end, self.sink.len());
        Ok(end)
    }

    /// Makes `letters`, which came from `origin`, part of the word.
    #[inline]
    fn join(&mut self, letters: &[u8], origin: Range<usize>) {
        self.word.bytes.extend_from_slice(letters);
        if S::SPANS {
            let origins = std::iter::repeat_n((origin.start, origin.end), letters.len());
            self.word.origins.extend(origins);
        }
    }

    /// Ends the word, and makes another of `letters`, which came from `origin`.
    fn stand_alone(&mut self, letters: &[u8], origin: Range<usize>) {
        self.end_word();
        self.join(letters, origin);
        self.end_word();
    }

    /// Gives the sink the tokens of the word, and begins another.
    fn end_word(&mut self) {
        let word = &mut self.word;
        if word.bytes.is_empty() {
            return;
        }
        self.model
            .split(&word.bytes, &mut word.hashes, &mut word.tokens);
        for token in &word.tokens {
            let span = if S::SPANS {
                word.origins[token.start].0..word.origins[token.end - 1].1
            } else {
                0..0
            };
            self.sink.push(token.id, span);
        }
        word.clear();
    }
}

impl Word {
    fn clear(&mut self) {
        self.bytes.clear();
        self.origins.clear();
    }
}
