//! Which texts are computed together: those of like length, up to a budget of tokens.

use std::cmp::Reverse;

/// Into how many batches at least the rest of the texts is shared out, so that several cores finish together.
const SHARES: usize = 8;

/// No batch is made smaller than this part of the budget: small batches wait for the weights.
const SMALLEST: usize = 8;

/// Splits texts of these costs, in tokens, into batches of at most `budget`, each a list of indices. Longest
/// texts first, and smaller batches towards the end.
///
/// The plan depends on the costs alone: not on how many cores compute it.
pub(crate) fn plan(costs: &[usize], budget: usize) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..costs.len()).collect();
    order.sort_by_key(|index| (Reverse(costs[*index]), *index));
    let mut left: usize = costs.iter().sum();
    let mut batches: Vec<Vec<usize>> = Vec::new();
    let (mut limit, mut used) = (0, 0);
    for index in order {
        let cost = costs[index];
        match batches.last_mut() {
            Some(batch) if used + cost <= limit => batch.push(index),
            _ => {
                limit = (left / SHARES).clamp(budget / SMALLEST, budget);
                used = 0;
                batches.push(vec![index]);
            }
        }
        used += cost;
        left -= cost;
    }
    batches
}

/// How many tokens a text of `bytes` bytes is expected to have, of which a model reads `most`. English has four to
/// five bytes a token, special tokens left out.
pub(crate) fn expected_tokens(bytes: usize, most: usize) -> usize {
    (bytes / 4 + 2).min(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn costs() -> Vec<usize> {
        (0..500).map(|i| (i * 37) % 256).collect()
    }

    #[test]
    fn every_text_is_in_exactly_one_batch() {
        let mut seen: Vec<usize> = plan(&costs(), 1024).concat();
        seen.sort_unstable();
        assert_eq!(seen, Vec::from_iter(0..500));
    }

    #[test]
    fn no_batch_exceeds_the_budget_unless_it_is_a_single_text() {
        let costs = [300, 10, 10, 90, 100, 2000, 1];
        for batch in plan(&costs, 400) {
            let total: usize = batch.iter().map(|index| costs[*index]).sum();
            assert!(batch.len() == 1 || total <= 400, "{batch:?}");
        }
    }

    #[test]
    fn texts_of_like_length_go_together_longest_first() {
        let costs = [10, 200, 11, 199];
        assert_eq!(plan(&costs, 400)[0], [1]);
        let many: Vec<usize> = costs.iter().copied().cycle().take(4000).collect();
        assert_eq!(plan(&many, 400)[0], [1, 5]);
    }

    #[test]
    fn batches_get_smaller_towards_the_end() {
        let costs = costs();
        let sizes: Vec<usize> = plan(&costs, 4096)
            .iter()
            .map(|batch| batch.iter().map(|index| costs[*index]).sum())
            .collect();
        assert!(sizes[0] > 3 * sizes[sizes.len() - 1], "{sizes:?}");
        assert!(
            sizes.iter().rev().nth(1) >= Some(&(4096 / 8 - 256)),
            "{sizes:?}"
        );
    }

    #[test]
    fn no_texts_make_no_batches() {
        assert!(plan(&[], 1024).is_empty());
        assert_eq!(plan(&[0, 0], 1024).concat(), [0, 1]);
    }
}
