//! How well articles are read: what is extracted from real pages, documents, feeds and encodings, compared with what
//! should be, as one table.
//!
//! `cargo bench --bench reading` measures all of it; `-- pages encodings` only what is named.

#![expect(clippy::print_stdout, reason = "what is printed is the result")]

mod encodings;
mod recurring;
mod speed;

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

const MEASUREMENTS: [Measurement; 3] = [
    ("encodings", "formats/encodings", encodings::measure),
    ("recurring", "commentary", recurring::measure),
    ("speed", "commentary/opinions.jsonl.gz", speed::measure),
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
