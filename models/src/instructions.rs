//! Which of the processor's instructions the packed engine computes with.

use std::fmt;
use std::str::FromStr;

/// A set of instructions that the packed engine has kernels for, the fastest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Instructions {
    /// AVX-512 with VNNI: Intel's servers since 2019, AMD's processors since Zen 4.
    Avx512Vnni,
    /// AVX-512 without VNNI.
    Avx512,
    /// AVX2 with FMA.
    Avx2,
    /// NEON with the dot product of bytes: 64-bit ARM since about 2018, Apple's processors among them.
    NeonDot,
    /// NEON, on any 64-bit ARM.
    Neon,
    /// Plain Rust.
    Portable,
}

impl Instructions {
    /// All of them, the fastest first.
    pub const ALL: [Self; 6] = [
        Self::Avx512Vnni,
        Self::Avx512,
        Self::Avx2,
        Self::NeonDot,
        Self::Neon,
        Self::Portable,
    ];

    /// Those that this processor has, the fastest first.
    pub fn available() -> Vec<Self> {
        Self::ALL
            .into_iter()
            .filter(|set| set.is_available())
            .collect()
    }

    /// Whether this processor has them.
    pub fn is_available(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512Vnni => {
                Self::Avx512.is_available() && is_x86_feature_detected!("avx512vnni")
            }
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => {
                Self::Avx2.is_available()
                    && is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512vl")
            }
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            #[cfg(target_arch = "aarch64")]
            Self::NeonDot => {
                Self::Neon.is_available() && std::arch::is_aarch64_feature_detected!("dotprod")
            }
            #[cfg(target_arch = "aarch64")]
            Self::Neon => std::arch::is_aarch64_feature_detected!("neon"),
            Self::Portable => true,
            #[allow(
                unreachable_patterns,
                reason = "which are left depends on the processor"
            )]
            _ => false,
        }
    }
}

impl fmt::Display for Instructions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Avx512Vnni => "avx512-vnni",
            Self::Avx512 => "avx512",
            Self::Avx2 => "avx2",
            Self::NeonDot => "neon-dot",
            Self::Neon => "neon",
            Self::Portable => "portable",
        })
    }
}

impl FromStr for Instructions {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|set| set.to_string() == name)
            .ok_or_else(|| {
                let known: Vec<_> = Self::ALL.iter().map(ToString::to_string).collect();
                format!("`{name}` is none of {}", known.join(", "))
            })
    }
}
