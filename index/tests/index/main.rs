//! The index at its walls: what is written, opened, searched, merged and refused.

#![expect(
    clippy::unwrap_used,
    reason = "clippy takes only functions marked as tests for tests, and these have helpers"
)]

mod build;
mod damage;
mod filter;
mod graph;
mod merge;
mod search;
mod support;
