//! The command line: parse the arguments, call one command, turn its error into an exit code.

#![forbid(unsafe_code)]

mod answers;
mod commands;
mod serve;

use std::process::ExitCode;

fn main() -> ExitCode {
    // A panic that becomes an error is not shown.
    let show = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !topoi::is_guarded() {
            show(panic);
        }
    }));
    commands::main()
}
