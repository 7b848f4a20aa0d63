//! What BERT's normaliser and pre-tokeniser make of a character.

use std::sync::OnceLock;

use tokenizers::normalizers::{BertNormalizer, Lowercase};
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::{
    NormalizedString, Normalizer, OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer,
    Result,
};

/// Characters from here on are never looked at one by one.
const END: usize = 0x20d0;

/// What becomes of a character, whatever stands around it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fate {
    /// It is dropped, and what stands on both sides of it is joined.
    Dropped,
    /// It ends a word.
    Space,
    /// It becomes a word of its own.
    Alone(Letters),
    /// It becomes part of a word.
    Joined(Letters),
    /// It depends on what stands around it, or would take too long to find out.
    Open,
}

/// One character or a few in UTF-8.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Letters {
    bytes: [u8; Self::MOST],
    len: u8,
}

impl Letters {
    const MOST: usize = 6;

    fn new(letters: &str) -> Option<Self> {
        let mut bytes = [0; Self::MOST];
        bytes
            .get_mut(..letters.len())?
            .copy_from_slice(letters.as_bytes());
        Some(Self {
            bytes,
            len: letters.len() as u8,
        })
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

/// BERT's normaliser and pre-tokeniser, as the `tokenizers` crate runs them, and what it has said of single
/// characters so far.
pub(super) struct Characters {
    /// Whether everything becomes lower case before anything else.
    lower_case: bool,
    bert: BertNormalizer,
    /// The fates of the characters below [`END`] that anybody has asked for.
    known: Box<[OnceLock<Fate>]>,
}

impl Characters {
    pub(super) fn new(lower_case: bool, bert: BertNormalizer) -> Self {
        Self {
            lower_case,
            bert,
            known: (0..END).map(|_| OnceLock::new()).collect(),
        }
    }

    /// The words of `text` as the crate sees them.
    pub(super) fn words(&self, text: &str) -> Result<PreTokenizedString> {
        let mut text = NormalizedString::from(text);
        if self.lower_case {
            Lowercase.normalize(&mut text)?;
        }
        self.bert.normalize(&mut text)?;
        let mut words = PreTokenizedString::from(text);
        BertPreTokenizer.pre_tokenize(&mut words)?;
        Ok(words)
    }

    /// What becomes of `character`.
    pub(super) fn fate(&self, character: char) -> Fate {
        match self.known.get(character as usize) {
            Some(known) => *known.get_or_init(|| self.ask(character)),
            None => Fate::Open,
        }
    }

    /// What the crate makes of `character`, twice, between two letters.
    fn ask(&self, character: char) -> Fate {
        if !stands_alone(character) {
            return Fate::Open;
        }
        let Ok(words) = self.words(&format!("x{character}{character}x")) else {
            return Fate::Open;
        };
        let words = words.get_splits(OffsetReferential::Original, OffsetType::None);
        let words: Vec<&str> = words.into_iter().map(|(word, ..)| word).collect();
        let fate = match *words {
            ["xx"] => Some(Fate::Dropped),
            ["x", "x"] => Some(Fate::Space),
            ["x", one, other, "x"] if one == other => Letters::new(one).map(Fate::Alone),
            [joined] => joined
                .strip_prefix('x')
                .and_then(|rest| rest.strip_suffix('x'))
                .and_then(|twice| twice.split_at_checked(twice.len() / 2))
                .filter(|(one, other)| one == other)
                .and_then(|(one, _)| Letters::new(one))
                .map(Fate::Joined),
            _ => None,
        };
        fate.unwrap_or(Fate::Open)
    }
}

/// Whether what becomes of a character is sure to be the same beside any other of these: they are scripts of
/// single letters and punctuation. The marks that combine with others, which may change places, are left out.
fn stands_alone(character: char) -> bool {
    matches!(character, '\0'..='\u{2ff}' | '\u{370}'..='\u{482}' | '\u{48a}'..='\u{52f}')
        || matches!(character, '\u{2000}'..='\u{20cf}')
}
