//! How well passages are found: every test collection there is in the data folder, in each mode, as one table.
//!
//! `cargo bench --bench quality` measures all of them, which takes some minutes; `-- time sts` only those that are named.
//! Each row has nDCG@10 (of pairs of sentences Spearman's correlation) with its 95 % interval, and how a single mode
//! differs from the default one, with p; `docs/FORMATS.md` says how both are worked out.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what is printed is the result, and how far it is"
)]

use std::error::Error;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::Value;
use topoi_benches::{data, is_wanted, program, table};

/// Collections in BEIR's form: name and folder.
const COLLECTIONS: [(&str, &str); 3] = [
    ("SciFact", "retrieval/scifact"),
    ("ArguAna", "retrieval/arguana"),
    ("TIME", "retrieval/time"),
];

/// Tables of pairs: name and file.
const TABLES: [(&str, &str); 1] = [("STS-B test", "sts/sts-test.csv")];

const HEADINGS: [&str; 9] = [
    "set",
    "documents",
    "by",
    "measure",
    "n",
    "value",
    "95 % interval",
    "to default",
    "p",
];

/// How many columns hold words; the others hold numbers.
const WORDS: usize = 4;

type Row = [String; HEADINGS.len()];

fn main() -> Result<(), Box<dyn Error>> {
    let mut rows: Vec<Row> = Vec::new();
    let mut models: Vec<Value> = Vec::new();
    let mut absent: Vec<PathBuf> = Vec::new();
    let bench = Bench::new()?;
    for (name, path) in COLLECTIONS.iter().chain(&TABLES) {
        let path = data().join(path);
        if !is_wanted(name) {
            continue;
        }
        if !path.exists() {
            absent.push(path);
            continue;
        }
        let reports = if path.is_dir() {
            bench.collection(name, &path)?
        } else {
            vec![bench.eval(&[name, "pairs"], &path, &[])?]
        };
        for (place, report) in reports.iter().enumerate() {
            let name = if place == 0 { name } else { "" };
            rows.push(row(name, report).ok_or("a report without what is expected")?);
            if !models.contains(&report["model"]) {
                models.push(report["model"].clone());
            }
        }
    }
    for model in models {
        println!("{}", model.as_str().unwrap_or_default());
    }
    if !rows.is_empty() {
        print!("{}", table(&HEADINGS, WORDS, &rows));
    }
    for path in absent {
        println!("skipped: there is no `{}`", path.display());
    }
    Ok(())
}

/// The program, and a folder for its libraries.
struct Bench {
    topoi: PathBuf,
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Result<Self, Box<dyn Error>> {
        Ok(Self {
            topoi: program()?,
            folder: tempfile::tempdir()?,
        })
    }

    /// The reports of a collection: by best passage in the default mode, then in the single ones, and of whole
    /// documents by the cosine, as published figures are.
    fn collection(&self, name: &str, path: &Path) -> Result<Vec<Value>, Box<dyn Error>> {
        // Made by the first run, and used by all that rank passages.
        let library = self.folder.path().join(name);
        let default = self.folder.path().join(format!("{name}.jsonl"));
        let keep = [OsStr::new("--keep"), library.as_os_str()];
        let write = [OsStr::new("--per-query"), default.as_os_str()];
        let against = [OsStr::new("--against"), default.as_os_str()];
        let mut reports = vec![self.eval(&[name, "default"], path, &[keep, write].concat())?];
        for mode in ["semantic", "lexical"] {
            let options = [keep, ["--mode", mode].map(OsStr::new), against].concat();
            reports.push(self.eval(&[name, mode], path, &options)?);
        }
        reports.push(self.eval(&[name, "whole"], path, &[OsStr::new("--whole")])?);
        Ok(reports)
    }

    fn eval(
        &self,
        what: &[&str],
        path: &Path,
        options: &[&OsStr],
    ) -> Result<Value, Box<dyn Error>> {
        let begin = Instant::now();
        let output = Command::new(&self.topoi)
            .args(["eval", "--json"])
            .arg(path)
            .args(options)
            .stderr(Stdio::inherit())
            .output()?;
        if !output.status.success() {
            return Err(format!("`topoi eval` ends with {}", output.status).into());
        }
        let seconds = begin.elapsed().as_secs_f64();
        eprintln!("{}: {seconds:.0} s", what.join(", "));
        Ok(serde_json::from_slice(&output.stdout)?)
    }
}

/// What the table says of a report.
fn row(name: &str, report: &Value) -> Option<Row> {
    let is_pairs = report.get("pairs").is_some();
    let measure = if is_pairs { "spearman" } else { "ndcg@10" };
    let by = match (report["ranking"].as_str(), report["mode"].as_str()) {
        (Some("cosine"), _) | (_, None) => "cosine",
        (_, Some(mode)) => mode,
    };
    let interval = report["intervals"][measure].as_array()?;
    let (low, high) = (interval.first()?.as_f64()?, interval.get(1)?.as_f64()?);
    // What is reported is the single mode less the default.
    let against = &report["against"][measure];
    let difference = against["difference"].as_f64();
    let p = against["p"].as_f64().map(|p| match p {
        p if p < 0.0001 => "<.0001".to_owned(),
        p => format!("{p:.4}").trim_start_matches('0').to_owned(),
    });
    Some([
        name.to_owned(),
        report["documents"].as_str().unwrap_or("pairs").to_owned(),
        by.to_owned(),
        if is_pairs { "Spearman" } else { "nDCG@10" }.to_owned(),
        report[if is_pairs { "pairs" } else { "queries" }].to_string(),
        format!("{:.4}", report[measure].as_f64()?),
        format!("[{low:.4}, {high:.4}]"),
        difference.map(|x| format!("{x:+.4}")).unwrap_or_default(),
        p.unwrap_or_default(),
    ])
}
