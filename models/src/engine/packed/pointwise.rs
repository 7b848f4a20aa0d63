//! What happens to rows between the products: layer norm, activation functions, softmax.

use super::buffer::PANEL;
use super::functions::{activate, exp};
use super::simd::{Kernel, Simd};
use crate::engine::config::Activation;

/// Normalises each row to mean 0 and variance 1, then scales and shifts it (Ba et al. 2016), in place.
pub(crate) struct LayerNorm<'a> {
    /// `rows × width`, rows `stride` apart, filled up with zeros to whole panels.
    pub(crate) rows: &'a mut [f32],
    pub(crate) stride: usize,
    pub(crate) width: usize,
    /// One number a column, filled up with zeros to whole panels.
    pub(crate) weight: &'a [f32],
    /// One number a column, filled up with zeros to whole panels.
    pub(crate) bias: &'a [f32],
    pub(crate) epsilon: f32,
}

impl Kernel for LayerNorm<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let filled = self.width.next_multiple_of(PANEL);
        // Sums must leave out what the row is filled up with.
        let whole = self.width - self.width % S::LANES;
        assert!(self.weight.len() >= filled && self.bias.len() >= filled);
        for row in self.rows.chunks_mut(self.stride) {
            let row = &mut row[..filled];
            let mut sum = simd.splat(0.0);
            // SAFETY: `whole` and `filled` are whole numbers of vectors, and the slices have that many numbers.
            unsafe {
                for at in (0..whole).step_by(S::LANES) {
                    sum = simd.add(sum, simd.load(row.as_ptr().add(at)));
                }
                let mut total = simd.sum(sum);
                for x in &row[whole..self.width] {
                    total += x;
                }
                let mean = total / self.width as f32;
                let centre = simd.splat(mean);
                let mut squares = simd.splat(0.0);
                for at in (0..whole).step_by(S::LANES) {
                    let x = simd.sub(simd.load(row.as_ptr().add(at)), centre);
                    squares = simd.mul_add(x, x, squares);
                }
                let mut total = simd.sum(squares);
                for x in &row[whole..self.width] {
                    total += (x - mean) * (x - mean);
                }
                let variance = total / self.width as f32;
                let scale = simd.splat(1.0 / (variance + self.epsilon).sqrt());
                for at in (0..filled).step_by(S::LANES) {
                    let x = simd.sub(simd.load(row.as_ptr().add(at)), centre);
                    let weight = simd.load(self.weight.as_ptr().add(at));
                    let bias = simd.load(self.bias.as_ptr().add(at));
                    let y = simd.mul_add(simd.mul(x, scale), weight, bias);
                    simd.store(row.as_mut_ptr().add(at), y);
                }
            }
        }
    }
}

/// Applies an activation function to every number, in place.
pub(crate) struct Activate<'a> {
    /// `rows × width`, rows `stride` apart, filled up to whole panels.
    pub(crate) rows: &'a mut [f32],
    pub(crate) stride: usize,
    pub(crate) width: usize,
    pub(crate) activation: Activation,
}

impl Kernel for Activate<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        // Asked once, not for every vector.
        match self.activation {
            Activation::Identity => {}
            Activation::Relu => self.each(simd, Activation::Relu),
            Activation::Gelu => self.each(simd, Activation::Gelu),
            Activation::GeluTanh => self.each(simd, Activation::GeluTanh),
            Activation::Silu => self.each(simd, Activation::Silu),
            Activation::Tanh => self.each(simd, Activation::Tanh),
            Activation::Sigmoid => self.each(simd, Activation::Sigmoid),
        }
    }
}

impl Activate<'_> {
    #[inline(always)]
    fn each<S: Simd>(self, simd: S, activation: Activation) {
        let filled = self.width.next_multiple_of(PANEL);
        for row in self.rows.chunks_mut(self.stride) {
            for vector in row[..filled].chunks_exact_mut(S::LANES) {
                // SAFETY: the slice is a vector long.
                unsafe {
                    let x = simd.load(vector.as_ptr());
                    simd.store(vector.as_mut_ptr(), activate(simd, activation, x));
                }
            }
        }
    }
}

/// Makes of the first `width` scores of each row numbers in proportion to their softmax, in place, and writes what
/// they come to into `sums`, a number a row.
///
/// Dividing is left to whoever has multiplied with them: by then there are fewer numbers.
#[inline(always)]
pub(super) fn unscaled_softmax<S: Simd>(
    simd: S,
    rows: &mut [f32],
    stride: usize,
    width: usize,
    sums: &mut [f32],
) {
    /// Far below any score, and finite, so that nothing becomes NaN.
    const NOTHING: f32 = -1e30;
    let filled = width.next_multiple_of(S::LANES);
    for (row, sum) in rows.chunks_mut(stride).zip(sums) {
        let row = &mut row[..filled];
        row[width..].fill(NOTHING);
        // SAFETY: `filled` is a whole number of vectors, and the row has that many numbers.
        unsafe {
            let mut most = simd.splat(NOTHING);
            for at in (0..filled).step_by(S::LANES) {
                most = simd.max(simd.load(row.as_ptr().add(at)), most);
            }
            let most = simd.splat(simd.largest(most));
            let mut total = simd.splat(0.0);
            for at in (0..filled).step_by(S::LANES) {
                let share = exp(simd, simd.sub(simd.load(row.as_ptr().add(at)), most));
                total = simd.add(total, share);
                simd.store(row.as_mut_ptr().add(at), share);
            }
            *sum = simd.sum(total);
        }
    }
}
