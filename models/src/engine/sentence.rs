//! A sentence model: the tokeniser, the encoder and the head behind the [`Encoder`] trait.

use std::num::NonZeroUsize;
use std::ops::{ControlFlow, Range};
use std::thread;

use super::batch::{self, CPU_BUDGET, GPU_BUDGET};
use super::bert::{Bert, Tokens};
use super::head::{Head, dense_digest};
use super::layout::Layout;
use super::tokens::TokenCounter;
use super::weights::Weights;
use super::workers;
use crate::device::Device;
use crate::encoder::{Embeddings, Encoder, Observer, Role};
use crate::error::{EncodeError, LoadError};
use crate::folder::{ModelFolder, Prompts};
use crate::identity::{Identity, Precision};

/// How many texts are tokenised, sorted by length and computed before the next: enough for every core to have
/// many batches of texts of like length, and few enough for their tokens to take little memory.
const PAGE_TEXTS: usize = 16_384;

/// How a model is run. None of it changes a vector by more than rounding.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Where it is computed.
    pub device: Device,
    /// On how many cores, where the processor computes; all of them where `None`.
    pub threads: Option<NonZeroUsize>,
}

/// A sentence model of the BERT family, run through candle.
///
/// On a processor each core computes whole batches alone. What is in a batch depends on the texts only, so the
/// vectors are the same, bit for bit, on any number of threads.
pub struct SentenceEncoder {
    identity: Identity,
    counter: TokenCounter,
    prompt_tokens: [usize; 2],
    bert: Bert,
    head: Head,
    hidden: usize,
    threads: NonZeroUsize,
    budget: usize,
}

impl std::fmt::Debug for SentenceEncoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SentenceEncoder")
            .field("identity", &self.identity)
            .field("threads", &self.threads)
            .finish_non_exhaustive()
    }
}

impl SentenceEncoder {
    /// Loads the model in `folder`.
    ///
    /// # Errors
    ///
    /// When a file is missing, damaged, contradicts another, or asks for something that isn't computed here.
    pub fn load(folder: &ModelFolder, settings: &Settings) -> Result<Self, LoadError> {
        let device = settings.device.open()?;
        let layout = Layout::read(&folder.path)?;
        // Reading the vocabulary and reading the weights take about as long as each other.
        let (counter, model) = thread::scope(|scope| {
            let counter = scope.spawn(|| {
                TokenCounter::load(
                    &layout.transformer.join("tokenizer.json"),
                    layout.max_tokens,
                    layout.lower_case,
                )
            });
            let model = Weights::open(&layout.transformer)
                .and_then(|weights| Bert::load(weights, layout.config.clone(), &device));
            (counter.join(), model)
        });
        let counter = counter.map_err(|_| LoadError::Tokenizer {
            path: layout.transformer.join("tokenizer.json"),
            reason: "reading it broke down".to_owned(),
        })??;
        let bert = model?;
        let hidden = layout.config.hidden;
        let head = Head::load(layout.pooling, &layout.steps, hidden)?;
        let prompts = layout
            .prompts
            .or_else(|| folder.prompts.clone())
            .unwrap_or_default();
        let prompt_tokens = [&prompts.query, &prompts.passage]
            .map(|prompt| counter.count(prompt) - counter.special_tokens());
        for (prompt, tokens) in [&prompts.query, &prompts.passage].iter().zip(prompt_tokens) {
            if counter.special_tokens() + tokens >= counter.max_tokens() {
                return Err(LoadError::Inconsistent {
                    path: folder.path.join("config_sentence_transformers.json"),
                    reason: format!(
                        "the prompt `{prompt}` has {tokens} tokens, and the model reads {}",
                        counter.max_tokens()
                    ),
                });
            }
        }
        let Prompts { query, passage } = prompts;
        Ok(Self {
            identity: Identity {
                name: folder.name.clone(),
                revision: folder.revision.clone(),
                weights_sha256: folder.weights_sha256.clone(),
                tokenizer_sha256: folder.tokenizer_sha256.clone(),
                dense_sha256: dense_digest(&layout.steps)?,
                pooling: layout.pooling,
                normalise: head.normalises(),
                dim: head.dim(),
                max_tokens: layout.max_tokens,
                precision: Precision::F32,
                query_prompt: query,
                passage_prompt: passage,
            },
            counter,
            prompt_tokens,
            bert,
            head,
            hidden,
            threads: match settings.threads {
                // A graphics card computes one batch at a time.
                _ if !settings.device.is_cpu() => NonZeroUsize::MIN,
                Some(threads) => threads,
                None => thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            },
            budget: if settings.device.is_cpu() {
                std::env::var("TMPB")
                    .ok()
                    .and_then(|b| b.parse().ok())
                    .unwrap_or(CPU_BUDGET)
            } else {
                GPU_BUDGET
            },
        })
    }

    /// The model's tokeniser, for counting where no vectors are wanted.
    pub fn token_counter(&self) -> &TokenCounter {
        &self.counter
    }

    fn prompt(&self, role: Role) -> &str {
        match role {
            Role::Query => &self.identity.query_prompt,
            Role::Passage => &self.identity.passage_prompt,
        }
    }

    /// The token numbers of `texts`, tokenised on all threads.
    fn tokenise(&self, texts: &[&str], role: Role) -> Vec<Result<Vec<u32>, String>> {
        let prompt = self.prompt(role);
        let ids = |texts: &[&str]| -> Vec<_> {
            texts
                .iter()
                .map(|text| self.counter.ids(prompt, text))
                .collect()
        };
        // Below a few texts a thread costs more than it saves.
        let share = texts.len().div_ceil(self.threads.get()).max(32);
        if texts.len() <= share {
            return ids(texts);
        }
        thread::scope(|scope| {
            let handles: Vec<_> = texts
                .chunks(share)
                .map(|part| (part, scope.spawn(|| ids(part))))
                .collect();
            handles
                .into_iter()
                .flat_map(|(part, handle)| {
                    handle.join().unwrap_or_else(|_| {
                        vec![Err("the tokeniser broke down".to_owned()); part.len()]
                    })
                })
                .collect()
        })
    }

    /// The vectors of the texts with these tokens.
    fn forward(&self, texts: Vec<&[u32]>) -> Result<Vec<Vec<f32>>, EncodeError> {
        let tokens = Tokens::new(texts);
        let values = self.bert.forward(&tokens)?;
        let texts = values.chunks_exact(tokens.longest * self.hidden);
        Ok(tokens
            .texts
            .iter()
            .zip(texts)
            .map(|(ids, text)| {
                self.head
                    .forward(&text[..ids.len() * self.hidden], self.hidden)
            })
            .collect())
    }

    /// Encodes `texts`, of which the first is number `first` among all, into the rows of `embeddings`.
    fn encode_page(
        &self,
        texts: &[&str],
        first: usize,
        role: Role,
        embeddings: &mut Embeddings,
        observer: Observer<'_>,
    ) -> Result<(), EncodeError> {
        let mut ids = Vec::with_capacity(texts.len());
        for (index, found) in self.tokenise(texts, role).into_iter().enumerate() {
            ids.push(found.map_err(|reason| EncodeError::Tokenizer {
                text: first + index,
                reason,
            })?);
        }
        let lengths: Vec<usize> = ids.iter().map(Vec::len).collect();
        let batches = batch::plan(&lengths, self.budget);
        // A text without tokens keeps its row of zeros: no model has anything to say of it.
        let mut done = first + lengths.iter().filter(|length| **length == 0).count();
        let mut outcome = Ok(());
        workers::run(
            &batches,
            self.threads,
            |batch| {
                let texts = batch
                    .iter()
                    .filter_map(|index| ids.get(*index).map(Vec::as_slice))
                    .collect();
                (batch, self.forward(texts))
            },
            |(batch, result)| {
                let stored = result.and_then(|vectors| {
                    for (index, vector) in batch.iter().zip(&vectors) {
                        let text = first + index;
                        if !vector.iter().all(|value| value.is_finite()) {
                            return Err(EncodeError::NotFinite { text });
                        }
                        if let Some(row) = embeddings.row_mut(text) {
                            row.copy_from_slice(vector);
                        }
                    }
                    done += batch.len();
                    match observer(done) {
                        ControlFlow::Continue(()) => Ok(()),
                        ControlFlow::Break(()) => Err(EncodeError::Cancelled { done }),
                    }
                });
                match stored {
                    Ok(()) => ControlFlow::Continue(()),
                    Err(error) => {
                        outcome = Err(error);
                        ControlFlow::Break(())
                    }
                }
            },
        )
        .map_err(|error| EncodeError::Compute {
            reason: error.to_string(),
        })?;
        outcome
    }
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

    fn encode(
        &self,
        texts: &[&str],
        role: Role,
        observer: Observer<'_>,
    ) -> Result<Embeddings, EncodeError> {
        let mut embeddings = Embeddings::zeros(texts.len(), self.identity.dim);
        for (page, texts) in texts.chunks(PAGE_TEXTS).enumerate() {
            self.encode_page(texts, page * PAGE_TEXTS, role, &mut embeddings, observer)?;
        }
        Ok(embeddings)
    }
}
