//! The program from end to end: what a user does, and what a user gets.
//!
//! One binary, so that it is linked once. The tests run the real `topoi` with the real model, which is fetched where it
//! is not in the cache yet, exactly as for a user.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test that can't go on is to stop where it is, and to say what it skips"
)]

mod answers;
mod bad_input;
mod crash;
mod distil;
mod embed;
mod eval;
mod fetching;
mod harness;
mod indexing;
mod keeping;
mod mcp;
mod merging;
mod mistakes;
mod on_servers;
mod reading;
mod refining;
#[cfg(target_os = "linux")]
mod reliability;
mod reranking;
mod seed;
mod served;
mod server;
mod serving;
mod stories;
mod themes;
mod themes_eval;
mod watching;
mod words;
