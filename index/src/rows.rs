//! Stored vectors: ten bits a number, of which eight are compared first.
//!
//! A vector of unit length is stored as whole numbers `v` from -511 to 511, its largest at one of the two ends, and a *scale*,
//! one over their length: `v × scale` has unit length again, and encodes to the same numbers. The upper eight bits of each, the
//! *coarse* ones, stand together, and so do the lower two, the *fine* ones. Walks and scans compare coarse bits with a query
//! in eight bits, by whole numbers, and what comes out best is compared again as floats with all ten.
//!
//! Measured on 113,000 vectors of passages (all-MiniLM-L6-v2): of the ten nearest by the vectors as they were, eight bits find
//! 99.5 % and ten 99.9 %.

use crate::kernels::bytes::{BLOCK, BytesDot, bytes_dot, prefetch};
use crate::kernels::decode::{Decode, MIDDLE, decode};
use crate::kernels::{self, Dot};

/// The largest number of a stored vector.
const LARGEST: f32 = 511.0;

/// The largest number of a query.
const LARGEST_OF_QUERY: f32 = 127.0;

/// What the coarse bits of a number leave out, in steps of all ten: between 0 and 3, so they stand for the middle.
const LEFT_OUT: f32 = 1.5;

/// How many steps of its whole numbers a vector's largest number is long, over that number; 0 where there is none.
pub(crate) fn inverse_step(vector: &[f32]) -> f32 {
    let largest = vector.iter().fold(0.0f32, |size, x| size.max(x.abs()));
    if largest > 0.0 {
        LARGEST / largest
    } else {
        0.0
    }
}

/// How many bytes the two parts of a vector take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) dim: usize,
    /// Filled up with the byte of zero to whole blocks.
    pub(crate) coarse: usize,
    pub(crate) fine: usize,
}

impl Layout {
    pub(crate) fn new(dim: usize) -> Self {
        Self {
            dim,
            coarse: dim.next_multiple_of(BLOCK),
            fine: dim.div_ceil(4),
        }
    }

    /// Encodes a vector of unit length, and gives its scale.
    pub(crate) fn encode(&self, vector: &[f32], coarse: &mut [u8], fine: &mut [u8]) -> f32 {
        let inverse = inverse_step(vector);
        coarse.fill((MIDDLE / 4) as u8);
        fine.fill(0);
        let mut squared = 0i64;
        let places = (0..4).flat_map(|part| (0..self.fine).map(move |byte| (byte, 2 * part)));
        for ((&x, coarse), (byte, shift)) in vector.iter().zip(coarse).zip(places) {
            let number = kernels::nearest_whole(x * inverse) as i32;
            squared += i64::from(number) * i64::from(number);
            let bits = number + MIDDLE;
            *coarse = (bits >> 2) as u8;
            if let Some(fine) = fine.get_mut(byte) {
                *fine |= ((bits & 3) as u8) << shift;
            }
        }
        (1.0 / (squared as f64).sqrt()) as f32
    }
}

/// A query in whole numbers of eight bits, as it is compared with coarse bits.
pub(crate) struct Query {
    bytes: Vec<i8>,
    /// What one of its steps is worth.
    step: f32,
    /// The sum of all its bytes.
    sum: i32,
    /// How far, as a vector, it is from what it was made of.
    error: f32,
}

impl Query {
    /// `vector` has at most as many numbers as those that it will be compared with.
    pub(crate) fn new(vector: &[f32]) -> Self {
        let largest = vector.iter().fold(0.0f32, |size, x| size.max(x.abs()));
        let inverse = if largest > 0.0 {
            LARGEST_OF_QUERY / largest
        } else {
            0.0
        };
        let step = largest / LARGEST_OF_QUERY;
        let mut bytes = vec![0; vector.len().next_multiple_of(BLOCK)];
        let (mut sum, mut squared) = (0, 0.0);
        for (byte, &x) in bytes.iter_mut().zip(vector) {
            let number = kernels::nearest_whole(x * inverse);
            *byte = number as i8;
            sum += i32::from(*byte);
            squared += (x - number * step).powi(2);
        }
        Self {
            bytes,
            step,
            sum,
            error: squared.sqrt(),
        }
    }
}

/// Vectors, one row a node. Where each part lies is a slice and how far apart two rows of it are, since they lie part by part in
/// a segment and row by row while it is being made. A row that isn't there gives nothing.
#[derive(Clone, Copy)]
pub(crate) struct Rows<'a> {
    layout: Layout,
    coarse: Part<'a>,
    fine: Part<'a>,
    scales: Part<'a>,
    /// How far, as a vector of whole numbers, coarse bits are at most from all bits.
    left_out: f32,
    bytes_dot: BytesDot,
    dot: Dot,
    decode: Decode,
}

/// One part of all rows: bytes, how many each row has, and how far apart they begin.
#[derive(Clone, Copy)]
struct Part<'a> {
    bytes: &'a [u8],
    length: usize,
    step: usize,
}

impl<'a> Part<'a> {
    #[inline]
    fn get(&self, node: u32) -> Option<&'a [u8]> {
        let start = (node as usize).checked_mul(self.step)?;
        self.bytes.get(start..)?.get(..self.length)
    }
}

impl<'a> Rows<'a> {
    /// Rows whose parts lie apart, as in a segment: coarse bits, fine bits and scales.
    pub(crate) fn new(layout: Layout, coarse: &'a [u8], fine: &'a [u8], scales: &'a [u8]) -> Self {
        let part = |bytes, length| Part {
            bytes,
            length,
            step: length,
        };
        Self {
            layout,
            coarse: part(coarse, layout.coarse),
            fine: part(fine, layout.fine),
            scales: part(scales, size_of::<f32>()),
            left_out: LEFT_OUT * (layout.dim as f32).sqrt(),
            bytes_dot: bytes_dot(),
            dot: kernels::dot(),
            decode: decode(),
        }
    }

    /// Rows of which each has its coarse bits, its fine bits and its scale one after the other.
    pub(crate) fn of_records(layout: Layout, records: &'a [u8]) -> Self {
        let step = layout.coarse + layout.fine + size_of::<f32>();
        let part = |skipped: usize, length| Part {
            bytes: records.get(skipped..).unwrap_or_default(),
            length,
            step,
        };
        Self {
            coarse: part(0, layout.coarse),
            fine: part(layout.coarse, layout.fine),
            scales: part(layout.coarse + layout.fine, size_of::<f32>()),
            ..Self::new(layout, &[], &[], &[])
        }
    }

    pub(crate) fn dim(&self) -> usize {
        self.layout.dim
    }

    /// The coarse bits of a node.
    #[inline]
    pub(crate) fn coarse(&self, node: u32) -> Option<&'a [u8]> {
        self.coarse.get(node)
    }

    /// The fine bits of a node.
    pub(crate) fn fine(&self, node: u32) -> Option<&'a [u8]> {
        self.fine.get(node)
    }

    /// The scale of a node.
    #[inline]
    pub(crate) fn scale(&self, node: u32) -> Option<f32> {
        let bytes = self.scales.get(node)?.first_chunk()?;
        Some(f32::from_le_bytes(*bytes))
    }

    /// Asks for what a node is compared by to be brought near.
    #[inline]
    pub(crate) fn prefetch(&self, node: u32) {
        for part in [self.coarse.get(node), self.scales.get(node)] {
            prefetch(part.unwrap_or_default());
        }
    }

    /// The vector of a node, into `out`, which has `dim` numbers; false, and all zero, for a node that isn't there.
    #[inline]
    pub(crate) fn decode(&self, node: u32, out: &mut [f32]) -> bool {
        let row = self.coarse(node).zip(self.fine(node)).zip(self.scale(node));
        match row {
            Some(((coarse, fine), scale)) => {
                (self.decode)(coarse, fine, scale, out);
                true
            }
            None => {
                out.fill(0.0);
                false
            }
        }
    }

    /// The vector of a node.
    pub(crate) fn vector(&self, node: u32) -> Option<Vec<f32>> {
        let mut vector = vec![0.0; self.layout.dim];
        self.decode(node, &mut vector).then_some(vector)
    }

    /// The cosine of a query with a node; none for a node that isn't there. The vector of the node is left in `room`.
    #[inline]
    pub(crate) fn cosine(&self, query: &[f32], node: u32, room: &mut Vec<f32>) -> Option<f32> {
        room.resize(self.layout.dim, 0.0);
        self.decode(node, room)
            .then(|| kernels::cosine(self.dot, query, room))
    }

    /// About the cosine of a query with a node, by the coarse bits; none for a node that isn't there.
    #[inline]
    pub(crate) fn near(&self, query: &Query, node: u32) -> Option<f32> {
        let product = (self.bytes_dot)(self.coarse(node)?, &query.bytes);
        // A coarse byte c stands for 4 (c - 128) + 1.5 steps.
        let signed = product.wrapping_sub(query.sum.wrapping_mul(MIDDLE / 4));
        let steps = 4.0 * signed as f32 + LEFT_OUT * query.sum as f32;
        Some(steps * (query.step * self.scale(node)?))
    }

    /// A node's vector as a query, by its coarse bits as they are: enough to compare it with other nodes. (What they leave out is
    /// not in its error.)
    pub(crate) fn query_of(&self, node: u32) -> Option<Query> {
        let bytes = self.coarse(node)?.iter().map(|byte| (byte ^ 0x80) as i8);
        let bytes: Vec<i8> = bytes.collect();
        Some(Query {
            sum: bytes.iter().map(|&byte| i32::from(byte)).sum(),
            bytes,
            step: 4.0 * self.scale(node)?,
            error: 0.0,
        })
    }

    /// How far [`near`](Self::near) is at most from the cosine, of which the query makes `error`: by Cauchy and Schwarz, the
    /// lengths of what the two leave out. (The two are unit vectors, and what floats round off is little against it.)
    #[inline]
    pub(crate) fn margin(&self, query: &Query, node: u32) -> f32 {
        let of_node = self.left_out * self.scale(node).unwrap_or(0.0);
        // A query's length in eight bits is at most this much more than 1.
        query.error + of_node * (1.0 + query.error) + 1e-5
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vector::UnitVector;

    /// Unit vectors of all kinds: smooth, sparse, with one number that is far larger than the others.
    fn vectors(dim: usize) -> Vec<Vec<f32>> {
        let smooth = |n: usize| -> Vec<f32> {
            (0..dim)
                .map(|i| ((i * 37 + n * 11 + 5) % 101) as f32 / 50.0 - 1.003)
                .collect()
        };
        let mut vectors: Vec<Vec<f32>> = (0..20).map(smooth).collect();
        vectors.extend((0..dim.min(5)).map(|i| {
            let mut vector = vec![0.0; dim];
            vector[i] = -1.0;
            vector
        }));
        let mut peaked = smooth(3);
        peaked[dim / 2] = 40.0;
        vectors.push(peaked);
        let unit = |vector| UnitVector::new(vector).unwrap().as_slice().to_vec();
        vectors.into_iter().map(unit).collect()
    }

    fn records(layout: Layout, vectors: &[Vec<f32>]) -> Vec<u8> {
        let mut records = Vec::new();
        for vector in vectors {
            let (mut coarse, mut fine) = (vec![9; layout.coarse], vec![9; layout.fine]);
            let scale = layout.encode(vector, &mut coarse, &mut fine);
            records.extend(coarse);
            records.extend(fine);
            records.extend(scale.to_le_bytes());
        }
        records
    }

    #[test]
    fn a_stored_vector_is_near_has_unit_length_and_never_changes_again() {
        for dim in [1, 2, 3, 5, 63, 64, 65, 384, 1_000] {
            let layout = Layout::new(dim);
            let vectors = vectors(dim);
            let once = records(layout, &vectors);
            let rows = Rows::of_records(layout, &once);
            let stored: Vec<Vec<f32>> = (0..vectors.len() as u32)
                .map(|node| rows.vector(node).unwrap())
                .collect();
            for (vector, stored) in vectors.iter().zip(&stored) {
                let squared: f32 = stored.iter().map(|x| x * x).sum();
                assert!((squared - 1.0).abs() < 1e-5, "{squared}");
                let largest = vector.iter().fold(0.0f32, |a, x| a.max(x.abs()));
                for (x, y) in vector.iter().zip(stored) {
                    // Half a step, and what makes the length 1 again.
                    assert!((x - y).abs() <= largest * (0.6 / 511.0 + 0.004), "{x} {y}");
                }
            }
            let kept: Vec<Vec<f32>> = stored
                .into_iter()
                .map(|vector| UnitVector::new(vector).unwrap().as_slice().to_vec())
                .collect();
            assert_eq!(records(layout, &kept), once, "{dim}");
            assert_eq!(rows.vector(vectors.len() as u32), None);
        }
    }

    #[test]
    fn the_coarse_score_is_never_farther_off_than_the_margin() {
        for dim in [1, 2, 5, 64, 100, 384] {
            let layout = Layout::new(dim);
            let vectors = vectors(dim);
            let records = records(layout, &vectors);
            let rows = Rows::of_records(layout, &records);
            let mut room = Vec::new();
            for query in &vectors {
                let coded = Query::new(query);
                for node in 0..vectors.len() as u32 {
                    let near = rows.near(&coded, node).unwrap();
                    let exact = rows.cosine(query, node, &mut room).unwrap();
                    let margin = rows.margin(&coded, node);
                    assert!((near - exact).abs() <= margin, "{near} {exact} {margin}");
                }
            }
        }
    }

    #[test]
    fn nonsense_gives_nonsense_and_no_panic() {
        let layout = Layout::new(70);
        let rows = Rows::of_records(layout, &[255; 500]);
        let query = Query::new(&[f32::NAN; 70]);
        let mut room = Vec::new();
        for node in [0, 1, 2, u32::MAX] {
            let _ = rows.near(&query, node);
            let _ = rows.margin(&query, node);
            let cosine = rows.cosine(&[f32::INFINITY; 70], node, &mut room);
            assert!(cosine.is_none_or(|cosine| (-1.0..=1.0).contains(&cosine)));
        }
        assert_eq!(Rows::new(layout, &[], &[], &[]).vector(0), None);
    }
}
