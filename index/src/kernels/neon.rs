//! The dot product for AArch64: NEON.

use std::arch::aarch64::{vaddq_f32, vaddvq_f32, vdupq_n_f32, vfmaq_f32, vld1q_f32};
use std::arch::is_aarch64_feature_detected;

use super::Dot;

/// What this processor can run, the fastest first.
pub(super) fn available() -> Vec<(&'static str, Dot)> {
    let mut kernels: Vec<(&'static str, Dot)> = Vec::new();
    if is_aarch64_feature_detected!("neon") {
        // SAFETY: the processor has NEON, as was just asked.
        kernels.push(("neon", |a, b| unsafe { dot_neon(a, b) }));
    }
    kernels
}

/// Four sums of 4 lanes, so that one multiply-add needn't wait for the last; the tail number by number.
#[target_feature(enable = "neon")]
fn dot_neon(a: &[f32], b: &[f32]) -> f32 {
    let n = a.len().min(b.len());
    let (pa, pb) = (a.as_ptr(), b.as_ptr());
    let mut sums = [vdupq_n_f32(0.0); 4];
    let mut i = 0;
    while i + 16 <= n {
        for (lane, sum) in sums.iter_mut().enumerate() {
            let at = i + 4 * lane;
            // SAFETY: at + 4 <= i + 16 <= n, the length of the shorter slice.
            let (x, y) = unsafe { (vld1q_f32(pa.add(at)), vld1q_f32(pb.add(at))) };
            *sum = vfmaq_f32(*sum, x, y);
        }
        i += 16;
    }
    let [s0, s1, s2, s3] = sums;
    let sum = vaddvq_f32(vaddq_f32(vaddq_f32(s0, s1), vaddq_f32(s2, s3)));
    let rest = a.iter().zip(b).skip(i).map(|(x, y)| x * y);
    sum + rest.sum::<f32>()
}
