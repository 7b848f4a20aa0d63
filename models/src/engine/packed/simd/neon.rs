//! NEON: every 64-bit ARM processor; with the dot product, those since about 2018.

use std::arch::aarch64::*;
use std::arch::asm;

use super::{Kernel, Simd};

/// NEON, and its dot product of bytes where `DOT`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Neon<const DOT: bool>(());

impl<const DOT: bool> Neon<DOT> {
    /// # Safety
    ///
    /// The processor must have the instructions.
    pub(crate) unsafe fn new() -> Self {
        Self(())
    }
}

#[target_feature(enable = "neon,dotprod")]
fn with_dot<K: Kernel>(simd: Neon<true>, kernel: K) -> K::Output {
    kernel.run(simd)
}

#[target_feature(enable = "neon")]
fn without_dot<K: Kernel>(simd: Neon<false>, kernel: K) -> K::Output {
    kernel.run(simd)
}

// SAFETY, of every call below: a value of the type exists only where the processor has the instructions, and
// whoever passes a pointer answers for it.
#[expect(
    clippy::undocumented_unsafe_blocks,
    reason = "all for the one reason above"
)]
impl<const DOT: bool> Simd for Neon<DOT> {
    const LANES: usize = 4;
    const REGISTERS: usize = 32;
    type F = float32x4_t;
    type I = int32x4_t;
    type B = int8x16_t;

    #[inline(always)]
    fn vectorise<K: Kernel>(self, kernel: K) -> K::Output {
        if DOT {
            unsafe { with_dot(Neon(()), kernel) }
        } else {
            unsafe { without_dot(Neon(()), kernel) }
        }
    }

    #[inline(always)]
    fn splat(self, x: f32) -> float32x4_t {
        unsafe { vdupq_n_f32(x) }
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> float32x4_t {
        unsafe { vld1q_f32(from) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32, x: float32x4_t) {
        unsafe { vst1q_f32(to, x) }
    }

    #[inline(always)]
    fn add(self, x: float32x4_t, y: float32x4_t) -> float32x4_t {
        unsafe { vaddq_f32(x, y) }
    }

    #[inline(always)]
    fn sub(self, x: float32x4_t, y: float32x4_t) -> float32x4_t {
        unsafe { vsubq_f32(x, y) }
    }

    #[inline(always)]
    fn mul(self, x: float32x4_t, y: float32x4_t) -> float32x4_t {
        unsafe { vmulq_f32(x, y) }
    }

    #[inline(always)]
    fn div(self, x: float32x4_t, y: float32x4_t) -> float32x4_t {
        unsafe { vdivq_f32(x, y) }
    }

    #[inline(always)]
    fn mul_add(self, x: float32x4_t, y: float32x4_t, z: float32x4_t) -> float32x4_t {
        unsafe { vfmaq_f32(z, x, y) }
    }

    #[inline(always)]
    fn min(self, x: float32x4_t, y: float32x4_t) -> float32x4_t {
        unsafe { vbslq_f32(vcltq_f32(x, y), x, y) }
    }

    #[inline(always)]
    fn max(self, x: float32x4_t, y: float32x4_t) -> float32x4_t {
        unsafe { vbslq_f32(vcgtq_f32(x, y), x, y) }
    }

    #[inline(always)]
    fn abs(self, x: float32x4_t) -> float32x4_t {
        unsafe { vabsq_f32(x) }
    }

    #[inline(always)]
    fn power_of_two(self, x: float32x4_t) -> float32x4_t {
        unsafe {
            let exponent = vaddq_s32(vcvtnq_s32_f32(x), vdupq_n_s32(127));
            vreinterpretq_f32_s32(vshlq_n_s32::<23>(exponent))
        }
    }

    #[inline(always)]
    fn sum(self, x: float32x4_t) -> f32 {
        unsafe { vaddvq_f32(x) }
    }

    #[inline(always)]
    fn largest(self, x: float32x4_t) -> f32 {
        unsafe { vmaxvq_f32(x) }
    }

    #[inline(always)]
    fn first_dot(self, _sum: i32) -> int32x4_t {
        unsafe { vdupq_n_s32(0) }
    }

    #[inline(always)]
    unsafe fn load_weights(self, from: *const u8) -> int8x16_t {
        unsafe { vreinterpretq_s8_u8(veorq_u8(vld1q_u8(from), vdupq_n_u8(0x80))) }
    }

    #[inline(always)]
    fn dot(self, sums: int32x4_t, weights: int8x16_t, activations: i32) -> int32x4_t {
        unsafe {
            let activations = vreinterpretq_s8_s32(vdupq_n_s32(activations));
            if DOT {
                let mut sums = sums;
                // The intrinsic isn't stable yet.
                asm!(
                    ".arch_extension dotprod",
                    "sdot {sums:v}.4s, {weights:v}.16b, {activations:v}.16b",
                    sums = inout(vreg) sums,
                    weights = in(vreg) weights,
                    activations = in(vreg) activations,
                    options(pure, nomem, nostack, preserves_flags),
                );
                return sums;
            }
            let low = vmull_s8(vget_low_s8(weights), vget_low_s8(activations));
            let high = vmull_high_s8(weights, activations);
            vaddq_s32(sums, vpaddq_s32(vpaddlq_s16(low), vpaddlq_s16(high)))
        }
    }

    #[inline(always)]
    fn to_f32(self, x: int32x4_t) -> float32x4_t {
        unsafe { vcvtq_f32_s32(x) }
    }

    #[inline(always)]
    unsafe fn store_bytes(self, to: *mut i8, x: float32x4_t) -> int32x4_t {
        unsafe {
            let whole = vcvtnq_s32_f32(x);
            let words = vqmovn_s32(whole);
            let bytes = vqmovn_s16(vcombine_s16(words, words));
            let four = vget_lane_s32::<0>(vreinterpret_s32_s8(bytes));
            to.cast::<i32>().write_unaligned(four);
            whole
        }
    }

    #[inline(always)]
    fn add_whole(self, x: int32x4_t, y: int32x4_t) -> int32x4_t {
        unsafe { vaddq_s32(x, y) }
    }

    #[inline(always)]
    fn splat_whole(self, x: i32) -> int32x4_t {
        unsafe { vdupq_n_s32(x) }
    }

    #[inline(always)]
    fn sum_whole(self, x: int32x4_t) -> i32 {
        unsafe { vaddvq_s32(x) }
    }
}
