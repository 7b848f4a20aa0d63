//! Plain Rust, for any processor; what the other kernels are held to.

use super::{Kernel, Simd};

const LANES: usize = 8;

/// Arrays that the compiler may turn into whatever vectors it knows the processor to have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Portable;

/// Adding and taking away 1.5 · 2²³ rounds to a whole number, half to even.
const ROUND: f32 = 12_582_912.0;

#[inline(always)]
fn each<T: Copy, U: Copy>(x: [T; LANES], y: [T; LANES], f: impl Fn(T, T) -> U) -> [U; LANES] {
    std::array::from_fn(|lane| f(x[lane], y[lane]))
}

impl Simd for Portable {
    const LANES: usize = LANES;
    const REGISTERS: usize = 16;
    type F = [f32; LANES];
    type I = [i32; LANES];
    type B = [[i8; 4]; LANES];

    #[inline(always)]
    fn vectorise<K: Kernel>(self, kernel: K) -> K::Output {
        kernel.run(self)
    }

    #[inline(always)]
    fn splat(self, x: f32) -> Self::F {
        [x; LANES]
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> Self::F {
        // SAFETY: the caller answers for the pointer; an array of f32 needs no more alignment than f32.
        unsafe { from.cast::<Self::F>().read_unaligned() }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32, x: Self::F) {
        // SAFETY: as for `load`.
        unsafe { to.cast::<Self::F>().write_unaligned(x) }
    }

    #[inline(always)]
    fn add(self, x: Self::F, y: Self::F) -> Self::F {
        each(x, y, |x, y| x + y)
    }

    #[inline(always)]
    fn sub(self, x: Self::F, y: Self::F) -> Self::F {
        each(x, y, |x, y| x - y)
    }

    #[inline(always)]
    fn mul(self, x: Self::F, y: Self::F) -> Self::F {
        each(x, y, |x, y| x * y)
    }

    #[inline(always)]
    fn div(self, x: Self::F, y: Self::F) -> Self::F {
        each(x, y, |x, y| x / y)
    }

    #[inline(always)]
    fn mul_add(self, x: Self::F, y: Self::F, z: Self::F) -> Self::F {
        // Not `f32::mul_add`: without the instruction that is a slow function.
        std::array::from_fn(|lane| x[lane] * y[lane] + z[lane])
    }

    #[inline(always)]
    fn min(self, x: Self::F, y: Self::F) -> Self::F {
        each(x, y, |x, y| if x < y { x } else { y })
    }

    #[inline(always)]
    fn max(self, x: Self::F, y: Self::F) -> Self::F {
        each(x, y, |x, y| if x > y { x } else { y })
    }

    #[inline(always)]
    fn abs(self, x: Self::F) -> Self::F {
        x.map(f32::abs)
    }

    #[inline(always)]
    fn power_of_two(self, x: Self::F) -> Self::F {
        x.map(|x| f32::from_bits(((x as i32 + 127) << 23) as u32))
    }

    #[inline(always)]
    fn sum(self, x: Self::F) -> f32 {
        x.into_iter().sum()
    }

    #[inline(always)]
    fn largest(self, x: Self::F) -> f32 {
        x.into_iter().fold(f32::NEG_INFINITY, f32::max)
    }

    #[inline(always)]
    fn first_dot(self, _sum: i32) -> Self::I {
        [0; LANES]
    }

    #[inline(always)]
    unsafe fn load_weights(self, from: *const u8) -> Self::B {
        // SAFETY: the caller answers for the pointer; bytes need no alignment.
        let flipped = unsafe { from.cast::<[[u8; 4]; LANES]>().read_unaligned() };
        flipped.map(|bytes| bytes.map(|byte| (byte ^ 0x80) as i8))
    }

    #[inline(always)]
    fn dot(self, sums: Self::I, weights: Self::B, activations: i32) -> Self::I {
        let activations = activations.to_ne_bytes().map(|byte| i32::from(byte as i8));
        std::array::from_fn(|lane| {
            let mut sum = sums[lane];
            for (weight, activation) in weights[lane].iter().zip(activations) {
                sum += i32::from(*weight) * activation;
            }
            sum
        })
    }

    #[inline(always)]
    fn to_f32(self, x: Self::I) -> Self::F {
        x.map(|x| x as f32)
    }

    #[inline(always)]
    unsafe fn store_bytes(self, to: *mut i8, x: Self::F) -> Self::I {
        let whole = x.map(|x| ((x + ROUND) - ROUND) as i32);
        // SAFETY: the caller answers for the pointer; bytes need no alignment.
        unsafe { to.cast::<[i8; LANES]>().write(whole.map(|x| x as i8)) }
        whole
    }

    #[inline(always)]
    fn add_whole(self, x: Self::I, y: Self::I) -> Self::I {
        each(x, y, |x, y| x + y)
    }

    #[inline(always)]
    fn splat_whole(self, x: i32) -> Self::I {
        [x; LANES]
    }

    #[inline(always)]
    fn sum_whole(self, x: Self::I) -> i32 {
        x.into_iter().sum()
    }
}
