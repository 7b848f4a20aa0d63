//! The tokens that are read at once: those of one text, or of two that are read as a pair.

/// The numbers of tokens, special ones included, and which text they are of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sequence {
    ids: Vec<u32>,
    /// How many of the tokens have type 0; those behind them have type 1.
    of_type_0: usize,
}

impl Sequence {
    /// The tokens of a single text, all of type 0.
    pub(crate) fn single(ids: Vec<u32>) -> Self {
        Self {
            of_type_0: ids.len(),
            ids,
        }
    }

    /// The tokens of two texts: the first `of_type_0` have type 0, the others type 1.
    pub(crate) fn pair(ids: Vec<u32>, of_type_0: usize) -> Self {
        Self { ids, of_type_0 }
    }

    /// The tokens' numbers.
    pub(crate) fn ids(&self) -> &[u32] {
        &self.ids
    }

    /// How many tokens there are.
    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }

    /// The type of each token: the row of its type's embedding.
    pub(crate) fn types(&self) -> impl Iterator<Item = usize> {
        (0..self.ids.len()).map(|place| usize::from(place >= self.of_type_0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_text_of_a_pair_has_another_type() {
        let types = |sequence: Sequence| sequence.types().collect::<Vec<_>>();
        assert_eq!(types(Sequence::single(vec![2, 7, 3])), [0, 0, 0]);
        assert_eq!(
            types(Sequence::pair(vec![2, 7, 3, 9, 3], 3)),
            [0, 0, 0, 1, 1]
        );
    }
}
