//! A cross-encoder: a question and a passage read together, and a score for the two.

use std::fmt;
use std::thread;

use super::head::Head;
use super::layout::ClassifierLayout;
use super::made::Made;
use super::pairs::PairTokeniser;
use super::runner::Runner;
use super::settings::Settings;
use crate::encoder::Observer;
use crate::error::{EncodeError, LoadError};
use crate::folder::ModelFolder;
use crate::identity::Precision;

/// The precision of scores that nobody has asked for in another. What int8 does to a ranking hasn't been measured.
const ON_A_PROCESSOR: Precision = Precision::F32;

/// A re-ranker: scores how well a passage answers a question (Nogueira & Cho 2019).
///
/// A sentence model reads a question and a passage apart and compares two vectors; a cross-encoder reads both at once,
/// so that every word of one is seen in the light of the other. That tells more, and costs the whole transformer for
/// each passage and each question: it puts in order what a search by vectors has found, some tens of passages.
///
/// ```no_run
/// use std::ops::ControlFlow;
/// use topoi_models::{CrossEncoder, Locator, Settings};
///
/// let model = "cross-encoder/ms-marco-MiniLM-L6-v2".parse()?;
/// let folder = Locator::new("/home/me/.cache/topoi").locate(&model)?;
/// let reranker = CrossEncoder::load(&folder, &Settings::default())?;
///
/// let passages = ["The concert was sold out.", "Tariffs are paid by consumers."];
/// let go_on = &mut |_done| ControlFlow::Continue(());
/// let scores = reranker.score("who pays for tariffs?", &passages, go_on)?;
/// assert!(scores[1] > scores[0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// What is computed are sequence classifiers with one label, in the layout of the transformers library, of the
/// architectures `BertForSequenceClassification`, `RobertaForSequenceClassification` and
/// `XLMRobertaForSequenceClassification`: `[CLS] question [SEP] passage [SEP]`, where the vector of `[CLS]` goes
/// through a dense layer, tanh, and another dense layer that makes one number of it.
///
/// As for a [`SentenceEncoder`](crate::SentenceEncoder), what is computed together depends on the texts only, so the
/// scores are the same, bit for bit, on any number of threads.
pub struct CrossEncoder {
    name: String,
    weights_sha256: String,
    precision: Precision,
    prompt: String,
    pairs: PairTokeniser,
    runner: Runner,
    fallback: Option<String>,
}

impl fmt::Debug for CrossEncoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CrossEncoder")
            .field("name", &self.name)
            .field("precision", &self.precision)
            .field("threads", &self.runner.threads())
            .finish_non_exhaustive()
    }
}

/// The model and how it is run: `cross-encoder/ms-marco-MiniLM-L6-v2 (5a1b2c3d, 512 tokens, f32)`.
impl fmt::Display for CrossEncoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digest = self.weights_sha256.get(..8);
        write!(
            f,
            "{} ({}, {} tokens, {})",
            self.name,
            digest.unwrap_or(&self.weights_sha256),
            self.max_tokens(),
            self.precision
        )
    }
}

impl CrossEncoder {
    /// Loads the model in `folder`.
    ///
    /// Where `settings` ask for no precision, it is computed in f32; `int8` takes a third of the time on a processor.
    ///
    /// # Errors
    ///
    /// [`LoadError::NotAReranker`] when the folder holds a model of another kind; when a file is missing, damaged,
    /// contradicts another, or asks for something that isn't computed here; when `settings` ask for what there isn't.
    pub fn load(folder: &ModelFolder, settings: &Settings) -> Result<Self, LoadError> {
        let layout = ClassifierLayout::read(&folder.path)?;
        let tokenizer = layout.folder.join("tokenizer.json");
        // Reading the vocabulary and reading the weights take about as long as each other.
        let (pairs, made) = thread::scope(|scope| {
            let pairs = scope
                .spawn(|| PairTokeniser::load(&tokenizer, layout.max_tokens, layout.lower_case));
            let made = Head::of_scores(&layout).and_then(|head| {
                Made::transformer(
                    &layout.folder,
                    &layout.config,
                    head,
                    ON_A_PROCESSOR,
                    settings,
                )
            });
            (pairs.join(), made)
        });
        let pairs = pairs.map_err(|_| LoadError::Tokenizer {
            path: tokenizer.clone(),
            reason: "reading it broke down".to_owned(),
        })??;
        let made = made?;
        let pairs = if layout.two_types {
            pairs
        } else {
            pairs.with_one_type()
        };
        if pairs.has_two_types() && layout.config.type_rows < 2 {
            return Err(LoadError::Inconsistent {
                path: layout.folder.join("config.json"),
                reason:
                    "`type_vocab_size` is 1, and the tokeniser gives the passage a type of its own"
                        .to_owned(),
            });
        }
        Ok(Self {
            name: folder.name.clone(),
            weights_sha256: folder.weights_sha256.clone(),
            precision: made.precision,
            prompt: layout.prompt,
            pairs,
            runner: made.runner,
            fallback: made.fallback,
        })
    }

    /// The model's name: that of its repository on the hub, or of its folder.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What kind of numbers it is computed in.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// How many tokens of a question and a passage are read together, special tokens included.
    pub fn max_tokens(&self) -> usize {
        self.pairs.max_tokens()
    }

    /// What of the model the packed engine doesn't know, so that the slower candle engine computes it.
    pub fn fallback(&self) -> Option<&str> {
        self.fallback.as_deref()
    }

    /// How well each of `passages` answers `question`, in their order: the higher, the better.
    ///
    /// Scores are logits, as the last layer gives them: any finite number, of either sign. They are comparable for one
    /// question and one model. Unless a model says otherwise, sentence-transformers puts them through a sigmoid,
    /// `1 ÷ (1 + e⁻ˣ)`, which changes no order.
    ///
    /// Of the question no more is read than half of the [tokens](Self::max_tokens) that there is room for, and of a
    /// passage what fits into the rest, from its beginning: what is beyond is ignored, so callers score the parts of a
    /// longer one. An empty passage has a score like any other.
    ///
    /// `observer` is told how many passages have their score, after every batch.
    ///
    /// # Errors
    ///
    /// [`EncodeError::Cancelled`] when the observer breaks off, and the others when the model's files turn out not to
    /// belong together.
    pub fn score(
        &self,
        question: &str,
        passages: &[&str],
        observer: Observer<'_>,
    ) -> Result<Vec<f32>, EncodeError> {
        let question = self.pairs.question(&self.prompt, question);
        let question = question.map_err(|reason| EncodeError::Compute {
            reason: format!("the question can't be split into tokens: {reason}"),
        })?;
        let expected: Vec<usize> = passages
            .iter()
            .map(|passage| self.pairs.expected(&question, passage.len()))
            .collect();
        let tokens = |index: usize| {
            let passage = passages.get(index).copied().unwrap_or_default();
            let pair = self.pairs.pair(&question, passage);
            pair.map_err(|reason| EncodeError::Tokenizer {
                text: index,
                reason,
            })
        };
        let scores = self.runner.run(&expected, tokens, observer)?;
        Ok(scores.into_values())
    }
}
