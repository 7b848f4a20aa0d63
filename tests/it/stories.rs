//! One line a story: copies and near copies stand together, under the earliest.

use serde_json::Value;

use crate::harness::{Place, sample};

const PARAGRAPH: &str = "The harbour board voted on Tuesday to dredge the northern channel at public expense, although \
    its own engineers had told it twice that the silt would be back within three winters and that no larger ship was waiting.";

/// A paragraph as four papers printed it, and a fifth article on the same matter in words of its own.
fn printed() -> Place {
    let place = Place::new();
    let article = |date: &str, source: &str, body: &str| {
        let own = match source {
            "The Ledger" => {
                "Readers write in about the price of eggs and what the co-operative means to do."
            }
            "The Courier" => {
                "Elsewhere the school orchestra has found a second oboe, and a conductor who can count."
            }
            "The Echo" => {
                "Rain is expected from the west, with gales at the weekend and little sun before that."
            }
            "The Post" => {
                "The chess club lost its match against the prison, which has had more time to practise."
            }
            _ => {
                "Visitors may see the lighthouse on the first Sunday of each month, if they bring a lamp."
            }
        };
        format!(
            "---\ntitle: From {source}\ndate: {date}\nsource: {source}\n---\n\n{body}\n\n{own}\n"
        )
    };
    let edited = PARAGRAPH
        .replace("on Tuesday", "this week")
        .replace("three winters", "three years");
    place.write(
        "a/ledger.md",
        article("2024-03-02", "The Ledger", PARAGRAPH),
    );
    place.write(
        "a/courier.md",
        article("2024-03-01", "The Courier", PARAGRAPH),
    );
    place.write("a/echo.md", article("2024-03-04", "The Echo", &edited));
    place.write("a/post.md", article("2024-03-05", "The Post", PARAGRAPH));
    place.write(
        "a/own.md",
        article(
            "2024-03-06",
            "The Bay",
            "Spending the town's money on deepening a fairway that nobody uses is folly; mud returns sooner than ships do.",
        ),
    );
    place.run(["index", "a"]).found();
    place
}

const QUESTION: &str = "who pays for dredging the northern channel?";

fn search(place: &Place, arguments: &[&str]) -> Vec<Value> {
    let command = [&["search", "--json", QUESTION], arguments].concat();
    place.run(command).json()["results"]
        .as_array()
        .unwrap()
        .clone()
}

fn source(result: &Value) -> &str {
    result["article"]["source"].as_str().unwrap()
}

#[test]
fn copies_collapse_to_the_earliest() {
    let place = printed();
    let results = search(&place, &["-n", "3"]);
    assert_eq!(results.len(), 3);
    assert_eq!(source(&results[0]), "The Courier");
    let mut also: Vec<&str> = results[0]["also"]
        .as_array()
        .unwrap()
        .iter()
        .map(source)
        .collect();
    also.sort_unstable();
    assert_eq!(also, ["The Echo", "The Ledger", "The Post"]);
    // Nobody has copied the others.
    assert!(
        results[1..]
            .iter()
            .all(|result| result["also"].as_array().unwrap().is_empty())
    );
    let text = place.run(["search", "-n", "1", QUESTION]).found().stdout;
    let also = text.lines().find(|line| line.contains("also in")).unwrap();
    for name in ["The Echo", "The Ledger", "The Post"] {
        assert!(also.contains(name), "{text}");
    }
}

#[test]
fn each_copy_stands_by_itself_where_that_is_asked_for() {
    let place = printed();
    let results = search(&place, &["-n", "4", "--copies"]);
    let mut sources: Vec<&str> = results.iter().map(source).collect();
    sources.sort_unstable();
    assert_eq!(
        sources,
        ["The Courier", "The Echo", "The Ledger", "The Post"]
    );
}

#[test]
fn a_filter_decides_which_copies_there_are() {
    let place = printed();
    let results = search(
        &place,
        &["-n", "1", "--after", "2024-03-02", "--before", "2024-03-05"],
    );
    assert_eq!(source(&results[0]), "The Ledger");
    let also: Vec<&str> = results[0]["also"]
        .as_array()
        .unwrap()
        .iter()
        .map(source)
        .collect();
    assert_eq!(also, ["The Echo"]);
}

#[test]
fn many_copies_do_not_crowd_out_what_else_there_is() {
    let place = Place::new();
    let mut lines = String::new();
    for number in 0..600 {
        // The last one is the oldest.
        let year = if number == 599 { 2019 } else { 2024 };
        lines += &format!(
            "{{\"id\": \"c{number}\", \"date\": \"{year}\", \"text\": \"{PARAGRAPH}\"}}\n"
        );
    }
    for (number, body) in [
        "Dredging is dear.",
        "Channels silt up.",
        "Who pays for the port?",
    ]
    .iter()
    .enumerate()
    {
        lines += &format!("{{\"id\": \"o{number}\", \"text\": \"{body}\"}}\n");
    }
    place.write("many.jsonl", lines);
    place.run(["index", "many.jsonl"]).found();
    let results = search(&place, &["-n", "4"]);
    assert_eq!(results.len(), 4);
    let copies = results
        .iter()
        .find(|result| result["text"] == PARAGRAPH)
        .unwrap();
    assert_eq!(copies["also"].as_array().unwrap().len(), 599);
    assert_eq!(copies["article"]["entry"], "c599");
}

#[test]
fn an_article_gets_no_more_places_than_are_asked_for() {
    let place = printed();
    let articles = |arguments: &[&str]| {
        let results = search(&place, arguments);
        let ids = results
            .iter()
            .map(|result| result["article"]["id"].as_u64().unwrap());
        ids.collect::<Vec<_>>()
    };
    let mut one_each = articles(&["--per-article", "1", "-n", "10"]);
    let found = one_each.len();
    one_each.sort_unstable();
    one_each.dedup();
    assert_eq!(one_each.len(), found);
    // The story counts for the earliest of its copies, so the other three have a line of their own left.
    assert_eq!(found, 5);
    assert!(articles(&["-n", "10"]).len() > found);
    place
        .run(["search", QUESTION, "--per-article", "0"])
        .refused(&["--per-article"]);
}

#[test]
fn a_long_article_leaves_room_for_others() {
    let place = Place::new();
    let paragraphs: Vec<String> = (0..400)
        .map(|number| format!("Rule {number} of the harbour is about ship {number}."))
        .collect();
    place.write("long.txt", paragraphs.join("\n\n"));
    place.write(
        "short.txt",
        "The museum is closed on Mondays.\n\nIts roof leaks.",
    );
    place.run(["index", "long.txt", "short.txt"]).found();
    for (most, expected) in [("1", 2), ("2", 4)] {
        let answer = place
            .run([
                "search",
                "rules of the harbour",
                "--json",
                "--per-article",
                most,
            ])
            .json();
        assert_eq!(answer["results"].as_array().unwrap().len(), expected);
    }
}

#[test]
fn copies_of_an_article_are_not_related_to_it() {
    let place = printed();
    let path = place.path("a/ledger.md");
    let related = |origin: &str| {
        let answer = place.run(["related", origin, "--json"]).json();
        let results = answer["results"].as_array().unwrap().clone();
        results
            .iter()
            .map(|result| source(result).to_owned())
            .collect::<Vec<_>>()
    };
    let found = related(path.to_str().unwrap());
    assert!(found.contains(&"The Bay".to_owned()), "{found:?}");
    assert!(!found.contains(&"The Ledger".to_owned()), "{found:?}");
    let first = search(&place, &["-n", "1"]);
    let found = related(&first[0]["passage"].to_string());
    assert!(found.contains(&"The Bay".to_owned()), "{found:?}");
    // A text that the library has too, in other hands.
    let answer = place
        .run_with_input(["related", "-", "--json"], PARAGRAPH.as_bytes())
        .json();
    let texts: Vec<&str> = answer["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| result["text"].as_str().unwrap())
        .collect();
    assert!(
        !texts.is_empty()
            && texts
                .iter()
                .all(|text| !text.contains("silt would be back")),
        "{texts:?}"
    );
}

#[test]
fn a_shortened_reprint_is_a_copy_though_the_sketches_alone_miss_it() {
    let found = sample().run(["duplicates", "--json"]).json();
    let stories = found["stories"].as_array().unwrap();
    let [story] = &stories[..] else {
        panic!("{found}");
    };
    assert_eq!(story["original"]["title"], "Scarcity is a good teacher");
    let copy = &story["copies"][0];
    assert_eq!(copy["source"], "The Civic Ledger");
    let likeness = copy["likeness"].as_f64().unwrap();
    assert!((0.88..0.89).contains(&likeness), "{likeness}");
}

#[test]
fn where_no_article_is_a_copy_it_is_said_how_passages_are_looked_at() {
    let place = Place::new();
    for name in ["chess", "rain"] {
        let own: String = (0..200).map(|n| format!("{name}{n} ")).collect();
        place.write(&format!("{name}.txt"), format!("{PARAGRAPH}\n\n{own}\n"));
    }
    place.run(["index", "chess.txt", "rain.txt"]).found();
    let said = place.run(["duplicates"]);
    assert_eq!(said.code, Some(1));
    assert!(
        said.stderr.contains("no article is a copy of another")
            && said.stderr.contains("--passages"),
        "{}",
        said.stderr
    );
    place.run(["duplicates", "--passages"]).found();
}
