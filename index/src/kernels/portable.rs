//! The dot product in plain Rust: what the others are tested against, and what is used elsewhere.

/// Enough independent sums that the compiler can use whatever vector unit the target promises.
const LANES: usize = 16;

pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let n = a.len().min(b.len());
    let (a, a_rest) = a.get(..n).unwrap_or_default().as_chunks::<LANES>();
    let (b, b_rest) = b.get(..n).unwrap_or_default().as_chunks::<LANES>();
    let mut sums = [0.0f32; LANES];
    for (x, y) in a.iter().zip(b) {
        for ((sum, x), y) in sums.iter_mut().zip(x).zip(y) {
            *sum += x * y;
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(x, y)| x * y).sum();
    sums.iter().sum::<f32>() + rest
}
