//! A crash after each change of a file, in each way in which a disk may be left by it.
//!
//! A command runs once, and what it does to the files is written down. Then the folder is made as it may be after each of
//! the changes, and looked at: it opens, nothing is damaged, what was acknowledged is there, and what wasn't is there whole or
//! not at all; and which articles are copies is known, or known to be owed.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use topoi::library::{Library, check};
use topoi::store::Filter;

use super::disk::{CRASHES, Crash, Disk};
use super::golden::golden;
use super::trace::{self, Op, faults};
use super::{copy_folder, is_long, library_of, write_notes};
use crate::harness::Place;

/// After which of the states that are looked at the command is run again.
const COMPLETED: usize = 29;

/// After how many of the states in which copies are owed the command is run again.
const OWED: usize = 2;

/// What a library says: of each article its paragraphs.
type Content = BTreeMap<String, Vec<String>>;

/// What is in the library at `root`; nothing where there is none yet.
fn content(root: &Path) -> Content {
    let Some(records) = Library::records_if_any(root).unwrap() else {
        return Content::new();
    };
    let articles = records.articles(&Filter::default()).unwrap();
    let articles = articles.into_iter().map(|article| {
        let passages = records.passages_of(article.id).unwrap();
        let title = article.metadata.title.unwrap_or_default();
        (
            format!("{} {title}", article.path),
            passages.into_iter().map(|passage| passage.text).collect(),
        )
    });
    articles.collect()
}

/// Copies and what they are copies of.
type Stories = BTreeMap<String, String>;

/// Which articles of the library at `root` are copies, and of which, and whether that is still to be found out.
fn stories(root: &Path) -> (Stories, bool) {
    let Some(records) = Library::records_if_any(root).unwrap() else {
        return (Stories::new(), false);
    };
    let name = |id| {
        let article = records.article(id).unwrap().unwrap();
        let title = article.metadata.title.unwrap_or_default();
        format!("{} {title}", article.path)
    };
    let copies = records.copies().unwrap().into_iter();
    let mut stories: Stories = copies
        .map(|copy| (name(copy.article), name(copy.original)))
        .collect();
    stories.retain(|copy, _| edition(copy).is_some());
    (stories, records.owes_copies().unwrap())
}

/// Which edition of the one story that is in several files an article is.
fn edition(name: &str) -> Option<u32> {
    name.rsplit_once(" Edition ")?.1.parse().ok()
}

/// The copies that there must be in a library: the later editions, of the first that is there.
fn expected_stories(content: &Content) -> Stories {
    let editions = content
        .keys()
        .filter_map(|name| Some((edition(name)?, name)));
    let mut editions: Vec<(u32, &String)> = editions.collect();
    editions.sort_unstable();
    let Some(((_, first), others)) = editions.split_first() else {
        return Stories::new();
    };
    let copies = others
        .iter()
        .map(|(_, name)| (String::clone(name), String::clone(first)));
    copies.collect()
}

/// Adds editions of one story to a file of notes, each with a line of its own.
fn add_editions(path: &Path, editions: Range<u32>) {
    let mut lines = fs::read_to_string(path).unwrap();
    for edition in editions {
        let mut paragraphs = Vec::new();
        for who in ["board", "council", "mayor", "guild", "bank", "abbey"] {
            for what in ["pier", "lighthouse", "quay", "dyke", "tower"] {
                paragraphs.push(format!(
                    "The {what} that the {who} wanted was paid for by those who never saw it."
                ));
            }
        }
        paragraphs.push(format!("This is what we print as number {edition}."));
        let article = serde_json::json!({
            "title": format!("Edition {edition}"), "date": format!("2024-06-{edition:02}"), "text": paragraphs.join("\n\n"),
        });
        lines.push_str(&format!("{article}\n"));
    }
    fs::write(path, lines).unwrap();
}

/// A command, and what it does to a library.
pub(super) struct Scenario {
    pub(super) name: &'static str,
    pub(super) arguments: Vec<String>,
    /// The library that is changed.
    pub(super) root: PathBuf,
    before: Content,
    after: Content,
    /// Whether articles come one after another; else it is all or nothing.
    is_gradual: bool,
    /// Of how many states one is looked at in the short form.
    one_in: usize,
}

impl Scenario {
    /// What is wrong with what a crash has left, if anything.
    pub(super) fn judge(
        &self,
        root: &Path,
        acknowledged: u64,
        is_done: bool,
    ) -> Result<(), String> {
        let looked = catch_unwind(AssertUnwindSafe(|| {
            let found = content(root);
            let damage = if Library::exists(root).unwrap() {
                check(root).unwrap().findings
            } else {
                Vec::new()
            };
            (found, damage, stories(root))
        }));
        let Ok((found, damage, (stories, are_owed))) = looked else {
            return Err("it can't be read".to_owned());
        };
        if let Some(damage) = damage.first() {
            return Err(format!("{}: {}", damage.file, damage.problem));
        }
        if is_done && (found != self.after || are_owed) {
            return Err("it was done, and isn't".to_owned());
        }
        if !are_owed && stories != expected_stories(&found) {
            return Err(format!("the copies are {stories:?}, and nobody knows"));
        }
        if !self.is_gradual {
            let is_whole = found == self.before || found == self.after;
            return is_whole
                .then_some(())
                .ok_or_else(|| "it is neither as before nor as after".to_owned());
        }
        if let Some((name, _)) = self
            .before
            .iter()
            .find(|(name, _)| !found.contains_key(*name))
        {
            return Err(format!("`{name}` was there, and is gone"));
        }
        if let Some((name, _)) = found
            .iter()
            .find(|(name, text)| self.after.get(*name) != Some(*text))
        {
            return Err(format!("`{name}` is not as it was written"));
        }
        let new = found.len() - self.before.len();
        if (new as u64) < acknowledged {
            return Err(format!(
                "{acknowledged} articles were acknowledged, and {new} are there"
            ));
        }
        Ok(())
    }
}

/// How many articles a program has said that it has committed.
pub(super) fn acknowledged(said: &str) -> Option<u64> {
    let mut committed = said
        .lines()
        .filter_map(|line| line.strip_prefix("committed "));
    committed.next_back()?.split(' ').next()?.parse().ok()
}

/// Runs a command while what it does is written down.
fn recorded(place: &Place, scenario: &Scenario, faults: &Path) -> (Disk, Vec<Op>) {
    let disk = Disk::of(scenario.root.parent().unwrap());
    let trace = place.path("trace");
    let mut command = place.command(&scenario.arguments);
    command
        .env("LD_PRELOAD", faults)
        .env("FAULTS_ROOT", scenario.root.parent().unwrap())
        .env("FAULTS_TRACE", &trace);
    let output = command.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {said}", scenario.name);
    let ops = trace::read(&trace);
    fs::remove_file(trace).unwrap();
    (disk, ops)
}

/// Tries the crashes of a scenario; how many there were, and which are losses.
fn try_all(place: &Place, scenario: &Scenario, faults: &Path) -> (usize, Vec<String>) {
    let (mut disk, ops) = recorded(place, scenario, faults);
    let changes = ops.iter().filter(|op| !matches!(op, Op::Said(_))).count();
    let folder = scenario.root.parent().unwrap();
    let library = scenario.root.strip_prefix(folder).unwrap();
    let left = place.path("left");
    let mut seen = HashSet::new();
    let (mut said, mut acknowledged_then, mut tried, mut states) = (String::new(), 0, 0, 0);
    let mut losses = Vec::new();
    let (mut marks, mut completed) = (HashSet::new(), 0);
    for (number, op) in ops.iter().enumerate() {
        disk.apply(op);
        if let Op::Create { file, path } = op
            && path.ends_with("commits")
        {
            marks.insert(*file);
        }
        // Between two commits.
        let is_commit = matches!(op, Op::Write { file, .. } if marks.contains(file));
        if let Op::Said(text) = op {
            said.push_str(text);
            acknowledged_then = acknowledged(&said).unwrap_or(acknowledged_then);
            continue;
        }
        let is_done = number + 1 == ops.len();
        for crash in CRASHES {
            let Some(state) = disk.left_by(crash) else {
                continue;
            };
            if !seen.insert((state.digest(), acknowledged_then)) {
                continue;
            }
            states += 1;
            let is_between = is_commit && crash == Crash::Killed;
            if !is_long() && states % scenario.one_in != 0 && !is_between {
                continue;
            }
            tried += 1;
            state.write(&left);
            let root = left.join(library);
            let is_done = is_done && crash == Crash::Killed;
            let mut judged = scenario.judge(&root, acknowledged_then, is_done);
            let are_owed = judged.is_ok() && stories(&root).1;
            if judged.is_ok() && (tried % COMPLETED == 0 || (are_owed && completed < OWED)) {
                completed += usize::from(are_owed);
                judged = complete(place, scenario, &root);
            }
            if let Err(problem) = judged {
                let name = scenario.name;
                losses.push(format!(
                    "{problem}: {name} after {number} ({crash:?}, {op:?})"
                ));
            }
        }
    }
    eprintln!(
        "{}: {changes} changes, {states} states, {tried} tried, {} losses",
        scenario.name,
        losses.len()
    );
    (tried, losses)
}

/// Runs the command on what a crash has left, after which it is as if nothing had happened.
pub(super) fn complete(place: &Place, scenario: &Scenario, root: &Path) -> Result<(), String> {
    let from = scenario.root.to_str().unwrap();
    let to = root.to_str().unwrap();
    let arguments = scenario
        .arguments
        .iter()
        .map(|argument| argument.replace(from, to));
    let outcome = place.run(arguments);
    // What is removed already can't be removed once more.
    if outcome.code != Some(0) && content(root) != scenario.after {
        return Err(format!("it can't be completed: {}", outcome.stderr));
    }
    if content(root) != scenario.after {
        return Err("it is another after it was completed".to_owned());
    }
    let findings = check(root).unwrap();
    if let Some(damage) = findings.findings.first() {
        return Err(format!("{} after it was completed", damage.problem));
    }
    if findings.copies_owed || stories(root).0 != expected_stories(&scenario.after) {
        return Err("its copies are others after it was completed".to_owned());
    }
    Ok(())
}

/// The commands that change a library, to which up to so many articles are added.
pub(super) fn scenarios(place: &Place, articles: u64) -> Vec<Scenario> {
    let notes = write_notes(place, "notes.jsonl", articles);
    let few = write_notes(place, "few.jsonl", 20);
    let more = write_notes(place, "more.jsonl", 40);
    for (path, editions) in [(&more, 1..2), (&few, 2..4), (&notes, 4..6)] {
        add_editions(path, editions);
    }
    let mut scenarios = Vec::new();
    let mut add =
        |name: &'static str, sources: &[&Path], arguments: &[&str], is_gradual, one_in| {
            let folder = place.path(name);
            fs::create_dir_all(&folder).unwrap();
            let root = folder.join("library");
            if name == "migrate" {
                copy_folder(&golden(3), &root);
            } else if !sources.is_empty() {
                library_of(place, &root, sources);
            }
            // What it comes to is seen on a copy.
            let copy = place.path("seen");
            copy_folder(&folder, &copy);
            let there = copy.join("library");
            let at = |root: &Path| -> Vec<String> {
                let target = root.with_file_name("target").to_str().unwrap().to_owned();
                let root = root.to_str().unwrap();
                ["--library", root, "--verbose"]
                    .into_iter()
                    .chain(arguments.iter().copied())
                    .map(|argument| argument.replace("ROOT", root).replace("TARGET", &target))
                    .collect()
            };
            place.run(at(&there)).found();
            let target = |root: &Path| match name {
                "copy" => root.with_file_name("target"),
                _ => root.to_owned(),
            };
            scenarios.push(Scenario {
                name,
                arguments: at(&root),
                // Whoever reads an older one brings it up to date, which is for the command to do.
                before: match name {
                    "migrate" => content(&target(&there)),
                    _ => content(&target(&root)),
                },
                after: content(&target(&there)),
                root: target(&root),
                is_gradual,
                one_in,
            });
        };
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    add("index-new", &[], &["index", &text(&notes)], true, 29);
    add(
        "index-more",
        &[&few, &more],
        &["index", &text(&notes)],
        true,
        29,
    );
    add(
        "remove",
        &[&few, &more],
        &["remove", &text(&more)],
        false,
        5,
    );
    // So few that the name of the merged segment is always among them.
    add("compact", &[&few, &more, &notes], &["compact"], false, 1);
    add("migrate", &[], &["list"], false, 3);
    add("themes", &[&few, &more], &["themes", "--update"], false, 2);
    add(
        "copy",
        &[&few, &more],
        &["copy", "ROOT", "TARGET"],
        true,
        23,
    );
    scenarios
}

#[test]
fn a_crash_at_any_point_loses_nothing_that_was_acknowledged() {
    let Some(faults) = faults() else { return };
    let place = Place::new();
    let (mut tried, mut losses) = (0, Vec::new());
    for scenario in scenarios(&place, 300) {
        let (number, lost) = try_all(&place, &scenario, faults);
        tried += number;
        losses.extend(lost);
    }
    eprintln!("{tried} crashes tried, {} losses", losses.len());
    losses.iter().for_each(|loss| eprintln!("{loss:.300}"));
    assert!(losses.is_empty(), "{} losses", losses.len());
    assert!(tried >= if is_long() { 2000 } else { 50 }, "only {tried}");
}
