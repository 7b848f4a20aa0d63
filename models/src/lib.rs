//! Text to vectors: sentence models in the sentence-transformers layout, found, fetched, verified and run; re-rankers too.
//!
//! ```no_run
//! use topoi_models::{Encoder, Locator, ModelRef, Role, SentenceEncoder, Settings};
//!
//! // A name, an alias, a repository on the hub or a folder; here the default, all-MiniLM-L6-v2.
//! let model = ModelRef::default();
//! // Found in the cache, or fetched into it; every file is compared with its digest.
//! let folder = Locator::new("/home/me/.cache/topoi").locate(&model)?;
//! let encoder = SentenceEncoder::load(&folder, &Settings::default())?;
//!
//! let query = encoder.encode_one("who pays for tariffs?", Role::Query)?;
//! let passages = encoder.encode(
//!     &["Tariffs are paid by consumers.", "The concert was sold out."],
//!     Role::Passage,
//!     &mut |_done| std::ops::ControlFlow::Continue(()),
//! )?;
//! // The vectors have unit length, so a dot product is a cosine.
//! let cosine = |row: &[f32]| -> f32 { row.iter().zip(&query).map(|(a, b)| a * b).sum() };
//! let scores: Vec<f32> = passages.rows().map(cosine).collect();
//! assert!(scores[0] > scores[1]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The crate has two halves that meet in [`ModelFolder`]:
//!
//! - **Acquiring**: a [`ModelRef`] says which model, a [`Locator`] turns it into a folder whose files have been
//!   verified. The models that are known by name are listed by [`manifests`].
//! - **Encoding**: a [`SentenceEncoder`] runs the model. It stands behind the small trait [`Encoder`], and its
//!   [`Identity`] says which vectors may be compared with which. A [`CrossEncoder`] reads a question and a passage
//!   together and scores them.
//!
//! Models of the types `bert`, `roberta` and `xlm-roberta` are computed, with weights in `safetensors`, and static
//! models, which are tables of token embeddings; [`distil`] makes one of these from one of those. Nothing here
//! prints, reads an environment variable or knows what the texts are.

mod acquire;
mod device;
mod digest;
mod distil;
mod encoder;
mod engine;
mod error;
mod folder;
mod identity;
mod instructions;
mod manifest;

pub use acquire::{AcquireError, CachedModel, Locator, ModelRef, Progress, Quiet};
pub use device::Device;
pub use distil::{DistilError, DistilObserver, Distilled, distil};
pub use encoder::{Attribution, Embeddings, Encoder, Observer, Role};
pub use engine::{CrossEncoder, Engine, SentenceEncoder, Settings, TokenCounter};
pub use error::{EncodeError, LoadError};
pub use folder::{ModelFolder, Prompts};
pub use identity::{Identity, Pooling, Precision};
pub use instructions::Instructions;
pub use manifest::{Manifest, ManifestFile, PythonPackage, default_manifest, manifests};
