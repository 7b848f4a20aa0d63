//! Reading a test collection in BEIR's form: `corpus.jsonl`, `queries.jsonl` and `qrels/test.tsv`.

use std::collections::HashMap;
use std::path::Path;

use anyhow::Context as _;
use serde::Deserialize;

use crate::commands::failure::Failure;
use crate::commands::lines::{each_line, name, open, read_lines};

const HINT: &str =
    "a test collection is a folder with `corpus.jsonl`, `queries.jsonl` and `qrels/test.tsv`";

#[derive(Debug, Deserialize)]
pub(super) struct Document {
    #[serde(rename = "_id")]
    pub(super) id: String,
    #[serde(default)]
    pub(super) title: String,
    #[serde(default)]
    pub(super) text: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Query {
    #[serde(rename = "_id")]
    pub(super) id: String,
    pub(super) text: String,
}

/// Documents, queries, and which document is how relevant to which query.
#[derive(Debug)]
pub(super) struct Collection {
    pub(super) documents: Vec<Document>,
    queries: Vec<Query>,
    judgements: HashMap<String, HashMap<String, u32>>,
}

impl Collection {
    pub(super) fn read(folder: &Path) -> anyhow::Result<Self> {
        let judgements = read_judgements(&folder.join("qrels").join("test.tsv"))?;
        let collection = Self {
            documents: read_lines(&folder.join("corpus.jsonl"), HINT)?,
            queries: read_lines(&folder.join("queries.jsonl"), HINT)?,
            judgements,
        };
        if collection.judged().next().is_none() {
            return Err(Failure::new(format!(
                "no query of `{}` is judged in `qrels/test.tsv`",
                folder.display()
            ))
            .into());
        }
        Ok(collection)
    }

    /// The queries for which at least one document is relevant, in the order of their file.
    pub(super) fn judged(&self) -> impl Iterator<Item = &Query> {
        self.queries
            .iter()
            .filter(|query| !self.relevant(&query.id).is_empty())
    }

    /// The documents that are relevant to a query, each with its grade, which is above 0.
    pub(super) fn relevant(&self, query: &str) -> HashMap<&str, u32> {
        let grades = self.judgements.get(query).into_iter().flatten();
        grades
            .filter(|(_, grade)| **grade > 0)
            .map(|(document, grade)| (document.as_str(), *grade))
            .collect()
    }
}

fn read_judgements(path: &Path) -> anyhow::Result<HashMap<String, HashMap<String, u32>>> {
    let mut judgements: HashMap<String, HashMap<String, u32>> = HashMap::new();
    each_line(&name(path), open(path, HINT)?, |number, line| {
        let fields: Vec<&str> = line.split('\t').collect();
        match fields[..] {
            // The first line names the columns.
            [_, _, grade] if number == 1 && grade.trim().parse::<i32>().is_err() => {}
            [query, document, grade] => {
                let grade: i32 = grade.trim().parse().with_context(|| {
                    format!(
                        "the grade in line {number} of `{}` is not a number",
                        path.display()
                    )
                })?;
                judgements
                    .entry(query.to_owned())
                    .or_default()
                    .insert(document.to_owned(), u32::try_from(grade).unwrap_or(0));
            }
            _ if line.trim().is_empty() => {}
            _ => {
                return Err(Failure::new(format!(
                    "line {number} of `{}` does not have three fields",
                    path.display()
                ))
                .into());
            }
        }
        Ok(())
    })?;
    Ok(judgements)
}
