//! Sets of point ids as bits: filters and tombstones.

use std::fmt;

use crate::point::PointId;

const BITS: u64 = u64::BITS as u64;

/// A set of point ids, one bit for every id from 0 to the highest one inserted (8 million ids take
/// one megabyte).
///
/// ```
/// use topoi_index::{IdSet, PointId};
///
/// let mut by_author: IdSet = [2, 5, 700].map(PointId).into_iter().collect();
/// let in_may: IdSet = [5, 6, 700].map(PointId).into_iter().collect();
/// by_author.intersect_with(&in_may);
/// assert_eq!(by_author.iter().collect::<Vec<_>>(), [PointId(5), PointId(700)]);
/// ```
#[derive(Clone, Default)]
pub struct IdSet {
    words: Vec<u64>,
    len: usize,
}

impl IdSet {
    /// An empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an id; says whether it was new. The set grows to `id / 8` bytes.
    pub fn insert(&mut self, id: PointId) -> bool {
        let (word, bit) = place(id);
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        let Some(word) = self.words.get_mut(word) else {
            return false;
        };
        let new = *word & bit == 0;
        *word |= bit;
        self.len += usize::from(new);
        new
    }

    /// Takes an id out; says whether it was there.
    pub fn remove(&mut self, id: PointId) -> bool {
        let (word, bit) = place(id);
        let Some(word) = self.words.get_mut(word) else {
            return false;
        };
        let there = *word & bit != 0;
        *word &= !bit;
        self.len -= usize::from(there);
        there
    }

    /// Whether an id is in the set.
    #[inline]
    pub fn contains(&self, id: PointId) -> bool {
        let (word, bit) = place(id);
        self.words.get(word).is_some_and(|word| word & bit != 0)
    }

    /// How many ids are in the set.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The ids, ascending.
    pub fn iter(&self) -> impl Iterator<Item = PointId> + '_ {
        self.words.iter().zip(0u64..).flat_map(|(&word, i)| {
            let mut rest = word;
            std::iter::from_fn(move || {
                let bit = u64::from((rest != 0).then(|| rest.trailing_zeros())?);
                rest &= rest - 1;
                Some(PointId(i * BITS + bit))
            })
        })
    }

    /// Adds all ids of another set.
    pub fn union_with(&mut self, other: &Self) {
        if other.words.len() > self.words.len() {
            self.words.resize(other.words.len(), 0);
        }
        for (mine, theirs) in self.words.iter_mut().zip(&other.words) {
            *mine |= theirs;
        }
        self.recount();
    }

    /// Keeps only the ids that are in another set too.
    pub fn intersect_with(&mut self, other: &Self) {
        self.words.truncate(other.words.len());
        for (mine, theirs) in self.words.iter_mut().zip(&other.words) {
            *mine &= theirs;
        }
        self.recount();
    }

    /// Takes all ids of another set out.
    pub fn difference_with(&mut self, other: &Self) {
        for (mine, theirs) in self.words.iter_mut().zip(&other.words) {
            *mine &= !theirs;
        }
        self.recount();
    }

    /// The ids of `first ..= last` that are in this set and not in `except`, ascending. Words without
    /// any are skipped at once, so that a small set is cheap to walk.
    pub(crate) fn iter_between<'a>(
        &'a self,
        first: PointId,
        last: PointId,
        except: Option<&'a Self>,
    ) -> impl Iterator<Item = PointId> + 'a {
        self.words_between(first, last, except)
            .flat_map(move |(i, word)| {
                let mut rest = word;
                std::iter::from_fn(move || {
                    let bit = u64::from((rest != 0).then(|| rest.trailing_zeros())?);
                    rest &= rest - 1;
                    Some(PointId(i * BITS + bit))
                })
            })
    }

    /// How many ids [`iter_between`](Self::iter_between) gives.
    pub(crate) fn count_between(
        &self,
        first: PointId,
        last: PointId,
        except: Option<&Self>,
    ) -> usize {
        self.words_between(first, last, except)
            .map(|(_, word)| word.count_ones() as usize)
            .sum()
    }

    fn words_between<'a>(
        &'a self,
        first: PointId,
        last: PointId,
        except: Option<&'a Self>,
    ) -> impl Iterator<Item = (u64, u64)> + 'a {
        let low = place(first).0.min(self.words.len());
        let high = place(last).0.saturating_add(1).clamp(low, self.words.len());
        let words = self.words.get(low..high).unwrap_or_default();
        words.iter().zip(low..).map(move |(&word, i)| {
            let out = except.and_then(|set| set.words.get(i)).copied();
            let mut word = word & !out.unwrap_or(0);
            let i = i as u64;
            if i == first.0 / BITS {
                word &= u64::MAX << (first.0 % BITS);
            }
            if i == last.0 / BITS {
                word &= u64::MAX >> (BITS - 1 - last.0 % BITS);
            }
            (i, word)
        })
    }

    fn recount(&mut self) {
        self.len = self.words.iter().map(|w| w.count_ones() as usize).sum();
    }
}

/// The word and the bit of an id.
#[inline]
fn place(id: PointId) -> (usize, u64) {
    let word = usize::try_from(id.0 / BITS).unwrap_or(usize::MAX);
    (word, 1 << (id.0 % BITS))
}

impl Extend<PointId> for IdSet {
    fn extend<I: IntoIterator<Item = PointId>>(&mut self, ids: I) {
        for id in ids {
            self.insert(id);
        }
    }
}

impl FromIterator<PointId> for IdSet {
    fn from_iter<I: IntoIterator<Item = PointId>>(ids: I) -> Self {
        let mut set = Self::new();
        set.extend(ids);
        set
    }
}

impl PartialEq for IdSet {
    /// The same ids; how far the bits reach doesn't matter.
    fn eq(&self, other: &Self) -> bool {
        let common = self.words.len().min(other.words.len());
        self.len == other.len && self.words.get(..common) == other.words.get(..common)
    }
}

impl Eq for IdSet {}

impl fmt::Debug for IdSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn set(ids: &[u64]) -> IdSet {
        ids.iter().copied().map(PointId).collect()
    }

    #[test]
    fn it_holds_what_an_ordered_set_holds() {
        let mut ours = IdSet::new();
        let mut theirs = BTreeSet::new();
        let mut x = 1u64;
        for _ in 0..5_000 {
            x = x.wrapping_mul(6364136223846793005).wrapping_add(99991);
            let id = (x >> 33) % 700;
            if x >> 63 == 0 {
                assert_eq!(ours.insert(PointId(id)), theirs.insert(id));
            } else {
                assert_eq!(ours.remove(PointId(id)), theirs.remove(&id));
            }
        }
        assert_eq!(ours.len(), theirs.len());
        assert!(ours.iter().map(|id| id.0).eq(theirs.iter().copied()));
    }

    #[test]
    fn union_intersection_and_difference_keep_the_count() {
        let mut a = set(&[1, 64, 900]);
        a.union_with(&set(&[2, 64, 5000]));
        assert_eq!((a.len(), &a), (5, &set(&[1, 2, 64, 900, 5000])));
        a.difference_with(&set(&[64, 7]));
        assert_eq!((a.len(), &a), (4, &set(&[1, 2, 900, 5000])));
        a.intersect_with(&set(&[2, 3, 900]));
        assert_eq!((a.len(), &a), (2, &set(&[2, 900])));
    }

    #[test]
    fn a_range_is_cut_at_both_ends_and_may_lie_beyond_the_set() {
        let a = set(&[0, 63, 64, 65, 127, 128, 300]);
        let except = set(&[65]);
        let between = |first, last| {
            let ids = a.iter_between(PointId(first), PointId(last), Some(&except));
            let ids: Vec<u64> = ids.map(|id| id.0).collect();
            let count = a.count_between(PointId(first), PointId(last), Some(&except));
            assert_eq!(ids.len(), count);
            ids
        };
        assert_eq!(between(63, 127), [63, 64, 127]);
        assert_eq!(between(64, 64), [64]);
        assert_eq!(between(0, u64::MAX), [0, 63, 64, 127, 128, 300]);
        assert_eq!(between(u64::MAX, u64::MAX), [0; 0]);
        assert_eq!(between(200, 100), [0; 0]);
    }

    #[test]
    fn sets_with_the_same_ids_are_equal_however_far_they_once_reached() {
        let mut a = set(&[1, 9000]);
        a.remove(PointId(9000));
        assert_eq!(a, set(&[1]));
        assert!(!a.contains(PointId(u64::MAX)));
    }
}
