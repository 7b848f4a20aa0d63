//! AVX2 with FMA: nearly every x86 processor since 2013.

use std::arch::x86_64::*;

use super::{Kernel, Simd};

/// AVX2 and FMA.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Avx2(());

impl Avx2 {
    /// # Safety
    ///
    /// The processor must have the instructions.
    pub(crate) unsafe fn new() -> Self {
        Self(())
    }
}

#[target_feature(enable = "avx2,fma")]
fn inside<K: Kernel>(simd: Avx2, kernel: K) -> K::Output {
    kernel.run(simd)
}

// SAFETY, of every call below: a value of the type exists only where the processor has the instructions, and
// whoever passes a pointer answers for it.
#[expect(
    clippy::undocumented_unsafe_blocks,
    reason = "all for the one reason above"
)]
impl Simd for Avx2 {
    const LANES: usize = 8;
    const REGISTERS: usize = 16;
    type F = __m256;
    type I = __m256i;
    type B = __m256i;

    #[inline(always)]
    fn vectorise<K: Kernel>(self, kernel: K) -> K::Output {
        unsafe { inside(self, kernel) }
    }

    #[inline(always)]
    fn splat(self, x: f32) -> __m256 {
        unsafe { _mm256_set1_ps(x) }
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> __m256 {
        unsafe { _mm256_loadu_ps(from) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32, x: __m256) {
        unsafe { _mm256_storeu_ps(to, x) }
    }

    #[inline(always)]
    fn add(self, x: __m256, y: __m256) -> __m256 {
        unsafe { _mm256_add_ps(x, y) }
    }

    #[inline(always)]
    fn sub(self, x: __m256, y: __m256) -> __m256 {
        unsafe { _mm256_sub_ps(x, y) }
    }

    #[inline(always)]
    fn mul(self, x: __m256, y: __m256) -> __m256 {
        unsafe { _mm256_mul_ps(x, y) }
    }

    #[inline(always)]
    fn div(self, x: __m256, y: __m256) -> __m256 {
        unsafe { _mm256_div_ps(x, y) }
    }

    #[inline(always)]
    fn mul_add(self, x: __m256, y: __m256, z: __m256) -> __m256 {
        unsafe { _mm256_fmadd_ps(x, y, z) }
    }

    #[inline(always)]
    fn min(self, x: __m256, y: __m256) -> __m256 {
        unsafe { _mm256_min_ps(x, y) }
    }

    #[inline(always)]
    fn max(self, x: __m256, y: __m256) -> __m256 {
        unsafe { _mm256_max_ps(x, y) }
    }

    #[inline(always)]
    fn abs(self, x: __m256) -> __m256 {
        unsafe { _mm256_andnot_ps(_mm256_set1_ps(-0.0), x) }
    }

    #[inline(always)]
    fn power_of_two(self, x: __m256) -> __m256 {
        unsafe {
            let exponent = _mm256_add_epi32(_mm256_cvtps_epi32(x), _mm256_set1_epi32(127));
            _mm256_castsi256_ps(_mm256_slli_epi32::<23>(exponent))
        }
    }

    #[inline(always)]
    fn sum(self, x: __m256) -> f32 {
        unsafe {
            let x = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps::<1>(x));
            let x = _mm_add_ps(x, _mm_movehl_ps(x, x));
            _mm_cvtss_f32(_mm_add_ss(x, _mm_shuffle_ps::<1>(x, x)))
        }
    }

    #[inline(always)]
    fn largest(self, x: __m256) -> f32 {
        unsafe {
            let x = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps::<1>(x));
            let x = _mm_max_ps(x, _mm_movehl_ps(x, x));
            _mm_cvtss_f32(_mm_max_ss(x, _mm_shuffle_ps::<1>(x, x)))
        }
    }

    #[inline(always)]
    fn first_dot(self, _sum: i32) -> __m256i {
        unsafe { _mm256_setzero_si256() }
    }

    #[inline(always)]
    unsafe fn load_weights(self, from: *const u8) -> __m256i {
        unsafe { _mm256_xor_si256(_mm256_loadu_si256(from.cast()), _mm256_set1_epi8(i8::MIN)) }
    }

    #[inline(always)]
    fn dot(self, sums: __m256i, weights: __m256i, activations: i32) -> __m256i {
        unsafe {
            // |w| times a with the sign of w: at most 2 · 127², which 16 bits hold.
            let signed = _mm256_sign_epi8(_mm256_set1_epi32(activations), weights);
            let pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(weights), signed);
            _mm256_add_epi32(sums, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)))
        }
    }

    #[inline(always)]
    fn to_f32(self, x: __m256i) -> __m256 {
        unsafe { _mm256_cvtepi32_ps(x) }
    }

    #[inline(always)]
    unsafe fn store_bytes(self, to: *mut i8, x: __m256) -> __m256i {
        unsafe {
            let whole = _mm256_cvtps_epi32(x);
            let words = _mm_packs_epi32(
                _mm256_castsi256_si128(whole),
                _mm256_extracti128_si256::<1>(whole),
            );
            _mm_storel_epi64(to.cast(), _mm_packs_epi16(words, words));
            whole
        }
    }

    #[inline(always)]
    fn add_whole(self, x: __m256i, y: __m256i) -> __m256i {
        unsafe { _mm256_add_epi32(x, y) }
    }

    #[inline(always)]
    fn splat_whole(self, x: i32) -> __m256i {
        unsafe { _mm256_set1_epi32(x) }
    }

    #[inline(always)]
    fn sum_whole(self, x: __m256i) -> i32 {
        unsafe {
            let x = _mm_add_epi32(_mm256_castsi256_si128(x), _mm256_extracti128_si256::<1>(x));
            let x = _mm_add_epi32(x, _mm_shuffle_epi32::<0b01_00_11_10>(x));
            _mm_cvtsi128_si32(_mm_add_epi32(x, _mm_shuffle_epi32::<0b10_11_00_01>(x)))
        }
    }
}
