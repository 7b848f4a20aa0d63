//! `topoi man`: manual pages.

use anyhow::Context as _;
use clap::CommandFactory;

use super::Outcome;
use super::cli::{Cli, Man};
use super::context::Context;

pub(crate) fn run(context: &mut Context, arguments: &Man) -> anyhow::Result<Outcome> {
    match &arguments.dir {
        Some(folder) => {
            std::fs::create_dir_all(folder)
                .and_then(|()| clap_mangen::generate_to(Cli::command(), folder))
                .with_context(|| {
                    format!("cannot write manual pages into `{}`", folder.display())
                })?;
        }
        None => {
            let mut page = Vec::new();
            clap_mangen::Man::new(Cli::command()).render(&mut page)?;
            context.output.bytes(&page)?;
        }
    }
    Ok(Outcome::Found)
}
