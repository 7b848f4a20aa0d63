//! Models as the server uses them: loaded once, and computing on the thread that asks.

use std::ops::{ControlFlow, Range};
use std::time::Instant;

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
    pub(crate) role: Role,
    pub(crate) texts: &'a [String],
    /// Their vectors, one after the other.
    pub(crate) vectors: &'a [f32],
}

/// A model for a piece of work: it has the vectors that are known already, and gives up when nobody waits any more.
pub(crate) struct Until<'a> {
    pub(crate) encoder: &'a dyn Encoder,
    pub(crate) known: Option<Known<'a>>,
    pub(crate) expires: Instant,
}

impl Until<'_> {
    fn is_late(&self) -> bool {
        Instant::now() >= self.expires
    }

    fn go_on(&self) -> Result<(), EncodeError> {
        if self.is_late() {
            return Err(EncodeError::Cancelled { done: 0 });
        }
        Ok(())
    }
}

impl Encoder for Until<'_> {
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
        self.go_on()?;
        let is_known = |known: &&Known<'_>| role == known.role && texts == known.texts;
        let Some(known) = self.known.as_ref().filter(is_known) else {
            return self
                .encoder
                .encode(texts, role, &mut |done| match self.is_late() {
                    true => ControlFlow::Break(()),
                    false => observer(done),
                });
        };
        if observer(texts.len()) == ControlFlow::Break(()) {
            return Err(EncodeError::Cancelled { done: 0 });
        }
        let mut embeddings = Embeddings::zeros(texts.len(), self.dim());
        for (row, vector) in known.vectors.chunks_exact(self.dim().max(1)).enumerate() {
            if let Some(row) = embeddings.row_mut(row) {
                row.copy_from_slice(vector);
            }
        }
        Ok(embeddings)
    }

    fn encode_ids(&self, texts: &[Vec<u32>], role: Role) -> Result<Embeddings, EncodeError> {
        self.go_on()?;
        self.encoder.encode_ids(texts, role)
    }

    fn attribute(
        &self,
        pairs: &[(&str, &[f32])],
        role: Role,
    ) -> Result<Option<Vec<Attribution>>, EncodeError> {
        self.go_on()?;
        self.encoder.attribute(pairs, role)
    }
}
