//! The layers with weights: what is read from a checkpoint, packed, and multiplied with.

use super::buffer::{Aligned, PANEL, Rows};
use super::int8::{BytePanels, ByteProduct, ByteRows, PackBytes, Quantise};
use super::product::{Panels, Product};
use super::simd::Isa;
use crate::engine::config::TransformerConfig;
use crate::engine::weights::Weights;
use crate::error::LoadError;

/// What kind of numbers the products are computed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quality {
    F32,
    Int8,
}

/// What weights are packed for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target {
    pub(crate) quality: Quality,
    pub(crate) isa: Isa,
}

/// `x Wᵀ + b`
pub(super) struct Linear {
    weights: Packed,
    /// Filled up with zeros to whole panels.
    bias: Aligned,
}

enum Packed {
    F32(Panels),
    Int8(BytePanels),
}

impl Packed {
    fn zeros(inputs: usize, outputs: usize, quality: Quality) -> Self {
        match quality {
            Quality::F32 => Self::F32(Panels::zeros(inputs, outputs)),
            Quality::Int8 => {
                let mut panels = BytePanels::default();
                panels.resize(inputs, outputs);
                Self::Int8(panels)
            }
        }
    }

    /// Packs weights of `outputs × inputs`, each multiplied with `scale`, into the columns from `first` on.
    fn fill(&mut self, isa: Isa, first: usize, weights: &[f32], inputs: usize, scale: f32) {
        match self {
            Self::F32(panels) => panels.pack(first, weights, scale),
            Self::Int8(panels) => isa.run(PackBytes {
                panels,
                first,
                weights,
                stride: inputs,
                rows: weights.len() / inputs.max(1),
                inputs,
                scale,
            }),
        }
    }
}

/// Some rows of a matrix: the matrix, the first row, how many.
pub(super) type Input<'a> = (&'a Rows, usize, usize);

/// A matrix, and the row from which on it is written to.
pub(super) type Output<'a> = (&'a mut Rows, usize);

impl Linear {
    /// Reads the layers `names`, each with `inputs` and `outputs`, as one layer with their outputs side by side,
    /// each multiplied with the number that stands by its name.
    pub(super) fn load(
        weights: &Weights,
        names: &[(&str, f32)],
        inputs: usize,
        outputs: usize,
        target: Target,
    ) -> Result<Self, LoadError> {
        let total = names.len() * outputs;
        let mut packed = Packed::zeros(inputs, total, target.quality);
        let mut bias = Vec::with_capacity(total);
        for (index, (name, scale)) in names.iter().enumerate() {
            let part = weights.tensor(&format!("{name}.weight"), &[outputs, inputs])?;
            packed.fill(target.isa, index * outputs, &part, inputs, *scale);
            let part = weights.tensor(&format!("{name}.bias"), &[outputs])?;
            bias.extend(part.iter().map(|bias| bias * scale));
        }
        Ok(Self {
            weights: packed,
            bias: filled_up(&bias),
        })
    }

    /// Writes `x Wᵀ + b` for the rows of `input`.
    pub(super) fn set(&self, isa: Isa, input: Input<'_>, output: Output<'_>, space: &mut ByteRows) {
        self.multiply(isa, input, output, space, false);
    }

    /// Adds `x Wᵀ + b` for the rows of `input` to what is there.
    pub(super) fn add(&self, isa: Isa, input: Input<'_>, output: Output<'_>, space: &mut ByteRows) {
        self.multiply(isa, input, output, space, true);
    }

    fn multiply(
        &self,
        isa: Isa,
        (input, first, rows): Input<'_>,
        (output, to): Output<'_>,
        space: &mut ByteRows,
        add: bool,
    ) {
        let output_stride = output.stride();
        let output = output.rows_mut_from(to);
        match &self.weights {
            Packed::F32(weights) => isa.run(Product {
                input: input.rows_from(first),
                input_stride: input.stride(),
                rows,
                weights,
                bias: Some(self.bias.as_slice()),
                output,
                output_stride,
                add,
            }),
            Packed::Int8(weights) => {
                isa.run(Quantise {
                    input: input.rows_from(first),
                    input_stride: input.stride(),
                    rows,
                    inputs: input.width(),
                    output: space,
                });
                isa.run(ByteProduct {
                    input: space,
                    rows,
                    weights,
                    bias: Some(self.bias.as_slice()),
                    output,
                    output_stride,
                    add,
                });
            }
        }
    }
}

/// The scales and shifts of a layer norm, filled up with zeros to whole panels.
pub(super) struct Norm {
    weight: Aligned,
    bias: Aligned,
}

impl Norm {
    pub(super) fn load(
        weights: &Weights,
        name: &str,
        config: &TransformerConfig,
    ) -> Result<Self, LoadError> {
        let vector = |part: &str| {
            let numbers = weights.read(&format!("{name}.{part}"), &[config.hidden])?;
            Ok(filled_up(&numbers))
        };
        Ok(Self {
            weight: vector("weight")?,
            bias: vector("bias")?,
        })
    }

    pub(super) fn weight(&self) -> &[f32] {
        self.weight.as_slice()
    }

    pub(super) fn bias(&self) -> &[f32] {
        self.bias.as_slice()
    }
}

/// The numbers, and zeros up to a whole number of panels.
fn filled_up(numbers: &[f32]) -> Aligned {
    let mut filled = Aligned::zeros(numbers.len().next_multiple_of(PANEL));
    filled.as_mut_slice()[..numbers.len()].copy_from_slice(numbers);
    filled
}
