//! Functions of vectors, as polynomials that hold to the last bits of f32.

use super::simd::Simd;
use crate::engine::config::Activation;

/// `eˣ` within 2e-7 in proportion for x from −87 to 88, and what it is at the ends beyond; no number where x is none. 2ⁿ
/// times a polynomial on [−½ ln 2, ½ ln 2] (Cephes, `expf`).
#[inline(always)]
#[expect(
    clippy::excessive_precision,
    reason = "the published coefficients, digit for digit"
)]
pub(super) fn exp<S: Simd>(simd: S, x: S::F) -> S::F {
    /// Adding and taking away 1.5 · 2²³ rounds to a whole number.
    const ROUND: f32 = 12_582_912.0;
    let x = clamp(simd, x, -87.0, 88.0);
    let round = simd.splat(ROUND);
    let n = simd.mul_add(x, simd.splat(std::f32::consts::LOG2_E), round);
    let n = simd.sub(n, round);
    let r = simd.mul_add(n, simd.splat(-0.693359375), x);
    let r = simd.mul_add(n, simd.splat(2.12194440e-4), r);
    let p = polynomial(
        simd,
        r,
        &[
            1.9875691500e-4,
            1.3981999507e-3,
            8.3334519073e-3,
            4.1665795894e-2,
            1.6666665459e-1,
            5.0000001201e-1,
        ],
    );
    let p = simd.mul_add(p, simd.mul(r, r), r);
    simd.mul(simd.add(p, simd.splat(1.0)), simd.power_of_two(n))
}

/// The error function, within 5e-7: the rational minimax approximation on [−4, 4] that Eigen and XLA use for
/// f32. Beyond, it is 1 to within half a unit in the last place.
#[inline(always)]
#[expect(
    clippy::excessive_precision,
    reason = "the published coefficients, digit for digit"
)]
fn erf<S: Simd>(simd: S, x: S::F) -> S::F {
    let x = clamp(simd, x, -4.0, 4.0);
    let square = simd.mul(x, x);
    let above = polynomial(
        simd,
        square,
        &[
            -2.72614225801306e-10,
            2.77068142495902e-08,
            -2.10102402082508e-06,
            -5.69250639462346e-05,
            -7.34990630326855e-04,
            -2.95459980854025e-03,
            -1.60960333262415e-02,
        ],
    );
    let below = polynomial(
        simd,
        square,
        &[
            -1.45660718464996e-05,
            -2.13374055278905e-04,
            -1.68282697438203e-03,
            -7.37332916720468e-03,
            -1.42647390514189e-02,
        ],
    );
    simd.div(simd.mul(x, above), below)
}

/// The nearest to `x` from `least` to `most`; no number where `x` is none.
#[inline(always)]
fn clamp<S: Simd>(simd: S, x: S::F, least: f32, most: f32) -> S::F {
    simd.min(simd.splat(most), simd.max(simd.splat(least), x))
}

/// The polynomial with these coefficients, the highest power's first.
#[inline(always)]
fn polynomial<S: Simd, const N: usize>(simd: S, x: S::F, coefficients: &[f32; N]) -> S::F {
    let mut sum = simd.splat(coefficients[0]);
    for coefficient in &coefficients[1..] {
        sum = simd.mul_add(sum, x, simd.splat(*coefficient));
    }
    sum
}

/// `1 / (1 + e⁻ˣ)`
#[inline(always)]
fn sigmoid<S: Simd>(simd: S, x: S::F) -> S::F {
    let one = simd.splat(1.0);
    let e = exp(simd, simd.sub(simd.splat(0.0), x));
    simd.div(one, simd.add(one, e))
}

/// An activation function of each lane.
#[inline(always)]
pub(super) fn activate<S: Simd>(simd: S, activation: Activation, x: S::F) -> S::F {
    match activation {
        Activation::Identity => x,
        Activation::Relu => simd.max(simd.splat(0.0), x),
        // x Φ(x), where Φ is the normal distribution.
        Activation::Gelu => {
            let half = simd.mul(x, simd.splat(0.5));
            let erf = erf(
                simd,
                simd.mul(x, simd.splat(std::f32::consts::FRAC_1_SQRT_2)),
            );
            simd.mul_add(half, erf, half)
        }
        // Hendrycks and Gimpel 2016, section 2: ½ (1 + tanh u) is the sigmoid of 2u.
        Activation::GeluTanh => {
            /// 2 √(2/π)
            const SCALE: f32 = 1.595_769;
            let cube = simd.mul(simd.mul(x, x), simd.splat(0.044_715 * SCALE));
            let inner = simd.mul(x, simd.add(cube, simd.splat(SCALE)));
            simd.mul(x, sigmoid(simd, inner))
        }
        Activation::Silu => simd.mul(x, sigmoid(simd, x)),
        Activation::Tanh => {
            let two = simd.splat(2.0);
            simd.sub(
                simd.mul(two, sigmoid(simd, simd.mul(two, x))),
                simd.splat(1.0),
            )
        }
        Activation::Sigmoid => sigmoid(simd, x),
    }
}
