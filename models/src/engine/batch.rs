//! Which texts are computed together: those of like length, up to a budget of tokens.

/// How many tokens, padding included, a batch may have on a processor.
///
/// Each core computes a batch of its own, so a batch must fill a core's matrix units and not more: its
/// activations (1536 × 4 bytes a token at the widest, for MiniLM) should stay near the core. Tuned on 400
/// paragraphs of commentary of 89 tokens, one thread, AVX-512: 512 to 8192 tokens gave 31, 33, 34, 27 and 22
/// paragraphs a second.
pub(crate) const CPU_BUDGET: usize = 2048;

/// The same for a graphics card, which is fed one batch at a time and needs more to be busy. Not tuned: a
/// quarter of what text-embeddings-inference takes for its smallest card.
pub(crate) const GPU_BUDGET: usize = 16_384;

/// Splits the texts with these lengths in tokens into batches of at most `budget` tokens, padding included, each
/// a list of indices. Longest first, so that the last batches to finish are short ones. Texts without tokens
/// are in no batch.
///
/// The plan depends on the lengths alone: not on how many cores compute it.
pub(crate) fn plan(lengths: &[usize], budget: usize) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..lengths.len())
        .filter(|index| lengths[*index] > 0)
        .collect();
    order.sort_by_key(|index| (std::cmp::Reverse(lengths[*index]), *index));
    let mut batches: Vec<Vec<usize>> = Vec::new();
    let mut longest = 0;
    for index in order {
        match batches.last_mut() {
            Some(batch) if (batch.len() + 1) * longest <= budget => batch.push(index),
            _ => {
                longest = lengths[index];
                batches.push(vec![index]);
            }
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_with_tokens_is_in_exactly_one_batch() {
        let lengths: Vec<usize> = (0..500).map(|i| (i * 37) % 256).collect();
        let mut seen: Vec<usize> = plan(&lengths, 1024).concat();
        seen.sort_unstable();
        let expected: Vec<usize> = (0..500).filter(|i| lengths[*i] > 0).collect();
        assert_eq!(seen, expected);
    }

    #[test]
    fn no_batch_exceeds_the_budget_unless_it_is_a_single_text() {
        let lengths = [300, 10, 10, 90, 100, 2000, 1];
        for batch in plan(&lengths, 400) {
            let longest = batch.iter().map(|index| lengths[*index]).max().unwrap();
            assert!(
                batch.len() == 1 || batch.len() * longest <= 400,
                "{batch:?}"
            );
        }
    }

    #[test]
    fn texts_of_like_length_go_together() {
        let lengths = [10, 200, 11, 199];
        assert_eq!(plan(&lengths, 400), [vec![1, 3], vec![2, 0]]);
    }
}
