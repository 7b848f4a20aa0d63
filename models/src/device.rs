//! Where the arithmetic is done: the processor, or a graphics card that the build was told to support.

use crate::error::LoadError;

/// Where vectors are computed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Device {
    /// The processor.
    #[default]
    Cpu,
    /// An NVIDIA card, by its number. Needs a build with the feature `cuda`.
    Cuda(usize),
    /// An Apple graphics processor. Needs a build with the feature `metal`.
    Metal,
}

impl Device {
    /// Whether this is the processor, where each core works on a batch of its own.
    pub(crate) fn is_cpu(self) -> bool {
        self == Self::Cpu
    }

    /// The tensor library's handle for it.
    pub(crate) fn open(self) -> Result<candle_core::Device, LoadError> {
        match self {
            Self::Cpu => Ok(candle_core::Device::Cpu),
            Self::Cuda(number) => open_cuda(number),
            Self::Metal => open_metal(),
        }
    }
}

#[cfg(feature = "cuda")]
fn open_cuda(number: usize) -> Result<candle_core::Device, LoadError> {
    candle_core::Device::new_cuda(number).map_err(|error| LoadError::Device {
        device: format!("CUDA device {number}"),
        reason: error.to_string(),
    })
}

#[cfg(not(feature = "cuda"))]
fn open_cuda(number: usize) -> Result<candle_core::Device, LoadError> {
    Err(LoadError::Device {
        device: format!("CUDA device {number}"),
        reason: "this build has no support for CUDA (cargo feature `cuda`)".to_owned(),
    })
}

#[cfg(feature = "metal")]
fn open_metal() -> Result<candle_core::Device, LoadError> {
    candle_core::Device::new_metal(0).map_err(|error| LoadError::Device {
        device: "Metal".to_owned(),
        reason: error.to_string(),
    })
}

#[cfg(not(feature = "metal"))]
fn open_metal() -> Result<candle_core::Device, LoadError> {
    Err(LoadError::Device {
        device: "Metal".to_owned(),
        reason: "this build has no support for Metal (cargo feature `metal`)".to_owned(),
    })
}
