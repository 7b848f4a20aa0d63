//! How well documents are read: the words of each, compared with those of its true text.
//!
//! A document's score is the F1 of its bag of words, and beside it the F1 of the longest common subsequence of its
//! words, which also falls where they come in another order. Words are runs of letters and digits in lower case.
//! All paragraphs count but reviewers' comments, which the true texts leave out. A set's score is the mean over its
//! documents; one that can't be read scores 0.
//!
//! The true texts are Markdown, from which comes off what is not text: comments, pictures, the addresses of links,
//! the markers of lists (`-`, `1.`, `[x]`), escapes. Bars, emphasis and headings have no letters.

use std::collections::HashMap;
use std::error::Error;
use std::fs;
use std::path::Path;

use topoi::article::Kind;
use topoi::ingest::{Hints, read_source};

use super::Row;

/// Reads the documents under `sources` and compares each with its text under `groundtruth`.
fn measure(
    set: &'static str,
    folder: &Path,
    goal: f64,
) -> Result<Vec<Row>, Box<dyn Error>> {
    let mut names: Vec<_> = fs::read_dir(folder.join("sources"))?
        .map(|entry| entry.map(|entry| entry.file_name()))
        .collect::<Result<_, _>>()?;
    names.sort();
    let (mut bag, mut ordered) = (0.0, 0.0);
    let mut worst = Vec::new();
    for name in &names {
        let name = name.to_string_lossy();
        let path = folder.join("sources").join(&*name);
        let bytes = fs::read(&path)?;
        let truth = fs::read_to_string(folder.join("groundtruth").join(format!("{name}.md")))?;
        let hints = Hints {
            path: Some(path),
            ..Hints::default()
        };
        let text: Vec<String> = read_source(&bytes, &hints).map_or_else(
            |_| Vec::new(),
            |reading| {
                let articles = reading.articles.into_iter();
                articles
                    .flat_map(|article| article.paragraphs)
                    .filter(|paragraph| paragraph.kind != Kind::Comment)
                    .map(|paragraph| paragraph.text)
                    .collect()
            },
        );
        let (found, expected) = (words(&text.join("\n")), words(&without_markup(&truth)));
        let score = f1(common_words(&found, &expected), &found, &expected);
        bag += score;
        ordered += f1(common_subsequence(&found, &expected), &found, &expected);
        worst.push((score, name.into_owned()));
    }
    worst.sort_by(|a, b| a.0.total_cmp(&b.0));
    let count = names.len().max(1) as f64;
    let row = |measure: &str, value: String, goal: String| {
        [set.to_owned(), measure.to_owned(), names.len().to_string(), value, goal]
    };
    let (lowest, lowest_name) = worst.first().cloned().unwrap_or_default();
    Ok(vec![
        row("F1 of words", format!("{:.3}", bag / count), format!("{goal}")),
        row("F1 of words in order", format!("{:.3}", ordered / count), String::new()),
        row(&format!("lowest: {lowest_name}"), format!("{lowest:.3}"), String::new()),
    ])
}

/// Word documents.
pub(super) fn docx(folder: &Path) -> Result<Vec<Row>, Box<dyn Error>> {
    measure("Word documents", folder, 0.95)
}

/// Books.
pub(super) fn epub(folder: &Path) -> Result<Vec<Row>, Box<dyn Error>> {
    measure("books", folder, 0.95)
}

fn words(text: &str) -> Vec<String> {
    text.to_lowercase()
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Markdown without what stands for no text.
fn without_markup(markdown: &str) -> String {
    let mut text = String::new();
    let mut rest = markdown;
    while let Some((before, after)) = rest.split_once("<!--") {
        text.push_str(before);
        rest = after.split_once("-->").map_or("", |(_, after)| after);
    }
    text.push_str(rest);
    let lines: Vec<String> = text.lines().map(line_without_markup).collect();
    lines
        .join("\n")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

fn line_without_markup(line: &str) -> String {
    let mut line = line.trim_start();
    line = line.strip_prefix("- ").unwrap_or(line);
    if let Some((number, item)) = line.split_once(". ")
        && number.bytes().all(|byte| byte.is_ascii_digit())
    {
        line = item;
    }
    let line = line.replace("[x]", "").replace('\\', "");
    // `![picture](address)` goes whole, `[link](address)` keeps its words.
    let mut text = String::new();
    let mut rest = line.as_str();
    while let Some((before, after)) = rest.split_once("](") {
        match before.rfind("![") {
            Some(at) if !before[at..].contains(']') => text.push_str(&before[..at]),
            _ => text.push_str(before),
        }
        text.push(' ');
        rest = after.split_once(')').map_or("", |(_, after)| after);
    }
    text.push_str(rest);
    text
}

fn f1(common: usize, found: &[String], expected: &[String]) -> f64 {
    match found.len() + expected.len() {
        0 => 1.0,
        both => 2.0 * common as f64 / both as f64,
    }
}

/// How many words two texts have in common, each as often as it stands in both.
fn common_words(a: &[String], b: &[String]) -> usize {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for word in a {
        *counts.entry(word).or_default() += 1;
    }
    b.iter()
        .filter(|word| match counts.get_mut(word.as_str()) {
            Some(left) if *left > 0 => {
                *left -= 1;
                true
            }
            _ => false,
        })
        .count()
}

/// The length of the longest sequence of words that both texts have in this order.
fn common_subsequence(a: &[String], b: &[String]) -> usize {
    let mut lengths = vec![0usize; b.len() + 1];
    for word in a {
        let mut diagonal = 0;
        for (at, other) in b.iter().enumerate() {
            let above = lengths[at + 1];
            lengths[at + 1] = match word == other {
                true => diagonal + 1,
                false => above.max(lengths[at]),
            };
            diagonal = above;
        }
    }
    lengths[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_has_no_words() {
        let text = without_markup(
            "# A <!-- image --> b\n- [x] c\n1. d\n- 1.1. e ![p](q.png) [f](http://g) \\_h\\_ &lt;i&gt;",
        );
        assert_eq!(words(&text).join(" "), "a b c d 1 1 e f h i");
    }

    #[test]
    fn order_counts_only_in_the_second_measure() {
        let (a, b) = (words("one two three two"), words("three two one"));
        assert_eq!(common_words(&a, &b), 3);
        assert_eq!(common_subsequence(&a, &b), 2);
    }
}
