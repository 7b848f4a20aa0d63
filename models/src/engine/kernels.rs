//! The steps between matrix products, on a processor in one pass where candle takes several.
//!
//! candle 0.11.1 takes 2.5 ns a value for GELU and 4.1 ns a score for the softmax (one core, AVX-512), a sixth of a
//! MiniLM-L6 layer's time. Here both are polynomials in f32 that the compiler turns into vector instructions, and
//! the softmax leaves padding out; together they take a fourteenth. On other devices candle's are used.

use candle_core::{CpuStorage, Device, InplaceOp1, InplaceOp2, Layout, Result, Tensor, bail};
use candle_nn::ops::softmax_last_dim;

use super::config::Activation;

/// `activation(x + bias)`, for `x` of `rows × n` and `bias` of `n`.
///
/// On a processor the result takes the place of `x`, which therefore must not be used elsewhere.
pub(crate) fn bias_activation(x: Tensor, bias: &Tensor, activation: Activation) -> Result<Tensor> {
    if x.device().is_cpu() {
        x.inplace_op2(bias, &BiasActivation(activation))?;
        return Ok(x);
    }
    bias_activation_anywhere(&x, bias, activation)
}

/// The same through candle's operations, for devices that candle has kernels for.
fn bias_activation_anywhere(x: &Tensor, bias: &Tensor, activation: Activation) -> Result<Tensor> {
    let x = x.broadcast_add(bias)?;
    match activation {
        Activation::Identity => Ok(x),
        Activation::Relu => x.relu(),
        Activation::Gelu => x.gelu_erf(),
        Activation::GeluTanh => x.gelu(),
        Activation::Tanh => x.tanh(),
        Activation::Sigmoid => candle_nn::ops::sigmoid(&x),
    }
}

/// `x + other`, of the same shape; on a processor the result takes the place of `x`.
///
/// candle's addition hands large tensors to a pool of threads that it keeps for itself and that spins while it
/// waits, so that workers would stand in each other's way.
pub(crate) fn add(x: Tensor, other: &Tensor) -> Result<Tensor> {
    // A single row with a bias of its own length.
    bias_activation(x, other, Activation::Identity)
}

struct BiasActivation(Activation);

impl InplaceOp2 for BiasActivation {
    fn name(&self) -> &'static str {
        "bias-activation"
    }

    fn cpu_fwd(
        &self,
        x: &mut CpuStorage,
        x_layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> Result<()> {
        let (CpuStorage::F32(x), CpuStorage::F32(bias)) = (x, bias) else {
            bail!("bias-activation is for f32")
        };
        let (Some(x_range), Some(bias_range)) = (
            x_layout.contiguous_offsets(),
            bias_layout.contiguous_offsets(),
        ) else {
            bail!("bias-activation is for contiguous tensors")
        };
        let (Some(x), Some(bias)) = (
            x.get_mut(x_range.0..x_range.1),
            bias.get(bias_range.0..bias_range.1),
        ) else {
            bail!("bias-activation got a layout outside its storage")
        };
        if bias.is_empty() || x.len() % bias.len() != 0 {
            bail!("bias-activation: {} values, {} biases", x.len(), bias.len())
        }
        for row in x.chunks_exact_mut(bias.len()) {
            row_bias_activation(row, bias, self.0);
        }
        Ok(())
    }
}

/// What keeps tokens from attending to padding.
pub(crate) enum Mask {
    /// How many tokens each text has, for a processor.
    Lengths(Vec<usize>),
    /// What is added to the scores, `texts × 1 × 1 × longest`, for other devices.
    Added(Tensor),
}

/// What is added to the score of a padding token: small enough that its share underflows to nothing, and finite,
/// so that nothing can become NaN.
const MASKED: f32 = -1e30;

impl Mask {
    /// The mask for texts of these lengths, filled up to `longest`.
    pub(crate) fn new(lengths: Vec<usize>, longest: usize, device: &Device) -> Result<Self> {
        if device.is_cpu() {
            return Ok(Self::Lengths(lengths));
        }
        Self::added(&lengths, longest, device)
    }

    fn added(lengths: &[usize], longest: usize, device: &Device) -> Result<Self> {
        let mut mask = vec![MASKED; lengths.len() * longest];
        for (length, row) in lengths.iter().zip(mask.chunks_exact_mut(longest.max(1))) {
            row[..*length].fill(0.0);
        }
        Tensor::from_vec(mask, (lengths.len(), 1, 1, longest), device).map(Self::Added)
    }
}

/// The softmax over the last dimension of `scale · scores`, which are `texts × heads × longest × longest`, with
/// no share for padding. On a processor the result takes the place of `scores`.
pub(crate) fn softmax(scores: Tensor, scale: f32, mask: &Mask) -> Result<Tensor> {
    match mask {
        Mask::Lengths(lengths) => {
            scores.inplace_op1(&Softmax { scale, lengths })?;
            Ok(scores)
        }
        Mask::Added(mask) => softmax_last_dim(&(scores * f64::from(scale))?.broadcast_add(mask)?),
    }
}

struct Softmax<'a> {
    scale: f32,
    lengths: &'a [usize],
}

impl InplaceOp1 for Softmax<'_> {
    fn name(&self) -> &'static str {
        "softmax-of-lengths"
    }

    fn cpu_fwd(&self, scores: &mut CpuStorage, layout: &Layout) -> Result<()> {
        let (texts, heads, queries, keys) = layout.shape().dims4()?;
        let CpuStorage::F32(scores) = scores else {
            bail!("softmax-of-lengths is for f32")
        };
        let Some((start, end)) = layout.contiguous_offsets() else {
            bail!("softmax-of-lengths is for contiguous tensors")
        };
        let Some(scores) = scores.get_mut(start..end) else {
            bail!("softmax-of-lengths got a layout outside its storage")
        };
        if texts != self.lengths.len() || self.lengths.iter().any(|length| *length > keys) {
            bail!(
                "softmax-of-lengths: {texts} texts, lengths {:?}",
                self.lengths
            )
        }
        for (text, length) in scores
            .chunks_exact_mut(heads * queries * keys)
            .zip(self.lengths)
        {
            for row in text.chunks_exact_mut(keys) {
                let (row, padding) = row.split_at_mut(*length);
                row_softmax(row, self.scale);
                padding.fill(0.0);
            }
        }
        Ok(())
    }
}

/// The softmax of `scale · row`, in place.
fn row_softmax(row: &mut [f32], scale: f32) {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") {
            // SAFETY: the processor has AVX-512F, as just asked.
            return unsafe { softmax_avx512(row, scale) };
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has AVX2, as just asked.
            return unsafe { softmax_avx2(row, scale) };
        }
    }
    softmax_portable(row, scale);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn softmax_avx512(row: &mut [f32], scale: f32) {
    softmax_portable(row, scale);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn softmax_avx2(row: &mut [f32], scale: f32) {
    softmax_portable(row, scale);
}

#[inline(always)]
fn softmax_portable(row: &mut [f32], scale: f32) {
    let largest = fold(row, f32::NEG_INFINITY, |a, b| if a > b { a } else { b });
    for value in row.iter_mut() {
        *value = exp((*value - largest) * scale);
    }
    let share = 1.0 / fold(row, 0.0, |a, b| a + b);
    for value in row {
        *value *= share;
    }
}

/// Combines all of `row`, in sixteen lanes side by side and these at the end: an order that vectors of any width
/// can follow.
#[inline(always)]
fn fold(row: &[f32], initial: f32, combine: impl Fn(f32, f32) -> f32) -> f32 {
    let mut lanes = [initial; 16];
    let (chunks, rest) = row.as_chunks::<16>();
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane = combine(*lane, *value);
        }
    }
    for (lane, value) in lanes.iter_mut().zip(rest) {
        *lane = combine(*lane, *value);
    }
    lanes.into_iter().fold(initial, combine)
}

/// `eˣ` for x ≤ 0, within 2e-7 of it in proportion, and 0 below −87: 2ⁿ times a polynomial on [−½ ln 2, ½ ln 2]
/// (Cephes, `expf`).
#[inline(always)]
#[expect(
    clippy::excessive_precision,
    reason = "the published coefficients, digit for digit"
)]
fn exp(x: f32) -> f32 {
    /// Adding and taking away 1.5 · 2²³ rounds to a whole number, in two plain additions.
    const ROUND: f32 = 12_582_912.0;
    let x = x.max(-87.0);
    let n = (x * std::f32::consts::LOG2_E + ROUND) - ROUND;
    let r = x - n * 0.693359375 + n * 2.12194440e-4;
    let mut p = 1.9875691500e-4f32;
    p = p * r + 1.3981999507e-3;
    p = p * r + 8.3334519073e-3;
    p = p * r + 4.1665795894e-2;
    p = p * r + 1.6666665459e-1;
    p = p * r + 5.0000001201e-1;
    let p = p * r * r + r + 1.0;
    // 2ⁿ by its exponent: n is between −126 and 0.
    p * f32::from_bits((((n as i32) + 127) << 23) as u32)
}

/// `activation(row + bias)` in place, with the widest vectors that the processor has.
///
/// The arithmetic is the same whatever the width: nothing is fused, so every processor gives the same bits.
pub(crate) fn row_bias_activation(row: &mut [f32], bias: &[f32], activation: Activation) {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") {
            // SAFETY: the processor has AVX-512F, as just asked.
            return unsafe { row_avx512(row, bias, activation) };
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has AVX2, as just asked.
            return unsafe { row_avx2(row, bias, activation) };
        }
    }
    row_portable(row, bias, activation);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn row_avx512(row: &mut [f32], bias: &[f32], activation: Activation) {
    row_portable(row, bias, activation);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn row_avx2(row: &mut [f32], bias: &[f32], activation: Activation) {
    row_portable(row, bias, activation);
}

#[inline(always)]
fn row_portable(row: &mut [f32], bias: &[f32], activation: Activation) {
    let pairs = row.iter_mut().zip(bias);
    match activation {
        Activation::Identity => pairs.for_each(|(x, b)| *x += b),
        Activation::Relu => pairs.for_each(|(x, b)| *x = (*x + b).max(0.0)),
        Activation::Gelu => pairs.for_each(|(x, b)| *x = gelu(*x + b)),
        Activation::GeluTanh => pairs.for_each(|(x, b)| *x = gelu_tanh(*x + b)),
        Activation::Tanh => pairs.for_each(|(x, b)| *x = (*x + b).tanh()),
        Activation::Sigmoid => pairs.for_each(|(x, b)| *x = 1.0 / (1.0 + (-(*x + b)).exp())),
    }
}

/// `x Φ(x)`, where Φ is the normal distribution.
#[inline(always)]
fn gelu(x: f32) -> f32 {
    0.5 * x * (1.0 + erf(x * std::f32::consts::FRAC_1_SQRT_2))
}

/// GELU with the hyperbolic tangent in place of the error function (Hendrycks and Gimpel 2016, section 2).
#[inline(always)]
fn gelu_tanh(x: f32) -> f32 {
    /// √(2/π)
    const SCALE: f32 = 0.797_884_6;
    0.5 * x * (1.0 + (SCALE * x * (1.0 + 0.044_715 * x * x)).tanh())
}

/// The error function, within 5e-7: the rational minimax approximation on [−4, 4] that Eigen and XLA use for
/// f32. Beyond, it is 1 to within half a unit in the last place.
#[inline(always)]
#[expect(
    clippy::excessive_precision,
    reason = "the published coefficients, digit for digit"
)]
fn erf(x: f32) -> f32 {
    let x = x.clamp(-4.0, 4.0);
    let square = x * x;
    let mut above = -2.72614225801306e-10f32;
    above = above * square + 2.77068142495902e-08;
    above = above * square - 2.10102402082508e-06;
    above = above * square - 5.69250639462346e-05;
    above = above * square - 7.34990630326855e-04;
    above = above * square - 2.95459980854025e-03;
    above = above * square - 1.60960333262415e-02;
    let mut below = -1.45660718464996e-05f32;
    below = below * square - 2.13374055278905e-04;
    below = below * square - 1.68282697438203e-03;
    below = below * square - 7.37332916720468e-03;
    below = below * square - 1.42647390514189e-02;
    x * above / below
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid() -> Vec<f32> {
        (-60_000..=60_000).map(|step| step as f32 * 2e-4).collect()
    }

    #[test]
    fn every_activation_agrees_with_the_tensor_librarys() {
        let values = grid();
        let x = Tensor::new(values.as_slice(), &Device::Cpu).unwrap();
        let expected: [(Activation, Tensor); 6] = [
            (Activation::Identity, x.clone()),
            (Activation::Relu, x.relu().unwrap()),
            (Activation::Gelu, x.gelu_erf().unwrap()),
            (Activation::GeluTanh, x.gelu().unwrap()),
            (Activation::Tanh, x.tanh().unwrap()),
            (Activation::Sigmoid, candle_nn::ops::sigmoid(&x).unwrap()),
        ];
        for (activation, expected) in expected {
            let mut found = values.clone();
            row_bias_activation(&mut found, &vec![0.0; values.len()], activation);
            let expected = expected.to_vec1::<f32>().unwrap();
            for ((x, found), expected) in values.iter().zip(&found).zip(&expected) {
                assert!(
                    (found - expected).abs() <= 2e-6,
                    "{activation:?}({x}) = {found}, not {expected}"
                );
            }
        }
    }

    #[test]
    fn a_softmax_gives_shares_of_one_and_padding_none() {
        let lengths = [5, 37, 1];
        let values: Vec<f32> = (0..3 * 2 * 37 * 37)
            .map(|i| ((i * 7919) % 1000) as f32 * 0.05 - 25.0)
            .collect();
        let shape = (3, 2, 37, 37);
        let scores = Tensor::from_vec(values.clone(), shape, &Device::Cpu).unwrap();
        let mask = Mask::new(lengths.to_vec(), 37, &Device::Cpu).unwrap();
        let found = softmax(scores, 0.3, &mask)
            .unwrap()
            .flatten_all()
            .unwrap()
            .to_vec1::<f32>()
            .unwrap();
        let texts = values.chunks(2 * 37 * 37).zip(found.chunks(2 * 37 * 37));
        for ((values, found), length) in texts.zip(lengths) {
            for (values, found) in values.chunks(37).zip(found.chunks(37)) {
                let scaled = || values[..length].iter().map(|x| f64::from(*x) * 0.3);
                let total: f64 = scaled().map(f64::exp).sum();
                for (found, x) in found.iter().zip(scaled()) {
                    let expected = x.exp() / total;
                    assert!((f64::from(*found) - expected).abs() < 3e-6 * expected + 1e-30);
                }
                assert!(found[length..].iter().all(|share| *share == 0.0));
            }
        }
    }

    #[test]
    fn other_devices_compute_the_same() {
        let values: Vec<f32> = (0..2 * 3 * 9 * 9)
            .map(|i| (i % 83) as f32 * 0.1 - 4.0)
            .collect();
        let tensor = |shape| Tensor::from_slice(&values, shape, &Device::Cpu).unwrap();
        let agree = |a: Tensor, b: Tensor| {
            let flat = |x: Tensor| x.flatten_all().unwrap().to_vec1::<f32>().unwrap();
            for (a, b) in flat(a).iter().zip(flat(b)) {
                assert!((a - b).abs() < 2e-6, "{a} is not {b}");
            }
        };
        let here = Mask::new(vec![9, 4], 9, &Device::Cpu).unwrap();
        let elsewhere = Mask::added(&[9, 4], 9, &Device::Cpu).unwrap();
        agree(
            softmax(tensor((2, 3, 9, 9)), 0.5, &here).unwrap(),
            softmax(tensor((2, 3, 9, 9)), 0.5, &elsewhere).unwrap(),
        );
        let bias = Tensor::new(&[0.5f32, -1.0, 2.0], &Device::Cpu).unwrap();
        let shape = (2 * 9 * 9, 3);
        for activation in [Activation::Gelu, Activation::GeluTanh, Activation::Relu] {
            let rows = || tensor((2, 3, 9, 9)).reshape(shape).unwrap();
            agree(
                bias_activation_anywhere(&rows(), &bias, activation).unwrap(),
                bias_activation(rows(), &bias, activation).unwrap(),
            );
        }
    }

    #[test]
    fn the_exponential_is_right_and_ends_in_nothing_worse_than_a_tiny_number() {
        for step in 0..=870_000 {
            let x = step as f32 * -1e-4;
            let expected = f64::from(x).exp();
            let found = f64::from(exp(x));
            assert!((found - expected).abs() <= 2e-7 * expected, "{x}: {found}");
        }
        assert!(exp(f32::NEG_INFINITY) < 1e-37);
    }

    #[test]
    fn vector_width_does_not_change_a_bit() {
        let values = grid();
        let bias = vec![0.25; values.len()];
        let (mut wide, mut narrow) = (values.clone(), values);
        row_bias_activation(&mut wide, &bias, Activation::Gelu);
        row_portable(&mut narrow, &bias, Activation::Gelu);
        assert!(
            wide.iter()
                .zip(&narrow)
                .all(|(wide, narrow)| wide.to_bits() == narrow.to_bits())
        );
    }

    #[test]
    fn adding_is_place_by_place() {
        let x = Tensor::new(&[[1f32, 2.0], [3.0, 4.0]], &Device::Cpu).unwrap();
        let y = Tensor::new(&[[10f32, 20.0], [30.0, 40.0]], &Device::Cpu).unwrap();
        let sum = add(x, &y).unwrap().to_vec2::<f32>().unwrap();
        assert_eq!(sum, [[11.0, 22.0], [33.0, 44.0]]);
    }

    #[test]
    fn the_bias_is_added_to_every_row() {
        let x = Tensor::new(&[[1f32, -2.0], [3.0, -4.0]], &Device::Cpu).unwrap();
        let bias = Tensor::new(&[1f32, 1.0], &Device::Cpu).unwrap();
        let y = bias_activation(x, &bias, Activation::Relu).unwrap();
        assert_eq!(y.to_vec2::<f32>().unwrap(), [[2.0, 0.0], [4.0, 0.0]]);
    }
}
