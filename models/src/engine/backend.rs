//! What the engines have in common: tokens in, a vector a text out.

use std::ops::Range;
use std::slice::ChunksExact;
use std::sync::{Mutex, PoisonError};

use candle_core::DType;
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::candle::CandleBert;
use super::head::{Head, Shares};
use super::packed::{PackedBert, Workspace};
use super::sequence::Sequence;
use super::table::Table;
use crate::error::EncodeError;

/// A model that is ready to compute, shared between threads.
pub(crate) trait Backend: Send + Sync {
    /// A worker for one thread, with what it writes to.
    fn worker(&self) -> Box<dyn Worker + '_>;

    /// How many tokens are computed together at best.
    fn budget(&self) -> usize;

    /// On how many threads at most there is something to be gained.
    fn most_threads(&self) -> usize {
        usize::MAX
    }
}

/// What one thread computes with.
pub(crate) trait Worker {
    /// The vectors of texts with these tokens, none of them empty, in their order.
    fn encode(&mut self, texts: &[Sequence]) -> Result<Vec<Vec<f32>>, EncodeError>;

    /// What the tokens of each text add to the dot product of its vector with one of `to`, and what none of them adds.
    /// `None` where vectors aren't sums over tokens.
    fn attribute(
        &mut self,
        texts: &[Sequence],
        to: &[&[f32]],
    ) -> Result<Option<Vec<Shares>>, EncodeError>;
}

/// The packed engine with what follows it.
pub(crate) struct Packed {
    pub(crate) bert: PackedBert,
    pub(crate) head: Head,
}

impl Backend for Packed {
    fn worker(&self) -> Box<dyn Worker + '_> {
        Box::new(PackedWorker {
            engine: self,
            space: Workspace::default(),
        })
    }

    /// Measured on 400 paragraphs of 87 tokens, see `docs/ENCODER.md`.
    fn budget(&self) -> usize {
        1024
    }
}

struct PackedWorker<'e> {
    engine: &'e Packed,
    space: Workspace,
}

impl PackedWorker<'_> {
    /// Computes `texts`, and gives for each which tokens are its own.
    fn forward(&mut self, texts: &[Sequence]) -> Result<Vec<Range<usize>>, EncodeError> {
        self.engine.bert.forward(texts, &mut self.space)?;
        let mut first = 0;
        let range = |text: &Sequence| {
            let tokens = first..first + text.len();
            first = tokens.end;
            tokens
        };
        Ok(texts.iter().map(range).collect())
    }
}

impl Worker for PackedWorker<'_> {
    fn encode(&mut self, texts: &[Sequence]) -> Result<Vec<Vec<f32>>, EncodeError> {
        let ranges = self.forward(texts)?;
        let vector = |tokens: Range<usize>| {
            let tokens = tokens.map(|token| self.space.token(token));
            self.engine.head.forward(tokens)
        };
        Ok(ranges.into_iter().map(vector).collect())
    }

    fn attribute(
        &mut self,
        texts: &[Sequence],
        to: &[&[f32]],
    ) -> Result<Option<Vec<Shares>>, EncodeError> {
        let ranges = self.forward(texts)?;
        let shares = |(tokens, to): (Range<usize>, &&[f32])| {
            let tokens: Vec<&[f32]> = tokens.map(|token| self.space.token(token)).collect();
            self.engine.head.attribute(&tokens, to)
        };
        Ok(ranges.into_iter().zip(to).map(shares).collect())
    }
}

/// The candle engine with what follows it.
pub(crate) struct Candle {
    pub(crate) bert: CandleBert,
    pub(crate) head: Head,
    pub(crate) hidden: usize,
    /// Held by the worker that computes on a graphics card, while the other one splits the next texts into tokens.
    pub(crate) card: Option<Mutex<()>>,
}

impl Candle {
    /// The numbers that a precision is computed in, where candle computes in it.
    pub(crate) fn dtype(precision: crate::Precision) -> Option<DType> {
        match precision {
            crate::Precision::F32 => Some(DType::F32),
            crate::Precision::F16 => Some(DType::F16),
            crate::Precision::Bf16 => Some(DType::BF16),
            crate::Precision::Int8 => None,
        }
    }
}

impl Backend for Candle {
    fn worker(&self) -> Box<dyn Worker + '_> {
        Box::new(CandleWorker {
            engine: self,
            pool: self
                .card
                .is_none()
                .then(|| ThreadPoolBuilder::new().num_threads(1).build()),
        })
    }

    fn budget(&self) -> usize {
        // A graphics card is fed one batch at a time and needs more to be busy: a quarter of what
        // text-embeddings-inference takes for its smallest card. Not tuned.
        if self.card.is_some() { 16_384 } else { 2048 }
    }

    fn most_threads(&self) -> usize {
        if self.card.is_some() { 2 } else { usize::MAX }
    }
}

struct CandleWorker<'e> {
    engine: &'e Candle,
    /// On a processor, a pool of one thread: candle would otherwise split each of its small steps among all cores,
    /// and so get in the way of the other workers.
    pool: Option<Result<ThreadPool, rayon::ThreadPoolBuildError>>,
}

impl CandleWorker<'_> {
    /// Computes `texts`: the vectors of their tokens, each text's filled up to the longest.
    fn forward(&self, texts: &[Sequence]) -> Result<Vec<f32>, EncodeError> {
        let forward = || self.engine.bert.forward(texts);
        match &self.pool {
            Some(Ok(pool)) => pool.install(forward),
            Some(Err(error)) => Err(EncodeError::Compute {
                reason: error.to_string(),
            }),
            None => {
                let card = self.engine.card.as_ref().map(Mutex::lock);
                let _held = card.map(|held| held.unwrap_or_else(PoisonError::into_inner));
                forward()
            }
        }
    }

    /// The vectors of each text's own tokens.
    fn tokens<'v>(
        &self,
        texts: &'v [Sequence],
        values: &'v [f32],
    ) -> impl Iterator<Item = ChunksExact<'v, f32>> {
        let hidden = self.engine.hidden;
        let longest = texts.iter().map(Sequence::len).max().unwrap_or(0);
        texts
            .iter()
            .zip(values.chunks_exact((longest * hidden).max(1)))
            .map(move |(text, values)| values[..text.len() * hidden].chunks_exact(hidden))
    }
}

impl Worker for CandleWorker<'_> {
    fn encode(&mut self, texts: &[Sequence]) -> Result<Vec<Vec<f32>>, EncodeError> {
        let values = self.forward(texts)?;
        let vector = |tokens| self.engine.head.forward(tokens);
        Ok(self.tokens(texts, &values).map(vector).collect())
    }

    fn attribute(
        &mut self,
        texts: &[Sequence],
        to: &[&[f32]],
    ) -> Result<Option<Vec<Shares>>, EncodeError> {
        let values = self.forward(texts)?;
        let shares = |(tokens, to): (ChunksExact<'_, f32>, &&[f32])| {
            self.engine.head.attribute(&tokens.collect::<Vec<_>>(), to)
        };
        Ok(self.tokens(texts, &values).zip(to).map(shares).collect())
    }
}

/// The table engine with what follows it.
pub(crate) struct Averaged {
    pub(crate) table: Table,
    pub(crate) head: Head,
}

impl Backend for Averaged {
    fn worker(&self) -> Box<dyn Worker + '_> {
        Box::new(AveragedWorker { engine: self })
    }

    /// Nothing is gained by computing texts together, so that a batch is only as large as to make the way there not
    /// count, and small enough for all cores to have something to do.
    fn budget(&self) -> usize {
        16_384
    }
}

struct AveragedWorker<'e> {
    engine: &'e Averaged,
}

impl Worker for AveragedWorker<'_> {
    fn encode(&mut self, texts: &[Sequence]) -> Result<Vec<Vec<f32>>, EncodeError> {
        let Averaged { table, head } = self.engine;
        let rows = table.open()?;
        texts
            .iter()
            .map(|text| Ok(head.finish(table.mean(&rows, text.ids())?)))
            .collect()
    }

    fn attribute(
        &mut self,
        texts: &[Sequence],
        to: &[&[f32]],
    ) -> Result<Option<Vec<Shares>>, EncodeError> {
        let Averaged { table, head } = self.engine;
        let rows = table.open()?;
        let shares = |(text, to): (&Sequence, &&[f32])| {
            let tokens: Vec<Vec<f32>> = text
                .ids()
                .iter()
                .map(|id| table.mean(&rows, std::slice::from_ref(id)))
                .collect::<Result<_, _>>()?;
            let tokens: Vec<&[f32]> = tokens.iter().map(Vec::as_slice).collect();
            Ok(head.attribute(&tokens, to))
        };
        texts.iter().zip(to).map(shares).collect()
    }
}
