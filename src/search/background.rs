//! What an arbitrary passage of a library is like: what all have in common, and what they score on a question.

use topoi_index::{IdSet, Searcher, dot_product};

use super::ranking::Scorer;
use crate::lexical::Moments;

/// How many passages stand for the whole library: up to so many, and at least half of them.
const SAMPLE: usize = 1024;

/// At which share of a sample its spread is measured. What has to do with a question is among the others.
const SPREAD_AT: f64 = 0.85;

/// Where that share of Student's distribution lies.
const QUANTILE: f64 = 1.093_058;

/// The degrees of freedom of Student's distribution, an even number.
///
/// Measured in 2026 with all-MiniLM-L6-v2 on SciFact, TIME and the sample library, with questions that have to do with
/// them and questions that don't: with a normal distribution half of the latter seemed sure, and an exponential tail
/// behind the ninth decile found nothing sure in a small library, where a tenth has to do with the question. With ten
/// degrees the best answer to a foreign question is 80 % sure in 4 of 100 cases, and that to one of its own in 28.
const FREEDOM: i32 = 10;

/// Fewer passages than this in a sample have no tail to speak of.
const FEWEST: usize = 40;

/// The least spread there is: a sample of equal passages would otherwise have none.
const NARROWEST: f64 = 1e-3;

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
    /// How far the numbers of a sample's passages are apart, where it is to stand for so many.
    pub(crate) fn step(passages: usize) -> u64 {
        passages.div_ceil(SAMPLE).next_power_of_two() as u64
    }

    /// Looks at the passages of some segments but for `except`.
    pub(crate) fn of_segments(searcher: &Searcher, except: &IdSet) -> Self {
        let passages = searcher.len().saturating_sub(except.len());
        let step = Self::step(passages);
        let mut vectors = Vec::new();
        for segment in searcher.segments() {
            for id in segment.ids() {
                if id.0.is_multiple_of(step)
                    && !except.contains(id)
                    && let Some(vector) = segment.vector(id)
                {
                    vectors.extend(vector);
                }
            }
        }
        Self::new(searcher.mean().unwrap_or_default(), vectors, passages)
    }

    /// From the mean of all vectors, and the vectors of those of `passages` whose numbers are a [`step`](Self::step) apart, one
    /// behind the other.
    pub(crate) fn new(mean: Vec<f32>, vectors: Vec<f32>, passages: usize) -> Self {
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
/// Scores are taken to be spread about their median as Student's distribution is, which has more of them far out than a
/// normal one. Both the median and the spread are those of the sample's lower part (as in Efron, *Large-Scale Simultaneous
/// Hypothesis Testing: The Choice of a Null Hypothesis*, 2004), so that what does have to do with the question has no say.
#[derive(Debug, Clone, Copy)]
pub(super) struct ByChance {
    median: f64,
    spread: f64,
}

impl ByChance {
    /// `None` where there are too few scores to tell.
    pub(super) fn new(mut scores: Vec<f32>) -> Option<Self> {
        if scores.len() < FEWEST {
            return None;
        }
        scores.sort_unstable_by(f32::total_cmp);
        let at = |share: f64| {
            let place = (scores.len() as f64 * share) as usize;
            scores.get(place).copied().map(f64::from)
        };
        let median = at(0.5)?;
        Some(Self {
            median,
            spread: ((at(SPREAD_AT)? - median) / QUANTILE).max(NARROWEST),
        })
    }

    /// The share of the library that scores as high by chance.
    fn share(self, score: f32) -> f64 {
        let t = (f64::from(score) - self.median) / self.spread;
        // Abramowitz and Stegun, *Handbook of Mathematical Functions*, 26.7.4.
        let angle = (t / f64::from(FREEDOM).sqrt()).atan();
        let (mut term, mut sum) = (1.0, 1.0);
        for k in (2..FREEDOM).step_by(2) {
            term *= f64::from(k - 1) / f64::from(k) * angle.cos().powi(2);
            sum += term;
        }
        ((1.0 - angle.sin() * sum) / 2.0).max(0.0)
    }

    /// How sure it is, from 0 to 1, that each of some passages isn't there by chance, for the scores of the best of
    /// `passages`, in descending order.
    ///
    /// Of those that score at least as high, it is the share that chance doesn't account for: one less the false
    /// discovery rate (Benjamini and Hochberg, *Controlling the False Discovery Rate*, 1995; Storey, *A Direct Approach
    /// to False Discovery Rates*, 2002).
    pub(super) fn sure(self, scores: &[f32], passages: usize) -> Vec<f32> {
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

    fn by_chance() -> ByChance {
        ByChance::new((0..1000).map(|n| n as f32 / 1000.0).collect()).unwrap()
    }

    #[test]
    fn chance_is_spread_as_students_distribution_is() {
        let standard = ByChance {
            median: 0.0,
            spread: 1.0,
        };
        // scipy.stats.t.sf(x, 10)
        for (t, expected) in [
            (-1.0, 0.829_553),
            (0.0, 0.5),
            (1.0, 0.170_447),
            (2.5, 0.015_723_4),
            (8.0, 5.887_47e-6),
        ] {
            let found = standard.share(t);
            assert!((found / expected - 1.0).abs() < 1e-4, "{t}: {found}");
        }
        assert!((standard.share(QUANTILE as f32) - (1.0 - SPREAD_AT)).abs() < 1e-5);
    }

    #[test]
    fn what_stands_far_above_the_rest_is_sure_and_the_rest_is_not() {
        let sure = by_chance().sure(&[9.0, 5.0, 0.97, 0.96, 0.5], 10_000);
        assert!(sure.is_sorted_by(|a, b| a >= b));
        assert!(sure[1] > 0.99 && sure[2] < 0.01);
    }

    #[test]
    fn in_a_larger_library_more_is_there_by_chance() {
        let [small, large] = [1_000, 100_000].map(|passages| by_chance().sure(&[3.0], passages)[0]);
        assert!(small > large, "{small} {large}");
    }

    #[test]
    fn many_that_stand_out_are_surer_than_one() {
        let one = by_chance().sure(&[3.0], 10_000);
        let many = by_chance().sure(&[3.0; 20], 10_000);
        assert!(many[0] > one[0]);
        assert!(many.iter().all(|sure| *sure == many[0]));
    }

    #[test]
    fn a_sample_of_equal_passages_has_a_spread_all_the_same() {
        let by_chance = ByChance::new(vec![0.5; 100]).unwrap();
        let sure = by_chance.sure(&[0.6, 0.5], 1000);
        assert!(sure[0] > 0.99 && sure[1] < 1e-6);
    }

    #[test]
    fn a_few_passages_say_nothing_of_a_library() {
        assert!(ByChance::new(vec![0.5; FEWEST - 1]).is_none());
    }
}
