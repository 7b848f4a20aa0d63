//! The table engine: a text's vector is the mean of rows of a table, one row a token.
//!
//! Such models are called static, since a token's vector is the same in every text. They are made from transformers
//! by distilling ([`crate::distil`], after model2vec) or trained as they are (sentence-transformers'
//! `StaticEmbedding`). The table stays in the mapped file, and rows are added up from where they lie there: what a
//! text costs is its tokens, and what a start costs is next to nothing.
//!
//! The tensors are those of model2vec 0.10 and of sentence-transformers 6, which read each other's:
//!
//! | tensor | shape | what |
//! |---|---|---|
//! | `embeddings` or `embedding.weight` | rows × width | the rows, as f32, f16, bf16 or i8 |
//! | `mapping`, if any | tokens | which row a token has, as i32 or i64; else the one with its number |
//! | `weights`, if any | tokens | what a token's row is multiplied with; else 1 |

use std::path::Path;

use super::layout::TableLayout;
use super::rows::{RowTable, Rows};
use super::weights::Weights;
use crate::error::{EncodeError, LoadError};

/// The table's name as model2vec writes it.
pub(crate) const EMBEDDINGS: &str = "embeddings";

/// The table's name as sentence-transformers writes it.
const TRAINED: &str = "embedding.weight";

const MAPPING: &str = "mapping";
const WEIGHTS: &str = "weights";

/// A table of token embeddings.
pub(crate) struct Table {
    rows: RowTable,
    /// Which row each token has, where that isn't the one with its number.
    mapping: Option<Vec<u32>>,
    /// What each token's row is multiplied with.
    weights: Option<Vec<f32>>,
    /// Whether the unknown token counts as any other.
    reads_unknown: bool,
}

impl Table {
    /// Opens the table in `folder`.
    pub(crate) fn load(folder: &Path, layout: &TableLayout) -> Result<Self, LoadError> {
        let weights = Weights::open(folder)?.with_bytes_as_numbers();
        let (name, shape) = find(&weights)?;
        let &[rows, width] = shape.as_slice() else {
            return Err(inconsistent(
                &weights,
                format!("`{name}` has the shape {shape:?}, and a table has rows and columns"),
            ));
        };
        if rows == 0 || width == 0 {
            return Err(inconsistent(
                &weights,
                format!("`{name}` has {rows} rows of {width} numbers"),
            ));
        }
        if let Some(said) = layout.width
            && said != width
        {
            return Err(LoadError::TensorShape {
                path: weights.path().to_owned(),
                name: name.to_owned(),
                expected: vec![rows, said],
                found: shape,
            });
        }
        let mapping = read_mapping(&weights, rows)?;
        let tokens = mapping.as_ref().map_or(rows, Vec::len);
        Ok(Self {
            weights: weights
                .shape(WEIGHTS)
                .map(|_| weights.read(WEIGHTS, &[tokens]))
                .transpose()?,
            mapping,
            rows: RowTable::new(weights, name, rows, width)?,
            reads_unknown: name == TRAINED,
        })
    }

    /// How many numbers a row has.
    pub(crate) fn width(&self) -> usize {
        self.rows.columns()
    }

    /// Whether the unknown token counts: sentence-transformers has trained its row, model2vec leaves it out.
    pub(crate) fn reads_unknown(&self) -> bool {
        self.reads_unknown
    }

    /// The rows, to be read for some texts.
    pub(crate) fn open(&self) -> Result<Rows<'_>, EncodeError> {
        self.rows.open()
    }

    /// The mean of the rows of the tokens `ids`, of which there is at least one.
    pub(crate) fn mean(&self, rows: &Rows<'_>, ids: &[u32]) -> Result<Vec<f32>, EncodeError> {
        let mut mean = vec![0.0; self.width()];
        let share = 1.0 / ids.len() as f32;
        for id in ids {
            rows.add(self.row(*id)?, share * self.weight(*id)?, &mut mean)?;
        }
        Ok(mean)
    }

    fn row(&self, token: u32) -> Result<u32, EncodeError> {
        match &self.mapping {
            None => Ok(token),
            Some(mapping) => of_token(mapping, token),
        }
    }

    fn weight(&self, token: u32) -> Result<f32, EncodeError> {
        match &self.weights {
            None => Ok(1.0),
            Some(weights) => of_token(weights, token),
        }
    }
}

fn of_token<T: Copy>(values: &[T], token: u32) -> Result<T, EncodeError> {
    let value = values.get(token as usize).copied();
    value.ok_or(EncodeError::TokenOutsideVocabulary {
        id: token,
        rows: values.len(),
    })
}

/// The table's name and shape.
fn find(weights: &Weights) -> Result<(&'static str, Vec<usize>), LoadError> {
    [EMBEDDINGS, TRAINED]
        .into_iter()
        .find_map(|name| Some((name, weights.shape(name)?)))
        .ok_or_else(|| LoadError::MissingTensor {
            path: weights.path().to_owned(),
            name: EMBEDDINGS.to_owned(),
        })
}

fn read_mapping(weights: &Weights, rows: usize) -> Result<Option<Vec<u32>>, LoadError> {
    if weights.shape(MAPPING).is_none() {
        return Ok(None);
    }
    let mapping = weights.read_indices(MAPPING)?;
    match mapping.iter().find(|row| **row as usize >= rows) {
        None => Ok(Some(mapping)),
        Some(row) => Err(inconsistent(
            weights,
            format!("`{MAPPING}` gives a token the row {row}, and there are {rows}"),
        )),
    }
}

fn inconsistent(weights: &Weights, reason: String) -> LoadError {
    LoadError::Inconsistent {
        path: weights.path().to_owned(),
        reason,
    }
}
