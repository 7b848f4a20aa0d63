//! The packed engine: the BERT family on a processor, as fast as the processor multiplies.
//!
//! | file | what |
//! |---|---|
//! | `mod` | the encoder: which step follows which |
//! | `linear` | a layer's weights, in f32 or in bytes |
//! | `product` | matrix products in f32 |
//! | `int8` | quantising, and matrix products in bytes |
//! | `attention` | attention within a text |
//! | `pointwise`, `functions` | layer norm, activation functions, softmax |
//! | `buffer` | where the numbers are kept |
//! | `simd` | instructions, and how they are chosen |
//!
//! The texts of a batch lie behind one another without padding, so that no multiplication is wasted, and only
//! attention asks where one ends and the next begins (text-embeddings-inference calls this cumulative lengths).
//! Everything else takes tokens as rows of one tall matrix, a block of rows at a time. `docs/ENCODER.md` tells what
//! each step has gained.

mod attention;
mod buffer;
mod functions;
mod int8;
mod linear;
mod pointwise;
mod product;
pub(crate) mod simd;
#[cfg(test)]
mod tests;

use attention::Attention;
use buffer::Rows;
use linear::{Linear, Norm};
use pointwise::{Activate, LayerNorm};
use product::BLOCK;
use simd::Isa;

use super::config::{Activation, TransformerConfig};
use super::embeddings::Embeddings;
use super::sequence::Sequence;
use super::weights::Weights;
use crate::error::{EncodeError, LoadError};

pub(crate) use linear::{Quality, Target};

/// The encoder.
pub(crate) struct PackedBert {
    embeddings: Embeddings,
    norm: Norm,
    layers: Vec<Layer>,
    config: TransformerConfig,
    target: Target,
}

struct Layer {
    query_key_value: Linear,
    attention_output: Linear,
    attention_norm: Norm,
    intermediate: Linear,
    output: Linear,
    output_norm: Norm,
}

/// The matrices that a worker writes into, kept from batch to batch.
#[derive(Default)]
pub(crate) struct Workspace {
    /// The tokens' vectors, `tokens × hidden`.
    tokens: Rows,
    /// Queries, keys and values, `tokens × 3 · hidden`.
    projected: Rows,
    /// What attention gives, `tokens × hidden`.
    attended: Rows,
    /// A block of the wide layer, `block × intermediate`.
    wide: Rows,
    quantised: int8::ByteRows,
    attention: attention::Scratch,
}

impl Workspace {
    /// The vector of one token of the batch that was computed last.
    pub(crate) fn token(&self, index: usize) -> &[f32] {
        self.tokens.row(index)
    }
}

/// Why a model can't be computed by this engine, if it can't.
pub(crate) fn unknown(config: &TransformerConfig) -> Option<String> {
    match config.activation {
        Activation::Gelu | Activation::GeluTanh | Activation::Relu => None,
        other => Some(format!("the activation `{other:?}`")),
    }
}

/// Applies an activation function to every number, in place.
pub(crate) fn activate(numbers: &mut [f32], activation: Activation) {
    let mut rows = Rows::default();
    rows.resize(1, numbers.len());
    let stride = rows.stride();
    rows.rows_mut_from(0)[..numbers.len()].copy_from_slice(numbers);
    rows.clear_margins();
    Isa::best().run(Activate {
        rows: rows.rows_mut_from(0),
        stride,
        width: numbers.len(),
        activation,
    });
    numbers.copy_from_slice(rows.row(0));
}

impl Layer {
    fn load(
        weights: &Weights,
        index: usize,
        config: &TransformerConfig,
        target: Target,
    ) -> Result<Self, LoadError> {
        let name = |part: &str| format!("encoder.layer.{index}.{part}");
        let (hidden, wide) = (config.hidden, config.intermediate);
        let linear = |part: &str, inputs: usize, outputs: usize| {
            Linear::load(weights, &[(&name(part), 1.0)], inputs, outputs, target)
        };
        // Scores are divided by the root of a head's width: here the queries are.
        let scale = 1.0 / ((hidden / config.heads) as f32).sqrt();
        Ok(Self {
            query_key_value: Linear::load(
                weights,
                &[
                    (&name("attention.self.query"), scale),
                    (&name("attention.self.key"), 1.0),
                    (&name("attention.self.value"), 1.0),
                ],
                hidden,
                hidden,
                target,
            )?,
            attention_output: linear("attention.output.dense", hidden, hidden)?,
            attention_norm: Norm::load(weights, &name("attention.output.LayerNorm"), config)?,
            intermediate: linear("intermediate.dense", hidden, wide)?,
            output: linear("output.dense", wide, hidden)?,
            output_norm: Norm::load(weights, &name("output.LayerNorm"), config)?,
        })
    }
}

impl PackedBert {
    /// Packs the encoder's weights, and keeps `weights` for the embeddings of the vocabulary.
    pub(crate) fn load(
        weights: Weights,
        config: TransformerConfig,
        target: Target,
    ) -> Result<Self, LoadError> {
        let norm = Norm::load(&weights, "embeddings.LayerNorm", &config)?;
        let layers = (0..config.layers)
            .map(|index| Layer::load(&weights, index, &config, target))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            embeddings: Embeddings::load(weights, &config)?,
            norm,
            layers,
            config,
            target,
        })
    }

    /// Computes the vectors of all tokens of `texts`, one text behind the other, into `space`.
    pub(crate) fn forward(
        &self,
        texts: &[Sequence],
        space: &mut Workspace,
    ) -> Result<(), EncodeError> {
        space.tokens.resize(tokens_of(texts), self.config.hidden);
        let stride = space.tokens.stride();
        let mut rows = space.tokens.rows_mut_from(0).chunks_mut(stride);
        for text in texts {
            self.embeddings
                .embed(text, rows.by_ref().take(text.len()))?;
        }
        space.tokens.clear_margins();
        self.normalise(space.tokens.rows_mut_from(0), stride, &self.norm);
        for layer in &self.layers {
            self.attend(layer, texts, space);
            self.feed_forward(layer, space);
        }
        Ok(())
    }

    /// What each token attends to of its own text: a few texts at a time, so that their queries, keys and values are
    /// still near when they are needed.
    fn attend(&self, layer: &Layer, texts: &[Sequence], space: &mut Workspace) {
        space
            .attended
            .resize(space.tokens.rows(), self.config.hidden);
        let mut first = 0;
        for texts in texts.chunk_by(in_one_block()) {
            self.attend_within(layer, first, texts, space);
            first += tokens_of(texts);
        }
        space.attended.clear_margins();
    }

    /// The same for `texts` alone, whose tokens begin at `first`.
    fn attend_within(
        &self,
        layer: &Layer,
        first: usize,
        texts: &[Sequence],
        space: &mut Workspace,
    ) {
        let hidden = self.config.hidden;
        let tokens = tokens_of(texts);
        space.projected.resize(tokens, 3 * hidden);
        for start in (0..tokens).step_by(BLOCK) {
            let count = BLOCK.min(tokens - start);
            layer.query_key_value.set(
                self.target.isa,
                (&space.tokens, first + start, count),
                (&mut space.projected, start),
                &mut space.quantised,
            );
        }
        let mut start = 0;
        for text in texts {
            let (input_stride, output_stride) = (space.projected.stride(), space.attended.stride());
            self.target.isa.run(Attention {
                input: space.projected.rows_from(start),
                input_stride,
                tokens: text.len(),
                heads: self.config.heads,
                width: hidden / self.config.heads,
                output: space.attended.rows_mut_from(first + start),
                output_stride,
                quality: self.target.quality,
                scratch: &mut space.attention,
            });
            start += text.len();
        }
    }

    /// The rest of a layer, which takes each token by itself: block by block, from beginning to end.
    fn feed_forward(&self, layer: &Layer, space: &mut Workspace) {
        let tokens = space.tokens.rows();
        let stride = space.tokens.stride();
        for first in (0..tokens).step_by(BLOCK) {
            let count = BLOCK.min(tokens - first);
            let Workspace {
                tokens,
                attended,
                wide,
                quantised,
                ..
            } = &mut *space;
            wide.resize(count, self.config.intermediate);
            let wide_stride = wide.stride();
            layer.attention_output.add(
                self.target.isa,
                (&*attended, first, count),
                (&mut *tokens, first),
                quantised,
            );
            let block = &mut tokens.rows_mut_from(first)[..count * stride];
            self.normalise(block, stride, &layer.attention_norm);
            layer.intermediate.set(
                self.target.isa,
                (&*tokens, first, count),
                (&mut *wide, 0),
                quantised,
            );
            self.target.isa.run(Activate {
                rows: wide.rows_mut_from(0),
                stride: wide_stride,
                width: self.config.intermediate,
                activation: self.config.activation,
            });
            layer.output.add(
                self.target.isa,
                (&*wide, 0, count),
                (&mut *tokens, first),
                quantised,
            );
            let block = &mut tokens.rows_mut_from(first)[..count * stride];
            self.normalise(block, stride, &layer.output_norm);
        }
    }

    fn normalise(&self, rows: &mut [f32], stride: usize, norm: &Norm) {
        self.target.isa.run(LayerNorm {
            rows,
            stride,
            width: self.config.hidden,
            weight: norm.weight(),
            bias: norm.bias(),
            epsilon: self.config.epsilon,
        });
    }
}

/// How many tokens `texts` have together.
fn tokens_of(texts: &[Sequence]) -> usize {
    texts.iter().map(Sequence::len).sum()
}

/// Whether a text goes into the block of the one before it: as long as they fit into [`BLOCK`] tokens together.
fn in_one_block() -> impl FnMut(&Sequence, &Sequence) -> bool {
    let mut room = None;
    move |text, next| {
        let left: usize = room.unwrap_or(BLOCK.saturating_sub(text.len()));
        room = left.checked_sub(next.len());
        room.is_some()
    }
}
