//! Each thing that a program does to its files fails once: with no room, a broken disk, no right, or fewer bytes than asked for.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use super::crashes::{acknowledged, complete, scenarios};
use super::trace::faults;
use super::{copy_folder, is_long, library_of, write_notes};
use crate::harness::{Outcome, Place};

/// Of how many operations one fails in the short form.
const ONE_IN: usize = 47;

/// How an operation fails, and whether all later ones do too.
const FAILURES: [(&str, bool); 5] = [
    ("ENOSPC", true),
    ("EIO", false),
    ("EACCES", false),
    ("short", false),
    ("torn", false),
];

/// Runs a command of which one operation fails; counts them where none does.
fn run(mut command: Command, on: &str, at: Option<(usize, &str, bool)>, count: &Path) -> Outcome {
    command
        .env("LD_PRELOAD", faults().unwrap())
        .env("FAULTS_ON", on)
        .env("FAULTS_COUNT", count);
    if let Some((at, with, is_sticky)) = at {
        command
            .env("FAULTS_AT", at.to_string())
            .env("FAULTS_WITH", with);
        if is_sticky {
            command.env("FAULTS_STICKY", "1");
        }
    }
    let output = command.stdin(Stdio::null()).output().unwrap();
    Outcome {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

fn counted(count: &Path) -> usize {
    fs::read_to_string(count).unwrap().parse().unwrap()
}

/// The operations that are to fail.
fn chosen(operations: usize, offset: usize) -> impl Iterator<Item = usize> {
    let one_in = if is_long() { 1 } else { ONE_IN };
    (0..operations).filter(move |at| (at + offset).is_multiple_of(one_in))
}

#[test]
fn what_cannot_be_written_is_said_and_harms_nothing() {
    if faults().is_none() {
        return;
    }
    let place = Place::new();
    let count = place.path("count");
    let (mut tried, mut wrong) = (0, Vec::new());
    for scenario in scenarios(&place, 30) {
        let folder = scenario.root.parent().unwrap();
        let kept = place.path("kept");
        copy_folder(folder, &kept);
        let command = || {
            let mut command = place.command(&scenario.arguments);
            command.env("FAULTS_ROOT", folder);
            command
        };
        let outcome = run(command(), "write", None, &count).found();
        assert!(acknowledged(&outcome.stderr).is_none_or(|articles| articles > 0));
        let operations = counted(&count);
        for (offset, (with, is_sticky)) in FAILURES.into_iter().enumerate() {
            for at in chosen(operations, offset * 11) {
                copy_folder(&kept, folder);
                tried += 1;
                let outcome = run(command(), "write", Some((at, with, is_sticky)), &count);
                let said = &outcome.stderr;
                let acknowledged = acknowledged(said).unwrap_or(0);
                let is_done = outcome.code == Some(0);
                let judged = match outcome.code {
                    // What was torn was killed.
                    None if with == "torn" => Ok(()),
                    Some(0) => Ok(()),
                    Some(2) if said.contains("error:") && !said.contains("panicked") => Ok(()),
                    code => Err(format!("{code:?}: {said}")),
                };
                let judged =
                    judged.and_then(|()| scenario.judge(&scenario.root, acknowledged, is_done));
                let judged = judged.and_then(|()| match at % 7 {
                    0 => complete(&place, &scenario, &scenario.root),
                    _ => Ok(()),
                });
                if let Err(problem) = judged {
                    wrong.push(format!("{} {with} at {at}: {problem}", scenario.name));
                }
            }
        }
    }
    eprintln!("{tried} failures of writing, {} wrong", wrong.len());
    wrong.iter().for_each(|wrong| eprintln!("{wrong:.300}"));
    assert!(wrong.is_empty(), "{} of {tried}", wrong.len());
    assert!(tried > if is_long() { 1000 } else { 50 }, "only {tried}");
}

#[test]
fn what_cannot_be_read_is_said_or_changes_no_answer() {
    if faults().is_none() {
        return;
    }
    let place = Place::new();
    let count = place.path("count");
    let root = place.path("read").join("library");
    let notes = write_notes(&place, "notes.jsonl", 40);
    let few = write_notes(&place, "few.jsonl", 20);
    library_of(&place, &root, &[&notes, &few]);
    let (mut tried, mut wrong) = (0, Vec::new());
    for arguments in [
        &["search", "the harbour and the tariff"][..],
        &["related", "7"],
        &["list"],
        &["check"],
    ] {
        let command = || {
            let mut command = place.command(["--library", root.to_str().unwrap(), "--quiet"]);
            command
                .args(arguments)
                .env("FAULTS_ROOT", root.parent().unwrap());
            command
        };
        let sound = run(command(), "read", None, &count).found();
        for (offset, with) in ["EIO", "EACCES", "short"].into_iter().enumerate() {
            for at in chosen(counted(&count), offset * 5) {
                tried += 1;
                let outcome = run(command(), "read", Some((at, with, false)), &count);
                let said = &outcome.stderr;
                let is_right = match outcome.code {
                    Some(0) => outcome.stdout == sound.stdout,
                    // It says what it finds damaged where others say what they find.
                    Some(2) if arguments == ["check"] && !outcome.stdout.is_empty() => true,
                    Some(2) => said.contains("error:") && !said.contains("panicked"),
                    _ => false,
                };
                if !is_right {
                    wrong.push(format!(
                        "{arguments:?} {with} at {at}: {:?} {said}",
                        outcome.code
                    ));
                }
            }
        }
    }
    eprintln!("{tried} failures of reading, {} wrong", wrong.len());
    wrong.iter().for_each(|wrong| eprintln!("{wrong:.300}"));
    assert!(wrong.is_empty(), "{} of {tried}", wrong.len());
    assert!(tried >= 4, "only {tried}");
}
