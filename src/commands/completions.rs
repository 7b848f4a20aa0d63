//! `topoi completions`: completions for a shell.

use clap::CommandFactory;

use super::Outcome;
use super::cli::{Cli, Completions};
use super::context::Context;

pub(crate) fn run(context: &mut Context, arguments: &Completions) -> anyhow::Result<Outcome> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "topoi", &mut script);
    context.output.bytes(&script)?;
    Ok(Outcome::Found)
}
