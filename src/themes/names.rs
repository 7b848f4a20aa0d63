//! What to call a theme in a few words, so that no two themes of a run are called the same.

use std::collections::{HashMap, HashSet};

/// A name takes terms until it has so many words.
const WORDS: usize = 3;

/// How many terms a name has at most where nothing else has the same name.
const TERMS: usize = 3;

/// How many words of a passage stand for the terms that a theme lacks.
const WORDS_OF_EXEMPLAR: usize = 6;

/// The names of themes: of each the first terms of its label, or, where it has none, the first words of its exemplar,
/// the text of the passage that stands for it. One name is no other's: where two would be, further terms tell them
/// apart, and where there are none, numbers.
///
/// ```text
/// ["climate change", "coal", "summit"]      climate change, coal
/// ["Russia", "Vladimir Putin", "Crimea"]    Russia, Vladimir Putin
/// ```
#[must_use]
pub fn names(labels: &[Vec<String>], exemplars: &[&str]) -> Vec<String> {
    let mut lengths: Vec<usize> = labels.iter().map(|label| usual_length(label)).collect();
    loop {
        let names: Vec<String> = labels
            .iter()
            .zip(exemplars)
            .zip(&lengths)
            .map(|((label, exemplar), &length)| name(&label[..length], exemplar))
            .collect();
        let mut bearers: HashMap<String, usize> = HashMap::new();
        for name in &names {
            *bearers.entry(name.to_lowercase()).or_default() += 1;
        }
        let mut longer = false;
        for ((name, label), length) in names.iter().zip(labels).zip(&mut lengths) {
            if bearers[&name.to_lowercase()] > 1 && *length < label.len() {
                *length += 1;
                longer = true;
            }
        }
        if !longer {
            return numbered(names);
        }
    }
}

/// How many terms make a name if nothing else has the same.
fn usual_length(label: &[String]) -> usize {
    let mut words = 0;
    let short = label.iter().take(TERMS).take_while(|term| {
        let more = words < WORDS;
        words += term.split_whitespace().count();
        more
    });
    short.count()
}

fn name(terms: &[String], exemplar: &str) -> String {
    if !terms.is_empty() {
        return terms.join(", ");
    }
    let mut words = exemplar.split_whitespace();
    let mut first: Vec<&str> = words.by_ref().take(WORDS_OF_EXEMPLAR).collect();
    if words.next().is_some() {
        first.push("…");
    }
    if first.is_empty() {
        "…".to_owned()
    } else {
        first.join(" ")
    }
}

/// The names with a number behind each that an earlier one has already.
fn numbered(names: Vec<String>) -> Vec<String> {
    let all: HashSet<String> = names.iter().map(|name| name.to_lowercase()).collect();
    let mut taken: HashSet<String> = HashSet::new();
    let mut unique = Vec::with_capacity(names.len());
    for name in names {
        let mut candidate = name.clone();
        let mut number = 1;
        while taken.contains(&candidate.to_lowercase())
            || (number > 1 && all.contains(&candidate.to_lowercase()))
        {
            number += 1;
            candidate = format!("{name} ({number})");
        }
        taken.insert(candidate.to_lowercase());
        unique.push(candidate);
    }
    unique
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names_of(labels: &[&[&str]], exemplar: &str) -> Vec<String> {
        let labels: Vec<Vec<String>> = labels
            .iter()
            .map(|label| label.iter().map(|&term| term.to_owned()).collect())
            .collect();
        names(&labels, &vec![exemplar; labels.len()])
    }

    #[test]
    fn a_name_is_the_first_terms_until_there_are_three_words() {
        let labels: [&[&str]; 3] = [
            &["climate change", "coal", "summit", "forests"],
            &["rule of law", "courts"],
            &["houses", "planner", "river", "flats"],
        ];
        assert_eq!(
            names_of(&labels, ""),
            [
                "climate change, coal",
                "rule of law",
                "houses, planner, river"
            ]
        );
    }

    #[test]
    fn themes_that_begin_alike_are_told_apart_by_further_terms() {
        let labels: [&[&str]; 3] = [
            &["Russia", "Vladimir Putin", "Crimea"],
            &["Russia", "Vladimir Putin", "gas"],
            &["Russia", "vladimir putin", "gas"],
        ];
        assert_eq!(
            names_of(&labels, ""),
            [
                "Russia, Vladimir Putin, Crimea",
                "Russia, Vladimir Putin, gas",
                "Russia, vladimir putin, gas (2)"
            ]
        );
    }

    #[test]
    fn a_theme_without_terms_is_called_after_what_its_exemplar_says_first() {
        let exemplar = "It is what it was before and after.";
        assert_eq!(
            names_of(&[&[], &[], &["It is what it was before … (2)"]], exemplar),
            [
                "It is what it was before …",
                "It is what it was before … (3)",
                "It is what it was before … (2)"
            ]
        );
        assert_eq!(names_of(&[&[], &[]], " "), ["…", "… (2)"]);
        assert_eq!(names_of(&[&[]], "So it goes."), ["So it goes."]);
    }

    #[test]
    fn names_are_unique_whatever_the_labels_are() {
        let labels: [&[&str]; 6] = [&["a"], &["a"], &["a (2)"], &["A"], &["a", "b"], &["a", "b"]];
        let names = names_of(&labels, "");
        let distinct: HashSet<String> = names.iter().map(|name| name.to_lowercase()).collect();
        assert_eq!(distinct.len(), labels.len(), "{names:?}");
    }
}
