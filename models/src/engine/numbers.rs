//! The kinds of numbers that weights files hold, widened to f32.

use safetensors::Dtype;

/// A kind of number, little-endian. All but f64 widen exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    F64,
    F32,
    F16,
    Bf16,
    I8,
}

impl Kind {
    /// The kind that a file calls `dtype`, if it is one of these.
    pub(crate) fn of(dtype: Dtype) -> Option<Self> {
        match dtype {
            Dtype::F64 => Some(Self::F64),
            Dtype::F32 => Some(Self::F32),
            Dtype::F16 => Some(Self::F16),
            Dtype::BF16 => Some(Self::Bf16),
            Dtype::I8 => Some(Self::I8),
            _ => None,
        }
    }

    /// How many bytes a number has.
    pub(crate) fn bytes(self) -> usize {
        match self {
            Self::F64 => 8,
            Self::F32 => 4,
            Self::F16 | Self::Bf16 => 2,
            Self::I8 => 1,
        }
    }

    /// Appends the numbers in `bytes` to `values`.
    pub(crate) fn append(self, bytes: &[u8], values: &mut Vec<f32>) {
        match self {
            Self::F64 => values.extend(f64s(bytes)),
            Self::F32 => values.extend(f32s(bytes)),
            Self::F16 => values.extend(f16s(bytes)),
            Self::Bf16 => values.extend(bf16s(bytes)),
            Self::I8 => values.extend(i8s(bytes)),
        }
    }

    /// Adds `factor` times each number in `bytes` to the sum in its place.
    pub(crate) fn add(self, bytes: &[u8], factor: f32, sums: &mut [f32]) {
        match self {
            Self::F64 => add(f64s(bytes), factor, sums),
            Self::F32 => add(f32s(bytes), factor, sums),
            Self::F16 => add(f16s(bytes), factor, sums),
            Self::Bf16 => add(bf16s(bytes), factor, sums),
            Self::I8 => add(i8s(bytes), factor, sums),
        }
    }
}

fn add(values: impl Iterator<Item = f32>, factor: f32, sums: &mut [f32]) {
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum += factor * value;
    }
}

fn f64s(bytes: &[u8]) -> impl Iterator<Item = f32> {
    let chunks = bytes.as_chunks::<8>().0.iter();
    chunks.map(|chunk| f64::from_le_bytes(*chunk) as f32)
}

fn f32s(bytes: &[u8]) -> impl Iterator<Item = f32> {
    let chunks = bytes.as_chunks::<4>().0.iter();
    chunks.map(|chunk| f32::from_le_bytes(*chunk))
}

fn f16s(bytes: &[u8]) -> impl Iterator<Item = f32> {
    let chunks = bytes.as_chunks::<2>().0.iter();
    chunks.map(|chunk| f16_to_f32(u16::from_le_bytes(*chunk)))
}

fn bf16s(bytes: &[u8]) -> impl Iterator<Item = f32> {
    let chunks = bytes.as_chunks::<2>().0.iter();
    chunks.map(|chunk| f32::from_bits(u32::from(u16::from_le_bytes(*chunk)) << 16))
}

fn i8s(bytes: &[u8]) -> impl Iterator<Item = f32> {
    bytes.iter().map(|byte| f32::from(byte.cast_signed()))
}

/// IEEE 754 half precision, widened exactly.
///
/// Without a branch, so that compilers make vector instructions of it: exponent and fraction are put where f32 has
/// them, and a factor makes up for the difference of the two exponents' biases, for subnormal numbers too.
fn f16_to_f32(bits: u16) -> f32 {
    /// 2¹¹²: f32's exponents are biased by 127, those of half precision by 15.
    const REBIAS: f32 = f32::from_bits((127 + 112) << 23);
    let sign = u32::from(bits & 0x8000) << 16;
    let magnitude = u32::from(bits & 0x7fff) << 13;
    let scaled = (f32::from_bits(magnitude) * REBIAS).to_bits();
    // The largest exponent stands for infinity, and for what isn't a number.
    let special = if bits & 0x7c00 == 0x7c00 {
        0x7f80_0000
    } else {
        0
    };
    f32::from_bits(scaled | special | sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_precision_widens_exactly() {
        for (bits, value) in [
            (0x0000, 0.0),
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (0x0001, 5.960_464_5e-8),
            (0x83ff, -6.097_555e-5),
            (0x0400, 6.103_515_6e-5),
            (0x3555, 0.333_251_95),
        ] {
            assert_eq!(f16_to_f32(bits), value, "{bits:04x}");
        }
        assert_eq!(f16_to_f32(0x8000).to_bits(), (-0.0f32).to_bits());
        assert_eq!(f16_to_f32(0x7c00), f32::INFINITY);
        assert_eq!(f16_to_f32(0xfc00), f32::NEG_INFINITY);
        assert!(f16_to_f32(0x7e00).is_nan());
    }

    #[test]
    fn every_kind_is_read_and_added_alike() {
        let numbers = [0.5f32, -2.0, 3.0];
        let bytes = |of: fn(f32) -> Vec<u8>| numbers.into_iter().flat_map(of).collect::<Vec<u8>>();
        let cases = [
            (Kind::F64, bytes(|x| f64::from(x).to_le_bytes().to_vec())),
            (Kind::F32, bytes(|x| x.to_le_bytes().to_vec())),
            (Kind::F16, vec![0x00, 0x38, 0x00, 0xc0, 0x00, 0x42]),
            (
                Kind::Bf16,
                bytes(|x| x.to_bits().to_le_bytes()[2..].to_vec()),
            ),
        ];
        for (kind, bytes) in cases {
            assert_eq!(bytes.len(), 3 * kind.bytes());
            let mut read = Vec::new();
            kind.append(&bytes, &mut read);
            assert_eq!(read, numbers, "{kind:?}");
            let mut sums = [1.0; 3];
            kind.add(&bytes, 2.0, &mut sums);
            assert_eq!(sums, [2.0, -3.0, 7.0], "{kind:?}");
        }
        let mut sums = [0.0; 2];
        Kind::I8.add(&[127, 0x80], 0.5, &mut sums);
        assert_eq!(sums, [63.5, -64.0]);
    }
}
