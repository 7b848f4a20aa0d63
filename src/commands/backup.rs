//! `topoi backup`: copies a library's files, as they are at one moment.

use serde::Serialize;
use topoi::library::{BackedUp, backup};

use super::cli::Backup;
use super::context::Context;
use super::output::Unit;
use super::{Outcome, interrupt};

#[derive(Serialize)]
struct BackupJson {
    schema: &'static str,
    #[serde(flatten)]
    backed_up: BackedUp,
}

pub(crate) fn run(context: &mut Context, arguments: &Backup) -> anyhow::Result<Outcome> {
    let library = context.library();
    interrupt::listen();
    let bar = context.output.progress(0, "copying", Unit::Bytes);
    let backed_up = backup(&library, &arguments.to, &mut |copied, all| {
        bar.set_length(all);
        bar.set_position(copied);
        !interrupt::requested()
    })?;
    bar.finish_and_clear();
    if arguments.json {
        context.output.json(&BackupJson {
            schema: "topoi.backup.v1",
            backed_up,
        })?;
        return Ok(Outcome::Found);
    }
    let BackedUp {
        articles,
        passages,
        segments,
        bytes,
        ..
    } = backed_up;
    context.output.note(format_args!(
        "`{}` is a copy of `{library}`, and sound: {articles} articles with {passages} passages in {segments} segments ({:.1} MiB)",
        arguments.to.display(),
        bytes as f64 / f64::from(1 << 20)
    ));
    context
        .output
        .detail("the index of words is not in it: the first search makes it again");
    Ok(Outcome::Found)
}
