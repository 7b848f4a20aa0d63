//! What may be among the best k, by scores that are known up to a margin.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// How many are kept before those that can't be among the best any more are thrown away; then, as many again as are left.
const ROOM: usize = 256;

/// A number in the order of numbers.
#[derive(Clone, Copy, PartialEq)]
struct Ordered(f32);

impl Eq for Ordered {}

impl Ord for Ordered {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Ordered {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// Keeps every node whose score may be among the best `k` of those it is offered: `k` others are surely better than what it
/// leaves out.
pub(super) struct Sieve {
    k: usize,
    /// What the best have at least before any is offered.
    base: f32,
    /// The `k` highest of what scores are at least, the lowest on top.
    lowest: BinaryHeap<Reverse<Ordered>>,
    /// Nodes with what their scores are at most.
    kept: Vec<(f32, u32)>,
    room: usize,
}

impl Sieve {
    /// Leaves out what scores below `base`.
    pub(super) fn new(k: usize, base: f32) -> Self {
        Self {
            k,
            base,
            lowest: BinaryHeap::new(),
            kept: Vec::new(),
            room: ROOM,
        }
    }

    /// What scores below this is left out.
    #[inline]
    fn floor(&self) -> f32 {
        match self.lowest.peek() {
            Some(Reverse(last)) if self.lowest.len() >= self.k => last.0.max(self.base),
            _ => self.base,
        }
    }

    /// Takes a node whose score is not farther than `margin` from `near`, if `admit` lets it in, which is asked only if the
    /// score is high enough.
    #[inline]
    pub(super) fn offer(
        &mut self,
        near: f32,
        margin: f32,
        node: u32,
        admit: impl FnOnce() -> bool,
    ) {
        // Written so that what is not a number (from a damaged file) is kept, and looked at again.
        if near + margin < self.floor() || !admit() {
            return;
        }
        self.raise(Ordered((near - margin).max(-2.0)));
        self.kept.push((near + margin, node));
        if self.kept.len() >= self.room {
            self.clear_out();
            self.room = ROOM + 2 * self.kept.len();
        }
    }

    /// Takes over what another sieve for as many has kept.
    pub(super) fn absorb(&mut self, other: Self) {
        for Reverse(lowest) in other.lowest {
            self.raise(lowest);
        }
        self.kept.extend(other.kept);
    }

    /// The nodes that may be among the best.
    pub(super) fn into_nodes(mut self) -> impl Iterator<Item = u32> {
        self.clear_out();
        self.kept.into_iter().map(|(_, node)| node)
    }

    fn raise(&mut self, lowest: Ordered) {
        if self.lowest.len() < self.k {
            self.lowest.push(Reverse(lowest));
        } else if let Some(mut last) = self.lowest.peek_mut()
            && lowest > last.0
        {
            *last = Reverse(lowest);
        }
    }

    fn clear_out(&mut self) {
        let floor = self.floor();
        let is_kept = |highest: f32| highest >= floor || highest.is_nan();
        self.kept.retain(|(highest, _)| is_kept(*highest));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_may_be_among_the_best_is_left_out() {
        // The true scores are 0, 1, 2 …; what is known of them is off by up to 3.
        let near = |node: u32| node as f32 + (node * 7 % 7) as f32 - 3.0;
        for k in [1, 10, 600] {
            let mut parts: Vec<Sieve> = (0..3).map(|_| Sieve::new(k, 0.0)).collect();
            for node in 0..3_000u32 {
                let part = &mut parts[node as usize % 3];
                part.offer(near(node), 3.0, node, || node % 2 == 0);
            }
            let mut sieve = Sieve::new(k, 0.0);
            parts.into_iter().for_each(|part| sieve.absorb(part));
            let mut nodes: Vec<u32> = sieve.into_nodes().collect();
            nodes.sort_unstable();
            let best: Vec<u32> = (0..3_000).filter(|node| node % 2 == 0).collect();
            assert!(nodes.ends_with(&best[best.len() - k..]), "{k}");
            assert!(nodes.len() < k + 10, "{k}: {}", nodes.len());
        }
    }

    #[test]
    fn what_is_no_number_is_kept_and_what_is_below_the_base_is_not() {
        let mut sieve = Sieve::new(2, 0.5);
        sieve.offer(f32::NAN, 0.1, 1, || true);
        sieve.offer(0.45, 0.1, 2, || true);
        sieve.offer(0.3, 0.1, 3, || unreachable!("it is too low"));
        sieve.offer(0.9, f32::NAN, 4, || true);
        let nodes: Vec<u32> = sieve.into_nodes().collect();
        assert_eq!(nodes, [1, 2, 4]);
    }
}
