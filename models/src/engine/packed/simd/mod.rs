//! Vectors of numbers: one way to write a kernel, several sets of instructions to run it with.
//!
//! A kernel is written once, generic over [`Simd`], and [`Isa::run`] compiles it once for each set of
//! instructions and picks the compiled form at run time. Everything that is generic over `Simd` must be
//! `#[inline(always)]`: it is compiled inside a function that has the instructions switched on, and nowhere else.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "aarch64")]
mod neon;
mod portable;

use crate::instructions::Instructions;

/// Vectors of f32 and of i32 with the same number of lanes. A value is the proof that the processor can do it.
///
/// Every operation works lane by lane. Nothing here is unsafe for another reason than its pointers.
pub(crate) trait Simd: Copy {
    /// How many numbers a vector has.
    const LANES: usize;
    /// How many vectors fit into the processor's registers.
    const REGISTERS: usize;
    /// A vector of f32.
    type F: Copy;
    /// A vector of i32.
    type I: Copy;
    /// Four bytes a lane.
    type B: Copy;

    /// Runs `kernel` with these instructions.
    fn vectorise<K: Kernel>(self, kernel: K) -> K::Output;

    /// `x` in every lane.
    fn splat(self, x: f32) -> Self::F;
    /// The [`LANES`](Simd::LANES) numbers at `from`.
    ///
    /// # Safety
    ///
    /// They must be readable.
    unsafe fn load(self, from: *const f32) -> Self::F;
    /// Writes a vector to `to`.
    ///
    /// # Safety
    ///
    /// [`LANES`](Simd::LANES) numbers must be writable.
    unsafe fn store(self, to: *mut f32, x: Self::F);
    /// `x + y`
    fn add(self, x: Self::F, y: Self::F) -> Self::F;
    /// `x − y`
    fn sub(self, x: Self::F, y: Self::F) -> Self::F;
    /// `x y`
    fn mul(self, x: Self::F, y: Self::F) -> Self::F;
    /// `x / y`
    fn div(self, x: Self::F, y: Self::F) -> Self::F;
    /// `x y + z`, rounded once where the processor can, else twice.
    fn mul_add(self, x: Self::F, y: Self::F, z: Self::F) -> Self::F;
    /// The smaller; `y` where one is not a number.
    fn min(self, x: Self::F, y: Self::F) -> Self::F;
    /// The larger; `y` where one is not a number.
    fn max(self, x: Self::F, y: Self::F) -> Self::F;
    /// `|x|`
    fn abs(self, x: Self::F) -> Self::F;
    /// 2ˣ for whole numbers from −126 to 127.
    fn power_of_two(self, x: Self::F) -> Self::F;
    /// The sum of all lanes.
    fn sum(self, x: Self::F) -> f32;
    /// The largest of all lanes.
    fn largest(self, x: Self::F) -> f32;

    /// What four-byte products begin with so that they come out right, given the sum of their activations.
    fn first_dot(self, sum: i32) -> Self::I;
    /// Four bytes a lane at `from`, in the form in which `dot` takes them: weights, each with its top bit flipped.
    ///
    /// # Safety
    ///
    /// 4 · [`LANES`](Simd::LANES) bytes must be readable.
    unsafe fn load_weights(self, from: *const u8) -> Self::B;
    /// Adds to each lane the product of its four weights and the four activations: whole numbers from −127 to 127,
    /// the activations as bytes in the order of memory.
    fn dot(self, sums: Self::I, weights: Self::B, activations: i32) -> Self::I;
    /// The same numbers as f32.
    fn to_f32(self, x: Self::I) -> Self::F;
    /// Rounds to whole numbers, half to even, and writes them as bytes; returns them.
    ///
    /// # Safety
    ///
    /// [`LANES`](Simd::LANES) bytes must be writable.
    unsafe fn store_bytes(self, to: *mut i8, x: Self::F) -> Self::I;
    /// `x + y`
    fn add_whole(self, x: Self::I, y: Self::I) -> Self::I;
    /// `x` in every lane.
    fn splat_whole(self, x: i32) -> Self::I;
    /// The sum of all lanes.
    fn sum_whole(self, x: Self::I) -> i32;
}

/// A computation that is compiled for each set of instructions.
pub(crate) trait Kernel {
    /// What comes out.
    type Output;
    /// Computes it. Implementations are `#[inline(always)]`.
    fn run<S: Simd>(self, simd: S) -> Self::Output;
}

/// A set of instructions that this processor has been found to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Isa(Instructions);

impl Isa {
    /// The given set, if the processor has it.
    pub(crate) fn new(instructions: Instructions) -> Option<Self> {
        instructions.is_available().then_some(Self(instructions))
    }

    /// The fastest that the processor has.
    pub(crate) fn best() -> Self {
        Instructions::available()
            .first()
            .map_or(Self(Instructions::Portable), |best| Self(*best))
    }

    /// Runs `kernel` with these instructions.
    #[inline]
    pub(crate) fn run<K: Kernel>(self, kernel: K) -> K::Output {
        match self.0 {
            // SAFETY: an `Isa` is only made of instructions that the processor was found to have.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512Vnni => unsafe { avx512::Avx512::<true>::new() }.vectorise(kernel),
            // SAFETY: an `Isa` is only made of instructions that the processor was found to have.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 => unsafe { avx512::Avx512::<false>::new() }.vectorise(kernel),
            // SAFETY: an `Isa` is only made of instructions that the processor was found to have.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => unsafe { avx2::Avx2::new() }.vectorise(kernel),
            // SAFETY: an `Isa` is only made of instructions that the processor was found to have.
            #[cfg(target_arch = "aarch64")]
            Instructions::NeonDot => unsafe { neon::Neon::<true>::new() }.vectorise(kernel),
            // SAFETY: an `Isa` is only made of instructions that the processor was found to have.
            #[cfg(target_arch = "aarch64")]
            Instructions::Neon => unsafe { neon::Neon::<false>::new() }.vectorise(kernel),
            _ => portable::Portable.vectorise(kernel),
        }
    }
}
