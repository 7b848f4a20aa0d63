//! `topoi search --queries`: many questions in one process, on all cores.

use std::io::{BufRead, Read};
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use topoi::search::{Found, Query, SearchOptions};

use super::Outcome;
use super::cli::Search;
use super::context::Context;
use super::failure::Failure;
use super::hits;
use super::interrupt;
use super::lines::open_or_stdin;
use super::search::{MAX_QUERY_BYTES, Reranker, feedback};
use crate::answers::ResultJson;

/// How many questions are answered before the answers are written: enough for all cores to be busy.
const TOGETHER: usize = 512;

/// A line of the file.
#[derive(Deserialize)]
struct Line {
    #[serde(default, rename = "_id", alias = "id")]
    id: Value,
    #[serde(alias = "text")]
    query: String,
}

/// The answer to a line, or why there is none.
#[derive(Serialize)]
struct AnswerJson {
    id: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    query: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    results: Option<Vec<ResultJson>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// A line of the file that was read, or why it couldn't be.
struct Asked {
    id: Value,
    query: Result<(String, Query), String>,
}

pub(super) fn run(
    context: &mut Context,
    arguments: &Search,
    file: &Path,
) -> anyhow::Result<Outcome> {
    let mut lines = open_or_stdin(
        file,
        "`--queries` takes a file of JSON lines: {\"id\": 1, \"query\": \"who pays for tariffs?\"}",
    )?;
    let (library, model) = context.open_with_model()?;
    let feedback = feedback(&library, &arguments.like, &arguments.unlike)?;
    let options = SearchOptions {
        mode: arguments.mode.into(),
        limit: Reranker::candidates(arguments),
        ..hits::options(&arguments.answers)
    };
    let reranker = Reranker::load(context, arguments)?;
    interrupt::listen();
    let (mut number, mut failed, mut any) = (0, 0, false);
    loop {
        let mut asked = Vec::new();
        while asked.len() < TOGETHER {
            number += 1;
            match next(lines.as_mut(), number, file)? {
                Some(line) => asked.extend(line),
                None => break,
            }
        }
        if asked.is_empty() {
            break;
        }
        if interrupt::requested() {
            return Err(topoi::Error::Interrupted.into());
        }
        let queries: Vec<Query> = asked
            .iter()
            .filter_map(|asked| Some(asked.query.as_ref().ok()?.1.clone()))
            .collect();
        let found = library.search_many(&queries, &feedback, model.encoder.as_ref(), &options)?;
        let mut found = found.into_iter();
        for Asked { id, query } in asked {
            let answer = match query {
                Ok((query, parsed)) => {
                    let mut found = found.next().unwrap_or_default();
                    if let Some(reranker) = &reranker {
                        reranker.rerank(&parsed, &mut found)?;
                    }
                    let results = results(&found);
                    any |= !results.is_empty();
                    AnswerJson {
                        id,
                        query: Some(query),
                        results: Some(results),
                        error: None,
                    }
                }
                Err(error) => {
                    failed += 1;
                    AnswerJson {
                        id,
                        query: None,
                        results: None,
                        error: Some(error),
                    }
                }
            };
            context.output.json_line(&answer)?;
        }
    }
    if failed > 0 {
        context.output.warn(format_args!(
            "{failed} of the lines are no queries; their answers say why"
        ));
        return Ok(Outcome::Unsound);
    }
    Ok(if any {
        Outcome::Found
    } else {
        Outcome::NothingFound
    })
}

fn results(found: &Found) -> Vec<ResultJson> {
    let hits = found.hits.iter().zip(1..);
    hits.map(|(hit, rank)| ResultJson::new(hit, rank, None))
        .collect()
}

/// The next line of the file: none at its end, and nothing asked in an empty line.
fn next(
    lines: &mut dyn BufRead,
    number: usize,
    file: &Path,
) -> anyhow::Result<Option<Option<Asked>>> {
    let mut line = Vec::new();
    // JSON may write a byte in six, and there is an id besides.
    let most = 8 * MAX_QUERY_BYTES as u64;
    let read = lines.take(most).read_until(b'\n', &mut line);
    let read = read.map_err(|error| {
        Failure::new(format!(
            "cannot read line {number} of `{}`: {error}",
            file.display()
        ))
    })?;
    if read == 0 {
        return Ok(None);
    }
    if line.trim_ascii().is_empty() {
        return Ok(Some(None));
    }
    if read as u64 == most {
        return Err(Failure::new(format!(
            "line {number} of `{}` is longer than {} KiB",
            file.display(),
            most / 1024
        ))
        .into());
    }
    let asked = match serde_json::from_slice::<Line>(&line) {
        Err(error) => Asked {
            id: Value::Null,
            query: Err(format!("line {number} is no query: {error}")),
        },
        Ok(Line { id, query }) if query.len() > MAX_QUERY_BYTES => Asked {
            id,
            query: Err(format!(
                "the query is longer than {} KiB",
                MAX_QUERY_BYTES / 1024
            )),
        },
        Ok(Line { id, query }) => Asked {
            id,
            query: match Query::parse(&query) {
                Ok(parsed) => Ok((query, parsed)),
                Err(error) => Err(error.to_string()),
            },
        },
    };
    Ok(Some(Some(asked)))
}
