//! Eigenvalues and eigenvectors of a symmetric matrix, in f64.
//!
//! Householder's reflections make the matrix tridiagonal, and the QL method with implicit shifts makes that diagonal: the
//! procedures `tred2` and `imtql2` of Wilkinson & Reinsch, *Handbook for Automatic Computation II: Linear Algebra*
//! (1971). Takes some 9 n³ multiplications; everything runs along rows, so that compilers make vector instructions of it.

/// Rounds of the QL method for one eigenvalue. Two are usual.
const MOST_ROUNDS: usize = 64;

/// All eigenvalues of a matrix and a unit eigenvector for each, the largest eigenvalue first.
pub(super) struct Eigen {
    pub(super) values: Vec<f64>,
    /// `n × n`, row-major: an eigenvector a row.
    pub(super) vectors: Vec<f64>,
}

impl Eigen {
    /// Those of the symmetric matrix `a`, which is `n × n` and row-major. `None` if they aren't found, as where a number
    /// isn't finite.
    pub(super) fn of_symmetric(a: Vec<f64>, n: usize) -> Option<Self> {
        let mut tridiagonal = Tridiagonal::of(a, n);
        tridiagonal.diagonalise()?;
        let Tridiagonal {
            diagonal, vectors, ..
        } = tridiagonal;
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|a, b| diagonal[*b].total_cmp(&diagonal[*a]));
        let row = |index: &usize| &vectors[index * n..][..n];
        Some(Self {
            values: order.iter().map(|index| diagonal[*index]).collect(),
            vectors: order.iter().flat_map(row).copied().collect(),
        })
    }
}

/// A symmetric matrix as `Qᵀ T Q`, with `Q` orthogonal and `T` tridiagonal.
struct Tridiagonal {
    diagonal: Vec<f64>,
    /// What stands beside the diagonal, and a zero behind.
    beside: Vec<f64>,
    /// `Q`, `n × n`, row-major.
    vectors: Vec<f64>,
    n: usize,
}

impl Tridiagonal {
    /// Reflects `a` step by step, so that of each row nothing but what stands beside the diagonal is left.
    fn of(mut a: Vec<f64>, n: usize) -> Self {
        let mut beside = vec![0.0; n];
        let mut mirrors = Vec::with_capacity(n.saturating_sub(2));
        for step in 0..n.saturating_sub(1) {
            let first = step + 1;
            let (mirror, length) = mirror(&a[step * n + first..(step + 1) * n]);
            beside[step] = length;
            if let Some(mirror) = &mirror {
                reflect_both_sides(&mut a, n, first, mirror);
            }
            mirrors.push(mirror);
        }
        let diagonal = (0..n).map(|index| a[index * n + index]).collect();
        Self {
            diagonal,
            beside,
            vectors: product(&mirrors, n),
            n,
        }
    }

    /// Turns `T` into a diagonal matrix, and the rows of `Q` into eigenvectors.
    fn diagonalise(&mut self) -> Option<()> {
        let largest = self
            .diagonal
            .iter()
            .chain(&self.beside)
            .fold(0.0f64, |largest, value| largest.max(value.abs()));
        let negligible = f64::EPSILON * largest;
        for first in 0..self.n {
            let mut rounds = 0;
            loop {
                let rest = &self.beside[first..];
                // A NaN is never negligible: the rounds are used up, and no eigenvalue is found.
                let last = first + rest.iter().position(|value| value.abs() <= negligible)?;
                if last == first {
                    break;
                }
                if rounds == MOST_ROUNDS {
                    return None;
                }
                rounds += 1;
                self.round(first, last);
            }
        }
        Some(())
    }

    /// One round of the QL method, on what lies between the places `first` and `last`.
    fn round(&mut self, first: usize, last: usize) {
        let (d, e) = (&mut self.diagonal, &mut self.beside);
        // Wilkinson's shift: the eigenvalue of the first two rows that is nearer to the first.
        let half = (d[first + 1] - d[first]) / (2.0 * e[first]);
        let mut g = d[last] - d[first] + e[first] / (half + half.hypot(1.0).copysign(half));
        let (mut sine, mut cosine, mut shift) = (1.0, 1.0, 0.0);
        for place in (first..last).rev() {
            let f = sine * e[place];
            let b = cosine * e[place];
            let r = f.hypot(g);
            e[place + 1] = r;
            if r == 0.0 {
                // The matrix falls apart here.
                d[place + 1] -= shift;
                e[last] = 0.0;
                return;
            }
            (sine, cosine) = (f / r, g / r);
            g = d[place + 1] - shift;
            let r = (d[place] - g) * sine + 2.0 * cosine * b;
            shift = sine * r;
            d[place + 1] = g + shift;
            g = cosine * r - b;
            rotate(
                &mut self.vectors[place * self.n..][..2 * self.n],
                sine,
                cosine,
            );
        }
        d[first] -= shift;
        e[first] = g;
        e[last] = 0.0;
    }
}

/// Turns the two rows of `pair` in the plane between them.
fn rotate(pair: &mut [f64], sine: f64, cosine: f64) {
    let (upper, lower) = pair.split_at_mut(pair.len() / 2);
    for (upper, lower) in upper.iter_mut().zip(lower) {
        let (u, l) = (*upper, *lower);
        *lower = sine * u + cosine * l;
        *upper = cosine * u - sine * l;
    }
}

/// The unit vector `v` whose reflection `I − 2 v vᵀ` leaves of `x` its first number only, and that number. `None` where
/// nothing else is there to begin with.
fn mirror(x: &[f64]) -> (Option<Vec<f64>>, f64) {
    let [head, tail @ ..] = x else {
        return (None, 0.0);
    };
    let largest = tail
        .iter()
        .fold(0.0f64, |largest, value| largest.max(value.abs()));
    if largest == 0.0 {
        return (None, *head);
    }
    let length = norm(x);
    // Away from the head, so that nothing cancels.
    let left = -length.copysign(*head);
    let mut v = x.to_vec();
    v[0] -= left;
    let scale = norm(&v).recip();
    for value in &mut v {
        *value *= scale;
    }
    (Some(v), left)
}

/// The length of `x`, without overflow or underflow.
fn norm(x: &[f64]) -> f64 {
    let largest = x
        .iter()
        .fold(0.0f64, |largest, value| largest.max(value.abs()));
    if largest == 0.0 {
        return 0.0;
    }
    let squares = x.iter().map(|value| (value / largest).powi(2));
    largest * squares.sum::<f64>().sqrt()
}

/// `H A H` with `H = I − 2 v vᵀ`, on the rows and columns of `a` from `first` on: `A − v wᵀ − w vᵀ`, where
/// `w = 2 (A v − (vᵀ A v) v)`.
fn reflect_both_sides(a: &mut [f64], n: usize, first: usize, v: &[f64]) {
    let mut w = vec![0.0; v.len()];
    for (row, factor) in a[first * n..].chunks_exact(n).zip(v) {
        for (sum, value) in w.iter_mut().zip(&row[first..]) {
            *sum += factor * value;
        }
    }
    let middle: f64 = w.iter().zip(v).map(|(w, v)| w * v).sum();
    for (w, v) in w.iter_mut().zip(v) {
        *w = 2.0 * (*w - middle * v);
    }
    for ((row, v_row), w_row) in a[first * n..].chunks_exact_mut(n).zip(v).zip(&w) {
        for ((value, v), w) in row[first..].iter_mut().zip(v).zip(&w) {
            *value -= v_row * w + w_row * v;
        }
    }
}

/// The product of reflections, the last one first. Each leaves as many numbers alone as there are before it, and one.
fn product(mirrors: &[Option<Vec<f64>>], n: usize) -> Vec<f64> {
    let mut q = vec![0.0; n * n];
    for index in 0..n {
        q[index * n + index] = 1.0;
    }
    // From the last one on, so that each finds only as many rows changed as it changes itself: it stands on the right
    // of those behind it, and so works within rows.
    for (step, mirror) in mirrors.iter().enumerate().rev() {
        let Some(v) = mirror else { continue };
        let first = step + 1;
        for row in q[first * n..].chunks_exact_mut(n) {
            let row = &mut row[first..];
            let along: f64 = row.iter().zip(v).map(|(value, v)| value * v).sum();
            for (value, v) in row.iter_mut().zip(v) {
                *value -= 2.0 * along * v;
            }
        }
    }
    q
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A symmetric matrix of numbers between −1 and 1, the same every time.
    fn random(n: usize) -> Vec<f64> {
        let mut state = 1u64;
        let mut a = vec![0.0; n * n];
        for row in 0..n {
            for column in 0..=row {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                let value = (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0;
                a[row * n + column] = value;
                a[column * n + row] = value;
            }
        }
        a
    }

    fn dot(a: &[f64], b: &[f64]) -> f64 {
        a.iter().zip(b).map(|(a, b)| a * b).sum()
    }

    /// Checks that `a v = λ v` for each pair, that the vectors are orthonormal and the values in order.
    fn assert_decomposes(a: &[f64], n: usize) -> Vec<f64> {
        let Eigen { values, vectors } = Eigen::of_symmetric(a.to_vec(), n).unwrap();
        assert!(values.is_sorted_by(|a, b| a >= b), "{values:?}");
        let scale = a.iter().fold(1.0f64, |largest, x| largest.max(x.abs()));
        let vector = |index: usize| &vectors[index * n..][..n];
        for (index, value) in values.iter().enumerate() {
            for (row, component) in a.chunks_exact(n).zip(vector(index)) {
                let error = dot(row, vector(index)) - value * component;
                assert!(error.abs() < 1e-12 * scale * n as f64, "{error}");
            }
            for other in 0..=index {
                let expected = f64::from(u8::from(other == index));
                let found = dot(vector(index), vector(other));
                assert!((found - expected).abs() < 1e-12, "{found}");
            }
        }
        values
    }

    #[test]
    fn known_matrices_have_the_eigenvalues_that_are_known() {
        assert_eq!(assert_decomposes(&[], 0), [0.0; 0]);
        assert_eq!(assert_decomposes(&[-3.0], 1), [-3.0]);
        let values = assert_decomposes(&[2.0, 1.0, 1.0, 2.0], 2);
        assert!((values[0] - 3.0).abs() < 1e-14 && (values[1] - 1.0).abs() < 1e-14);
        // Twos on the diagonal and ones beside it: 2 + 2 cos(kπ ÷ (n + 1)).
        let n = 20;
        let mut a = vec![0.0; n * n];
        for index in 0..n {
            a[index * n + index] = 2.0;
            if index > 0 {
                a[index * n + index - 1] = 1.0;
                a[(index - 1) * n + index] = 1.0;
            }
        }
        for (k, value) in assert_decomposes(&a, n).into_iter().enumerate() {
            let angle = (k + 1) as f64 * std::f64::consts::PI / (n + 1) as f64;
            assert!((value - 2.0 - 2.0 * angle.cos()).abs() < 1e-13);
        }
    }

    #[test]
    fn any_symmetric_matrix_is_decomposed() {
        for n in [2, 3, 4, 5, 17, 64, 131] {
            let trace: f64 = (0..n).map(|index| random(n)[index * n + index]).sum();
            let values = assert_decomposes(&random(n), n);
            assert!((values.iter().sum::<f64>() - trace).abs() < 1e-11);
        }
    }

    #[test]
    fn equal_and_vanishing_eigenvalues_are_no_trouble() {
        let n = 12;
        let identity: Vec<f64> = (0..n * n)
            .map(|index| f64::from(u8::from(index % (n + 1) == 0)))
            .collect();
        assert_eq!(assert_decomposes(&identity, n), [1.0; 12]);
        assert_eq!(assert_decomposes(&vec![0.0; n * n], n), [0.0; 12]);
        // The outer product of a vector with itself has one eigenvalue that isn't zero.
        let x: Vec<f64> = (0..n).map(|index| index as f64 - 3.0).collect();
        let outer: Vec<f64> = x
            .iter()
            .flat_map(|a| x.iter().map(move |b| a * b))
            .collect();
        let values = assert_decomposes(&outer, n);
        assert!((values[0] - dot(&x, &x)).abs() < 1e-10);
        assert!(values[1..].iter().all(|value| value.abs() < 1e-10));
        let tiny: Vec<f64> = outer.iter().map(|value| value * 1e-200).collect();
        assert!(Eigen::of_symmetric(tiny, n).unwrap().values[0] > 0.0);
    }

    #[test]
    fn what_is_not_a_number_ends_without_eigenvalues() {
        assert!(Eigen::of_symmetric(vec![f64::NAN; 9], 3).is_none());
    }
}
