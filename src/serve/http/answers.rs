//! Answers that are known from before.
//!
//! A question that is asked again of a library which hasn't changed has the same answer.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use lru::LruCache;

use crate::serve::packed::Packed;

/// How many answers are kept, at most.
const MOST: NonZeroUsize = NonZeroUsize::new(4096).expect("not 0");

/// How many bytes they may take, unpacked.
const MOST_BYTES: usize = 32 << 20;

/// A question: of which library in which state, and what.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) library: usize,
    pub(super) generation: u64,
    pub(super) request: &'static str,
    /// All fields of the question, as JSON.
    pub(super) question: String,
}

struct Kept {
    answers: LruCache<Key, Arc<Packed>>,
    bytes: usize,
    /// The latest state of each library that there are answers of.
    generations: HashMap<usize, u64>,
}

impl Kept {
    /// Whether answers of a library in this state are still of use. Nobody asks for those of earlier states again: they go.
    fn is_current(&mut self, library: usize, generation: u64) -> bool {
        let latest = self.generations.entry(library).or_insert(generation);
        if generation < *latest {
            return false;
        }
        if generation > *latest {
            *latest = generation;
            let of_library = self
                .answers
                .iter()
                .filter(|(key, _)| key.library == library);
            let gone: Vec<Key> = of_library.map(|(key, _)| key.clone()).collect();
            for key in gone {
                if let Some(answer) = self.answers.pop(&key) {
                    self.bytes -= key.bytes() + answer.len();
                }
            }
        }
        true
    }
}

/// The answers to the last questions.
pub(super) struct Answers(Mutex<Kept>);

impl Default for Answers {
    fn default() -> Self {
        Self(Mutex::new(Kept {
            answers: LruCache::new(MOST),
            bytes: 0,
            generations: HashMap::new(),
        }))
    }
}

impl Key {
    fn bytes(&self) -> usize {
        self.question.len()
    }
}

impl Answers {
    pub(super) fn get(&self, key: &Key) -> Option<Arc<Packed>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.answers.get(key).map(Arc::clone)
    }

    pub(super) fn keep(&self, key: Key, answer: Arc<Packed>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !kept.is_current(key.library, key.generation) {
            return;
        }
        kept.bytes += key.bytes() + answer.len();
        if let Some((key, gone)) = kept.answers.push(key, answer) {
            kept.bytes -= key.bytes() + gone.len();
        }
        while kept.bytes > MOST_BYTES
            && let Some((key, gone)) = kept.answers.pop_lru()
        {
            kept.bytes -= key.bytes() + gone.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(question: &str, generation: u64) -> Key {
        Key {
            library: 0,
            generation,
            request: "search",
            question: question.to_owned(),
        }
    }

    #[test]
    fn an_answer_is_that_of_the_library_as_it_was() {
        let answers = Answers::default();
        answers.keep(key("a", 1), Arc::new(Packed::json("1")));
        assert!(answers.get(&key("a", 1)).is_some());
        assert!(answers.get(&key("a", 2)).is_none());
    }

    #[test]
    fn answers_of_earlier_states_of_a_library_go() {
        let answers = Answers::default();
        let other = Key {
            library: 1,
            ..key("a", 1)
        };
        answers.keep(other.clone(), Arc::new(Packed::json("0")));
        for generation in [1, 2, 1] {
            answers.keep(key("a", generation), Arc::new(Packed::json("1")));
        }
        let kept = answers.0.lock().unwrap();
        assert_eq!(kept.answers.len(), 2);
        let bytes = kept
            .answers
            .iter()
            .map(|(key, answer)| key.bytes() + answer.len());
        assert_eq!(kept.bytes, bytes.sum::<usize>());
        drop(kept);
        assert!(answers.get(&key("a", 2)).is_some());
        assert!(answers.get(&other).is_some());
    }

    #[test]
    fn the_oldest_answers_go_when_there_are_too_many_bytes() {
        let answers = Answers::default();
        for question in ["a", "b", "a", "c"] {
            answers.keep(
                key(question, 1),
                Arc::new(Packed::json(vec![b' '; MOST_BYTES / 3])),
            );
        }
        assert!(answers.get(&key("b", 1)).is_none());
        assert!(answers.get(&key("a", 1)).is_some());
        assert!(answers.get(&key("c", 1)).is_some());
    }
}
