//! What a tool is, and what it gives back.

use std::sync::Arc;

use rmcp::model::{self, CallToolResult, ContentBlock, JsonObject, ToolAnnotations};
use serde::Serialize;
use serde_json::Value;

use super::parameters::{self, Parameter};
use crate::serve::failure::Failure;

/// Where numbers come from, for an agent that has a wrong one.
const NUMBERS: &str = "take the numbers of passages (\"23\"), articles (\"a7\") and themes from the results of `search`, \
    `related`, `themes` and `show`";

/// A tool as an agent sees it.
pub(super) struct Tool {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    pub(super) description: &'static str,
    pub(super) parameters: Vec<Parameter>,
    /// The schema of its results.
    pub(super) output: Value,
}

impl Tool {
    /// The same in the protocol's words.
    pub(super) fn listed(&self) -> model::Tool {
        let output: JsonObject = self.output.as_object().cloned().unwrap_or_default();
        // None of the tools changes anything, or reaches beyond the library.
        let annotations = ToolAnnotations::with_title(self.title)
            .read_only(true)
            .destructive(false)
            .idempotent(true)
            .open_world(false);
        let input = Arc::new(parameters::schema(&self.parameters));
        model::Tool::new(self.name, self.description, input)
            .with_title(self.title)
            .with_raw_output_schema(Arc::new(output))
            .with_annotations(annotations)
    }
}

/// What a tool gives back, for programs and for people.
pub(super) struct Output {
    structured: Value,
    text: String,
}

impl Output {
    pub(super) fn new(answer: &impl Serialize, text: String) -> Self {
        Self {
            // Texts, numbers and lists can always be written.
            structured: serde_json::to_value(answer).unwrap_or_default(),
            text,
        }
    }
}

impl From<Output> for CallToolResult {
    fn from(output: Output) -> Self {
        let mut result = Self::success(vec![ContentBlock::text(output.text)]);
        result.structured_content = Some(output.structured);
        result
    }
}

/// What went wrong, in a form that a model can act upon.
pub(super) fn refused(failure: &Failure) -> CallToolResult {
    // The hint is for somebody at a terminal.
    let is_wrong_number = failure.code == Some("not_found") && failure.hint.is_some();
    let text = if is_wrong_number {
        format!("{}: {NUMBERS}", failure.message)
    } else {
        failure.told()
    };
    CallToolResult::error(vec![ContentBlock::text(text)])
}
