//! The dot product, chosen once at run time by what the processor has; and, likewise, those of [bytes] and of
//! [many bytes with many](products), and [decoding](decode).

pub(crate) mod bytes;
pub(crate) mod decode;
#[cfg(target_arch = "aarch64")]
mod neon;
mod portable;
pub(crate) mod products;
#[cfg(target_arch = "x86_64")]
mod x86;

use std::sync::OnceLock;

/// A dot product of two slices; where one is longer, its further numbers don't count.
pub(crate) type Dot = fn(&[f32], &[f32]) -> f32;

/// The fastest dot product of this processor, and its name.
static BEST: OnceLock<(&str, Dot)> = OnceLock::new();

/// The fastest dot product that this processor can run. Callers with a loop fetch it once.
pub(crate) fn dot() -> Dot {
    best().1
}

/// Which instruction set the distances are computed with: `avx512`, `avx2`, `neon` or `portable`.
///
/// Scores of two of them differ in the last bits, since they add in another order.
pub fn instruction_set() -> &'static str {
    best().0
}

/// The cosine of two unit vectors: their dot product, held to -1 ..= 1. What is not a number (it
/// could come only from a damaged file) counts as -1, so that scores are always ordered.
#[inline]
#[expect(clippy::manual_clamp, reason = "clamp would let NaN through")]
pub(crate) fn cosine(dot: Dot, a: &[f32], b: &[f32]) -> f32 {
    dot(a, b).max(-1.0).min(1.0)
}

/// Rounds a number below 2^22, as `f32::round_ties_even` does, but without a call where the target promises no instruction for
/// it: from 2^23 on neighbouring floats are one apart.
#[inline]
pub(crate) fn nearest_whole(x: f32) -> f32 {
    const SHIFT: f32 = 12_582_912.0;
    (x + SHIFT) - SHIFT
}

/// The dot product of two vectors, as searches compute it; where one is longer, its further numbers don't count.
///
/// ```
/// assert_eq!(topoi_index::dot_product(&[1.0, 2.0], &[3.0, 0.5]), 4.0);
/// ```
pub fn dot_product(a: &[f32], b: &[f32]) -> f32 {
    dot()(a, b)
}

fn best() -> (&'static str, Dot) {
    *BEST.get_or_init(|| {
        available()
            .first()
            .copied()
            .unwrap_or(("portable", portable::dot))
    })
}

/// Every dot product that this processor can run, the fastest first.
fn available() -> Vec<(&'static str, Dot)> {
    let mut kernels: Vec<(&'static str, Dot)> = Vec::new();
    #[cfg(target_arch = "x86_64")]
    kernels.extend(x86::available());
    #[cfg(target_arch = "aarch64")]
    kernels.extend(neon::available());
    kernels.push(("portable", portable::dot));
    kernels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kernel_agrees_with_the_portable_twin_and_with_f64() {
        let lengths = (0..70).chain([127, 128, 129, 383, 384, 385, 767, 768, 1024, 4099]);
        for n in lengths {
            let a: Vec<f32> = (0..n)
                .map(|i| ((i * 37 + 11) % 101) as f32 / 50.0 - 1.0)
                .collect();
            let b: Vec<f32> = (0..n)
                .map(|i| ((i * 53 + 29) % 97) as f32 / 48.0 - 1.0)
                .collect();
            let exact: f64 = a
                .iter()
                .zip(&b)
                .map(|(&x, &y)| f64::from(x) * f64::from(y))
                .sum();
            let scale: f64 = a
                .iter()
                .zip(&b)
                .map(|(x, y)| f64::from((x * y).abs()))
                .sum();
            for (name, kernel) in available() {
                let found = kernel(&a, &b);
                assert!(
                    (f64::from(found) - exact).abs() <= 1e-6 * scale.max(1.0),
                    "{name}, length {n}: {found} for {exact}"
                );
                assert!(
                    (found - portable::dot(&a, &b)).abs() <= 2e-6 * scale.max(1.0) as f32,
                    "{name}, length {n}: {found}"
                );
            }
        }
    }

    #[test]
    fn every_kernel_stops_at_the_end_of_the_shorter_slice() {
        let a = vec![1.0; 77];
        for (name, kernel) in available() {
            for n in 0..77 {
                assert_eq!(kernel(&a, &vec![1.0; n]), n as f32, "{name}");
                assert_eq!(kernel(&vec![1.0; n], &a), n as f32, "{name}");
            }
        }
    }

    #[test]
    fn whole_numbers_are_the_nearest_and_ties_go_to_the_even_one() {
        for i in -2_000..2_000 {
            let x = i as f32 / 4.0;
            assert_eq!(nearest_whole(x), x.round_ties_even(), "{x}");
        }
        assert!(nearest_whole(f32::NAN).is_nan());
    }

    #[test]
    fn a_cosine_is_a_number_between_minus_one_and_one() {
        let nan = [f32::NAN, 1.0];
        assert_eq!(cosine(dot(), &nan, &nan), -1.0);
        assert_eq!(cosine(dot(), &[2.0], &[2.0]), 1.0);
        assert_eq!(cosine(dot(), &[f32::MAX], &[f32::NEG_INFINITY]), -1.0);
    }
}
