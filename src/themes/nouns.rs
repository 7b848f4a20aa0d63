//! Which words are nouns: told from the company that they keep in the texts themselves, without a dictionary.

use std::ops::AddAssign;

use super::stop_words::{Cue, Language};
use super::words::{Standing, Word};

/// Endings of English words that are nouns as a rule.
const NOUN_ENDINGS: [&str; 9] = [
    "tion", "sion", "ment", "ness", "ism", "ship", "ity", "ance", "ence",
];

/// Endings of English words that are verbs or adverbs as a rule, and of adjectives.
const VERB_ENDINGS: [&str; 3] = ["ed", "ing", "ly"];
const QUALITY_ENDINGS: [&str; 6] = ["able", "ible", "ful", "less", "ous", "ical"];

/// How a word is used: the evidence that it is a noun, a verb, or an adjective, added up over its occurrences.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Uses {
    nominal: u32,
    verbal: u32,
    /// As an adjective is, or a noun before another one.
    modifying: u32,
}

impl AddAssign for Uses {
    fn add_assign(&mut self, other: Self) {
        self.nominal += other.nominal;
        self.verbal += other.verbal;
        self.modifying += other.modifying;
    }
}

impl Uses {
    /// The evidence in one occurrence: the word at `place`.
    pub(super) fn of(words: &[Word], place: usize) -> Self {
        let word = &words[place];
        let mut uses = Self::default();
        if word.standing != Standing::Content {
            return uses;
        }
        let before = (place > 0 && word.follows).then(|| &words[place - 1]);
        let after = words.get(place + 1).filter(|after| after.follows);
        let ends = after.is_none_or(|after| after.standing != Standing::Content);
        let cue = before.map_or(Cue::None, |before| before.cue);
        match word.language {
            // Nouns are what has a capital.
            Language::German if word.named => uses.nominal += 3,
            Language::German if !word.opens => uses.verbal += 2,
            _ if word.named && ends => uses.nominal += 3,
            _ if word.named => {
                // `Russian troops`, `Labour party`.
                uses.nominal += 1;
                uses.modifying += 2;
            }
            _ if word.owns => uses.nominal += 2,
            _ if cue == Cue::Verb => uses.verbal += 2,
            _ if after.is_some_and(|after| after.follows_verbs) => uses.verbal += 2,
            _ if cue == Cue::Quality => uses.modifying += 2,
            _ if !ends => uses.modifying += 1,
            _ if cue == Cue::Noun => uses.nominal += 2,
            _ if before.is_some_and(|before| before.standing == Standing::Content) => {
                uses.nominal += 1;
            }
            _ => {}
        }
        if word.language == Language::English && !word.named {
            let ends_with = |endings: &[&str]| {
                endings
                    .iter()
                    .any(|ending| word.key.len() > ending.len() + 2 && word.key.ends_with(ending))
            };
            uses.nominal += u32::from(ends_with(&NOUN_ENDINGS));
            uses.verbal += u32::from(ends_with(&VERB_ENDINGS));
            uses.modifying += u32::from(ends_with(&QUALITY_ENDINGS));
        }
        uses
    }

    /// How much speaks for a noun, 0 to 1; a half where nothing is known.
    pub(super) fn nominal_share(self) -> f64 {
        let all = self.nominal + self.verbal + self.modifying;
        f64::from(self.nominal + 1) / f64::from(all + 2)
    }

    /// How much speaks for a verb, 0 to 1; nothing where nothing is known.
    pub(super) fn verbal_share(self) -> f64 {
        let all = self.nominal + self.verbal + self.modifying;
        f64::from(self.verbal) / f64::from(all + 1)
    }
}
