//! The words of a WordPiece model in two flat arrays, and the longest of them that a text begins with.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

/// What stands before a word that only continues another.
pub(super) const PREFIX: &str = "##";

/// How far a word may lie from its place in the table. A table that is at most half full with words that people
/// wrote needs some 50; more means that somebody chose the words to collide.
const MOST_STEPS: usize = 1 << 10;

/// Where in a word of a text a word of the vocabulary may stand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// At its beginning.
    Head,
    /// Further on. These words are kept without their [`PREFIX`].
    Tail,
}

/// A hash table over words, with open addressing.
///
/// The words lie one behind the other in `text`. A slot holds the number of an entry plus one, or 0 if it is free.
pub(super) struct Vocabulary {
    text: String,
    entries: Vec<Entry>,
    slots: Vec<u32>,
    /// How far a hash is shifted to give a slot.
    shift: u32,
    /// The bytes of the longest word.
    longest: usize,
}

/// A word and its token number.
#[derive(Clone, Copy)]
struct Entry {
    mark: u32,
    start: u32,
    len: u32,
    id: u32,
}

impl Vocabulary {
    /// The number of the token that is written `word`. Words with a [`PREFIX`] are not found.
    pub(super) fn id(&self, word: &str) -> Option<u32> {
        let hash = Hash::of(Place::Head, word.as_bytes());
        self.find(Place::Head, hash, word.as_bytes())
    }

    /// The longest word that `text` begins with: its number, and its length in bytes, which is never 0.
    ///
    /// `hashes` is room to work in. `text` must be UTF-8: then no word that is found ends within a character.
    #[inline]
    pub(super) fn longest(
        &self,
        place: Place,
        text: &[u8],
        hashes: &mut Vec<Hash>,
    ) -> Option<(u32, usize)> {
        let mut hash = Hash::new(place);
        hashes.clear();
        hashes.extend(text.iter().take(self.longest).map(|byte| {
            hash = hash.with(*byte);
            hash
        }));
        hashes
            .iter()
            .enumerate()
            .rev()
            .find_map(|(last, hash)| Some((self.find(place, *hash, &text[..=last])?, last + 1)))
    }

    #[inline]
    fn find(&self, place: Place, hash: Hash, word: &[u8]) -> Option<u32> {
        let mark = hash.mark(place);
        let mut slot = self.first_slot(hash);
        // There is always a free slot to end at.
        while let Some(entry) = self.entry(slot) {
            if entry.mark == mark && self.bytes(entry) == word {
                return Some(entry.id);
            }
            slot = self.next_slot(slot);
        }
        None
    }

    fn first_slot(&self, hash: Hash) -> usize {
        (hash.0 >> self.shift) as usize
    }

    fn next_slot(&self, slot: usize) -> usize {
        (slot + 1) & (self.slots.len() - 1)
    }

    /// What lies in a slot, unless it is free.
    fn entry(&self, slot: usize) -> Option<&Entry> {
        let number = self.slots[slot].checked_sub(1)?;
        self.entries.get(number as usize)
    }

    fn bytes(&self, entry: &Entry) -> &[u8] {
        &self.text.as_bytes()[entry.start as usize..][..entry.len as usize]
    }

    /// Takes up one more word, which isn't found before [`Self::index`].
    fn add(&mut self, word: &str, id: u32) -> Result<(), &'static str> {
        let (place, word) = match word.strip_prefix(PREFIX) {
            Some(tail) if !tail.is_empty() => (Place::Tail, tail),
            _ => (Place::Head, word),
        };
        let start = u32::try_from(self.text.len());
        let (Ok(start), Ok(len)) = (start, u32::try_from(word.len())) else {
            return Err("a vocabulary of gigabytes");
        };
        self.text.push_str(word);
        self.longest = self.longest.max(word.len());
        self.entries.push(Entry {
            mark: Hash::of(place, word.as_bytes()).mark(place),
            start,
            len,
            id,
        });
        Ok(())
    }

    /// Makes every word that was added findable.
    fn index(&mut self) -> Result<(), &'static str> {
        // At least half of the slots stay free.
        let slots = (self.entries.len() * 2).next_power_of_two().max(2);
        self.slots = vec![0; slots];
        self.shift = u64::BITS - slots.trailing_zeros();
        for (number, entry) in (1..).zip(&self.entries) {
            let word = self.bytes(entry);
            let mut slot = self.first_slot(Hash::of(entry.place(), word));
            let mut steps = 0;
            while let Some(other) = self.entry(slot) {
                if other.mark == entry.mark && self.bytes(other) == word {
                    return Err("a word that stands in the vocabulary twice");
                }
                if steps == MOST_STEPS {
                    return Err("words that collide");
                }
                steps += 1;
                slot = self.next_slot(slot);
            }
            self.slots[slot] = number;
        }
        Ok(())
    }
}

impl Entry {
    fn place(&self) -> Place {
        if self.mark & 1 == 0 {
            Place::Head
        } else {
            Place::Tail
        }
    }
}

/// The hash of a place and some bytes, by the method that Firefox and rustc use: cheap for a few bytes, and it
/// grows byte by byte, so that one pass gives the hashes of all beginnings of a word.
#[derive(Clone, Copy)]
pub(super) struct Hash(u64);

impl Hash {
    fn new(place: Place) -> Self {
        Self(place as u64 + 1)
    }

    fn of(place: Place, bytes: &[u8]) -> Self {
        bytes
            .iter()
            .fold(Self::new(place), |hash, byte| hash.with(*byte))
    }

    fn with(self, byte: u8) -> Self {
        Self((self.0.rotate_left(5) ^ u64::from(byte)).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// What is kept of a hash to tell most other words without looking at them: its lower half, which has no part
    /// in the slot, with the place as the last bit.
    fn mark(self, place: Place) -> u32 {
        self.0 as u32 & !1 | place as u32
    }
}

impl<'de> Deserialize<'de> for Vocabulary {
    /// Reads an object of words and their numbers. One that has a word twice, or words that collide, is refused.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Words;
        impl<'de> Visitor<'de> for Words {
            type Value = Vocabulary;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("words with their numbers")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vocabulary, A::Error> {
                let mut vocabulary = Vocabulary {
                    text: String::new(),
                    entries: Vec::new(),
                    slots: Vec::new(),
                    shift: 0,
                    longest: 0,
                };
                while let Some(word) = map.next_key::<Key<'_>>()? {
                    let id = map.next_value()?;
                    vocabulary.add(&word.0, id).map_err(A::Error::custom)?;
                }
                vocabulary.index().map_err(A::Error::custom)?;
                Ok(vocabulary)
            }
        }
        deserializer.deserialize_map(Words)
    }
}

/// A word that is copied only where the file escapes a character of it.
#[derive(serde::Deserialize)]
#[serde(transparent)]
struct Key<'a>(#[serde(borrow)] std::borrow::Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Vocabulary, serde_json::Error> {
        serde_json::from_str(json)
    }

    fn longest(vocabulary: &Vocabulary, place: Place, text: &str) -> Option<(u32, usize)> {
        vocabulary.longest(place, text.as_bytes(), &mut Vec::new())
    }

    #[test]
    fn the_longest_word_is_found_at_its_place() {
        let words =
            r###"{"un": 1, "una": 2, "##una": 3, "##un": 4, "\u00e9\"": 5, "##": 6, "": 7}"###;
        let vocabulary = read(words).unwrap();
        assert_eq!(longest(&vocabulary, Place::Head, "unaffable"), Some((2, 3)));
        assert_eq!(longest(&vocabulary, Place::Tail, "unaffable"), Some((3, 3)));
        assert_eq!(longest(&vocabulary, Place::Tail, "un"), Some((4, 2)));
        assert_eq!(longest(&vocabulary, Place::Head, "é\"!"), Some((5, 3)));
        assert_eq!(longest(&vocabulary, Place::Tail, "é\"!"), None);
        assert_eq!(longest(&vocabulary, Place::Head, "u"), None);
        assert_eq!(longest(&vocabulary, Place::Head, ""), None);
        assert_eq!(vocabulary.id("una"), Some(2));
        assert_eq!(vocabulary.id("##una"), None);
    }

    #[test]
    fn an_empty_vocabulary_has_no_words() {
        let vocabulary = read("{}").unwrap();
        assert_eq!(longest(&vocabulary, Place::Head, "a"), None);
        assert_eq!(vocabulary.id(""), None);
    }

    #[test]
    fn every_word_of_many_is_found() {
        let words = (0..20_000).map(|number| format!("\"{number}\": {number}"));
        let json = format!("{{{}}}", words.collect::<Vec<_>>().join(","));
        let vocabulary = read(&json).unwrap();
        for number in 0..20_000 {
            assert_eq!(vocabulary.id(&number.to_string()), Some(number));
        }
        assert_eq!(vocabulary.id("20000"), None);
    }

    #[test]
    fn a_word_that_stands_there_twice_is_refused() {
        assert!(read(r###"{"a": 1, "##a": 2}"###).is_ok());
        assert!(read(r#"{"a": 1, "\u0061": 2}"#).is_err());
    }

    #[test]
    fn words_that_were_chosen_to_collide_are_refused() {
        // All of them belong into the first of 4096 slots.
        let is_first = |word: &String| Hash::of(Place::Head, word.as_bytes()).0 >> (64 - 12) == 0;
        let words: Vec<String> = (0..)
            .map(|number: u32| number.to_string())
            .filter(is_first)
            .take(MOST_STEPS + 2)
            .map(|word| format!("\"{word}\": 1"))
            .collect();
        assert!(read(&format!("{{{}}}", words.join(","))).is_err());
        assert!(read(&format!("{{{}}}", words[..MOST_STEPS].join(","))).is_ok());
    }
}
