//! A sentence model: the tokeniser, an engine and the head behind the [`Encoder`] trait.

mod attribution;

use std::num::NonZeroUsize;
use std::ops::{ControlFlow, Range};
use std::path::Path;
use std::sync::Mutex;
use std::thread;

use super::backend::{Averaged, Backend, Candle, Packed, Worker};
use super::batch;
use super::candle::CandleBert;
use super::config::TransformerConfig;
use super::embeddings::WORDS;
use super::head::{Head, dense_digest};
use super::layout::{Body, Layout, Step, TableLayout, TransformerLayout};
use super::packed::simd::Isa;
use super::packed::{self, PackedBert, Quality, Target};
use super::table::Table;
use super::tokens::TokenCounter;
use super::weights::Weights;
use super::workers;
use crate::device::Device;
use crate::encoder::{Attribution, Embeddings, Encoder, Observer, Role};
use crate::error::{EncodeError, LoadError};
use crate::folder::{ModelFolder, Prompts};
use crate::identity::{Identity, Precision};
use crate::instructions::Instructions;

/// Which of the engines computes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Engine {
    /// For a static model the only engine that there is for one, on a processor. For a transformer the packed engine on
    /// a processor, where it knows the model's layers; else candle.
    #[default]
    Auto,
    /// The packed engine, on a processor.
    Packed,
    /// candle, on any device.
    Candle,
}

/// How a model is run.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Where it is computed.
    pub device: Device,
    /// On how many cores, where the processor computes; all of them where `None`. Never changes a vector.
    pub threads: Option<NonZeroUsize>,
    /// In what kind of numbers; where `None`, in the kind that is best where it is computed.
    pub precision: Option<Precision>,
    /// Which engine computes. Changes a vector by no more than rounding.
    pub engine: Engine,
    /// With which instructions the packed engine computes; the fastest that there are where `None`. Changes a
    /// vector by no more than rounding.
    pub instructions: Option<Instructions>,
}

/// A sentence model: a transformer of the BERT family, or a table of token embeddings.
///
/// On a processor each core computes whole batches alone. What is in a batch depends on the texts only, so the
/// vectors are the same, bit for bit, on any number of threads.
pub struct SentenceEncoder {
    identity: Identity,
    counter: TokenCounter,
    prompt_tokens: [usize; 2],
    /// The token that the backend isn't told of.
    unread: Option<u32>,
    backend: Box<dyn Backend>,
    fallback: Option<String>,
    threads: NonZeroUsize,
}

impl std::fmt::Debug for SentenceEncoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SentenceEncoder")
            .field("identity", &self.identity)
            .field("threads", &self.threads)
            .finish_non_exhaustive()
    }
}

/// The precision of vectors that nobody has asked for in another: int8 loses less than a tenth of a point of
/// quality, and takes a third of the time (`docs/ENCODER.md` has the figures).
const ON_A_PROCESSOR: Precision = Precision::Int8;

/// What an engine was made of.
struct Made {
    backend: Box<dyn Backend>,
    precision: Precision,
    /// How many numbers a text's vector has.
    dim: usize,
    /// Why it isn't the packed engine, though that was wanted.
    fallback: Option<String>,
    /// Whether the engine is told of unknown tokens.
    reads_unknown: bool,
}

impl Made {
    /// Chooses the engine for `layout` and reads the weights.
    fn load(layout: &Layout, settings: &Settings) -> Result<Self, LoadError> {
        match &layout.body {
            Body::Transformer(transformer) => Self::transformer(layout, transformer, settings),
            Body::Table(table) => Self::table(layout, table, settings),
        }
    }

    fn table(layout: &Layout, table: &TableLayout, settings: &Settings) -> Result<Self, LoadError> {
        let precision = settings.precision.unwrap_or(Precision::F32);
        let refused = match settings.engine {
            Engine::Packed => Some("the packed engine".to_owned()),
            Engine::Candle => Some("the candle engine".to_owned()),
            Engine::Auto if precision != Precision::F32 => Some(precision.to_string()),
            Engine::Auto => None,
        };
        if let Some(what) = refused {
            return Err(LoadError::Settings {
                reason: format!(
                    "`{}` holds a static model, which isn't computed with {what}",
                    layout.folder.display()
                ),
            });
        }
        let table = Table::load(&layout.folder, table)?;
        let head = Head::load(layout.body.pooling(), &layout.steps, table.width())?;
        Ok(Self {
            precision,
            dim: head.dim(),
            fallback: None,
            reads_unknown: table.reads_unknown(),
            backend: Box::new(Averaged { table, head }),
        })
    }

    fn transformer(
        layout: &Layout,
        transformer: &TransformerLayout,
        settings: &Settings,
    ) -> Result<Self, LoadError> {
        let unknown = packed::unknown(&transformer.config);
        let on_cpu = settings.device.is_cpu();
        let fallback = match (settings.engine, unknown) {
            (Engine::Auto, Some(what)) if on_cpu => Some(what),
            (Engine::Packed, Some(what)) => return Err(impossible(&what, "packed engine")),
            _ => None,
        };
        let packed = match settings.engine {
            Engine::Auto => on_cpu && fallback.is_none(),
            Engine::Packed if !on_cpu => {
                return Err(impossible("a graphics card", "packed engine"));
            }
            Engine::Packed => true,
            Engine::Candle => false,
        };
        let config = &transformer.config;
        let head = Head::load(transformer.pooling, &layout.steps, config.hidden)?;
        if packed {
            let precision = settings.precision.unwrap_or(ON_A_PROCESSOR);
            return Self::packed(
                &layout.folder,
                config,
                head,
                precision,
                settings.instructions,
            );
        }
        let precision = settings.precision.unwrap_or(Precision::F32);
        Ok(Self {
            fallback,
            ..Self::candle(&layout.folder, config, head, precision, settings.device)?
        })
    }

    fn packed(
        folder: &Path,
        config: &TransformerConfig,
        head: Head,
        precision: Precision,
        instructions: Option<Instructions>,
    ) -> Result<Self, LoadError> {
        let quality = match precision {
            Precision::F32 => Quality::F32,
            Precision::Int8 => Quality::Int8,
            Precision::F16 | Precision::Bf16 => {
                return Err(impossible(&precision.to_string(), "processor"));
            }
        };
        let isa = match instructions {
            None => Isa::best(),
            Some(set) => {
                Isa::new(set).ok_or_else(|| impossible(&format!("`{set}`"), "processor"))?
            }
        };
        let weights = Weights::open(folder)?.with_prefix_of(WORDS)?;
        let target = Target { quality, isa };
        let bert = PackedBert::load(weights, config.clone(), target)?;
        Ok(Self {
            dim: head.dim(),
            backend: Box::new(Packed { bert, head }),
            precision,
            fallback: None,
            reads_unknown: true,
        })
    }

    fn candle(
        folder: &Path,
        config: &TransformerConfig,
        head: Head,
        precision: Precision,
        device: Device,
    ) -> Result<Self, LoadError> {
        let dtype = Candle::dtype(precision)
            .filter(|_| precision == Precision::F32 || !device.is_cpu())
            .ok_or_else(|| impossible(&precision.to_string(), "candle engine on this device"))?;
        let opened = device.open()?;
        let weights = Weights::open(folder)?.with_prefix_of(WORDS)?;
        let bert = CandleBert::load(weights, config.clone(), opened, dtype)?;
        Ok(Self {
            dim: head.dim(),
            backend: Box::new(Candle {
                bert,
                head,
                hidden: config.hidden,
                card: (!device.is_cpu()).then(Mutex::default),
            }),
            precision,
            fallback: None,
            reads_unknown: true,
        })
    }
}

fn impossible(what: &str, whom: &str) -> LoadError {
    LoadError::Settings {
        reason: format!("the {whom} doesn't compute with {what}"),
    }
}

impl SentenceEncoder {
    /// Loads the model in `folder`.
    ///
    /// # Errors
    ///
    /// When a file is missing, damaged, contradicts another, or asks for something that isn't computed here; when
    /// `settings` ask for what there isn't.
    pub fn load(folder: &ModelFolder, settings: &Settings) -> Result<Self, LoadError> {
        Self::with_layout(Layout::read(&folder.path)?, folder, settings)
    }

    /// Loads the body of the model in `folder`, without what follows it: a text's vector is the plain mean of its
    /// tokens' vectors.
    ///
    /// # Errors
    ///
    /// As for [`load`](Self::load).
    pub(crate) fn load_body(folder: &ModelFolder, settings: &Settings) -> Result<Self, LoadError> {
        Self::with_layout(Layout::read(&folder.path)?.into_body(), folder, settings)
    }

    fn with_layout(
        layout: Layout,
        folder: &ModelFolder,
        settings: &Settings,
    ) -> Result<Self, LoadError> {
        // Reading the vocabulary and reading the weights take about as long as each other.
        let (counter, made) = thread::scope(|scope| {
            let counter = scope.spawn(|| {
                TokenCounter::load(
                    &layout.folder.join("tokenizer.json"),
                    layout.max_tokens,
                    layout.lower_case,
                )
            });
            let made = Made::load(&layout, settings);
            (counter.join(), made)
        });
        let counter = counter.map_err(|_| LoadError::Tokenizer {
            path: layout.folder.join("tokenizer.json"),
            reason: "reading it broke down".to_owned(),
        })??;
        let made = made?;
        let counter = match layout.body {
            Body::Transformer(_) => counter,
            Body::Table(_) => counter.without_special_tokens(),
        };
        let unread = counter.unknown_token().filter(|_| !made.reads_unknown);
        let prompts = layout
            .prompts
            .or_else(|| folder.prompts.clone())
            .unwrap_or_default();
        let prompt_tokens = prompt_tokens(&counter, &prompts, folder)?;
        let Prompts { query, passage } = prompts;
        let threads = settings
            .threads
            .or_else(|| thread::available_parallelism().ok())
            .unwrap_or(NonZeroUsize::MIN);
        let most = NonZeroUsize::new(made.backend.most_threads()).unwrap_or(NonZeroUsize::MIN);
        Ok(Self {
            identity: Identity {
                name: folder.name.clone(),
                revision: folder.revision.clone(),
                weights_sha256: folder.weights_sha256.clone(),
                tokenizer_sha256: folder.tokenizer_sha256.clone(),
                dense_sha256: dense_digest(&layout.steps)?,
                pooling: layout.body.pooling(),
                normalise: matches!(layout.steps.last(), Some(Step::Normalise)),
                dim: made.dim,
                max_tokens: layout.max_tokens,
                precision: made.precision,
                query_prompt: query,
                passage_prompt: passage,
            },
            counter,
            prompt_tokens,
            unread,
            backend: made.backend,
            fallback: made.fallback,
            threads: threads.min(most),
        })
    }

    /// What of the model the packed engine doesn't know, so that the slower candle engine computes it.
    pub fn fallback(&self) -> Option<&str> {
        self.fallback.as_deref()
    }

    /// The model's tokeniser, for counting where no vectors are wanted.
    pub fn token_counter(&self) -> &TokenCounter {
        &self.counter
    }

    /// The vectors of texts that are given as the numbers of their tokens, special tokens included and none of them
    /// empty, in their order.
    ///
    /// # Errors
    ///
    /// As for [`encode`](Encoder::encode).
    pub(crate) fn encode_tokens(
        &self,
        texts: &[Vec<u32>],
        observer: Observer<'_>,
    ) -> Result<Embeddings, EncodeError> {
        let costs: Vec<usize> = texts.iter().map(Vec::len).collect();
        self.in_batches(&costs, observer, |worker, batch| {
            let ids: Vec<Vec<u32>> = batch.iter().map(|index| texts[*index].clone()).collect();
            let vectors = worker.encode(&ids)?;
            Ok(batch.iter().copied().zip(vectors).collect())
        })
    }

    /// The vectors of texts that cost so many tokens, of which `compute` gives those of a batch, each with the index
    /// of its text.
    fn in_batches(
        &self,
        costs: &[usize],
        observer: Observer<'_>,
        compute: impl Fn(&mut dyn Worker, &[usize]) -> Result<Vec<(usize, Vec<f32>)>, EncodeError>
        + Sync,
    ) -> Result<Embeddings, EncodeError> {
        let mut embeddings = Embeddings::zeros(costs.len(), self.identity.dim);
        let batches = batch::plan(costs, self.backend.budget());
        let mut done = 0;
        let mut outcome = Ok(());
        workers::run(
            &batches,
            self.threads,
            || self.backend.worker(),
            |worker, batch| (batch.len(), compute(worker.as_mut(), batch)),
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

    fn prompt(&self, role: Role) -> &str {
        match role {
            Role::Query => &self.identity.query_prompt,
            Role::Passage => &self.identity.passage_prompt,
        }
    }

    /// The vectors of the texts of a batch that have tokens, each with the index of its text. Here texts are split
    /// into tokens, so that each core does so for itself, between two batches.
    fn encode_batch(
        &self,
        worker: &mut dyn Worker,
        texts: &[&str],
        batch: &[usize],
        role: Role,
    ) -> Result<Vec<(usize, Vec<f32>)>, EncodeError> {
        let prompt = self.prompt(role);
        let mut found = Vec::with_capacity(batch.len());
        let (mut indices, mut ids, mut tokens) = (Vec::new(), Vec::<Vec<u32>>::new(), 0);
        for (place, index) in batch.iter().enumerate() {
            let text = texts.get(*index).copied().unwrap_or_default();
            let numbers = self.counter.ids(prompt, text);
            let mut numbers = numbers.map_err(|reason| EncodeError::Tokenizer {
                text: *index,
                reason,
            })?;
            if let Some(unread) = self.unread {
                numbers.retain(|id| *id != unread);
            }
            // A text without tokens keeps its row of zeros: no model has anything to say of it.
            if !numbers.is_empty() {
                tokens += numbers.len();
                indices.push(*index);
                ids.push(numbers);
            }
            // The plan goes by the length of texts. Where that was far too low, the batch is computed in parts.
            if tokens >= 2 * self.backend.budget() || place + 1 == batch.len() {
                let vectors = worker.encode(&ids)?;
                found.extend(indices.drain(..).zip(vectors));
                ids.clear();
                tokens = 0;
            }
        }
        Ok(found)
    }
}

/// How many tokens the prompts for queries and passages have.
fn prompt_tokens(
    counter: &TokenCounter,
    prompts: &Prompts,
    folder: &ModelFolder,
) -> Result<[usize; 2], LoadError> {
    let special = counter.special_tokens();
    let both = [&prompts.query, &prompts.passage];
    let tokens = both.map(|prompt| counter.count(prompt) - special);
    for (prompt, tokens) in both.iter().zip(tokens) {
        if special + tokens >= counter.max_tokens() {
            return Err(LoadError::Inconsistent {
                path: folder.path.join("config_sentence_transformers.json"),
                reason: format!(
                    "the prompt `{prompt}` has {tokens} tokens, and the model reads {}",
                    counter.max_tokens()
                ),
            });
        }
    }
    Ok(tokens)
}

impl Encoder for SentenceEncoder {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn room(&self, role: Role) -> usize {
        let [query, passage] = self.prompt_tokens;
        let prompt = match role {
            Role::Query => query,
            Role::Passage => passage,
        };
        self.counter.max_tokens() - self.counter.special_tokens() - prompt
    }

    fn count_tokens(&self, text: &str) -> usize {
        self.counter.count(text)
    }

    fn token_spans(&self, text: &str) -> Vec<Range<usize>> {
        self.counter.spans(text)
    }

    fn attribute(
        &self,
        pairs: &[(&str, &[f32])],
        role: Role,
    ) -> Result<Option<Vec<Attribution>>, EncodeError> {
        self.attribute_pairs(pairs, role)
    }

    fn encode(
        &self,
        texts: &[&str],
        role: Role,
        observer: Observer<'_>,
    ) -> Result<Embeddings, EncodeError> {
        let most = self.counter.max_tokens();
        let prompt = self.prompt(role).len();
        let costs: Vec<usize> = texts
            .iter()
            .map(|text| batch::expected_tokens(prompt + text.len(), most))
            .collect();
        self.in_batches(&costs, observer, |worker, batch| {
            self.encode_batch(worker, texts, batch, role)
        })
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
