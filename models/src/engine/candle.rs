//! The candle engine: BERT, RoBERTa and XLM-RoBERTa (Devlin et al. 2019) on every device that candle reaches.
//!
//! It is what graphics cards compute with, what takes over where the packed engine doesn't know a layer, and what the
//! packed engine is held to by tests. So it is written for plainness, in candle's own operations: texts are filled
//! up to the longest, and a mask hides what they are filled up with.

use candle_core::{DType, Device, IndexOp, Result as CandleResult, Tensor};
use candle_nn::ops::{layer_norm, sigmoid, softmax_last_dim};

use super::config::{Activation, TransformerConfig};
use super::embeddings::Embeddings;
use super::sequence::Sequence;
use super::weights::Weights;
use crate::error::{EncodeError, LoadError};

/// What is added to the score of a padding token: small enough that its share underflows to nothing, and within
/// what 16 bits hold.
const MASKED: f32 = -30_000.0;

/// The encoder.
pub(crate) struct CandleBert {
    embeddings: Embeddings,
    norm: Norm,
    layers: Vec<Layer>,
    config: TransformerConfig,
    place: Place,
}

/// Where tensors lie and what kind of numbers they hold.
#[derive(Clone)]
struct Place {
    device: Device,
    dtype: DType,
}

impl Place {
    fn tensor(
        &self,
        values: Vec<f32>,
        shape: &[usize],
        weights: &Weights,
    ) -> Result<Tensor, LoadError> {
        Tensor::from_vec(values, shape, &self.device)
            .and_then(|tensor| tensor.to_dtype(self.dtype))
            .map_err(|error| LoadError::Backend {
                path: weights.path().to_owned(),
                reason: error.to_string(),
            })
    }
}

struct Norm {
    weight: Tensor,
    bias: Tensor,
    epsilon: f32,
}

impl Norm {
    fn load(
        weights: &Weights,
        name: &str,
        config: &TransformerConfig,
        place: &Place,
    ) -> Result<Self, LoadError> {
        let vector = |part: &str| {
            let values = weights.read(&format!("{name}.{part}"), &[config.hidden])?;
            place.tensor(values, &[config.hidden], weights)
        };
        Ok(Self {
            weight: vector("weight")?,
            bias: vector("bias")?,
            epsilon: config.epsilon,
        })
    }

    fn forward(&self, x: &Tensor) -> CandleResult<Tensor> {
        layer_norm(x, &self.weight, &self.bias, self.epsilon)
    }
}

/// `x Wᵀ + b`, with `W` as `outputs × inputs`.
struct Linear {
    weight: Tensor,
    bias: Tensor,
}

impl Linear {
    /// Reads the layers `names`, each with `inputs` and `outputs`, as one layer with their outputs side by side.
    fn load(
        weights: &Weights,
        names: &[String],
        inputs: usize,
        outputs: usize,
        place: &Place,
    ) -> Result<Self, LoadError> {
        let (mut weight, mut bias) = (Vec::new(), Vec::new());
        weight.reserve_exact(names.len() * inputs * outputs);
        for name in names {
            weights.append(&format!("{name}.weight"), &[outputs, inputs], &mut weight)?;
            weights.append(&format!("{name}.bias"), &[outputs], &mut bias)?;
        }
        let total = names.len() * outputs;
        Ok(Self {
            weight: place.tensor(weight, &[total, inputs], weights)?,
            bias: place.tensor(bias, &[total], weights)?,
        })
    }

    /// For `x` of `rows × inputs`.
    fn forward(&self, x: &Tensor) -> CandleResult<Tensor> {
        x.matmul(&self.weight.t()?)?.broadcast_add(&self.bias)
    }
}

struct Layer {
    query_key_value: Linear,
    attention_output: Linear,
    attention_norm: Norm,
    intermediate: Linear,
    output: Linear,
    output_norm: Norm,
}

impl Layer {
    fn load(
        weights: &Weights,
        index: usize,
        config: &TransformerConfig,
        place: &Place,
    ) -> Result<Self, LoadError> {
        let name = |part: &str| format!("encoder.layer.{index}.{part}");
        let (hidden, wide) = (config.hidden, config.intermediate);
        let linear = |part: &str, inputs: usize, outputs: usize| {
            Linear::load(weights, &[name(part)], inputs, outputs, place)
        };
        let norm = |part: &str| Norm::load(weights, &name(part), config, place);
        Ok(Self {
            query_key_value: Linear::load(
                weights,
                &["query", "key", "value"].map(|part| name(&format!("attention.self.{part}"))),
                hidden,
                hidden,
                place,
            )?,
            attention_output: linear("attention.output.dense", hidden, hidden)?,
            attention_norm: norm("attention.output.LayerNorm")?,
            intermediate: linear("intermediate.dense", hidden, wide)?,
            output: linear("output.dense", wide, hidden)?,
            output_norm: norm("output.LayerNorm")?,
        })
    }

    /// `x` is `texts · length × hidden`, `mask` is `texts × 1 × 1 × length`.
    fn forward(
        &self,
        x: &Tensor,
        mask: &Tensor,
        config: &TransformerConfig,
    ) -> CandleResult<Tensor> {
        let attended = self.attend(x, mask, config.heads)?;
        let attended = self.attention_output.forward(&attended)?;
        let x = self.attention_norm.forward(&(attended + x)?)?;
        let wide = activate(&self.intermediate.forward(&x)?, config.activation)?;
        let narrow = self.output.forward(&wide)?;
        self.output_norm.forward(&(narrow + x)?)
    }

    fn attend(&self, x: &Tensor, mask: &Tensor, heads: usize) -> CandleResult<Tensor> {
        let (rows, hidden) = x.dims2()?;
        let texts = mask.dim(0)?;
        let (length, width) = (rows / texts, hidden / heads);
        let all = self
            .query_key_value
            .forward(x)?
            .reshape((texts, length, 3, heads, width))?
            .permute((2, 0, 3, 1, 4))?
            .contiguous()?;
        let (query, key, value) = (all.i(0)?, all.i(1)?, all.i(2)?);
        let scale = 1.0 / (width as f64).sqrt();
        let scores = (query.matmul(&key.t()?)? * scale)?.broadcast_add(mask)?;
        softmax_last_dim(&scores)?
            .matmul(&value)?
            .transpose(1, 2)?
            .reshape((rows, hidden))
    }
}

fn activate(x: &Tensor, activation: Activation) -> CandleResult<Tensor> {
    match activation {
        Activation::Identity => Ok(x.clone()),
        Activation::Relu => x.relu(),
        Activation::Gelu => x.gelu_erf(),
        Activation::GeluTanh => x.gelu(),
        Activation::Silu => x.silu(),
        Activation::Tanh => x.tanh(),
        Activation::Sigmoid => sigmoid(x),
    }
}

impl CandleBert {
    /// Reads the encoder's weights onto `device`, as numbers of the type `dtype`.
    pub(crate) fn load(
        weights: Weights,
        config: TransformerConfig,
        device: Device,
        dtype: DType,
    ) -> Result<Self, LoadError> {
        let place = Place { device, dtype };
        let norm = Norm::load(&weights, "embeddings.LayerNorm", &config, &place)?;
        let layers = (0..config.layers)
            .map(|index| Layer::load(&weights, index, &config, &place))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            embeddings: Embeddings::load(weights, &config)?,
            norm,
            layers,
            place,
            config,
        })
    }

    /// The vectors of all tokens: `texts · longest × hidden`, row-major. Rows beyond a text's length are padding
    /// and hold nothing of use.
    pub(crate) fn forward(&self, texts: &[Sequence]) -> Result<Vec<f32>, EncodeError> {
        let longest = texts.iter().map(Sequence::len).max().unwrap_or(0);
        if longest == 0 {
            return Ok(Vec::new());
        }
        let hidden = self.config.hidden;
        let mut embedded = vec![0.0; texts.len() * longest * hidden];
        let mut mask = vec![MASKED; texts.len() * longest];
        let rows = embedded.chunks_exact_mut(longest * hidden);
        for ((text, rows), mask) in texts.iter().zip(rows).zip(mask.chunks_exact_mut(longest)) {
            self.embeddings.embed(text, rows.chunks_exact_mut(hidden))?;
            mask[..text.len()].fill(0.0);
        }
        let Place { device, dtype } = &self.place;
        let x = Tensor::from_vec(embedded, (texts.len() * longest, hidden), device)?;
        let mask =
            Tensor::from_vec(mask, (texts.len(), 1, 1, longest), device)?.to_dtype(*dtype)?;
        let mut x = self.norm.forward(&x.to_dtype(*dtype)?)?;
        for layer in &self.layers {
            x = layer.forward(&x, &mask, &self.config)?;
        }
        Ok(x.to_dtype(DType::F32)?.flatten_all()?.to_vec1()?)
    }
}
