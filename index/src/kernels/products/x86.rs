//! Products of bytes for x86-64: AVX-512 with VNNI, and AVX2.

use std::arch::x86_64::{
    __m256i, __m512i, _mm256_abs_epi8, _mm256_add_epi32, _mm256_load_si256, _mm256_madd_epi16,
    _mm256_maddubs_epi16, _mm256_set1_epi16, _mm256_set1_epi32, _mm256_setzero_si256,
    _mm256_sign_epi8, _mm256_storeu_si256, _mm512_dpbusd_epi32, _mm512_load_si512,
    _mm512_loadu_si512, _mm512_reduce_add_epi32, _mm512_set1_epi8, _mm512_set1_epi32,
    _mm512_setzero_si512, _mm512_storeu_si512, _mm512_xor_si512,
};

use super::{LANES, Products, Quad, Quads, ROWS, shortest};

/// What this processor can run, the fastest first.
pub(super) fn available() -> Vec<(&'static str, Products)> {
    let mut kernels: Vec<(&'static str, Products)> = Vec::new();
    if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vnni") {
        // SAFETY: the processor has AVX-512F and VNNI, as was just asked.
        kernels.push(("avx512-vnni", |rows, groups, out| unsafe {
            products_vnni(rows, groups, out);
        }));
    }
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2, as was just asked.
        kernels.push(("avx2", |rows, groups, out| unsafe {
            products_avx2(rows, groups, out);
        }));
    }
    kernels
}

/// Two groups at a time, so that sixteen sums are under way and each number of a row is read once for both.
#[target_feature(enable = "avx512f,avx512vnni")]
fn products_vnni(rows: &[&[Quad]; ROWS], groups: &[Quads], out: &mut [[[i32; LANES]; ROWS]]) {
    let quads = shortest(rows);
    if quads == 0 {
        return;
    }
    let rows = rows.map(|row| row.get(..quads).unwrap_or_default());
    // The instruction wants bytes without a sign on one side, so 128 is added to those of the groups.
    let too_much = rows.map(|row| -128 * sum_vnni(row));
    let mut groups = groups.chunks_exact(quads);
    let (pairs, last) = out.as_chunks_mut::<2>();
    for out in pairs {
        match (groups.next(), groups.next()) {
            (Some(a), Some(b)) => multiply_vnni(&rows, [a, b], &too_much, out),
            (Some(a), None) => {
                let [out, _] = out;
                multiply_vnni(&rows, [a], &too_much, std::array::from_mut(out));
            }
            (None, _) => return,
        }
    }
    if let ([out], Some(group)) = (last, groups.next()) {
        multiply_vnni(&rows, [group], &too_much, std::array::from_mut(out));
    }
}

/// The sum of all bytes.
#[inline]
#[target_feature(enable = "avx512f,avx512vnni")]
fn sum_vnni(row: &[Quad]) -> i32 {
    let (parts, rest) = row.as_chunks::<LANES>();
    let ones = _mm512_set1_epi8(1);
    let mut sums = _mm512_setzero_si512();
    for part in parts {
        // SAFETY: a part is 64 bytes; the load is unaligned.
        let part = unsafe { _mm512_loadu_si512(part.as_ptr().cast()) };
        sums = _mm512_dpbusd_epi32(sums, ones, part);
    }
    let rest = rest.as_flattened().iter().map(|&x| i32::from(x));
    _mm512_reduce_add_epi32(sums) + rest.sum::<i32>()
}

/// All slices are equally long.
#[inline]
#[target_feature(enable = "avx512f,avx512vnni")]
fn multiply_vnni<const N: usize>(
    rows: &[&[Quad]; ROWS],
    groups: [&[Quads]; N],
    start: &[i32; ROWS],
    out: &mut [[[i32; LANES]; ROWS]; N],
) {
    let quads = shortest(rows);
    debug_assert!(groups.iter().all(|group| group.len() == quads));
    let rows = rows.map(|row| row.as_ptr().cast::<i32>());
    let groups = groups.map(|group| group.as_ptr().cast::<__m512i>());
    let sign = _mm512_set1_epi8(i8::MIN);
    let mut sums = [start.map(|start| _mm512_set1_epi32(start)); N];
    for q in 0..quads {
        // SAFETY: q is below the length of each slice; a `Quads` is 64 bytes at a multiple of 64.
        let vectors =
            groups.map(|group| unsafe { _mm512_xor_si512(_mm512_load_si512(group.add(q)), sign) });
        for (r, row) in rows.iter().enumerate() {
            // SAFETY: q is below the length of each slice, and a quad is 4 bytes.
            let row = _mm512_set1_epi32(unsafe { row.add(q).read_unaligned() });
            for (sums, &vectors) in sums.iter_mut().zip(&vectors) {
                sums[r] = _mm512_dpbusd_epi32(sums[r], vectors, row);
            }
        }
    }
    for (sums, out) in sums.iter().zip(out) {
        for (&sums, out) in sums.iter().zip(out) {
            // SAFETY: `out` is 16 numbers of 4 bytes; the store is unaligned.
            unsafe { _mm512_storeu_si512(out.as_mut_ptr().cast(), sums) };
        }
    }
}

/// Rows that AVX2 has registers for.
const HALF: usize = ROWS / 2;

#[target_feature(enable = "avx2")]
fn products_avx2(rows: &[&[Quad]; ROWS], groups: &[Quads], out: &mut [[[i32; LANES]; ROWS]]) {
    let quads = shortest(rows);
    if quads == 0 {
        return;
    }
    for (group, out) in groups.chunks_exact(quads).zip(out) {
        let (rows, _) = rows.as_chunks::<HALF>();
        let (out, _) = out.as_chunks_mut::<HALF>();
        for (rows, out) in rows.iter().zip(out) {
            multiply_avx2(rows, group, out);
        }
    }
}

/// No row is shorter than the group.
#[inline]
#[target_feature(enable = "avx2")]
fn multiply_avx2(rows: &[&[Quad]; HALF], group: &[Quads], out: &mut [[i32; LANES]; HALF]) {
    debug_assert!(rows.iter().all(|row| row.len() >= group.len()));
    let rows = rows.map(|row| row.as_ptr().cast::<i32>());
    let ones = _mm256_set1_epi16(1);
    let mut sums = [[_mm256_setzero_si256(); 2]; HALF];
    for (q, vectors) in group.iter().enumerate() {
        let vectors = std::ptr::from_ref(vectors).cast::<__m256i>();
        // SAFETY: a `Quads` is twice 32 bytes at a multiple of 64.
        let halves = unsafe { [vectors.read(), _mm256_load_si256(vectors.add(1))] };
        for (sums, row) in sums.iter_mut().zip(rows) {
            // SAFETY: q is below the length of each row, and a quad is 4 bytes.
            let row = _mm256_set1_epi32(unsafe { row.add(q).read_unaligned() });
            let size = _mm256_abs_epi8(row);
            for (sum, half) in sums.iter_mut().zip(halves) {
                // The sum of two products is at most 2 · 127², which 16 bits hold.
                let pairs = _mm256_maddubs_epi16(size, _mm256_sign_epi8(half, row));
                *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(pairs, ones));
            }
        }
    }
    for (sums, out) in sums.iter().zip(out) {
        let out = out.as_mut_ptr().cast::<__m256i>();
        let [low, high] = *sums;
        // SAFETY: `out` is 16 numbers of 4 bytes, twice 32; the stores are unaligned.
        unsafe {
            _mm256_storeu_si256(out, low);
            _mm256_storeu_si256(out.add(1), high);
        }
    }
}
