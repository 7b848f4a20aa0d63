//! From the numbers of ten bits that vectors are stored in to floats.
//!
//! One source for all processors, which the compiler turns into vector instructions of those that are found at run time. It
//! multiplies once for each number, so that all give the same bits.

use std::sync::OnceLock;

/// A number is `coarse × 4 + fine - MIDDLE` steps.
pub(crate) const MIDDLE: i32 = 512;

/// Numbers from a byte of eight coarse bits each, and from bytes of two fine bits each for four: the byte at `i` has those of
/// the numbers at `i`, `i + q`, `i + 2q` and `i + 3q`, where `q` is how many such bytes there are, lowest bits first. Each is
/// multiplied by the scale. Where there are too few bytes, all become zero.
pub(crate) type Decode = fn(coarse: &[u8], fine: &[u8], scale: f32, out: &mut [f32]);

/// The fastest for this processor. Callers with a loop fetch it once.
pub(crate) fn decode() -> Decode {
    static BEST: OnceLock<Decode> = OnceLock::new();
    *BEST.get_or_init(|| {
        let best = available().first().copied();
        best.unwrap_or(portable)
    })
}

/// Every one that this processor can run, the fastest first.
fn available() -> Vec<Decode> {
    let mut kernels: Vec<Decode> = Vec::new();
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw") {
            // SAFETY: the processor has AVX-512F and BW, as was just asked.
            kernels.push(|coarse, fine, scale, out| unsafe { avx512(coarse, fine, scale, out) });
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has AVX2, as was just asked.
            kernels.push(|coarse, fine, scale, out| unsafe { avx2(coarse, fine, scale, out) });
        }
    }
    kernels.push(portable);
    kernels
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw")]
fn avx512(coarse: &[u8], fine: &[u8], scale: f32, out: &mut [f32]) {
    numbers(coarse, fine, scale, out);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn avx2(coarse: &[u8], fine: &[u8], scale: f32, out: &mut [f32]) {
    numbers(coarse, fine, scale, out);
}

fn portable(coarse: &[u8], fine: &[u8], scale: f32, out: &mut [f32]) {
    numbers(coarse, fine, scale, out);
}

#[inline(always)]
fn numbers(coarse: &[u8], fine: &[u8], scale: f32, out: &mut [f32]) {
    if coarse.len() < out.len() || fine.len() * 4 < out.len() {
        out.fill(0.0);
        return;
    }
    let parts = out.chunks_mut(fine.len().max(1));
    let parts = parts.zip(coarse.chunks(fine.len().max(1)));
    for ((out, coarse), shift) in parts.zip([0, 2, 4, 6]) {
        for ((out, &coarse), &fine) in out.iter_mut().zip(coarse).zip(fine) {
            let steps = i32::from(coarse) * 4 + i32::from((fine >> shift) & 3) - MIDDLE;
            *out = steps as f32 * scale;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_give_the_same_bits_at_every_length() {
        for dim in (1..70).chain([127usize, 384, 1023]) {
            let coarse: Vec<u8> = (0..dim).map(|i| (i * 89 + 3) as u8).collect();
            let fine: Vec<u8> = (0..dim.div_ceil(4)).map(|i| (i * 57 + 9) as u8).collect();
            let mut expected = vec![0.0; dim];
            portable(&coarse, &fine, 0.37, &mut expected);
            for (i, &found) in expected.iter().enumerate() {
                let (part, byte) = (i / fine.len(), fine[i % fine.len()]);
                let steps = i32::from(coarse[i]) * 4 + i32::from(byte >> (2 * part) & 3) - 512;
                assert_eq!(found, steps as f32 * 0.37);
            }
            for kernel in available() {
                let mut found = vec![f32::NAN; dim];
                kernel(&coarse, &fine, 0.37, &mut found);
                assert_eq!(found, expected);
            }
        }
    }

    #[test]
    fn where_there_are_too_few_bytes_all_is_zero() {
        for kernel in available() {
            for (coarse, fine) in [(9, 2), (8, 3), (0, 0)] {
                let mut out = [1.0; 9];
                kernel(&vec![7; coarse], &vec![7; fine], 1.0, &mut out);
                assert_eq!(out, [0.0; 9]);
            }
        }
    }
}
