//! Gathering scores of the passages that may be found.

use std::cmp::Ordering;
use std::sync::Arc;

use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::Column;
use tantivy::{DocId, Score, SegmentOrdinal, SegmentReader};
use topoi_index::{IdSet, PointId};

use crate::search::Scope;

/// Which passages may be found, and of which the scores are wanted.
#[derive(Debug, Clone)]
pub(crate) struct Allowed {
    /// `None` for all.
    scope: Option<Arc<Scope>>,
    /// How many of the best are wanted.
    best: usize,
    /// The passages whose scores are wanted, whatever they are and whether they may be found or not.
    wanted: Arc<IdSet>,
    scored: bool,
}

/// The scores of some passages. A passage without any of the words has none.
#[derive(Debug, Default)]
pub(crate) struct Scores {
    /// The best, in descending order.
    pub(crate) best: Vec<(PointId, f32)>,
    /// Those that were wanted.
    pub(crate) wanted: Vec<(PointId, f32)>,
    /// The mean and the deviation over all passages that were scored, whether they may be found or not.
    pub(crate) moments: Moments,
}

/// The mean and the standard deviation of some numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Moments {
    count: f64,
    sum: f64,
    squares: f64,
}

impl Moments {
    pub(crate) fn add(&mut self, number: f32) {
        self.count += 1.0;
        self.sum += f64::from(number);
        self.squares += f64::from(number).powi(2);
    }

    /// Counts a number that stands for `times` ones.
    pub(crate) fn add_many(&mut self, number: f32, times: f64) {
        self.count += times;
        self.sum += f64::from(number) * times;
        self.squares += f64::from(number).powi(2) * times;
    }

    /// The same with zeros, up to `count` numbers.
    pub(crate) fn filled_up(self, count: u64) -> Self {
        Self {
            count: self.count.max(count as f64),
            ..self
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            count: self.count + other.count,
            sum: self.sum + other.sum,
            squares: self.squares + other.squares,
        }
    }

    /// The mean; 0 where there are no numbers.
    pub(crate) fn mean(&self) -> f32 {
        (self.sum / self.count.max(1.0)) as f32
    }

    /// How many deviations `number` lies above the mean; 0 where all numbers are alike.
    pub(crate) fn standardise(&self, number: f32) -> f32 {
        let count = self.count.max(1.0);
        let mean = self.sum / count;
        let deviation = (self.squares / count - mean * mean).max(0.0).sqrt();
        if deviation > 1e-9 {
            ((f64::from(number) - mean) / deviation) as f32
        } else {
            0.0
        }
    }
}

impl Scores {
    /// Leaves only so many of the best, in their order.
    pub(crate) fn keep_best(&mut self, count: usize) {
        let order = |a: &(PointId, f32), b: &(PointId, f32)| -> Ordering {
            b.1.total_cmp(&a.1).then(a.0.cmp(&b.0))
        };
        if count < self.best.len() {
            self.best.select_nth_unstable_by(count, order);
            self.best.truncate(count);
        }
        self.best.sort_unstable_by(order);
    }
}

impl Allowed {
    /// The `best` of the passages in `scope`, and those that are `wanted`.
    pub(crate) fn new(scope: &Arc<Scope>, best: usize, wanted: IdSet) -> Self {
        Self {
            scope: Some(Arc::clone(scope)),
            best,
            wanted: Arc::new(wanted),
            scored: true,
        }
    }

    /// All passages, without scores.
    pub(super) fn everything() -> Self {
        Self {
            scope: None,
            best: usize::MAX,
            wanted: Arc::default(),
            scored: false,
        }
    }

    fn allows(&self, id: PointId) -> bool {
        self.scope.as_ref().is_none_or(|scope| scope.contains(id))
    }
}

pub(crate) struct Gathering {
    numbers: Column<u64>,
    allowed: Allowed,
    scores: Scores,
}

impl Collector for Allowed {
    type Fruit = Scores;
    type Child = Gathering;

    fn for_segment(
        &self,
        _ordinal: SegmentOrdinal,
        segment: &SegmentReader,
    ) -> tantivy::Result<Gathering> {
        Ok(Gathering {
            numbers: segment.fast_fields().u64("number")?,
            allowed: self.clone(),
            scores: Scores::default(),
        })
    }

    fn requires_scoring(&self) -> bool {
        self.scored
    }

    fn merge_fruits(&self, segments: Vec<Scores>) -> tantivy::Result<Scores> {
        let mut all = Scores::default();
        for scores in segments {
            all.best.extend(scores.best);
            all.wanted.extend(scores.wanted);
            all.moments = all.moments.and(scores.moments);
        }
        all.keep_best(self.best);
        Ok(all)
    }
}

impl SegmentCollector for Gathering {
    type Fruit = Scores;

    fn collect(&mut self, document: DocId, score: Score) {
        self.scores.moments.add(score);
        let Some(id) = self.numbers.first(document).map(PointId) else {
            return;
        };
        if self.allowed.allows(id) {
            self.scores.best.push((id, score));
        }
        if self.allowed.wanted.contains(id) {
            self.scores.wanted.push((id, score));
        }
    }

    fn harvest(self) -> Scores {
        self.scores
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_those_of_the_numbers_and_the_zeros() {
        let mut moments = Moments::default();
        for number in [2.0, 4.0] {
            moments.add(number);
        }
        assert!((moments.standardise(4.0) - 1.0).abs() < 1e-6);
        // 2, 4, 0, 0: mean 1.5, deviation √2.75.
        let filled = moments.filled_up(4);
        assert!((filled.standardise(0.0) + 1.5 / 2.75f32.sqrt()).abs() < 1e-6);
        assert_eq!(Moments::default().standardise(1.0), 0.0);
        let mut alike = Moments::default();
        alike.add(0.3);
        alike.add(0.3);
        assert_eq!(alike.standardise(0.3), 0.0);
    }
}
