//! The dot product for x86-64: AVX-512F, and AVX2 with FMA.

use std::arch::x86_64::{
    __mmask16, _mm_add_ps, _mm_add_ss, _mm_cvtss_f32, _mm_movehdup_ps, _mm_movehl_ps,
    _mm256_add_ps, _mm256_castps256_ps128, _mm256_extractf128_ps, _mm256_fmadd_ps, _mm256_loadu_ps,
    _mm256_setzero_ps, _mm512_add_ps, _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_maskz_loadu_ps,
    _mm512_reduce_add_ps, _mm512_setzero_ps,
};

use super::Dot;

/// What this processor can run, the fastest first.
pub(super) fn available() -> Vec<(&'static str, Dot)> {
    let mut kernels: Vec<(&'static str, Dot)> = Vec::new();
    if is_x86_feature_detected!("avx512f") {
        // SAFETY: the processor has AVX-512F, as was just asked.
        kernels.push(("avx512", |a, b| unsafe { dot_avx512(a, b) }));
    }
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        // SAFETY: the processor has AVX2 and FMA, as was just asked.
        kernels.push(("avx2", |a, b| unsafe { dot_avx2(a, b) }));
    }
    kernels
}

/// Four sums of 16 lanes, so that one multiply-add needn't wait for the last; a masked tail.
#[target_feature(enable = "avx512f")]
fn dot_avx512(a: &[f32], b: &[f32]) -> f32 {
    let n = a.len().min(b.len());
    let (pa, pb) = (a.as_ptr(), b.as_ptr());
    let mut sums = [_mm512_setzero_ps(); 4];
    let mut i = 0;
    while i + 64 <= n {
        for (lane, sum) in sums.iter_mut().enumerate() {
            let at = i + 16 * lane;
            // SAFETY: at + 16 <= i + 64 <= n, the length of the shorter slice; the loads are unaligned.
            let (x, y) = unsafe { (_mm512_loadu_ps(pa.add(at)), _mm512_loadu_ps(pb.add(at))) };
            *sum = _mm512_fmadd_ps(x, y, *sum);
        }
        i += 64;
    }
    let [mut s0, s1, s2, s3] = sums;
    while i < n {
        let left = (n - i).min(16);
        let mask = (u32::MAX >> (32 - left)) as __mmask16;
        // SAFETY: the mask reads `left` numbers from i, and i + left <= n; masked lanes aren't touched.
        let (x, y) = unsafe {
            (
                _mm512_maskz_loadu_ps(mask, pa.add(i)),
                _mm512_maskz_loadu_ps(mask, pb.add(i)),
            )
        };
        s0 = _mm512_fmadd_ps(x, y, s0);
        i += left;
    }
    _mm512_reduce_add_ps(_mm512_add_ps(_mm512_add_ps(s0, s1), _mm512_add_ps(s2, s3)))
}

/// Four sums of 8 lanes; the tail number by number.
#[target_feature(enable = "avx2,fma")]
fn dot_avx2(a: &[f32], b: &[f32]) -> f32 {
    let n = a.len().min(b.len());
    let (pa, pb) = (a.as_ptr(), b.as_ptr());
    let mut sums = [_mm256_setzero_ps(); 4];
    let mut i = 0;
    while i + 32 <= n {
        for (lane, sum) in sums.iter_mut().enumerate() {
            let at = i + 8 * lane;
            // SAFETY: at + 8 <= i + 32 <= n, the length of the shorter slice; the loads are unaligned.
            let (x, y) = unsafe { (_mm256_loadu_ps(pa.add(at)), _mm256_loadu_ps(pb.add(at))) };
            *sum = _mm256_fmadd_ps(x, y, *sum);
        }
        i += 32;
    }
    let [mut s0, s1, s2, s3] = sums;
    while i + 8 <= n {
        // SAFETY: i + 8 <= n, the length of the shorter slice; the loads are unaligned.
        let (x, y) = unsafe { (_mm256_loadu_ps(pa.add(i)), _mm256_loadu_ps(pb.add(i))) };
        s0 = _mm256_fmadd_ps(x, y, s0);
        i += 8;
    }
    let sum = _mm256_add_ps(_mm256_add_ps(s0, s1), _mm256_add_ps(s2, s3));
    let sum = _mm_add_ps(_mm256_castps256_ps128(sum), _mm256_extractf128_ps(sum, 1));
    let sum = _mm_add_ps(sum, _mm_movehl_ps(sum, sum));
    let sum = _mm_cvtss_f32(_mm_add_ss(sum, _mm_movehdup_ps(sum)));
    let rest = a.iter().zip(b).skip(i).map(|(x, y)| x * y);
    sum + rest.sum::<f32>()
}
