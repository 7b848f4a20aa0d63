//! How sure a figure is that was measured on a sample of queries: intervals by the bootstrap, and paired
//! randomisation tests. Everything is seeded: the same values give the same answer on every machine.

use serde::Serialize;
use topoi::rng::SplitMix64;

/// How many resamples an interval is read from.
const RESAMPLES: usize = 10_000;

/// A test with at most this many items goes through all ways to swap them (65,536 at most), and its p is exact.
const EXACT_ITEMS: usize = 16;

/// What differs by less than this differs by rounding.
pub(super) const ROUNDING: f64 = 1e-12;

const SEED: u64 = 0x746f_706f_6933;

/// A 95 % confidence interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(into = "[f64; 2]")]
pub(super) struct Interval {
    pub(super) low: f64,
    pub(super) high: f64,
}

impl From<Interval> for [f64; 2] {
    fn from(Interval { low, high }: Interval) -> Self {
        [low, high]
    }
}

pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The interval of a mean.
///
/// Drawn from nDCG@10 over TIME, the intervals of 20, 79 and 300 queries hold the true mean in 93, 93 and 95 % of samples;
/// Student's do in 95, 94 and 95 %, but reach beyond 1 where nearly all is found.
pub(super) fn mean_interval(values: &[f64]) -> Interval {
    bootstrap(values.len(), |drawn| {
        let drawn = drawn.iter().map(|times| f64::from(*times));
        drawn.zip(values).map(|(n, x)| n * x).sum::<f64>() / values.len() as f64
    })
}

/// The percentile bootstrap (Efron and Tibshirani 1993, chapter 13): a statistic of resamples, each of as many items as
/// there are, drawn with replacement; between its 2.5th and 97.5th percentile lies the interval.
///
/// `statistic` is told how many times each item was drawn.
pub(super) fn bootstrap(items: usize, mut statistic: impl FnMut(&[u32]) -> f64) -> Interval {
    let mut rng = SplitMix64::new(SEED);
    let mut drawn = vec![0; items];
    let mut estimates: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            drawn.fill(0);
            for _ in 0..items {
                drawn[rng.below(items)] += 1;
            }
            statistic(&drawn)
        })
        .collect();
    estimates.sort_unstable_by(f64::total_cmp);
    Interval {
        low: quantile(&estimates, 0.025),
        high: quantile(&estimates, 0.975),
    }
}

/// Between the two nearest of some sorted values (definition 7 of Hyndman and Fan 1996).
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() as f64 - 1.0);
    let below = sorted[place.floor() as usize];
    let above = sorted[place.ceil() as usize];
    below + (above - below) * place.fract()
}

/// p of the mean of paired differences, two-sided, by Fisher's randomisation test, which Smucker, Allan and Carterette
/// (*A comparison of statistical significance tests for information retrieval evaluation*, CIKM 2007) recommend.
///
/// If the two ways of searching were one, each difference could as well have had the other sign.
pub(super) fn mean_test(differences: &[f64]) -> f64 {
    // As many as in the paper.
    const PERMUTATIONS: usize = 100_000;
    let count = differences.len() as f64;
    // A difference of nothing is nothing in either direction.
    let other: Vec<f64> = differences.iter().copied().filter(|x| *x != 0.0).collect();
    randomisation_test(other.len(), PERMUTATIONS, |signs| {
        signs.iter().zip(&other).map(|(s, x)| s * x).sum::<f64>() / count
    })
}

/// How probable a difference at least as great as the one found is, in either direction, where for each item it is
/// left to chance which of the two ways gave which result.
///
/// `statistic` is told for each item whether its results stay as they were found (1) or are swapped (-1). All ways to
/// swap are tried where there are few items, else `permutations` of them at random; then the way that was found
/// counts as one more, so that p is never 0 (Phipson and Smyth 2010).
pub(super) fn randomisation_test(
    items: usize,
    permutations: usize,
    mut statistic: impl FnMut(&[f64]) -> f64,
) -> f64 {
    let mut signs = vec![1.0; items];
    let found = statistic(&signs).abs() - ROUNDING;
    let mut is_as_great = |signs: &[f64]| usize::from(statistic(signs).abs() >= found);
    if items <= EXACT_ITEMS {
        let ways = 1_u64 << items;
        let as_great: usize = (0..ways)
            .map(|way| {
                set_signs(&mut signs, way);
                is_as_great(&signs)
            })
            .sum();
        return as_great as f64 / ways as f64;
    }
    let mut rng = SplitMix64::new(SEED);
    let as_great: usize = (0..permutations)
        .map(|_| {
            for signs in signs.chunks_mut(64) {
                set_signs(signs, rng.next_u64());
            }
            is_as_great(&signs)
        })
        .sum();
    (as_great + 1) as f64 / (permutations + 1) as f64
}

/// One sign a bit, from the lowest.
fn set_signs(signs: &mut [f64], bits: u64) {
    for (place, sign) in signs.iter_mut().enumerate() {
        *sign = if bits >> place & 1 == 0 { 1.0 } else { -1.0 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_of_a_share_is_that_of_its_binomial_distribution() {
        // scipy.stats.binom.ppf([.025, .975], 100, .3) is 21 and 39.
        let values: Vec<f64> = (0..100).map(|i| f64::from(i % 10 / 7)).collect();
        assert!((mean(&values) - 0.3).abs() < 1e-12);
        let Interval { low, high } = mean_interval(&values);
        assert!((low - 0.21).abs() < 1e-12, "{low}");
        assert!((high - 0.39).abs() < 1e-12, "{high}");
        assert_eq!(mean_interval(&values), Interval { low, high });
    }

    #[test]
    fn a_resample_has_as_many_items_as_there_are() {
        bootstrap(7, |drawn| {
            assert_eq!(drawn.iter().sum::<u32>(), 7);
            0.0
        });
        assert_eq!(
            mean_interval(&[0.5]),
            Interval {
                low: 0.5,
                high: 0.5
            }
        );
    }

    #[test]
    fn a_quantile_lies_between_its_neighbours_as_in_numpy() {
        // numpy.percentile([1, 2, 3, 4, 10], [2.5, 30, 50, 97.5]) is 1.1, 2.2, 3 and 9.4.
        let sorted = [1.0, 2.0, 3.0, 4.0, 10.0];
        for (share, expected) in [(0.025, 1.1), (0.3, 2.2), (0.5, 3.0), (0.975, 9.4)] {
            assert!((quantile(&sorted, share) - expected).abs() < 1e-12);
        }
    }

    #[test]
    fn of_few_differences_all_ways_to_swap_are_tried() {
        // Of eight ways only + + + and - - - are as far from 0.
        assert_eq!(mean_test(&[0.1, 0.2, 0.3]), 0.25);
        // Nothing differs, or nothing more than by chance: every way is as far.
        assert_eq!(mean_test(&[0.0, 0.0]), 1.0);
        assert_eq!(mean_test(&[0.2, 0.0, -0.2]), 1.0);
        // scipy.stats.permutation_test((d, zeros), …, permutation_type="samples", n_resamples=inf): 12 of 64.
        let differences = [0.3, -0.1, 0.2, 0.4, 0.05, -0.02];
        assert_eq!(mean_test(&differences), 0.1875);
        assert_eq!(mean_test(&differences.map(|x| -x)), 0.1875);
    }

    #[test]
    fn of_many_differences_enough_ways_to_swap_are_drawn() {
        // All 2^20 ways, with numpy: p = 0.01894.
        let differences: Vec<f64> = (0..20)
            .map(|i| (f64::from(7 * i % 20) - 6.0) / 20.0)
            .collect();
        let p = mean_test(&differences);
        assert!((p - 0.01894).abs() < 0.0015, "{p}");
        assert_eq!(mean_test(&differences), p);
        // Each differs in the same direction: 2 of 2^200 ways, of which none is drawn but the one that was found.
        assert_eq!(mean_test(&[0.1; 200]), 1.0 / 100_001.0);
    }
}
