//! What a transformer begins with: for each token the sum of its word's, its position's and its type's embedding.

use super::config::{Positions, TransformerConfig};
use super::rows::RowTable;
use super::weights::Weights;
use crate::error::{EncodeError, LoadError};

/// The name of the tensor that every checkpoint of the BERT family has, whatever stands before it.
pub(crate) const WORDS: &str = "embeddings.word_embeddings.weight";

/// The embeddings of words and positions.
pub(crate) struct Embeddings {
    words: RowTable,
    /// Position embeddings with the embedding of token type 0 added, row-major: every text here is a single
    /// sequence, whose tokens all have that type.
    positions: Vec<f32>,
    numbering: Positions,
    hidden: usize,
}

impl Embeddings {
    /// Reads the positions; the embeddings of the vocabulary stay in the mapped file.
    pub(crate) fn load(weights: Weights, config: &TransformerConfig) -> Result<Self, LoadError> {
        let hidden = config.hidden;
        let types = weights.read(
            "embeddings.token_type_embeddings.weight",
            &[config.type_rows, hidden],
        )?;
        let mut positions = weights.read(
            "embeddings.position_embeddings.weight",
            &[config.position_rows, hidden],
        )?;
        for row in positions.chunks_exact_mut(hidden) {
            add(row, &types[..hidden]);
        }
        Ok(Self {
            words: RowTable::new(weights, WORDS, config.vocabulary, hidden)?,
            positions,
            numbering: config.positions,
            hidden,
        })
    }

    /// Writes the embeddings of the tokens `ids` into the first `hidden` numbers of `rows`, one row a token.
    pub(crate) fn embed<'r>(
        &self,
        ids: &[u32],
        mut rows: impl Iterator<Item = &'r mut [f32]>,
    ) -> Result<(), EncodeError> {
        let words = self.words.open()?;
        let mut word = Vec::with_capacity(self.hidden);
        for (id, position) in ids.iter().zip(position_ids(ids, self.numbering)) {
            let start = position * self.hidden;
            let position = self.positions.get(start..start + self.hidden);
            let (Some(row), Some(position)) = (rows.next(), position) else {
                return Err(EncodeError::Compute {
                    reason: format!("{} tokens are more than there are positions", ids.len()),
                });
            };
            words.read(*id, &mut word)?;
            for ((value, word), position) in row.iter_mut().zip(&word).zip(position) {
                *value = word + position;
            }
        }
        Ok(())
    }
}

/// The rows of the position embeddings for the tokens `ids`.
fn position_ids(ids: &[u32], positions: Positions) -> impl Iterator<Item = usize> {
    let mut next = match positions {
        Positions::FromZero => 0,
        Positions::AfterPadding { padding } => padding as usize + 1,
    };
    ids.iter().map(move |id| match positions {
        // A text may spell out the padding token: it then stands in the middle, and is numbered as padding.
        Positions::AfterPadding { padding } if *id == padding => padding as usize,
        _ => {
            next += 1;
            next - 1
        }
    })
}

fn add(row: &mut [f32], other: &[f32]) {
    for (value, other) in row.iter_mut().zip(other) {
        *value += other;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bert_numbers_positions_from_zero() {
        let found: Vec<_> = position_ids(&[5, 0, 7], Positions::FromZero).collect();
        assert_eq!(found, [0, 1, 2]);
    }

    #[test]
    fn roberta_numbers_positions_after_its_padding_token() {
        let positions = Positions::AfterPadding { padding: 1 };
        let found: Vec<_> = position_ids(&[0, 9, 1, 9, 2], positions).collect();
        assert_eq!(found, [2, 3, 1, 4, 5]);
    }
}
