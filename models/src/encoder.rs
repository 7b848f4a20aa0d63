//! The small trait that stands between texts and vectors, and the plain types it speaks in.

use std::ops::{ControlFlow, Range};

use crate::error::EncodeError;
use crate::identity::Identity;

/// What a text is to be used for: some models read a question differently from a passage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// What somebody asks for.
    Query,
    /// What is searched.
    Passage,
}

/// Told how many texts have their vector so far; answers whether to go on.
///
/// It is called on the thread that called [`Encoder::encode`], after every batch.
pub type Observer<'a> = &'a mut dyn FnMut(usize) -> ControlFlow<()>;

/// Turns texts into vectors.
///
/// Implementations are shared between threads; one call may use several cores, and its result doesn't depend
/// on how many.
pub trait Encoder: Send + Sync {
    /// How many numbers a vector has.
    fn dim(&self) -> usize {
        self.identity().dim
    }

    /// Which model this is, and how it is used.
    fn identity(&self) -> &Identity;

    /// How many tokens of a text the model reads, special tokens and prompt included. What is beyond is ignored
    /// by [`encode`](Encoder::encode), so callers split longer texts first.
    fn max_tokens(&self) -> usize {
        self.identity().max_tokens
    }

    /// How many tokens are left for the text itself, once special tokens and the prompt for `role` are in.
    fn room(&self, role: Role) -> usize;

    /// How many tokens the whole of `text` has, special tokens included and the prompt not, however long it is.
    fn count_tokens(&self, text: &str) -> usize;

    /// How many tokens of `text` the model reads: [`count_tokens`](Encoder::count_tokens), but never more than
    /// [`max_tokens`](Encoder::max_tokens).
    fn tokens(&self, text: &str) -> usize {
        self.count_tokens(text).min(self.max_tokens())
    }

    /// Where each token of `text` lies, in bytes, without special tokens: for splitting a long text at a place
    /// that fits into [`room`](Encoder::room).
    fn token_spans(&self, text: &str) -> Vec<Range<usize>>;

    /// The vectors of `texts`, in their order.
    ///
    /// # Errors
    ///
    /// [`EncodeError::Cancelled`] when the observer breaks off, and the others when the model's files turn out
    /// not to belong together.
    fn encode(
        &self,
        texts: &[&str],
        role: Role,
        observer: Observer<'_>,
    ) -> Result<Embeddings, EncodeError>;

    /// The vectors of texts that are given as the numbers of their tokens, without special tokens and prompt, in their
    /// order. What is beyond [`room`](Encoder::room) is ignored.
    ///
    /// # Errors
    ///
    /// As for [`encode`](Encoder::encode); where a number is none of a token, or the model takes no tokens.
    fn encode_ids(&self, _texts: &[Vec<u32>], _role: Role) -> Result<Embeddings, EncodeError> {
        Err(EncodeError::Compute {
            reason: "this model takes texts, not tokens".to_owned(),
        })
    }

    /// What each token of a text adds to the dot product of the text's vector with another vector, for each pair of a
    /// text and such a vector (of [`dim`](Encoder::dim) numbers). `None` where the model's vectors aren't sums over
    /// their tokens, as where they are the first token's.
    ///
    /// # Errors
    ///
    /// As for [`encode`](Encoder::encode).
    fn attribute(
        &self,
        _pairs: &[(&str, &[f32])],
        _role: Role,
    ) -> Result<Option<Vec<Attribution>>, EncodeError> {
        Ok(None)
    }

    /// The vector of one text: [`encode`](Encoder::encode) for a query.
    ///
    /// # Errors
    ///
    /// As for [`encode`](Encoder::encode).
    fn encode_one(&self, text: &str, role: Role) -> Result<Vec<f32>, EncodeError> {
        let embeddings = self.encode(&[text], role, &mut |_| ControlFlow::Continue(()))?;
        Ok(embeddings.into_values())
    }
}

/// A dot product, told apart by the tokens of one of its texts: what they add and `rest` sum up to it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Attribution {
    /// Where each token lies in the text, in bytes, and what it adds.
    pub tokens: Vec<(Range<usize>, f32)>,
    /// What special tokens, the prompt and the biases of dense layers add.
    pub rest: f32,
}

/// Vectors of equal length, one a text: `n × dim`, row-major, f32, of unit length when the model normalises
/// (see [`Identity::normalise`]).
#[derive(Debug, Clone, PartialEq)]
pub struct Embeddings {
    dim: usize,
    values: Vec<f32>,
}

impl Embeddings {
    /// `rows` vectors of `dim` zeros, to be filled in by an encoder.
    pub fn zeros(rows: usize, dim: usize) -> Self {
        Self {
            dim,
            values: vec![0.0; rows * dim],
        }
    }

    /// How many numbers a vector has.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// How many vectors there are.
    pub fn len(&self) -> usize {
        self.values.len().checked_div(self.dim).unwrap_or(0)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The vectors, one after the other.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.values.chunks_exact(self.dim.max(1))
    }

    /// One vector, if there is one at `index`.
    pub fn row(&self, index: usize) -> Option<&[f32]> {
        self.values
            .get(index.checked_mul(self.dim)?..)?
            .get(..self.dim)
    }

    /// One vector to be written to, if there is one at `index`.
    pub fn row_mut(&mut self, index: usize) -> Option<&mut [f32]> {
        self.values
            .get_mut(index.checked_mul(self.dim)?..)?
            .get_mut(..self.dim)
    }

    /// All numbers, `n × dim`, row-major.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// All numbers, `n × dim`, row-major.
    pub fn into_values(self) -> Vec<f32> {
        self.values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_as_they_were_written() {
        let mut embeddings = Embeddings::zeros(3, 2);
        embeddings.row_mut(1).unwrap().copy_from_slice(&[0.6, 0.8]);
        assert_eq!(embeddings.len(), 3);
        assert_eq!(embeddings.row(1), Some([0.6, 0.8].as_slice()));
        assert_eq!(embeddings.row(3), None);
        assert_eq!(embeddings.rows().nth(2), Some([0.0, 0.0].as_slice()));
        assert_eq!(embeddings.into_values(), [0.0, 0.0, 0.6, 0.8, 0.0, 0.0]);
    }

    #[test]
    fn no_texts_give_no_rows() {
        let embeddings = Embeddings::zeros(0, 384);
        assert!(embeddings.is_empty());
        assert_eq!(embeddings.rows().len(), 0);
    }
}
