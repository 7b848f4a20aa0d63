//! What comes from outside and is not as it should be: one clear message, exit code 2, and nothing lost.

use std::fs;
use std::io::Write;
use std::path::Path;

use crate::harness::{Place, sample};

const ARTICLE: &str = "A paragraph about the tide and the people who wait for it.\n\nAnother one about the price of ice.\n";

fn library() -> Place {
    let place = Place::new();
    place.write("ice.txt", ARTICLE);
    place.run(["index", "ice.txt"]).found();
    place
}

fn segment(place: &Place) -> std::path::PathBuf {
    fs::read_dir(place.path(".topoi/segments"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path()
}

#[test]
fn what_can_not_be_read_is_named_and_the_library_stays_as_it_was() {
    let place = library();
    let before = place.run(["list", "--passages", "--json"]).found().stdout;
    fs::create_dir(place.path("empty")).unwrap();
    place.write("binary.txt", b"text\0with a NUL byte");
    place.write("nothing.txt", "");
    place.write("blank.txt", " \n\n \t\n");
    for (argument, part) in [
        ("missing.txt", "missing.txt"),
        ("empty", "there is no article in `empty`"),
        ("binary.txt", "holds bytes that no text has"),
        ("nothing.txt", "holds no text"),
        ("blank.txt", "holds no text"),
    ] {
        place.run(["index", argument]).refused(&[part]);
    }
    assert_eq!(
        place.run(["list", "--passages", "--json"]).found().stdout,
        before
    );
}

#[test]
fn one_bad_file_among_many_is_skipped_and_named() {
    let place = Place::new();
    place.write("a/good.txt", ARTICLE);
    place.write("a/bad.txt", b"\0\0\0");
    place.write("a/picture.png", b"\x89PNG\r\n");
    let outcome = place.run(["index", "a", "--json"]).found();
    assert!(outcome.stderr.contains("bad.txt"), "{}", outcome.stderr);
    let report: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(report["articles_added"], 1);
    assert_eq!(report["skipped"].as_array().unwrap().len(), 2);
}

#[test]
fn names_in_an_archive_steer_no_terminal() {
    let place = Place::new();
    let mut archive = zip::ZipWriter::new(fs::File::create(place.path("a.zip")).unwrap());
    let options = zip::write::SimpleFileOptions::default();
    for (name, text) in [
        ("good.txt", "The port silts."),
        ("bad\u{1b}]0;PWN\u{7}.json", "{"),
    ] {
        archive.start_file(name, options).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap();
    for arguments in [
        &["index", "a.zip", "--color", "always"][..],
        &["index", "a.zip", "--dry-run", "--color", "always"],
        &["index", "--explain", "a.zip", "--color", "always"],
    ] {
        let said = place.run(arguments).found();
        let said = said.stdout + &said.stderr;
        assert!(said.contains("bad]0;PWN.json"), "{said}");
        assert!(!said.contains('\u{7}'), "{said}");
    }
}

#[test]
fn a_file_of_200_mb_in_one_line_is_refused_without_being_read() {
    let place = Place::new();
    let file = fs::File::create(place.path("huge.txt")).unwrap();
    file.set_len(200 << 20).unwrap();
    place
        .run(["index", "huge.txt"])
        .refused(&["huge.txt", "64"]);
}

/// A PDF whose catalog and pages are in a stream of objects that unpacks to two gigabytes. Bytes in it look like its end, which
/// only its length contradicts.
#[cfg(unix)]
fn lying_pdf() -> Vec<u8> {
    use flate2::{Compress, Compression, FlushCompress};

    const OBJECTS: &str = "1 0 2 30 <</Type/Catalog/Pages 2 0 R >><</Type/Pages/Kids[3 0 R]/Count 1>>(endstream endobj)";
    let mut packed = vec![0x78, 0x9c, 0];
    let length = u16::try_from(OBJECTS.len()).unwrap();
    packed.extend(length.to_le_bytes());
    packed.extend((!length).to_le_bytes());
    packed.extend(OBJECTS.as_bytes());
    let mut blanks = Vec::with_capacity(1 << 16);
    Compress::new(Compression::best(), false)
        .compress_vec(&[b' '; 1 << 20], &mut blanks, FlushCompress::Full)
        .unwrap();
    packed.extend(blanks.repeat(2_048));
    // The last block, of nothing.
    packed.extend([3, 0]);

    let stream = |dictionary: &str, data: &[u8]| {
        let head = format!("<<{dictionary}/Length {}>>stream\n", data.len());
        [head.as_bytes(), data, b"\nendstream"].concat()
    };
    let text = b"BT /F 12 Tf 50 700 Td (Tariffs on steel have raised the price of cars, and of much else.) Tj ET";
    let page = "<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</Font<</F 6 0 R>>>>>>";
    let objects = [
        page.as_bytes().to_vec(),
        stream("", text),
        stream("/Type/ObjStm/N 2/First 9/Filter/FlateDecode", &packed),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>".to_vec(),
    ];
    let mut pdf = b"%PDF-1.5\n".to_vec();
    let entry = |kind: u8, first: usize, second: u16| {
        let first = u32::try_from(first).unwrap().to_be_bytes();
        [&[kind], &first[..], &second.to_be_bytes()].concat()
    };
    let mut entries = [entry(0, 0, 0), entry(2, 5, 0), entry(2, 5, 1)].concat();
    for (number, object) in (3..).zip(objects) {
        entries.extend(entry(1, pdf.len(), 0));
        pdf.extend(format!("{number} 0 obj\n").bytes());
        pdf.extend([&object[..], b"\nendobj\n"].concat());
    }
    let at = pdf.len();
    entries.extend(entry(1, at, 0));
    let list = stream("/Type/XRef/Size 8/W[1 4 2]/Root 1 0 R", &entries);
    pdf.extend([b"7 0 obj\n", &list[..], b"\nendobj\n"].concat());
    pdf.extend(format!("startxref\n{at}\n%%EOF\n").bytes());
    pdf
}

#[cfg(unix)]
#[test]
fn a_pdf_that_lies_about_its_streams_takes_no_more_than_a_document() {
    let place = library();
    place.write("lying.pdf", lying_pdf());
    place
        .run(["index", "lying.pdf"])
        .refused(&["lying.pdf", "more memory or time than a document needs"]);
}

#[test]
fn a_query_of_nothing_or_of_a_megabyte_is_refused() {
    sample()
        .run(["search", ""])
        .refused(&["the query is empty", "hint:"]);
    sample()
        .run(["search", "  \t "])
        .refused(&["the query is empty"]);
    sample()
        .run_with_input(["search", "-"], &vec![b'a'; 1 << 20])
        .refused(&["longer than 64 KiB", "hint:"]);
    sample()
        .run_with_input(["search", "-"], b"\xff\xfe")
        .refused(&["not UTF-8"]);
}

#[test]
fn a_place_without_a_library_is_named() {
    let place = Place::new();
    place.run(["search", "tide"]).refused(&[
        "there is no library at `.topoi`",
        "hint:",
        "topoi index",
    ]);
    place
        .run(["--library", "elsewhere", "status"])
        .refused(&["elsewhere"]);
}

#[test]
fn numbers_that_nothing_has_are_named() {
    sample()
        .run(["show", "99999999"])
        .refused(&["there is no passage 99999999"]);
    sample()
        .run(["show", "a99999999"])
        .refused(&["there is no article a99999999"]);
    sample()
        .run(["related", "99999999"])
        .refused(&["there is no passage 99999999"]);
    sample()
        .run(["show", "x"])
        .refused(&["neither a passage's number nor an article's"]);
    sample()
        .run(["related", "no-such-file.txt"])
        .refused(&["no-such-file.txt"]);
}

#[test]
fn a_damaged_database_is_named() {
    for damage in [damage_beginning as fn(&Path), truncate, overwrite_whole] {
        let place = library();
        let database = place.path(".topoi/library.db");
        damage(&database);
        for arguments in [
            &["search", "tide"][..],
            &["list"],
            &["check"],
            &["index", "ice.txt"],
        ] {
            place.run(arguments).refused(&["library.db"]);
        }
    }
}

fn damage_beginning(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    bytes[..100].fill(0x5a);
    fs::write(path, bytes).unwrap();
}

fn truncate(path: &Path) {
    let bytes = fs::read(path).unwrap();
    fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
}

fn overwrite_whole(path: &Path) {
    fs::write(
        path,
        "not a database at all, though long enough to look like one ".repeat(100),
    )
    .unwrap();
}

#[test]
fn a_library_of_a_newer_version_is_refused() {
    let place = library();
    let database = place.path(".topoi/library.db");
    let mut bytes = fs::read(&database).unwrap();
    // The user version, a big-endian number in the header of the file.
    bytes[60..64].copy_from_slice(&999_u32.to_be_bytes());
    fs::write(&database, bytes).unwrap();
    for arguments in [&["search", "tide"][..], &["index", "ice.txt"]] {
        place
            .run(arguments)
            .refused(&["version 999", "hint:", "newer topoi"]);
    }
}

#[test]
fn a_database_of_another_program_is_left_alone() {
    let place = library();
    let database = place.path(".topoi/library.db");
    let mut bytes = fs::read(&database).unwrap();
    bytes[68..72].copy_from_slice(&1_u32.to_be_bytes());
    fs::write(&database, &bytes).unwrap();
    place
        .run(["index", "ice.txt"])
        .refused(&["is not the database of a topoi library"]);
    assert_eq!(fs::read(&database).unwrap(), bytes);
}

#[test]
fn a_damaged_segment_is_named_and_made_again_from_the_text() {
    for damage in [
        |path: &Path| fs::remove_file(path).unwrap(),
        |path: &Path| fs::write(path, "").unwrap(),
        truncate,
        |path: &Path| {
            let mut bytes = fs::read(path).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            fs::write(path, bytes).unwrap();
        },
        damage_beginning,
    ] {
        let place = library();
        let before = place.run(["search", "tide", "--json"]).json()["results"].clone();
        let file = segment(&place);
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        damage(&file);
        let outcome = place.run(["check"]);
        assert_eq!(
            outcome.code,
            Some(2),
            "{}{}",
            outcome.stdout,
            outcome.stderr
        );
        assert!(outcome.stdout.contains(&name), "{}", outcome.stdout);
        // One thing to do is said, and nothing good of what is left.
        assert!(!outcome.stdout.contains("remove it"), "{}", outcome.stdout);
        assert!(!outcome.stderr.contains("exact"), "{}", outcome.stderr);
        assert_eq!(outcome.stderr.matches("hint:").count(), 1);
        place.run(["check", "--repair"]).found();
        place.run(["check"]).found();
        assert_eq!(
            place.run(["search", "tide", "--json"]).json()["results"],
            before
        );
    }
}

#[test]
fn a_segment_of_another_library_is_not_taken_for_ones_own() {
    let (place, other) = (library(), Place::new());
    other.write(
        "else.txt",
        "Something else altogether, about schools and their gates.\n\nAnd about telephones.\n",
    );
    other.run(["index", "else.txt"]).found();
    fs::copy(segment(&other), segment(&place)).unwrap();
    place.run(["search", "tide"]).refused(&[
        "is not the one that the library's manifest names",
        "hint:",
        "check --repair",
    ]);
    place.run(["check", "--repair"]).found();
    place.run(["search", "tide"]).found();
}

#[test]
fn vectors_of_two_models_are_never_compared() {
    let place = library();
    let database = rusqlite::Connection::open(place.path(".topoi/library.db")).unwrap();
    let identity: String = database
        .query_row(
            "SELECT value FROM meta WHERE key = 'model_identity'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    // Another model's weights, as if the library had been made with an earlier version of it.
    let other = identity.replace("53aa5117", "00000000");
    assert_ne!(other, identity);
    database
        .execute(
            "UPDATE meta SET value = ? WHERE key = 'model_identity'",
            [other],
        )
        .unwrap();
    drop(database);
    let outcome = place.run(["index", "ice.txt"]);
    outcome.refused(&["(00000000", "(53aa5117", "can't be compared", "hint:"]);
}

#[test]
fn a_model_that_can_not_be_used_is_named() {
    let place = Place::new();
    place.write("ice.txt", ARTICLE);
    fs::create_dir(place.path("folder")).unwrap();
    place
        .run(["index", "ice.txt", "--model", "./folder"])
        .refused(&["folder"]);
    place.write("half/config.json", "{\"model_type\": \"bert\"");
    place.write("half/model.safetensors", "x");
    place
        .run(["index", "ice.txt", "--model", "./half"])
        .refused(&["half"]);
    place
        .run([
            "--offline",
            "index",
            "ice.txt",
            "--model",
            "nobody/no-such-model",
        ])
        .refused(&["nobody/no-such-model", "hint:"]);
    assert!(!place.path(".topoi").exists());
}

#[test]
fn words_that_no_option_understands_are_refused() {
    for arguments in [
        &["search", "tide", "--after", "soon"][..],
        &["search"],
        &["search", "tide", "--json", "--jsonl"],
        &["frobnicate"],
    ] {
        let outcome = sample().run(arguments);
        assert_eq!(
            (outcome.code, outcome.stdout.as_str()),
            (Some(2), ""),
            "{arguments:?}"
        );
        assert!(outcome.stderr.contains("error:"), "{}", outcome.stderr);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_said_and_leaves_the_library_as_it_was() {
    let place = library();
    let before = place.run(["list", "--passages", "--json"]).found().stdout;
    let more: String = (0..400)
        .map(|n| {
            format!("Paragraph {n} tells of day {n} on the ice, and of what was caught on it.\n\n")
        })
        .collect();
    place.write("more.txt", more);
    // A limit on the size of files stands for a disk without room: writing beyond it fails in the same place.
    let topoi = env!("CARGO_BIN_EXE_topoi");
    let script = format!("trap '' XFSZ; ulimit -f 64; exec '{topoi}' index more.txt");
    let output = std::process::Command::new("bash")
        .args(["-c", &script])
        .current_dir(place.path(""))
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert_eq!(stderr.matches("error:").count(), 1, "{stderr}");
    place.run(["check"]).found();
    assert_eq!(
        place.run(["list", "--passages", "--json"]).found().stdout,
        before
    );
    place.run(["index", "more.txt"]).found();
    place.run(["check"]).found();
}

#[test]
#[cfg(unix)]
fn a_library_that_can_not_be_written_can_still_be_read() {
    use std::os::unix::fs::PermissionsExt;
    let place = library();
    let set = |mode| {
        for path in [".topoi/segments", ".topoi"] {
            fs::set_permissions(place.path(path), fs::Permissions::from_mode(mode)).unwrap();
        }
    };
    set(0o555);
    if fs::write(place.path(".topoi/probe"), "").is_ok() {
        set(0o755);
        eprintln!("skipped: this user may write anywhere");
        return;
    }
    place.run(["search", "tide"]).found();
    place.write("more.txt", ARTICLE);
    place.run(["index", "more.txt"]).refused(&[".topoi"]);
    set(0o755);
}
