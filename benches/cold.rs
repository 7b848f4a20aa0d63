//! How long a search takes from nothing: the whole process, with the model in the cache, over the sample library.
//!
//! Prints the median and the extremes of the wall time, and the most memory that a run took.

#![expect(clippy::print_stdout, reason = "what is printed is the result")]

use std::path::Path;
use std::process::{Command, Stdio};

use topoi_benches::{Cost, cost, program};

const RUNS: usize = 31;

fn main() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let topoi = program().expect("the program");
    let library = tempfile::tempdir().expect("a folder for the library");
    let run = |arguments: &[&str]| {
        let mut command = Command::new(&topoi);
        command.arg("--library").arg(library.path()).args(arguments);
        cost(command.stdout(Stdio::null())).expect("the program runs")
    };
    let articles = workspace.join("examples/commentary");
    let indexing = run(&["--quiet", "index", &articles.to_string_lossy()]);
    let mut runs: Vec<Cost> = (0..RUNS)
        .map(|_| run(&["--offline", "search", "who pays for a tariff?"]))
        .collect();
    runs.sort_unstable_by_key(|run| run.time);
    let milliseconds = |run: &Cost| run.time.as_secs_f64() * 1e3;
    let memory = runs.iter().map(|run| run.memory).max().unwrap_or(0) / 1024;
    println!(
        "cold search, {RUNS} runs: median {:.0} ms, fastest {:.0} ms, slowest {:.0} ms, at most {memory} MiB",
        milliseconds(&runs[RUNS / 2]),
        milliseconds(&runs[0]),
        milliseconds(&runs[RUNS - 1])
    );
    println!(
        "indexing the sample library: {:.1} s, at most {} MiB",
        indexing.time.as_secs_f64(),
        indexing.memory / 1024
    );
}
