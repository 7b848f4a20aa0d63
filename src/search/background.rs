//! What an arbitrary passage of a library is like: what all have in common, and what they score on a question.

use topoi_index::{IdSet, Searcher, dot_product};

use super::ranking::Scorer;
use crate::lexical::Moments;

/// How many passages stand for the whole library: up to so many, and at least half of them.
const SAMPLE: usize = 1024;

/// The share of the library that is taken for the upper tail of what an arbitrary passage scores.
const TAIL: f64 = 0.1;

/// Fewer passages than this in a sample have no tail to speak of.
const FEWEST: usize = 40;

/// How fast the tail falls off at the fastest: a sample of equal passages would otherwise have none.
const STEEPEST: f64 = 1e-3;

/// The mean of a library's vectors, and some passages that stand for all of them.
///
/// They are those whose number is a multiple of a power of two, so that it doesn't depend on how passages fell into
/// segments.
#[derive(Debug, Default)]
pub(crate) struct Background {
    mean: Vec<f32>,
    /// The vectors of the sample's passages, one behind the other.
    vectors: Vec<f32>,
    /// Their dot products with the mean.
    common: Vec<f32>,
    /// How many passages the sample stands for.
    passages: usize,
}

impl Background {
    /// Looks at the passages of a library but for `except`.
    pub(crate) fn new(searcher: &Searcher, except: &IdSet) -> Self {
        let passages = searcher.len().saturating_sub(except.len());
        let step = passages.div_ceil(SAMPLE).next_power_of_two() as u64;
        let mut vectors = Vec::new();
        for segment in searcher.segments() {
            for id in segment.ids() {
                if id.0.is_multiple_of(step)
                    && !except.contains(*id)
                    && let Some(vector) = segment.vector(*id)
                {
                    vectors.extend_from_slice(vector);
                }
            }
        }
        let mean = searcher.mean().unwrap_or_default();
        Self {
            common: vectors
                .chunks_exact(mean.len().max(1))
                .map(|vector| dot_product(vector, &mean))
                .collect(),
            mean,
            vectors,
            passages,
        }
    }

    /// The mean of all vectors; empty in an empty library.
    pub(super) fn mean(&self) -> &[f32] {
        &self.mean
    }

    /// What the sample's passages score on a question.
    pub(super) fn scores(&self, question: &[f32], scorer: &Scorer<'_>) -> Vec<f32> {
        self.vectors
            .chunks_exact(question.len().max(1))
            .zip(&self.common)
            .map(|(vector, common)| scorer.score_with(dot_product(question, vector), *common))
            .collect()
    }

    /// How many passages the sample stands for.
    pub(super) fn passages(&self) -> usize {
        self.passages
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

/// What share of a library scores how high on a question that it has nothing to do with.
///
/// Above the ninth decile of the sample scores are taken to fall off exponentially (peaks over a threshold: Pickands,
/// *Statistical Inference Using Extreme Order Statistics*, 1975), which is slower than a normal distribution does there.
#[derive(Debug, Clone)]
pub(super) struct Tail {
    /// The sample's scores, in descending order.
    scores: Vec<f32>,
    threshold: f64,
    /// The mean excess over the threshold.
    scale: f64,
}

impl Tail {
    /// `None` where there are too few scores to tell.
    pub(super) fn new(mut scores: Vec<f32>) -> Option<Self> {
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
            scores,
            threshold,
            scale: (excess / count as f64).max(STEEPEST),
        })
    }

    /// The share of the library that scores as high by chance.
    fn share(&self, score: f32) -> f64 {
        let excess = f64::from(score) - self.threshold;
        if excess > 0.0 {
            return TAIL * (-excess / self.scale).exp();
        }
        let higher = self.scores.partition_point(|other| *other >= score);
        (higher as f64 / self.scores.len() as f64).max(TAIL)
    }

    /// How sure it is, from 0 to 1, that each of some passages isn't there by chance, for the scores of the best of
    /// `passages`, in descending order.
    ///
    /// Of those that score at least as high, it is the share that chance doesn't account for: one less the false
    /// discovery rate (Benjamini and Hochberg, *Controlling the False Discovery Rate*, 1995; Storey, *A Direct Approach
    /// to False Discovery Rates*, 2002).
    pub(super) fn sure(&self, scores: &[f32], passages: usize) -> Vec<f32> {
        let mut rates: Vec<f64> = scores
            .iter()
            .zip(1..)
            .map(|(score, count)| self.share(*score) * passages as f64 / f64::from(count))
            .collect();
        // A passage is as sure as any that it stands before.
        let mut least = 1.0_f64;
        for rate in rates.iter_mut().rev() {
            least = least.min(*rate);
            *rate = least;
        }
        rates.into_iter().map(|rate| (1.0 - rate) as f32).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tail() -> Tail {
        Tail::new((0..1000).map(|n| (n as f32 / 1000.0).sqrt()).collect()).unwrap()
    }

    #[test]
    fn what_stands_far_above_the_rest_is_sure_and_the_rest_is_not() {
        let sure = tail().sure(&[9.0, 5.0, 0.97, 0.96, 0.5], 100_000);
        assert!(sure.is_sorted_by(|a, b| a >= b));
        assert!(sure[1] > 0.99 && sure[2] < 0.01);
    }

    #[test]
    fn in_a_larger_library_more_is_there_by_chance() {
        let [small, large] = [1_000, 100_000].map(|passages| tail().sure(&[1.2], passages)[0]);
        assert!(small > large, "{small} {large}");
    }

    #[test]
    fn many_that_stand_out_are_surer_than_one() {
        let one = tail().sure(&[1.2], 10_000);
        let many = tail().sure(&[1.2; 20], 10_000);
        assert!(many[0] > one[0]);
        assert!(many.iter().all(|sure| *sure == many[0]));
    }

    #[test]
    fn a_sample_of_equal_passages_has_a_tail_all_the_same() {
        let tail = Tail::new(vec![0.5; 100]).unwrap();
        let sure = tail.sure(&[0.6, 0.5], 1000);
        assert!(sure[0] > 0.99 && sure[1] < 1e-6);
    }

    #[test]
    fn a_few_passages_say_nothing_of_a_library() {
        assert!(Tail::new(vec![0.5; FEWEST - 1]).is_none());
    }
}
