//! How well themes agree with labels that people gave, and how firm they are: every set there is in the data folder, as
//! one table.
//!
//! `cargo bench --bench themes` measures all of them, which takes a few minutes; `-- bbc` only those that are named.
//! `TOPOI_BENCH_LIBRARY=DIR` says besides what `topoi themes` takes over a library of any size.
//!
//! V is the V-measure and equals NMI, *strongest 80 %* the same without the fifth that belongs least firmly to its theme;
//! *seeds* and *grown* are adjusted Rand indices between themes of two seeds, and between those of nine tenths of the
//! documents and those of all. `docs/FORMATS.md` says more.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what is printed is the result, and how far it is"
)]

use std::collections::{HashMap, HashSet};
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::{Value, json};
use topoi_benches::{cost, data, is_wanted, program, table};

const HEADINGS: [&str; 13] = [
    "set",
    "documents",
    "labels",
    "themes",
    "V",
    "homogeneity",
    "completeness",
    "NMI",
    "ARI",
    "strongest 80 %",
    "coverage",
    "seeds",
    "grown",
];

/// The figures in a report, in the order of their columns.
const FIGURES: [&str; 9] = [
    "v_measure",
    "homogeneity",
    "completeness",
    "nmi",
    "ari",
    "v_measure_strongest_80",
    "coverage",
    "stability_seeds",
    "stability_grown",
];

type Row = [String; HEADINGS.len()];

fn main() -> Result<(), Box<dyn Error>> {
    let topoi = program()?;
    let folder = tempfile::tempdir()?;
    let mut rows: Vec<Row> = Vec::new();
    let mut models: Vec<Value> = Vec::new();
    let mut absent: Vec<PathBuf> = Vec::new();
    for (name, path) in [
        ("BBC", "themes/bbc.jsonl"),
        ("arguments", "themes/arguments.jsonl"),
    ] {
        let mut path = data().join(path);
        if !is_wanted(name) {
            continue;
        }
        if !path.exists() {
            absent.push(path);
            continue;
        }
        if name == "arguments" {
            let unique = unique_arguments(&fs::read_to_string(&path)?)?;
            path = folder.path().join("arguments.jsonl");
            fs::write(&path, unique)?;
        }
        let report = eval(&topoi, name, &path)?;
        rows.push(row(name, &report).ok_or("a report without what is expected")?);
        if !models.contains(&report["model"]) {
            models.push(report["model"].clone());
        }
    }
    for model in models {
        println!("{}", model.as_str().unwrap_or_default());
    }
    if !rows.is_empty() {
        print!("{}", table(&HEADINGS, 1, &rows));
    }
    for path in absent {
        println!("skipped: there is no `{}`", path.display());
    }
    match std::env::var_os("TOPOI_BENCH_LIBRARY") {
        Some(library) => themes_of(&topoi, Path::new(&library))?,
        None => println!("skipped: TOPOI_BENCH_LIBRARY names no library"),
    }
    Ok(())
}

/// The arguments that stand under one theme only, each text once: what is debated under several has no one answer.
fn unique_arguments(lines: &str) -> Result<String, Box<dyn Error>> {
    let arguments: Vec<Value> = lines
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()?;
    let mut themes: HashMap<&str, HashSet<&str>> = HashMap::new();
    for argument in &arguments {
        if let (Some(text), Some(theme)) = (argument["text"].as_str(), argument["theme"].as_str()) {
            themes.entry(text).or_default().insert(theme);
        }
    }
    let mut unique = String::new();
    for argument in &arguments {
        let text = argument["text"].as_str().unwrap_or_default();
        // What was written once isn't there the next time.
        if themes.remove(text).is_some_and(|themes| themes.len() == 1) {
            let line = json!({
                "id": argument["_id"],
                "label": argument["theme"],
                "text": text,
            });
            unique += &format!("{line}\n");
        }
    }
    Ok(unique)
}

fn eval(topoi: &Path, name: &str, path: &Path) -> Result<Value, Box<dyn Error>> {
    let begin = Instant::now();
    let output = Command::new(topoi)
        .args(["eval-themes", "--json"])
        .arg(path)
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(format!("`topoi eval-themes` ends with {}", output.status).into());
    }
    eprintln!("{name}: {:.0} s", begin.elapsed().as_secs_f64());
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// What the table says of a report.
fn row(name: &str, report: &Value) -> Option<Row> {
    let mut cells = vec![name.to_owned()];
    for count in ["documents", "labels", "themes"] {
        cells.push(report[count].as_u64()?.to_string());
    }
    for figure in FIGURES {
        cells.push(format!("{:.4}", report[figure].as_f64()?));
    }
    cells.try_into().ok()
}

/// What finding the themes of a library takes.
fn themes_of(topoi: &Path, library: &Path) -> Result<(), Box<dyn Error>> {
    let passages = Command::new(topoi)
        .args(["status", "--json", "--library"])
        .arg(library)
        .output()?;
    let passages: Value = serde_json::from_slice(&passages.stdout)?;
    let themes = cost(
        Command::new(topoi)
            .args(["themes", "--json", "--library"])
            .arg(library)
            .stdout(Stdio::null()),
    )?;
    println!(
        "themes of a library of {} passages: {:.1} s, at most {} MiB",
        passages["passages"],
        themes.time.as_secs_f64(),
        themes.memory / 1024
    );
    Ok(())
}
