//! Vectors as whole numbers of eight bits: a quarter of the memory, and products of many at once.

use std::ops::Range;

use rayon::prelude::*;

use crate::kernels;
use crate::kernels::products::{LANES, Quad, Quads};

/// The largest number of a code.
const LARGEST: f32 = 127.0;

/// The code of a vector, and what one of its steps is worth.
///
/// The largest number becomes 127 or -127, so steps are as fine as the vector allows. One without
/// numbers other than zero (it could come only from a damaged file) becomes zeros.
#[expect(clippy::manual_clamp, reason = "clamp would let NaN through")]
fn encode(vector: &[f32], code: &mut [Quad]) -> f32 {
    let size = vector.iter().fold(0.0f32, |size, x| size.max(x.abs()));
    let inverse = if size > 0.0 { LARGEST / size } else { 0.0 };
    let code = code.as_flattened_mut();
    code.fill(0);
    for (code, x) in code.iter_mut().zip(vector) {
        *code = kernels::nearest_whole((x * inverse).max(-LARGEST).min(LARGEST)) as i8;
    }
    size / LARGEST
}

/// The codes of some vectors of `dim` numbers, one after the other.
pub(super) fn encoded(dim: usize, vectors: &[f32]) -> Vec<Quad> {
    let quads = quads(dim);
    let mut codes = vec![[0; 4]; vectors.len() / dim.max(1) * quads];
    let by_vector = vectors.chunks_exact(dim.max(1));
    for (vector, code) in by_vector.zip(codes.chunks_exact_mut(quads.max(1))) {
        encode(vector, code);
    }
    codes
}

/// How many quads the code of a vector takes.
fn quads(dim: usize) -> usize {
    dim.div_ceil(4)
}

/// Codes of vectors in groups, as the kernels want them. Some places of a group may be empty.
pub(super) struct Codes {
    pub(super) quads: usize,
    /// Group after group.
    packed: Vec<Quads>,
    /// What one step is worth, by group and place; NaN where the place is empty, so that it is never among the best.
    pub(super) scales: Vec<[f32; LANES]>,
}

impl Codes {
    /// Encodes vectors of `dim` numbers, `LANES` a group. `read` writes the one of a place, and says whether there is one.
    pub(super) fn new(
        groups: usize,
        dim: usize,
        read: impl Fn(usize, &mut [f32]) -> bool + Sync,
    ) -> Self {
        let quads = quads(dim);
        let mut packed = vec![Quads([[0; 4]; LANES]); groups * quads];
        let mut scales = vec![[f32::NAN; LANES]; groups];
        let by_group = packed.par_chunks_exact_mut(quads.max(1));
        by_group
            .zip(&mut scales)
            .enumerate()
            .for_each(|(group, (packed, scales))| {
                let mut vector = vec![0.0; dim];
                let mut code = vec![[0; 4]; quads];
                for (lane, scale) in scales.iter_mut().enumerate() {
                    if !read(group * LANES + lane, &mut vector) {
                        continue;
                    }
                    *scale = encode(&vector, &mut code);
                    for (Quads(packed), &quad) in packed.iter_mut().zip(&code) {
                        packed[lane] = quad;
                    }
                }
            });
        Self {
            quads,
            packed,
            scales,
        }
    }

    /// How many groups there are.
    pub(super) fn groups(&self) -> usize {
        self.scales.len()
    }

    /// The codes of some groups, one vector after the other.
    pub(super) fn rows(&self, groups: Range<usize>) -> Vec<Quad> {
        let mut rows = Vec::with_capacity(groups.len() * LANES * self.quads);
        for group in groups {
            for lane in 0..LANES {
                let packed = self.packed(group..group + 1).iter();
                rows.extend(packed.map(|Quads(quads)| quads[lane]));
            }
        }
        rows
    }

    /// Some groups, as the kernels want them.
    pub(super) fn packed(&self, groups: Range<usize>) -> &[Quads] {
        let range = groups.start * self.quads..groups.end * self.quads;
        self.packed.get(range).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_at_most_half_a_step_away_and_no_vector_breaks_it() {
        let mut vectors: Vec<Vec<f32>> = (1..60)
            .map(|n| {
                (0..n)
                    .map(|i| ((i * 37 + n) % 101) as f32 / 50.0 - 1.0)
                    .collect()
            })
            .collect();
        vectors.extend([
            vec![1.0],
            vec![0.0, -1.0],
            vec![1e-3; 9],
            vec![f32::MIN_POSITIVE, 1.0],
        ]);
        for vector in vectors {
            let mut code = vec![[0; 4]; quads(vector.len())];
            let scale = encode(&vector, &mut code);
            let code = code.as_flattened();
            for (x, &code) in vector.iter().zip(code) {
                assert!(
                    (x - f32::from(code) * scale).abs() <= 0.5001 * scale,
                    "{vector:?}"
                );
                assert_ne!(code, i8::MIN);
            }
            assert!(code[vector.len()..].iter().all(|&padding| padding == 0));
        }
        for damaged in [
            [0.0, 0.0],
            [f32::NAN, 1.0],
            [f32::INFINITY, -1.0],
            [1e-45, -1e-45],
        ] {
            let mut code = [[0; 4]];
            encode(&damaged, &mut code);
            assert!(!code.as_flattened().contains(&i8::MIN), "{damaged:?}");
        }
    }

    #[test]
    fn groups_give_back_the_codes_that_they_were_made_of() {
        let vectors: Vec<Vec<f32>> = (0..40)
            .map(|i| vec![i as f32, 1.0, -3.0, 2.0, 0.5])
            .collect();
        let codes = Codes::new(3, 5, |place, out| {
            let vector = vectors.get(place);
            vector
                .inspect(|vector| out.copy_from_slice(vector))
                .is_some()
        });
        let expected = encoded(5, &vectors.concat());
        assert_eq!(codes.rows(0..3)[..80], expected);
        assert_eq!(codes.rows(1..2), expected[32..64]);
        assert!(codes.scales[2][8..].iter().all(|scale| scale.is_nan()));
    }
}
