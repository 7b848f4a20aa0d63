//! Backups, exports and imports: the whole library is kept, or nothing is.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use topoi::library::backup;

use crate::harness::{Outcome, Place, sample, sample_articles};

/// How many articles [`reports`] has: several commits' worth.
const REPORTS: usize = 800;

/// Articles enough that indexing them commits several times, each in words of its own.
fn reports(place: &Place) {
    let words = [
        "harbour", "tariff", "drought", "museum", "railway", "orchard", "pension", "ferry",
    ];
    let mut seed = 0x6b65_6570_u64;
    let mut paragraph = || {
        let chosen = (0..30).map(|_| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            words[(seed % words.len() as u64) as usize]
        });
        chosen.collect::<Vec<_>>().join(" ")
    };
    let articles: String = (0..REPORTS)
        .map(|number| {
            let text = [paragraph(), paragraph()].join("\n\n");
            format!(
                "{}\n",
                json!({ "title": format!("Report {number}"), "text": text })
            )
        })
        .collect();
    place.write("reports.jsonl", articles);
}

fn on(place: &Place, library: &str, arguments: &[&str]) -> Outcome {
    place.run(["--library", library].iter().chain(arguments))
}

/// All passages of a library, one a line, in the order of their numbers.
fn passages(place: &Place, library: &str) -> Vec<String> {
    let outcome = on(place, library, &["list", "--passages", "--jsonl"]).found();
    let mut lines: Vec<Value> = outcome
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    lines.sort_by_key(|line| line["passage"].as_u64());
    lines.iter().map(Value::to_string).collect()
}

/// What stands in a place, but for what the program keeps of its own.
fn names(place: &Place) -> Vec<String> {
    let entries = fs::read_dir(place.path("")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name != ".state").collect();
    names.sort();
    names
}

/// A library of several languages with copies, gaps in its numbers, and themes of which a person has named and pinned some.
fn varied() -> Place {
    let place = Place::new();
    place.write(
        "more/pacht.md",
        "---\ntitle: Die Pacht\nauthor: Irmgard Wolters\ndate: 2023-11\n---\n\nWer den Boden besitzt, bestimmt den Preis des Brotes, und niemand \
         fragt die Bauern, die ihn bestellen.\n\nAls die Zölle stiegen, zahlten zuerst die Haushalte, die am wenigsten hatten.\n",
    );
    place.write(
        "more/loyer.md",
        "# Le loyer\n\nLe loyer monte plus vite que les salaires, et la ville se vide de ceux qui la font vivre.\n\n\
         On construit des bureaux où il faudrait des logements, puis on s’étonne que personne ne puisse rester.\n",
    );
    place.write(
        "more/gone.txt",
        "The ferry was sold, and nobody who lives on the island was asked what it is worth.\n",
    );
    let twice = json!({ "title": "A \u{1b}[1mbold\u{7f} line", "text": "The museum \u{9b} is free on Sundays.\n\nIt \"never\" was \\ before." });
    place.write("more/twice.jsonl", format!("{twice}\n{twice}\n"));
    place
        .run([OsStr::new("index"), sample_articles().as_os_str()])
        .found();
    place.run(["index", "more"]).found();
    let copy = sample_articles().join("harbour-review/a-fence-around-the-chips.md");
    fs::copy(copy, place.path("more/fence-again.md")).unwrap();
    place.run(["remove", "more/gone.txt"]).found();
    place.run(["index", "more/fence-again.md"]).found();
    let themes = place.run(["themes", "--json"]).json();
    let number = |at: usize| themes["themes"][at]["id"].as_u64().unwrap().to_string();
    place
        .run(["themes", "rename", &number(0), "what a \"name\" may hold"])
        .found();
    place.run(["themes", "pin", &number(0)]).found();
    place.run(["themes", "pin", &number(1)]).found();
    place
}

fn export(place: &Place, library: &str, file: &str) -> String {
    on(place, library, &["export", file]).found();
    fs::read_to_string(place.path(file)).unwrap()
}

/// Lines with an end that says that they are what was written.
fn sealed<'a>(lines: impl IntoIterator<Item = &'a str>) -> String {
    let lines: Vec<&str> = lines.into_iter().collect();
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let digest = Sha256::digest(&text);
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!(
        "{text}{{\"end\":{{\"lines\":{},\"sha256\":\"{digest}\"}}}}\n",
        lines.len()
    )
}

/// The lines of an export without the last one.
fn body(export: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = export.lines().collect();
    lines.pop();
    lines
}

#[test]
fn backups_made_while_articles_are_taken_in_are_each_of_one_commit() {
    let place = Place::new();
    for number in 0..7 {
        // As many segments as make the next commit merge them.
        let name = format!("small/{number}.txt");
        place.write(
            &name,
            format!("A note on the harbour, the fence and the tax: {number}."),
        );
        place.run(["index", &name]).found();
    }
    reports(&place);
    let mut child = place
        .command(["--verbose", "index", "reports.jsonl"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap())
        .lines()
        .map_while(Result::ok);
    assert!(lines.any(|line| line.starts_with("committed ")));
    let rest = std::thread::spawn(move || lines.count());
    let mut made = Vec::new();
    while child.try_wait().unwrap().is_none() {
        let name = format!("backup-{}", made.len());
        place.run(["backup", &name]).found();
        made.push(name);
    }
    assert!(child.wait().unwrap().success());
    rest.join().unwrap();
    place.run(["backup", "whole"]).found();
    let whole = passages(&place, ".topoi");
    assert_eq!(passages(&place, "whole"), whole);
    let mut before = 0;
    for name in &made {
        on(&place, name, &["check"]).found();
        let kept = passages(&place, name);
        assert!(kept.len() >= before && whole.starts_with(&kept), "{name}");
        before = kept.len();
    }
    assert!(passages(&place, &made[0]).len() < whole.len());
    let expected = ["small", "reports.jsonl", "whole", ".topoi"];
    let others = names(&place)
        .into_iter()
        .filter(|name| !made.contains(name));
    let mut others: Vec<String> = others.collect();
    others.retain(|name| !expected.contains(&name.as_str()));
    assert_eq!(others, [""; 0]);
}

#[test]
fn a_backup_is_a_library_that_answers_as_the_one_it_was_made_of() {
    let place = Place::new();
    let backup = place.path("kept");
    let arguments = [
        OsStr::new("backup"),
        backup.as_os_str(),
        OsStr::new("--json"),
    ];
    let said = sample().run(arguments).json();
    assert_eq!(said["schema"], "topoi.backup.v1");
    assert!(said["passages"].as_u64().unwrap() > 300 && said["bytes"].as_u64().unwrap() > 0);
    let timeless = |outcome: Outcome| {
        let mut answer = outcome.json();
        if let Some(fields) = answer.as_object_mut() {
            for name in ["timings", "library"] {
                fields.remove(name);
            }
        }
        answer
    };
    for arguments in [
        &["search", "who pays for tariffs", "--json"][..],
        &["search", "\"on the poor\"", "--json", "--mode", "lexical"],
        &["related", "23", "--json"],
        &["show", "a7", "--json"],
    ] {
        let expected = timeless(sample().run(arguments));
        assert_eq!(
            timeless(on(&place, "kept", arguments)),
            expected,
            "{arguments:?}"
        );
    }
    // It can be added to.
    place.write(
        "one.txt",
        "The bridge was closed for a year, and the bakery beside it never opened again.\n",
    );
    on(&place, "kept", &["index", "one.txt"]).found();
    on(&place, "kept", &["check"]).found();
    // An empty folder is as good as none.
    fs::create_dir(place.path("empty")).unwrap();
    on(&place, "kept", &["backup", "empty"]).found();
    assert_eq!(passages(&place, "empty"), passages(&place, "kept"));
}

#[test]
fn a_backup_that_cannot_be_made_leaves_nothing() {
    let place = Place::new();
    place
        .run(["backup", "to"])
        .refused(&["no library", "topoi index"]);
    place.write(
        "one.txt",
        "The bridge was closed for a year, and the bakery beside it never opened again.\n",
    );
    place.run(["index", "one.txt"]).found();
    place.write("full/note.txt", "mine");
    let before = names(&place);
    place
        .run(["backup", "full"])
        .refused(&["`full` is there already", "isn't there yet"]);
    place
        .run(["backup", "one.txt"])
        .refused(&["`one.txt` is there already"]);
    place
        .run(["backup", ".topoi"])
        .refused(&["`.topoi` is there already"]);
    place
        .run(["backup", "no/such/folder"])
        .refused(&["cannot create", "no/such/folder"]);
    let server = "postgres://nobody@localhost/press";
    on(&place, server, &["backup", "to"]).refused(&[
        "is on servers",
        "topoi copy postgres://nobody@localhost/press DIR",
        "pg_dump",
    ]);
    // Stopped at the first look.
    let stopped = backup(place.path(".topoi"), &place.path("to"), &mut |_, _| false);
    assert!(matches!(stopped, Err(topoi::Error::Stopped)));
    let segment = place.path(".topoi/segments/0000000001.seg");
    let sound = fs::read(&segment).unwrap();
    let mut damaged = sound.clone();
    *damaged.last_mut().unwrap() ^= 1;
    fs::write(&segment, damaged).unwrap();
    place
        .run(["backup", "to"])
        .refused(&["segments/0000000001.seg", "is damaged", "--repair"]);
    fs::remove_file(&segment).unwrap();
    place.run(["backup", "to"]).refused(&["0000000001.seg"]);
    assert_eq!(names(&place), before);
    assert_eq!(fs::read(place.path("full/note.txt")).unwrap(), b"mine");
    fs::write(&segment, sound).unwrap();
    place.run(["backup", "to"]).found();
}

#[test]
fn what_is_exported_and_imported_is_exported_as_the_same_bytes() {
    let place = varied();
    let first = export(&place, ".topoi", "first.jsonl");
    assert_eq!(place.run(["export"]).found().stdout, first);
    let said = on(&place, "new", &["import", "first.jsonl", "--json"]).json();
    assert_eq!(said["schema"], "topoi.import.v1");
    assert!(said["themes"].as_u64().unwrap() > 1 && said["compared"] == said["passages"]);
    assert_eq!(export(&place, "new", "again.jsonl"), first);
    on(&place, "new", &["check"]).found();
    place
        .run_with_input(["--library", "piped", "import", "-"], first.as_bytes())
        .found();
    assert_eq!(export(&place, "piped", "again.jsonl"), first);

    // The themes keep their numbers, names and pins, and the copies are found again.
    let without = |mut themes: Value| {
        for theme in themes["themes"].as_array_mut().unwrap() {
            for name in ["passages", "exemplars"] {
                theme.as_object_mut().unwrap().remove(name);
            }
        }
        themes["themes"].clone()
    };
    let themes = |library| without(on(&place, library, &["themes", "--json"]).json());
    assert_eq!(themes("new"), themes(".topoi"));
    let stories = |library| {
        let found = on(&place, library, &["duplicates", "--json"]).json();
        found["stories"].as_array().unwrap().len()
    };
    assert_eq!(stories("new"), stories(".topoi"));
    assert!(stories("new") > 0);

    // What is there already is left as it is.
    let said = on(&place, "new", &["import", "first.jsonl", "--json"]).json();
    assert_eq!(
        (&said["files"], &said["passages"], &said["themes_left_out"]),
        (&json!(0), &json!(0), &json!(true))
    );
    assert_eq!(export(&place, "new", "again.jsonl"), first);
}

#[test]
fn what_servers_said_of_files_is_kept_too() {
    let place = varied();
    let first = export(&place, ".topoi", "first.jsonl");
    let lines: Vec<String> = body(&first)
        .into_iter()
        .map(|line| {
            let said = r#","etag":"W/\"7\"","last_modified":"Tue, 14 May 2024 08:00:00 GMT"}}"#;
            match line.strip_suffix("}}") {
                Some(file) if line.starts_with(r#"{"file""#) => format!("{file}{said}"),
                _ => line.to_owned(),
            }
        })
        .collect();
    let told = sealed(lines.iter().map(String::as_str));
    assert!(told.len() > first.len());
    place.write("told.jsonl", &told);
    on(&place, "new", &["import", "told.jsonl"]).found();
    assert_eq!(export(&place, "new", "again.jsonl"), told);
}

#[test]
fn an_article_too_long_for_a_line_stands_in_several() {
    let place = Place::new();
    let text =
        "The same refrain, sung again by everybody who was there that night.\n\n".repeat(4000);
    place.write(
        "long.jsonl",
        format!("{}\n", json!({ "title": "A song", "text": text })),
    );
    place.run(["index", "long.jsonl"]).found();
    let first = export(&place, ".topoi", "first.jsonl");
    assert!(
        first
            .lines()
            .any(|line| line.starts_with(r#"{"passages":["#))
    );
    on(&place, "new", &["import", "first.jsonl"]).found();
    assert_eq!(export(&place, "new", "again.jsonl"), first);
}

#[test]
fn what_is_imported_stands_beside_what_was_there() {
    let place = varied();
    place.run(["export", "all.jsonl"]).found();
    let own = "Nobody counts the hours that a village spends waiting for its bus.";
    place.write("own.txt", own);
    on(&place, "new", &["index", "own.txt", "more/loyer.md"]).found();
    place.write(
        "more/loyer.md",
        "# Le loyer\n\nUne autre version, que la bibliothèque exportée ne connaît pas encore.\n",
    );
    on(&place, "new", &["index", "more/loyer.md"]).found();
    on(&place, "new", &["import", "all.jsonl"]).found();
    on(&place, "new", &["check"]).found();
    let there = passages(&place, "new").join("\n");
    assert!(there.contains(own) && there.contains("plus vite que les salaires"));
    assert!(!there.contains("Une autre version"));
    assert_eq!(
        passages(&place, "new").len(),
        passages(&place, ".topoi").len() + 1
    );
}

#[test]
fn an_export_that_is_not_as_it_was_written_changes_nothing() {
    let place = Place::new();
    place.write(
        "a.md",
        "# Bread\n\nThe price of bread has doubled since the war began, and nobody says why.\n",
    );
    place.write(
        "b.md",
        "# Trains\n\nA railway that runs late every day is a promise that was broken every day.\n",
    );
    place.run(["index", "a.md", "b.md"]).found();
    let whole = export(&place, ".topoi", "whole.jsonl");
    place.write(
        "own.txt",
        "Nobody counts the hours that a village spends waiting for its bus.",
    );
    on(&place, "own", &["index", "own.txt"]).found();
    let own = export(&place, "own", "own.jsonl");
    let refused = |bytes: &[u8], parts: &[&str]| {
        place.write("wrong.jsonl", bytes);
        on(&place, "own", &["import", "wrong.jsonl"]).refused(parts);
        on(&place, "none", &["import", "wrong.jsonl"]).refused(parts);
        place
            .run_with_input(["--library", "own", "import", "-"], bytes)
            .refused(&parts[..1]);
    };
    // Cut off.
    let bytes = whole.as_bytes();
    let lines: Vec<&str> = whole.lines().collect();
    refused(
        &bytes[..bytes.len() - 1],
        &["breaks off", "nothing was changed"],
    );
    refused(&bytes[..bytes.len() / 2], &["breaks off"]);
    refused(&bytes[..lines[0].len() + 1], &["breaks off behind line 1"]);
    refused(&bytes[..20], &["is no export", "topoi export"]);
    refused(b"", &["is no export"]);
    // A bit flipped: somewhere in each line behind the first, which says what it is.
    let mut at = 0;
    for line in &lines {
        for place in [
            at + line.len() / 3,
            at + line.len() / 2,
            at + line.len() - 3,
        ] {
            let mut flipped = bytes.to_vec();
            flipped[place] ^= 1;
            refused(&flipped, &["error:"]);
        }
        at += line.len() + 1;
    }
    // Something behind the end; a line out of its place; a line too few; a file twice.
    refused(format!("{whole}\n").as_bytes(), &["damaged"]);
    let without = |left_out: usize| {
        let kept = body(&whole).into_iter().enumerate();
        sealed(kept.filter(|(at, _)| *at != left_out).map(|(_, line)| line))
    };
    refused(without(1).as_bytes(), &["line 2", "doesn't belong"]);
    refused(
        without(2).as_bytes(),
        &["line 1", "more or less than follows"],
    );
    let twice = body(&whole).into_iter().chain([lines[1]]);
    refused(sealed(twice).as_bytes(), &["stands before it already"]);
    // Another text or vector than its own.
    let other = body(&whole).join("\n").replacen("doubled", "trebled", 1);
    refused(
        sealed(other.lines()).as_bytes(),
        &["line 3", "not that of its digest"],
    );
    let vector = r#""vector":""#;
    let start = whole.find(vector).unwrap() + vector.len();
    let mut other = body(&whole).join("\n");
    other.replace_range(start..start + 4, "");
    refused(
        sealed(other.lines()).as_bytes(),
        &["line 3", "its vector has 765 bytes where 768"],
    );
    // Other forms.
    let newer = whole.replacen("topoi.export.v1", "topoi.export.v2", 1);
    refused(newer.as_bytes(), &["topoi.export.v2", "newer topoi"]);
    refused(
        b"{\"title\":\"An article\"}\n",
        &["is no export", "topoi index"],
    );
    place.run(["export", "--no-vectors", "texts.jsonl"]).found();
    let texts = fs::read_to_string(place.path("texts.jsonl")).unwrap();
    assert!(texts.contains("doubled") && !texts.contains(vector));
    refused(texts.as_bytes(), &["without vectors", "--no-vectors"]);
    assert_eq!(export(&place, "own", "again.jsonl"), own);
    assert!(!place.path("none").exists());

    // Of another model: only a library that has one refuses it.
    let other = body(&whole)
        .join("\n")
        .replacen(r#""max_tokens":256"#, r#""max_tokens":255"#, 1);
    place.write("other.jsonl", sealed(other.lines()));
    on(&place, "own", &["import", "other.jsonl"]).refused(&["can't be compared", "--library"]);
    assert_eq!(export(&place, "own", "again.jsonl"), own);
    on(&place, "none", &["import", "other.jsonl"]).found();
    on(&place, "own", &["import", "nowhere.jsonl"])
        .refused(&["cannot open `nowhere.jsonl`", "topoi export"]);
    on(&place, "own", &["import", "own"]).refused(&["it is a folder"]);
}

#[test]
fn an_export_that_cannot_be_written_leaves_what_was_there() {
    let place = Place::new();
    place.run(["export", "to.jsonl"]).refused(&["no library"]);
    place.write(
        "a.md",
        "# Bread\n\nThe price of bread has doubled since the war began, and nobody says why.\n",
    );
    place.run(["index", "a.md"]).found();
    place
        .run(["export", "no/such/folder.jsonl"])
        .refused(&["cannot write `no/such/folder.jsonl`"]);
    place
        .run(["export", ".topoi"])
        .refused(&["cannot write `.topoi`"]);
    if Path::new("/dev/full").exists() {
        place
            .run(["export", "/dev/full"])
            .refused(&["cannot write `/dev/full`"]);
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let child = place
            .command(["export"])
            .stdout(full)
            .stderr(Stdio::piped())
            .spawn();
        let output = child.unwrap().wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("cannot write the export"), "{said}");
    }
    place.write("to.jsonl", "mine");
    fs::remove_file(place.path(".topoi/segments/0000000001.seg")).unwrap();
    place
        .run(["export", "to.jsonl"])
        .refused(&["0000000001.seg", "--repair"]);
    assert_eq!(fs::read(place.path("to.jsonl")).unwrap(), b"mine");
    assert_eq!(names(&place), [".topoi", "a.md", "to.jsonl"]);
}

/// An export of which the vector at a place among all is another.
fn with_vector(export: &str, at: usize, change: impl Fn(&str) -> String) -> String {
    let name = r#""vector":""#;
    let (start, _) = export.match_indices(name).nth(at).unwrap();
    let start = start + name.len();
    let end = start + export[start..].find('"').unwrap();
    let changed = format!(
        "{}{}{}",
        &export[..start],
        change(&export[start..end]),
        &export[end..]
    );
    sealed(body(&changed))
}

#[test]
fn an_export_is_taken_into_a_library_that_has_some_of_its_files() {
    let place = Place::new();
    let subjects = [
        "harbour", "tariff", "drought", "museum", "railway", "orchard", "pension", "ferry",
        "school", "bridge", "market", "river",
    ];
    for (number, subject) in subjects.iter().enumerate() {
        let text = format!(
            "What the town spends on its {subject} is decided by people who never use it.\n\nThe {subject} costs more each year, \
             and serves fewer.\n\nThe editors of this page take no side in what its authors say.\n"
        );
        let path = place.write(&format!("texts/n{number:02}.txt"), text);
        // So long ago that its time is trusted.
        let file = fs::File::options().write(true).open(path).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 30))
            .unwrap();
    }
    on(&place, "few", &["index", "texts/n00.txt", "texts/n01.txt"]).found();
    on(&place, "all", &["index", "texts"]).found();
    let few = export(&place, "few", "few.jsonl");
    let all = export(&place, "all", "all.jsonl");
    let recurring = |export: &str| export.matches(r#""kind":"recurring""#).count();
    assert_eq!((recurring(&few), recurring(&all)), (0, 12));
    // Which lines recur is told by all texts that come together.
    on(&place, "few", &["import", "all.jsonl"]).found();
    assert!(export(&place, "few", "again.jsonl") == all);
    on(&place, "all", &["import", "few.jsonl"]).found();
    assert!(export(&place, "all", "again.jsonl") == all);
    // Beside others it is found out anew: two of the export's and two of the library's own.
    on(
        &place,
        "own",
        &["index", "texts/n00.txt", "texts/n02.txt", "texts/n03.txt"],
    )
    .found();
    let own = export(&place, "own", "own.jsonl");
    assert_eq!(recurring(&own), 3);
    on(&place, "own", &["import", "few.jsonl"]).found();
    assert_eq!(recurring(&export(&place, "own", "own.jsonl")), 4);
    on(&place, "own", &["check"]).found();
    // A copy is of one library, whatever the other had.
    on(&place, "two", &["index", "texts/n00.txt", "texts/n01.txt"]).found();
    on(&place, "two", &["copy", "all", "two"]).found();
    assert!(export(&place, "two", "again.jsonl") == all);
}

#[test]
fn vectors_that_another_device_computed_stay_and_what_differs_otherwise_is_replaced() {
    let place = Place::new();
    place.write(
        "a.md",
        "# Bread\n\nThe price of bread has doubled since the war began, and nobody says why.\n\nA railway that runs late is a promise.\n",
    );
    place.run(["index", "a.md"]).found();
    let own = export(&place, ".topoi", "own.jsonl");
    const DIGITS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    // The lowest bit of the first number.
    let a_little = with_vector(&own, 0, |vector| {
        let digit = DIGITS.find(&vector[1..2]).unwrap() ^ 16;
        format!("{}{}{}", &vector[..1], &DIGITS[digit..=digit], &vector[2..])
    });
    assert_ne!(a_little, own);
    place.write("a-little.jsonl", &a_little);
    on(&place, ".topoi", &["import", "a-little.jsonl"]).found();
    assert_eq!(export(&place, ".topoi", "again.jsonl"), own);
    let reversed = with_vector(&own, 0, |vector| {
        vector
            .chars()
            .collect::<Vec<_>>()
            .chunks(8)
            .rev()
            .flatten()
            .collect()
    });
    assert_ne!(reversed, own);
    place.write("reversed.jsonl", &reversed);
    on(&place, ".topoi", &["import", "reversed.jsonl"]).found();
    assert_eq!(export(&place, ".topoi", "again.jsonl"), reversed);
    // Another version may have made other passages of the same article.
    let otherwise = sealed(body(&own.replacen(
        r#""kind":"body""#,
        r#""kind":"heading""#,
        1,
    )));
    assert_ne!(otherwise, own);
    place.write("otherwise.jsonl", &otherwise);
    on(&place, ".topoi", &["import", "otherwise.jsonl"]).found();
    assert_eq!(export(&place, ".topoi", "again.jsonl"), otherwise);
    on(&place, ".topoi", &["check"]).found();
}
