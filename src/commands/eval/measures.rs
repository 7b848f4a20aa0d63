//! The measures of ranked retrieval, as trec_eval computes them, as means over the judged queries.

use std::collections::HashMap;

use serde::Serialize;

use super::collection::Collection;

/// Means over all judged queries, each from 0 to 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub(super) struct Measures {
    /// Normalised discounted cumulative gain of the first 10 (Järvelin and Kekäläinen 2002), with linear gains.
    #[serde(rename = "ndcg@10")]
    pub(super) ndcg_at_10: f64,
    /// The share of the relevant documents among the first 10.
    #[serde(rename = "recall@10")]
    pub(super) recall_at_10: f64,
    /// The share of the relevant documents among the first 100.
    #[serde(rename = "recall@100")]
    pub(super) recall_at_100: f64,
    /// One over the rank of the first relevant document among the first 10, else 0.
    #[serde(rename = "mrr@10")]
    pub(super) mrr_at_10: f64,
    /// Mean average precision over the whole ranking.
    pub(super) map: f64,
}

pub(super) fn measure(collection: &Collection, rankings: &HashMap<&str, Vec<String>>) -> Measures {
    let mut sum = Measures::default();
    let mut queries = 0.0;
    for query in collection.judged() {
        let relevant = collection.relevant(&query.id);
        let ranking = rankings
            .get(query.id.as_str())
            .map(Vec::as_slice)
            .unwrap_or_default();
        let one = measure_one(ranking, &relevant);
        sum.ndcg_at_10 += one.ndcg_at_10;
        sum.recall_at_10 += one.recall_at_10;
        sum.recall_at_100 += one.recall_at_100;
        sum.mrr_at_10 += one.mrr_at_10;
        sum.map += one.map;
        queries += 1.0;
    }
    Measures {
        ndcg_at_10: sum.ndcg_at_10 / queries,
        recall_at_10: sum.recall_at_10 / queries,
        recall_at_100: sum.recall_at_100 / queries,
        mrr_at_10: sum.mrr_at_10 / queries,
        map: sum.map / queries,
    }
}

fn measure_one(ranking: &[String], relevant: &HashMap<&str, u32>) -> Measures {
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
        let measures = measure_one(&ranking, &relevant);
        let gained = 2.0 / 3_f64.log2() + 1.0 / 5_f64.log2();
        let ideal = 2.0 + 1.0 / 3_f64.log2() + 0.5;
        assert!((measures.ndcg_at_10 - gained / ideal).abs() < 1e-12);
        assert!((measures.recall_at_10 - 2.0 / 3.0).abs() < 1e-12);
        assert!((measures.mrr_at_10 - 0.5).abs() < 1e-12);
        assert!((measures.map - (0.5 + 0.5) / 3.0).abs() < 1e-12);
    }
}
