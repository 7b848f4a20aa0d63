//! `topoi export`: writes the library as JSON lines.

use std::fs::OpenOptions;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::Context as _;
use topoi::library::{ExportError, Exported, Library, export};

use super::cli::Export;
use super::context::Context;
use super::output::Unit;
use super::{Outcome, interrupt, whole_file};

pub(crate) fn run(context: &mut Context, arguments: &Export) -> anyhow::Result<Outcome> {
    let library = context.open()?;
    interrupt::listen();
    let bar = context.output.progress(0, "exporting", Unit::Count);
    let to_stdout = arguments.to == Path::new("-");
    let mut write = |library: &Library, to: &mut dyn Write| {
        export(library, !arguments.no_vectors, to, &mut |done, all| {
            bar.set_length(all);
            bar.set_position(done);
            !interrupt::requested()
        })
    };
    let exported = if to_stdout {
        write(&library, &mut context.output.exact()?)?
    } else {
        write_file(&library, &arguments.to, &mut write)?
    };
    bar.finish_and_clear();
    let Exported {
        files,
        articles,
        passages,
        themes,
    } = exported;
    context.output.note(format_args!(
        "exported {articles} articles with {passages} passages from {files} files, and {themes} themes{}",
        if arguments.no_vectors {
            "; without vectors"
        } else {
            ""
        }
    ));
    Ok(Outcome::Found)
}

/// Writes a file that is there when it is complete; what is no file, as a pipe, is written to as it is.
fn write_file(
    library: &Library,
    path: &Path,
    write: &mut dyn FnMut(&Library, &mut dyn Write) -> topoi::Result<Exported>,
) -> anyhow::Result<Exported> {
    let cannot = || format!("cannot write `{}`", path.display());
    let named = |error| match error {
        topoi::Error::Export(ExportError::Unwritten(error)) => {
            anyhow::Error::new(error).context(cannot())
        }
        error => error.into(),
    };
    if path.metadata().is_ok_and(|there| !there.is_file()) {
        let file = OpenOptions::new().write(true).open(path);
        let mut file = BufWriter::new(file.with_context(cannot)?);
        return write(library, &mut file).map_err(named);
    }
    // A link stays one.
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let mut file = BufWriter::new(whole_file::beside(&path).with_context(cannot)?);
    let exported = write(library, &mut file).map_err(named)?;
    let file = file.into_inner().map_err(|error| error.into_error());
    whole_file::put(file.with_context(cannot)?, &path).with_context(cannot)?;
    Ok(exported)
}
