//! Values as PostgreSQL takes and gives them: vectors, words with their places, and questions to them.

use std::collections::{BTreeMap, HashMap};
use std::error::Error;

use bytes::{BufMut as _, BytesMut};
use half::f16;
use pgvector::HalfVector;
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use topoi_index::{from_whole, to_whole};

/// The last place that a word can have in a `tsvector`, and how many places one may have.
const LAST_PLACE: u16 = (1 << 14) - 1;
const MOST_PLACES: usize = 255;

/// A vector as it is stored: whole numbers, which halves of 16 bits hold exactly.
pub(super) fn to_half(vector: &[f32]) -> HalfVector {
    let numbers = to_whole(vector).into_iter();
    let halves: Vec<f16> = numbers.map(|n| f16::from_f32(f32::from(n))).collect();
    HalfVector::from(halves)
}

/// The vector of unit length that stored numbers stand for.
pub(super) fn from_half(half: &HalfVector) -> Vec<f32> {
    let numbers = half.as_slice().iter();
    let numbers: Vec<i16> = numbers.map(|n| n.to_f32() as i16).collect();
    from_whole(&numbers)
}

/// The vector in a column.
pub(super) fn vector(row: &Row, column: usize) -> Result<Vec<f32>, tokio_postgres::Error> {
    Ok(from_half(&row.try_get(column)?))
}

/// Words with their places, as a `tsvector`.
#[derive(Debug, Default)]
pub(super) struct Words(BTreeMap<String, Vec<u16>>);

impl Words {
    /// Words with how often each stands there: their places say nothing but that.
    pub(super) fn counted(words: impl IntoIterator<Item = String>) -> Self {
        let mut places: BTreeMap<String, Vec<u16>> = BTreeMap::new();
        for word in words {
            let places = places.entry(word).or_default();
            if places.len() < MOST_PLACES {
                places.push(places.len() as u16 + 1);
            }
        }
        Self(places)
    }

    /// Words in their places, those of several texts with a gap between them.
    pub(super) fn placed(texts: impl IntoIterator<Item = Vec<String>>) -> Self {
        let mut places: BTreeMap<String, Vec<u16>> = BTreeMap::new();
        let mut place = 0u16;
        for words in texts {
            for word in words {
                place = place.saturating_add(1).min(LAST_PLACE);
                let places = places.entry(word).or_default();
                if places.len() < MOST_PLACES && places.last() != Some(&place) {
                    places.push(place);
                }
            }
            place = place.saturating_add(1);
        }
        Self(places)
    }
}

impl ToSql for Words {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        out.put_i32(i32::try_from(self.0.len())?);
        for (word, places) in &self.0 {
            out.put_slice(word.as_bytes());
            out.put_u8(0);
            out.put_u16(places.len() as u16);
            places.iter().for_each(|place| out.put_u16(*place));
        }
        Ok(IsNull::No)
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::TS_VECTOR
    }

    to_sql_checked!();
}

/// The words of a stored `tsvector`, with how many places each has.
#[derive(Debug, Default)]
pub(super) struct StoredWords(HashMap<String, u32>);

impl StoredWords {
    /// How often a word stands there.
    pub(super) fn times(&self, word: &str) -> u32 {
        self.0.get(word).copied().unwrap_or(0)
    }
}

impl<'a> FromSql<'a> for StoredWords {
    fn from_sql(_: &Type, bytes: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        let (count, mut rest) = bytes.split_at_checked(4).ok_or("too short")?;
        let count = i32::from_be_bytes(count.try_into()?);
        let mut words = HashMap::new();
        for _ in 0..count {
            let end = rest.iter().position(|byte| *byte == 0).ok_or("no end")?;
            let (word, after) = rest.split_at_checked(end).ok_or("too short")?;
            let places = after.get(1..3).ok_or("too short")?;
            let places = u16::from_be_bytes(places.try_into()?);
            rest = after
                .get(3 + 2 * usize::from(places)..)
                .ok_or("too short")?;
            words.insert(std::str::from_utf8(word)?.to_owned(), u32::from(places));
        }
        Ok(Self(words))
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::TS_VECTOR
    }
}

impl std::fmt::Debug for AskedWords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AskedWords({} items)", self.items)
    }
}

/// A question to words, as a `tsquery`: items in the order in which an operator stands before what it combines, the right
/// side first.
#[derive(Clone)]
pub(super) struct AskedWords {
    items: i32,
    bytes: Vec<u8>,
}

#[derive(Clone, Copy)]
enum Operator {
    Not = 1,
    And = 2,
    Or = 3,
    Phrase = 4,
}

impl AskedWords {
    /// A word.
    pub(super) fn word(word: &str) -> Self {
        // A value, of any weight, not a prefix.
        let mut bytes = vec![1, 0, 0];
        bytes.extend(word.bytes().filter(|byte| *byte != 0));
        bytes.push(0);
        Self { items: 1, bytes }
    }

    /// Any of some words; `None` of none.
    pub(super) fn any(words: impl IntoIterator<Item = Self>) -> Option<Self> {
        words
            .into_iter()
            .reduce(|a, b| Self::both(Operator::Or, &a, &b))
    }

    /// All of some.
    pub(super) fn all(words: impl IntoIterator<Item = Self>) -> Option<Self> {
        words
            .into_iter()
            .reduce(|a, b| Self::both(Operator::And, &a, &b))
    }

    /// Words one behind the other.
    pub(super) fn phrase(words: impl IntoIterator<Item = Self>) -> Option<Self> {
        words
            .into_iter()
            .reduce(|a, b| Self::both(Operator::Phrase, &a, &b))
    }

    /// What doesn't have this.
    pub(super) fn not(&self) -> Self {
        let mut bytes = vec![2, Operator::Not as u8];
        bytes.extend(&self.bytes);
        Self {
            items: self.items + 1,
            bytes,
        }
    }

    fn both(operator: Operator, left: &Self, right: &Self) -> Self {
        let mut bytes = vec![2, operator as u8];
        if matches!(operator, Operator::Phrase) {
            bytes.extend([0, 1]);
        }
        bytes.extend(&right.bytes);
        bytes.extend(&left.bytes);
        Self {
            items: left.items + right.items + 1,
            bytes,
        }
    }
}

impl ToSql for AskedWords {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        out.put_i32(self.items);
        out.put_slice(&self.bytes);
        Ok(IsNull::No)
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::TSQUERY
    }

    to_sql_checked!();
}

/// How often a word stands in a text, from what `ts_rank` says of it by itself with all weights 1: the sum of 1 / j² for the
/// times j that it stands there, over that of all j. So it rises with each, less and less.
pub(super) fn times(rank: f32) -> u32 {
    /// The sum of 1 / j² for all j, as `ts_rank` has it.
    const ALL: f32 = 1.644_934;
    if rank <= 0.0 {
        return 0;
    }
    let mut sum = 0.0f32;
    for times in 1..=MOST_PLACES as u32 {
        let next = 1.0 / (times as f32 * times as f32);
        sum += next;
        // Half of what the next one would add.
        if rank * ALL < sum + next / 2.0 * (times as f32 / (times + 1) as f32).powi(2) {
            return times;
        }
    }
    MOST_PLACES as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_stands_for_the_same_vector() {
        let vector: Vec<f32> = (0..384).map(|i| (i as f32 * 0.7).sin()).collect();
        let stored = to_half(&vector);
        let back = from_half(&stored);
        assert_eq!(to_half(&back), stored);
        assert_eq!(from_whole(&to_whole(&back)), back);
    }

    #[test]
    fn a_rank_tells_how_often_a_word_stands_there() {
        let mut sum = 0.0f32;
        for times in 1..=MOST_PLACES as u32 {
            sum += 1.0 / (times as f32 * times as f32);
            assert_eq!(super::times(sum / 1.644_934), times);
        }
        assert_eq!(super::times(0.0), 0);
    }
}
