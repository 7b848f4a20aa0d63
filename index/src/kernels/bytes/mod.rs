//! The dot product of bytes without a sign and bytes with one, chosen once at run time by what the processor has: how a walk
//! through a graph and a scan compare. (For many with many at once there are [products](super::products).)
//!
//! Sums of whole numbers have no order, so every kernel gives the same.

#[cfg(target_arch = "aarch64")]
mod neon;
mod portable;
#[cfg(target_arch = "x86_64")]
mod x86;

use std::sync::OnceLock;

/// Both slices hold a multiple of this many bytes; what goes beyond the last whole block isn't looked at.
pub(crate) const BLOCK: usize = 64;

/// The dot product of two slices; where one is longer, its further blocks don't count.
pub(crate) type BytesDot = fn(&[u8], &[i8]) -> i32;

/// The fastest kernel that this processor can run. Callers with a loop fetch it once.
pub(crate) fn bytes_dot() -> BytesDot {
    static BEST: OnceLock<BytesDot> = OnceLock::new();
    *BEST.get_or_init(|| {
        let best = available().first().map(|&(_, kernel)| kernel);
        best.unwrap_or(portable::dot)
    })
}

/// Every kernel that this processor can run, the fastest first.
fn available() -> Vec<(&'static str, BytesDot)> {
    let mut kernels: Vec<(&'static str, BytesDot)> = Vec::new();
    #[cfg(target_arch = "x86_64")]
    kernels.extend(x86::available());
    #[cfg(target_arch = "aarch64")]
    kernels.extend(neon::available());
    kernels.push(("portable", portable::dot));
    kernels
}

/// Asks for bytes to be brought near, since they will be read soon.
#[inline]
pub(crate) fn prefetch(bytes: &[u8]) {
    #[cfg(target_arch = "x86_64")]
    for line in bytes.chunks(64) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a prefetch reads nothing; the address is inside the slice.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = bytes;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kernel_gives_the_sum_of_whole_numbers_at_every_length() {
        for blocks in [0, 1, 2, 3, 5, 6, 12, 16, 1_024] {
            let length = blocks * BLOCK;
            let (ordinary, extreme) = (
                |i: usize| (i * 89 % 256) as u8,
                |i: usize| if i.is_multiple_of(3) { 0 } else { 255 },
            );
            for byte in [&ordinary as &dyn Fn(usize) -> u8, &extreme] {
                let a: Vec<u8> = (0..length).map(byte).collect();
                let b: Vec<i8> = (0..length).map(|i| byte(i * 7 + 1) as i8).collect();
                let exact: i32 = a
                    .iter()
                    .zip(&b)
                    .map(|(&a, &b)| i32::from(a) * i32::from(b))
                    .sum();
                for (name, kernel) in available() {
                    assert_eq!(kernel(&a, &b), exact, "{name}, {length} bytes");
                }
            }
        }
    }

    #[test]
    fn every_kernel_stops_at_the_last_block_of_the_shorter_slice() {
        for (name, kernel) in available() {
            for (a, b, blocks) in [(64, 640, 1), (192, 130, 2), (63, 64, 0), (0, 64, 0)] {
                let found = kernel(&vec![1; a], &vec![1; b]);
                assert_eq!(found, 64 * blocks, "{name}: {a} and {b} bytes");
            }
        }
    }
}
