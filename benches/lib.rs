//! What the benchmarks share: the default model, the program and what a run of it takes, texts to embed, data to measure on,
//! and tables.

#[cfg(unix)]
mod cost;

use std::path::{Path, PathBuf};
use std::process::Command;

#[cfg(unix)]
pub use cost::{Cost, cost};
use topoi_models::{Locator, ModelRef, SentenceEncoder, Settings};

/// The default model, run as `settings` say, fetched where it is not in the cache yet.
///
/// # Errors
///
/// Where it can't be had or loaded.
pub fn load(settings: &Settings) -> Result<SentenceEncoder, Box<dyn std::error::Error>> {
    let folder = locator().locate(&ModelRef::default())?;
    Ok(SentenceEncoder::load(&folder, settings)?)
}

/// Finds models where the program `topoi` keeps them.
pub fn locator() -> Locator<'static> {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| Some(std::env::home_dir()?.join(".cache")));
    Locator::new(cache.unwrap_or_default().join("topoi"))
}

/// The program `topoi`, built anew where it is older than the source, so that no benchmark measures a version that is gone.
///
/// # Errors
///
/// Where it can't be built or isn't where benchmarks are built too.
pub fn program() -> Result<PathBuf, Box<dyn std::error::Error>> {
    if let Some(cargo) = std::env::var_os("CARGO") {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut build = Command::new(cargo);
        build.args(["build", "--release"]).current_dir(workspace);
        // What cargo tells a benchmark about its package would make some crates build anew.
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
                build.env_remove(&name);
            }
        }
        let status = build.status()?;
        if !status.success() {
            return Err("the program can't be built".into());
        }
    }
    // A benchmark is `release/deps/NAME-DIGEST`.
    let benchmark = std::env::current_exe()?;
    let release = benchmark.parent().and_then(Path::parent);
    let program = release.unwrap_or(Path::new(".")).join("topoi");
    if program.is_file() {
        Ok(program)
    } else {
        Err(format!(
            "there is no `{}`: build it with `cargo build --release`",
            program.display()
        )
        .into())
    }
}

/// Whether a set is to be measured: those that the command line names a part of, or all where it names none.
pub fn is_wanted(set: &str) -> bool {
    // cargo adds an option.
    let mut named = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .peekable();
    let set = set.to_lowercase();
    named.peek().is_none() || named.any(|name| set.contains(&name.to_lowercase()))
}

/// Rows below their headings, in columns as wide as what is in them; the first `words` hold words, the others numbers,
/// which stand to the right.
pub fn table<const N: usize>(headings: &[&str; N], words: usize, rows: &[[String; N]]) -> String {
    let headings = headings.map(str::to_owned);
    let rows: Vec<&[String; N]> = [&headings].into_iter().chain(rows).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: Vec<usize> = (0..N).filter_map(width).collect();
    let mut table = String::new();
    for row in rows {
        let cells = row.iter().zip(&widths).enumerate();
        let cells = cells.map(|(column, (cell, width))| {
            if column < words {
                format!("{cell:<width$}")
            } else {
                format!("{cell:>width$}")
            }
        });
        let line = cells.collect::<Vec<_>>().join("  ");
        table += line.trim_end();
        table.push('\n');
    }
    table
}

/// The folder of texts to measure on, which are not part of the repository: `TOPOI_DATA`, else `../shared/data`.
pub fn data() -> PathBuf {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    std::env::var_os("TOPOI_DATA").map_or_else(beside, PathBuf::from)
}

/// The paragraphs of the sample articles that are longer than a line.
///
/// # Errors
///
/// Where the articles can't be read.
pub fn paragraphs() -> std::io::Result<Vec<String>> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../examples/commentary");
    let mut paths = Vec::new();
    for folder in std::fs::read_dir(root)? {
        for file in std::fs::read_dir(folder?.path())? {
            paths.push(file?.path());
        }
    }
    paths.sort();
    let mut paragraphs = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(path)?;
        paragraphs.extend(
            text.split("\n\n")
                .filter(|part| part.len() > 200)
                .map(str::to_owned),
        );
    }
    Ok(paragraphs)
}

/// A matrix of f32 as NumPy's `save` writes it, row by row.
///
/// # Errors
///
/// Where the file can't be read, or holds another kind of array.
pub fn read_npy(path: &Path) -> Result<Vec<Vec<f32>>, Box<dyn std::error::Error>> {
    let bytes = std::fs::read(path)?;
    let length = bytes.get(8..10).and_then(|length| length.first_chunk());
    let start = 10 + usize::from(u16::from_le_bytes(*length.ok_or("too short for an array")?));
    let header = String::from_utf8_lossy(bytes.get(10..start).unwrap_or_default());
    if !header.contains("'<f4'") || header.contains("True") {
        return Err("not a matrix of f32, row by row".into());
    }
    let shape = header.split(['(', ')']).nth(1).unwrap_or_default();
    let dim: usize = shape.split(',').nth(1).unwrap_or_default().trim().parse()?;
    let values = bytes.get(start..).unwrap_or_default();
    let rows = values.chunks_exact(dim.max(1) * size_of::<f32>());
    let row = |row: &[u8]| {
        let (values, _) = row.as_chunks::<4>();
        let values = values.iter().map(|bytes| f32::from_le_bytes(*bytes));
        values.collect()
    };
    Ok(rows.map(row).collect())
}
