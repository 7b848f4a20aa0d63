//! The layers with weights: what is read from a checkpoint, packed, and multiplied with.

use super::buffer::{Aligned, PANEL, Rows};
use super::int8::{BytePanels, ByteProduct, ByteRows, Quantise};
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
        quality: Quality,
    ) -> Result<Self, LoadError> {
        let (mut weight, mut bias) = (Vec::new(), Vec::new());
        weight.reserve_exact(names.len() * inputs * outputs);
        for (name, scale) in names {
            let (first_weight, first_bias) = (weight.len(), bias.len());
            weights.append(&format!("{name}.weight"), &[outputs, inputs], &mut weight)?;
            weights.append(&format!("{name}.bias"), &[outputs], &mut bias)?;
            if *scale != 1.0 {
                let weights = &mut weight[first_weight..];
                for number in weights.iter_mut().chain(&mut bias[first_bias..]) {
                    *number *= scale;
                }
            }
        }
        let total = names.len() * outputs;
        Ok(Self {
            weights: match quality {
                Quality::F32 => Packed::F32(Panels::pack(&weight, total, inputs)),
                Quality::Int8 => Packed::Int8(BytePanels::pack(&weight, total, inputs)),
            },
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
        let output = output.from_row_mut(to);
        match &self.weights {
            Packed::F32(weights) => isa.run(Product {
                input: input.from_row(first),
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
                    input: input.from_row(first),
                    input_stride: input.stride(),
                    rows,
                    inputs: input.width(),
                    output: space,
                });
                isa.run(ByteProduct {
                    input: space,
                    rows,
                    weights,
                    bias: self.bias.as_slice(),
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
