//! Defects that were found by breaking things, each with a test of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use rusqlite::Connection;
use topoi::article::ArticleId;
use topoi::library::{
    Indexer, Library, Revision, Silent, Watch, Windowing, backup, check, compact, copy,
    drop_damaged, keep_themes, pin_theme, rename_theme,
};
use topoi::search::{Feedback, Found, Mode, Query, SearchOptions};

use super::letters::Letters;
use crate::harness::{Outcome, Place};

/// A library of a few texts, one commit each.
fn library(place: &Place, texts: &[(&str, &str)]) -> PathBuf {
    let root = place.path("library");
    for (name, text) in texts {
        take_in(&root, name, text);
    }
    root
}

fn indexer<'e>(root: &Path, encoder: &'e Letters) -> Indexer<'e> {
    Indexer::open(root, "letters", encoder, &Silent, Windowing::Windows).unwrap()
}

fn take_in(root: &Path, name: &str, text: &str) {
    let encoder = Letters::new();
    let mut indexer = indexer(root, &encoder);
    indexer.add_text(name, text.as_bytes()).unwrap().unwrap();
    indexer.finish().unwrap();
}

fn search(root: &Path) -> topoi::Result<Found> {
    let library = Library::open(root)?;
    let query = Query::parse("the price of bread")?;
    library.search(
        &query,
        &Feedback::default(),
        &Letters::new(),
        &SearchOptions::default(),
    )
}

fn problems(root: &Path) -> Vec<String> {
    let findings = check(root).unwrap().findings;
    findings
        .into_iter()
        .map(|finding| finding.problem)
        .collect()
}

const TEXTS: [(&str, &str); 2] = [
    (
        "bread.txt",
        "The price of bread has doubled, and nobody says why.",
    ),
    (
        "trains.txt",
        "A railway that runs late is a promise that was broken.",
    ),
];

#[test]
fn a_letter_that_has_become_another_in_the_database_is_noticed_and_its_passage_named() {
    let place = Place::new();
    let root = library(&place, &TEXTS);
    let database = root.join("library.db");
    let mut bytes = fs::read(&database).unwrap();
    let place_of = |part: &[u8]| bytes.windows(part.len()).position(|window| window == part);
    let at = place_of(b"doubled").unwrap();
    bytes[at] = b't';
    fs::write(&database, bytes).unwrap();
    let found = problems(&root);
    assert!(
        found[0].contains("not those that were written"),
        "{found:?}"
    );
    assert!(
        found[1].contains("the text of passage 1 of article a1"),
        "{found:?}"
    );
    // Nothing is made from a text that can't be trusted.
    let findings = check(&root).unwrap();
    assert!(drop_damaged(&root, &findings).is_err());
}

#[test]
fn an_author_who_has_become_another_is_noticed_though_the_texts_are_right() {
    let place = Place::new();
    let root = library(
        &place,
        &[(
            "bread.md",
            "---\nauthor: Brandt\n---\n\nThe price of bread has doubled.\n",
        )],
    );
    let connection = Connection::open(root.join("library.db")).unwrap();
    connection
        .execute("UPDATE articles SET author = 'Brandl'", [])
        .unwrap();
    drop(connection);
    assert_eq!(
        problems(&root),
        ["its rows are not those that were written"]
    );
}

#[test]
fn commits_that_are_lost_with_the_end_of_the_log_are_noticed() {
    let place = Place::new();
    let root = library(&place, &TEXTS[..1]);
    let before = fs::read(root.join("library.db")).unwrap();
    take_in(&root, TEXTS[1].0, TEXTS[1].1);
    assert!(problems(&root).is_empty());
    // As SQLite sees it where the log with the later commits makes no sense.
    fs::write(root.join("library.db"), before).unwrap();
    let found = problems(&root);
    assert!(
        found
            .iter()
            .any(|problem| problem.contains("commits to it are lost")),
        "{found:?}"
    );
    drop_damaged(&root, &check(&root).unwrap()).unwrap();
    take_in(&root, TEXTS[1].0, TEXTS[1].1);
    assert!(problems(&root).is_empty());
    assert_eq!(search(&root).unwrap().hits.len(), 2);
}

/// The passages that have a word.
fn with_word(root: &Path, word: &str) -> Vec<String> {
    let library = Library::open(root).unwrap();
    let options = SearchOptions {
        mode: Mode::Lexical,
        ..SearchOptions::default()
    };
    let query = Query::parse(word).unwrap();
    let found = library
        .search(&query, &Feedback::default(), &Letters::new(), &options)
        .unwrap();
    let texts = found.hits.into_iter().map(|hit| hit.passage.text);
    texts.collect()
}

#[test]
fn words_of_lost_commits_are_not_found_in_the_passages_that_have_their_numbers() {
    let [old, lost, new] = [
        TEXTS[0],
        ("spices.txt", "Zanzibar sends cloves and cinnamon."),
        ("animals.txt", "Quokkas sleep in the shade."),
    ];
    for (is_accepted, has_mark) in [(true, true), (false, true), (false, false)] {
        let place = Place::new();
        let root = library(&place, &[old]);
        let before = fs::read(root.join("library.db")).unwrap();
        take_in(&root, lost.0, lost.1);
        fs::write(root.join("library.db"), before).unwrap();
        if !has_mark {
            // Then only the index of words knows.
            fs::remove_file(root.join("commits")).unwrap();
            let found = problems(&root);
            assert!(found[0].contains("lost"), "{found:?}");
        }
        if is_accepted {
            drop_damaged(&root, &check(&root).unwrap()).unwrap();
            assert!(problems(&root).is_empty());
        }
        assert_eq!(with_word(&root, "+zanzibar"), [""; 0]);
        take_in(&root, new.0, new.1);
        assert!(problems(&root).is_empty());
        assert_eq!(with_word(&root, "+quokkas"), [new.1]);
        assert_eq!(with_word(&root, "+zanzibar"), [""; 0]);
    }
}

#[test]
fn words_of_other_passages_are_noticed() {
    let place = Place::new();
    let root = library(&place, &TEXTS);
    let others = Place::new();
    let other = library(
        &others,
        &[
            ("a.txt", "Zanzibar sends cloves."),
            ("b.txt", "Quokkas sleep."),
        ],
    );
    fs::remove_dir_all(root.join("lexical")).unwrap();
    fs::rename(other.join("lexical"), root.join("lexical")).unwrap();
    let found = problems(&root);
    assert!(found[0].contains("other words for 2 of 2"), "{found:?}");
    drop_damaged(&root, &check(&root).unwrap()).unwrap();
    assert_eq!(with_word(&root, "+bread"), [TEXTS[0].1]);
}

#[test]
fn a_backup_is_not_made_of_a_library_that_has_lost_commits() {
    let place = Place::new();
    let root = library(&place, &TEXTS[..1]);
    let before = fs::read(root.join("library.db")).unwrap();
    take_in(&root, TEXTS[1].0, TEXTS[1].1);
    fs::write(root.join("library.db"), before).unwrap();
    let to = place.path("backup");
    let refused = backup(&root, &to, &mut |_, _| true).unwrap_err();
    assert!(refused.to_string().contains("are lost"), "{refused}");
    assert!(!to.exists());
    drop_damaged(&root, &check(&root).unwrap()).unwrap();
    backup(&root, &to, &mut |_, _| true).unwrap();
    // What is lost of the copy later can be told too.
    assert!(to.join("commits").exists());
}

#[test]
fn what_was_removed_with_a_lost_segment_is_forgotten() {
    let place = Place::new();
    let root = library(&place, &TEXTS);
    let mut editor = Library::edit(root.as_path()).unwrap();
    editor.remove_files(&[TEXTS[0].0.to_owned()]).unwrap();
    drop(editor);
    let segments = || -> Vec<_> {
        let entries = fs::read_dir(root.join("segments")).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    };
    for segment in segments() {
        fs::remove_file(segment).unwrap();
    }
    drop_damaged(&root, &check(&root).unwrap()).unwrap();
    take_in(&root, "more.txt", "One more text.");
    compact(&root).unwrap();
    let once = segments();
    compact(&root).unwrap();
    assert_eq!(segments(), once);
}

#[test]
fn a_library_is_sound_while_another_program_writes() {
    let place = Place::new();
    let root = library(&place, &TEXTS);
    thread::scope(|threads| {
        let writer = threads.spawn(|| {
            for round in 0..40 {
                take_in(
                    &root,
                    "changing.txt",
                    &format!("In round {round} bread is dear."),
                );
                compact(&root).unwrap();
            }
        });
        while !writer.is_finished() {
            assert_eq!(problems(&root), [""; 0]);
        }
    });
}

#[test]
fn a_name_that_a_person_gives_a_theme_stays_though_themes_are_being_found() {
    let place = Place::new();
    super::write_notes(&place, "notes.jsonl", 60);
    place.run(["index", "--quiet", "notes.jsonl"]).found();
    place.run(["themes"]).found();
    let root = place.path(".topoi");
    let themes = || Library::open(&root).unwrap().store().themes().unwrap();
    let id = themes()[0].id;
    let library = Library::open(&root).unwrap();
    let found = library.ledger().unwrap().unwrap().commentary;
    rename_theme(root.as_path(), id, Some("My own name")).unwrap();
    keep_themes(&library, &found, None).unwrap();
    assert_eq!(themes()[0].given.as_deref(), Some("My own name"));
    // What stays together is another matter: the themes would have been found otherwise.
    let library = Library::open(&root).unwrap();
    pin_theme(root.as_path(), id, true).unwrap();
    let refused = keep_themes(&library, &found, None);
    assert!(matches!(refused, Err(topoi::Error::ThemesChanged)));
    assert!(themes()[0].pinned);
}

#[test]
fn an_index_of_words_without_a_description_is_made_anew() {
    let place = Place::new();
    let root = library(&place, &TEXTS);
    let before = search(&root).unwrap().hits;
    // As a power cut leaves it that comes while it is being made.
    fs::remove_file(root.join("lexical/meta.json")).unwrap();
    assert!(problems(&root).is_empty());
    assert_eq!(search(&root).unwrap().hits, before);
    assert!(root.join("lexical/meta.json").exists());
}

#[test]
fn an_index_of_words_that_is_held_for_a_moment_is_not_made_anew() {
    let place = Place::new();
    let root = library(&place, &TEXTS);
    let segments = || -> Vec<PathBuf> {
        let entries = fs::read_dir(root.join("lexical")).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        paths
            .filter(|path| path.extension().is_some_and(|kind| kind == "term"))
            .collect()
    };
    let before = segments();
    // As a process has it that is being started from another thread.
    let held = fs::File::create(root.join("lexical/.tantivy-writer.lock")).unwrap();
    held.lock().unwrap();
    thread::scope(|threads| {
        threads.spawn(move || {
            thread::sleep(Duration::from_millis(200));
            drop(held);
        });
        take_in(&root, "more.txt", "The price of bread has doubled.");
    });
    let after = segments();
    assert!(before.iter().all(|segment| after.contains(segment)));
    assert_eq!(after.len(), before.len() + 1);
    assert!(problems(&root).is_empty());
}

#[test]
fn a_damaged_index_of_words_is_an_error_and_no_panic() {
    let place = Place::new();
    let root = library(&place, &TEXTS);
    for entry in fs::read_dir(root.join("lexical")).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension != "json")
        {
            let mut bytes = fs::read(&path).unwrap();
            let middle = bytes.len().min(64) / 2;
            bytes[..middle].fill(0xff);
            fs::write(&path, bytes).unwrap();
        }
    }
    let error = search(&root).unwrap_err();
    assert!(error.to_string().contains("index of words"), "{error}");
    assert!(error.hint().unwrap().contains("check --repair"));
    let findings = check(&root).unwrap();
    assert!(!findings.findings.is_empty());
    drop_damaged(&root, &findings).unwrap();
    take_in(&root, "more.txt", "One more text.");
    assert!(problems(&root).is_empty());
    assert!(search(&root).is_ok());
}

#[test]
fn a_description_that_would_fill_the_memory_is_not_read() {
    let place = Place::new();
    let root = library(&place, &TEXTS);
    let description = root.join("lexical/meta.json");
    let file = fs::OpenOptions::new().write(true).open(&description);
    // It takes no room on the disk.
    file.unwrap().set_len(1 << 40).unwrap();
    let error = search(&root).unwrap_err();
    assert!(error.to_string().contains("meta.json"), "{error}");
    drop_damaged(&root, &check(&root).unwrap()).unwrap();
    take_in(&root, "more.txt", "One more text.");
    assert!(problems(&root).is_empty());
}

/// A library that is opened anew after each commit that is seen, as by a server.
struct Follower {
    root: PathBuf,
    watch: Watch,
    seen: Revision,
    library: Library,
}

impl Follower {
    fn of(root: &Path) -> Self {
        let mut watch = Library::watch(root);
        Self {
            root: root.to_owned(),
            seen: watch.revision().unwrap(),
            watch,
            library: Library::open(root).unwrap(),
        }
    }

    fn look(&mut self) {
        let now = self.watch.revision().unwrap();
        if now != self.seen {
            self.library = Library::open(&*self.root).unwrap();
            self.seen = now;
        }
    }
}

/// Commits a long text in the place of the one before; gives the bytes that the log of commits has then.
fn commit_much(root: &Path, round: u32) -> u64 {
    let paragraphs: Vec<String> = (0..1500)
        .map(|number| format!("In round {round} paragraph {number} says that bread is dear."))
        .collect();
    take_in(root, "changing.txt", &paragraphs.join("\n\n"));
    fs::metadata(root.join("library.db-wal")).unwrap().len()
}

#[test]
fn the_log_of_commits_does_not_grow_while_somebody_follows_them() {
    let place = Place::new();
    let root = library(&place, &TEXTS);
    let mut follower = Follower::of(&root);
    let mut longest = 0;
    for round in 0..60 {
        longest = longest.max(commit_much(&root, round));
        // As often as a server looks before the next commit.
        for _ in 0..4 {
            follower.look();
        }
    }
    assert_eq!(follower.library.store().counts().unwrap().articles, 3);
    assert!(longest < 20 << 20, "the log has {longest} bytes");
}

#[test]
fn the_log_of_commits_stays_short_though_one_follows_another_without_a_pause() {
    let place = Place::new();
    let root = library(&place, &TEXTS);
    let mut follower = Follower::of(&root);
    let longest = thread::scope(|threads| {
        let writer = threads.spawn(|| (0..150).map(|round| commit_much(&root, round)).max());
        while !writer.is_finished() {
            thread::sleep(Duration::from_millis(200));
            follower.look();
        }
        writer.join().unwrap().unwrap()
    });
    eprintln!("the log had {longest} bytes at most");
    assert!(longest <= 47 << 20, "the log has {longest} bytes");
}

/// What `topoi` says to a user who may read what lies here and write nothing; `None` where this can't be tried.
#[cfg(unix)]
fn as_a_stranger(place: &Place, arguments: &[&str]) -> Option<Outcome> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(place.path(""), fs::Permissions::from_mode(0o755)).unwrap();
    let run = |arguments: &[&str]| {
        let topoi = place.command(arguments);
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
        command.arg(topoi.get_program()).args(topoi.get_args());
        command.current_dir(place.path("")).output()
    };
    if !run(&["--version"]).is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: this user can't become another");
        return None;
    }
    let output = run(arguments).unwrap();
    Some(Outcome {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    })
}

/// Copies a folder but for one file.
fn copy_without(from: &Path, to: &Path, left_out: &str) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_without(&entry.path(), &to, left_out);
        } else if entry.file_name() != left_out {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

#[test]
#[cfg(unix)]
fn whoever_may_not_write_sees_no_earlier_state() {
    let place = Place::new();
    let root = library(&place, &TEXTS[..1]);
    let status = |library| as_a_stranger(&place, &["status", "--json", "--library", library]);
    let Some(closed) = status("library") else {
        return;
    };
    assert_eq!(closed.json()["articles"], 1);

    // Its last commit stays in the log while somebody reads the state before.
    let before = Library::open(root.as_path()).unwrap();
    take_in(&root, TEXTS[1].0, TEXTS[1].1);
    let copied = place.path("copied");
    copy_without(&root, &copied, "library.db-shm");
    drop(before);
    assert_eq!(status("library").unwrap().json()["articles"], 2);
    for command in ["status", "check"] {
        let outcome = as_a_stranger(&place, &[command, "--library", "copied"]);
        outcome
            .unwrap()
            .refused(&["last commits", "log", "hint:", "may write"]);
    }

    // As the hint says.
    let owner = place.run(["status", "--json", "--library", "copied"]);
    assert_eq!(owner.json()["articles"], 2);
    assert_eq!(status("copied").unwrap().json()["articles"], 2);
}

#[test]
fn a_merge_that_is_dropped_ends_before_another_may_write() {
    let place = Place::new();
    let root = place.path("library");
    let encoder = Letters::new();
    // As many commits as are merged, and then some that were going to be taken in.
    let mut indexer = indexer(&root, &encoder);
    let mut segments = 0;
    for commit in 0..8 {
        let name = format!("{commit}.txt");
        let paragraphs: Vec<String> = (0..520)
            .map(|number| format!("In commit {commit} paragraph {number} says that bread is dear."))
            .collect();
        let text = paragraphs.join("\n\n");
        indexer.add_text(&name, text.as_bytes()).unwrap().unwrap();
        segments = fs::read_dir(root.join("segments")).unwrap().count();
    }
    assert!(segments >= 8, "{segments} segments");
    drop(indexer);
    let names = fs::read_dir(root.join("segments")).unwrap();
    let names: Vec<PathBuf> = names.map(|entry| entry.unwrap().path()).collect();
    let is_segment = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "seg");
    assert!(names.iter().all(is_segment), "{names:?}");
    take_in(&root, TEXTS[0].0, TEXTS[0].1);
    assert!(problems(&root).is_empty());
}

#[test]
fn a_number_that_would_be_given_out_again_is_noticed() {
    let place = Place::new();
    let root = library(&place, &TEXTS);
    let encoder = Letters::new();
    let mut indexer = indexer(&root, &encoder);
    indexer.remove_files(&[TEXTS[1].0.to_owned()]).unwrap();
    indexer.finish().unwrap();
    // Nothing but the highest number says any more that there was a second passage.
    compact(root.as_path()).unwrap();
    assert!(problems(&root).is_empty());
    let connection = Connection::open(root.join("library.db")).unwrap();
    connection
        .execute(
            "UPDATE sqlite_sequence SET seq = 1 WHERE name = 'passages'",
            [],
        )
        .unwrap();
    drop(connection);
    assert_eq!(
        problems(&root),
        ["numbers that `passages` has given out would be given out again"]
    );
}

/// Takes in three editions of one article.
fn editions(root: &Path) {
    let mut text = Vec::new();
    for who in ["board", "council", "mayor", "guild", "bank", "abbey"] {
        for what in ["pier", "lighthouse", "quay", "dyke", "tower"] {
            text.push(format!("The {what} of the {who} was paid for by others."));
        }
    }
    for edition in ["first", "second", "third"] {
        let text = format!("{}\n\nThe {edition} edition.", text.join("\n\n"));
        take_in(root, edition, &text);
    }
}

/// The copies that are known, each with what it is a copy of.
fn copies(root: &Path) -> Vec<(u64, u64)> {
    let copies = Library::records(root).unwrap().copies().unwrap();
    let copies = copies.iter().map(|copy| (copy.article.0, copy.original.0));
    copies.collect()
}

fn are_copies_owed(root: &Path) -> bool {
    let findings = check(root).unwrap();
    assert!(findings.findings.is_empty(), "{findings:?}");
    findings.copies_owed
}

#[test]
fn copies_that_a_crash_kept_from_being_found_are_found_by_the_next_command() {
    let place = Place::new();
    let root = library(&place, &TEXTS[..1]);
    editions(&root);
    assert_eq!(copies(&root), [(3, 2), (4, 2)]);
    // Killed behind the commit that removes.
    let mut editor = Library::edit(root.as_path()).unwrap();
    editor.remove_articles(&[ArticleId(2)]).unwrap();
    drop(editor);
    assert!(copies(&root).is_empty() && are_copies_owed(&root));
    take_in(&root, TEXTS[0].0, TEXTS[0].1);
    assert_eq!(copies(&root), [(4, 3)]);
    assert!(!are_copies_owed(&root));

    // Stopped between the sketches and the copies.
    let stop = |sql: &str| {
        let connection = Connection::open(root.join("library.db")).unwrap();
        connection.execute_batch(sql).unwrap();
    };
    stop("CREATE TRIGGER stop BEFORE INSERT ON copies BEGIN SELECT RAISE(ABORT, 'stopped'); END");
    let encoder = Letters::new();
    let mut indexer = indexer(&root, &encoder);
    let text = Library::records(root.as_path()).unwrap();
    let text = text.passages_of(ArticleId(3)).unwrap();
    let text: Vec<&str> = text.iter().map(|passage| &*passage.text).collect();
    let again = format!("{}\n\nThe fourth edition.", text.join("\n\n"));
    indexer
        .add_text("fourth", again.as_bytes())
        .unwrap()
        .unwrap();
    assert!(indexer.finish().is_err());
    stop("DROP TRIGGER stop");
    assert_eq!(copies(&root), [(4, 3)]);
    assert!(are_copies_owed(&root));
    assert!(
        Library::records(&*root)
            .unwrap()
            .not_sketched()
            .unwrap()
            .is_empty()
    );
    // It says so, and mends it.
    let on = |arguments: &[&str]| {
        let library = ["--library", root.to_str().unwrap()];
        place.run(library.iter().chain(arguments)).found().stderr
    };
    assert!(on(&["check"]).contains("which articles are copies isn't worked out yet"));
    assert!(!on(&["check", "--repair"]).contains("isn't worked out yet"));
    assert_eq!(copies(&root), [(4, 3), (5, 3)]);
    assert!(!are_copies_owed(&root));
}

#[test]
fn a_source_that_cannot_be_read_any_more_takes_nothing_from_its_copy() {
    let place = Place::new();
    let root = library(&place, &TEXTS);
    // More than SQLite keeps in memory of a database, so that it reads the names of the files again.
    let book: Vec<String> = (0..8_000)
        .map(|number| format!("On day {number} {}", TEXTS[0].1.repeat(10)))
        .collect();
    take_in(&root, "book.txt", &book.join("\n\n"));
    let to = place.path("copy");
    copy(&*root, &*to, &mut |_| true).unwrap();
    let files = || Library::records(&*to).unwrap().paths().unwrap();
    let before = files();
    assert_eq!(before.len(), 3);
    let database = fs::File::options()
        .write(true)
        .open(root.join("library.db"))
        .unwrap();
    let copied = copy(&*root, &*to, &mut |copied| {
        // All were taken over, and nothing was compared so far.
        if copied.files_known == 3 && copied.compared == 0 {
            database.set_len(0).unwrap();
        }
        true
    });
    assert!(copied.is_err());
    assert_eq!(files(), before);
}
