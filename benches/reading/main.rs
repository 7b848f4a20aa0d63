//! How well articles are read: what is extracted from real pages, documents, feeds and encodings, compared with what
//! should be, as one table.
//!
//! `cargo bench --bench reading` measures all of it; `-- pages encodings` only what is named.

#![expect(clippy::print_stdout, reason = "what is printed is the result")]

mod copies;
mod documents;
mod encodings;
mod feeds;
mod pages;
mod pdf;
mod recurring;
mod words;

use std::error::Error;
use std::path::Path;

use topoi_benches::{data, is_wanted, table};

const HEADINGS: [&str; 5] = ["set", "measure", "documents", "value", "goal"];

/// A row of the table, under [`HEADINGS`].
type Row = [String; HEADINGS.len()];

/// What can be measured: a name, the folder of its data, and how.
type Measurement = (
    &'static str,
    &'static str,
    fn(&Path) -> Result<Vec<Row>, Box<dyn Error>>,
);

const MEASUREMENTS: [Measurement; 8] = [
    ("pages", "formats/news_html", pages::measure),
    ("pdf", "formats/documents/pdf", pdf::measure),
    ("docx", "formats/documents/docx", documents::docx),
    ("epub", "formats/documents/epub", documents::epub),
    ("feeds", "formats/feeds", feeds::measure),
    ("encodings", "formats/encodings", encodings::measure),
    ("copies", "duplicates", copies::measure),
    ("recurring", "commentary", recurring::measure),
];

fn main() -> Result<(), Box<dyn Error>> {
    let mut rows: Vec<Row> = Vec::new();
    for (name, folder, measure) in MEASUREMENTS {
        let folder = data().join(folder);
        if !is_wanted(name) {
            continue;
        }
        if folder.exists() {
            rows.extend(measure(&folder)?);
        } else {
            println!("skipped {name}: there is no {}", folder.display());
        }
    }
    println!("{}", table(&HEADINGS, 2, &rows));
    Ok(())
}
