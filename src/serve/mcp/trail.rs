//! Answers that go on where others ended: the next best of what hasn't been shown.
//!
//! What the next best is can't be told by counting: in a large library, whoever looks for more candidates finds some that
//! belong before those that were shown already. So what was shown is remembered, for as many questions as there is room
//! for, and left out of the next page. A cursor is the digest of a question and of what was shown of its answer.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lru::LruCache;
use sha2::{Digest, Sha256};
use topoi::article::PassageId;

use super::cursor::{self, strange};
use super::parameters::Arguments;
use crate::serve::asked::MOST_NAMED;
use crate::serve::failure::Result;

/// How many pages can be gone on from. Each takes up to 8 KB.
const MOST: NonZeroUsize = NonZeroUsize::new(512).expect("not 0");

/// How many bytes of a digest a cursor has.
const BYTES: usize = 12;

/// The answers that can be gone on with, by their cursors.
pub(super) struct Trails(Mutex<LruCache<String, Trail>>);

/// A question, and what was shown of its answer.
#[derive(Clone)]
pub(super) struct Trail {
    question: Sha256,
    /// The passages that were shown, and those that are copies of them.
    shown: Vec<PassageId>,
    /// How many answers that was.
    pub(super) given: usize,
}

impl Trails {
    pub(super) fn new() -> Self {
        Self(Mutex::new(LruCache::new(MOST)))
    }

    /// Where an answer begins: at its beginning, unless a cursor says where.
    pub(super) fn find(&self, tool: &str, arguments: &Arguments) -> Result<Trail> {
        let question = cursor::question(tool, arguments);
        let Some(cursor) = arguments.text("cursor") else {
            return Ok(Trail {
                question,
                shown: Vec::new(),
                given: 0,
            });
        };
        let mut trails = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = trails.get(cursor.trim());
        known
            .filter(|trail| trail.question.clone().finalize() == question.finalize())
            .cloned()
            .ok_or_else(strange)
    }

    /// Remembers what was shown, and gives the cursor to go on from there; none if that is far enough.
    pub(super) fn keep(&self, trail: Trail) -> Option<String> {
        if trail.shown.len() >= MOST_NAMED {
            return None;
        }
        let mut digest = trail.question.clone();
        for passage in &trail.shown {
            digest.update(passage.0.to_be_bytes());
        }
        let cursor = URL_SAFE_NO_PAD.encode(&digest.finalize()[..BYTES]);
        let mut trails = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        trails.put(cursor.clone(), trail);
        Some(cursor)
    }
}

impl Trail {
    /// What is not to be shown again, as questions name it.
    pub(super) fn shown(&self) -> Vec<String> {
        self.shown.iter().map(ToString::to_string).collect()
    }

    /// What has been shown once an answer and its copies have been shown too.
    pub(super) fn show(&mut self, passages: impl IntoIterator<Item = PassageId>) {
        self.shown.extend(passages);
        self.given += 1;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::serve::mcp::parameters::Parameter;

    fn arguments(query: &str, cursor: Option<&str>) -> Arguments {
        let parameters = [Parameter::text("query", 100, ""), cursor::parameter()];
        let given = json!({ "query": query, "cursor": cursor });
        Arguments::read("search", &parameters, given.as_object().cloned()).unwrap()
    }

    #[test]
    fn an_answer_goes_on_where_it_ended() {
        let trails = Trails::new();
        let mut trail = trails.find("search", &arguments("a", None)).unwrap();
        trail.show([PassageId(5), PassageId(9)]);
        let cursor = trails.keep(trail.clone()).unwrap();
        assert_eq!(trails.keep(trail).unwrap(), cursor);
        let next = trails
            .find("search", &arguments("a", Some(&cursor)))
            .unwrap();
        assert_eq!(
            (next.given, next.shown()),
            (1, vec!["5".into(), "9".into()])
        );
        for (tool, query, cursor) in [
            ("search", "b", &*cursor),
            ("related", "a", &cursor),
            ("search", "a", &cursor[1..]),
        ] {
            assert!(trails.find(tool, &arguments(query, Some(cursor))).is_err());
        }
    }

    #[test]
    fn no_answer_goes_on_for_ever_and_not_all_are_remembered() {
        let trails = Trails::new();
        let mut trail = trails.find("search", &arguments("a", None)).unwrap();
        let first = trails.keep(trail.clone()).unwrap();
        for number in 0..MOST.get() as u64 {
            trail.show([PassageId(number)]);
            assert!(trails.keep(trail.clone()).is_some());
        }
        assert!(
            trails
                .find("search", &arguments("a", Some(&first)))
                .is_err()
        );
        trail.show((0..MOST_NAMED as u64).map(PassageId));
        assert!(trails.keep(trail).is_none());
    }
}
