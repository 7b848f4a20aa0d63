//! `search` and `related`: the passages that answer a question, as short as they can be told.

use std::fmt::Write as _;
use std::sync::Arc;

use serde::Serialize;
use serde_json::json;

use super::cursor;
use super::fields::{self, Article};
use super::parameters::{Arguments, Parameter};
use super::snippet::snippet;
use super::tool::{Output, Tool};
use super::trail::{Trail, Trails};
use crate::answers::{ResultJson, one_line};
use crate::serve::asked::{self, Question};
use crate::serve::failure::{Failure, Result};
use crate::serve::room::Room;
use crate::serve::shelf::Shelf;

/// How many passages come, and how many at most.
const USUAL: u64 = 5;
const MOST: u64 = 20;

/// How many characters of a passage are shown.
const SHOWN: usize = 400;

/// How many characters a query may have, and a text that something is to be found beside.
const MOST_QUERY: usize = 10_000;
const MOST_TEXT: usize = 50_000;

/// How many copies of a passage are named.
const COPIES: usize = 5;

/// How much of a query is repeated in an answer, in columns.
const REPEATED: usize = 80;

pub(super) fn search_tool() -> Tool {
    let query = Parameter::text(
        "query",
        MOST_QUERY,
        "What to look for, in plain words; a whole sentence that says what a passage should say works best. \
         \"A phrase\" in quotes and +word must be in the passage, -word must not.",
    );
    let mode = Parameter::choice(
        "mode",
        ["auto", "semantic", "lexical", "hybrid"],
        "How to search: by meaning and words together (auto, hybrid), by meaning alone (semantic), or by words alone \
         (lexical; best for names, numbers and rare terms). Leave it out unless the first results disappoint.",
    );
    let mut parameters = vec![query.required(), limit(), cursor::parameter()];
    parameters.extend(fields::filters());
    parameters.push(mode);
    Tool {
        name: "search",
        title: "Search passages by meaning",
        description: "Finds the passages of the library that say something like the query, in whatever words, best \
            first: the sentence that matches with what stands around it, its article, author, date and source, and the \
            numbers by which `show` and `related` know it. Use this first for any question about what was written. Copies \
            of a passage are taken together. For more results, follow `cursor`; for the whole passage or article, call \
            `show`.",
        parameters,
        output: output("The passages, best first."),
    }
}

pub(super) fn related_tool() -> Tool {
    let to = Parameter::id(
        "to",
        "The number of a passage (\"23\") or of an article (\"a7\") from another result. Give either this or `text`.",
    );
    let text = Parameter::text(
        "text",
        MOST_TEXT,
        "Any text, up to a whole article: what belongs beside each of its paragraphs is found. Give either this or `to`.",
    );
    let mut parameters = vec![to, text, limit(), cursor::parameter()];
    parameters.extend(fields::filters());
    Tool {
        name: "related",
        title: "Find what belongs beside a passage",
        description: "Finds the passages elsewhere in the library that belong beside a passage, an article, or a text \
            that you give: who else wrote about the same thing, and what they said. Use this to go on from a passage that \
            `search` found, to compare authors or sources (with a filter), or to find what the library has on a text of \
            your own.",
        parameters,
        output: output("The passages, nearest first."),
    }
}

fn limit() -> Parameter {
    Parameter::number(
        "limit",
        (1, MOST),
        Some(USUAL),
        "How many passages to give at once.",
    )
}

fn output(description: &str) -> serde_json::Value {
    let passage = fields::object(
        fields::article_and(json!({
            "passage": fields::text("The passage's number: 23. `show` and `related` take it."),
            "score": fields::number("How near in meaning it is, at most 1; the order goes by the words too."),
            "sure": fields::number("How sure it is, 0 to 1, that the passage isn't there by chance."),
            "text": fields::text("A quotation: the sentence that matches, and what stands around it."),
            "sentence": fields::text("The sentence that matches, where the quotation has more than that."),
            "copies": fields::list(
                json!({ "type": "string" }),
                "Numbers of other articles that have the same passage.",
            ),
            "beside": fields::whole("Beside which paragraph of the article or text in question it belongs."),
        })),
        &["passage", "article", "score", "text"],
    );
    fields::object(
        json!({ "passages": fields::list(passage, description), "cursor": fields::cursor() }),
        &["passages"],
    )
}

#[derive(Serialize)]
struct Answer {
    passages: Vec<Passage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
}

#[derive(Serialize)]
struct Passage {
    passage: String,
    #[serde(flatten)]
    article: Article,
    score: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    sure: Option<f64>,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sentence: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    copies: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    beside: Option<u32>,
}

impl From<&ResultJson> for Passage {
    fn from(result: &ResultJson) -> Self {
        let passage = &result.passage;
        let best = result.why.as_ref().and_then(crate::answers::WhyJson::best);
        let text = snippet(&passage.text, best, SHOWN);
        let sentence = best.and_then(|best| passage.text.get(best.start..best.end));
        let sentence = sentence.map(|sentence| snippet(sentence, None, SHOWN));
        let sentence = sentence.filter(|sentence| sentence.len() + 2 * '…'.len_utf8() < text.len());
        let mut copies: Vec<_> = result.also.iter().map(|copy| copy.article.id).collect();
        copies.retain(|copy| *copy != passage.article.id);
        copies.dedup();
        copies.truncate(COPIES);
        Self {
            passage: passage.passage.to_string(),
            article: (&passage.article).into(),
            score: fields::rounded(result.score),
            sure: result.sure.map(fields::rounded),
            text,
            sentence,
            copies: copies.iter().map(ToString::to_string).collect(),
            beside: result.answers.map(|place| place.paragraph),
        }
    }
}

pub(super) async fn search(
    room: &Room,
    shelf: &Arc<Shelf>,
    trails: &Trails,
    arguments: &Arguments,
) -> Result<Output> {
    let trail = trails.find("search", arguments)?;
    let mode = arguments.text("mode").map(|mode| json!(mode));
    let mode = mode.and_then(|mode| serde_json::from_value(mode).ok());
    let (limit, asked) = page(arguments, &trail);
    let asked = Question {
        q: arguments.owned("query"),
        mode,
        ..asked
    };
    let found = asked::search(&room.desk, shelf, asked).await?;
    let query = one_line(arguments.text("query").unwrap_or_default(), REPEATED);
    let about = format!("for “{query}”");
    Ok(told(&found.json.results, limit, trails, trail, &about))
}

pub(super) async fn related(
    room: &Room,
    shelf: &Arc<Shelf>,
    trails: &Trails,
    arguments: &Arguments,
) -> Result<Output> {
    let trail = trails.find("related", arguments)?;
    let (to, text) = (arguments.owned("to"), arguments.owned("text"));
    let about = match (&to, &text) {
        (Some(to), None) => format!("beside {to}"),
        (None, Some(_)) => "beside the text".to_owned(),
        _ => {
            let message = "give either `to`, the number of a passage (\"23\") or of an article (\"a7\"), or `text`";
            return Err(Failure::field("to", message));
        }
    };
    let (limit, asked) = page(arguments, &trail);
    let asked = Question { to, text, ..asked };
    let found = asked::related(&room.desk, shelf, asked).await?;
    Ok(told(&found.json.results, limit, trails, trail, &about))
}

/// How many passages are wanted, and what is asked: for one more, which says whether there is another page.
fn page(arguments: &Arguments, trail: &Trail) -> (usize, Question) {
    let limit = arguments.number("limit").unwrap_or(USUAL) as usize;
    let asked = Question {
        limit: limit + 1,
        except: trail.shown(),
        why: true,
        ..fields::filtered(arguments)
    };
    (limit, asked)
}

fn told(
    results: &[ResultJson],
    limit: usize,
    trails: &Trails,
    mut trail: Trail,
    about: &str,
) -> Output {
    let before = trail.given;
    let shown = results.get(..limit).unwrap_or(results);
    for result in shown {
        let copies = result.also.iter().map(|copy| copy.passage);
        trail.show([result.passage.passage].into_iter().chain(copies));
    }
    let is_more = results.len() > limit;
    let answer = Answer {
        passages: shown.iter().map(Passage::from).collect(),
        cursor: is_more.then(|| trails.keep(trail)).flatten(),
    };
    let mut text = String::new();
    if answer.passages.is_empty() {
        let advice = if before > 0 {
            "There are no more."
        } else {
            "Ask in other words, or with fewer filters; `sources` says what the library has."
        };
        text = format!("Nothing found {about}. {advice}\n");
    } else {
        let first = before + 1;
        let last = before + answer.passages.len();
        let _ = writeln!(text, "Passages {first} to {last} {about}, best first:");
    }
    for passage in &answer.passages {
        let _ = writeln!(
            text,
            "\n[{}] {} · score {:.2}",
            passage.passage,
            passage.article.line(),
            passage.score
        );
        if let Some(paragraph) = passage.beside {
            let _ = writeln!(text, "Beside paragraph {paragraph}:");
        }
        let _ = writeln!(text, "> {}", passage.text);
        if !passage.copies.is_empty() {
            let _ = writeln!(text, "Also in {}.", passage.copies.join(", "));
        }
    }
    text.push_str(&fields::more(answer.cursor.as_deref()));
    Output::new(&answer, text)
}
