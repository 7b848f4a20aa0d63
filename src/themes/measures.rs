//! How well themes that were found agree with labels that people gave.
//!
//! All measures compare two partitions of the same nodes, whatever the communities are called. They are computed as
//! scikit-learn computes them, and differ in what they forgive. The V-measure grows with the number of themes even
//! where chance made them; the adjusted Rand index doesn't, but is ruled by the largest themes.
//!
//! ```
//! use topoi::themes::measures::Agreement;
//! use topoi::themes::partition::Partition;
//!
//! let labels = Partition::from_labels(&[0, 0, 1, 1]);
//! let themes = Partition::from_labels(&[0, 0, 1, 2]);
//! let found = Agreement::between(&themes, &labels);
//! assert!((found.homogeneity - 1.0).abs() < 1e-9);
//! assert!((found.completeness - 2.0 / 3.0).abs() < 1e-9);
//! assert!((found.v_measure - 0.8).abs() < 1e-9);
//! ```

use serde::Serialize;

use super::partition::Partition;

/// How well themes agree with labels.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Agreement {
    /// The harmonic mean of homogeneity and completeness, 0 to 1.
    ///
    /// Source: A. Rosenberg, J. Hirschberg, *V-Measure: a conditional entropy-based external cluster evaluation
    /// measure*, EMNLP-CoNLL 2007, with β = 1.
    pub v_measure: f64,
    /// How far each theme holds nodes of one label only, 0 to 1: the share of the labels' entropy that the themes
    /// explain.
    pub homogeneity: f64,
    /// How far all nodes of a label are in one theme, 0 to 1: the share of the themes' entropy that the labels
    /// explain.
    pub completeness: f64,
    /// Normalised mutual information, 0 to 1: what themes and labels say of each other, in the arithmetic mean of
    /// their entropies. It equals the V-measure, and is given since many publications name it so.
    ///
    /// Source: N. X. Vinh, J. Epps, J. Bailey, *Information theoretic measures for clusterings comparison*, JMLR 11
    /// (2010).
    pub nmi: f64,
    /// The [adjusted Rand index](Partition::adjusted_rand_index): 1 where both divide the nodes alike, about 0 where
    /// they agree by chance.
    pub ari: f64,
}

impl Agreement {
    /// Compares the themes that were found with the labels of the same nodes.
    ///
    /// A side without entropy (one theme or one label for all nodes) is explained by whatever the other one is: 1.
    /// Nodes beyond the shorter of the two are not compared.
    #[must_use]
    pub fn between(themes: &Partition, labels: &Partition) -> Self {
        let pairs = themes.communities().iter().zip(labels.communities());
        let cells: Vec<(u32, u32)> = pairs.map(|(&theme, &label)| (theme, label)).collect();
        let of_themes = entropy(cells.iter().map(|cell| cell.0).collect());
        let of_labels = entropy(cells.iter().map(|cell| cell.1).collect());
        // Rounding may leave a little less than nothing.
        let mutual = (of_themes + of_labels - entropy(cells)).max(0.0);
        let homogeneity = share(mutual, of_labels);
        let completeness = share(mutual, of_themes);
        let both = homogeneity + completeness;
        Self {
            v_measure: if both > 0.0 {
                2.0 * homogeneity * completeness / both
            } else {
                0.0
            },
            homogeneity,
            completeness,
            nmi: share(mutual, f64::midpoint(of_themes, of_labels)),
            ari: themes.adjusted_rand_index(labels),
        }
    }
}

/// The entropy of how often each item occurs, in nats.
fn entropy<T: Ord>(mut items: Vec<T>) -> f64 {
    items.sort_unstable();
    let all = items.len() as f64;
    let shares = items.chunk_by(|a, b| a == b).map(|c| c.len() as f64 / all);
    shares.map(|share| -share * share.ln()).sum()
}

/// How much of `whole` a part is; of nothing all.
fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 {
        (part / whole).min(1.0)
    } else {
        1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agreement(themes: &[u32], labels: &[u32]) -> [f64; 5] {
        let found = Agreement::between(
            &Partition::from_labels(themes),
            &Partition::from_labels(labels),
        );
        [
            found.homogeneity,
            found.completeness,
            found.v_measure,
            found.nmi,
            found.ari,
        ]
    }

    #[track_caller]
    fn assert_near(found: [f64; 5], expected: [f64; 5]) {
        for (a, b) in found.into_iter().zip(expected) {
            assert!((a - b).abs() < 1e-12, "{found:?} is not {expected:?}");
        }
    }

    #[test]
    fn the_measures_are_those_of_scikit_learn() {
        assert_near(
            agreement(&[0, 0, 0, 1, 1, 1], &[0, 0, 1, 1, 2, 2]),
            [
                0.420619835714305,
                0.6666666666666669,
                0.5158037429793889,
                0.5158037429793889,
                0.24242424242424243,
            ],
        );
        assert_near(
            agreement(
                &[3, 1, 1, 0, 2, 2, 2, 0, 1, 3, 3, 0],
                &[0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2],
            ),
            [
                0.3020887358758778,
                0.23481133430832168,
                0.26423486637352483,
                0.26423486637352483,
                -0.03773584905660377,
            ],
        );
    }

    #[test]
    fn themes_that_are_the_labels_agree_in_all_and_names_do_not_matter() {
        assert_near(agreement(&[2, 2, 0, 1, 0], &[7, 7, 9, 3, 9]), [1.0; 5]);
    }

    #[test]
    fn one_theme_for_all_is_complete_and_a_theme_for_each_is_homogeneous() {
        // scikit-learn gives the same.
        let labels = [0, 0, 1, 1];
        assert_near(agreement(&[0; 4], &labels), [0.0, 1.0, 0.0, 0.0, 0.0]);
        let apart = [1.0, 0.5, 2.0 / 3.0, 2.0 / 3.0, 0.0];
        assert_near(agreement(&[0, 1, 2, 3], &labels), apart);
        assert_near(agreement(&[0; 4], &[1; 4]), [1.0; 5]);
        assert_near(agreement(&[], &[]), [1.0; 5]);
    }

    #[test]
    fn themes_across_the_labels_say_nothing_of_them() {
        let crossed = [0.0, 0.0, 0.0, 0.0, -0.5];
        assert_near(agreement(&[0, 1, 0, 1], &[0, 0, 1, 1]), crossed);
    }
}
