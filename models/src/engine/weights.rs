//! The weights file, mapped into memory and read tensor by tensor, each with its shape checked.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use candle_core::safetensors::MmapedSafetensors;
use safetensors::Dtype;
use safetensors::tensor::TensorView;
use serde::Deserialize;

use super::json::read_json;
use super::numbers::Kind;
use crate::error::LoadError;

/// The tensors of a model, mapped rather than read: what isn't asked for is never touched.
pub(crate) struct Weights {
    tensors: MmapedSafetensors,
    path: PathBuf,
    /// What stands before every tensor's name: checkpoints are saved as `bert.embeddings…` as well as
    /// `embeddings…`.
    prefix: String,
    bytes_are_numbers: bool,
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
            bytes_are_numbers: false,
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

    /// Takes whole numbers of eight bits for the numbers they are, as tables hold them, where a common factor
    /// doesn't matter. A transformer would need the scales that belong to them.
    pub(crate) fn with_bytes_as_numbers(mut self) -> Self {
        self.bytes_are_numbers = true;
        self
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

    /// The shape of the tensor `name`, if there is such a tensor.
    pub(crate) fn shape(&self, name: &str) -> Option<Vec<usize>> {
        Some(self.find(name).ok()?.shape().to_vec())
    }

    /// The tensor `name`, a list of numbers from 0 on, such as rows are counted by.
    pub(crate) fn read_indices(&self, name: &str) -> Result<Vec<u32>, LoadError> {
        let tensor = self.find(name)?;
        let bytes = tensor.data();
        let indices: Option<Vec<u32>> = match tensor.dtype() {
            Dtype::I32 => bytes
                .as_chunks::<4>()
                .0
                .iter()
                .map(|chunk| i32::from_le_bytes(*chunk).try_into().ok())
                .collect(),
            Dtype::I64 => bytes
                .as_chunks::<8>()
                .0
                .iter()
                .map(|chunk| i64::from_le_bytes(*chunk).try_into().ok())
                .collect(),
            _ => return Err(self.wrong_type(name, &tensor, "i32 and i64")),
        };
        match (tensor.shape(), indices) {
            ([_], Some(indices)) => Ok(indices),
            ([_], None) => Err(LoadError::Inconsistent {
                path: self.path.clone(),
                reason: format!("`{name}` counts rows with numbers that no row can have"),
            }),
            (shape, _) => Err(LoadError::TensorShape {
                path: self.path.clone(),
                name: name.to_owned(),
                expected: vec![shape.iter().product()],
                found: shape.to_vec(),
            }),
        }
    }

    /// The bytes of the tensor `name`, which must have `shape`, and what kind of numbers they are.
    pub(crate) fn view(&self, name: &str, shape: &[usize]) -> Result<(Kind, &[u8]), LoadError> {
        let tensor = self.find(name)?;
        let kind = Kind::of(tensor.dtype())
            .filter(|kind| *kind != Kind::I8 || self.bytes_are_numbers)
            .ok_or_else(|| self.wrong_type(name, &tensor, "f64, f32, f16 and bf16"))?;
        if tensor.shape() != shape {
            return Err(LoadError::TensorShape {
                path: self.path.clone(),
                name: format!("{}{name}", self.prefix),
                expected: shape.to_vec(),
                found: tensor.shape().to_vec(),
            });
        }
        Ok((kind, tensor.data()))
    }

    fn find(&self, name: &str) -> Result<TensorView<'_>, LoadError> {
        let full = format!("{}{name}", self.prefix);
        if let Ok(tensor) = self.tensors.get(&full) {
            return Ok(tensor);
        }
        // Checkpoints converted from TensorFlow call the two vectors of a layer norm otherwise.
        let older = full
            .replace("LayerNorm.weight", "LayerNorm.gamma")
            .replace("LayerNorm.bias", "LayerNorm.beta");
        self.tensors
            .get(&older)
            .map_err(|_| LoadError::MissingTensor {
                path: self.path.clone(),
                name: full,
            })
    }

    fn wrong_type(&self, name: &str, tensor: &TensorView<'_>, read: &'static str) -> LoadError {
        LoadError::TensorType {
            path: self.path.clone(),
            name: format!("{}{name}", self.prefix),
            found: format!("{:?}", tensor.dtype()),
            read,
        }
    }
}
