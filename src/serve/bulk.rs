//! The model as an indexing run in the server uses it: through the workers, so that questions come first.

use std::collections::VecDeque;
use std::ops::{ControlFlow, Range};
use std::sync::Arc;

use tokio::sync::oneshot::Receiver;
use topoi_models::{Embeddings, EncodeError, Encoder, Identity, Observer, Role};

use super::desk::{Desk, Refusal, Texts};
use super::shelf::Shelf;

/// How many bytes of text a portion has, at most, unless it is a single text: some fifty milliseconds of work.
const PORTION_BYTES: usize = 16 << 10;

/// How many portions are under way for each worker.
const AHEAD: usize = 2;

/// Texts in portions of at most so many, none of which keeps a worker for long.
pub(crate) fn portions<T: AsRef<str>>(texts: Vec<T>, most: usize) -> Vec<Vec<T>> {
    let mut portions: Vec<Vec<T>> = Vec::new();
    let mut bytes = 0;
    for text in texts {
        let length = text.as_ref().len();
        match portions.last_mut() {
            Some(portion) if portion.len() < most && bytes + length <= PORTION_BYTES => {
                bytes += length;
                portion.push(text);
            }
            _ => {
                bytes = length;
                portions.push(vec![text]);
            }
        }
    }
    portions
}

/// A library's model, as one of those who wait.
pub(crate) struct Bulk<'a> {
    pub(crate) desk: &'a Desk,
    pub(crate) shelf: &'a Arc<Shelf>,
    pub(crate) workers: usize,
}

impl Bulk<'_> {
    fn encoder(&self) -> &dyn Encoder {
        self.shelf.model.encoder.as_ref()
    }
}

impl Encoder for Bulk<'_> {
    fn identity(&self) -> &Identity {
        self.encoder().identity()
    }

    fn room(&self, role: Role) -> usize {
        self.encoder().room(role)
    }

    fn count_tokens(&self, text: &str) -> usize {
        self.encoder().count_tokens(text)
    }

    fn token_spans(&self, text: &str) -> Vec<Range<usize>> {
        self.encoder().token_spans(text)
    }

    fn encode(
        &self,
        texts: &[&str],
        role: Role,
        observer: Observer<'_>,
    ) -> Result<Embeddings, EncodeError> {
        type Portion = Result<Embeddings, EncodeError>;
        let mut embeddings = Embeddings::zeros(texts.len(), self.dim());
        let mut waiting: VecDeque<Receiver<Portion>> = VecDeque::new();
        let mut done = 0;
        let mut take = |portion: Receiver<Portion>| {
            // The desk gives nothing back once it is closed.
            let closed = EncodeError::Cancelled { done };
            let portion = portion.blocking_recv().map_err(|_| closed)??;
            for row in portion.rows() {
                if let Some(place) = embeddings.row_mut(done) {
                    place.copy_from_slice(row);
                }
                done += 1;
            }
            match observer(done) {
                ControlFlow::Continue(()) => Ok(()),
                ControlFlow::Break(()) => Err(EncodeError::Cancelled { done }),
            }
        };
        let most = self.desk.limits().batch;
        for portion in portions(texts.to_vec(), most) {
            if waiting.len() >= AHEAD * self.workers
                && let Some(first) = waiting.pop_front()
            {
                take(first)?;
            }
            let texts = Texts {
                role,
                texts: portion.into_iter().map(str::to_owned).collect(),
            };
            let ordered = self.desk.order(self.shelf, texts, |seat| seat.embed());
            waiting.push_back(ordered.map_err(|_: Refusal| EncodeError::Cancelled { done: 0 })?);
        }
        for portion in waiting {
            take(portion)?;
        }
        Ok(embeddings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn portions_are_small_and_lose_nothing() {
        let long = "x".repeat(PORTION_BYTES + 1);
        let texts = ["a", "b", "c", &long, "d"];
        let portions = portions(texts.to_vec(), 2);
        let lengths: Vec<usize> = portions.iter().map(Vec::len).collect();
        assert_eq!(lengths, [2, 1, 1, 1]);
        assert_eq!(portions.concat(), texts);
    }
}
