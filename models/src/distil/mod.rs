//! A transformer boiled down to a table: one vector a token of its vocabulary, whatever stands around it.
//!
//! The method is model2vec's: Tulkens & van Dongen, *Model2Vec: Fast State-of-the-Art Static Embeddings* (2024), as
//! its documentation and version 0.10 of the Python package have it. It needs no texts:
//!
//! 1. the transformer reads each token alone, and the mean of what comes out is the token's vector;
//! 2. the principal components of these vectors take the place of their dimensions;
//! 3. a token's vector gets the weight that Arora, Liang & Ma, *A Simple but Tough-to-Beat Baseline for Sentence
//!    Embeddings* (2017), give to a word of its frequency, which Zipf's law tells from its number.
//!
//! One thing is done otherwise, because it is better by far (`docs/ENCODER.md` has the figures): of the special tokens
//! only those in front are read with the token, `[CLS]` and not `[SEP]`.
//!
//! | file | what |
//! |---|---|
//! | `vocabulary` | which tokens there are, and how the transformer reads one |
//! | `components` | principal components |
//! | `eigen` | eigenvalues and eigenvectors |
//! | `place` | the folder, all of it or none |
//! | `error` | what can go wrong |

mod components;
mod eigen;
mod error;
mod place;
mod vocabulary;

use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::Path;
use std::thread;

use candle_core::{DType, Device, Tensor};
use rayon::ThreadPoolBuilder;
use rayon::prelude::*;
use serde_json::json;

use crate::encoder::{Embeddings, Encoder};
use crate::engine::{Body, EMBEDDINGS, Layout, SentenceEncoder, Settings};
use crate::folder::ModelFolder;
use crate::identity::Precision;

use components::Components;
pub use error::DistilError;
use place::Place;
use vocabulary::Vocabulary;

/// How many dimensions are kept where nobody says how many.
const DIMENSIONS: usize = 256;

/// The `a` of Arora et al.: words that are more frequent than this count for less than half.
const SIF: f64 = 1e-4;

/// Told how many tokens of how many have been read; answers whether to go on.
pub type DistilObserver<'a> = &'a mut dyn FnMut(usize, usize) -> ControlFlow<()>;

/// What came of distilling.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Distilled {
    /// How many tokens have a vector.
    pub tokens: usize,
    /// How many numbers a vector has.
    pub dimensions: usize,
    /// How much of the vectors' variance was kept, between 0 and 1.
    pub variance: f64,
}

/// Makes a static model of the transformer in `model` and puts it into the folder `target`, where there is none yet.
///
/// Vectors get so many `dimensions`, at most as many as the transformer's have; 256 where that isn't said. Of the
/// `settings`, the precision is f32 where they don't say otherwise. The folder is what
/// [`SentenceEncoder::load`] reads, and so do Python's model2vec and sentence-transformers: `model.safetensors` with the
/// table in half precision, `tokenizer.json`, `config.json` and `modules.json`. It appears whole or not at all.
///
/// The same model gives the same folder, on any number of threads.
///
/// # Errors
///
/// When the folder can't be written or isn't empty, the model can't be loaded or is no transformer, or the observer
/// breaks off.
pub fn distil(
    model: &ModelFolder,
    target: &Path,
    dimensions: Option<NonZeroUsize>,
    settings: &Settings,
    observer: DistilObserver<'_>,
) -> Result<Distilled, DistilError> {
    let place = Place::reserve(target)?;
    let layout = Layout::read(model.path())?;
    let Body::Transformer(transformer) = &layout.body else {
        return Err(DistilError::StaticAlready {
            path: model.path().to_owned(),
        });
    };
    let vocabulary = Vocabulary::read(
        &layout.folder.join("tokenizer.json"),
        layout.lower_case,
        transformer.config.vocabulary,
    )?;
    let encoder = SentenceEncoder::load_body(
        model,
        &Settings {
            precision: settings.precision.or(Some(Precision::F32)),
            ..settings.clone()
        },
    )?;
    let kept = choose(dimensions, encoder.dim())?;
    let texts = vocabulary.texts();
    let vectors = encoder.encode_tokens(&texts, &mut |done| observer(done, texts.len()))?;
    let pool = ThreadPoolBuilder::new()
        .num_threads(threads(settings).get())
        .build()
        .map_err(|error| DistilError::compute(&error))?;
    let (table, variance) = pool.install(|| table(&vectors, &vocabulary, kept))?;
    write(&place, table, &vocabulary, &encoder.identity().name)?;
    place.finish()?;
    Ok(Distilled {
        tokens: texts.len(),
        dimensions: kept,
        variance,
    })
}

/// How many dimensions are kept of `width`.
fn choose(wanted: Option<NonZeroUsize>, width: usize) -> Result<usize, DistilError> {
    match wanted.map(NonZeroUsize::get) {
        None => Ok(DIMENSIONS.min(width)),
        Some(wanted) if wanted <= width => Ok(wanted),
        Some(wanted) => Err(DistilError::Dimensions {
            wanted,
            most: width,
        }),
    }
}

fn threads(settings: &Settings) -> NonZeroUsize {
    settings
        .threads
        .or_else(|| thread::available_parallelism().ok())
        .unwrap_or(NonZeroUsize::MIN)
}

/// The table, `rows × kept`, of a vocabulary whose tokens with a meaning have these `vectors`, the others' rows being
/// zeros; and how much of the variance is left in it.
fn table(
    vectors: &Embeddings,
    vocabulary: &Vocabulary,
    kept: usize,
) -> Result<(Tensor, f64), DistilError> {
    let components = Components::find(vectors, kept).ok_or_else(|| DistilError::Compute {
        reason: "the principal components of the tokens' vectors weren't found".to_owned(),
    })?;
    let weights = weights(vectors.len());
    let projected: Vec<Vec<f32>> = vectors
        .values()
        .par_chunks_exact(vectors.dim().max(1))
        .zip(weights)
        .map(|(vector, weight)| {
            let places = components.project(vector);
            places.map(|place| (weight * place) as f32).collect()
        })
        .collect();
    let mut values = vec![0.0; vocabulary.rows() * kept];
    for (id, row) in vocabulary.ids().zip(&projected) {
        values[id as usize * kept..][..kept].copy_from_slice(row);
    }
    let table = Tensor::from_vec(values, (vocabulary.rows(), kept), &Device::Cpu)
        .and_then(|table| table.to_dtype(DType::F16))
        .map_err(|error| DistilError::compute(&error))?;
    Ok((table, components.variance()))
}

/// The weights of so many tokens, the most frequent first: `a ÷ (a + p)`, where the probability `p` of a token is, after
/// Zipf, in inverse proportion to its rank. Vocabularies are numbered by frequency, more or less.
///
/// As in model2vec the first rank is 2.
fn weights(tokens: usize) -> Vec<f64> {
    let inverse = |rank: usize| 1.0 / (rank + 2) as f64;
    let sum: f64 = (0..tokens).map(inverse).sum();
    (0..tokens)
        .map(|rank| SIF / (SIF + inverse(rank) / sum))
        .collect()
}

/// Writes the files of a static model, in the layout of model2vec and sentence-transformers.
fn write(
    place: &Place,
    table: Tensor,
    vocabulary: &Vocabulary,
    parent: &str,
) -> Result<(), DistilError> {
    let dimensions = table.dims().last().copied().unwrap_or_default();
    let config = json!({
        "model_type": "model2vec",
        "architectures": ["StaticModel"],
        "tokenizer_name": parent,
        "apply_pca": dimensions,
        "sif_coefficient": SIF,
        "hidden_dim": dimensions,
        "seq_length": 1_000_000,
        "normalize": true,
        "pooling": "mean",
        "embedding_dtype": "float16",
    });
    let module = |index: usize, path: &str, kind: &str| {
        json!({
            "idx": index,
            "name": index.to_string(),
            "path": path,
            "type": format!("sentence_transformers.models.{kind}"),
        })
    };
    let modules = json!([
        module(0, ".", "StaticEmbedding"),
        module(1, "1_Normalize", "Normalize")
    ]);
    place.write("config.json", format!("{config:#}\n").as_bytes())?;
    place.write("modules.json", format!("{modules:#}\n").as_bytes())?;
    place.write("tokenizer.json", vocabulary.json()?.as_bytes())?;
    let tensors = safetensors::serialize([(EMBEDDINGS, table)], None);
    let tensors = tensors.map_err(|error| DistilError::compute(&error))?;
    place.write("model.safetensors", &tensors)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_those_of_arora_after_zipf() {
        let found = weights(3);
        let sum = 1.0 / 2.0 + 1.0 / 3.0 + 1.0 / 4.0;
        for (weight, rank) in found.iter().zip([2.0, 3.0, 4.0]) {
            let probability = 1.0 / rank / sum;
            assert!((weight - 1e-4 / (1e-4 + probability)).abs() < 1e-15);
        }
        assert!(found.is_sorted());
        // A token that is one in ten thousand counts half.
        let many = weights(30_000);
        let sum: f64 = (2..30_002).map(|rank| 1.0 / f64::from(rank)).sum();
        let rank = (1e4 / sum) as usize;
        assert!((many[rank - 2] - 0.5).abs() < 0.01);
    }

    #[test]
    fn no_more_dimensions_are_kept_than_there_are() {
        assert_eq!(choose(None, 384).unwrap(), 256);
        assert_eq!(choose(None, 8).unwrap(), 8);
        assert_eq!(choose(NonZeroUsize::new(8), 8).unwrap(), 8);
        let error = choose(NonZeroUsize::new(9), 8).unwrap_err();
        assert!(error.to_string().contains('9') && error.hint().is_some());
    }
}
