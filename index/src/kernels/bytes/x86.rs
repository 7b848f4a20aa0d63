//! The dot product of bytes for x86-64: AVX-512 with VNNI, and AVX2.

use std::arch::x86_64::{
    _mm_add_epi32, _mm_cvtsi128_si32, _mm_loadu_si128, _mm_shuffle_epi32, _mm256_add_epi32,
    _mm256_castsi256_si128, _mm256_cvtepi8_epi16, _mm256_cvtepu8_epi16, _mm256_extracti128_si256,
    _mm256_madd_epi16, _mm256_setzero_si256, _mm512_add_epi32, _mm512_dpbusd_epi32,
    _mm512_loadu_si512, _mm512_reduce_add_epi32, _mm512_setzero_si512,
};

use super::{BLOCK, BytesDot};

/// What this processor can run, the fastest first.
pub(super) fn available() -> Vec<(&'static str, BytesDot)> {
    let mut kernels: Vec<(&'static str, BytesDot)> = Vec::new();
    if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vnni") {
        // SAFETY: the processor has AVX-512F and VNNI, as was just asked.
        kernels.push(("avx512-vnni", |a, b| unsafe { dot_vnni(a, b) }));
    }
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2, as was just asked.
        kernels.push(("avx2", |a, b| unsafe { dot_avx2(a, b) }));
    }
    kernels
}

/// Two sums, so that one instruction needn't wait for the last.
#[target_feature(enable = "avx512f,avx512vnni")]
fn dot_vnni(a: &[u8], b: &[i8]) -> i32 {
    let (a, _) = a.as_chunks::<BLOCK>();
    let (b, _) = b.as_chunks::<BLOCK>();
    let n = a.len().min(b.len());
    let (a, b) = (
        a.get(..n).unwrap_or_default(),
        b.get(..n).unwrap_or_default(),
    );
    let mut sums = [_mm512_setzero_si512(); 2];
    let (a_pairs, a_last) = a.as_chunks::<2>();
    let (b_pairs, b_last) = b.as_chunks::<2>();
    for (a, b) in a_pairs.iter().zip(b_pairs) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            // SAFETY: a block is 64 bytes; the loads are unaligned.
            let (a, b) = unsafe {
                (
                    _mm512_loadu_si512(a.as_ptr().cast()),
                    _mm512_loadu_si512(b.as_ptr().cast()),
                )
            };
            *sum = _mm512_dpbusd_epi32(*sum, a, b);
        }
    }
    let [mut sum, other] = sums;
    for (a, b) in a_last.iter().zip(b_last) {
        // SAFETY: as above.
        let (a, b) = unsafe {
            (
                _mm512_loadu_si512(a.as_ptr().cast()),
                _mm512_loadu_si512(b.as_ptr().cast()),
            )
        };
        sum = _mm512_dpbusd_epi32(sum, a, b);
    }
    _mm512_reduce_add_epi32(_mm512_add_epi32(sum, other))
}

/// In sixteen bits, since pairs of products of a byte without a sign don't fit there before they are widened.
#[target_feature(enable = "avx2")]
fn dot_avx2(a: &[u8], b: &[i8]) -> i32 {
    const PART: usize = 16;
    let (a, _) = a.as_chunks::<BLOCK>();
    let (b, _) = b.as_chunks::<BLOCK>();
    let mut sums = [_mm256_setzero_si256(); BLOCK / PART];
    for (a, b) in a.iter().zip(b) {
        let (a, _) = a.as_chunks::<PART>();
        let (b, _) = b.as_chunks::<PART>();
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            // SAFETY: a part is 16 bytes; the loads are unaligned.
            let (a, b) = unsafe {
                (
                    _mm_loadu_si128(a.as_ptr().cast()),
                    _mm_loadu_si128(b.as_ptr().cast()),
                )
            };
            let products = _mm256_madd_epi16(_mm256_cvtepu8_epi16(a), _mm256_cvtepi8_epi16(b));
            *sum = _mm256_add_epi32(*sum, products);
        }
    }
    let [s0, s1, s2, s3] = sums;
    let sum = _mm256_add_epi32(_mm256_add_epi32(s0, s1), _mm256_add_epi32(s2, s3));
    let sum = _mm_add_epi32(
        _mm256_castsi256_si128(sum),
        _mm256_extracti128_si256::<1>(sum),
    );
    let sum = _mm_add_epi32(sum, _mm_shuffle_epi32::<0b_01_00_11_10>(sum));
    let sum = _mm_add_epi32(sum, _mm_shuffle_epi32::<0b_10_11_00_01>(sum));
    _mm_cvtsi128_si32(sum)
}
