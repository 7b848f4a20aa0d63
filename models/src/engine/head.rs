//! A vector a token → a vector a text: pooling, then dense layers and normalising.

use std::path::PathBuf;

use sha2::{Digest, Sha256};

use super::config::Activation;
use super::layout::{DenseLayout, Step};
use super::packed::activate;
use super::weights::{Weights, weight_files};
use crate::digest::{file_sha256, hex};
use crate::error::LoadError;
use crate::identity::Pooling;

/// Vectors shorter than this are divided by it instead of by their length, as PyTorch's `normalize` does.
const SHORTEST: f32 = 1e-12;

/// What follows the transformer.
pub(crate) struct Head {
    pooling: Pooling,
    steps: Vec<HeadStep>,
    dim: usize,
}

enum HeadStep {
    Dense(Dense),
    Normalise,
}

/// `activation(W x + b)`, with `W` as `outputs × inputs`.
struct Dense {
    weight: Vec<f32>,
    bias: Vec<f32>,
    inputs: usize,
    activation: Activation,
}

impl Head {
    /// Reads what follows a body that gives tokens vectors of `width` numbers.
    pub(crate) fn load(pooling: Pooling, steps: &[Step], width: usize) -> Result<Self, LoadError> {
        let mut dim = width;
        let mut loaded = Vec::with_capacity(steps.len());
        for step in steps {
            loaded.push(match step {
                Step::Normalise => HeadStep::Normalise,
                Step::Dense(layout) => {
                    if layout.inputs != dim {
                        return Err(LoadError::Inconsistent {
                            path: layout.folder.join("config.json"),
                            reason: format!(
                                "the layer takes {} numbers, and gets {dim}",
                                layout.inputs
                            ),
                        });
                    }
                    dim = layout.outputs;
                    HeadStep::Dense(Dense::load(layout)?)
                }
            });
        }
        Ok(Self {
            pooling,
            steps: loaded,
            dim,
        })
    }

    /// How many numbers a text's vector has.
    pub(crate) fn dim(&self) -> usize {
        self.dim
    }

    /// The vector of a text whose tokens have these vectors; there is at least one.
    pub(crate) fn forward<'t>(&self, tokens: impl ExactSizeIterator<Item = &'t [f32]>) -> Vec<f32> {
        self.finish(pool(tokens, self.pooling))
    }

    /// What becomes of a text's vector behind the pooling.
    pub(crate) fn finish(&self, mut vector: Vec<f32>) -> Vec<f32> {
        for step in &self.steps {
            match step {
                HeadStep::Dense(dense) => vector = dense.forward(&vector),
                HeadStep::Normalise => normalise(&mut vector),
            }
        }
        vector
    }
}

impl Dense {
    fn load(layout: &DenseLayout) -> Result<Self, LoadError> {
        let weights = Weights::open(&layout.folder)?;
        let bias = if layout.bias {
            weights.read("linear.bias", &[layout.outputs])?
        } else {
            vec![0.0; layout.outputs]
        };
        Ok(Self {
            weight: weights.read("linear.weight", &[layout.outputs, layout.inputs])?,
            bias,
            inputs: layout.inputs,
            activation: layout.activation,
        })
    }

    fn forward(&self, x: &[f32]) -> Vec<f32> {
        let rows = self.weight.chunks_exact(self.inputs).zip(&self.bias);
        let mut y: Vec<f32> = rows
            .map(|(row, bias)| bias + row.iter().zip(x).map(|(w, x)| w * x).sum::<f32>())
            .collect();
        activate(&mut y, self.activation);
        y
    }
}

fn pool<'t>(mut tokens: impl ExactSizeIterator<Item = &'t [f32]>, pooling: Pooling) -> Vec<f32> {
    let count = tokens.len() as f32;
    let mut vector = tokens.next().map(<[f32]>::to_vec).unwrap_or_default();
    let combine: fn(f32, f32) -> f32 = match pooling {
        Pooling::Cls => return vector,
        Pooling::Max => f32::max,
        Pooling::Mean | Pooling::MeanSqrtLen => |sum, value| sum + value,
    };
    for token in tokens {
        for (combined, value) in vector.iter_mut().zip(token) {
            *combined = combine(*combined, *value);
        }
    }
    let divisor = match pooling {
        Pooling::Mean => count,
        Pooling::MeanSqrtLen => count.sqrt(),
        Pooling::Cls | Pooling::Max => return vector,
    };
    for value in &mut vector {
        *value /= divisor;
    }
    vector
}

fn normalise(vector: &mut [f32]) {
    let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
    let divisor = length.max(SHORTEST);
    for value in vector {
        *value /= divisor;
    }
}

/// SHA-256 over the files of all dense layers, in hexadecimal; `None` where there are no dense layers.
pub(crate) fn dense_digest(steps: &[Step]) -> Result<Option<String>, LoadError> {
    let mut files: Vec<PathBuf> = Vec::new();
    for step in steps {
        if let Step::Dense(layout) = step {
            files.push(layout.folder.join("config.json"));
            files.extend(weight_files(&layout.folder)?);
        }
    }
    if files.is_empty() {
        return Ok(None);
    }
    let mut hasher = Sha256::new();
    for path in files {
        let digest = file_sha256(&path).map_err(|source| LoadError::Read { path, source })?;
        hasher.update(digest.as_bytes());
        hasher.update(b"\n");
    }
    Ok(Some(hex(&hasher.finalize())))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKENS: [f32; 6] = [1.0, -2.0, 3.0, 4.0, 5.0, -8.0];

    #[test]
    fn each_pooling_does_what_its_name_says() {
        let pooled = |pooling| pool(TOKENS.chunks_exact(2), pooling);
        assert_eq!(pooled(Pooling::Cls), [1.0, -2.0]);
        assert_eq!(pooled(Pooling::Mean), [3.0, -2.0]);
        assert_eq!(pooled(Pooling::Max), [5.0, 4.0]);
        let root = 3f32.sqrt();
        assert_eq!(pooled(Pooling::MeanSqrtLen), [9.0 / root, -6.0 / root]);
    }

    #[test]
    fn a_vector_of_zeros_stays_one() {
        let mut zeros = [0.0; 3];
        normalise(&mut zeros);
        assert_eq!(zeros, [0.0; 3]);
    }

    #[test]
    fn a_dense_layer_multiplies_adds_and_activates() {
        let dense = Dense {
            weight: vec![1.0, 2.0, -1.0, -1.0, 0.0, 0.5],
            bias: vec![0.5, 0.0, -1.0],
            inputs: 2,
            activation: Activation::Relu,
        };
        assert_eq!(dense.forward(&[2.0, 4.0]), [10.5, 0.0, 1.0]);
    }
}
