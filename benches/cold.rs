//! How long a search takes from nothing: the whole process, with the model in the cache, over the sample library.
//!
//! Prints the median and the extremes of the wall time, and the most memory that a run took.

#![expect(clippy::print_stdout, reason = "what is printed is the result")]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use topoi_benches::program;

const RUNS: usize = 31;

/// What one run of the program took.
struct Cost {
    time: Duration,
    /// The most resident memory, in KiB.
    memory: i64,
}

fn main() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let topoi = program().expect("the program");
    let library = tempfile::tempdir().expect("a folder for the library");
    let run = |arguments: &[&str]| {
        let mut command = Command::new(&topoi);
        command.arg("--library").arg(library.path()).args(arguments);
        cost(command.stdout(Stdio::null()))
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

#[expect(
    clippy::zombie_processes,
    reason = "it is waited for with `wait4`, which also says what it took"
)]
fn cost(command: &mut Command) -> Cost {
    let begin = Instant::now();
    let child = command.spawn().expect("the program runs");
    let pid = libc::pid_t::try_from(child.id()).expect("a process number");
    let mut status = 0;
    // SAFETY: the structure is plain numbers, for which zeros are valid; the process is our own child, which nobody
    // else waits for, and both places that the call writes to are ours.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        assert_eq!(libc::wait4(pid, &mut status, 0, &mut usage), pid);
        usage
    };
    assert_eq!(status, 0, "the program succeeds");
    Cost {
        time: begin.elapsed(),
        memory: usage.ru_maxrss,
    }
}
