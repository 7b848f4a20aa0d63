//! How a label is put together: the best terms of a theme, none of which says what another says already.

use std::collections::HashMap;

use super::Vectors;
use super::corpus::{Corpus, Term, WordId, parts};
use super::labels::Candidate;
use super::members::{add, cosine};

/// A phrase that stands in this share of the articles that its word stands in says all that the word says. At
/// 0.6, a phrase of two articles stood for one of three (`new Afghan government` for `Afghan government`).
const STANDS_FOR: f64 = 0.7;

/// How much a term loses for each word in it that the label has already, as a share.
const REPETITION: f64 = 0.7;

/// How much of that it loses if the label has a term of the very passages that hold it. With all of it, labels of
/// 266 editorials strayed from what their themes are about (`CIA, detainees, release`; `Ferguson, Australia`).
const AGREEMENT: f64 = 0.3;

/// What counts as the relevance of a term whose passages point away from the theme.
const LEAST_RELEVANCE: f64 = 0.01;

/// So many letters at the beginning of two words make them kin (`Russia` and `Russian`), if they are
const LEAST_BEGINNING: usize = 4;

/// this share of the longer word, and if
const LEAST_KINSHIP: f64 = 0.5;

/// the passages that hold one deviate in the same direction from the theme as those that hold the other: this cosine.
/// All three were set by hand, and not tuned.
const LEAST_AGREEMENT: f64 = 0.3;

/// The terms among which a label is chosen.
pub(super) struct Choice<'a> {
    candidates: Vec<Candidate>,
    /// Per term, how the passages that hold it deviate from the theme.
    deviations: Vec<Vec<f64>>,
    keys: &'a HashMap<WordId, &'a str>,
}

impl<'a> Choice<'a> {
    /// Among `candidates` of the theme that has the `passages`; `keys` are their words, and `origin` is the mean of
    /// all themes' vectors, where there are others. A term's score is weighted with its relevance: the cosine, seen from
    /// there, of the mean of the passages that hold it to that of the theme.
    ///
    /// Compared by eye in 2026 on the sample library and 266 editorials: without it, words that small themes have by
    /// chance (`Tuesdays`, `penny`) stood among the first; its square preferred words of every day (`life`, `people`).
    pub(super) fn new(
        mut candidates: Vec<Candidate>,
        corpus: &Corpus,
        passages: &[usize],
        vectors: &Vectors<'_>,
        origin: Option<&[f64]>,
        keys: &'a HashMap<WordId, &'a str>,
    ) -> Self {
        let places: HashMap<Term, usize> = candidates
            .iter()
            .enumerate()
            .map(|(place, candidate)| (candidate.term, place))
            .collect();
        let mut sums: Vec<(f64, Vec<f64>)> = vec![(0.0, Vec::new()); candidates.len() + 1];
        let mut here = Vec::new();
        for &passage in passages {
            here.clear();
            corpus.terms(passage, |_| true, |term| here.extend(places.get(&term)));
            here.sort_unstable();
            here.dedup();
            // The last sum is that of the theme.
            here.push(candidates.len());
            let vector: Vec<f64> = vectors(passage).iter().copied().map(f64::from).collect();
            for &place in &here {
                sums[place].0 += 1.0;
                add(&mut sums[place].1, &vector);
            }
        }
        let mut means = sums.into_iter().map(|(count, sum)| {
            let mean = sum.into_iter().map(|value| value / count);
            mean.collect::<Vec<f64>>()
        });
        let mut deviations: Vec<Vec<f64>> = means.by_ref().take(candidates.len()).collect();
        let centroid = means.next().unwrap_or_default();
        if let Some(origin) = origin {
            let direction = difference(&centroid, origin);
            for (candidate, mean) in candidates.iter_mut().zip(&deviations) {
                let relevance = cosine(&difference(mean, origin), &direction);
                candidate.score *= relevance.max(LEAST_RELEVANCE);
            }
        }
        for mean in &mut deviations {
            *mean = difference(mean, &centroid);
        }
        Self {
            candidates,
            deviations,
            keys,
        }
    }

    /// The best terms, at most `length`.
    pub(super) fn best(&self, length: usize) -> Vec<Term> {
        let mut scores = self.scores();
        let mut chosen: Vec<usize> = Vec::new();
        while chosen.len() < length {
            let best = scores
                .iter()
                .enumerate()
                .filter_map(|(place, score)| {
                    let repeated = chosen
                        .iter()
                        .map(|&other| self.repetition(place, other))
                        .fold(0.0, f64::max);
                    (repeated < 1.0)
                        .then_some((score.as_ref()? * (1.0 - REPETITION * repeated), place))
                })
                .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
            let Some((_, place)) = best else {
                break;
            };
            chosen.push(place);
            scores[place] = None;
        }
        chosen
            .into_iter()
            .map(|place| self.candidates[place].term)
            .collect()
    }

    /// The terms' scores. A word that hardly occurs without a longer term hands its place, and its score, to that term.
    fn scores(&self) -> Vec<Option<f64>> {
        let candidates = &self.candidates;
        let mut scores: Vec<Option<f64>> = candidates.iter().map(|c| Some(c.score)).collect();
        for shorter in (0..candidates.len()).rev() {
            let inner = parts(&candidates[shorter].term);
            let longer = (0..candidates.len()).find(|&longer| {
                let outer = parts(&candidates[longer].term);
                outer.len() > inner.len()
                    && outer.windows(inner.len()).any(|row| row == inner)
                    && f64::from(candidates[longer].articles)
                        >= STANDS_FOR * f64::from(candidates[shorter].articles)
            });
            if let (Some(longer), Some(score)) = (longer, scores[shorter]) {
                scores[longer] = Some(scores[longer].unwrap_or(0.0).max(score));
                scores[shorter] = None;
            }
        }
        scores
    }

    /// How far one term says what the other says, 0 to 1: 1 where the words of one are those of the other, or kin to
    /// them, else the share of words that they have in common, or a part of how far the passages that hold them agree.
    fn repetition(&self, one: usize, other: usize) -> f64 {
        let agreement = cosine(&self.deviations[one], &self.deviations[other]);
        let (one, other) = (
            parts(&self.candidates[one].term),
            parts(&self.candidates[other].term),
        );
        let share = |same: &dyn Fn(WordId, WordId) -> bool| {
            let (shorter, longer) = if one.len() <= other.len() {
                (one, other)
            } else {
                (other, one)
            };
            let shared = shorter
                .iter()
                .filter(|&&word| longer.iter().any(|&of_longer| same(word, of_longer)));
            shared.count() as f64 / shorter.len().max(1) as f64
        };
        let same = share(&|word, other| word == other);
        let akin = share(&|word, other| word == other || self.are_kin(word, other));
        if same == 1.0 || (akin == 1.0 && agreement >= LEAST_AGREEMENT) {
            1.0
        } else {
            same.max(AGREEMENT * agreement)
        }
    }

    /// Whether two words begin alike for the most part.
    fn are_kin(&self, one: WordId, other: WordId) -> bool {
        let (Some(one), Some(other)) = (self.keys.get(&one), self.keys.get(&other)) else {
            return false;
        };
        let alike = one.chars().zip(other.chars());
        let alike = alike.take_while(|(a, b)| a.eq_ignore_ascii_case(b)).count();
        let longest = one.chars().count().max(other.chars().count());
        alike >= LEAST_BEGINNING && alike as f64 >= LEAST_KINSHIP * longest as f64
    }
}

/// What leads from `origin` to `point`.
fn difference(point: &[f64], origin: &[f64]) -> Vec<f64> {
    point.iter().zip(origin).map(|(a, b)| a - b).collect()
}
