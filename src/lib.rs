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
//! let root = "articles.topoi".as_ref();
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
//! Nothing in this library prints, reads an environment variable or decides an exit code: that is for the binary.

pub mod article;
pub mod copies;
mod error;
pub mod fetch;
pub mod ingest;
mod lexical;
pub mod library;
pub mod rng;
pub mod search;
pub mod store;
pub mod themes;

pub use error::{Error, Result};
