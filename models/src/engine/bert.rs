//! BERT, RoBERTa and XLM-RoBERTa: token numbers → a vector a token (Devlin et al. 2019).

use candle_core::{Device, IndexOp, Result as CandleResult, Tensor};
use candle_nn::ops::layer_norm;

use super::config::{Activation, Positions, TransformerConfig};
use super::kernels::{Mask, add as add_tensors, bias_activation, softmax};
use super::weights::{RowError, RowTable, Weights};
use crate::error::{EncodeError, LoadError};

/// The encoder.
pub(crate) struct Bert {
    words: RowTable,
    /// Position embeddings with the embedding of token type 0 added, row-major: every text here is a single
    /// sequence, whose tokens all have that type.
    positions: Vec<f32>,
    norm: Norm,
    layers: Vec<Layer>,
    config: TransformerConfig,
    device: Device,
}

/// The tokens of some texts, side by side.
pub(crate) struct Tokens<'a> {
    /// The token numbers of each text, none of them empty.
    pub(crate) texts: Vec<&'a [u32]>,
    /// The length of the longest.
    pub(crate) longest: usize,
}

impl<'a> Tokens<'a> {
    pub(crate) fn new(texts: Vec<&'a [u32]>) -> Self {
        let longest = texts.iter().map(|ids| ids.len()).max().unwrap_or(0);
        Self { texts, longest }
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
        device: &Device,
    ) -> Result<Self, LoadError> {
        let vector = |part: &str| {
            let values = weights.read(&format!("{name}.{part}"), &[config.hidden])?;
            tensor(values, &[config.hidden], device, weights)
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
        device: &Device,
    ) -> Result<Self, LoadError> {
        let (mut weight, mut bias) = (Vec::new(), Vec::new());
        weight.reserve_exact(names.len() * inputs * outputs);
        for name in names {
            weights.append(&format!("{name}.weight"), &[outputs, inputs], &mut weight)?;
            weights.append(&format!("{name}.bias"), &[outputs], &mut bias)?;
        }
        let total = names.len() * outputs;
        Ok(Self {
            weight: tensor(weight, &[total, inputs], device, weights)?,
            bias: tensor(bias, &[total], device, weights)?,
        })
    }

    /// `activation(x Wᵀ + b)` for `x` of `rows × inputs`.
    fn forward(&self, x: &Tensor, activation: Activation) -> CandleResult<Tensor> {
        bias_activation(x.matmul(&self.weight.t()?)?, &self.bias, activation)
    }
}

fn tensor(
    values: Vec<f32>,
    shape: &[usize],
    device: &Device,
    weights: &Weights,
) -> Result<Tensor, LoadError> {
    Tensor::from_vec(values, shape, device).map_err(|error| LoadError::Backend {
        path: weights.path().to_owned(),
        reason: error.to_string(),
    })
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
        device: &Device,
    ) -> Result<Self, LoadError> {
        let name = |part: &str| format!("encoder.layer.{index}.{part}");
        let (hidden, wide) = (config.hidden, config.intermediate);
        let linear = |part: &str, inputs: usize, outputs: usize| {
            Linear::load(weights, &[name(part)], inputs, outputs, device)
        };
        Ok(Self {
            query_key_value: Linear::load(
                weights,
                &["query", "key", "value"].map(|part| name(&format!("attention.self.{part}"))),
                hidden,
                hidden,
                device,
            )?,
            attention_output: linear("attention.output.dense", hidden, hidden)?,
            attention_norm: Norm::load(
                weights,
                &name("attention.output.LayerNorm"),
                config,
                device,
            )?,
            intermediate: linear("intermediate.dense", hidden, wide)?,
            output: linear("output.dense", wide, hidden)?,
            output_norm: Norm::load(weights, &name("output.LayerNorm"), config, device)?,
        })
    }

    /// `x` is `texts · length × hidden`.
    fn forward(
        &self,
        x: &Tensor,
        texts: usize,
        mask: &Mask,
        config: &TransformerConfig,
    ) -> CandleResult<Tensor> {
        let attended = self.attend(x, texts, mask, config.heads)?;
        let attended = self
            .attention_output
            .forward(&attended, Activation::Identity)?;
        let x = self.attention_norm.forward(&add_tensors(attended, x)?)?;
        let wide = self.intermediate.forward(&x, config.activation)?;
        let narrow = self.output.forward(&wide, Activation::Identity)?;
        self.output_norm.forward(&add_tensors(narrow, &x)?)
    }

    fn attend(&self, x: &Tensor, texts: usize, mask: &Mask, heads: usize) -> CandleResult<Tensor> {
        let (rows, hidden) = x.dims2()?;
        let (length, width) = (rows / texts, hidden / heads);
        let all = self
            .query_key_value
            .forward(x, Activation::Identity)?
            .reshape((texts, length, 3, heads, width))?
            .permute((2, 0, 3, 1, 4))?
            .contiguous()?;
        let (query, key, value) = (all.i(0)?, all.i(1)?, all.i(2)?);
        let scale = 1.0 / (width as f32).sqrt();
        softmax(query.matmul(&key.t()?)?, scale, mask)?
            .matmul(&value)?
            .transpose(1, 2)?
            .reshape((rows, hidden))
    }
}

impl Bert {
    /// Reads the encoder's weights, which `words` are mapped from a second time: the embeddings of the
    /// vocabulary stay in the file.
    pub(crate) fn load(
        weights: Weights,
        config: TransformerConfig,
        device: &Device,
    ) -> Result<Self, LoadError> {
        const WORDS: &str = "embeddings.word_embeddings.weight";
        let weights = weights.with_prefix_of(WORDS)?;
        let hidden = config.hidden;
        let types = weights.read(
            "embeddings.token_type_embeddings.weight",
            &[config.type_rows, hidden],
        )?;
        let mut positions = weights.read(
            "embeddings.position_embeddings.weight",
            &[config.position_rows, hidden],
        )?;
        for row in positions.chunks_exact_mut(hidden) {
            add(row, &types[..hidden]);
        }
        let norm = Norm::load(&weights, "embeddings.LayerNorm", &config, device)?;
        let layers = (0..config.layers)
            .map(|index| Layer::load(&weights, index, &config, device))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            words: RowTable::new(weights, WORDS, config.vocabulary, hidden)?,
            positions,
            norm,
            layers,
            device: device.clone(),
            config,
        })
    }

    /// The vectors of all tokens: `texts · longest × hidden`, row-major. Rows beyond a text's length are padding
    /// and hold nothing of use.
    pub(crate) fn forward(&self, tokens: &Tokens<'_>) -> Result<Vec<f32>, EncodeError> {
        let (texts, longest) = (tokens.texts.len(), tokens.longest);
        if texts == 0 || longest == 0 {
            return Ok(Vec::new());
        }
        let hidden = self.config.hidden;
        let embedded = self.embed(tokens)?;
        let x = Tensor::from_vec(embedded, (texts * longest, hidden), &self.device)?;
        let lengths = tokens.texts.iter().map(|ids| ids.len()).collect();
        let mask = Mask::new(lengths, longest, &self.device)?;
        let mut x = self.norm.forward(&x)?;
        for layer in &self.layers {
            x = layer.forward(&x, texts, &mask, &self.config)?;
        }
        Ok(x.flatten_all()?.to_vec1()?)
    }

    /// The sum of word, position and type embeddings, `texts · longest × hidden`, zero where there is padding.
    fn embed(&self, tokens: &Tokens<'_>) -> Result<Vec<f32>, EncodeError> {
        let hidden = self.config.hidden;
        let mut embedded = vec![0.0; tokens.texts.len() * tokens.longest * hidden];
        let texts = embedded.chunks_exact_mut(tokens.longest * hidden);
        for (ids, text) in tokens.texts.iter().zip(texts) {
            let mut rows = text.chunks_exact_mut(hidden);
            let mut positions = position_ids(ids, self.config.positions);
            let mut outside = false;
            let read = self.words.for_each_row(ids.iter().copied(), |word| {
                let position = positions
                    .next()
                    .and_then(|position| self.positions.get(position * hidden..)?.get(..hidden));
                if let (Some(row), Some(position)) = (rows.next(), position) {
                    row.copy_from_slice(word);
                    add(row, position);
                } else {
                    outside = true;
                }
            });
            match read {
                Err(RowError::NoSuchRow(id)) => {
                    return Err(EncodeError::TokenOutsideVocabulary {
                        id,
                        rows: self.words.rows(),
                    });
                }
                Err(RowError::Unreadable(reason)) => return Err(EncodeError::Compute { reason }),
                Ok(()) if outside => {
                    return Err(EncodeError::Compute {
                        reason: format!("{} tokens are more than there are positions", ids.len()),
                    });
                }
                Ok(()) => {}
            }
        }
        Ok(embedded)
    }
}

/// The rows of the position embeddings for the tokens `ids`.
fn position_ids(ids: &[u32], positions: Positions) -> impl Iterator<Item = usize> {
    let mut next = match positions {
        Positions::FromZero => 0,
        Positions::AfterPadding { padding } => padding as usize + 1,
    };
    ids.iter().map(move |id| match positions {
        // A text may spell out the padding token: it then stands in the middle, and is numbered as padding.
        Positions::AfterPadding { padding } if *id == padding => padding as usize,
        _ => {
            next += 1;
            next - 1
        }
    })
}

fn add(row: &mut [f32], other: &[f32]) {
    for (value, other) in row.iter_mut().zip(other) {
        *value += other;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bert_numbers_positions_from_zero() {
        let found: Vec<_> = position_ids(&[5, 0, 7], Positions::FromZero).collect();
        assert_eq!(found, [0, 1, 2]);
    }

    #[test]
    fn roberta_numbers_positions_after_its_padding_token() {
        let positions = Positions::AfterPadding { padding: 1 };
        let found: Vec<_> = position_ids(&[0, 9, 1, 9, 2], positions).collect();
        assert_eq!(found, [2, 3, 1, 4, 5]);
    }
}
