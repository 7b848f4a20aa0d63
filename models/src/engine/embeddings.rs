//! What a transformer begins with: for each token the sum of its word's, its position's and its type's embedding.

use super::config::{Positions, TransformerConfig};
use super::rows::RowTable;
use super::sequence::Sequence;
use super::weights::Weights;
use crate::error::{EncodeError, LoadError};

/// The name of the tensor that every checkpoint of the BERT family has, whatever stands before it.
pub(crate) const WORDS: &str = "embeddings.word_embeddings.weight";

/// The embeddings of words, positions and token types.
pub(crate) struct Embeddings {
    words: RowTable,
    /// Row-major, as are `types`.
    positions: Vec<f32>,
    types: Vec<f32>,
    numbering: Positions,
    hidden: usize,
}

impl Embeddings {
    /// Reads positions and types; the embeddings of the vocabulary stay in the mapped file.
    pub(crate) fn load(weights: Weights, config: &TransformerConfig) -> Result<Self, LoadError> {
        let hidden = config.hidden;
        let types = weights.read(
            "embeddings.token_type_embeddings.weight",
            &[config.type_rows, hidden],
        )?;
        let positions = weights.read(
            "embeddings.position_embeddings.weight",
            &[config.position_rows, hidden],
        )?;
        Ok(Self {
            words: RowTable::new(weights, WORDS, config.vocabulary, hidden)?,
            positions,
            types,
            numbering: config.positions,
            hidden,
        })
    }

    /// Writes the embeddings of a text's tokens into the first `hidden` numbers of `rows`, one row a token.
    pub(crate) fn embed<'r>(
        &self,
        text: &Sequence,
        mut rows: impl Iterator<Item = &'r mut [f32]>,
    ) -> Result<(), EncodeError> {
        let words = self.words.open()?;
        let mut word = Vec::with_capacity(self.hidden);
        let ids = text.ids();
        let places = position_ids(ids, self.numbering).zip(text.types());
        for (id, (position, kind)) in ids.iter().zip(places) {
            let (Some(row), Some(position), Some(kind)) = (
                rows.next(),
                self.row(&self.positions, position),
                self.row(&self.types, kind),
            ) else {
                return Err(EncodeError::Compute {
                    reason: format!(
                        "{} tokens are more than there are positions, or of more types",
                        ids.len()
                    ),
                });
            };
            words.read(*id, &mut word)?;
            for (((value, word), position), kind) in
                row.iter_mut().zip(&word).zip(position).zip(kind)
            {
                *value = word + (position + kind);
            }
        }
        Ok(())
    }

    /// The row `index` of a table.
    fn row<'t>(&self, table: &'t [f32], index: usize) -> Option<&'t [f32]> {
        table.chunks_exact(self.hidden).nth(index)
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
