//! Products of bytes for AArch64: NEON.

use std::arch::aarch64::{
    vdupq_n_s32, vget_low_s8, vld1q_s8, vmull_high_s8, vmull_s8, vpadalq_s16, vpaddq_s16,
    vreinterpretq_s8_s32, vst1q_s32,
};
use std::arch::is_aarch64_feature_detected;

use super::{LANES, Products, Quad, Quads, ROWS, shortest};

/// What this processor can run, the fastest first.
pub(super) fn available() -> Vec<(&'static str, Products)> {
    let mut kernels: Vec<(&'static str, Products)> = Vec::new();
    if is_aarch64_feature_detected!("neon") {
        // SAFETY: the processor has NEON, as was just asked.
        kernels.push(("neon", |rows, groups, out| unsafe {
            products_neon(rows, groups, out);
        }));
    }
    kernels
}

#[target_feature(enable = "neon")]
fn products_neon(rows: &[&[Quad]; ROWS], groups: &[Quads], out: &mut [[[i32; LANES]; ROWS]]) {
    let quads = shortest(rows);
    if quads == 0 {
        return;
    }
    for (group, out) in groups.chunks_exact(quads).zip(out) {
        for (row, out) in rows.iter().zip(out) {
            multiply_neon(row, group, out);
        }
    }
}

/// Four sums of 4 lanes, of 4 vectors each.
#[inline]
#[target_feature(enable = "neon")]
fn multiply_neon(row: &[Quad], group: &[Quads], out: &mut [i32; LANES]) {
    let mut sums = [vdupq_n_s32(0); 4];
    for (&row, Quads(vectors)) in row.iter().zip(group) {
        let row = vreinterpretq_s8_s32(vdupq_n_s32(i32::from_ne_bytes(row.map(i8::cast_unsigned))));
        let (parts, _) = vectors.as_flattened().as_chunks::<16>();
        for (sum, part) in sums.iter_mut().zip(parts) {
            // SAFETY: a part is 16 bytes.
            let part = unsafe { vld1q_s8(part.as_ptr()) };
            // The sum of two products is at most 2 · 127², which 16 bits hold.
            let low = vmull_s8(vget_low_s8(part), vget_low_s8(row));
            let pairs = vpaddq_s16(low, vmull_high_s8(part, row));
            *sum = vpadalq_s16(*sum, pairs);
        }
    }
    let (parts, _) = out.as_chunks_mut::<4>();
    for (part, sum) in parts.iter_mut().zip(sums) {
        // SAFETY: a part is 4 numbers of 4 bytes.
        unsafe { vst1q_s32(part.as_mut_ptr(), sum) };
    }
}
