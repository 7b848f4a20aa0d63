//! A library in lines of JSON: what is known of its files and articles, its passages with their vectors, and its themes.
//!
//! | file | what |
//! |---|---|
//! | `form` | the lines |
//! | `write` | a library becomes lines |
//! | `read` | lines are read, and found to be all that were written |
//! | `import` | lines become a library |
//!
//! Neither holds more of it at once than an article, the files' names and which passage has which theme. The form is
//! described in `docs/FORMATS.md`.

mod error;
mod form;
mod import;
mod read;
mod write;

pub use error::ExportError;
pub use import::{Imported, import};
pub use read::spool;
pub use write::{Exported, export};
