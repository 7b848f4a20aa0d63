//! Every kernel, with every set of instructions that this processor has, held to its plain twin in f64.

use super::attention::{Attention, Scratch};
use super::buffer::Rows;
use super::int8::{BytePanels, ByteProduct, ByteRows, GROUP, PackBytes, Quantise};
use super::linear::Quality;
use super::pointwise::{Activate, LayerNorm};
use super::product::{Panels, Product};
use super::simd::Isa;
use crate::engine::config::Activation;
use crate::instructions::Instructions;

/// Sizes around those of tiles, panels and blocks.
const SIZES: [usize; 12] = [1, 2, 3, 7, 8, 14, 15, 31, 33, 64, 65, 100];

/// Numbers between −1 and 1 that are the same in each run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> f32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    }

    fn take(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| self.next()).collect()
    }

    /// A matrix, row-major.
    fn rows(&mut self, rows: usize, width: usize) -> Rows {
        let mut matrix = garbage(rows, width);
        let stride = matrix.stride();
        for row in matrix.rows_mut_from(0).chunks_mut(stride) {
            row[..width].copy_from_slice(&self.take(width));
        }
        matrix.clear_margins();
        matrix
    }
}

/// A matrix whose numbers, margins included, would be seen if they were used.
fn garbage(rows: usize, width: usize) -> Rows {
    let mut matrix = Rows::default();
    matrix.resize(rows, width);
    matrix.rows_mut_from(0).fill(1e30);
    matrix
}

fn each_isa() -> impl Iterator<Item = Isa> {
    Instructions::available().into_iter().filter_map(Isa::new)
}

fn filled_up(numbers: &[f32]) -> Vec<f32> {
    let mut filled = numbers.to_vec();
    filled.resize(numbers.len().next_multiple_of(32), 0.0);
    filled
}

/// `x Wᵀ + b`, with `W` as `outputs × inputs`.
fn twin(input: &Rows, weights: &[f32], bias: &[f32]) -> Vec<Vec<f64>> {
    let inputs = input.width();
    let row = |row: usize| {
        let columns = weights.chunks_exact(inputs).zip(bias);
        columns
            .map(|(weights, bias)| f64::from(*bias) + dot(input.row(row), weights))
            .collect()
    };
    (0..input.rows()).map(row).collect()
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    let products = a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b));
    products.sum()
}

fn assert_near(found: &Rows, expected: &[Vec<f64>], most: f64, what: &str) {
    assert_eq!(found.rows(), expected.len());
    for (row, expected) in expected.iter().enumerate() {
        assert_eq!(found.row(row).len(), expected.len());
        for (found, expected) in found.row(row).iter().zip(expected) {
            let error = (f64::from(*found) - expected).abs();
            assert!(error <= most, "{what}: {found} is not {expected}");
        }
    }
}

/// Runs `check` with rows, inputs and outputs around all edges.
fn each_shape(mut check: impl FnMut(usize, usize, usize)) {
    for rows in SIZES {
        check(rows, 37, 45);
    }
    for inputs in SIZES {
        check(9, inputs, 45);
    }
    for outputs in SIZES {
        check(9, 37, outputs);
    }
}

#[test]
fn a_product_is_that_of_the_plain_twin() {
    each_shape(|rows, inputs, outputs| {
        let mut numbers = Numbers(7);
        let input = numbers.rows(rows, inputs);
        let weights = numbers.take(inputs * outputs);
        let bias = numbers.take(outputs);
        let mut panels = Panels::zeros(inputs, outputs);
        panels.pack(0, &weights, 1.0);
        let expected = twin(&input, &weights, &bias);
        for isa in each_isa() {
            let what = format!("{isa:?}, {rows} × {inputs} × {outputs}");
            let mut output = garbage(rows, outputs);
            let output_stride = output.stride();
            let multiply = |output: &mut Rows, add| {
                isa.run(Product {
                    input: input.rows_from(0),
                    input_stride: input.stride(),
                    rows,
                    weights: &panels,
                    bias: Some(&filled_up(&bias)),
                    output: output.rows_mut_from(0),
                    output_stride,
                    add,
                });
            };
            multiply(&mut output, false);
            assert_near(&output, &expected, 2e-5, &what);
            multiply(&mut output, true);
            let twice: Vec<Vec<f64>> = expected
                .iter()
                .map(|row| row.iter().map(|x| 2.0 * x).collect())
                .collect();
            assert_near(&output, &twice, 4e-5, &what);
        }
    });
}

/// What quantising makes of a block: each number rounded to a multiple of a 127th of the largest.
fn rounded(block: &[f32]) -> impl Iterator<Item = f64> + '_ {
    let largest = block.iter().fold(0.0f32, |most, x| most.max(x.abs()));
    let scale = f64::from(largest / 127.0);
    let inverse = if largest > 0.0 { 127.0 / largest } else { 0.0 };
    block
        .iter()
        .map(move |x| f64::from((x * inverse).round_ties_even()) * scale)
}

/// The product of rows and weights that have been rounded block by block, which whole numbers give exactly.
fn rounded_twin(input: &Rows, weights: &[f32], bias: &[f32]) -> Vec<Vec<f64>> {
    let inputs = input.width();
    let round = |numbers: &[f32]| -> Vec<f64> { numbers.chunks(GROUP).flat_map(rounded).collect() };
    let weights: Vec<Vec<f64>> = weights.chunks_exact(inputs).map(round).collect();
    let row = |row: usize| {
        let input = round(input.row(row));
        let column = |(weights, bias): (&Vec<f64>, &f32)| {
            let products = weights.iter().zip(&input).map(|(a, b)| a * b);
            f64::from(*bias) + products.sum::<f64>()
        };
        weights.iter().zip(bias).map(column).collect()
    };
    (0..input.rows()).map(row).collect()
}

fn byte_panels(inputs: usize, outputs: usize) -> BytePanels {
    let mut panels = BytePanels::default();
    panels.resize(inputs, outputs);
    panels
}

#[test]
fn a_product_of_bytes_is_that_of_the_rounded_numbers() {
    each_shape(|rows, inputs, outputs| {
        let mut numbers = Numbers(11);
        let input = numbers.rows(rows, inputs);
        let weights = numbers.take(inputs * outputs);
        let bias = numbers.take(outputs);
        let expected = rounded_twin(&input, &weights, &bias);
        for isa in each_isa() {
            let mut panels = byte_panels(inputs, outputs);
            isa.run(PackBytes {
                panels: &mut panels,
                first: 0,
                weights: &weights,
                stride: inputs,
                rows: outputs,
                inputs,
                scale: 1.0,
            });
            let mut space = ByteRows::default();
            let mut output = garbage(rows, outputs);
            // What an earlier, wider matrix has left behind must not count.
            for input in [&Numbers(3).rows(rows + 3, inputs + 70), &input] {
                isa.run(Quantise {
                    input: input.rows_from(0),
                    input_stride: input.stride(),
                    rows: input.rows(),
                    inputs: input.width(),
                    output: &mut space,
                });
            }
            let output_stride = output.stride();
            isa.run(ByteProduct {
                input: &space,
                rows,
                weights: &panels,
                bias: Some(&filled_up(&bias)),
                output: output.rows_mut_from(0),
                output_stride,
                add: false,
            });
            let what = format!("{isa:?}, {rows} × {inputs} × {outputs}");
            assert_near(&output, &expected, 2e-5, &what);
        }
    });
}

/// `input · weightsᵀ · scale` by quantised numbers.
fn byte_product(isa: Isa, input: &Rows, weights: &[f32], scale: f32) -> Rows {
    let (rows, inputs) = (input.rows(), input.width());
    let outputs = weights.len() / inputs;
    let mut panels = byte_panels(inputs, outputs);
    isa.run(PackBytes {
        panels: &mut panels,
        first: 0,
        weights,
        stride: inputs,
        rows: outputs,
        inputs,
        scale,
    });
    let mut space = ByteRows::default();
    isa.run(Quantise {
        input: input.rows_from(0),
        input_stride: input.stride(),
        rows,
        inputs,
        output: &mut space,
    });
    let mut output = garbage(rows, outputs);
    let output_stride = output.stride();
    isa.run(ByteProduct {
        input: &space,
        rows,
        weights: &panels,
        bias: None,
        output: output.rows_mut_from(0),
        output_stride,
        add: false,
    });
    output
}

#[test]
fn the_largest_bytes_do_not_overflow() {
    let inputs = 2 * GROUP;
    for isa in each_isa() {
        for (x, w) in [(1.0, 1.0), (-1.0, 1.0), (1.0, -1.0), (-1.0, -1.0)] {
            let mut input = garbage(1, inputs);
            input.rows_mut_from(0)[..inputs].fill(x);
            let output = byte_product(isa, &input, &vec![w; inputs], 3.0);
            let expected = f64::from(x * w) * 3.0 * inputs as f64;
            assert_near(&output, &[vec![expected]], 1e-3, &format!("{isa:?}"));
        }
    }
}

#[test]
fn what_is_no_number_stays_none_in_a_product_of_bytes() {
    let (inputs, outputs) = (2 * GROUP, 3);
    for isa in each_isa() {
        for none in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let mut numbers = Numbers(5);
            let mut input = numbers.rows(2, inputs);
            let mut weights = numbers.take(inputs * outputs);
            let (stride, at) = (input.stride(), GROUP + 7);
            input.rows_mut_from(0)[stride + at] = none;
            weights[inputs + at] = none;
            let output = byte_product(isa, &input, &weights, 1.0);
            let is_number = |row: usize| {
                let row = &output.rows_from(row)[..outputs];
                row.iter().map(|x| x.is_finite()).collect::<Vec<_>>()
            };
            assert_eq!(is_number(0), [true, false, true], "{isa:?}, {none}");
            assert_eq!(is_number(1), [false; 3], "{isa:?}, {none}");
        }
    }
}

#[test]
fn attention_is_that_of_the_plain_twin() {
    for tokens in SIZES {
        let (f32, int8) = (Quality::F32, Quality::Int8);
        let shapes = [
            (1, 32, f32),
            (3, 5, f32),
            (2, 33, f32),
            (3, 5, int8),
            (3, 32, int8),
            (2, 64, int8),
        ];
        for (heads, width, quality) in shapes {
            let hidden = heads * width;
            let input = Numbers(5).rows(tokens, 3 * hidden);
            let expected = attention_twin(&input, heads, width, quality);
            for isa in each_isa() {
                let mut output = garbage(tokens, hidden);
                let output_stride = output.stride();
                let mut scratch = Scratch::default();
                for tokens in [tokens, tokens.div_ceil(2), tokens] {
                    isa.run(Attention {
                        input: input.rows_from(0),
                        input_stride: input.stride(),
                        tokens,
                        heads,
                        width,
                        output: output.rows_mut_from(0),
                        output_stride,
                        quality,
                        scratch: &mut scratch,
                    });
                }
                let what =
                    format!("{isa:?}, {tokens} tokens, {heads} heads of {width}, {quality:?}");
                assert_near(&output, &expected, 1e-5, &what);
            }
        }
    }
}

#[test]
fn scores_beyond_all_numbers_are_no_shares() {
    let (tokens, width) = (3, 32);
    for quality in [Quality::F32, Quality::Int8] {
        for isa in each_isa() {
            let mut input = Numbers(5).rows(tokens, 3 * width);
            let stride = input.stride();
            // The product of the last query with the first key: both are numbers, and it isn't.
            input.rows_mut_from(0)[(tokens - 1) * stride] = 1e30;
            input.rows_mut_from(0)[width] = 1e30;
            let mut output = garbage(tokens, width);
            let output_stride = output.stride();
            isa.run(Attention {
                input: input.rows_from(0),
                input_stride: stride,
                tokens,
                heads: 1,
                width,
                output: output.rows_mut_from(0),
                output_stride,
                quality,
                scratch: &mut Scratch::default(),
            });
            let none = output.rows_from(tokens - 1);
            assert!(
                none[..width].iter().all(|x| x.is_nan()),
                "{isa:?}: {none:?}"
            );
            let first = &output.rows_from(0)[..width];
            assert!(first.iter().all(|x| x.is_finite()), "{isa:?}: {first:?}");
        }
    }
}

fn attention_twin(input: &Rows, heads: usize, width: usize, quality: Quality) -> Vec<Vec<f64>> {
    let hidden = heads * width;
    let part = |row: usize, part: usize, head: usize| {
        &input.row(row)[part * hidden + head * width..][..width]
    };
    // Heads of another width than whole panels aren't quantised.
    let is_rounded = quality == Quality::Int8 && width.is_multiple_of(32);
    let score = |query: &[f32], key: &[f32]| -> f64 {
        if is_rounded {
            rounded(query).zip(rounded(key)).map(|(q, k)| q * k).sum()
        } else {
            dot(query, key)
        }
    };
    let attend = |row: usize, head: usize| -> Vec<f64> {
        let shares: Vec<f64> = (0..input.rows())
            .map(|key| score(part(row, 0, head), part(key, 1, head)).exp())
            .collect();
        let total: f64 = shares.iter().sum();
        (0..width)
            .map(|column| {
                let values = (0..input.rows()).map(|key| f64::from(part(key, 2, head)[column]));
                values.zip(&shares).map(|(v, share)| v * share).sum::<f64>() / total
            })
            .collect()
    };
    (0..input.rows())
        .map(|row| (0..heads).flat_map(|head| attend(row, head)).collect())
        .collect()
}

#[test]
fn scores_of_any_size_make_shares() {
    // One score far above the others takes everything, and none is too large for the exponential.
    for scale in [1.0, 1e4] {
        let mut input = garbage(3, 3);
        for (row, score) in [1.0, -1.0, 0.5].into_iter().enumerate() {
            let row = &mut input.rows_mut_from(row)[..3];
            row.copy_from_slice(&[scale, score, score]);
        }
        for isa in each_isa() {
            let mut output = garbage(3, 1);
            let output_stride = output.stride();
            isa.run(Attention {
                input: input.rows_from(0),
                input_stride: input.stride(),
                tokens: 3,
                heads: 1,
                width: 1,
                output: output.rows_mut_from(0),
                output_stride,
                quality: Quality::F32,
                scratch: &mut Scratch::default(),
            });
            for row in 0..3 {
                let found = output.row(row)[0];
                assert!((-1.0..=1.0).contains(&found), "{isa:?}: {found}");
                assert!(
                    scale == 1.0 || (found - 1.0).abs() < 1e-6,
                    "{isa:?}: {found}"
                );
            }
        }
    }
}

#[test]
fn a_layer_norm_is_that_of_the_plain_twin() {
    const EPSILON: f32 = 1e-5;
    for width in SIZES {
        let mut numbers = Numbers(13);
        let input = numbers.rows(5, width);
        let (weight, bias) = (numbers.take(width), numbers.take(width));
        let expected: Vec<Vec<f64>> = (0..5)
            .map(|row| {
                // A mean far from zero, as real rows have it in some places.
                let row: Vec<f64> = input.row(row).iter().map(|x| f64::from(x + 3.0)).collect();
                let mean = row.iter().sum::<f64>() / width as f64;
                let squares = row.iter().map(|x| (x - mean).powi(2));
                let deviation = (squares.sum::<f64>() / width as f64 + f64::from(EPSILON)).sqrt();
                row.iter()
                    .zip(weight.iter().zip(&bias))
                    .map(|(x, (w, b))| (x - mean) / deviation * f64::from(*w) + f64::from(*b))
                    .collect()
            })
            .collect();
        for isa in each_isa() {
            let mut rows = garbage(5, width);
            let stride = rows.stride();
            for row in 0..5 {
                for (to, from) in rows.rows_mut_from(row).iter_mut().zip(input.row(row)) {
                    *to = from + 3.0;
                }
            }
            isa.run(LayerNorm {
                rows: rows.rows_mut_from(0),
                stride,
                width,
                weight: &filled_up(&weight),
                bias: &filled_up(&bias),
                epsilon: EPSILON,
            });
            assert_near(&rows, &expected, 1e-3, &format!("{isa:?}, {width}"));
        }
    }
}

#[test]
fn every_activation_is_that_of_its_definition() {
    let values: Vec<f32> = (-60_000..=60_000).map(|step| step as f32 * 2e-4).collect();
    type Definition = (Activation, fn(f64) -> f64);
    let definitions: [Definition; 7] = [
        (Activation::Identity, |x| x),
        (Activation::Relu, |x| x.max(0.0)),
        (Activation::Gelu, |x| {
            0.5 * x * (1.0 + candle_core::cpu::erf::erf_f64(x * std::f64::consts::FRAC_1_SQRT_2))
        }),
        (Activation::GeluTanh, |x| {
            let inner = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x.powi(3));
            0.5 * x * (1.0 + inner.tanh())
        }),
        (Activation::Silu, |x| x / (1.0 + (-x).exp())),
        (Activation::Tanh, f64::tanh),
        (Activation::Sigmoid, |x| 1.0 / (1.0 + (-x).exp())),
    ];
    for isa in each_isa() {
        for (activation, definition) in definitions {
            let mut rows = garbage(1, values.len());
            let stride = rows.stride();
            rows.rows_mut_from(0)[..values.len()].copy_from_slice(&values);
            isa.run(Activate {
                rows: rows.rows_mut_from(0),
                stride,
                width: values.len(),
                activation,
            });
            for (x, found) in values.iter().zip(rows.row(0)) {
                let expected = definition(f64::from(*x));
                assert!(
                    (f64::from(*found) - expected).abs() <= 2e-6,
                    "{isa:?}: {activation:?}({x}) = {found}, not {expected}"
                );
            }
        }
    }
}

#[test]
fn what_is_no_number_has_no_activation() {
    for isa in each_isa() {
        for activation in [
            Activation::Identity,
            Activation::Relu,
            Activation::Gelu,
            Activation::GeluTanh,
            Activation::Silu,
            Activation::Tanh,
            Activation::Sigmoid,
        ] {
            let mut rows = garbage(1, 3);
            let stride = rows.stride();
            rows.rows_mut_from(0)[..3].copy_from_slice(&[1.0, f32::NAN, -1.0]);
            isa.run(Activate {
                rows: rows.rows_mut_from(0),
                stride,
                width: 3,
                activation,
            });
            let is_number = [0, 1, 2].map(|at| rows.row(0)[at].is_finite());
            assert_eq!(is_number, [true, false, true], "{isa:?}: {activation:?}");
        }
    }
}

#[test]
fn extreme_numbers_have_an_activation() {
    for isa in each_isa() {
        for activation in [Activation::Gelu, Activation::GeluTanh, Activation::Sigmoid] {
            let mut rows = garbage(1, 2);
            let stride = rows.stride();
            rows.rows_mut_from(0)[..2].copy_from_slice(&[-1e30, 1e10]);
            isa.run(Activate {
                rows: rows.rows_mut_from(0),
                stride,
                width: 2,
                activation,
            });
            let found = rows.row(0);
            assert!(
                found[0].abs() < 1e-6 && found[1] >= 1.0,
                "{isa:?}: {found:?}"
            );
        }
    }
}
