//! Where the arithmetic is done: the processor, or a graphics card that the build was told to support.

use std::str::FromStr;

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
    /// The graphics card that this build supports, if there is one that answers; else the processor.
    pub fn best() -> Self {
        [Self::Cuda(0), Self::Metal]
            .into_iter()
            .find(|device| device.open().is_ok())
            .unwrap_or_default()
    }

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

impl FromStr for Device {
    type Err = String;

    /// Reads `cpu`, `cuda`, `cuda:1` or `metal`.
    fn from_str(name: &str) -> Result<Self, String> {
        let card = name.strip_prefix("cuda:").map(str::parse);
        match (name, card) {
            ("cpu", _) => Ok(Self::Cpu),
            ("cuda", _) => Ok(Self::Cuda(0)),
            ("metal", _) => Ok(Self::Metal),
            (_, Some(Ok(number))) => Ok(Self::Cuda(number)),
            _ => Err(format!("`{name}` is none of cpu, cuda, cuda:N and metal")),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_known_by_its_name() {
        for (name, device) in [
            ("cpu", Device::Cpu),
            ("cuda", Device::Cuda(0)),
            ("cuda:3", Device::Cuda(3)),
            ("metal", Device::Metal),
        ] {
            assert_eq!(name.parse(), Ok(device));
        }
        for name in ["", "gpu", "cuda:", "cuda:x", "CPU"] {
            assert!(name.parse::<Device>().is_err(), "{name}");
        }
    }
}
