//! Answers that cover the different points of an article, not ten times the same one.

use topoi_index::dot_product;

use super::sources::Candidate;

/// How much it counts against a passage to be like one that was chosen before, and to answer the same place as one.
///
/// Measured in 2026: beside 25 articles of the sample library ten passages answer 8.1 different places instead of 4.4, and
/// are .43 near instead of .46; beside 40 articles of a library of 102,083 passages 7.8 instead of 3.7, .65 instead of .71.
const REDUNDANCY: f32 = 0.3;
const SAME_PLACE: f32 = 0.1;

/// Puts candidates into an order in which each adds to those before it: the next is always the one with the highest
/// score, less what it repeats (maximal marginal relevance: Carbonell and Goldstein, *The Use of MMR, Diversity-Based
/// Reranking*, 1998). The first `count` are put in order, and the rest stays behind them as it was.
pub(super) fn diverse(mut candidates: Vec<Candidate>, count: usize) -> Vec<Candidate> {
    let mut likeness = vec![0.0_f32; candidates.len()];
    let mut places: Vec<usize> = Vec::new();
    for chosen in 0..count.min(candidates.len()) {
        let value = |place: usize| {
            let candidate = &candidates[place];
            let times = places
                .iter()
                .filter(|known| **known == candidate.question)
                .count();
            candidate.score - REDUNDANCY * likeness[place] - SAME_PLACE * times as f32
        };
        let best = (chosen..candidates.len())
            .max_by(|a, b| value(*a).total_cmp(&value(*b)).then(b.cmp(a)))
            .unwrap_or(chosen);
        // What lies between keeps its order.
        candidates[chosen..=best].rotate_right(1);
        likeness[chosen..=best].rotate_right(1);
        let taken = candidates[chosen].clone();
        places.push(taken.question);
        for (likeness, other) in likeness.iter_mut().zip(&candidates).skip(chosen + 1) {
            *likeness = likeness.max(dot_product(&taken.vector, &other.vector));
        }
    }
    candidates
}
