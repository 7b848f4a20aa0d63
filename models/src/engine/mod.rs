//! The engines: a model's folder and texts in, vectors out.
//!
//! | file | what |
//! |---|---|
//! | `layout` | what a model folder says: modules, pooling, prompts, lengths |
//! | `config` | the transformer's own configuration, checked |
//! | `weights` | the mapped weights file, read with shapes checked |
//! | `tokens` | text → token numbers, counts and spans, in bounded memory |
//! | `tokeniser` | the model's own tokeniser, run by us or by the `tokenizers` crate |
//! | `wordpiece` | BERT's tokeniser, run by us |
//! | `embeddings` | token numbers → what a transformer begins with |
//! | `packed` | the packed engine: a vector a token, on a processor |
//! | `candle` | the candle engine: the same on any device |
//! | `head` | a vector a token → a vector a text |
//! | `backend` | what the engines have in common |
//! | `batch` | which texts are computed together |
//! | `workers` | which core computes which batch |
//! | `sentence` | all of it behind the `Encoder` trait |

mod backend;
mod batch;
mod candle;
mod config;
mod embeddings;
mod head;
mod layout;
mod packed;
mod sentence;
mod tokeniser;
mod tokens;
mod weights;
mod wordpiece;
mod workers;

pub use sentence::{Engine, SentenceEncoder, Settings};
pub use tokens::TokenCounter;

pub(crate) use layout::{ModuleKind, Modules, describes_a_model};
pub(crate) use weights::weight_files;
