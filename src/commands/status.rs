//! `topoi status`: what a library holds.

use serde::Serialize;
use topoi::article::Kind;

use super::Outcome;
use super::cli::Status;
use super::context::Context;
use super::output::STRONG;

#[derive(Serialize)]
struct StatusJson {
    schema: &'static str,
    library: String,
    model: Option<String>,
    files: u64,
    articles: u64,
    passages: u64,
    kinds: std::collections::BTreeMap<Kind, u64>,
    vectors: u64,
    segments: usize,
    removed_passages_not_merged_yet: u64,
    bytes: u64,
}

pub(crate) fn run(context: &mut Context, arguments: &Status) -> anyhow::Result<Outcome> {
    let library = context.open()?;
    let store = library.store();
    let counts = store.counts()?;
    let sizes = library.sizes()?;
    let status = StatusJson {
        schema: "topoi.status.v1",
        library: library.location().to_string(),
        model: library.identity().map(ToString::to_string),
        files: counts.files,
        articles: counts.articles,
        passages: counts.passages,
        kinds: store.kinds()?.into_iter().collect(),
        vectors: sizes.vectors,
        segments: sizes.segments,
        removed_passages_not_merged_yet: counts.tombstones,
        bytes: sizes.bytes + sizes.other_bytes,
    };
    let output = &mut context.output;
    if arguments.json {
        output.json(&status)?;
        return Ok(Outcome::Found);
    }
    let kinds: Vec<String> = status
        .kinds
        .iter()
        .map(|(kind, count)| format!("{count} {kind}"))
        .collect();
    let rows = [
        ("library", status.library),
        ("model", status.model.unwrap_or_else(|| "none yet".into())),
        (
            "articles",
            format!("{} from {} files", status.articles, status.files),
        ),
        (
            "passages",
            format!("{} ({})", status.passages, kinds.join(", ")),
        ),
        (
            "vectors",
            format!(
                "{} in {} segments, {} of removed passages",
                status.vectors, status.segments, status.removed_passages_not_merged_yet
            ),
        ),
        (
            "on disk",
            format!("{:.1} MiB", status.bytes as f64 / f64::from(1 << 20)),
        ),
    ];
    for (name, value) in rows {
        output.line(format_args!("{STRONG}{name:<10}{STRONG:#}{value}"))?;
    }
    Ok(Outcome::Found)
}
