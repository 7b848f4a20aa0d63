//! The command line: parse the arguments, call one command, turn its error into an exit code.

#![forbid(unsafe_code)]

mod answers;
mod commands;
mod serve;

use std::env;
use std::process::ExitCode;

/// The argument that makes this program read one PDF for another process of it; nobody types it.
const READ_PDF: &str = "__read-pdf";

fn main() -> ExitCode {
    if env::args_os().nth(1).is_some_and(|first| first == READ_PDF) {
        return match topoi::ingest::read_pdf_for_another() {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::from(2),
        };
    }
    if let Ok(program) = env::current_exe() {
        topoi::ingest::read_pdfs_apart(program, READ_PDF);
    }
    // A panic that becomes an error is not shown.
    let show = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !topoi::is_guarded() {
            show(panic);
        }
    }));
    commands::main()
}
