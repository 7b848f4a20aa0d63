//! The candle engine: every supported architecture, on every device that candle reaches.
//!
//! | file | what |
//! |---|---|
//! | `layout` | what a model folder says: modules, pooling, prompts, lengths |
//! | `config` | the transformer's own configuration, checked |
//! | `weights` | the mapped weights file, read with shapes checked |
//! | `tokens` | text → token numbers, counts and spans |
//! | `bert` | token numbers → a vector a token |
//! | `kernels` | the few steps where candle's own are slow on a processor |
//! | `head` | a vector a token → a vector a text |
//! | `batch` | which texts are computed together |
//! | `workers` | which core computes which batch |
//! | `sentence` | all of it behind the `Encoder` trait |

mod batch;
mod bert;
mod config;
mod head;
mod kernels;
mod layout;
mod sentence;
mod tokens;
mod weights;
mod workers;

pub use sentence::{SentenceEncoder, Settings};
pub use tokens::TokenCounter;

pub(crate) use layout::{ModuleKind, Modules, describes_a_model};
pub(crate) use weights::weight_files;
