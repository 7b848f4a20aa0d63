//! How a run differs from an earlier one over the same queries.

use std::collections::HashMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::collection::Collection;
use super::measures::{ByMeasure, Measures, columns};
use super::statistics::{Interval, ROUNDING, mean, mean_interval, mean_test};
use crate::commands::failure::Failure;
use crate::commands::lines::read_lines;

pub(super) const HINT: &str =
    "compare with a file that `topoi eval --per-query` wrote for the same collection";

/// A query's line in the file of an earlier run. What it ranked is not needed.
#[derive(Deserialize)]
struct EarlierQuery {
    id: String,
    #[serde(flatten)]
    measures: Measures,
}

/// How two runs differ in one figure: this run less the other one.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Difference {
    /// The other run's figure.
    pub(super) value: f64,
    pub(super) difference: f64,
    pub(super) interval: Interval,
    pub(super) p: f64,
}

/// How two runs differ in a mean over the queries.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct MeanDifference {
    #[serde(flatten)]
    pub(super) mean: Difference,
    /// How many queries are answered better than by the other run, how many worse, and how many as well.
    pub(super) better: usize,
    pub(super) worse: usize,
    pub(super) same: usize,
}

/// How a run differs from the one whose file is named.
#[derive(Debug, Serialize)]
pub(super) struct Against<T> {
    pub(super) file: String,
    #[serde(flatten)]
    pub(super) figures: T,
}

/// An earlier run's measures, of the same queries in the same order.
#[derive(Debug)]
pub(super) struct Earlier {
    file: String,
    measures: ByMeasure<Vec<f64>>,
}

impl Earlier {
    /// Reads the file of an earlier run over `collection`.
    pub(super) fn read(path: &Path, collection: &Collection) -> anyhow::Result<Self> {
        let mut earlier = HashMap::new();
        for EarlierQuery { id, measures } in read_lines(path, HINT)? {
            let mut named = measures.named().into_iter();
            if let Some((name, value)) = named.find(|(_, value)| !is_share(*value)) {
                return Err(refused(
                    path,
                    format_args!("gives query `{id}` {name} {value}, which is not from 0 to 1"),
                ));
            }
            if earlier.insert(id.clone(), measures).is_some() {
                return Err(refused(path, format_args!("holds query `{id}` twice")));
            }
        }
        let mut queries = Vec::new();
        for query in collection.judged() {
            let Some(measures) = earlier.remove(&query.id) else {
                return Err(refused(
                    path,
                    format_args!("is of other queries: `{}` is not in it", query.id),
                ));
            };
            queries.push(measures);
        }
        match earlier.keys().min() {
            None => Ok(Self {
                file: path.display().to_string(),
                measures: columns(queries),
            }),
            Some(id) => Err(refused(
                path,
                format_args!("is of other queries: `{id}` is not judged in this collection"),
            )),
        }
    }

    /// How a run with these measures differs.
    pub(super) fn compare(self, now: &ByMeasure<Vec<f64>>) -> Against<ByMeasure<MeanDifference>> {
        let both = now.as_ref().zip(self.measures);
        Against {
            file: self.file,
            figures: both.each(|(now, earlier)| MeanDifference::new(now, &earlier)),
        }
    }
}

fn is_share(value: f64) -> bool {
    (-ROUNDING..=1.0 + ROUNDING).contains(&value)
}

pub(super) fn refused(path: &Path, reason: std::fmt::Arguments<'_>) -> anyhow::Error {
    Failure::with_hint(format!("`{}` {reason}", path.display()), HINT).into()
}

impl MeanDifference {
    /// Compares two runs query by query.
    fn new(now: &[f64], earlier: &[f64]) -> Self {
        let pairs = now.iter().zip(earlier);
        // What is read from a file may differ in the last bit from what was written.
        let differences = pairs.map(|(now, earlier)| match now - earlier {
            x if x.abs() <= ROUNDING => 0.0,
            x => x,
        });
        let differences: Vec<f64> = differences.collect();
        let count = |is: fn(f64) -> bool| differences.iter().filter(|x| is(**x)).count();
        Self {
            mean: Difference {
                value: mean(earlier),
                difference: mean(&differences),
                interval: mean_interval(&differences),
                p: mean_test(&differences),
            },
            better: count(|x| x > 0.0),
            worse: count(|x| x < 0.0),
            same: count(|x| x == 0.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_counted_by_whether_they_got_better_and_rounding_is_no_difference() {
        let now = [1.0, 0.5, 0.3, 0.1 + 0.2, 0.0];
        let found = MeanDifference::new(&now, &[0.5, 1.0, 0.1, 0.3, 0.0]);
        assert_eq!((found.better, found.worse, found.same), (2, 1, 2));
        assert!((found.mean.value - 0.38).abs() < 1e-12);
        assert!((found.mean.difference - 0.04).abs() < 1e-12);
        // Of the eight ways to swap 0.5, -0.5 and 0.2 all are at least 0.2 from 0.
        assert_eq!(found.mean.p, 1.0);
    }
}
