//! Compares rows with many codes at once.

use std::ops::Range;

use super::best::Best;
use super::codes::Codes;
use crate::kernels::products::{LANES, Products, Quad, ROWS, products};

/// Groups whose products are kept before they are looked at: with 8 rows 8 KB, and 96 KB of codes of 384 dimensions,
/// which stay in the second-level cache for the next rows.
const CHUNK: usize = 16;

/// Compares rows with groups of codes, on one thread.
pub(super) struct Comparer {
    products: Products,
    dots: [[[i32; LANES]; ROWS]; CHUNK],
}

impl Comparer {
    pub(super) fn new() -> Self {
        Self {
            products: products(),
            dots: [[[0; LANES]; ROWS]; CHUNK],
        }
    }

    /// Offers everything in some groups to the best of some rows of a block. `block` is rows × quads; a row is offered
    /// places in `codes`, with the cosine over its own scale as score.
    pub(super) fn compare(
        &mut self,
        block: &[Quad],
        rows: &[u32],
        best: &mut [Best],
        codes: &Codes,
        groups: Range<usize>,
    ) {
        let code = |&row: &u32| {
            let code = block.get(row as usize * codes.quads..);
            let code = code.and_then(|code| code.get(..codes.quads));
            code.unwrap_or_default()
        };
        for start in groups.clone().step_by(CHUNK) {
            let chunk = start..groups.end.min(start + CHUNK);
            let packed = codes.packed(chunk.clone());
            for tile in rows.chunks(ROWS) {
                // Where there are fewer, the last stands in for those that aren't there.
                let last = tile.last().map(code).unwrap_or_default();
                let codes_of_tile = std::array::from_fn(|i| tile.get(i).map_or(last, code));
                (self.products)(&codes_of_tile, packed, &mut self.dots);
                for (group, dots) in chunk.clone().zip(&self.dots) {
                    let Some(scales) = codes.scales.get(group) else {
                        continue;
                    };
                    for (&row, dots) in tile.iter().zip(dots) {
                        if let Some(best) = best.get_mut(row as usize) {
                            offer_near(best, dots, scales, (group * LANES) as u32);
                        }
                    }
                }
            }
        }
    }
}

/// Offers what scores at least the floor. Most groups have nothing that does, and that is soon seen.
#[inline]
fn offer_near(best: &mut Best, dots: &[i32; LANES], scales: &[f32; LANES], first: u32) {
    let floor = best.floor();
    let mut scores = [0.0f32; LANES];
    let mut near = false;
    for ((score, &dot), scale) in scores.iter_mut().zip(dots).zip(scales) {
        *score = dot as f32 * scale;
        near |= *score >= floor;
    }
    if near {
        for (place, &score) in (first..).zip(&scores) {
            if score >= best.floor() {
                best.offer(score, place);
            }
        }
    }
}
