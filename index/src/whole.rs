//! Vectors as the whole numbers that they are stored in, for whoever stores them elsewhere.

use crate::kernels;
use crate::rows::inverse_step;

/// The whole numbers, from -511 to 511, that a vector of unit length is stored as. They point in its direction, nearly, and
/// have lost their length.
///
/// ```
/// use topoi_index::{from_whole, to_whole};
///
/// let numbers = to_whole(&[0.6, -0.8, 0.0]);
/// assert_eq!(numbers, [383, -511, 0]);
/// let vector = from_whole(&numbers);
/// assert_eq!(to_whole(&vector), numbers);
/// ```
#[must_use]
pub fn to_whole(vector: &[f32]) -> Vec<i16> {
    let inverse = inverse_step(vector);
    let numbers = vector.iter();
    numbers
        .map(|x| kernels::nearest_whole(x * inverse) as i16)
        .collect()
}

/// The vector of unit length that such numbers stand for: what a segment gives back that stores them.
#[must_use]
pub fn from_whole(numbers: &[i16]) -> Vec<f32> {
    let squared: i64 = numbers.iter().map(|&n| i64::from(n) * i64::from(n)).sum();
    let scale = (1.0 / (squared as f64).sqrt()) as f32;
    numbers.iter().map(|&n| f32::from(n) * scale).collect()
}
