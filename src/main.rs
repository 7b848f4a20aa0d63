//! The command line: parse the arguments, call one command, turn its error into an exit code.

mod answers;
mod commands;
mod serve;

use std::process::ExitCode;

fn main() -> ExitCode {
    commands::main()
}
