//! Principal components: the axes along which vectors differ most, and vectors as seen from them.

use rayon::prelude::*;

use super::eigen::Eigen;
use crate::encoder::Embeddings;

/// How many vectors are looked at together: what fits into a core's second cache, for each of its sums.
const BLOCK: usize = 128;

/// The first principal components of some vectors.
pub(super) struct Components {
    mean: Vec<f64>,
    /// `width × kept`, row-major: an axis a column.
    axes: Vec<f64>,
    kept: usize,
    variance: f64,
}

impl Components {
    /// The first `kept` principal components of `vectors`, at most as many as these have numbers. `None` if an
    /// eigenvector isn't found, which no finite numbers have been seen to do.
    ///
    /// Computed in f64 and in one order, on however many threads. Of the two directions of an axis the one is taken in
    /// which its largest number is positive.
    pub(super) fn find(vectors: &Embeddings, kept: usize) -> Option<Self> {
        let width = vectors.dim();
        let mean = mean(vectors);
        let Eigen { values, vectors } = Eigen::of_symmetric(scatter(vectors, &mean), width)?;
        let mut axes = vec![0.0; width * kept];
        for (column, axis) in vectors.chunks_exact(width).take(kept).enumerate() {
            let direction = direction(axis);
            for (row, value) in axes.chunks_exact_mut(kept).zip(axis) {
                row[column] = direction * value;
            }
        }
        let total: f64 = values.iter().sum();
        let variance = values.iter().take(kept).sum::<f64>() / total;
        Some(Self {
            mean,
            axes,
            kept,
            variance: if variance.is_finite() { variance } else { 1.0 },
        })
    }

    /// How much of the variance lies along these axes, between 0 and 1.
    pub(super) fn variance(&self) -> f64 {
        self.variance
    }

    /// Where `vector` lies along each axis, seen from the mean.
    pub(super) fn project(&self, vector: &[f32]) -> impl Iterator<Item = f64> + use<> {
        let mut places = vec![0.0; self.kept];
        for ((value, mean), row) in vector
            .iter()
            .zip(&self.mean)
            .zip(self.axes.chunks_exact(self.kept))
        {
            let centred = f64::from(*value) - mean;
            for (place, axis) in places.iter_mut().zip(row) {
                *place += centred * axis;
            }
        }
        places.into_iter()
    }
}

fn mean(vectors: &Embeddings) -> Vec<f64> {
    let mut sums = vec![0.0; vectors.dim()];
    for vector in vectors.rows() {
        for (sum, value) in sums.iter_mut().zip(vector) {
            *sum += f64::from(*value);
        }
    }
    let count = vectors.len().max(1) as f64;
    sums.into_iter().map(|sum| sum / count).collect()
}

/// The covariances of `vectors`, times their number: `width × width`, symmetric.
fn scatter(vectors: &Embeddings, mean: &[f64]) -> Vec<f64> {
    let width = mean.len();
    let mut sums = vec![0.0; width * width];
    for block in vectors.values().chunks(BLOCK * width.max(1)) {
        let numbers = block.iter().zip(mean.iter().cycle());
        let centred: Vec<f64> = numbers
            .map(|(value, mean)| f64::from(*value) - mean)
            .collect();
        sums.par_chunks_exact_mut(width.max(1))
            .enumerate()
            .for_each(|(row, sums)| {
                for vector in centred.chunks_exact(width) {
                    let factor = vector[row];
                    for (sum, value) in sums[row..].iter_mut().zip(&vector[row..]) {
                        *sum += factor * value;
                    }
                }
            });
    }
    for row in 0..width {
        for column in 0..row {
            sums[row * width + column] = sums[column * width + row];
        }
    }
    sums
}

/// 1 or −1, by the sign of the largest number.
fn direction(axis: &[f64]) -> f64 {
    let largest = axis
        .iter()
        .fold(0.0f64, |largest, value| match value.abs() > largest.abs() {
            true => *value,
            false => largest,
        });
    if largest < 0.0 { -1.0 } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn embeddings<const N: usize>(rows: &[[f32; N]]) -> Embeddings {
        let mut embeddings = Embeddings::zeros(rows.len(), N);
        for (index, row) in rows.iter().enumerate() {
            embeddings.row_mut(index).unwrap().copy_from_slice(row);
        }
        embeddings
    }

    fn assert_close(found: &[f64], expected: &[f64]) {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-6, "{found} {expected}");
        }
    }

    #[test]
    fn points_on_two_known_axes_are_seen_from_them() {
        // Along (0.6, 0.8, 0) at ±10, along (−0.8, 0.6, 0) at ±5, all about (1, 2, 3).
        let vectors = embeddings(&[
            [7.0, 10.0, 3.0],
            [-5.0, -6.0, 3.0],
            [-3.0, 5.0, 3.0],
            [5.0, -1.0, 3.0],
        ]);
        let components = Components::find(&vectors, 2).unwrap();
        let seen = |row: usize| -> Vec<f64> {
            let vector = vectors.row(row).unwrap();
            components.project(vector).collect()
        };
        assert_close(&seen(0), &[10.0, 0.0]);
        assert_close(&seen(1), &[-10.0, 0.0]);
        // The second axis points to where its largest number, −0.8, is positive.
        assert_close(&seen(2), &[0.0, -5.0]);
        assert_close(&seen(3), &[0.0, 5.0]);
        assert_close(&[components.variance()], &[1.0]);
        let first = Components::find(&vectors, 1).unwrap();
        assert_close(&[first.variance()], &[0.8]);
    }

    #[test]
    fn equal_vectors_have_no_variance_and_no_place() {
        let components = Components::find(&embeddings(&[[0.5, 0.25]; 3]), 2).unwrap();
        assert_close(
            &components.project(&[0.5, 0.25]).collect::<Vec<_>>(),
            &[0.0, 0.0],
        );
        assert_eq!(components.variance(), 1.0);
    }

    #[test]
    fn the_scatter_is_the_same_on_any_number_of_threads() {
        let mut vectors = Embeddings::zeros(3 * BLOCK + 5, 33);
        for index in 0..vectors.len() {
            for (column, value) in vectors.row_mut(index).unwrap().iter_mut().enumerate() {
                *value = ((index * 37 + column * column * 11) % 101) as f32 / 7.0;
            }
        }
        let mean = mean(&vectors);
        let on = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            pool.build().unwrap().install(|| scatter(&vectors, &mean))
        };
        assert_eq!(on(1), on(3));
        // Against the definition.
        let (row, column) = (20, 7);
        let expected: f64 = vectors
            .rows()
            .map(|v| (f64::from(v[row]) - mean[row]) * (f64::from(v[column]) - mean[column]))
            .sum();
        assert!((on(2)[row * 33 + column] - expected).abs() < 1e-9 * expected.abs());
    }
}
