//! Several processes that read while one writes: each sees the library as it was at some moment, and none goes back in time.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use topoi::article::ArticleId;
use topoi::library::{Indexer, Library, Silent, Windowing, compact};
use topoi::search::{Feedback, Query, SearchOptions};
use topoi::store::Filter;

use super::is_long;
use super::letters::Letters;
use crate::harness::Place;

/// How many processes read.
const READERS: usize = 3;

/// How many reads they do together, in the short form and in the long one.
const READS: [usize; 2] = [3_000, 100_000];

/// The variable that makes of the test one of its readers: the library, and how many reads.
const READER: &str = "TOPOI_TEST_READER";

/// The versions of the articles that the writer writes, all at once with each commit: version n of the library has n in each.
const ARTICLES: usize = 8;

fn write_version(indexer: &mut Indexer<'_>, version: usize) {
    for article in 0..ARTICLES {
        let text = format!(
            "# Article {article}\n\nThis is version {version} of the text, which says nothing else.\n\nIt goes on in version {version} too.\n"
        );
        let name = format!("{article}.md");
        indexer.add_text(&name, text.as_bytes()).unwrap().unwrap();
    }
}

/// The one version that all passages of a snapshot have. Two versions in one snapshot are none.
fn version(library: &Library) -> Result<usize, String> {
    let store = library.store();
    let articles = store
        .articles(&Filter::default())
        .map_err(|error| error.to_string())?;
    let mut versions: BTreeMap<String, Vec<ArticleId>> = BTreeMap::new();
    let mut passages = Vec::new();
    for article in &articles {
        for passage in store
            .passages_of(article.id)
            .map_err(|error| error.to_string())?
        {
            if let Some((_, rest)) = passage.text.split_once("version ") {
                let number: String = rest.chars().take_while(char::is_ascii_digit).collect();
                versions.entry(number).or_default().push(article.id);
                passages.push(passage.id);
            }
        }
    }
    if articles.len() != ARTICLES || versions.len() != 1 {
        return Err(format!(
            "{} articles of versions {versions:?}",
            articles.len()
        ));
    }
    // Vectors and words are of the same moment.
    let vectors = library
        .vectors(&passages)
        .map_err(|error| error.to_string())?;
    if vectors.len() != passages.len() {
        return Err(format!(
            "{} of {} passages have vectors",
            vectors.len(),
            passages.len()
        ));
    }
    let query = Query::parse("version of the text").map_err(|error| error.to_string())?;
    let options = SearchOptions::default();
    let found = library.search(&query, &Feedback::default(), &Letters::new(), &options);
    let found = found.map_err(|error| error.to_string())?;
    let number = versions.into_keys().next().unwrap_or_default();
    match found
        .hits
        .iter()
        .find(|hit| !hit.passage.text.contains(&format!("version {number} ")))
    {
        Some(hit) => Err(format!("version {number} finds `{}`", hit.passage.text)),
        None if found.hits.is_empty() => Err(format!("version {number} finds nothing")),
        None => number.parse().map_err(|_| "no number".to_owned()),
    }
}

/// Reads on and on; prints what it saw: when the version was at least so much, and which it was.
fn read(root: &Path, reads: usize) {
    let mut out = std::io::stdout().lock();
    let mut last = 0;
    for number in 0..reads {
        let written = || -> usize {
            fs::read_to_string(root.join("../written"))
                .unwrap()
                .parse()
                .unwrap()
        };
        let before = written();
        let library = Library::open(root).unwrap();
        let seen = match version(&library) {
            Ok(seen) => seen,
            Err(problem) => {
                writeln!(out, "read {number}: {problem}").unwrap();
                continue;
            }
        };
        if seen < before || seen < last {
            writeln!(
                out,
                "read {number}: version {seen} after {before} and {last}"
            )
            .unwrap();
        }
        // It stays as it was when it was opened.
        if number % 8 == 0 {
            let again = version(&library);
            if again != Ok(seen) {
                writeln!(out, "read {number}: version {seen}, and then {again:?}").unwrap();
            }
        }
        last = seen;
    }
    writeln!(out, "last seen: {last}").unwrap();
}

#[test]
fn readers_see_the_library_as_it_was_at_one_moment() {
    if let Some(told) = std::env::var_os(READER) {
        let told = told.to_str().unwrap();
        let (reads, root) = told.split_once(' ').unwrap();
        return read(Path::new(root), reads.parse().unwrap());
    }
    let place = Place::new();
    let root = place.path("library");
    let encoder = Letters::new();
    let write = |number: usize| {
        let mut indexer =
            Indexer::open(&root, "letters", &encoder, &Silent, Windowing::Windows).unwrap();
        write_version(&mut indexer, number);
        indexer.finish().unwrap();
        // Only now it is acknowledged. In place, since who reads it must find it whole.
        let next = place.path("next");
        fs::write(&next, number.to_string()).unwrap();
        fs::rename(&next, place.path("written")).unwrap();
    };
    write(1);
    let reads = READS[usize::from(is_long())];
    let readers: Vec<_> = (0..READERS)
        .map(|_| {
            let mut command = Command::new(std::env::current_exe().unwrap());
            command
                .args([
                    "--exact",
                    "--nocapture",
                    "reliability::readers::readers_see_the_library_as_it_was_at_one_moment",
                ])
                .env(
                    READER,
                    format!("{} {}", reads.div_ceil(READERS), root.display()),
                )
                .stdout(Stdio::piped());
            command.spawn().unwrap()
        })
        .collect();
    let is_over = AtomicBool::new(false);
    let (said, written) = std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut number = 1;
            while !is_over.load(Ordering::Relaxed) {
                number += 1;
                write(number);
                if number % 16 == 0 {
                    compact(&root).unwrap();
                }
            }
            number
        });
        let outputs = readers
            .into_iter()
            .map(|reader| reader.wait_with_output().unwrap());
        let said: Vec<String> = outputs
            .map(|output| {
                let said = String::from_utf8(output.stdout).unwrap();
                assert!(output.status.success(), "{said}");
                said
            })
            .collect();
        is_over.store(true, Ordering::Relaxed);
        (said, writer.join().unwrap())
    });
    let problems: Vec<&str> = said
        .iter()
        .flat_map(|said| said.lines())
        .filter(|line| line.starts_with("read "))
        .collect();
    eprintln!(
        "{reads} reads during {written} commits, {} inconsistent",
        problems.len()
    );
    assert!(
        problems.is_empty(),
        "{:#?}",
        &problems[..problems.len().min(20)]
    );
    assert!(written > 4, "only {written} versions were written");
    assert!(said.iter().all(|said| said.contains("last seen: ")));
}
