//! Matrix products in whole numbers of eight bits: four multiplications where f32 does one.
//!
//! Weights and activations are cut into blocks of up to [`GROUP`] inputs. A block of a row of activations, and a block of
//! a column of weights, has a scale of its own (its largest magnitude becomes 127), so that a number far outside the
//! rest costs only its own block its precision. Within a block all sums are exact, in 32 bits; blocks are added in
//! f32. The method is that of weight formats such as GGML's `Q8_0`, for both sides.

use super::buffer::{Aligned, PANEL};
use super::simd::{Kernel, Simd};

/// The most inputs that share a scale.
///
/// A smaller group costs time, since what a block comes to must be scaled and added, and gains little: with 64 the
/// cosine with f32 is 0.9995 where it is 0.9991 with this, and all is 5 % slower.
pub(crate) const GROUP: usize = 128;

/// How many inputs of `inputs` share a scale: a multiple of [`PANEL`].
fn group(inputs: usize) -> usize {
    inputs.next_multiple_of(PANEL).clamp(PANEL, GROUP)
}

/// The largest magnitude of a quantised number. −128 is left out, so that a number and its negative are both there.
const LARGEST: f32 = 127.0;

/// Weights in bytes: panels of [`PANEL`] columns; each panel a run of groups of four inputs, each group a run of
/// columns with four bytes. Bytes have their top bit flipped, as the fastest instruction takes them.
#[derive(Debug, Default)]
pub(crate) struct BytePanels {
    /// `panels × inputs / 4 × PANEL × 4`
    bytes: Bytes,
    /// `panels × blocks × PANEL`
    scales: Aligned,
    /// Filled up with zeros to whole blocks.
    inputs: usize,
    /// How many inputs a block has.
    group: usize,
    outputs: usize,
}

impl BytePanels {
    /// Makes room for `inputs × outputs`. What is in it is nothing until it is packed, but can be computed with.
    pub(crate) fn resize(&mut self, inputs: usize, outputs: usize) {
        self.group = group(inputs);
        self.inputs = inputs.next_multiple_of(self.group);
        self.outputs = outputs;
        let columns = outputs.next_multiple_of(PANEL);
        self.bytes.make_room(self.inputs * columns);
        let scales = self.blocks() * columns;
        if self.scales.as_slice().len() < scales {
            self.scales = Aligned::zeros(scales);
        }
    }

    fn blocks(&self) -> usize {
        self.inputs / self.group
    }
}

/// Quantises weights as checkpoints have them, `outputs × inputs`, row-major, and packs them into the columns from
/// `first` on.
pub(crate) struct PackBytes<'a> {
    pub(crate) panels: &'a mut BytePanels,
    pub(crate) first: usize,
    /// Rows `stride` apart.
    pub(crate) weights: &'a [f32],
    pub(crate) stride: usize,
    pub(crate) rows: usize,
    pub(crate) inputs: usize,
    /// What each weight is multiplied with.
    pub(crate) scale: f32,
}

impl Kernel for PackBytes<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let (padded, group) = (self.panels.inputs, self.panels.group);
        let blocks = self.panels.blocks();
        let mut filled = [0.0; GROUP];
        let mut quantised = [0; GROUP];
        let (filled, quantised) = (&mut filled[..group], &mut quantised[..group]);
        let rows = self.weights.chunks(self.stride).take(self.rows);
        for (column, row) in (self.first..).zip(rows) {
            let (panel, place) = (column / PANEL, column % PANEL);
            let scales = &mut self.panels.scales.as_mut_slice()[panel * blocks * PANEL..];
            let scales = scales[place..].iter_mut().step_by(PANEL);
            let bytes = &mut self.panels.bytes.as_mut_slice()[panel * padded * PANEL..];
            let mut places = bytes.chunks_exact_mut(PANEL * 4);
            for (part, scale) in row[..self.inputs].chunks(group).zip(scales) {
                filled[..part.len()].copy_from_slice(part);
                filled[part.len()..].fill(0.0);
                *scale = quantise(simd, filled, quantised).0 * self.scale;
                for (four, place_of) in quantised.as_chunks::<4>().0.iter().zip(&mut places) {
                    place_of[place * 4..][..4].copy_from_slice(&four.map(|byte| byte ^ 0x80));
                }
            }
        }
    }
}

/// Bytes, the first of them at the beginning of a cache line.
#[derive(Debug, Default)]
struct Bytes(Aligned, usize);

impl Bytes {
    /// Makes sure that there are `len` bytes or more.
    fn make_room(&mut self, len: usize) {
        if self.1 < len {
            *self = Self(Aligned::zeros(len.div_ceil(4)), len);
        }
    }

    fn as_slice(&self) -> &[u8] {
        // SAFETY: any f32 is four bytes, and there are enough of them.
        unsafe { std::slice::from_raw_parts(self.0.as_slice().as_ptr().cast(), self.1) }
    }

    fn as_mut_slice(&mut self) -> &mut [u8] {
        // SAFETY: as above, and any four bytes are an f32.
        unsafe { std::slice::from_raw_parts_mut(self.0.as_mut_slice().as_mut_ptr().cast(), self.1) }
    }
}

/// Quantised rows of activations.
#[derive(Debug, Default)]
pub(crate) struct ByteRows {
    bytes: Bytes,
    /// `rows × blocks`
    scales: Vec<f32>,
    /// What the bytes of each block come to, `rows × blocks`.
    sums: Vec<i32>,
    /// Filled up to whole blocks.
    inputs: usize,
    /// How many inputs a block has.
    group: usize,
}

impl ByteRows {
    /// Makes room for `rows` of `inputs` numbers.
    fn resize(&mut self, rows: usize, inputs: usize) {
        self.group = group(inputs);
        self.inputs = inputs.next_multiple_of(self.group);
        self.bytes.make_room(rows * self.stride());
        self.scales.resize(rows * self.blocks(), 0.0);
        self.sums.resize(rows * self.blocks(), 0);
    }

    fn blocks(&self) -> usize {
        self.inputs / self.group
    }

    /// How many bytes apart rows begin: an odd number of cache lines, where `inputs` is a multiple of 128.
    fn stride(&self) -> usize {
        self.inputs + 64
    }
}

/// Quantises rows of activations.
pub(crate) struct Quantise<'a> {
    /// `rows × inputs`, row-major, rows `input_stride` apart, filled up with zeros to whole panels.
    pub(crate) input: &'a [f32],
    pub(crate) input_stride: usize,
    pub(crate) rows: usize,
    pub(crate) inputs: usize,
    pub(crate) output: &'a mut ByteRows,
}

impl Kernel for Quantise<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let filled = self.inputs.next_multiple_of(PANEL);
        self.output.resize(self.rows, self.inputs);
        let (stride, blocks) = (self.output.stride(), self.output.blocks());
        let group = self.output.group;
        let bytes = self.output.bytes.as_mut_slice();
        for row in 0..self.rows {
            let input = &self.input[row * self.input_stride..][..filled];
            let bytes = &mut bytes[row * stride..][..self.output.inputs];
            let places = row * blocks..(row + 1) * blocks;
            let scales = self.output.scales[places.clone()].iter_mut();
            let sums = self.output.sums[places].iter_mut();
            let both = input.chunks(group).zip(bytes.chunks_exact_mut(group));
            for ((input, bytes), (scale, sum)) in both.zip(scales.zip(sums)) {
                (*scale, *sum) = quantise(simd, input, bytes);
            }
        }
    }
}

/// Quantises one block, which may lack its last panel; returns its scale and the sum of its bytes.
#[inline(always)]
fn quantise<S: Simd>(simd: S, input: &[f32], bytes: &mut [u8]) -> (f32, i32) {
    debug_assert!(input.len().is_multiple_of(S::LANES) && bytes.len() >= input.len());
    let zero = simd.splat(0.0);
    let (mut most, mut none) = (zero, zero);
    let steps = input.len() / S::LANES;
    bytes[input.len()..].fill(0);
    // SAFETY: `steps` vectors lie within both slices.
    unsafe {
        for step in 0..steps {
            let x = simd.load(input.as_ptr().add(step * S::LANES));
            most = simd.max(simd.abs(x), most);
            // Stays 0 as long as all are finite numbers; else the scale is none, and with it all that comes of the block.
            none = simd.mul_add(x, zero, none);
        }
        let largest = simd.largest(most);
        let inverse = simd.splat(if largest > 0.0 {
            LARGEST / largest
        } else {
            0.0
        });
        let mut sums = simd.splat_whole(0);
        for step in 0..steps {
            let x = simd.load(input.as_ptr().add(step * S::LANES));
            let to = bytes.as_mut_ptr().add(step * S::LANES).cast();
            sums = simd.add_whole(sums, simd.store_bytes(to, simd.mul(x, inverse)));
        }
        (largest / LARGEST + simd.sum(none), simd.sum_whole(sums))
    }
}

/// `input · weights + bias`, of quantised rows and quantised weights.
pub(crate) struct ByteProduct<'a> {
    pub(crate) input: &'a ByteRows,
    pub(crate) rows: usize,
    pub(crate) weights: &'a BytePanels,
    /// A number for each column, filled up to whole panels.
    pub(crate) bias: Option<&'a [f32]>,
    /// `rows × outputs`, filled up to whole panels, rows `output_stride` apart.
    pub(crate) output: &'a mut [f32],
    pub(crate) output_stride: usize,
    /// Whether the result is added to what is in `output`, or takes its place.
    pub(crate) add: bool,
}

impl Kernel for ByteProduct<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        if self.rows == 0 {
            return;
        }
        let columns = self.weights.outputs.next_multiple_of(PANEL);
        let (inputs, blocks) = (self.weights.inputs, self.weights.blocks());
        let group = self.weights.group;
        // Everything that the pointers below touch.
        assert_eq!((self.input.inputs, self.input.group), (inputs, group));
        assert!(self.weights.bytes.1 >= inputs * columns);
        assert!(self.input.bytes.1 >= (self.rows - 1) * self.input.stride() + inputs);
        assert!(self.input.scales.len() >= self.rows * blocks);
        assert!(self.input.sums.len() >= self.rows * blocks);
        assert!(self.bias.is_none_or(|bias| bias.len() >= columns));
        assert!(self.output.len() >= (self.rows - 1) * self.output_stride + columns);
        for panel in 0..columns / PANEL {
            let bytes = &self.weights.bytes.as_slice()[panel * inputs * PANEL..];
            let scales = &self.weights.scales.as_slice()[panel * blocks * PANEL..];
            let mut column = 0;
            while column < PANEL {
                let strip = Strip {
                    blocks,
                    group,
                    input: self.input.bytes.as_slice().as_ptr(),
                    input_stride: self.input.stride(),
                    input_scales: self.input.scales.as_ptr(),
                    input_sums: self.input.sums.as_ptr(),
                    weights: bytes[column * 4..].as_ptr(),
                    weight_scales: scales[column..].as_ptr(),
                    bias: self
                        .bias
                        .map(|bias| bias[panel * PANEL + column..].as_ptr()),
                    output: self.output[panel * PANEL + column..].as_mut_ptr(),
                    output_stride: self.output_stride,
                    add: self.add,
                };
                // SAFETY: checked above: rows, blocks and columns lie within the slices.
                unsafe {
                    if S::REGISTERS > 16 {
                        strip.multiply::<S, 7, 2>(simd, self.rows);
                    } else {
                        strip.multiply::<S, 4, 1>(simd, self.rows);
                    }
                }
                column += S::LANES * if S::REGISTERS > 16 { 2 } else { 1 };
            }
        }
    }
}

/// Some columns of a product: as many as a tile is wide.
#[derive(Clone, Copy)]
struct Strip {
    blocks: usize,
    /// How many inputs a block has.
    group: usize,
    input: *const u8,
    input_stride: usize,
    input_scales: *const f32,
    input_sums: *const i32,
    weights: *const u8,
    weight_scales: *const f32,
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
    /// All rows, blocks and columns must lie where the pointers say.
    #[inline(always)]
    unsafe fn multiply<S: Simd, const R: usize, const V: usize>(self, simd: S, rows: usize) {
        // SAFETY: no tile begins at or goes beyond `rows`.
        unsafe {
            let mut row = 0;
            while row + R <= rows {
                self.tile::<S, R, V>(simd, row);
                row += R;
            }
            if R > 4 && row + 4 <= rows {
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
    /// `R` rows from `row` on, all blocks and `V` vectors of columns must lie where the pointers say.
    #[inline(always)]
    #[expect(
        clippy::needless_range_loop,
        reason = "plain counting is what is unrolled into registers"
    )]
    unsafe fn tile<S: Simd, const R: usize, const V: usize>(self, simd: S, row: usize) {
        // SAFETY: the caller answers for the rows.
        unsafe {
            let mut totals = [[simd.splat(0.0); V]; R];
            if let Some(bias) = self.bias {
                for v in 0..V {
                    let bias = simd.load(bias.add(v * S::LANES));
                    for row in &mut totals {
                        row[v] = bias;
                    }
                }
            }
            let mut weights = self.weights;
            for block in 0..self.blocks {
                let mut sums = [[simd.splat_whole(0); V]; R];
                for r in 0..R {
                    let sum = *self.input_sums.add((row + r) * self.blocks + block);
                    sums[r] = [simd.first_dot(sum); V];
                }
                let input = self.input.add(row * self.input_stride + block * self.group);
                for four in 0..self.group / 4 {
                    let mut vectors = [simd.load_weights(weights); V];
                    for v in 1..V {
                        vectors[v] = simd.load_weights(weights.add(v * S::LANES * 4));
                    }
                    weights = weights.add(PANEL * 4);
                    for r in 0..R {
                        let x = input.add(r * self.input_stride + four * 4);
                        let x = x.cast::<i32>().read_unaligned();
                        for v in 0..V {
                            sums[r][v] = simd.dot(sums[r][v], vectors[v], x);
                        }
                    }
                }
                for v in 0..V {
                    let scales = self.weight_scales.add(block * PANEL + v * S::LANES);
                    let scale = simd.load(scales);
                    for r in 0..R {
                        let other = *self.input_scales.add((row + r) * self.blocks + block);
                        let both = simd.mul(scale, simd.splat(other));
                        totals[r][v] = simd.mul_add(simd.to_f32(sums[r][v]), both, totals[r][v]);
                    }
                }
            }
            let output = self.output.add(row * self.output_stride);
            for r in 0..R {
                for v in 0..V {
                    let to = output.add(r * self.output_stride + v * S::LANES);
                    let total = if self.add {
                        simd.add(totals[r][v], simd.load(to))
                    } else {
                        totals[r][v]
                    };
                    simd.store(to, total);
                }
            }
        }
    }
}
