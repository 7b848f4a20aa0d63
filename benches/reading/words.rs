//! The words of two texts, compared in any order and in this one.

use std::collections::HashMap;

/// The words of a text in lower case: runs of letters and digits.
pub(super) fn words(text: &str) -> Vec<String> {
    text.to_lowercase()
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Markdown without what stands for no text.
pub(super) fn without_markup(markdown: &str) -> String {
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

/// The F1 of what two lists of words have in common.
pub(super) fn f1(common: usize, found: &[String], expected: &[String]) -> f64 {
    match found.len() + expected.len() {
        0 => 1.0,
        both => 2.0 * common as f64 / both as f64,
    }
}

/// How many words two texts have in common, each as often as it stands in both.
pub(super) fn common_words(a: &[String], b: &[String]) -> usize {
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
pub(super) fn common_subsequence(a: &[String], b: &[String]) -> usize {
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
