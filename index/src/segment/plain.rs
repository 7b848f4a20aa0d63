//! Typed views of mapped bytes.

#[cfg(target_endian = "big")]
compile_error!(
    "segments are mapped in place and little-endian, so a big-endian processor can't read them"
);

/// Types whose every bit pattern is a value and which have no padding, so that bytes may be looked at
/// as them and they as bytes.
///
/// # Safety
///
/// Exactly that must hold of the type.
pub(crate) unsafe trait Plain: Copy {}

// SAFETY: every 32 bits are a u32.
unsafe impl Plain for u32 {}
// SAFETY: every 32 bits are an f32 (perhaps a NaN).
unsafe impl Plain for f32 {}

/// Looks at bytes as numbers; none if they aren't aligned or not a whole count.
pub(crate) fn from_bytes<T: Plain>(bytes: &[u8]) -> &[T] {
    // SAFETY: every bit pattern is a T; `align_to` takes only what is aligned for it.
    let (before, numbers, after) = unsafe { bytes.align_to::<T>() };
    if before.is_empty() && after.is_empty() {
        numbers
    } else {
        &[]
    }
}

/// Looks at numbers as bytes.
pub(crate) fn to_bytes<T: Plain>(numbers: &[T]) -> &[u8] {
    // SAFETY: the slice is readable for its whole size, a Plain has no padding, and u8 has no alignment.
    unsafe { std::slice::from_raw_parts(numbers.as_ptr().cast(), size_of_val(numbers)) }
}
