//! A vector a token → a vector a text: pooling, then dense layers and normalising. A score is a vector of one number.

use std::path::PathBuf;

use sha2::{Digest, Sha256};

use super::config::Activation;
use super::layout::{ClassifierLayout, DenseLayout, Step};
use super::packed::activate;
use super::weights::{Weights, weight_files};
use crate::digest::{file_sha256, hex};
use crate::error::LoadError;
use crate::identity::Pooling;

/// Vectors shorter than this are divided by it instead of by their length, as PyTorch's `normalize` does.
const SHORTEST: f32 = 1e-12;

/// A dot product, told apart by tokens: their shares and `rest` sum up to it.
#[derive(Debug, PartialEq)]
pub(crate) struct Shares {
    pub(crate) tokens: Vec<f32>,
    pub(crate) rest: f32,
}

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

    /// Reads what follows the transformer of a classifier with one label: the first token's vector goes through a dense
    /// layer with tanh, and a second makes one number of it.
    pub(crate) fn of_scores(layout: &ClassifierLayout) -> Result<Self, LoadError> {
        let width = layout.config.hidden;
        let [first, second] = layout.layers;
        let dense = |name: &str, outputs: usize, activation: Activation| {
            // Opened for each layer: some exports leave out what stands before the names of one or the other.
            let weights =
                Weights::open(&layout.folder)?.with_prefix_of(&format!("{name}.weight"))?;
            Dense::read(&weights, name, (width, outputs), true, activation)
        };
        Ok(Self {
            pooling: Pooling::Cls,
            steps: vec![
                HeadStep::Dense(dense(first, width, Activation::Tanh)?),
                HeadStep::Dense(dense(second, 1, Activation::Identity)?),
            ],
            dim: 1,
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
                HeadStep::Normalise => {
                    normalise(&mut vector);
                }
            }
        }
        vector
    }

    /// What each token adds to the dot product of [`forward`](Self::forward) with `to`, and what the biases of dense
    /// layers add. `None` where that isn't a sum over the tokens.
    ///
    /// Everything behind the pooling is linear but for the length that the vector is divided by, which is known by then.
    /// So `to` is taken back through the layers, and each token's share is its dot product with what comes out.
    pub(crate) fn attribute(&self, tokens: &[&[f32]], to: &[f32]) -> Option<Shares> {
        let divisor = match self.pooling {
            Pooling::Mean => tokens.len() as f32,
            Pooling::MeanSqrtLen => (tokens.len() as f32).sqrt(),
            Pooling::Cls | Pooling::Max => return None,
        };
        let mut vector = pool(tokens.iter().copied(), self.pooling);
        let mut lengths = Vec::with_capacity(self.steps.len());
        for step in &self.steps {
            lengths.push(match step {
                HeadStep::Dense(dense) if dense.activation != Activation::Identity => return None,
                HeadStep::Dense(dense) => {
                    vector = dense.forward(&vector);
                    1.0
                }
                HeadStep::Normalise => normalise(&mut vector),
            });
        }
        let mut to = to.to_vec();
        let mut rest = 0.0;
        for (step, length) in self.steps.iter().zip(lengths).rev() {
            match step {
                HeadStep::Dense(dense) => {
                    rest += dot(&dense.bias, &to);
                    to = dense.back(&to);
                }
                HeadStep::Normalise => to.iter_mut().for_each(|value| *value /= length),
            }
        }
        let share = |token: &&[f32]| dot(token, &to) / divisor;
        Some(Shares {
            tokens: tokens.iter().map(share).collect(),
            rest,
        })
    }
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

impl Dense {
    fn load(layout: &DenseLayout) -> Result<Self, LoadError> {
        let weights = Weights::open(&layout.folder)?;
        let sizes = (layout.inputs, layout.outputs);
        Self::read(&weights, "linear", sizes, layout.bias, layout.activation)
    }

    /// Reads the layer `name`, which has so many inputs and outputs.
    fn read(
        weights: &Weights,
        name: &str,
        (inputs, outputs): (usize, usize),
        bias: bool,
        activation: Activation,
    ) -> Result<Self, LoadError> {
        let weight = weights.read(&format!("{name}.weight"), &[outputs, inputs])?;
        let bias = if bias {
            weights.read(&format!("{name}.bias"), &[outputs])?
        } else {
            vec![0.0; outputs]
        };
        Ok(Self {
            weight,
            bias,
            inputs,
            activation,
        })
    }

    fn forward(&self, x: &[f32]) -> Vec<f32> {
        let rows = self.weight.chunks_exact(self.inputs).zip(&self.bias);
        let mut y: Vec<f32> = rows.map(|(row, bias)| bias + dot(row, x)).collect();
        activate(&mut y, self.activation);
        y
    }

    /// `Wᵀ y`.
    fn back(&self, y: &[f32]) -> Vec<f32> {
        let mut x = vec![0.0; self.inputs];
        for (row, y) in self.weight.chunks_exact(self.inputs).zip(y) {
            for (x, w) in x.iter_mut().zip(row) {
                *x += w * y;
            }
        }
        x
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

/// Divides a vector by its length, and gives what it was divided by.
fn normalise(vector: &mut [f32]) -> f32 {
    let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
    let divisor = length.max(SHORTEST);
    for value in vector {
        *value /= divisor;
    }
    divisor
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
    fn what_the_tokens_add_sums_up_to_the_dot_product() {
        let dense = |activation| {
            HeadStep::Dense(Dense {
                weight: vec![1.0, 2.0, -1.0, -1.0, 0.0, 0.5],
                bias: vec![0.5, 0.0, -1.0],
                inputs: 2,
                activation,
            })
        };
        let head = |pooling, activation| Head {
            pooling,
            steps: vec![HeadStep::Normalise, dense(activation), HeadStep::Normalise],
            dim: 3,
        };
        let tokens: Vec<&[f32]> = TOKENS.chunks_exact(2).collect();
        let to = [0.2, -0.4, 0.9];
        for pooling in [Pooling::Mean, Pooling::MeanSqrtLen] {
            let head = head(pooling, Activation::Identity);
            let shares = head.attribute(&tokens, &to).unwrap();
            let whole = dot(&head.forward(tokens.iter().copied()), &to);
            let sum: f32 = shares.tokens.iter().sum();
            assert!((sum + shares.rest - whole).abs() < 1e-6);
            assert!(shares.tokens.len() == 3 && shares.tokens[0] != shares.tokens[1]);
        }
        for (pooling, activation) in [
            (Pooling::Cls, Activation::Identity),
            (Pooling::Max, Activation::Identity),
            (Pooling::Mean, Activation::Tanh),
        ] {
            assert_eq!(head(pooling, activation).attribute(&tokens, &to), None);
        }
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
