//! What can go wrong between a transformer and the table made of it.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::error::{EncodeError, LoadError};

/// Why no static model was made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DistilError {
    /// The transformer couldn't be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The transformer couldn't read its vocabulary, or was stopped.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The model is no transformer.
    #[error("`{}` holds a static model already", path.display())]
    StaticAlready {
        /// The model's folder.
        path: PathBuf,
    },
    /// More dimensions are wanted than there are.
    #[error("{wanted} dimensions can't be made of the {most} that the model's vectors have")]
    Dimensions {
        /// How many are wanted.
        wanted: usize,
        /// How many there are.
        most: usize,
    },
    /// There is something where the model is to be put.
    #[error("the folder `{}` isn't empty", path.display())]
    Occupied {
        /// The folder.
        path: PathBuf,
    },
    /// A file or folder couldn't be written.
    #[error("can't write `{}`", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// The computation failed.
    #[error("can't compute the table: {reason}")]
    Compute {
        /// What failed.
        reason: String,
    },
}

impl DistilError {
    pub(super) fn compute(error: &impl std::fmt::Display) -> Self {
        Self::Compute {
            reason: error.to_string(),
        }
    }

    /// What the person can do about it, where there is something to do.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Load(error) => error.hint(),
            Self::Encode(error) => error.hint(),
            Self::StaticAlready { .. } => Some("name a transformer".to_owned()),
            Self::Dimensions { most, .. } => Some(format!("ask for at most {most}")),
            Self::Occupied { .. } => Some("name a folder that isn't there yet".to_owned()),
            Self::Write { .. } | Self::Compute { .. } => None,
        }
    }
}
