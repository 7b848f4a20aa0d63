//! Reading sources into articles: bytes and a few hints go in, articles with their paragraphs come out.
//!
//! [`read_source`] is the whole way: it recognises the format ([`Format`]), has that format's [`Reader`] take
//! the bytes apart, and then does what every format needs: bylines and dates at the top become metadata,
//! boilerplate is marked, and the language is guessed where nobody says it.
//!
//! ```
//! use topoi::article::Kind;
//! use topoi::ingest::{Hints, read_source};
//!
//! let page = "The Harbour Can Wait\n\
//!             By Ada Marsh\n\
//!             May 14, 2020\n\n\
//!             A port is not a monument, and a city that treats it as one will soon have neither ships nor visitors.\n\n\
//!             Copyright: The Example Review\n";
//! let reading = read_source(page.as_bytes(), &Hints::default())?;
//! let article = &reading.articles[0];
//! assert_eq!(article.metadata.title.as_deref(), Some("The Harbour Can Wait"));
//! assert_eq!(article.metadata.author.as_deref(), Some("Ada Marsh"));
//! assert_eq!(article.paragraphs[3].kind, Kind::Body);
//! assert_eq!(article.paragraphs[4].kind, Kind::Copyright);
//! # Ok::<(), topoi::ingest::ReadError>(())
//! ```
//!
//! Nothing here prints, asks the environment or looks at the clock. Every step is linear in the size of its
//! input and gives the same output for the same bytes.

mod abbreviations;
mod archive;
mod blocks;
mod boilerplate;
mod byline;
mod compression;
mod decode;
mod docx;
mod entries;
mod epub;
mod error;
mod feed;
mod file;
mod file_list;
mod finish;
mod fold;
mod format;
mod front_matter;
mod html;
mod inline;
mod json;
mod json_lines;
mod language;
mod line_ends;
mod lines;
mod mail;
mod markdown;
mod matter;
mod package;
mod paragraphs;
mod pdf;
mod people;
mod plain;
mod records;
mod recurring;
mod sentences;
mod source;
mod stop_words;
mod table;
mod trailers;
mod walk;
mod warc;
mod windows;
mod xml;

pub use decode::{Decoded, Encoding, decode};
pub use error::{ReadError, Warning};
pub use feed::{is_teaser, teasers};
pub use file::{DEFAULT_MAX_FILE_SIZE, SkipReason, read_file};
pub use file_list::parse_file_list;
pub use fold::fold;
pub use format::Format;
pub use language::{detect_foreign, detect_language};
pub use line_ends::LineEnds;
pub use matter::title_from_path;
pub use paragraphs::split_paragraphs;
pub use pdf::{read_pdf_for_another, read_pdfs_apart};
pub use records::{Field, FieldRuleError, Fields};
pub use recurring::{Line, Occurrence, Recurrence, Shape, source_of};
pub use sentences::{Sentences, sentences};
pub use source::{Extracted, Hints, Reader, Reading, Source, read_source};
pub use walk::{FoundFile, FoundFiles, Skipped, WalkError, WalkOptions, find_files};
pub use windows::windows;

#[cfg(test)]
mod damage;
#[cfg(test)]
mod tests;
