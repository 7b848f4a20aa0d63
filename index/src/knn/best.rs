//! The best few of what is offered, by score.

use std::cmp::Ordering;

/// Something that was compared, by its number, and how near it is.
#[derive(Clone, Copy)]
struct Scored {
    score: f32,
    number: u32,
}

/// The higher score first, and among equals the lower number: no two are equal.
fn order(a: &Scored, b: &Scored) -> Ordering {
    let by_score = b.score.total_cmp(&a.score);
    by_score.then(a.number.cmp(&b.number))
}

/// Keeps the best of what it is offered, in whatever order that comes.
///
/// It takes twice as many before it throws half of them away: a heap would sort what needn't be sorted.
#[derive(Clone)]
pub(super) struct Best {
    keep: usize,
    floor: f32,
    found: Vec<Scored>,
}

impl Best {
    /// `keep` is at least 1.
    pub(super) fn new(keep: usize) -> Self {
        Self {
            keep: keep.max(1),
            floor: f32::NEG_INFINITY,
            found: Vec::new(),
        }
    }

    /// What scores below this is not kept.
    #[inline]
    pub(super) fn floor(&self) -> f32 {
        self.floor
    }

    /// Takes something that scores at least the floor.
    pub(super) fn offer(&mut self, score: f32, number: u32) {
        self.found.push(Scored { score, number });
        if self.found.len() >= self.keep.saturating_mul(2) {
            self.cut();
        }
    }

    /// The numbers of the best, in no order.
    pub(super) fn into_numbers(mut self) -> impl Iterator<Item = u32> {
        if self.found.len() > self.keep {
            self.cut();
        }
        self.found.into_iter().map(|scored| scored.number)
    }

    fn cut(&mut self) {
        let (_, last, _) = self.found.select_nth_unstable_by(self.keep - 1, order);
        self.floor = last.score;
        self.found.truncate(self.keep);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_are_kept_whatever_the_order_and_ties_go_to_the_lower_number() {
        let all: Vec<(f32, u32)> = (0..100).map(|i| ((i * 7 % 10) as f32, i)).collect();
        let mut sorted = all.clone();
        sorted.sort_by_key(|&(score, number)| (std::cmp::Reverse(score as u32), number));
        let kept = |offers: &mut dyn Iterator<Item = &(f32, u32)>, keep| {
            let mut best = Best::new(keep);
            for &(score, number) in offers {
                if score >= best.floor() {
                    best.offer(score, number);
                }
            }
            let mut numbers: Vec<u32> = best.into_numbers().collect();
            numbers.sort_unstable();
            numbers
        };
        for keep in [1, 2, 15, 60, 100, 1000] {
            let expected = sorted.iter().take(keep).map(|&(_, number)| number);
            let mut expected: Vec<u32> = expected.collect();
            expected.sort_unstable();
            assert_eq!(kept(&mut all.iter(), keep), expected);
            assert_eq!(kept(&mut all.iter().rev(), keep), expected);
        }
    }
}
