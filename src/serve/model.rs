//! Models as the server uses them: loaded once, and computing on the thread that asks.

use std::ops::{ControlFlow, Range};

use topoi_models::{Attribution, Embeddings, EncodeError, Encoder, Identity, Observer, Role};

/// A model that is ready to be used.
pub(crate) struct Model {
    /// It computes on the thread that calls it: the server's workers are the threads.
    pub(crate) encoder: Box<dyn Encoder>,
    /// How a library is to name it.
    pub(crate) reference: String,
}

impl Model {
    /// The name of the model.
    pub(crate) fn name(&self) -> &str {
        &self.encoder.identity().name
    }

    /// Whether a client means this model: its name, or what stands behind the last slash, in any case.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        let short = |name: &str| name.rsplit('/').next().unwrap_or_default().to_lowercase();
        [self.name(), &self.reference]
            .iter()
            .any(|known| known.eq_ignore_ascii_case(name) || short(known) == name.to_lowercase())
    }
}

/// Some texts whose vectors are known already.
pub(crate) struct Known<'a> {
    pub(crate) encoder: &'a dyn Encoder,
    pub(crate) role: Role,
    pub(crate) texts: &'a [String],
    /// Their vectors, one after the other.
    pub(crate) vectors: &'a [f32],
}

impl Encoder for Known<'_> {
    fn identity(&self) -> &Identity {
        self.encoder.identity()
    }

    fn room(&self, role: Role) -> usize {
        self.encoder.room(role)
    }

    fn count_tokens(&self, text: &str) -> usize {
        self.encoder.count_tokens(text)
    }

    fn token_spans(&self, text: &str) -> Vec<Range<usize>> {
        self.encoder.token_spans(text)
    }

    /// The vectors that are known, if these are the texts; else they are computed.
    fn encode(
        &self,
        texts: &[&str],
        role: Role,
        observer: Observer<'_>,
    ) -> Result<Embeddings, EncodeError> {
        if role != self.role || texts != self.texts {
            return self.encoder.encode(texts, role, observer);
        }
        if observer(texts.len()) == ControlFlow::Break(()) {
            return Err(EncodeError::Cancelled { done: 0 });
        }
        let mut embeddings = Embeddings::zeros(texts.len(), self.dim());
        for (row, vector) in self.vectors.chunks_exact(self.dim().max(1)).enumerate() {
            if let Some(row) = embeddings.row_mut(row) {
                row.copy_from_slice(vector);
            }
        }
        Ok(embeddings)
    }

    fn encode_ids(&self, texts: &[Vec<u32>], role: Role) -> Result<Embeddings, EncodeError> {
        self.encoder.encode_ids(texts, role)
    }

    fn attribute(
        &self,
        pairs: &[(&str, &[f32])],
        role: Role,
    ) -> Result<Option<Vec<Attribution>>, EncodeError> {
        self.encoder.attribute(pairs, role)
    }
}
