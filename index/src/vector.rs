//! Unit vectors: what may be compared, and what is refused.

use crate::error::VectorError;
use crate::kernels;

/// Below this length a vector has no direction worth the name, and is refused.
const SHORTEST: f64 = 1e-12;

/// A vector whose squared length is this near to 1 is left bit for bit as it is, so that a vector
/// that is read from one segment and written to another (a merge) never drifts.
const UNIT_TOLERANCE: f64 = 1e-6;

/// A vector of finite numbers and of length 1, so that a cosine is a dot product.
///
/// ```
/// use topoi_index::UnitVector;
///
/// let a = UnitVector::new(vec![3.0, 4.0])?;
/// assert_eq!(a.as_slice(), [0.6, 0.8]);
/// assert!(UnitVector::new(vec![0.0, 0.0]).is_err());
/// # Ok::<(), topoi_index::VectorError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct UnitVector(Vec<f32>);

impl UnitVector {
    /// Scales `values` to length 1; values that already have it (to 1e-6) are kept bit for bit.
    ///
    /// # Errors
    ///
    /// An empty vector, one with a number that is NaN or infinite, and one shorter than 1e-12.
    pub fn new(mut values: Vec<f32>) -> Result<Self, VectorError> {
        normalise(&mut values)?;
        Ok(Self(values))
    }

    /// The numbers.
    pub fn as_slice(&self) -> &[f32] {
        &self.0
    }

    /// How many numbers it has.
    pub fn dim(&self) -> usize {
        self.0.len()
    }

    /// The cosine of the angle between the two, in -1 ..= 1. Where one is longer, its further
    /// numbers don't count.
    pub fn dot(&self, other: &Self) -> f32 {
        kernels::cosine(kernels::dot(), &self.0, &other.0)
    }
}

/// Scales to length 1 in place; see [`UnitVector::new`] for what is refused.
pub(crate) fn normalise(values: &mut [f32]) -> Result<(), VectorError> {
    if values.is_empty() {
        return Err(VectorError::Empty);
    }
    if let Some(position) = values.iter().position(|x| !x.is_finite()) {
        return Err(VectorError::NotFinite { position });
    }
    // In f64 the squares of the largest f32 neither overflow nor those of the smallest vanish.
    let squared: f64 = values.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
    let length = squared.sqrt();
    if length < SHORTEST {
        return Err(VectorError::Zero);
    }
    if (squared - 1.0).abs() > UNIT_TOLERANCE {
        for x in values {
            *x = (f64::from(*x) / length) as f32;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_is_scaled_to_length_one_and_then_never_changes() {
        for values in [
            vec![1e-6_f32, 2e-6],
            vec![3e38, -3e38, 1.0],
            vec![0.3, 0.1, 7.0],
        ] {
            let once = UnitVector::new(values).unwrap();
            let twice = UnitVector::new(once.as_slice().to_vec()).unwrap();
            assert!((once.dot(&once) - 1.0).abs() < 1e-6);
            assert_eq!(once, twice);
        }
    }

    #[test]
    fn vectors_without_a_direction_are_refused() {
        use VectorError::{Empty, NotFinite, Zero};
        let cases = [
            (vec![], Empty),
            (vec![0.0, -0.0], Zero),
            (vec![1e-13, 0.0], Zero),
            (vec![1.0, f32::NAN], NotFinite { position: 1 }),
            (vec![f32::NEG_INFINITY], NotFinite { position: 0 }),
        ];
        for (values, expected) in cases {
            assert_eq!(UnitVector::new(values), Err(expected));
        }
    }
}
