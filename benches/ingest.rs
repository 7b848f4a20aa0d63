//! How fast articles are read, on one thread: megabytes of text a second where texts are plain, milliseconds a file where
//! they have to be taken out of something.
//!
//! `cargo bench --bench ingest` measures all that there is in the data folder; `-- pages pdf` only what is named. Each figure
//! is the median of several runs over all files of a kind, without the time that reading from disk takes.

#![expect(clippy::print_stdout, reason = "what is printed is the result")]

use std::error::Error;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use topoi::copies::{self, Sketch, Text};
use topoi::ingest::{FoundFiles, Hints, WalkOptions, find_files, read_source};
use topoi_benches::{data, is_wanted, table};

/// How often everything is read.
const RUNS: usize = 5;

const HEADINGS: [&str; 6] = [
    "set",
    "files",
    "MB",
    "MB a second",
    "ms a file",
    "slowest file, ms",
];

type Row = [String; HEADINGS.len()];

/// A file: its path, and its bytes.
type File = (PathBuf, Vec<u8>);

/// Folders of files in one format: the name of the set, the folder, and the ending of its files.
const FOLDERS: [(&str, &str, &str); 7] = [
    ("pages", "formats/news_html/html", "gz"),
    ("pdf", "formats/documents/pdf/sources", "pdf"),
    ("docx", "formats/documents/docx/sources", "docx"),
    ("epub", "formats/documents/epub/sources", "epub"),
    ("feeds", "formats/feeds", "xml"),
    ("encodings", "formats/encodings", ""),
    ("editorials (JSON)", "commentary/editorials", "json"),
];

fn main() -> Result<(), Box<dyn Error>> {
    // Of one core.
    rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build_global()?;
    let mut rows: Vec<Row> = Vec::new();
    let opinions = data().join("commentary/opinions.jsonl.gz");
    if is_wanted("opinions") && opinions.exists() {
        let mut lines = Vec::new();
        flate2::read::MultiGzDecoder::new(fs::File::open(&opinions)?).read_to_end(&mut lines)?;
        rows.push(measure(
            "opinions (JSON lines)",
            &[("opinions.jsonl".into(), lines.clone())],
        )?);
        rows.push(measure("opinions (text)", &texts(&lines)?)?);
        rows.push(sketches(&lines)?);
    }
    for (name, folder, ending) in FOLDERS {
        let folder = data().join(folder);
        if !is_wanted(name) {
            continue;
        }
        if folder.exists() {
            rows.push(measure(name, &files(&folder, ending)?)?);
        } else {
            println!("skipped {name}: there is no {}", folder.display());
        }
    }
    println!("{}", table(&HEADINGS, 1, &rows));
    Ok(())
}

/// The articles of JSON lines as files of plain text.
fn texts(lines: &[u8]) -> Result<Vec<File>, Box<dyn Error>> {
    let mut texts = Vec::new();
    for (line, number) in lines.split(|&byte| byte == b'\n').zip(1..) {
        if let Ok(record) = serde_json::from_slice::<serde_json::Value>(line)
            && let Some(text) = record.get("text").and_then(serde_json::Value::as_str)
        {
            texts.push((
                PathBuf::from(format!("{number}.txt")),
                text.as_bytes().to_vec(),
            ));
        }
    }
    Ok(texts)
}

/// The files below a folder whose names end so.
fn files(folder: &Path, ending: &str) -> Result<Vec<File>, Box<dyn Error>> {
    let FoundFiles { files, .. } = find_files(&[folder.to_owned()], &WalkOptions::default())?;
    let mut read = Vec::new();
    for file in files {
        if file.path.to_string_lossy().ends_with(ending) {
            read.push((file.path.clone(), fs::read(&file.path)?));
        }
    }
    Ok(read)
}

/// Reads all files several times.
fn measure(name: &str, files: &[File]) -> Result<Row, Box<dyn Error>> {
    let mut runs = Vec::with_capacity(RUNS);
    let mut slowest: f64 = 0.0;
    for _ in 0..RUNS {
        let begun = Instant::now();
        for (path, bytes) in files {
            let hints = Hints {
                path: Some(path.clone()),
                ..Hints::default()
            };
            let file = Instant::now();
            // What can't be read takes its time too.
            let _ = std::hint::black_box(read_source(bytes, &hints));
            slowest = slowest.max(file.elapsed().as_secs_f64());
        }
        runs.push(begun.elapsed().as_secs_f64());
    }
    Ok(row(
        name,
        files.len(),
        files.iter().map(|(_, bytes)| bytes.len()).sum(),
        median(&mut runs),
        slowest,
    ))
}

/// Sketches of all articles, as copies are found by.
fn sketches(lines: &[u8]) -> Result<Row, Box<dyn Error>> {
    let articles = read_source(lines, &Hints::default())?.articles;
    let paragraphs = || articles.iter().flat_map(|article| &article.paragraphs);
    let bytes = paragraphs().map(|paragraph| paragraph.text.len()).sum();
    let mut runs = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        let begun = Instant::now();
        let texts: Vec<Text> = articles
            .iter()
            .map(|article| Text {
                sketch: Sketch::of(
                    article
                        .paragraphs
                        .iter()
                        .map(|paragraph| paragraph.text.as_str()),
                ),
                source: None,
            })
            .collect();
        std::hint::black_box(copies::pairs(&texts));
        runs.push(begun.elapsed().as_secs_f64());
    }
    Ok(row(
        "copies among opinions",
        articles.len(),
        bytes,
        median(&mut runs),
        f64::NAN,
    ))
}

fn row(name: &str, files: usize, bytes: usize, seconds: f64, slowest: f64) -> Row {
    let megabytes = bytes as f64 / 1e6;
    [
        name.to_owned(),
        files.to_string(),
        format!("{megabytes:.1}"),
        format!("{:.1}", megabytes / seconds),
        format!("{:.2}", 1000.0 * seconds / files.max(1) as f64),
        if slowest.is_nan() {
            String::new()
        } else {
            format!("{:.1}", 1000.0 * slowest)
        },
    ]
}

fn median(runs: &mut [f64]) -> f64 {
    runs.sort_unstable_by(f64::total_cmp);
    runs.get(runs.len() / 2).copied().unwrap_or(f64::NAN)
}
