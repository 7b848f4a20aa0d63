//! Sets of point ids as bits: filters and tombstones.

use std::fmt;
use std::iter;

use crate::point::PointId;

/// Ids of one page.
const PAGE: u64 = 4096;

const BITS: u64 = u64::BITS as u64;
const WORDS: usize = (PAGE / BITS) as usize;

/// A set of point ids, one bit for every id, in pages of 4,096 ids. Only pages that hold an id take room, half a kilobyte each:
/// a set takes no more because its ids are high, and 8 million that follow each other take one megabyte.
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
    /// In the order of their numbers, none without an id.
    pages: Vec<Page>,
    len: usize,
}

#[derive(Clone)]
struct Page {
    /// Its ids divided by [`PAGE`].
    number: u64,
    words: Box<[u64; WORDS]>,
}

impl Page {
    fn is_empty(&self) -> bool {
        self.words.iter().all(|&word| word == 0)
    }

    fn count(&self) -> usize {
        self.words.iter().map(|w| w.count_ones() as usize).sum()
    }

    fn combine(&mut self, other: &Self, both: impl Fn(u64, u64) -> u64) {
        for (mine, theirs) in self.words.iter_mut().zip(other.words.iter()) {
            *mine = both(*mine, *theirs);
        }
    }
}

impl IdSet {
    /// An empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an id; says whether it was new.
    pub fn insert(&mut self, id: PointId) -> bool {
        let (number, word, bit) = place(id);
        let at = self.find(number).unwrap_or_else(|at| {
            let words = Box::new([0; WORDS]);
            self.pages.insert(at, Page { number, words });
            at
        });
        let Some(page) = self.pages.get_mut(at) else {
            return false;
        };
        let is_new = page.words[word] & bit == 0;
        page.words[word] |= bit;
        self.len += usize::from(is_new);
        is_new
    }

    /// Takes an id out; says whether it was there.
    pub fn remove(&mut self, id: PointId) -> bool {
        let (number, word, bit) = place(id);
        let Ok(at) = self.find(number) else {
            return false;
        };
        let Some(page) = self.pages.get_mut(at) else {
            return false;
        };
        let was_there = page.words[word] & bit != 0;
        page.words[word] &= !bit;
        if page.is_empty() {
            self.pages.remove(at);
        }
        self.len -= usize::from(was_there);
        was_there
    }

    /// Whether an id is in the set.
    #[inline]
    pub fn contains(&self, id: PointId) -> bool {
        let (number, word, bit) = place(id);
        self.page(number)
            .is_some_and(|page| page.words[word] & bit != 0)
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
        self.iter_between(PointId(0), PointId(u64::MAX), None)
    }

    /// Keeps only the ids that are in another set too.
    pub fn intersect_with(&mut self, other: &Self) {
        self.pages.retain_mut(|mine| {
            let Some(theirs) = other.page(mine.number) else {
                return false;
            };
            mine.combine(theirs, |mine, theirs| mine & theirs);
            !mine.is_empty()
        });
        self.recount();
    }

    /// Takes all ids of another set out.
    pub fn difference_with(&mut self, other: &Self) {
        self.pages.retain_mut(|mine| {
            if let Some(theirs) = other.page(mine.number) {
                mine.combine(theirs, |mine, theirs| mine & !theirs);
            }
            !mine.is_empty()
        });
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
                iter::from_fn(move || {
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

    /// The words of `first ..= last`, without the ids in `except`, and where they are: their ids divided by [`BITS`].
    fn words_between<'a>(
        &'a self,
        first: PointId,
        last: PointId,
        except: Option<&'a Self>,
    ) -> impl Iterator<Item = (u64, u64)> + 'a {
        let begin = self.find(place(first).0).unwrap_or_else(|at| at);
        let pages = self.pages.get(begin..).unwrap_or_default();
        let pages = pages
            .iter()
            .take_while(move |page| page.number <= place(last).0);
        let words = pages.flat_map(move |page| {
            let out = except.and_then(|set| set.page(page.number));
            (0..WORDS).map(move |word| {
                let out = out.map_or(0, |out| out.words[word]);
                let at = page.number * WORDS as u64 + word as u64;
                (at, page.words[word] & !out)
            })
        });
        let (low, high) = (first.0 / BITS, last.0 / BITS);
        words
            .filter(move |&(at, word)| word != 0 && (low..=high).contains(&at))
            .map(move |(at, mut word)| {
                if at == low {
                    word &= u64::MAX << (first.0 % BITS);
                }
                if at == high {
                    word &= u64::MAX >> (BITS - 1 - last.0 % BITS);
                }
                (at, word)
            })
    }

    #[inline]
    fn page(&self, number: u64) -> Option<&Page> {
        self.pages.get(self.find(number).ok()?)
    }

    /// Where a page is, or where it would be put.
    #[inline]
    fn find(&self, number: u64) -> Result<usize, usize> {
        // Where none is missing, each is as far from the first as their numbers are apart.
        let first = self.pages.first().map_or(0, |page| page.number);
        let Some(at) = number.checked_sub(first) else {
            return Err(0);
        };
        let at = usize::try_from(at).unwrap_or(usize::MAX);
        if self.pages.get(at).is_some_and(|page| page.number == number) {
            return Ok(at);
        }
        // Where some are missing, it is nearer to the first.
        let before = self.pages.get(..at).unwrap_or(&self.pages);
        before.binary_search_by_key(&number, |page| page.number)
    }

    fn recount(&mut self) {
        self.len = self.pages.iter().map(Page::count).sum();
    }
}

/// The page, the word and the bit of an id.
#[inline]
fn place(id: PointId) -> (u64, usize, u64) {
    // Below the number of words in a page.
    let word = (id.0 % PAGE / BITS) as usize;
    (id.0 / PAGE, word, 1 << (id.0 % BITS))
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
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && self.iter().eq(other.iter())
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
            // Of three pages that follow each other, and of two that are far away.
            let id = (x >> 33) % 700 * [1, 17, 1 << 40][(x >> 50) as usize % 3];
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
    fn intersection_and_difference_keep_the_count() {
        let mut a = set(&[1, 2, 64, 900, 5000]);
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
    fn a_set_takes_no_more_because_its_ids_are_high() {
        let mut set = set(&[3, 5_000_000_000, u64::MAX]);
        assert_eq!(set.pages.len(), 3);
        assert!(set.contains(PointId(u64::MAX)) && !set.contains(PointId(u64::MAX - 1)));
        set.extend((9_000..20_000).map(PointId));
        set.difference_with(&(9_000..21_000).map(PointId).collect());
        set.remove(PointId(3));
        assert_eq!((set.pages.len(), set.len()), (2, 2));
    }

    #[test]
    fn sets_with_the_same_ids_are_equal_however_far_they_once_reached() {
        let mut a = set(&[1, 9000]);
        a.remove(PointId(9000));
        assert_eq!(a, set(&[1]));
        assert!(!a.contains(PointId(u64::MAX)));
    }
}
