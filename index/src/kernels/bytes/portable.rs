//! The dot product of bytes in plain Rust: what the others are tested against, and what is used elsewhere.

use super::BLOCK;

pub(super) fn dot(a: &[u8], b: &[i8]) -> i32 {
    let (a, _) = a.as_chunks::<BLOCK>();
    let (b, _) = b.as_chunks::<BLOCK>();
    let product = |(a, b): (&[u8; BLOCK], &[i8; BLOCK])| -> i32 {
        let products = a.iter().zip(b);
        products.map(|(&a, &b)| i32::from(a) * i32::from(b)).sum()
    };
    a.iter().zip(b).map(product).sum()
}
