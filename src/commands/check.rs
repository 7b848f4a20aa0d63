//! `topoi check`: looks for damage, and mends what can be made again from the text.

use serde::Serialize;
use topoi::library::{Finding, Findings, Indexer, Library, Windowing, check, drop_damaged};

use super::cli::Check;
use super::context::{Context, Wanted};
use super::failure::Failure;
use super::index::Progress;
use super::{Outcome, interrupt};

#[derive(Serialize)]
struct CheckJson<'a> {
    schema: &'static str,
    sound: bool,
    #[serde(flatten)]
    findings: &'a Findings,
}

pub(crate) fn run(context: &mut Context, arguments: &Check) -> anyhow::Result<Outcome> {
    let location = context.library();
    let mut findings = check(&location)?;
    if arguments.repair && !findings.findings.is_empty() {
        for Finding { file, problem, .. } in &findings.findings {
            context.output.note(format_args!("`{file}`: {problem}"));
        }
        repair(context, &findings)?;
        findings = check(&location)?;
    }
    if arguments.repair && findings.findings.is_empty() && findings.copies_owed {
        drop(Library::edit(&location)?);
        findings = check(&location)?;
    }
    let sound = findings.findings.is_empty();
    if arguments.json {
        context.output.json(&CheckJson {
            schema: "topoi.check.v1",
            sound,
            findings: &findings,
        })?;
    } else {
        for Finding { file, problem, .. } in &findings.findings {
            context.output.line(format_args!("`{file}`: {problem}"))?;
        }
        let Findings {
            segments,
            vectors,
            passages,
            bytes,
            relinked,
            unreached,
            recall_at_10,
            copies_owed,
            ..
        } = findings;
        context.output.note(format_args!(
            "checked {passages} passages and {vectors} vectors in {segments} segments ({:.1} MiB)",
            bytes as f64 / f64::from(1 << 20)
        ));
        // What was lost is found by no search.
        if sound {
            context.output.note(match recall_at_10 {
                Some(recall) => format!(
                    "a search finds {:.1} % of the ten nearest passages; {unreached} vectors can't be reached, and {relinked} were \
                     linked again when they were stored",
                    recall * 100.0
                ),
                None => "every search is exact".to_owned(),
            });
        }
        if copies_owed {
            context.output.note(
                "which articles are copies isn't worked out yet, since a run was cut off: the next one that changes the library does \
                 it, or `topoi check --repair`",
            );
        }
    }
    if sound {
        context.output.note("the library is sound");
        return Ok(Outcome::Found);
    }
    if !arguments.repair {
        context
            .output
            .hint("`topoi check --repair` makes what is lost or damaged again from the text");
    }
    Ok(Outcome::Unsound)
}

fn repair(context: &mut Context, findings: &Findings) -> anyhow::Result<()> {
    let location = context.library();
    let model = Library::records(&location)?.model()?;
    let wanted = model.map(Wanted::from);
    let Some(wanted) = wanted else {
        return Err(
            Failure::new("the library names no model, so there is nothing to make again").into(),
        );
    };
    let model = context.model(&wanted)?;
    drop_damaged(&location, findings)?;
    interrupt::listen();
    let progress = Progress::new(&context.output, 0, "embedding again");
    let report = Indexer::open(
        &location,
        &wanted.reference,
        model.encoder.as_ref(),
        &progress,
        Windowing::Windows,
    )?
    .finish()?;
    progress.finish();
    let (segments, words) = findings.to_make_again();
    context.output.note(format_args!(
        "dropped {segments} segments and embedded {} passages again{}",
        report.embedded,
        if words {
            "; the index of words was made again"
        } else {
            ""
        }
    ));
    Ok(())
}
