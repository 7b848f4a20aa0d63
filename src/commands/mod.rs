//! One file a subcommand, each a thin layer over the library.

mod backup;
mod batch;
mod check;
mod cli;
mod compact;
mod compare;
mod completions;
mod context;
mod copy;
mod demo;
mod duplicates;
mod embed;
mod eval;
mod eval_themes;
mod export;
mod failure;
mod hits;
mod import;
mod index;
mod interrupt;
mod last;
mod library;
mod lines;
mod list;
mod man;
mod mcp;
mod model;
mod nothing;
mod npy;
mod output;
mod passwords;
mod related;
mod remove;
mod search;
mod serve;
mod show;
mod status;
mod target;
mod themes;
mod titles;
mod usage;
mod watch;
mod whole_file;

use std::io;
use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Command};
use context::Context;

/// Whether a command had anything to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It did: exit code 0.
    Found,
    /// It did not: exit code 1.
    NothingFound,
    /// What it was to look at is not sound: exit code 2.
    Unsound,
}

/// Runs the command that the arguments name. Exit codes: 0 found, 1 nothing found, 2 error, 130 interrupted.
pub(crate) fn main() -> ExitCode {
    passwords::hide();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage::tell(&error),
    };
    if let Some(threads) = cli.global.threads {
        // It fails where there is a pool already, and there is none yet.
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.get());
        let _ = pool.build_global();
    }
    let mut context = Context::new(cli.global);
    let result = run(&mut context, cli.command).and_then(|outcome| {
        context.output.flush()?;
        Ok(outcome)
    });
    match result {
        Ok(Outcome::Found) => ExitCode::SUCCESS,
        Ok(Outcome::NothingFound) => ExitCode::from(1),
        Ok(Outcome::Unsound) => ExitCode::from(2),
        // Whoever reads has seen enough.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            let interrupted = matches!(
                error.downcast_ref(),
                Some(topoi::Error::Interrupted | topoi::Error::Stopped)
            );
            output::report(&error, failure::hint(&error));
            ExitCode::from(if interrupted { 130 } else { 2 })
        }
    }
}

fn run(context: &mut Context, command: Command) -> anyhow::Result<Outcome> {
    match command {
        Command::Index(arguments) => index::run(context, &arguments),
        Command::Watch(arguments) => watch::run(context, &arguments),
        Command::Search(arguments) => search::run(context, &arguments),
        Command::Related(arguments) => related::run(context, &arguments),
        Command::Themes(arguments) => themes::run(context, &arguments),
        Command::Compare(arguments) => compare::run(context, &arguments),
        Command::Duplicates(arguments) => duplicates::run(context, &arguments),
        Command::Show(arguments) => show::run(context, &arguments),
        Command::List(arguments) => list::run(context, &arguments),
        Command::Remove(arguments) => remove::run(context, &arguments),
        Command::Status(arguments) => status::run(context, &arguments),
        Command::Check(arguments) => check::run(context, &arguments),
        Command::Library(cli::LibraryCommand::Init(arguments)) => {
            library::init(context, &arguments)
        }
        Command::Backup(arguments) => backup::run(context, &arguments),
        Command::Export(arguments) => export::run(context, &arguments),
        Command::Import(arguments) => import::run(context, &arguments),
        Command::Copy(arguments) => copy::run(context, &arguments),
        Command::Compact(arguments) => compact::run(context, &arguments),
        Command::Serve(arguments) => serve::run(context, &arguments),
        Command::Mcp(arguments) => mcp::run(context, &arguments),
        Command::Model(arguments) => model::run(context, &arguments),
        Command::Embed(arguments) => embed::run(context, &arguments),
        Command::Eval(arguments) => eval::run(context, &arguments),
        Command::EvalThemes(arguments) => eval_themes::run(context, &arguments),
        Command::Demo(arguments) => demo::run(context, &arguments),
        Command::Completions(arguments) => completions::run(context, &arguments),
        Command::Man(arguments) => man::run(context, &arguments),
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let is_broken = |error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe;
    error.chain().any(|cause| {
        cause.downcast_ref::<io::Error>().is_some_and(is_broken)
            || cause
                .downcast_ref::<serde_json::Error>()
                .is_some_and(|error| error.io_error_kind() == Some(io::ErrorKind::BrokenPipe))
    })
}
