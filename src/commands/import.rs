//! `topoi import`: makes a library of what `topoi export` has written.

use std::fs::File;
use std::io;
use std::path::Path;

use serde::Serialize;
use topoi::library::{Copied, Imported, import, spool};

use super::cli::Import;
use super::context::Context;
use super::failure::Failure;
use super::lines;
use super::output::Unit;
use super::{Outcome, interrupt};

#[derive(Serialize)]
struct ImportJson {
    schema: &'static str,
    #[serde(flatten)]
    imported: Imported,
}

pub(crate) fn run(context: &mut Context, arguments: &Import) -> anyhow::Result<Outcome> {
    let (library, name) = (context.library_to_make(), lines::name(&arguments.from));
    let file = open(context, &arguments.from, &name)?;
    interrupt::listen();
    let bar = context.output.progress(0, "importing", Unit::Count);
    let imported = import(&file, &name, &library, &mut |done, all| {
        bar.set_length(all);
        bar.set_position(done);
        !interrupt::requested()
    })?;
    bar.finish_and_clear();
    if arguments.json {
        context.output.json(&ImportJson {
            schema: "topoi.import.v1",
            imported,
        })?;
        return Ok(Outcome::Found);
    }
    let Imported {
        copied:
            Copied {
                files,
                files_known,
                articles,
                passages,
                compared,
            },
        themes,
        themes_left_out,
    } = imported;
    context.output.note(format_args!(
        "took in {articles} articles with {passages} passages from {files} files, and {themes} themes; {files_known} files were there already"
    ));
    context.output.note(format_args!(
        "`{library}` has all {compared} passages, with the same texts and vectors"
    ));
    if themes_left_out {
        context.output.note(
            "the themes of the export were left out, since the library has had some of its own",
        );
    }
    Ok(Outcome::Found)
}

/// The file, from which can be read more than once: what can't, as standard input, becomes a temporary one.
fn open(context: &Context, path: &Path, name: &str) -> anyhow::Result<File> {
    if path == Path::new("-") {
        context.output.detail("keeping standard input in a temporary file, to look at all of it before anything is changed");
        return Ok(spool(io::stdin().lock(), name)?);
    }
    let hint = "name a file that `topoi export` has written, or `-` for standard input";
    let cannot = |detail: String| {
        Failure::with_hint(format!("cannot open `{}`: {detail}", path.display()), hint)
    };
    let file = File::open(path).map_err(|error| cannot(error.to_string()))?;
    let kind = file.metadata().map_err(|error| cannot(error.to_string()))?;
    if kind.is_dir() {
        return Err(cannot("it is a folder".to_owned()).into());
    }
    if kind.is_file() {
        return Ok(file);
    }
    Ok(spool(io::BufReader::new(file), name)?)
}
