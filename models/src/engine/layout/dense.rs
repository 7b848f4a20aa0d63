//! What a dense layer's folder says.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::engine::config::Activation;
use crate::engine::json::read_json;
use crate::error::LoadError;

/// A dense layer behind the pooling.
#[derive(Debug)]
pub(crate) struct DenseLayout {
    pub(crate) folder: PathBuf,
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    pub(crate) bias: bool,
    pub(crate) activation: Activation,
}

#[derive(Deserialize)]
struct DenseFile {
    in_features: usize,
    out_features: usize,
    #[serde(default = "yes")]
    bias: bool,
    activation_function: Option<String>,
}

fn yes() -> bool {
    true
}

impl DenseLayout {
    pub(super) fn read(folder: &Path) -> Result<Self, LoadError> {
        let path = folder.join("config.json");
        let file: DenseFile = read_json(&path, "dense layer's configuration")?;
        // Written as a Python class path; sentence-transformers takes `Tanh` where there is none.
        let name = file.activation_function.as_deref().unwrap_or("Tanh");
        let activation = match name.rsplit('.').next() {
            Some("Tanh") => Activation::Tanh,
            Some("Identity") => Activation::Identity,
            Some("GELU") => Activation::Gelu,
            Some("ReLU") => Activation::Relu,
            Some("Sigmoid") => Activation::Sigmoid,
            _ => {
                return Err(LoadError::Unsupported {
                    path,
                    found: format!("the activation `{name}`"),
                    supported: "`Tanh`, `Identity`, `GELU`, `ReLU` and `Sigmoid`".to_owned(),
                });
            }
        };
        if file.in_features == 0 || file.out_features == 0 {
            return Err(LoadError::Inconsistent {
                path,
                reason: "a dense layer needs inputs and outputs".to_owned(),
            });
        }
        Ok(Self {
            folder: folder.to_owned(),
            inputs: file.in_features,
            outputs: file.out_features,
            bias: file.bias,
            activation,
        })
    }
}
