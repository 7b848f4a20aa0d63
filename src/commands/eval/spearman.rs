//! Spearman's rank correlation, how sure it is, and how two of them differ.

use super::comparison::Difference;
use super::statistics::{Interval, bootstrap, randomisation_test};

/// Each costs two sorts, so they are fewer than for a mean.
const PERMUTATIONS: usize = 10_000;

/// How well the order of some values agrees with that of others: Pearson's correlation of the ranks.
pub(super) fn spearman(a: &[f64], b: &[f64]) -> f64 {
    correlation(&Order::new(a), &Order::new(b), &vec![1; a.len()])
}

/// The interval of the correlation, by the bootstrap over the pairs of values, which are ranked anew in each resample.
pub(super) fn spearman_interval(a: &[f64], b: &[f64]) -> Interval {
    let (a, b) = (Order::new(a), Order::new(b));
    bootstrap(a.ascending.len(), |drawn| correlation(&a, &b, drawn))
}

/// How far `now` agrees better with `truth` than `earlier` does.
///
/// The interval is by the bootstrap. p is by a randomisation test, in which chance swaps the ranks that the two give to a
/// pair: their ranks, since their values needn't be on one scale (Deutsch, Dror and Roth, *A statistical analysis of
/// summarization evaluation metrics using resampling methods*, TACL 2021, swap standardised values).
pub(super) fn spearman_difference(now: &[f64], earlier: &[f64], truth: &[f64]) -> Difference {
    let orders = [now, earlier, truth].map(Order::new);
    let [now, earlier, truth] = &orders;
    let all = vec![1; truth.ascending.len()];
    let difference =
        |drawn: &[u32]| correlation(now, truth, drawn) - correlation(earlier, truth, drawn);
    let ranks = [now.ranks(&all), earlier.ranks(&all)];
    let swapped = |signs: &[f64]| {
        let side = |kept: usize| {
            let ranks = (0..signs.len()).map(|place| {
                let side = if signs[place] > 0.0 { kept } else { 1 - kept };
                ranks[side][place]
            });
            correlation(&Order::new(&ranks.collect::<Vec<_>>()), truth, &all)
        };
        side(0) - side(1)
    };
    Difference {
        value: correlation(earlier, truth, &all),
        difference: difference(&all),
        interval: bootstrap(all.len(), difference),
        p: randomisation_test(all.len(), PERMUTATIONS, swapped),
    }
}

/// Values in ascending order, which stays the same whichever of them are drawn.
struct Order {
    /// The places of the values.
    ascending: Vec<usize>,
    /// How many values are equal to each other, from the smallest.
    ties: Vec<usize>,
}

impl Order {
    fn new(values: &[f64]) -> Self {
        let mut ascending: Vec<usize> = (0..values.len()).collect();
        ascending.sort_unstable_by(|a, b| values[*a].total_cmp(&values[*b]));
        let ties = ascending.chunk_by(|a, b| values[*a] == values[*b]);
        let ties = ties.map(<[usize]>::len).collect();
        Self { ascending, ties }
    }

    /// The rank of each value, from 1, where each stands there as often as it was drawn; equal values share the mean of
    /// theirs.
    fn ranks(&self, drawn: &[u32]) -> Vec<f64> {
        let mut ranks = vec![0.0; self.ascending.len()];
        let mut before = 0.0;
        let mut rest = self.ascending.as_slice();
        for ties in &self.ties {
            let (same, greater) = rest.split_at(*ties);
            let count: f64 = same.iter().map(|place| f64::from(drawn[*place])).sum();
            for place in same {
                ranks[*place] = before + (count + 1.0) / 2.0;
            }
            before += count;
            rest = greater;
        }
        ranks
    }
}

/// Pearson's correlation of the ranks of what was drawn; 0 where all values of a side are equal.
fn correlation(a: &Order, b: &Order, drawn: &[u32]) -> f64 {
    let (a, b) = (a.ranks(drawn), b.ranks(drawn));
    let count: f64 = drawn.iter().map(|times| f64::from(*times)).sum();
    let middle = (count + 1.0) / 2.0;
    let (mut aa, mut ab, mut bb) = (0.0, 0.0, 0.0);
    for ((a, b), times) in a.iter().zip(&b).zip(drawn) {
        let (a, b, times) = (a - middle, b - middle, f64::from(*times));
        aa += times * a * a;
        ab += times * a * b;
        bb += times * b * b;
    }
    let spread = (aa * bb).sqrt();
    if spread > 0.0 { ab / spread } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: [f64; 6] = [0.1, 0.4, 0.4, 0.9, 0.3, 0.7];
    const EARLIER: [f64; 6] = [0.2, 0.1, 0.5, 0.4, 0.3, 0.9];
    const TRUTH: [f64; 6] = [1.0, 3.0, 2.0, 5.0, 2.0, 2.5];

    #[track_caller]
    fn assert_close(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-12, "{a} {b}");
    }

    #[test]
    fn equal_values_share_a_rank() {
        let order = Order::new(&[3.0, 1.0, 3.0, 2.0]);
        assert_eq!(order.ranks(&[1; 4]), [3.5, 1.0, 3.5, 2.0]);
    }

    #[test]
    fn only_the_order_counts() {
        assert_close(spearman(&[1.0, 2.0, 9.0], &[0.1, 0.2, 0.3]), 1.0);
        assert_close(spearman(&[1.0, 2.0, 9.0], &[3.0, 2.0, 1.0]), -1.0);
        // 1 − 6 Σd² / (n (n² − 1)), for ranks 1 2 3 4 and 2 1 4 3.
        assert_close(spearman(&[1.0, 2.0, 3.0, 4.0], &[2.0, 1.0, 4.0, 3.0]), 0.6);
        assert_eq!(spearman(&[1.0, 1.0], &[1.0, 2.0]), 0.0);
        // scipy.stats.spearmanr.
        assert_close(spearman(&NOW, &TRUTH), 0.867_647_058_823_529_4);
    }

    #[test]
    fn what_is_drawn_more_than_once_is_ranked_as_often() {
        // scipy.stats.spearmanr of the values repeated so often.
        let drawn = [2, 0, 1, 3, 1, 1];
        let found = correlation(&Order::new(&NOW), &Order::new(&TRUTH), &drawn);
        assert_close(found, 0.993_650_729_457_740_1);
    }

    #[test]
    fn two_correlations_are_compared_pair_by_pair() {
        let found = spearman_difference(&NOW, &EARLIER, &TRUTH);
        // scipy.stats.spearmanr of both; of the 64 ways to swap ranks, 6 give as great a difference.
        assert_close(found.value, 0.086_965_655_347_867_28);
        assert_close(found.difference, 0.867_647_058_823_529_4 - found.value);
        assert_close(found.p, 6.0 / 64.0);
        assert!(found.interval.low < found.difference && found.difference < found.interval.high);
        let same = spearman_difference(&NOW, &NOW, &TRUTH);
        assert_eq!((same.difference, same.p), (0.0, 1.0));
        assert_eq!(<[f64; 2]>::from(same.interval), [0.0, 0.0]);
    }

    #[test]
    fn the_interval_narrows_with_the_number_of_pairs() {
        let width = |times: usize| {
            let Interval { low, high } =
                spearman_interval(&NOW.repeat(times), &TRUTH.repeat(times));
            assert!(low < 0.868 && 0.867 < high);
            high - low
        };
        // As the root of the number of pairs, nearly.
        let ratio = width(10) / width(40);
        assert!((1.7..2.3).contains(&ratio), "{ratio}");
    }
}
