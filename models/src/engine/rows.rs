//! A matrix that stays in the mapped file: only the rows that are asked for are read.
//!
//! A vocabulary's embeddings are half of a small model and a search needs ten rows of them, so reading all of
//! them first would double the time to the first answer.

use super::numbers::Kind;
use super::weights::Weights;
use crate::error::{EncodeError, LoadError};

/// A matrix in a weights file.
pub(crate) struct RowTable {
    weights: Weights,
    name: String,
    rows: usize,
    columns: usize,
}

impl RowTable {
    /// The tensor `name` of `weights`, which must be `rows × columns`.
    pub(crate) fn new(
        weights: Weights,
        name: &str,
        rows: usize,
        columns: usize,
    ) -> Result<Self, LoadError> {
        weights.view(name, &[rows, columns])?;
        Ok(Self {
            weights,
            name: name.to_owned(),
            rows,
            columns,
        })
    }

    /// How many numbers a row has.
    pub(crate) fn columns(&self) -> usize {
        self.columns
    }

    /// The matrix, found in the file once for all the rows that are wanted now.
    pub(crate) fn open(&self) -> Result<Rows<'_>, EncodeError> {
        let (kind, bytes) = self
            .weights
            .view(&self.name, &[self.rows, self.columns])
            .map_err(|error| EncodeError::Compute {
                reason: error.to_string(),
            })?;
        Ok(Rows {
            kind,
            bytes,
            rows: self.rows,
            width: self.columns * kind.bytes(),
        })
    }
}

/// The rows of a matrix, as the file has them.
pub(crate) struct Rows<'w> {
    kind: Kind,
    bytes: &'w [u8],
    rows: usize,
    /// How many bytes a row has.
    width: usize,
}

impl Rows<'_> {
    /// Puts the row `id` in the place of what is in `values`.
    pub(crate) fn read(&self, id: u32, values: &mut Vec<f32>) -> Result<(), EncodeError> {
        values.clear();
        self.kind.append(self.row(id)?, values);
        Ok(())
    }

    /// Adds `factor` times the row `id` to `sums`.
    pub(crate) fn add(&self, id: u32, factor: f32, sums: &mut [f32]) -> Result<(), EncodeError> {
        self.kind.add(self.row(id)?, factor, sums);
        Ok(())
    }

    fn row(&self, id: u32) -> Result<&[u8], EncodeError> {
        let row = (id as usize)
            .checked_mul(self.width)
            .and_then(|start| self.bytes.get(start..)?.get(..self.width));
        row.ok_or(EncodeError::TokenOutsideVocabulary {
            id,
            rows: self.rows,
        })
    }
}
