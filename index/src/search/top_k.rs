//! The best k so far.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::point::PointId;

/// A point and how near it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Neighbour {
    /// The point.
    pub id: PointId,
    /// The cosine of the angle between its vector and the query, -1 ..= 1; 1 is the same direction.
    pub score: f32,
}

/// A neighbour in the order of answers: the higher score is less, that is, comes first, and among
/// equal scores the lower id. No two points are equal, so there is one right top k.
#[derive(Clone, Copy)]
struct Ranked(Neighbour);

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_score = other.0.score.total_cmp(&self.0.score);
        by_score.then(self.0.id.cmp(&other.0.id))
    }
}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ranked {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Ranked {}

/// Keeps the best k of what it is offered, in whatever order that comes.
pub(crate) struct TopK {
    k: usize,
    /// The last of them on top.
    heap: BinaryHeap<Ranked>,
}

impl TopK {
    pub(crate) fn new(k: usize) -> Self {
        Self {
            k,
            heap: BinaryHeap::new(),
        }
    }

    pub(crate) fn k(&self) -> usize {
        self.k
    }

    /// What scores below this is not taken.
    #[inline]
    pub(crate) fn floor(&self) -> f32 {
        match self.heap.peek() {
            Some(last) if self.heap.len() >= self.k => last.0.score,
            _ => f32::NEG_INFINITY,
        }
    }

    pub(crate) fn offer(&mut self, found: Neighbour) {
        let found = Ranked(found);
        if self.heap.len() < self.k {
            self.heap.push(found);
        } else if let Some(mut last) = self.heap.peek_mut()
            && found < *last
        {
            *last = found;
        }
    }

    /// The best first.
    pub(crate) fn into_sorted(self) -> Vec<Neighbour> {
        let sorted = self.heap.into_sorted_vec();
        sorted.into_iter().map(|Ranked(found)| found).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_are_kept_whatever_the_order_and_ties_go_to_the_lower_id() {
        let all: Vec<Neighbour> = (0..100)
            .map(|i| Neighbour {
                id: PointId(i),
                score: (i * 7 % 10) as f32 / 10.0,
            })
            .collect();
        let mut sorted = all.clone();
        sorted.sort_by_key(|n| (std::cmp::Reverse((n.score * 10.0) as i32), n.id));
        for k in [0, 1, 15, 100, 1000, usize::MAX] {
            let mut forwards = TopK::new(k);
            let mut backwards = TopK::new(k);
            all.iter().for_each(|&n| forwards.offer(n));
            all.iter().rev().for_each(|&n| backwards.offer(n));
            let expected = &sorted[..k.min(100)];
            assert_eq!(forwards.into_sorted(), expected);
            assert_eq!(backwards.into_sorted(), expected);
        }
    }
}
