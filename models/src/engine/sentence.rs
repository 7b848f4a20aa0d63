//! A sentence model: the tokeniser, an engine and the head behind the [`Encoder`] trait.

mod attribution;

use std::ops::{ControlFlow, Range};
use std::thread;

use super::batch;
use super::head::dense_digest;
use super::layout::{Body, Layout, Step};
use super::made::Made;
use super::runner::Runner;
use super::sequence::Sequence;
use super::settings::Settings;
use super::tokens::TokenCounter;
use crate::encoder::{Attribution, Embeddings, Encoder, Observer, Role};
use crate::error::{EncodeError, LoadError};
use crate::folder::{ModelFolder, Prompts};
use crate::identity::Identity;

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
    runner: Runner,
    fallback: Option<String>,
}

impl std::fmt::Debug for SentenceEncoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SentenceEncoder")
            .field("identity", &self.identity)
            .field("threads", &self.runner.threads())
            .finish_non_exhaustive()
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
            let made = Made::of_sentences(&layout, settings);
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
        Ok(Self {
            identity: Identity {
                name: folder.name.clone(),
                revision: folder.revision.clone(),
                weights_sha256: folder.weights_sha256.clone(),
                tokenizer_sha256: folder.tokenizer_sha256.clone(),
                dense_sha256: dense_digest(&layout.steps)?,
                pooling: layout.body.pooling(),
                normalise: matches!(layout.steps.last(), Some(Step::Normalise)),
                dim: made.runner.dim(),
                max_tokens: layout.max_tokens,
                precision: made.precision,
                query_prompt: query,
                passage_prompt: passage,
            },
            counter,
            prompt_tokens,
            unread,
            runner: made.runner,
            fallback: made.fallback,
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
        let lengths: Vec<usize> = texts.iter().map(Vec::len).collect();
        let tokens = |index: usize| {
            let ids = texts.get(index).cloned().unwrap_or_default();
            Ok(Sequence::single(ids))
        };
        self.runner.run(&lengths, tokens, observer)
    }

    fn prompt(&self, role: Role) -> &str {
        match role {
            Role::Query => &self.identity.query_prompt,
            Role::Passage => &self.identity.passage_prompt,
        }
    }

    /// The tokens of a text that the engine is told of.
    fn sequence(&self, texts: &[&str], index: usize, role: Role) -> Result<Sequence, EncodeError> {
        let text = texts.get(index).copied().unwrap_or_default();
        let ids = self.counter.ids(self.prompt(role), text);
        let mut ids = ids.map_err(|reason| EncodeError::Tokenizer {
            text: index,
            reason,
        })?;
        if let Some(unread) = self.unread {
            ids.retain(|id| *id != unread);
        }
        Ok(Sequence::single(ids))
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

    fn encode_ids(&self, texts: &[Vec<u32>], role: Role) -> Result<Embeddings, EncodeError> {
        let tokeniser = |reason| EncodeError::Tokenizer { text: 0, reason };
        let prompt = self.prompt(role);
        let room = self.room(role);
        let counter = &self.counter;
        let prompt = counter.first_ids("", prompt, counter.max_tokens());
        let prompt = prompt.map_err(tokeniser)?;
        let (before, behind) = counter.ends().map_err(tokeniser)?;
        let framed: Vec<Vec<u32>> = texts
            .iter()
            .map(|ids| {
                let ids = ids.get(..room).unwrap_or(ids);
                [&before, &*prompt, ids, &behind].concat()
            })
            .collect();
        self.encode_tokens(&framed, &mut |_| ControlFlow::Continue(()))
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
        let expected: Vec<usize> = texts
            .iter()
            .map(|text| batch::expected_tokens(prompt + text.len(), most))
            .collect();
        let tokens = |index| self.sequence(texts, index, role);
        self.runner.run(&expected, tokens, observer)
    }
}
