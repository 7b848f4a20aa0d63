//! What a library keeps: files, articles and passages, and what was found out about them.
//!
//! | file | what |
//! |---|---|
//! | `rows`, `filter` | the plain types |
//! | `records` | what is read and changed, whatever keeps it: [`Records`] and [`Editor`] |
//! | `sqlite` | a library in a folder |
//!
//! A library on servers is in `postgres`.

mod error;
mod filter;
mod records;
mod rows;
pub(crate) mod sqlite;

pub use error::StoreError;
pub use filter::Filter;
pub use records::{Editor, Records};
pub use rows::{
    Change, Copy, Counts, FileRow, KeptTheme, Membership, ModelRow, NameCount, NewArticle, NewFile,
    NewPassage, Overview, Sketched, Validators, VectorSource,
};
