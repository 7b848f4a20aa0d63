//! Each file of a library, damaged in each way: either it is noticed, or the answers are the same.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use topoi::library::{Indexer, Library, Silent, ThemesWanted, Windowing, check};
use topoi::search::{Feedback, Origin, Query, SearchOptions};
use topoi::store::Filter;

use super::letters::Letters;
use super::{copy_folder, is_long, write_notes};
use crate::harness::Place;

/// How many damages of each kind each file suffers, in the short form and in the long one.
const EACH: [u64; 2] = [2, 30];

#[derive(Debug, Clone, Copy)]
enum Damage {
    FlippedBit,
    /// Sixteen bytes that are others.
    Overwritten,
    /// A page of zeros, as a disk gives it that has lost one.
    Zeroed,
    Truncated,
    /// More than was written.
    Appended,
    Deleted,
    /// The same file of another library.
    Swapped,
}

const DAMAGES: [Damage; 7] = [
    Damage::FlippedBit,
    Damage::Overwritten,
    Damage::Zeroed,
    Damage::Truncated,
    Damage::Appended,
    Damage::Deleted,
    Damage::Swapped,
];

impl Damage {
    /// How often it can be done to one file.
    fn times(self) -> u64 {
        let each = EACH[usize::from(is_long())];
        match self {
            Self::FlippedBit => 2 * each,
            Self::Overwritten | Self::Zeroed | Self::Truncated => each,
            Self::Appended | Self::Deleted | Self::Swapped => 1,
        }
    }

    /// Does it to a file; whether the file is another after it.
    fn befall(self, path: &Path, other: &Path, random: &mut u64) -> bool {
        let before = fs::read(path).unwrap();
        let mut bytes = before.clone();
        let mut at = |below: usize| {
            *random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (*random >> 33) as usize % below.max(1)
        };
        if before.is_empty() && !matches!(self, Self::Appended | Self::Deleted) {
            return false;
        }
        match self {
            Self::FlippedBit => {
                let place = at(bytes.len());
                bytes[place] ^= 1 << at(8);
            }
            Self::Overwritten => {
                let place = at(bytes.len());
                for byte in bytes.iter_mut().skip(place).take(16) {
                    *byte = at(256) as u8;
                }
            }
            Self::Zeroed => {
                let page = at(bytes.len().div_ceil(4096)) * 4096;
                bytes
                    .iter_mut()
                    .skip(page)
                    .take(4096)
                    .for_each(|byte| *byte = 0);
            }
            Self::Truncated => bytes.truncate(at(before.len())),
            Self::Appended => bytes.extend([0xa5; 100]),
            Self::Deleted => {
                fs::remove_file(path).unwrap();
                return true;
            }
            Self::Swapped => match fs::read(other) {
                Ok(swapped) => bytes = swapped,
                Err(_) => return false,
            },
        }
        fs::write(path, &bytes).unwrap();
        bytes != before
    }
}

/// Makes a library of four segments, which has themes and has lost an article.
fn make(root: &Path, place: &Place, seed: &str) {
    let encoder = Letters::new();
    for part in 0..4 {
        let mut indexer =
            Indexer::open(root, "letters", &encoder, &Silent, Windowing::Windows).unwrap();
        for number in 0..6 {
            let name = format!("{seed}-{part}-{number}.jsonl");
            let path = write_notes(place, &name, 5);
            let text = fs::read(&path).unwrap();
            indexer.add_text(&name, &text).unwrap().unwrap();
        }
        indexer.finish().unwrap();
    }
    let mut editor = Library::edit(root).unwrap();
    editor.remove_files(&[format!("{seed}-2-3.jsonl")]).unwrap();
    drop(editor);
    Library::open(root)
        .unwrap()
        .renew_themes(&ThemesWanted::default())
        .unwrap();
}

/// All that a library says when it is asked this and that.
fn answers(root: &Path) -> Result<String, String> {
    let asked = catch_unwind(AssertUnwindSafe(|| -> topoi::Result<String> {
        let encoder = Letters::new();
        let library = Library::open(root)?;
        let mut said = String::new();
        for article in library.store().articles(&Filter::default())? {
            said += &format!("{article:?}\n");
            said += &format!("{:?}\n", library.store().passages_of(article.id)?);
        }
        for text in [
            "the harbour and the tariff",
            "vaccine",
            "\"glacier tenant\"",
            "museum -railway",
        ] {
            let query = Query::parse(text)?;
            for exact in [false, true] {
                let options = SearchOptions {
                    exact,
                    ..SearchOptions::default()
                };
                let found = library.search(&query, &Feedback::default(), &encoder, &options)?;
                said += &format!("{text}: {:?}\n", found.hits);
            }
        }
        for passage in [1, 100, 317] {
            let origin = Origin::Passage(topoi::article::PassageId(passage));
            said += &format!(
                "{:?}\n",
                library.related(&origin, &SearchOptions::default())?.hits
            );
        }
        said += &format!("{:?}\n", library.store().themes()?);
        said += &format!("{:?}\n", library.store().memberships()?);
        said += &format!("{:?}\n", library.store().copies()?);
        Ok(said)
    }));
    match asked {
        Ok(Ok(said)) => Ok(said),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("it panicked".to_owned()),
    }
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let (mut files, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

#[test]
fn damage_is_noticed_or_changes_no_answer() {
    let place = Place::new();
    let [sound, other, damaged] = ["sound", "other", "damaged"].map(|name| place.path(name));
    make(&sound, &place, "a");
    make(&other, &place, "b");
    let expected = answers(&sound).unwrap();
    assert!(check(&sound).unwrap().findings.is_empty());
    // An index of words that is made anew lacks what was removed, which bears on the scores.
    let with_new_words = {
        copy_folder(&sound, &damaged);
        fs::remove_dir_all(damaged.join("lexical")).unwrap();
        answers(&damaged).unwrap()
    };
    let (mut tried, mut noticed) = (0, 0);
    let mut wrong = Vec::new();
    let mut random = 0x6461_6d61_6765;
    for file in files_below(&sound) {
        let name = file.strip_prefix(&sound).unwrap();
        for damage in DAMAGES {
            for number in 0..damage.times() {
                copy_folder(&sound, &damaged);
                if !damage.befall(&damaged.join(name), &other.join(name), &mut random) {
                    continue;
                }
                tried += 1;
                let checked = catch_unwind(AssertUnwindSafe(|| check(&damaged)));
                let Ok(checked) = checked else {
                    wrong.push(format!(
                        "{} {damage:?} {number}: the check panicked",
                        name.display()
                    ));
                    continue;
                };
                let is_noticed =
                    checked.is_err() || checked.is_ok_and(|found| !found.findings.is_empty());
                noticed += usize::from(is_noticed);
                let problem = match answers(&damaged) {
                    Err(error) if error == "it panicked" => error,
                    Err(error) if !is_noticed => format!("not noticed, but {error}"),
                    Ok(said) if said != expected && said != with_new_words && !is_noticed => {
                        let differs = said.lines().zip(expected.lines()).find(|(a, b)| a != b);
                        format!("not noticed, and answered otherwise: {differs:.300?}")
                    }
                    _ => continue,
                };
                wrong.push(format!("{} {damage:?} {number}: {problem}", name.display()));
            }
        }
    }
    eprintln!(
        "{tried} damaged, {noticed} of them noticed, {} wrong",
        wrong.len()
    );
    assert!(
        wrong.is_empty(),
        "{} of {tried}: {:#?}",
        wrong.len(),
        &wrong[..wrong.len().min(30)]
    );
    assert!(tried >= if is_long() { 1000 } else { 100 }, "only {tried}");
}
