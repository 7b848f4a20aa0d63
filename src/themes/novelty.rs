//! What some passages say that others don't, and where the two are most alike.

use std::collections::HashSet;

use rayon::prelude::*;
use serde::Serialize;
use topoi_index::dot_product;

use super::Vectors;

/// Passages this near are copies of each other: they are no pair, and have nothing new.
const COPY: f32 = 0.98;

/// So many passages stand for all of a larger group, and so many are looked at for the most novel ones.
///
/// Measured in 2026 on two cores that others used as well: two groups of 50,000 passages take 14 to 17 s, whether they
/// have one theme, 5 or 50. Their vectors (384 numbers) were drawn at random, so that none is much more novel than others and
/// as many as may be are looked at.
pub(super) const LOOKED_AT: usize = 2048;

/// How many passages are compared at once: 64 vectors of 384 dimensions are 96 KiB, which a core's cache holds.
const BLOCK: usize = 64;

/// The passages of two groups that are most alike without being copies, of two articles.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Alike {
    /// The passage of group A, as its place among the passages.
    pub a: usize,
    /// The passage of group B.
    pub b: usize,
    /// Their cosine.
    pub cosine: f32,
}

/// A passage that says what the other group doesn't.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Novel {
    /// The passage, as its place among the passages.
    pub passage: usize,
    /// One less its cosine to the passage of the other group that is most like it.
    pub novelty: f32,
    /// That passage.
    pub nearest: usize,
}

/// What of the other group is most like a passage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Nearest {
    pub(super) passage: usize,
    pub(super) other: usize,
    pub(super) cosine: f32,
}

/// How two groups of passages meet.
#[derive(Debug, Default)]
pub(super) struct Meeting {
    /// The nearest of the second group to each of the first.
    pub(super) first: Vec<Nearest>,
    /// The nearest of the first group to each of the second.
    pub(super) second: Vec<Nearest>,
    pub(super) alike: Option<Alike>,
}

/// Compares each passage of the one group with each of the other: `first × second` dot products. Of two that are equally
/// near, the one that stands first is nearest.
pub(super) fn meet(
    first: &[usize],
    second: &[usize],
    vectors: &Vectors<'_>,
    articles: &(dyn Fn(usize) -> u64 + Sync),
) -> Meeting {
    let blocks: Vec<Meeting> = second
        .par_chunks(BLOCK)
        .map(|block| meet_block(first, block, vectors, articles))
        .collect();
    let mut blocks = blocks.into_iter();
    let mut meeting = blocks.next().unwrap_or_default();
    for block in blocks {
        for (nearest, found) in meeting.first.iter_mut().zip(block.first) {
            if found.cosine > nearest.cosine {
                *nearest = found;
            }
        }
        meeting.second.extend(block.second);
        meeting.alike = meeting.alike.into_iter().chain(block.alike).max_by(|x, y| {
            x.cosine
                .total_cmp(&y.cosine)
                .then((y.a, y.b).cmp(&(x.a, x.b)))
        });
    }
    meeting
}

fn meet_block(
    first: &[usize],
    block: &[usize],
    vectors: &Vectors<'_>,
    articles: &(dyn Fn(usize) -> u64 + Sync),
) -> Meeting {
    let nothing = |passage| Nearest {
        passage,
        other: passage,
        cosine: f32::NEG_INFINITY,
    };
    let mut meeting = Meeting {
        first: first.iter().copied().map(nothing).collect(),
        second: block.iter().copied().map(nothing).collect(),
        alike: None,
    };
    let columns: Vec<&[f32]> = block.iter().map(|&passage| vectors(passage)).collect();
    for row in &mut meeting.first {
        let vector = vectors(row.passage);
        for (column, other) in meeting.second.iter_mut().zip(&columns) {
            let cosine = dot_product(vector, other);
            if cosine > row.cosine {
                row.cosine = cosine;
                row.other = column.passage;
            }
            if cosine > column.cosine {
                column.cosine = cosine;
                column.other = row.passage;
            }
            if cosine < COPY
                && meeting.alike.is_none_or(|alike| cosine > alike.cosine)
                && articles(row.passage) != articles(column.passage)
            {
                meeting.alike = Some(Alike {
                    a: row.passage,
                    b: column.passage,
                    cosine,
                });
            }
        }
    }
    meeting
}

/// The passages among `candidates` that are least like any of `others`, each of another article, at most `limit`.
///
/// A candidate comes with what is nearest to it among some of the others, so that it can't be more novel than that says.
/// They are compared with all others, the most promising first, until no further one can be among the most novel, and
/// at most [`LOOKED_AT`] of them: `LOOKED_AT × others` dot products. Copies are never novel.
pub(super) fn most_novel(
    mut candidates: Vec<Nearest>,
    others: &[usize],
    limit: usize,
    vectors: &Vectors<'_>,
    articles: &(dyn Fn(usize) -> u64 + Sync),
) -> Vec<Novel> {
    candidates.sort_by(|x, y| {
        x.cosine
            .total_cmp(&y.cosine)
            .then(x.passage.cmp(&y.passage))
    });
    candidates.truncate(LOOKED_AT);
    let mut found: Vec<Nearest> = Vec::new();
    for batch in candidates.chunks(BLOCK) {
        let best_left = batch.first().map_or(COPY, |nearest| nearest.cosine);
        let is_settled = found.len() >= limit
            && found
                .last()
                .is_none_or(|nearest| nearest.cosine <= best_left);
        if is_settled || best_left >= COPY {
            break;
        }
        let passages: Vec<usize> = batch.iter().map(|nearest| nearest.passage).collect();
        found.extend(meet(&passages, others, vectors, articles).first);
        found.sort_by(|x, y| {
            x.cosine
                .total_cmp(&y.cosine)
                .then(x.passage.cmp(&y.passage))
        });
        let mut seen = HashSet::new();
        found.retain(|nearest| nearest.cosine < COPY && seen.insert(articles(nearest.passage)));
        found.truncate(limit);
    }
    found
        .into_iter()
        .map(|nearest| Novel {
            passage: nearest.passage,
            novelty: 1.0 - nearest.cosine.clamp(-1.0, 1.0),
            nearest: nearest.other,
        })
        .collect()
}

/// At most [`LOOKED_AT`] of the passages, evenly spaced.
pub(super) fn thinned(passages: &[usize]) -> Vec<usize> {
    let kept = passages.len().min(LOOKED_AT);
    (0..kept)
        .filter_map(|place| passages.get(place * passages.len() / kept))
        .copied()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Unit vectors at these angles, in degrees.
    fn at(angles: &[f32]) -> Vec<[f32; 2]> {
        angles
            .iter()
            .map(|angle| [angle.to_radians().cos(), angle.to_radians().sin()])
            .collect()
    }

    #[test]
    fn each_passage_finds_its_nearest_in_any_block() {
        // The angles of the second group go round in steps of one degree, in three blocks.
        let angles: Vec<f32> = [40.2, 140.2]
            .into_iter()
            .chain((0..180).map(|angle| angle as f32))
            .collect();
        let points = at(&angles);
        let second: Vec<usize> = (2..182).collect();
        let meeting = meet(&[0, 1], &second, &|place| &points[place], &|place| {
            place as u64
        });
        let others: Vec<usize> = meeting.first.iter().map(|nearest| nearest.other).collect();
        assert_eq!(others, [42, 142]);
        assert_eq!(meeting.second.len(), 180);
        assert_eq!(meeting.second[170].other, 1);
        // 11.48° make a cosine of .98: the nearest pair that is no copy is 11.8° apart.
        let alike = meeting.alike.unwrap();
        assert_eq!((alike.a, alike.b), (0, 2 + 52));
    }

    #[test]
    fn passages_of_one_article_and_copies_are_no_pair() {
        let points = at(&[0.0, 0.0, 20.0, 60.0]);
        let articles = |place: usize| [1, 2, 1, 3][place];
        let meeting = meet(&[0], &[1, 2, 3], &|place| &points[place], &articles);
        assert_eq!(meeting.alike.unwrap().b, 3);
    }

    #[test]
    fn nothing_meets_nothing() {
        let points = at(&[0.0]);
        let meeting = meet(&[0], &[], &|place| &points[place], &|_| 1);
        assert!(meeting.first.is_empty() && meeting.alike.is_none());
        assert!(thinned(&[]).is_empty());
    }

    #[test]
    fn what_promised_to_be_novel_is_compared_with_all_others() {
        let points = at(&[0.0, 50.0, 3.0, 90.0]);
        let candidate = |passage, cosine| Nearest {
            passage,
            other: 3,
            cosine,
        };
        // Passage 0 looked more novel than passage 1 while passage 2 had not been looked at, whose copy it is.
        let found = most_novel(
            vec![candidate(0, 0.0), candidate(1, 0.76)],
            &[2, 3],
            1,
            &|place| &points[place],
            &|place| place as u64,
        );
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].passage, found[0].nearest), (1, 3));
    }

    #[test]
    fn an_article_is_among_the_most_novel_once() {
        let points = at(&[0.0, 1.0, 45.0, 90.0]);
        let articles = |place: usize| [1, 1, 2, 3][place];
        let candidates = meet(&[0, 1, 2], &[3], &|place| &points[place], &articles).first;
        let found = most_novel(candidates, &[3], 3, &|place| &points[place], &articles);
        let passages: Vec<usize> = found.iter().map(|novel| novel.passage).collect();
        assert_eq!(passages, [0, 2]);
    }

    #[test]
    fn a_large_group_is_thinned_evenly() {
        let all: Vec<usize> = (0..LOOKED_AT * 3).collect();
        let kept = thinned(&all);
        assert_eq!(kept.len(), LOOKED_AT);
        assert!(kept.windows(2).all(|two| two[1] - two[0] == 3));
        assert_eq!(thinned(&all[..10]), all[..10]);
    }
}
