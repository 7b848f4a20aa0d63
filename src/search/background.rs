//! What an arbitrary passage of a library is like: what all have in common, and what they score on a question.

use topoi_index::{IdSet, PointId, Searcher, dot_product};

use super::ranking::Scorer;
use crate::lexical::Moments;

/// How many passages stand for the whole library: up to so many, and at least half of them.
const SAMPLE: usize = 1024;

/// The share of the library that is taken for the upper tail of what an arbitrary passage scores.
const TAIL: f64 = 0.1;

/// Fewer passages than this in a sample have no tail to speak of.
const FEWEST: usize = 40;

/// How fast the tail falls off at the fastest, in standard deviations. A sample in which nothing has any of the
/// question's words would otherwise have none.
const STEEPEST: f64 = 0.3;

/// The mean of a library's vectors, and some passages that stand for all of them.
///
/// They are those whose number is a multiple of a power of two, so that it doesn't depend on how passages fell into
/// segments.
#[derive(Debug, Default)]
pub(crate) struct Background {
    mean: Vec<f32>,
    /// The numbers of the sample's passages.
    ids: Vec<PointId>,
    /// Their vectors, one behind the other.
    vectors: Vec<f32>,
    /// How many passages the sample stands for.
    passages: usize,
}

impl Background {
    /// Looks at the passages of a library but for `except`.
    pub(crate) fn new(searcher: &Searcher, except: &IdSet) -> Self {
        let passages = searcher.len().saturating_sub(except.len());
        let step = passages.div_ceil(SAMPLE).next_power_of_two() as u64;
        let mut ids = Vec::new();
        let mut vectors = Vec::new();
        for segment in searcher.segments() {
            for id in segment.ids() {
                if id.0.is_multiple_of(step)
                    && !except.contains(*id)
                    && let Some(vector) = segment.vector(*id)
                {
                    ids.push(*id);
                    vectors.extend_from_slice(vector);
                }
            }
        }
        Self {
            mean: searcher.mean().unwrap_or_default(),
            ids,
            vectors,
            passages,
        }
    }

    /// The mean of all vectors; empty in an empty library.
    pub(super) fn mean(&self) -> &[f32] {
        &self.mean
    }

    /// The numbers of the sample's passages.
    pub(super) fn ids(&self) -> &[PointId] {
        &self.ids
    }

    /// What the sample's passages score on a question.
    pub(super) fn scores(&self, question: &[f32], scorer: &Scorer<'_>) -> Vec<f32> {
        self.vectors
            .chunks_exact(question.len().max(1))
            .map(|vector| scorer.score(dot_product(question, vector), vector))
            .collect()
    }

    /// The tail of what an arbitrary passage scores, given what those of the sample do, in standard deviations.
    pub(super) fn tail(&self, scores: Vec<f32>) -> Option<Tail> {
        Tail::new(scores, self.passages)
    }
}

/// The mean and the deviation of some numbers.
pub(super) fn moments(numbers: &[f32]) -> Moments {
    let mut moments = Moments::default();
    for number in numbers {
        moments.add(*number);
    }
    moments
}

/// How many passages of a library score how high on a question that they have nothing to do with.
///
/// Above the ninth decile of the sample scores are taken to fall off exponentially (peaks over a threshold: Pickands,
/// *Statistical Inference Using Extreme Order Statistics*, 1975), which is more than a normal distribution has there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tail {
    threshold: f64,
    /// The mean excess over the threshold.
    scale: f64,
    /// How many passages are beyond the threshold.
    beyond: f64,
}

impl Tail {
    fn new(mut scores: Vec<f32>, passages: usize) -> Option<Self> {
        if scores.len() < FEWEST {
            return None;
        }
        let count = (scores.len() as f64 * TAIL) as usize;
        scores.sort_unstable_by(|a, b| b.total_cmp(a));
        let threshold = f64::from(*scores.get(count)?);
        let excess = scores[..count]
            .iter()
            .map(|score| f64::from(*score) - threshold)
            .sum::<f64>();
        Some(Self {
            threshold,
            scale: (excess / count as f64).max(STEEPEST),
            beyond: TAIL * passages as f64,
        })
    }

    /// How sure it is, from 0 to 1, that a passage with this score isn't one of those: the probability that none of them
    /// scores as high, if they come as often as chance has it (as with the E-values of BLAST: Karlin and Altschul,
    /// *Methods for Assessing the Statistical Significance of Molecular Sequence Features*, 1990).
    pub(super) fn sure(&self, score: f32) -> f32 {
        let excess = (f64::from(score) - self.threshold).max(0.0);
        let by_chance = self.beyond * (-excess / self.scale).exp();
        (-by_chance).exp() as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_far_above_the_rest_is_sure_and_the_rest_is_not() {
        let scores: Vec<f32> = (0..1000).map(|n| (n as f32 / 1000.0).sqrt()).collect();
        let tail = Tail::new(scores.clone(), 100_000).unwrap();
        assert!(tail.sure(0.5) < 1e-6);
        assert!(tail.sure(9.0) > 0.99);
        let rising: Vec<f32> = (0..90).map(|n| tail.sure(n as f32 / 10.0)).collect();
        assert!(rising.is_sorted());
        // In a smaller library less comes by chance.
        assert!(Tail::new(scores, 1000).unwrap().sure(4.0) > tail.sure(4.0));
    }

    #[test]
    fn a_sample_without_any_word_of_the_question_has_a_tail_all_the_same() {
        let tail = Tail::new(vec![0.0; 100], 1000).unwrap();
        assert!(tail.sure(0.0) < 1e-6 && tail.sure(20.0) > 0.99);
    }

    #[test]
    fn a_few_passages_say_nothing_of_a_library() {
        assert!(Tail::new(vec![0.5; FEWEST - 1], 39).is_none());
    }
}
