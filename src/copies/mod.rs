//! Which texts are copies of one another: the same article from two papers, an earlier and a later edition, an excerpt.
//!
//! Texts are compared by their [`Sketch`]es, and where these leave it open by all of their shingles. What they share with
//! many texts of their own source (a notice on cookies, a list of
//! job advertisements) says nothing and is left out: a paper prints its own article a few times at most, and what it
//! prints more often is no article. All of it is linear in the number of texts but for the texts that share something.
//!
//! ```
//! use topoi::copies::{Sketch, Text, pairs};
//!
//! let paragraphs: Vec<String> = (0..40).map(|n| format!("paragraph {n} says why the tariff of year {n} was paid at home")).collect();
//! let all = paragraphs.iter().map(String::as_str);
//! let article = Text::new(Sketch::of(all.clone()), Some("The Harbour Review"));
//! let excerpt = Text::new(Sketch::of(all.take(10)), Some("The Civic Ledger"));
//! let other = Text::new(Sketch::of(["the concert was sold out long before it began"]), None);
//! let found = pairs(&[article, excerpt, other]);
//! assert_eq!(found.iter().map(|pair| (pair.first, pair.second)).collect::<Vec<_>>(), [(0, 1)]);
//! ```
//!
//! Measured on 15,022 opinion articles against 883 pairs that share half of their sentences or more:
//! `cargo bench --bench reading -- copies`.

mod sketch;

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

pub use sketch::Sketch;

/// What stands in more texts of one source than these is no part of an article.
///
/// With 4 the pairs above are found with an F1 of .98, with 8 of .97, with 12 of .96, and without any of .91 to .94.
const MOST_IN_SOURCE: usize = 4;

/// What stands in more texts than these, whatever their sources, tells nothing, and comparing all of them is not linear.
const MOST: usize = 64;

/// What two texts share of all their shingles, at least, to be copies. From .40 to .70 the F1 is the same within .005.
const RESEMBLANCE: f32 = 0.5;

/// What a text shares of its own shingles, at least, to be an excerpt of another.
const CONTAINMENT: f32 = 0.8;

/// Texts share at least so many shingles of their sketches, or all of those there are.
const FEWEST: usize = 3;

/// How many standard errors a sample's share is off the limit, at most, for it to be left open on which side the text's is. Of an
/// excerpt of 300 words, of which the other text has nine tenths, 14 shingles or so are in its sketch, and by these alone one in
/// eight is missed.
const DOUBT: f32 = 3.0;

/// A text to be compared with others.
#[derive(Debug, Clone)]
pub struct Text {
    /// Its sketch.
    pub sketch: Sketch,
    /// Its source, by any number that is the same for all texts of that source; `None` where it is not known.
    pub source: Option<u64>,
}

impl Text {
    /// A text, and the name of its source.
    #[must_use]
    pub fn new(sketch: Sketch, source: Option<&str>) -> Self {
        Self {
            sketch,
            source: source.map(sketch::name),
        }
    }
}

/// Two texts that are copies, by their positions, the earlier first.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// The position of the one.
    pub first: usize,
    /// The position of the other, which is higher.
    pub second: usize,
    /// What they share, 0 to 1: of the shingles of both, or of the shorter one where that is an excerpt.
    pub likeness: f32,
}

/// The pairs of texts that are copies, as far as their sketches tell.
///
/// Texts with equal sketches are paired with the first of them only, so that a text that stands a thousand times makes a
/// thousand pairs and not a million. The pairs are in order.
#[must_use]
pub fn pairs(texts: &[Text]) -> Vec<Pair> {
    let Compared {
        mut pairs, open, ..
    } = compare(texts);
    pairs.extend(open.into_iter().filter_map(|open| {
        Some(Pair {
            first: open.one.position,
            second: open.other.position,
            likeness: open.estimate?,
        })
    }));
    in_order(pairs)
}

/// The same, where all shingles decide what sketches leave open. `read` gives the pieces of a text by its position.
///
/// # Errors
///
/// Those of `read`.
pub fn pairs_read<E>(
    texts: &[Text],
    mut read: impl FnMut(usize) -> Result<Vec<String>, E>,
) -> Result<Vec<Pair>, E> {
    let Compared {
        mut pairs,
        mut open,
        kept,
    } = compare(texts);
    open.sort_unstable_by_key(|open| (open.one, open.other));
    let mut shingles = |at: Kept| {
        let sketch = texts.get(at.position).map(|text| &text.sketch);
        let telling = kept.get(at.place).map_or(&[][..], |(_, hashes)| hashes);
        Ok(own_shingles(&read(at.position)?, sketch, telling))
    };
    let mut last: Option<(Kept, Vec<u64>)> = None;
    for Open { one, other, .. } in open {
        let ours = match last.take() {
            Some((at, shingles)) if at == one => shingles,
            _ => shingles(one)?,
        };
        let theirs = shingles(other)?;
        let shared = ours
            .iter()
            .filter(|hash| theirs.binary_search(hash).is_ok());
        if let Some(likeness) = likeness(shared.count(), ours.len(), theirs.len()) {
            pairs.push(Pair {
                first: one.position,
                second: other.position,
                likeness,
            });
        }
        last = Some((one, ours));
    }
    Ok(in_order(pairs))
}

fn in_order(mut pairs: Vec<Pair>) -> Vec<Pair> {
    pairs.sort_unstable_by_key(|pair| (pair.first, pair.second));
    pairs
}

/// A text that is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Kept {
    /// Its position among all texts.
    position: usize,
    /// Its place among those that are compared.
    place: usize,
}

/// Two texts of which sketches don't tell whether they are copies.
struct Open {
    one: Kept,
    other: Kept,
    /// How alike they are by their sketches, if they are copies by these.
    estimate: Option<f32>,
}

/// What sketches tell.
struct Compared {
    pairs: Vec<Pair>,
    open: Vec<Open>,
    /// The texts that were compared, by their positions, with the hashes that tell something.
    kept: Vec<(usize, Vec<u64>)>,
}

fn compare(texts: &[Text]) -> Compared {
    let mut pairs = Vec::new();
    // Equal sketches are one text.
    let mut first_of: HashMap<&Sketch, usize> = HashMap::new();
    let mut distinct: Vec<usize> = Vec::new();
    for (at, text) in texts.iter().enumerate() {
        if text.sketch.hashes().is_empty() {
            continue;
        }
        let first = *first_of.entry(&text.sketch).or_insert(at);
        if first == at {
            distinct.push(at);
        } else {
            pairs.push(Pair {
                first,
                second: at,
                likeness: 1.0,
            });
        }
    }
    let kept = telling(texts, &distinct);
    let mut shared: HashMap<(u32, u32), u32, BuildHasherDefault<Mix>> = HashMap::default();
    for group in by_hash(&kept).chunk_by(|one, other| one.0 == other.0) {
        if group.len() > MOST {
            continue;
        }
        for (at, (_, one)) in group.iter().enumerate() {
            for (_, other) in group.iter().skip(at + 1) {
                *shared.entry((*one, *other)).or_default() += 1;
            }
        }
    }
    let mut open = Vec::new();
    for ((one, other), shared) in shared {
        let of = |place: u32| {
            let place = place as usize;
            let (position, hashes) = kept.get(place)?;
            let reach = texts.get(*position)?.sketch.reach();
            let position = *position;
            Some((Kept { position, place }, hashes, reach))
        };
        let Some(((one, ours, our_reach), (other, theirs, their_reach))) = of(one).zip(of(other))
        else {
            continue;
        };
        let within = |hashes: &[u64], reach| hashes.partition_point(|hash| *hash <= reach);
        let (ours, theirs) = (within(ours, their_reach), within(theirs, our_reach));
        let shared = shared as usize;
        let estimate = likeness(shared, ours, theirs);
        if is_open(shared, ours, theirs) {
            open.push(Open {
                one,
                other,
                estimate,
            });
        } else if let Some(likeness) = estimate {
            pairs.push(Pair {
                first: one.position,
                second: other.position,
                likeness,
            });
        }
    }
    Compared { pairs, open, kept }
}

/// What two texts share of all their shingles, and of those of the shorter one.
#[expect(
    clippy::cast_precision_loss,
    reason = "a share of at most some thousand"
)]
fn shares(shared: usize, one: usize, other: usize) -> (f32, f32) {
    let share = |of: usize| shared as f32 / of.max(1) as f32;
    (share(one + other - shared), share(one.min(other)))
}

/// How alike two texts are that share so many of their shingles, if they are copies.
fn likeness(shared: usize, one: usize, other: usize) -> Option<f32> {
    if shared < FEWEST.min(one.min(other)) {
        return None;
    }
    let (resemblance, containment) = shares(shared, one, other);
    if resemblance >= RESEMBLANCE {
        Some(resemblance)
    } else {
        (containment >= CONTAINMENT).then_some(containment)
    }
}

/// Whether samples in which two texts share so much leave it open whether they are copies.
#[expect(
    clippy::cast_precision_loss,
    reason = "a share of at most some thousand"
)]
fn is_open(shared: usize, one: usize, other: usize) -> bool {
    let shorter = one.min(other);
    if shared < FEWEST.min(shorter) {
        return false;
    }
    let (resemblance, containment) = shares(shared, one, other);
    let doubt = |limit: f32, of: usize| DOUBT * (limit * (1.0 - limit) / of.max(1) as f32).sqrt();
    let resembling = (resemblance - RESEMBLANCE) / doubt(RESEMBLANCE, one + other - shared);
    let contained = (containment - CONTAINMENT) / doubt(CONTAINMENT, shorter);
    (-1.0..1.0).contains(&resembling.max(contained))
}

/// The shingles of a text, in order, none twice, without those that are nearest to one of its sketch that tells nothing: a notice
/// that a source prints under everything is longer than a shingle, and what the sketch has of it stands for the rest.
fn own_shingles(pieces: &[String], sketch: Option<&Sketch>, telling: &[u64]) -> Vec<u64> {
    let all = sketch::shingles(pieces.iter().map(String::as_str));
    let sampled = sketch.map_or(&[][..], Sketch::hashes);
    let mut own = if telling.len() == sampled.len() {
        all
    } else {
        let known = all.iter().enumerate();
        let known = known.filter(|(_, hash)| sampled.binary_search(hash).is_ok());
        let known: Vec<(usize, bool)> = known
            .map(|(at, hash)| (at, telling.binary_search(hash).is_ok()))
            .collect();
        let is_own = |at: usize| {
            let next = known.partition_point(|(place, _)| *place < at);
            let around = [next.checked_sub(1), Some(next)].into_iter().flatten();
            let nearest = around
                .filter_map(|place| known.get(place))
                .min_by_key(|(place, _)| place.abs_diff(at));
            nearest.is_none_or(|(_, is_telling)| *is_telling)
        };
        let own = all.iter().enumerate().filter(|(at, _)| is_own(*at));
        own.map(|(_, hash)| *hash).collect()
    };
    own.sort_unstable();
    own.dedup();
    own
}

/// The texts at some positions with those of their hashes that stand in few texts of their source.
fn telling(texts: &[Text], positions: &[usize]) -> Vec<(usize, Vec<u64>)> {
    let mut counts: HashMap<(u64, u64), usize, BuildHasherDefault<Mix>> = HashMap::default();
    for text in texts {
        if let Some(source) = text.source {
            for hash in text.sketch.hashes() {
                *counts.entry((source, *hash)).or_default() += 1;
            }
        }
    }
    let known = || {
        positions
            .iter()
            .filter_map(|at| texts.get(*at).map(|text| (*at, text)))
    };
    known()
        .map(|(at, text)| {
            let is_telling = |hash: &u64| {
                let count = text.source.and_then(|source| counts.get(&(source, *hash)));
                count.is_none_or(|count| *count <= MOST_IN_SOURCE)
            };
            (
                at,
                text.sketch
                    .hashes()
                    .iter()
                    .copied()
                    .filter(is_telling)
                    .collect(),
            )
        })
        .collect()
}

/// Each hash with the text that has it, sorted by hash and then by text.
fn by_hash(kept: &[(usize, Vec<u64>)]) -> Vec<(u64, u32)> {
    let mut by_hash: Vec<(u64, u32)> = kept
        .iter()
        .zip(0..)
        .flat_map(|((_, hashes), at)| hashes.iter().map(move |hash| (*hash, at)))
        .collect();
    by_hash.sort_unstable();
    by_hash
}

/// Texts that are copies of one another, directly or through others.
#[derive(Debug, Clone, PartialEq)]
pub struct Story {
    /// The positions of the texts, in ascending order, and how alike each is to another of them, at most.
    pub texts: Vec<(usize, f32)>,
}

/// The stories that pairs make of `count` texts, those with two texts or more, in the order of their first texts.
#[must_use]
pub fn stories(count: usize, pairs: &[Pair]) -> Vec<Story> {
    let mut leader: Vec<usize> = (0..count).collect();
    for pair in pairs {
        let (one, other) = (
            root(&mut leader, pair.first),
            root(&mut leader, pair.second),
        );
        // The earlier one leads.
        if let Some(led) = leader.get_mut(one.max(other)) {
            *led = one.min(other);
        }
    }
    let mut likeness = vec![0.0_f32; count];
    for pair in pairs {
        for at in [pair.first, pair.second] {
            if let Some(most) = likeness.get_mut(at) {
                *most = most.max(pair.likeness);
            }
        }
    }
    let mut stories: HashMap<usize, Vec<(usize, f32)>> = HashMap::new();
    for at in 0..count {
        let first = root(&mut leader, at);
        let alike = likeness.get(at).copied().unwrap_or(0.0);
        stories.entry(first).or_default().push((at, alike));
    }
    let mut stories: Vec<Story> = stories
        .into_values()
        .filter(|texts| texts.len() > 1)
        .map(|texts| Story { texts })
        .collect();
    stories.sort_unstable_by_key(|story| story.texts.first().map(|(at, _)| *at));
    stories
}

/// Who leads a text's story, halving the way there.
fn root(leader: &mut [usize], mut at: usize) -> usize {
    while let Some(&above) = leader.get(at) {
        if above == at {
            break;
        }
        let beyond = leader.get(above).copied().unwrap_or(above);
        if let Some(place) = leader.get_mut(at) {
            *place = beyond;
        }
        at = beyond;
    }
    at
}

/// A hasher for keys that are hashes already, or small numbers: one multiplication a word.
#[derive(Default)]
struct Mix(u64);

impl Hasher for Mix {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u32(&mut self, value: u32) {
        self.write_u64(u64::from(value));
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = (self.0.rotate_left(5) ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A text of so many words of its own, after others that are given.
    fn text(source: u64, name: &str, words: usize, before: &str) -> Text {
        let own: String = (0..words).map(|n| format!(" {name}{n}")).collect();
        Text {
            sketch: Sketch::of([before, own.as_str()]),
            source: Some(source),
        }
    }

    fn found(texts: &[Text]) -> Vec<(usize, usize)> {
        pairs(texts)
            .iter()
            .map(|pair| (pair.first, pair.second))
            .collect()
    }

    fn words(name: &str, range: std::ops::Range<usize>) -> String {
        range.map(|n| format!("{name}{n} ")).collect()
    }

    #[test]
    fn copies_with_additions_and_excerpts_are_found_and_others_are_not() {
        let story = words("s", 0..600);
        let texts = [
            text(1, "a", 0, &story),
            text(2, "b", 200, &story),
            text(3, "c", 0, &words("s", 0..150)),
            text(4, "d", 500, &words("s", 200..400)),
            text(5, "e", 600, ""),
            text(6, "a", 0, &story),
        ];
        assert_eq!(found(&texts), [(0, 1), (0, 2), (0, 5), (1, 2)]);
        let stories = stories(texts.len(), &pairs(&texts));
        assert_eq!(stories.len(), 1);
        let members: Vec<usize> = stories[0].texts.iter().map(|(at, _)| *at).collect();
        assert_eq!(members, [0, 1, 2, 5]);
        assert!(stories[0].texts[1].1 > 0.6 && stories[0].texts[3].1 == 1.0);
    }

    #[test]
    fn what_sketches_leave_open_is_decided_by_all_shingles() {
        let story = words("s", 0..900);
        let of = |pieces: &str| Text::new(Sketch::of([pieces]), None);
        // Excerpts of ninety words with some of their own, that share between two thirds and all of their shingles.
        let mut written = vec![story];
        for start in 0..40 {
            let from = 20 * start;
            let text = words("s", from..from + 90) + &words(&format!("x{start}y"), 0..start);
            written.push(text);
        }
        let texts: Vec<Text> = written.iter().map(|text| of(text)).collect();
        let read = |at: usize| -> Result<Vec<String>, ()> { Ok(vec![written[at].clone()]) };
        let decided = pairs_read(&texts, read).unwrap();
        let with_story = decided.iter().filter(|pair| pair.first == 0);
        for pair in with_story.clone() {
            let own = pair.second - 1;
            let likeness = 86.0 / (86 + own) as f32;
            assert!((pair.likeness - likeness).abs() < 1e-6 && likeness >= CONTAINMENT);
        }
        // 86 shingles of 86 to 107; of some the sketches share too few to look at them.
        assert!((17..=22).contains(&with_story.count()));
        let asked = pairs_read(&texts, |_| Err(()));
        assert_eq!(asked, Err(()));
    }

    #[test]
    fn what_a_source_prints_under_everything_makes_no_copies() {
        let notice = words("cookie", 0..400);
        let mut texts: Vec<Text> = (0..8)
            .map(|n| text(1, &format!("x{n}_"), 150, &notice))
            .collect();
        assert_eq!(found(&texts), []);
        // Another source's copy of one of them is found all the same.
        texts.push(text(2, "x3_", 150, ""));
        assert_eq!(found(&texts), [(3, 8)]);
    }

    #[test]
    fn a_text_that_stands_often_makes_as_many_pairs_and_no_more() {
        let texts: Vec<Text> = (0..500).map(|_| text(1, "x", 100, "")).collect();
        let pairs = pairs(&texts);
        assert_eq!(pairs.len(), 499);
        assert_eq!(stories(texts.len(), &pairs)[0].texts.len(), 500);
    }
}
