//! Reading a PDF in a process of its own, which the system ends when it takes too much.
//!
//! The library that takes a PDF apart unpacks streams as a whole and without a limit. [`guard`](super::guard) hides those that it
//! can tell, but a file can lie about what a stream is and where it ends, and of an encrypted one nothing can be told. So a program
//! that can call itself has each PDF read by another process of it. On macOS that has no limit of memory, and on Windows none at all.

use std::io::{self, Read, Write};
use std::panic::{self, AssertUnwindSafe};
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::thread;

use super::{Document, Failure};

/// How many bytes of addresses the process may take, what the program itself has included. A document of 3,000 pages and 50 MB
/// takes a third of it.
#[cfg(unix)]
const MEMORY: u64 = 1 << 30;

/// How many seconds of a core it may take. That document takes three.
#[cfg(unix)]
const SECONDS: u64 = 60;

/// The stack of the thread that reads: dictionaries and arrays stand in one another up to 512 deep, which takes more
/// than the 2 MiB of other threads in a build without optimisation.
const STACK: usize = 32 << 20;

/// What reads PDFs: a program, and the argument that makes it call [`read_pdf_for_another`].
static PROGRAM: OnceLock<(PathBuf, &'static str)> = OnceLock::new();

/// From now on PDFs are read by a process of `program`, which must do nothing but call [`read_pdf_for_another`] where
/// `argument` is its only argument. Until this is called they are read by the process that wants them; the first call counts.
pub fn read_pdfs_apart(program: PathBuf, argument: &'static str) {
    let _ = PROGRAM.set((program, argument));
}

/// Reads a PDF from standard input and writes to standard output what is in it, for the process that began this one. From
/// then on this process takes no more memory and time than a document needs.
///
/// # Errors
///
/// Where nobody gives or takes what is read.
pub fn read_pdf_for_another() -> io::Result<()> {
    #[cfg(unix)]
    limit();
    let mut bytes = Vec::new();
    io::stdin().lock().read_to_end(&mut bytes)?;
    serde_json::to_writer(io::stdout().lock(), &read_here(bytes))?;
    io::stdout().flush()
}

/// Sets the limits; one that the system doesn't take is left as it is, since documents are to be read there too.
#[cfg(unix)]
fn limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limits = [
        (Resource::As, MEMORY),
        (Resource::Cpu, SECONDS),
        (Resource::Core, 0),
    ];
    for (resource, limit) in limits {
        // Where there is less already, it stays.
        let most = getrlimit(resource).maximum;
        let limit = Some(most.map_or(limit, |most| most.min(limit)));
        let limit = Rlimit {
            current: limit,
            maximum: limit,
        };
        let _ = setrlimit(resource, limit);
    }
}

/// Reads a PDF: in a process of its own if there is a program for that.
pub(super) fn read(bytes: &[u8]) -> Result<Document, Failure> {
    let Some((program, argument)) = PROGRAM.get() else {
        return read_here(bytes.to_vec());
    };
    let mut command = Command::new(program);
    command
        .arg(argument)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    // An interruption is for this process, which may want to end what it has begun.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    // The program may have been replaced or taken away since it began.
    let Ok(mut reading) = command.spawn() else {
        return read_here(bytes.to_vec());
    };
    if let Some(mut input) = reading.stdin.take() {
        // It reads all before it writes anything, and where it ends before that its end says so.
        let _ = input.write_all(bytes);
    }
    let output = reading.wait_with_output();
    let output = output.map_err(|error| Failure::Damaged(error.to_string()))?;
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| Err(ended(output.status)))
}

/// Why a process that was to read a PDF has said nothing.
fn ended(status: ExitStatus) -> Failure {
    let reason = match status.code() {
        None => "it takes more memory or time than a document needs".to_owned(),
        Some(_) => format!("reading it broke down ({status})"),
    };
    Failure::Damaged(reason)
}

/// Reads a PDF in this process. The libraries that take it apart are young: what they get wrong must not take the program
/// with it.
fn read_here(bytes: Vec<u8>) -> Result<Document, Failure> {
    let reading = thread::Builder::new()
        .stack_size(STACK)
        .spawn(move || panic::catch_unwind(AssertUnwindSafe(|| super::read(bytes))))
        .map_err(|error| Failure::Damaged(error.to_string()))?;
    match reading.join() {
        Ok(Ok(read)) => read,
        _ => Err(Failure::Damaged(
            "its objects contradict one another".to_owned(),
        )),
    }
}
