//! Matrix products in f32: rows of activations times packed weights.
//!
//! A tile of the result is kept in registers while the inputs go by: with AVX-512 fourteen rows by two vectors, so
//! that 28 multiplications wait for 16 loads. Every number of the result is one chain of fused multiplications in
//! the order of the inputs, whatever tile it falls into; so a text's vector doesn't depend on what else is in the
//! batch, to the last bit.

use super::buffer::{Aligned, PANEL};
use super::simd::{Kernel, Simd};

/// How many rows go through all panels of the weights before the next rows do: few enough for their numbers to
/// stay in the second cache, and many enough for the weights, which come from the third, not to be waited for. A
/// multiple of every tile's height.
pub(crate) const BLOCK: usize = 84;

/// A matrix of `inputs × outputs` in panels of [`PANEL`] columns, each panel row by row. What the last panel has
/// too much is zero.
#[derive(Debug, Default)]
pub(crate) struct Panels {
    numbers: Aligned,
    inputs: usize,
    outputs: usize,
}

impl Panels {
    /// Packs weights as checkpoints have them, `outputs × inputs`, row-major, into the columns from `first` on, each
    /// multiplied with `scale`.
    pub(crate) fn pack(&mut self, first: usize, weights: &[f32], scale: f32) {
        let rows = weights.chunks_exact(self.inputs.max(1));
        for (column, row) in (first..).zip(rows) {
            let panel = self.panel_mut(column / PANEL);
            for (place, weight) in panel[column % PANEL..].iter_mut().step_by(PANEL).zip(row) {
                *place = weight * scale;
            }
        }
    }

    pub(crate) fn zeros(inputs: usize, outputs: usize) -> Self {
        Self {
            numbers: Aligned::zeros(inputs * outputs.next_multiple_of(PANEL)),
            inputs,
            outputs,
        }
    }

    /// Makes room for `inputs × outputs`; what the numbers are is not said.
    pub(crate) fn resize(&mut self, inputs: usize, outputs: usize) {
        let needed = inputs * outputs.next_multiple_of(PANEL);
        if self.numbers.as_slice().len() < needed {
            self.numbers = Aligned::zeros(needed);
        }
        self.inputs = inputs;
        self.outputs = outputs;
    }

    /// One panel, `inputs × PANEL`, row-major.
    pub(crate) fn panel_mut(&mut self, panel: usize) -> &mut [f32] {
        let size = self.inputs * PANEL;
        &mut self.numbers.as_mut_slice()[panel * size..(panel + 1) * size]
    }

    fn panel(&self, panel: usize) -> &[f32] {
        let size = self.inputs * PANEL;
        &self.numbers.as_slice()[panel * size..(panel + 1) * size]
    }
}

/// `input · weights + bias`.
pub(crate) struct Product<'a> {
    /// `rows × inputs`, row-major, rows `input_stride` apart.
    pub(crate) input: &'a [f32],
    pub(crate) input_stride: usize,
    pub(crate) rows: usize,
    pub(crate) weights: &'a Panels,
    /// A number for each column, filled up to whole panels.
    pub(crate) bias: Option<&'a [f32]>,
    /// `rows × outputs`, filled up to whole panels, rows `output_stride` apart.
    pub(crate) output: &'a mut [f32],
    pub(crate) output_stride: usize,
    /// Whether the result is added to what is in `output`, or takes its place.
    pub(crate) add: bool,
}

impl Kernel for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        if self.rows == 0 {
            return;
        }
        let columns = self.weights.outputs.next_multiple_of(PANEL);
        let inputs = self.weights.inputs;
        // Everything that the pointers below touch.
        assert!(self.input.len() >= (self.rows - 1) * self.input_stride + inputs);
        assert!(self.output.len() >= (self.rows - 1) * self.output_stride + columns);
        assert!(self.bias.is_none_or(|bias| bias.len() >= columns));
        for panel in 0..columns / PANEL {
            let weights = self.weights.panel(panel);
            let mut column = 0;
            while column < PANEL {
                let bias = self
                    .bias
                    .map(|bias| bias[panel * PANEL + column..].as_ptr());
                let strip = Strip {
                    inputs,
                    input: self.input.as_ptr(),
                    input_stride: self.input_stride,
                    weights: weights[column..].as_ptr(),
                    bias,
                    output: self.output[panel * PANEL + column..].as_mut_ptr(),
                    output_stride: self.output_stride,
                    add: self.add,
                };
                // SAFETY: checked above: rows, inputs and columns lie within the slices.
                unsafe {
                    if S::REGISTERS == 16 {
                        strip.multiply::<S, 6, 2>(simd, self.rows);
                    } else if S::LANES == 16 {
                        strip.multiply::<S, 14, 2>(simd, self.rows);
                    } else {
                        strip.multiply::<S, 6, 4>(simd, self.rows);
                    }
                }
                column += S::LANES
                    * if S::REGISTERS > 16 && S::LANES < 16 {
                        4
                    } else {
                        2
                    };
            }
        }
    }
}

/// Some columns of a product: as many as a tile is wide.
#[derive(Clone, Copy)]
struct Strip {
    inputs: usize,
    input: *const f32,
    input_stride: usize,
    weights: *const f32,
    bias: Option<*const f32>,
    output: *mut f32,
    output_stride: usize,
    add: bool,
}

impl Strip {
    /// Computes `rows` rows in tiles of `R` rows by `V` vectors, and what is left in lower tiles.
    ///
    /// # Safety
    ///
    /// All rows, inputs and columns must lie where the pointers say.
    #[inline(always)]
    unsafe fn multiply<S: Simd, const R: usize, const V: usize>(self, simd: S, rows: usize) {
        // SAFETY: no tile begins at or goes beyond `rows`.
        unsafe {
            let mut row = 0;
            while row + R <= rows {
                self.tile::<S, R, V>(simd, row);
                row += R;
            }
            if R > 8 && row + 8 <= rows {
                self.tile::<S, 8, V>(simd, row);
                row += 8;
            }
            if row + 4 <= rows {
                self.tile::<S, 4, V>(simd, row);
                row += 4;
            }
            if row + 2 <= rows {
                self.tile::<S, 2, V>(simd, row);
                row += 2;
            }
            if row < rows {
                self.tile::<S, 1, V>(simd, row);
            }
        }
    }

    /// # Safety
    ///
    /// `R` rows from `row` on, all inputs and `V` vectors of columns must lie where the pointers say.
    #[inline(always)]
    #[expect(
        clippy::needless_range_loop,
        reason = "plain counting is what is unrolled into registers"
    )]
    unsafe fn tile<S: Simd, const R: usize, const V: usize>(self, simd: S, row: usize) {
        // SAFETY: the caller answers for the rows.
        unsafe {
            let input = self.input.add(row * self.input_stride);
            let output = self.output.add(row * self.output_stride);
            let mut sums = [[simd.splat(0.0); V]; R];
            if let Some(bias) = self.bias {
                for v in 0..V {
                    let bias = simd.load(bias.add(v * S::LANES));
                    for row in &mut sums {
                        row[v] = bias;
                    }
                }
            }
            for k in 0..self.inputs {
                let mut weights = [simd.splat(0.0); V];
                for v in 0..V {
                    weights[v] = simd.load(self.weights.add(k * PANEL + v * S::LANES));
                }
                for r in 0..R {
                    let x = simd.splat(*input.add(r * self.input_stride + k));
                    for v in 0..V {
                        sums[r][v] = simd.mul_add(x, weights[v], sums[r][v]);
                    }
                }
            }
            for r in 0..R {
                for v in 0..V {
                    let to = output.add(r * self.output_stride + v * S::LANES);
                    let sum = if self.add {
                        simd.add(sums[r][v], simd.load(to))
                    } else {
                        sums[r][v]
                    };
                    simd.store(to, sum);
                }
            }
        }
    }
}
