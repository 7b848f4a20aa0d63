//! Attention within one text, head by head (Vaswani et al. 2017), without ever holding all scores at once.
//!
//! A head's keys and values are packed as if they were weights. Then a few queries at a time are multiplied with the
//! keys, their scores made shares, and these multiplied with the values, all of it in the first cache. No score is
//! computed that a mask would have to take away again, since a text's tokens meet only each other.
//!
//! With [`Quality::Int8`] queries and keys are quantised for the scores, each head of each token with a scale of its
//! own. Shares and values stay in f32: a share is small where many tokens matter a little, and a byte would lose it.

use super::buffer::{PANEL, Rows};
use super::int8::{BytePanels, ByteProduct, ByteRows, PackBytes, Quantise};
use super::linear::Quality;
use super::pointwise::unscaled_softmax;
use super::product::{Panels, Product};
use super::simd::{Kernel, Simd};

/// How many queries are computed together: a multiple of every tile's height, or nearly.
const QUERIES: usize = 14;

/// What attention needs besides its input and output, kept from text to text.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    keys: Panels,
    byte_keys: BytePanels,
    queries: ByteRows,
    values: Panels,
    scores: Rows,
    attended: Rows,
}

/// The attention of one text.
pub(crate) struct Attention<'a> {
    /// The text's tokens: `tokens × 3 · hidden`, queries, keys and values side by side, rows `input_stride` apart.
    /// The queries are scaled already.
    pub(crate) input: &'a [f32],
    pub(crate) input_stride: usize,
    pub(crate) tokens: usize,
    pub(crate) heads: usize,
    /// How many numbers a head has.
    pub(crate) width: usize,
    /// `tokens × hidden`, rows `output_stride` apart.
    pub(crate) output: &'a mut [f32],
    pub(crate) output_stride: usize,
    pub(crate) quality: Quality,
    pub(crate) scratch: &'a mut Scratch,
}

impl Kernel for Attention<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        for head in 0..self.heads {
            match self.quality() {
                Quality::F32 => self.pack_keys(head),
                Quality::Int8 => self.quantise_keys(simd, head),
            }
            self.pack_values(head);
            for first in (0..self.tokens).step_by(QUERIES) {
                self.attend(simd, head, first, QUERIES.min(self.tokens - first));
            }
        }
    }
}

impl Attention<'_> {
    fn hidden(&self) -> usize {
        self.heads * self.width
    }

    /// How the scores are computed: heads of an odd width aren't worth quantising.
    fn quality(&self) -> Quality {
        if self.width.is_multiple_of(PANEL) {
            self.quality
        } else {
            Quality::F32
        }
    }

    /// Where a head's keys begin in a row.
    fn key(&self, head: usize) -> usize {
        self.hidden() + head * self.width
    }

    /// Packs a head's keys, `width × tokens`.
    #[inline(always)]
    fn pack_keys(&mut self, head: usize) {
        let (width, tokens, key) = (self.width, self.tokens, self.key(head));
        self.scratch.keys.resize(width, tokens);
        for panel in 0..tokens.div_ceil(PANEL) {
            let first = panel * PANEL;
            let packed = self.scratch.keys.panel_mut(panel);
            let rows = self.input[first * self.input_stride..].chunks(self.input_stride);
            for (column, row) in rows.take(PANEL.min(tokens - first)).enumerate() {
                let places = packed[column..].iter_mut().step_by(PANEL);
                for (place, number) in places.zip(&row[key..key + width]) {
                    *place = *number;
                }
            }
        }
    }

    /// Quantises and packs a head's keys, `width × tokens`.
    #[inline(always)]
    fn quantise_keys<S: Simd>(&mut self, simd: S, head: usize) {
        let keys = &self.input[self.key(head)..];
        self.scratch.byte_keys.resize(self.width, self.tokens);
        PackBytes {
            panels: &mut self.scratch.byte_keys,
            first: 0,
            weights: keys,
            stride: self.input_stride,
            rows: self.tokens,
            inputs: self.width,
            scale: 1.0,
        }
        .run(simd);
    }

    /// Packs a head's values, `tokens × width`.
    #[inline(always)]
    fn pack_values(&mut self, head: usize) {
        let (width, tokens) = (self.width, self.tokens);
        let value = self.hidden() + self.key(head);
        self.scratch.values.resize(tokens, width);
        for panel in 0..width.div_ceil(PANEL) {
            let columns = panel * PANEL..width.min((panel + 1) * PANEL);
            let packed = self.scratch.values.panel_mut(panel);
            let rows = self.input.chunks(self.input_stride);
            for (place, row) in packed.chunks_exact_mut(PANEL).zip(rows) {
                place[..columns.len()].copy_from_slice(&row[value..][columns.clone()]);
            }
        }
    }

    /// Multiplies the `count` queries from `first` on with the keys.
    #[inline(always)]
    fn score<S: Simd>(&mut self, simd: S, head: usize, first: usize, count: usize) {
        let quality = self.quality();
        let Scratch {
            keys,
            byte_keys,
            queries,
            scores,
            ..
        } = &mut *self.scratch;
        scores.resize(count, self.tokens);
        let input = &self.input[first * self.input_stride + head * self.width..];
        let input_stride = self.input_stride;
        let output_stride = scores.stride();
        let output = scores.rows_mut_from(0);
        match quality {
            Quality::F32 => Product {
                input,
                input_stride,
                rows: count,
                weights: keys,
                bias: None,
                output,
                output_stride,
                add: false,
            }
            .run(simd),
            Quality::Int8 => {
                Quantise {
                    input,
                    input_stride,
                    rows: count,
                    inputs: self.width,
                    output: queries,
                }
                .run(simd);
                ByteProduct {
                    input: queries,
                    rows: count,
                    weights: byte_keys,
                    bias: None,
                    output,
                    output_stride,
                    add: false,
                }
                .run(simd);
            }
        }
    }

    /// Attends from the `count` queries from `first` on.
    #[inline(always)]
    fn attend<S: Simd>(&mut self, simd: S, head: usize, first: usize, count: usize) {
        self.score(simd, head, first, count);
        let Scratch {
            values,
            scores,
            attended,
            ..
        } = &mut *self.scratch;
        attended.resize(count, self.width);
        let stride = scores.stride();
        let mut sums = [0.0; QUERIES];
        let rows = scores.rows_mut_from(0);
        unscaled_softmax(simd, rows, stride, self.tokens, &mut sums);
        let attended_stride = attended.stride();
        Product {
            input: scores.rows_from(0),
            input_stride: stride,
            rows: count,
            weights: values,
            bias: None,
            output: attended.rows_mut_from(0),
            output_stride: attended_stride,
            add: false,
        }
        .run(simd);
        for (row, sum) in sums.iter().enumerate().take(count) {
            let start = (first + row) * self.output_stride + head * self.width;
            let places = &mut self.output[start..][..self.width];
            let part = 1.0 / sum;
            for (place, number) in places.iter_mut().zip(attended.row(row)) {
                *place = number * part;
            }
        }
    }
}
