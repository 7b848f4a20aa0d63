//! The weights file, mapped into memory and read tensor by tensor, each with its shape checked.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use candle_core::DType;
use candle_core::safetensors::MmapedSafetensors;
use serde::Deserialize;

use super::layout::read_json;
use crate::error::LoadError;

/// The tensors of a model, mapped rather than read: what isn't asked for is never touched.
pub(crate) struct Weights {
    tensors: MmapedSafetensors,
    path: PathBuf,
    /// What stands before every tensor's name: checkpoints are saved as `bert.embeddings…` as well as
    /// `embeddings…`.
    prefix: String,
}

/// The kinds of numbers that are read, all of them into f32.
#[derive(Debug, Clone, Copy)]
enum Kind {
    F32,
    F16,
    Bf16,
}

impl Kind {
    fn bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 | Self::Bf16 => 2,
        }
    }

    /// Appends the numbers in `bytes` to `values`.
    fn append(self, bytes: &[u8], values: &mut Vec<f32>) {
        match self {
            Self::F32 => values.extend(
                bytes
                    .as_chunks::<4>()
                    .0
                    .iter()
                    .map(|chunk| f32::from_le_bytes(*chunk)),
            ),
            Self::F16 => values.extend(
                bytes
                    .as_chunks::<2>()
                    .0
                    .iter()
                    .map(|chunk| f16_to_f32(u16::from_le_bytes(*chunk))),
            ),
            Self::Bf16 => values.extend(
                bytes
                    .as_chunks::<2>()
                    .0
                    .iter()
                    .map(|chunk| f32::from_bits(u32::from(u16::from_le_bytes(*chunk)) << 16)),
            ),
        }
    }
}

/// IEEE 754 half precision, widened exactly.
fn f16_to_f32(bits: u16) -> f32 {
    let sign = u32::from(bits & 0x8000) << 16;
    let exponent = u32::from(bits >> 10) & 0x1f;
    let fraction = u32::from(bits & 0x3ff);
    match exponent {
        // Zero and the subnormals: multiples of 2⁻²⁴.
        0 => {
            let magnitude = fraction as f32 * (1.0 / 16_777_216.0);
            f32::from_bits(magnitude.to_bits() | sign)
        }
        0x1f => f32::from_bits(sign | 0x7f80_0000 | (fraction << 13)),
        _ => f32::from_bits(sign | ((exponent + 112) << 23) | (fraction << 13)),
    }
}

#[derive(Deserialize)]
struct ShardIndex {
    weight_map: BTreeMap<String, String>,
}

/// The weights files in `folder`: `model.safetensors`, or the shards that `model.safetensors.index.json` names.
pub(crate) fn weight_files(folder: &Path) -> Result<Vec<PathBuf>, LoadError> {
    let single = folder.join("model.safetensors");
    if single.is_file() {
        return Ok(vec![single]);
    }
    let index = folder.join("model.safetensors.index.json");
    if index.is_file() {
        let shards: ShardIndex = read_json(&index, "list of weights files")?;
        let mut names: Vec<&String> = shards.weight_map.values().collect();
        names.sort();
        names.dedup();
        for name in &names {
            if name.contains(['/', '\\']) || !name.ends_with(".safetensors") {
                return Err(LoadError::Inconsistent {
                    path: index,
                    reason: format!("`{name}` isn't the name of a weights file beside it"),
                });
            }
        }
        return Ok(names.into_iter().map(|name| folder.join(name)).collect());
    }
    if folder.join("pytorch_model.bin").is_file() {
        return Err(LoadError::PickleOnly {
            path: folder.to_owned(),
        });
    }
    Err(LoadError::Missing {
        path: single,
        purpose: "the weights",
    })
}

impl Weights {
    /// Maps the weights in `folder`.
    pub(crate) fn open(folder: &Path) -> Result<Self, LoadError> {
        let files = weight_files(folder)?;
        let path = match files.as_slice() {
            [single] => single.clone(),
            _ => folder.to_owned(),
        };
        for file in &files {
            // Said by name here, since the tensor library's message is about its own call.
            std::fs::File::open(file).map_err(|source| LoadError::Read {
                path: file.clone(),
                source,
            })?;
        }
        // SAFETY: a mapped file must not be changed while it is in use. A model in topoi's cache is never
        // rewritten in place: a new copy is put into a folder of its own and renamed. Of a folder that the user
        // named we ask the same in the documentation of `Locator`.
        let tensors =
            unsafe { MmapedSafetensors::multi(&files) }.map_err(|error| LoadError::Weights {
                path: path.clone(),
                reason: error.to_string(),
            })?;
        Ok(Self {
            tensors,
            path,
            prefix: String::new(),
        })
    }

    /// The weights file, or the folder of its shards.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Finds out what stands before the names, from the one tensor whose name ends in `suffix`.
    pub(crate) fn with_prefix_of(mut self, suffix: &str) -> Result<Self, LoadError> {
        let found = self
            .tensors
            .tensors()
            .into_iter()
            .filter_map(|(name, _)| name.strip_suffix(suffix).map(str::to_owned))
            .filter(|prefix| prefix.is_empty() || prefix.ends_with('.'))
            .min_by_key(String::len);
        match found {
            Some(prefix) => {
                self.prefix = prefix;
                Ok(self)
            }
            None => Err(LoadError::MissingTensor {
                path: self.path,
                name: suffix.to_owned(),
            }),
        }
    }

    /// Appends the tensor `name`, which must have `shape`, to `values`, row-major.
    pub(crate) fn append(
        &self,
        name: &str,
        shape: &[usize],
        values: &mut Vec<f32>,
    ) -> Result<(), LoadError> {
        let (kind, bytes) = self.view(name, shape)?;
        values.reserve(bytes.len() / kind.bytes());
        kind.append(bytes, values);
        Ok(())
    }

    /// The tensor `name`, which must have `shape`, row-major.
    pub(crate) fn read(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, LoadError> {
        let mut values = Vec::new();
        self.append(name, shape, &mut values)?;
        Ok(values)
    }

    /// The tensor `name`, which must have `shape`, row-major: in the mapped file where it lies there as f32, as most
    /// do, so that it isn't copied before it is packed.
    pub(crate) fn tensor(&self, name: &str, shape: &[usize]) -> Result<Cow<'_, [f32]>, LoadError> {
        let (kind, bytes) = self.view(name, shape)?;
        if let Kind::F32 = kind
            && cfg!(target_endian = "little")
        {
            // SAFETY: any four bytes are an f32, and those of a little-endian machine are in the file's order.
            let (before, numbers, after) = unsafe { bytes.align_to::<f32>() };
            if before.is_empty() && after.is_empty() {
                return Ok(Cow::Borrowed(numbers));
            }
        }
        self.read(name, shape).map(Cow::Owned)
    }

    fn view(&self, name: &str, shape: &[usize]) -> Result<(Kind, &[u8]), LoadError> {
        let full = format!("{}{name}", self.prefix);
        let tensor = match self.tensors.get(&full) {
            Ok(tensor) => tensor,
            Err(_) => {
                // Checkpoints converted from TensorFlow call the two vectors of a layer norm otherwise.
                let older = full
                    .replace("LayerNorm.weight", "LayerNorm.gamma")
                    .replace("LayerNorm.bias", "LayerNorm.beta");
                self.tensors
                    .get(&older)
                    .map_err(|_| LoadError::MissingTensor {
                        path: self.path.clone(),
                        name: full.clone(),
                    })?
            }
        };
        let kind = match DType::try_from(tensor.dtype()) {
            Ok(DType::F32) => Kind::F32,
            Ok(DType::F16) => Kind::F16,
            Ok(DType::BF16) => Kind::Bf16,
            _ => {
                return Err(LoadError::TensorType {
                    path: self.path.clone(),
                    name: full,
                    found: format!("{:?}", tensor.dtype()),
                });
            }
        };
        if tensor.shape() != shape {
            return Err(LoadError::TensorShape {
                path: self.path.clone(),
                name: full,
                expected: shape.to_vec(),
                found: tensor.shape().to_vec(),
            });
        }
        Ok((kind, tensor.data()))
    }
}

/// A matrix that stays in the mapped file: only the rows that are asked for are read.
///
/// A vocabulary's embeddings are half of a small model and a search needs ten rows of them, so reading all of
/// them first would double the time to the first answer.
pub(crate) struct RowTable {
    weights: Weights,
    name: String,
    rows: usize,
    columns: usize,
}

impl RowTable {
    /// The tensor `name` of `weights`, which must be `rows × columns`.
    pub(crate) fn new(
        weights: Weights,
        name: &str,
        rows: usize,
        columns: usize,
    ) -> Result<Self, LoadError> {
        weights.view(name, &[rows, columns])?;
        Ok(Self {
            weights,
            name: name.to_owned(),
            rows,
            columns,
        })
    }

    /// How many rows there are.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Calls `add` with each of the rows `ids`, in their order; an id without a row ends it with that id.
    pub(crate) fn for_each_row(
        &self,
        ids: impl Iterator<Item = u32>,
        mut add: impl FnMut(&[f32]),
    ) -> Result<(), RowError> {
        let (kind, bytes) = self
            .weights
            .view(&self.name, &[self.rows, self.columns])
            .map_err(|error| RowError::Unreadable(error.to_string()))?;
        let width = self.columns * kind.bytes();
        let mut row = Vec::with_capacity(self.columns);
        for id in ids {
            if id as usize >= self.rows {
                return Err(RowError::NoSuchRow(id));
            }
            let start = id as usize * width;
            let Some(found) = bytes.get(start..start + width) else {
                return Err(RowError::NoSuchRow(id));
            };
            row.clear();
            kind.append(found, &mut row);
            add(&row);
        }
        Ok(())
    }
}

/// Why rows couldn't be read.
#[derive(Debug)]
pub(crate) enum RowError {
    NoSuchRow(u32),
    Unreadable(String),
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
            (0x3555, 0.333_251_95),
        ] {
            assert_eq!(f16_to_f32(bits), value, "{bits:04x}");
        }
        assert_eq!(f16_to_f32(0x8000).to_bits(), (-0.0f32).to_bits());
        assert_eq!(f16_to_f32(0x7c00), f32::INFINITY);
        assert!(f16_to_f32(0x7e00).is_nan());
    }
}
