//! AVX-512: Intel's servers since 2017, AMD's processors since Zen 4.

use std::arch::x86_64::*;

use super::{Kernel, Simd};

/// AVX-512 F, BW and VL, and VNNI where `VNNI`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Avx512<const VNNI: bool>(());

impl<const VNNI: bool> Avx512<VNNI> {
    /// # Safety
    ///
    /// The processor must have the instructions.
    pub(crate) unsafe fn new() -> Self {
        Self(())
    }
}

#[target_feature(enable = "avx2,fma,avx512f,avx512bw,avx512vl,avx512vnni")]
fn with_vnni<K: Kernel>(simd: Avx512<true>, kernel: K) -> K::Output {
    kernel.run(simd)
}

#[target_feature(enable = "avx2,fma,avx512f,avx512bw,avx512vl")]
fn without_vnni<K: Kernel>(simd: Avx512<false>, kernel: K) -> K::Output {
    kernel.run(simd)
}

// SAFETY, of every call below: a value of the type exists only where the processor has the instructions, and
// whoever passes a pointer answers for it.
#[expect(
    clippy::undocumented_unsafe_blocks,
    reason = "all for the one reason above"
)]
impl<const VNNI: bool> Simd for Avx512<VNNI> {
    const LANES: usize = 16;
    const REGISTERS: usize = 32;
    type F = __m512;
    type I = __m512i;
    type B = __m512i;

    #[inline(always)]
    fn vectorise<K: Kernel>(self, kernel: K) -> K::Output {
        if VNNI {
            unsafe { with_vnni(Avx512(()), kernel) }
        } else {
            unsafe { without_vnni(Avx512(()), kernel) }
        }
    }

    #[inline(always)]
    fn splat(self, x: f32) -> __m512 {
        unsafe { _mm512_set1_ps(x) }
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> __m512 {
        unsafe { _mm512_loadu_ps(from) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32, x: __m512) {
        unsafe { _mm512_storeu_ps(to, x) }
    }

    #[inline(always)]
    fn add(self, x: __m512, y: __m512) -> __m512 {
        unsafe { _mm512_add_ps(x, y) }
    }

    #[inline(always)]
    fn sub(self, x: __m512, y: __m512) -> __m512 {
        unsafe { _mm512_sub_ps(x, y) }
    }

    #[inline(always)]
    fn mul(self, x: __m512, y: __m512) -> __m512 {
        unsafe { _mm512_mul_ps(x, y) }
    }

    #[inline(always)]
    fn div(self, x: __m512, y: __m512) -> __m512 {
        unsafe { _mm512_div_ps(x, y) }
    }

    #[inline(always)]
    fn mul_add(self, x: __m512, y: __m512, z: __m512) -> __m512 {
        unsafe { _mm512_fmadd_ps(x, y, z) }
    }

    #[inline(always)]
    fn min(self, x: __m512, y: __m512) -> __m512 {
        unsafe { _mm512_min_ps(x, y) }
    }

    #[inline(always)]
    fn max(self, x: __m512, y: __m512) -> __m512 {
        unsafe { _mm512_max_ps(x, y) }
    }

    #[inline(always)]
    fn abs(self, x: __m512) -> __m512 {
        unsafe { _mm512_abs_ps(x) }
    }

    #[inline(always)]
    fn power_of_two(self, x: __m512) -> __m512 {
        unsafe {
            let exponent = _mm512_add_epi32(_mm512_cvtps_epi32(x), _mm512_set1_epi32(127));
            _mm512_castsi512_ps(_mm512_slli_epi32::<23>(exponent))
        }
    }

    #[inline(always)]
    fn sum(self, x: __m512) -> f32 {
        unsafe { _mm512_reduce_add_ps(x) }
    }

    #[inline(always)]
    fn largest(self, x: __m512) -> f32 {
        unsafe { _mm512_reduce_max_ps(x) }
    }

    #[inline(always)]
    fn first_dot(self, sum: i32) -> __m512i {
        // The weights go in as w + 128, since one side must be without sign: 128 times the sum is too much.
        // It is any number where what was quantised was none.
        unsafe { _mm512_set1_epi32(if VNNI { sum.wrapping_mul(-128) } else { 0 }) }
    }

    #[inline(always)]
    unsafe fn load_weights(self, from: *const u8) -> __m512i {
        unsafe {
            let flipped = _mm512_loadu_si512(from.cast());
            if VNNI {
                flipped
            } else {
                _mm512_xor_si512(flipped, _mm512_set1_epi8(i8::MIN))
            }
        }
    }

    #[inline(always)]
    fn dot(self, sums: __m512i, weights: __m512i, activations: i32) -> __m512i {
        unsafe {
            let activations = _mm512_set1_epi32(activations);
            if VNNI {
                return _mm512_dpbusd_epi32(sums, weights, activations);
            }
            // |w| times a with the sign of w: at most 2 · 127², which 16 bits hold.
            let negative = _mm512_movepi8_mask(weights);
            let signed =
                _mm512_mask_sub_epi8(activations, negative, _mm512_setzero_si512(), activations);
            let pairs = _mm512_maddubs_epi16(_mm512_abs_epi8(weights), signed);
            _mm512_add_epi32(sums, _mm512_madd_epi16(pairs, _mm512_set1_epi16(1)))
        }
    }

    #[inline(always)]
    fn to_f32(self, x: __m512i) -> __m512 {
        unsafe { _mm512_cvtepi32_ps(x) }
    }

    #[inline(always)]
    unsafe fn store_bytes(self, to: *mut i8, x: __m512) -> __m512i {
        unsafe {
            let whole = _mm512_cvtps_epi32(x);
            _mm_storeu_si128(to.cast(), _mm512_cvtsepi32_epi8(whole));
            whole
        }
    }

    #[inline(always)]
    fn add_whole(self, x: __m512i, y: __m512i) -> __m512i {
        unsafe { _mm512_add_epi32(x, y) }
    }

    #[inline(always)]
    fn splat_whole(self, x: i32) -> __m512i {
        unsafe { _mm512_set1_epi32(x) }
    }

    #[inline(always)]
    fn sum_whole(self, x: __m512i) -> i32 {
        unsafe { _mm512_reduce_add_epi32(x) }
    }
}
