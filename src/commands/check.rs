//! `topoi check`: looks for damage, and mends what can be made again from the text.

use serde::Serialize;
use topoi::Error;
use topoi::library::{Finding, Findings, Indexer, Windowing, check, drop_segments, drop_words};
use topoi::store::{self, StoreError};

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
    let root = context.library();
    let mut findings = check(&root)?;
    if arguments.repair && !findings.findings.is_empty() {
        for Finding { file, problem, .. } in &findings.findings {
            context.output.note(format_args!("`{file}`: {problem}"));
        }
        repair(context, &findings)?;
        findings = check(&root)?;
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
            ..
        } = findings;
        context.output.note(format_args!(
            "checked {passages} passages and {vectors} vectors in {segments} segments ({:.1} MiB)",
            bytes as f64 / f64::from(1 << 20)
        ));
        context.output.note(match recall_at_10 {
            Some(recall) => format!(
                "a search finds {:.1} % of the ten nearest passages; {unreached} vectors can't be reached, and {relinked} were linked \
                 again when they were stored",
                recall * 100.0
            ),
            None => "every search is exact".to_owned(),
        });
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
    let root = context.library();
    let segments: Vec<_> = findings
        .findings
        .iter()
        .filter_map(|finding| finding.segment)
        .collect();
    let wanted = {
        let reader = store::open_reader(&root).map_err(Error::from)?;
        if !reader.integrity()?.is_empty() {
            let detail = "its text can't be trusted, so nothing can be made from it".to_owned();
            return Err(Error::from(StoreError::Damaged {
                path: reader.path().to_owned(),
                detail,
            })
            .into());
        }
        reader.model()?.map(Wanted::from)
    };
    let Some(wanted) = wanted else {
        return Err(
            Failure::new("the library names no model, so there is nothing to make again").into(),
        );
    };
    let model = context.model(&wanted)?;
    drop_segments(&root, &segments)?;
    let words = findings.findings.iter().any(|finding| finding.words);
    if words {
        drop_words(&root)?;
    }
    interrupt::listen();
    let progress = Progress::new(&context.output, 0, "embedding again");
    let report = Indexer::open(
        &root,
        &wanted.reference,
        model.encoder.as_ref(),
        &progress,
        Windowing::Windows,
    )?
    .finish()?;
    progress.finish();
    context.output.note(format_args!(
        "dropped {} segments and embedded {} passages again{}",
        segments.len(),
        report.embedded,
        if words {
            "; the index of words was made again"
        } else {
            ""
        }
    ));
    Ok(())
}
