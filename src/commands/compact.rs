//! `topoi compact`: makes one segment of all.

use serde::Serialize;
use topoi::library::{Sizes, compact};

use super::Outcome;
use super::cli::Compact;
use super::context::Context;

#[derive(Serialize)]
struct CompactJson {
    schema: &'static str,
    before: Sizes,
    after: Sizes,
}

pub(crate) fn run(context: &mut Context, arguments: &Compact) -> anyhow::Result<Outcome> {
    let (before, after) = compact(context.library())?;
    if arguments.json {
        context.output.json(&CompactJson {
            schema: "topoi.compact.v1",
            before,
            after,
        })?;
    } else if context.library().folder().is_none() {
        let mebibytes = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        context.output.note(format_args!(
            "the passages with their indexes take {:.1} MiB, and took {:.1}",
            mebibytes(after.bytes),
            mebibytes(before.bytes)
        ));
    } else if before == after {
        context.output.note("there is nothing to merge");
    } else {
        let mebibytes = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        context.output.note(format_args!(
            "{} segments of {:.1} MiB became {} of {:.1}; {} vectors of removed passages are gone",
            before.segments,
            mebibytes(before.bytes),
            after.segments,
            mebibytes(after.bytes),
            before.vectors - after.vectors
        ));
    }
    Ok(Outcome::Found)
}
