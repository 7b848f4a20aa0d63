//! What a tokeniser puts around two texts that are read as a pair: `[CLS] first [SEP] second [SEP]`.

use super::sequence::Sequence;

/// The special tokens of a pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Frame {
    before: Vec<u32>,
    between: Vec<u32>,
    behind: Vec<u32>,
    /// Whether the second text, and what is behind it, has a type of its own.
    two_types: bool,
}

/// What stands at a place in a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Special(u32),
    First,
    Second,
}

impl Frame {
    /// Reads a frame from what stands in a pair, one part behind the other, each with its token type.
    ///
    /// `None` where both texts aren't there once, in their order, with a special token before the first, whose vector
    /// scores the pair, and one between them; and where anything but the second text and what is behind it has
    /// another type than 0.
    pub(super) fn read(parts: &[(Part, u32)]) -> Option<Self> {
        let of = |wanted: Part| parts.iter().position(|(part, _)| *part == wanted);
        let (first, second) = (of(Part::First)?, of(Part::Second)?);
        let before = parts.get(..first)?;
        let between = parts.get(first + 1..second)?;
        let behind = parts.get(second + 1..)?;
        let (_, kind) = parts.get(second)?;
        let is = |parts: &[(Part, u32)], kind: u32| parts.iter().all(|(_, other)| *other == kind);
        if *kind > 1 || !is(&parts[..second], 0) || !is(behind, *kind) {
            return None;
        }
        let frame = Self {
            before: specials(before)?,
            between: specials(between)?,
            behind: specials(behind)?,
            two_types: *kind == 1,
        };
        (!frame.before.is_empty() && !frame.between.is_empty()).then_some(frame)
    }

    /// The same for a model that knows one token type only.
    pub(super) fn with_one_type(self) -> Self {
        Self {
            two_types: false,
            ..self
        }
    }

    /// Whether the second text has a type of its own.
    pub(super) fn has_two_types(&self) -> bool {
        self.two_types
    }

    /// How many special tokens a pair has.
    pub(super) fn len(&self) -> usize {
        self.before.len() + self.between.len() + self.behind.len()
    }

    /// The pair of two texts with these tokens.
    pub(super) fn join(&self, first: &[u32], second: &[u32]) -> Sequence {
        let mut ids = Vec::with_capacity(self.len() + first.len() + second.len());
        for part in [&self.before, first, &self.between] {
            ids.extend(part);
        }
        let of_first = ids.len();
        for part in [second, &self.behind] {
            ids.extend(part);
        }
        if self.two_types {
            Sequence::pair(ids, of_first)
        } else {
            Sequence::single(ids)
        }
    }
}

/// The numbers of parts that are special tokens, all of them.
fn specials(parts: &[(Part, u32)]) -> Option<Vec<u32>> {
    parts
        .iter()
        .map(|(part, _)| match part {
            Part::Special(id) => Some(*id),
            Part::First | Part::Second => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::Part::{First, Second, Special};
    use super::*;

    #[test]
    fn a_pair_is_framed_as_bert_does_and_as_roberta_does() {
        let bert = Frame::read(&[
            (Special(2), 0),
            (First, 0),
            (Special(3), 0),
            (Second, 1),
            (Special(3), 1),
        ])
        .unwrap();
        assert_eq!(bert.len(), 3);
        assert!(bert.has_two_types());
        let pair = bert.join(&[7, 8], &[9]);
        assert_eq!(pair, Sequence::pair(vec![2, 7, 8, 3, 9, 3], 4));
        let roberta = Frame::read(&[
            (Special(0), 0),
            (First, 0),
            (Special(2), 0),
            (Special(2), 0),
            (Second, 0),
            (Special(2), 0),
        ])
        .unwrap();
        assert!(!roberta.has_two_types());
        let pair = roberta.join(&[7], &[]);
        assert_eq!(pair, Sequence::single(vec![0, 7, 2, 2, 2]));
    }

    #[test]
    fn what_is_no_pair_is_no_frame() {
        let (cls, sep) = (Special(2), Special(3));
        for parts in [
            vec![],
            vec![(cls, 0), (First, 0), (sep, 0)],
            vec![(First, 0), (sep, 0), (Second, 1), (sep, 1)],
            vec![(cls, 0), (First, 0), (Second, 1), (sep, 1)],
            vec![(cls, 0), (Second, 1), (sep, 0), (First, 0), (sep, 0)],
            vec![(cls, 0), (First, 0), (sep, 0), (First, 0), (Second, 1)],
            vec![(cls, 0), (First, 0), (sep, 0), (Second, 1), (Second, 1)],
            vec![(cls, 0), (First, 0), (sep, 0), (Second, 2), (sep, 2)],
            vec![(cls, 0), (First, 0), (sep, 1), (Second, 1), (sep, 1)],
            vec![(cls, 0), (First, 0), (sep, 0), (Second, 1), (sep, 0)],
        ] {
            assert_eq!(Frame::read(&parts), None, "{parts:?}");
        }
    }
}
