//! The dot product of bytes for AArch64: NEON.

use std::arch::aarch64::{
    vaddq_s32, vaddvq_s32, vdupq_n_s32, vget_low_s16, vld1_s8, vld1_u8, vmlal_high_s16, vmlal_s16,
    vmovl_s8, vmovl_u8, vreinterpretq_s16_u16,
};
use std::arch::is_aarch64_feature_detected;

use super::{BLOCK, BytesDot};

/// What this processor can run, the fastest first.
pub(super) fn available() -> Vec<(&'static str, BytesDot)> {
    let mut kernels: Vec<(&'static str, BytesDot)> = Vec::new();
    if is_aarch64_feature_detected!("neon") {
        // SAFETY: the processor has NEON, as was just asked.
        kernels.push(("neon", |a, b| unsafe { dot_neon(a, b) }));
    }
    kernels
}

/// In sixteen bits, since no instruction of the base set multiplies bytes with and without a sign.
#[target_feature(enable = "neon")]
fn dot_neon(a: &[u8], b: &[i8]) -> i32 {
    const PART: usize = 8;
    let (a, _) = a.as_chunks::<BLOCK>();
    let (b, _) = b.as_chunks::<BLOCK>();
    let mut sums = [vdupq_n_s32(0); 2];
    for (a, b) in a.iter().zip(b) {
        let (a, _) = a.as_chunks::<PART>();
        let (b, _) = b.as_chunks::<PART>();
        for (a, b) in a.iter().zip(b) {
            // SAFETY: a part is 8 bytes.
            let (a, b) = unsafe { (vld1_u8(a.as_ptr()), vld1_s8(b.as_ptr())) };
            let (a, b) = (vreinterpretq_s16_u16(vmovl_u8(a)), vmovl_s8(b));
            let [low, high] = sums;
            sums = [
                vmlal_s16(low, vget_low_s16(a), vget_low_s16(b)),
                vmlal_high_s16(high, a, b),
            ];
        }
    }
    let [low, high] = sums;
    vaddvq_s32(vaddq_s32(low, high))
}
