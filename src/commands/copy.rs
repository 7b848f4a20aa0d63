//! `topoi copy`: takes a library over into another one, with its vectors.

use serde::Serialize;
use topoi::library::{Copied, Library, copy};

use super::cli::Copy;
use super::context::{Context, existing};
use super::output::Unit;
use super::passwords::location;
use super::{Outcome, interrupt};

#[derive(Serialize)]
struct CopyJson {
    schema: &'static str,
    #[serde(flatten)]
    copied: Copied,
}

pub(crate) fn run(context: &mut Context, arguments: &Copy) -> anyhow::Result<Outcome> {
    let (from, to) = (existing(location(&arguments.from)), location(&arguments.to));
    interrupt::listen();
    let passages = Library::records(&from)?.counts()?.passages;
    // Each is taken over, and compared.
    let bar = context
        .output
        .progress(passages * 2, "copying", Unit::Count);
    let copied = copy(&from, &to, &mut |copied| {
        bar.set_position(copied.passages + copied.compared);
        !interrupt::requested()
    })?;
    bar.finish_and_clear();
    if arguments.json {
        context.output.json(&CopyJson {
            schema: "topoi.copy.v1",
            copied,
        })?;
        return Ok(Outcome::Found);
    }
    let Copied {
        files,
        files_known,
        articles,
        passages,
        compared,
    } = copied;
    context.output.note(format_args!(
        "copied {articles} articles with {passages} passages from {files} files; {files_known} files were there already"
    ));
    context.output.note(format_args!(
        "`{to}` has all {compared} passages, with the same texts and vectors"
    ));
    Ok(Outcome::Found)
}
