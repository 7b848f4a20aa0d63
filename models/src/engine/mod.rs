//! The engines: a model's folder and texts in, vectors or scores out.
//!
//! | file | what |
//! |---|---|
//! | `layout` | what a model folder says: modules, pooling, prompts, lengths |
//! | `config` | the transformer's own configuration, checked |
//! | `weights` | the mapped weights file, read with shapes checked |
//! | `numbers` | the kinds of numbers in it |
//! | `rows` | a matrix in it of which only some rows are read |
//! | `json` | the other files |
//! | `tokens` | text → token numbers, counts and spans, in bounded memory |
//! | `frame`, `pairs` | two texts → the tokens of a pair |
//! | `tokeniser` | the model's own tokeniser, run by us or by the `tokenizers` crate |
//! | `wordpiece` | BERT's tokeniser, run by us |
//! | `sequence` | the tokens that are read at once, of one text or of a pair |
//! | `embeddings` | tokens → what a transformer begins with |
//! | `packed` | the packed engine: a vector a token, on a processor |
//! | `candle` | the candle engine: the same on any device |
//! | `table` | the table engine: a row a token, averaged |
//! | `head` | a vector a token → a vector a text, or a score |
//! | `backend` | what the engines have in common |
//! | `settings`, `made` | how a model is run, and which engine is made of it |
//! | `runner` | a model on its cores |
//! | `batch` | which texts are computed together |
//! | `workers` | which core computes which batch |
//! | `sentence` | all of it behind the `Encoder` trait |
//! | `cross` | all of it for pairs of a question and a passage |

mod backend;
mod batch;
mod candle;
mod config;
mod cross;
mod embeddings;
mod frame;
mod head;
mod json;
mod layout;
mod made;
mod numbers;
mod packed;
mod pairs;
mod rows;
mod runner;
mod sentence;
mod sequence;
mod settings;
mod table;
mod tokeniser;
mod tokens;
mod weights;
mod wordpiece;
mod workers;

pub use cross::CrossEncoder;
pub use sentence::SentenceEncoder;
pub use settings::{Engine, Settings};
pub use tokens::TokenCounter;

pub(crate) use layout::{
    Body, Layout, ModuleKind, Modules, describes_a_model, describes_a_reranker,
};
pub(crate) use table::EMBEDDINGS;
pub(crate) use tokens::read_tokenizer;
pub(crate) use weights::weight_files;
