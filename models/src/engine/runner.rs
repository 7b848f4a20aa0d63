//! A model on its cores: texts in batches, a vector each.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::thread;

use super::backend::{Backend, Worker};
use super::batch;
use super::sequence::Sequence;
use super::workers;
use crate::encoder::{Embeddings, Observer};
use crate::error::EncodeError;

/// What computes vectors, and on how many cores.
pub(crate) struct Runner {
    backend: Box<dyn Backend>,
    /// How many numbers a vector has.
    dim: usize,
    threads: NonZeroUsize,
}

impl Runner {
    /// Runs `backend`, whose vectors have `dim` numbers, on `threads` cores; on all that are of use where `None`.
    pub(crate) fn new(
        backend: Box<dyn Backend>,
        dim: usize,
        threads: Option<NonZeroUsize>,
    ) -> Self {
        let threads = threads
            .or_else(|| thread::available_parallelism().ok())
            .unwrap_or(NonZeroUsize::MIN);
        let most = NonZeroUsize::new(backend.most_threads()).unwrap_or(NonZeroUsize::MIN);
        Self {
            backend,
            dim,
            threads: threads.min(most),
        }
    }

    /// How many numbers a vector has.
    pub(crate) fn dim(&self) -> usize {
        self.dim
    }

    /// On how many cores it runs.
    pub(crate) fn threads(&self) -> NonZeroUsize {
        self.threads
    }

    /// The vectors of texts that are expected to have so many tokens each, in their order. `tokens` gives those of the
    /// text at an index; where it gives none, the vector is all zeros.
    pub(crate) fn run(
        &self,
        expected: &[usize],
        tokens: impl Fn(usize) -> Result<Sequence, EncodeError> + Sync,
        observer: Observer<'_>,
    ) -> Result<Embeddings, EncodeError> {
        let mut embeddings = Embeddings::zeros(expected.len(), self.dim);
        let mut done = 0;
        let mut outcome = Ok(());
        self.in_batches(
            expected,
            |worker, batch| (batch.len(), self.compute(worker, batch, &tokens)),
            |(count, vectors)| {
                done += count;
                let stored = vectors
                    .and_then(|vectors| store(&vectors, &mut embeddings))
                    .and_then(|()| match observer(done) {
                        ControlFlow::Continue(()) => Ok(()),
                        ControlFlow::Break(()) => Err(EncodeError::Cancelled { done }),
                    });
                match stored {
                    Ok(()) => ControlFlow::Continue(()),
                    Err(error) => {
                        outcome = Err(error);
                        ControlFlow::Break(())
                    }
                }
            },
        );
        outcome.map(|()| embeddings)
    }

    /// Computes texts that are expected to have so many tokens each: a batch of their indices at a time, on whichever core
    /// is free. `receive` is given what comes out, on the calling thread and in whatever order, and may break off.
    pub(crate) fn in_batches<R: Send>(
        &self,
        expected: &[usize],
        compute: impl Fn(&mut dyn Worker, &[usize]) -> R + Sync,
        receive: impl FnMut(R) -> ControlFlow<()>,
    ) {
        workers::run(
            &batch::plan(expected, self.backend.budget()),
            self.threads,
            || self.backend.worker(),
            |worker, batch| compute(worker.as_mut(), batch),
            receive,
        );
    }

    /// The vectors of the texts of a batch that have tokens, each with the index of its text. Here texts are split
    /// into tokens, so that each core does so for itself, between two batches.
    fn compute(
        &self,
        worker: &mut dyn Worker,
        batch: &[usize],
        tokens: &impl Fn(usize) -> Result<Sequence, EncodeError>,
    ) -> Result<Vec<(usize, Vec<f32>)>, EncodeError> {
        let mut found = Vec::with_capacity(batch.len());
        let (mut indices, mut texts, mut count) = (Vec::new(), Vec::new(), 0);
        for (place, index) in batch.iter().enumerate() {
            let text = tokens(*index)?;
            // A text without tokens keeps its row of zeros: no model has anything to say of it.
            if text.len() > 0 {
                count += text.len();
                indices.push(*index);
                texts.push(text);
            }
            // The plan goes by what was expected. Where that was far too low, the batch is computed in parts.
            if count >= 2 * self.backend.budget() || place + 1 == batch.len() {
                let vectors = worker.encode(&texts)?;
                found.extend(indices.drain(..).zip(vectors));
                texts.clear();
                count = 0;
            }
        }
        Ok(found)
    }
}

/// Puts vectors into the rows that belong to them.
fn store(vectors: &[(usize, Vec<f32>)], embeddings: &mut Embeddings) -> Result<(), EncodeError> {
    for (text, vector) in vectors {
        if !vector.iter().all(|value| value.is_finite()) {
            return Err(EncodeError::NotFinite { text: *text });
        }
        if let Some(row) = embeddings.row_mut(*text) {
            row.copy_from_slice(vector);
        }
    }
    Ok(())
}
