//! Themes: found, kept, joined, mended, and written for others.

use std::fs;

use serde_json::{Value, json};

use crate::harness::{Place, sample_articles};

/// Three subjects, in words of their own each time.
const SUBJECTS: [[&str; 6]; 3] = [
    [
        "The central bank raised interest rates again to bring inflation down.",
        "Higher interest rates make mortgages dearer and slow inflation.",
        "Inflation fell last month, so the bank may lower its interest rates.",
        "Savers welcome interest rates that are above inflation at last.",
        "The governor said that inflation would decide when interest rates are cut.",
        "Borrowers suffer when interest rates rise faster than inflation.",
    ],
    [
        "The glacier lost a third of its ice in one warm decade.",
        "Melting glaciers feed rivers today and will leave them dry tomorrow.",
        "Climate scientists drilled into the glacier to read old winters in the ice.",
        "When the ice of a glacier retreats, the slopes above it begin to slide.",
        "The glacier above the village has been covered with cloth to save its ice.",
        "A warming climate shrinks every glacier of the range.",
    ],
    [
        "The striker scored twice and the football match was won in extra time.",
        "A football club is sold to owners who have never seen a match.",
        "The goalkeeper saved a penalty in the last minute of the match.",
        "Football supporters sang until the referee ended the match.",
        "The coach left out his best striker and lost the match.",
        "Young football players dream of one match in the big stadium.",
    ],
];

/// An article a subject, source and part: `parts` of them of two passages each.
fn articles(place: &Place, parts: std::ops::Range<usize>) {
    for (subject, texts) in SUBJECTS.iter().enumerate() {
        for part in parts.clone() {
            let (month, author) = (part + 1, ["Ada Marsh", "Ben Holt"][part % 2]);
            let text = format!(
                "---\ntitle: Piece {subject}.{part} <script>alert(1)</script>\nauthor: {author}\ndate: 2024-0{month}-10\nsource: The Ledger\n---\n\n{}\n\n{}\n",
                texts[2 * part],
                texts[2 * part + 1]
            );
            place.write(&format!("articles/{subject}-{part}.md"), text);
        }
    }
}

fn library(parts: std::ops::Range<usize>) -> Place {
    let place = Place::new();
    articles(&place, parts);
    place.run(["index", "articles"]).found();
    place
}

fn themes(place: &Place, arguments: &[&str]) -> Vec<Value> {
    let arguments = ["themes", "--json"].iter().chain(arguments);
    place.run(arguments).json()["themes"]
        .as_array()
        .unwrap()
        .clone()
}

fn ids(themes: &[Value]) -> Vec<u64> {
    themes
        .iter()
        .map(|theme| theme["id"].as_u64().unwrap())
        .collect()
}

/// The theme that holds the passage with these words.
fn theme_of(place: &Place, words: &str) -> u64 {
    let found = place.run(["search", "--json", "-n", "1", words]).json();
    let passage = &found["results"][0]["passage"];
    let themes = themes(place, &[]);
    let holds = |theme: &&Value| {
        theme["passages"]
            .as_array()
            .unwrap()
            .iter()
            .any(|member| member["passage"] == *passage)
    };
    themes.iter().find(holds).unwrap()["id"].as_u64().unwrap()
}

#[test]
fn every_passage_has_a_theme_and_the_same_themes_are_shown_again() {
    let place = library(0..3);
    let first = place.run(["themes", "--json"]).found();
    assert_eq!(
        first.stdout,
        place
            .run(["--threads", "1", "themes", "--json"])
            .found()
            .stdout
    );
    let document: Value = serde_json::from_str(&first.stdout).unwrap();
    let themes = document["themes"].as_array().unwrap();
    assert_eq!(themes.len(), 3);
    let sizes: Vec<usize> = themes
        .iter()
        .map(|theme| theme["passages"].as_array().unwrap().len())
        .collect();
    assert_eq!(sizes, [6, 6, 6]);
    assert_eq!(document["articles"].as_array().unwrap().len(), 9);
    for article in document["articles"].as_array().unwrap() {
        let sum: f64 = article["themes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|t| t["share"].as_f64().unwrap())
            .sum();
        assert!((sum - 1.0).abs() < 1e-9);
    }
    // Who and when.
    assert_eq!(document["unit"], "month");
    assert_eq!(themes[0]["authors"][0]["name"], "Ada Marsh");
    assert_eq!(themes[0]["periods"].as_array().unwrap().len(), 3);
    // What is kept is the same as what is found.
    let anew = place.run(["themes", "--update", "--json"]).json();
    assert_eq!(anew["themes"], document["themes"]);
}

#[test]
fn new_passages_join_the_themes_and_a_full_run_keeps_numbers_and_names() {
    let place = library(0..2);
    let before = themes(&place, &[]);
    let ice = theme_of(&place, "glacier ice");
    place
        .run(["themes", "rename", &ice.to_string(), "Melting & <b>ice</b>"])
        .found();
    // One article more of a subject is few enough to join.
    place.write(
        "articles/more.md",
        "Old ice of the glacier melts and the climate is to blame.\n",
    );
    place.run(["index", "articles"]).found();
    let joined = place.run(["themes", "--json"]).found();
    assert!(
        joined.stderr.contains("1 new passages have joined"),
        "{}",
        joined.stderr
    );
    assert_eq!(ids(&themes(&place, &[])).len(), before.len());
    assert_eq!(
        theme_of(&place, "old ice melts, the climate is to blame"),
        ice
    );
    let renewed = themes(&place, &["--update"]);
    let renamed = renewed
        .iter()
        .find(|theme| theme["id"] == json!(ice))
        .unwrap();
    assert_eq!(renamed["name"], "Melting & <b>ice</b>");
    // Without a name of its own it is called after its terms again.
    place.run(["themes", "rename", &ice.to_string()]).found();
    let renewed = themes(&place, &[]);
    let renamed = renewed
        .iter()
        .find(|theme| theme["id"] == json!(ice))
        .unwrap();
    assert_eq!(renamed["given"], Value::Null);
}

#[test]
fn a_diff_says_what_is_new() {
    let place = library(0..3);
    let first = place.run(["themes", "--diff"]);
    assert_eq!(first.code, Some(1), "{}", first.stderr);
    assert!(
        first.stderr.contains("for the first time: there are 3"),
        "{}",
        first.stderr
    );
    for (part, text) in [
        "Beekeepers feed their bees with sugar when the hive has no honey.",
        "A hive without a queen is lost, and every beekeeper knows it.",
        "Bees carry pollen from one orchard to the next hive.",
        "Honey from the hives on the roof tastes of lime trees and bees.",
        "The beekeeper smoked the hive and took the honey of the bees.",
        "Wild bees need no hive, and no beekeeper sells their honey.",
    ]
    .iter()
    .enumerate()
    {
        place.write(&format!("articles/bees-{part}.md"), *text);
    }
    place.run(["index", "articles"]).found();
    let diff = place.run(["themes", "--diff", "--json"]).json();
    let kinds: Vec<&Value> = diff["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| &change["kind"])
        .collect();
    assert_eq!(kinds, ["born"], "{diff}");
    // The same again, since nothing else has come.
    assert_eq!(place.run(["themes", "--diff", "--json"]).json(), diff);
    let told = place.run(["themes", "--diff"]).found().stdout;
    assert!(told.contains("is new: 6 passages"), "{told}");
    assert_eq!(themes(&place, &[]).len(), 4);
}

#[test]
fn what_a_person_makes_of_the_themes_survives_a_full_run() {
    let place = library(0..3);
    let [ice, ball, money] =
        ["glacier ice", "football match", "interest rates"].map(|words| theme_of(&place, words));
    place
        .run(["themes", "merge", &ice.to_string(), &ball.to_string()])
        .found();
    let merged = themes(&place, &["--update"]);
    assert_eq!(merged.len(), 2);
    assert_eq!(theme_of(&place, "football match"), ice);
    place
        .run(["themes", "split", &money.to_string(), "--count", "2"])
        .found();
    let split = themes(&place, &["--update"]);
    assert_eq!(split.len(), 3);
    assert_eq!(
        split
            .iter()
            .filter(|theme| theme["pinned"] == json!(true))
            .count(),
        3
    );
    place.run(["themes", "unpin", &ice.to_string()]).found();
    let free = themes(&place, &["--update"]);
    assert_eq!(
        free.iter()
            .filter(|theme| theme["pinned"] == json!(true))
            .count(),
        2
    );
    // Numbers are never used twice.
    assert!(!ids(&free).contains(&ball));
    for mend in [
        ["themes", "pin", "99"],
        ["themes", "unpin", "99"],
        ["themes", "split", "99"],
        ["themes", "rename", "99"],
    ] {
        place.run(mend).refused(&["there is no theme 99"]);
    }
    place
        .run(["themes", "merge", "1", "2", "1"])
        .refused(&["theme 1 can't become part of itself", "hint:"]);
    place
        .run(["themes", "merge", "99", "98"])
        .refused(&["there is no theme"]);
    place
        .run(["themes", "rename", &ice.to_string(), " "])
        .refused(&["an empty name"]);
}

#[test]
fn a_theme_can_be_searched_and_shown_and_an_article_has_its_themes() {
    let place = library(0..3);
    let ice = theme_of(&place, "glacier ice");
    let found = place
        .run(["search", "--json", "--theme", &ice.to_string(), "who won?"])
        .json();
    let found = found["results"].as_array().unwrap();
    assert_eq!(found.len(), 6);
    assert!(
        found
            .iter()
            .all(|hit| hit["text"].as_str().unwrap().contains("lacier"))
    );
    let listed = place
        .run(["list", "--json", "--theme", &ice.to_string()])
        .json();
    assert_eq!(listed.as_array().unwrap().len(), 3);
    place
        .run(["search", "--theme", "99", "ice"])
        .refused(&["there is no theme 99"]);
    place
        .run(["search", "--theme", "ice", "ice"])
        .refused(&["write its number"]);
    let one = place.run(["themes", &ice.to_string(), "-n", "2"]).found();
    assert_eq!(
        one.stdout.matches("       passage ").count(),
        2,
        "{}",
        one.stdout
    );
    assert!(one.stderr.contains("4 passages more"), "{}", one.stderr);
    let article = place.run(["themes", "a1", "--json"]).json();
    assert!((article["themes"][0]["share"].as_f64().unwrap() - 1.0).abs() < 0.5);
    place
        .run(["themes", "99"])
        .refused(&["there is no theme 99"]);
    place
        .run(["themes", "a99"])
        .refused(&["there is no article a99"]);
    place
        .run(["themes", "ice"])
        .refused(&["neither a theme nor an article"]);
}

#[test]
fn themes_for_this_once_leave_those_of_the_library_alone() {
    let place = library(0..3);
    let kept = themes(&place, &[]);
    assert_eq!(themes(&place, &["--count", "2"]).len(), 2);
    assert_eq!(
        themes(&place, &["--coarser", "--coarser", "--coarser"]).len(),
        1
    );
    let by_ada = themes(&place, &["--author", "Ada"]);
    let passages: usize = by_ada
        .iter()
        .map(|theme| theme["passages"].as_array().unwrap().len())
        .sum();
    assert_eq!(passages, 12);
    assert_eq!(themes(&place, &[]), kept);
    place
        .run(["themes", "--update", "--author", "Ada"])
        .refused(&["takes no filter"]);
    place
        .run(["themes", "--count", "99"])
        .refused(&["99 themes were asked for in 18 passages"]);
}

#[test]
fn a_topic_has_a_theme_of_its_own() {
    let place = library(0..3);
    let found = themes(
        &place,
        &["--seed", "penalties and goalkeepers", "--seed", "mortgages"],
    );
    let names: Vec<&str> = found
        .iter()
        .filter_map(|theme| theme["given"].as_str())
        .collect();
    assert_eq!(names.len(), 2);
    let goals = found
        .iter()
        .find(|theme| theme["given"] == "penalties and goalkeepers")
        .unwrap();
    let texts = goals["exemplars"].to_string();
    assert!(texts.contains("match"), "{texts}");
    place
        .run(["themes", "--seed", " "])
        .refused(&["is no topic"]);
}

#[test]
fn tables_say_who_wrote_what_and_when() {
    let place = library(0..3);
    let months = place.run(["themes", "--by", "month"]).found().stdout;
    assert!(months.contains("2024-01 2024-02 2024-03"), "{months}");
    let authors = place.run(["themes", "--by", "author"]).found().stdout;
    assert_eq!(authors.matches("Ada Marsh").count(), 3);
    let shown = place.run(["--color", "never", "themes"]).found().stdout;
    assert!(shown.contains("6 passages in 3 articles"), "{shown}");
    assert!(shown.contains('█'), "{shown}");
    assert_eq!(place.run(["themes", "--rising"]).found().code, Some(0));
}

#[test]
fn two_authors_are_compared() {
    let place = library(0..3);
    let compared = place
        .run(["compare", "--author", "Ada", "--author", "Holt", "--json"])
        .json();
    assert_eq!(compared["passages"], json!({"a": 12, "b": 6}));
    assert_eq!(compared["shared"].as_array().unwrap().len(), 3);
    assert_eq!(
        compared["shared"][0]["alike"]["a"]["article"]["author"],
        "Ada Marsh"
    );
    assert!(!compared["novel"]["b"].as_array().unwrap().is_empty());
    let shown = place
        .run(["compare", "--author", "Ada", "--author", "Holt"])
        .found()
        .stdout;
    assert!(shown.contains("Themes of both"), "{shown}");
    place
        .run(["compare", "--author", "Ada"])
        .refused(&["a comparison is of two"]);
    place
        .run(["compare", "--author", "Ada", "--author", "Nobody"])
        .refused(&["no article has author `Nobody`"]);
}

#[test]
fn a_map_and_a_table_hold_every_passage_and_nothing_that_runs() {
    let place = library(0..3);
    place
        .run(["themes", "--map", "map.html", "--csv", "themes.csv"])
        .found();
    let page = fs::read_to_string(place.path("map.html")).unwrap();
    assert!(page.contains("Content-Security-Policy"));
    assert!(
        !page.contains("<script>alert(1)"),
        "a title reached the page as it is"
    );
    assert!(page.contains("\\u003cscript\\u003ealert(1)"));
    let table = fs::read_to_string(place.path("themes.csv")).unwrap();
    assert_eq!(table.lines().count(), 19);
    assert!(table.starts_with("passage,article,x,y,theme,name,part,strength,date"));
    place.run(["themes", "--map", "map.svg"]).found();
    let drawing = fs::read_to_string(place.path("map.svg")).unwrap();
    assert!(drawing.starts_with("<svg") || drawing.starts_with("<?xml"));
    place
        .run(["themes", "--map", "map.pdf"])
        .refused(&["says not what a map is to be"]);
    place
        .run(["themes", "--map", "no/such/folder/map.html"])
        .refused(&["cannot write"]);
}

#[test]
fn few_passages_and_odd_ones_have_sensible_themes() {
    for count in [1, 2, 5] {
        let place = Place::new();
        let texts: Vec<&str> = SUBJECTS.concat()[..count].to_vec();
        place.write("a.txt", texts.join("\n\n"));
        place.run(["index", "a.txt"]).found();
        assert_eq!(themes(&place, &[]).len(), 1);
        place
            .run(["themes", "--map", "map.html", "--csv", "t.csv"])
            .found();
    }
    // The same text again and again, in articles of their own.
    let place = Place::new();
    for copy in 0..12 {
        place.write(&format!("articles/{copy}.txt"), SUBJECTS[0][0]);
    }
    place.run(["index", "articles"]).found();
    let same = themes(&place, &[]);
    assert_eq!(
        (same.len(), same[0]["passages"].as_array().unwrap().len()),
        (1, 12)
    );
    // Chinese and Arabic.
    let place = Place::new();
    for (number, text) in [
        "气候变化正在融化冰川。",
        "冰川融化是气候变化的结果。",
        "气候变化威胁着每一条冰川。",
        "الذكاء الاصطناعي يغير سوق العمل",
        "سوق العمل والذكاء الاصطناعي",
    ]
    .iter()
    .enumerate()
    {
        place.write(&format!("articles/{number}.txt"), *text);
    }
    place.run(["index", "articles"]).found();
    place.run(["themes", "--map", "map.html"]).found();
    // Nothing at all.
    let place = Place::new();
    place.write("articles/empty.md", "# Only a title\n");
    place.run(["index", "articles"]);
    let none = place.run(["themes"]);
    assert!(none.code == Some(1) || none.code == Some(2), "{none:?}");
}

#[test]
fn themes_of_the_sample_library_are_those_of_its_subjects() {
    let place = Place::new();
    place
        .run([std::ffi::OsStr::new("index"), sample_articles().as_os_str()])
        .found();
    let [chips, rent] =
        ["export controls on chips", "rents keep rising"].map(|words| theme_of(&place, words));
    assert_ne!(chips, rent);
    place
        .run([
            "themes",
            "--offline",
            "--titles-url",
            "http://localhost:1/v1",
        ])
        .refused(&["contradict"]);
    let failed = place
        .run(["themes", "--titles-url", "http://127.0.0.1:1/v1"])
        .found();
    assert!(failed.stderr.contains("no titles"), "{}", failed.stderr);
}
