//! Semantic search for a library of articles: passages that say the same thing in other words, what belongs
//! beside a passage, and what a body of commentary is about.
//!
//! Articles are read ([`ingest`]), kept with their passages in SQLite ([`store`]), as vectors in segments (`topoi-index`)
//! and as words in an index for BM25; [`library`] holds these together, and [`search`] and [`themes`] answer from them.
//!
//! ```no_run
//! use topoi::library::{Indexer, Library, Silent, Windowing};
//! use topoi::ingest::{self, WalkOptions};
//! use topoi::search::{Feedback, Query, SearchOptions};
//!
//! # fn run(encoder: &dyn topoi_models::Encoder) -> Result<(), Box<dyn std::error::Error>> {
//! let root = std::path::Path::new("articles.topoi");
//! let name = "sentence-transformers/all-MiniLM-L6-v2";
//! let mut indexer = Indexer::open(root, name, encoder, &Silent, Windowing::Windows)?;
//! let found = ingest::find_files(&["articles".into()], &WalkOptions::default())?;
//! indexer.add_files(&found.files, ingest::DEFAULT_MAX_FILE_SIZE)?;
//! indexer.finish()?;
//!
//! let library = Library::open(root)?;
//! let question = Query::parse("who pays for a tariff?")?;
//! let answer = library.search(&question, &Feedback::default(), encoder, &SearchOptions::default())?;
//! # Ok(())
//! # }
//! ```
//!
//! Any [`Encoder`](topoi_models::Encoder) will do; here is one that knows the letters of a text and nothing else:
//!
//! ```
//! # use std::ops::Range;
//! use topoi::library::{Indexer, Library, Silent, Windowing};
//! use topoi::search::{Feedback, Mode, Query, SearchOptions};
//! use topoi_models::{EncodeError, Embeddings, Encoder, Identity, Observer, Pooling, Precision, Role};
//!
//! struct Letters(Identity);
//!
//! impl Encoder for Letters {
//!     fn identity(&self) -> &Identity {
//!         &self.0
//!     }
//!     fn encode(&self, texts: &[&str], _: Role, _: Observer<'_>) -> Result<Embeddings, EncodeError> {
//!         let mut embeddings = Embeddings::zeros(texts.len(), self.dim());
//!         for (row, text) in texts.iter().enumerate() {
//!             let Some(vector) = embeddings.row_mut(row) else { continue };
//!             vector[0] = 0.1;
//!             for byte in text.bytes().filter(u8::is_ascii_alphabetic) {
//!                 vector[usize::from(byte.to_ascii_lowercase() - b'a')] += 1.0;
//!             }
//!             let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
//!             vector.iter_mut().for_each(|value| *value /= length);
//!         }
//!         Ok(embeddings)
//!     }
//!     // As if each byte were a token.
//! #   fn room(&self, _: Role) -> usize { self.0.max_tokens }
//! #   fn count_tokens(&self, text: &str) -> usize { text.len() }
//! #   fn token_spans(&self, text: &str) -> Vec<Range<usize>> { (0..text.len()).map(|at| at..at + 1).collect() }
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let identity = Identity {
//! #     name: "letters".into(), revision: None, weights_sha256: "0".repeat(64), tokenizer_sha256: "0".repeat(64),
//! #     dense_sha256: None, pooling: Pooling::Mean, normalise: true, dim: 26, max_tokens: 10_000,
//! #     precision: Precision::F32, query_prompt: String::new(), passage_prompt: String::new(),
//! # };
//! let encoder = Letters(identity);
//! let folder = tempfile::tempdir()?;
//! let mut indexer = Indexer::open(folder.path(), "letters", &encoder, &Silent, Windowing::Windows)?;
//! indexer.add_text("essay.txt", b"Tariffs are paid by those who buy.\n\nThe concert was sold out.")??;
//! let report = indexer.finish()?;
//! assert_eq!(report.passages_added, 2);
//!
//! let library = Library::open(folder.path())?;
//! let options = SearchOptions { mode: Mode::Semantic, ..SearchOptions::default() };
//! let question = Query::parse("a concert, and it sold out")?;
//! let found = library.search(&question, &Feedback::default(), &encoder, &options)?;
//! assert_eq!(found.hits[0].passage.text, "The concert was sold out.");
//! # Ok(())
//! # }
//! ```
//!
//! Nothing in this library prints, reads an environment variable or decides an exit code: that is for the binary.

#![forbid(unsafe_code)]

pub mod article;
pub mod copies;
mod error;
pub mod fetch;
pub mod ingest;
mod lexical;
pub mod library;
mod location;
mod postgres;
pub mod rng;
pub mod search;
pub mod store;
pub mod themes;

pub use error::{Error, Result};
#[doc(hidden)]
pub use lexical::is_guarded;
pub use location::Location;
pub use postgres::{Layout, ServerError, ServerUrl, init as init_on_servers};
