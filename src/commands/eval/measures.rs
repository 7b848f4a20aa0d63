//! The measures of ranked retrieval, as trec_eval computes them, of one query.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

/// Something for each measure, under the names that programs read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct ByMeasure<T> {
    /// Normalised discounted cumulative gain of the first 10 (Järvelin and Kekäläinen 2002), with linear gains.
    #[serde(rename = "ndcg@10")]
    pub(super) ndcg_at_10: T,
    /// The share of the relevant documents among the first 10.
    #[serde(rename = "recall@10")]
    pub(super) recall_at_10: T,
    /// The share of the relevant documents among the first 100.
    #[serde(rename = "recall@100")]
    pub(super) recall_at_100: T,
    /// One over the rank of the first relevant document among the first 10, else 0.
    #[serde(rename = "mrr@10")]
    pub(super) mrr_at_10: T,
    /// Mean average precision over the whole ranking.
    pub(super) map: T,
}

/// What each measure says, from 0 to 1.
pub(super) type Measures = ByMeasure<f64>;

impl<T> ByMeasure<T> {
    pub(super) fn each<U>(self, mut change: impl FnMut(T) -> U) -> ByMeasure<U> {
        ByMeasure {
            ndcg_at_10: change(self.ndcg_at_10),
            recall_at_10: change(self.recall_at_10),
            recall_at_100: change(self.recall_at_100),
            mrr_at_10: change(self.mrr_at_10),
            map: change(self.map),
        }
    }

    pub(super) fn as_ref(&self) -> ByMeasure<&T> {
        ByMeasure {
            ndcg_at_10: &self.ndcg_at_10,
            recall_at_10: &self.recall_at_10,
            recall_at_100: &self.recall_at_100,
            mrr_at_10: &self.mrr_at_10,
            map: &self.map,
        }
    }

    pub(super) fn zip<U>(self, other: ByMeasure<U>) -> ByMeasure<(T, U)> {
        ByMeasure {
            ndcg_at_10: (self.ndcg_at_10, other.ndcg_at_10),
            recall_at_10: (self.recall_at_10, other.recall_at_10),
            recall_at_100: (self.recall_at_100, other.recall_at_100),
            mrr_at_10: (self.mrr_at_10, other.mrr_at_10),
            map: (self.map, other.map),
        }
    }

    /// Each with the name that people read.
    pub(super) fn named(self) -> [(&'static str, T); 5] {
        [
            ("nDCG@10", self.ndcg_at_10),
            ("recall@10", self.recall_at_10),
            ("recall@100", self.recall_at_100),
            ("MRR@10", self.mrr_at_10),
            ("MAP", self.map),
        ]
    }
}

/// What each measure says of each query, in the order of the queries.
pub(super) fn columns(queries: impl IntoIterator<Item = Measures>) -> ByMeasure<Vec<f64>> {
    let mut columns = ByMeasure::<Vec<f64>>::default();
    for query in queries {
        columns = columns.zip(query).each(|(mut column, value)| {
            column.push(value);
            column
        });
    }
    columns
}

/// What the measures say of a ranking, best document first, where `relevant` are the documents that should be found, each
/// with its grade, at least one.
pub(super) fn measure(ranking: &[String], relevant: &HashMap<&str, u32>) -> Measures {
    let grades: Vec<u32> = ranking
        .iter()
        .map(|document| relevant.get(document.as_str()).copied().unwrap_or(0))
        .collect();
    let mut ideal: Vec<u32> = relevant.values().copied().collect();
    ideal.sort_unstable_by(|a, b| b.cmp(a));
    let total = relevant.len() as f64;
    let hits = |depth: usize| {
        grades
            .iter()
            .take(depth)
            .filter(|grade| **grade > 0)
            .count() as f64
    };
    let first = grades.iter().take(10).position(|grade| *grade > 0);
    let mut found = 0.0;
    let mut precision = 0.0;
    for (rank, _) in (1..).zip(&grades).filter(|(_, grade)| **grade > 0) {
        found += 1.0;
        precision += found / f64::from(rank);
    }
    Measures {
        ndcg_at_10: dcg(&grades) / dcg(&ideal),
        recall_at_10: hits(10) / total,
        recall_at_100: hits(100) / total,
        mrr_at_10: first.map_or(0.0, |position| 1.0 / (position as f64 + 1.0)),
        map: precision / total,
    }
}

/// Discounted cumulative gain of the first 10.
fn dcg(grades: &[u32]) -> f64 {
    (2..)
        .zip(grades.iter().take(10))
        .map(|(place, grade)| f64::from(*grade) / f64::from(place).log2())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_measures_agree_with_a_ranking_worked_out_by_hand() {
        let ranking: Vec<String> = ["x", "a", "y", "b"]
            .into_iter()
            .map(str::to_owned)
            .collect();
        let relevant = HashMap::from([("a", 2), ("b", 1), ("c", 1)]);
        let measures = measure(&ranking, &relevant);
        let gained = 2.0 / 3_f64.log2() + 1.0 / 5_f64.log2();
        let ideal = 2.0 + 1.0 / 3_f64.log2() + 0.5;
        assert!((measures.ndcg_at_10 - gained / ideal).abs() < 1e-12);
        assert!((measures.recall_at_10 - 2.0 / 3.0).abs() < 1e-12);
        assert!((measures.mrr_at_10 - 0.5).abs() < 1e-12);
        assert!((measures.map - (0.5 + 0.5) / 3.0).abs() < 1e-12);
    }
}
