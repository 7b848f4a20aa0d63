//! The form in which a term is shown: the one in which its theme has it.

use std::collections::HashMap;

use super::Node;
use super::corpus::{Corpus, Term, parts};
use super::words::{Standing, words};

/// How often a form occurs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Count {
    /// Inside sentences, where a capital is the word's own,
    inside: usize,
    /// and at their beginnings.
    opening: usize,
}

/// The terms in the form in which each occurs most in these passages; at the beginning of a sentence only if it
/// occurs nowhere else.
pub(super) fn forms(
    corpus: &Corpus,
    nodes: &[Node<'_>],
    passages: &[usize],
    terms: &[Term],
) -> Vec<String> {
    let mut found: Vec<HashMap<String, Count>> = vec![HashMap::new(); terms.len()];
    let holds = |passage: usize, term: &Term| {
        let term = parts(term);
        let mut rows = corpus.passage(passage).windows(term.len());
        rows.any(|row| row == term)
    };
    for &passage in passages {
        if !terms.iter().any(|term| holds(passage, term)) {
            continue;
        }
        let text = nodes[passage].text;
        let words = words(text);
        let numbers: Vec<_> = words.iter().map(|word| corpus.number_of(word)).collect();
        for (term, forms) in terms.iter().zip(&mut found) {
            let term = parts(term);
            for (place, row) in words.windows(term.len()).enumerate() {
                let same = |(number, word): (&Option<_>, _)| *number == Some(word);
                let here = numbers[place..].iter().zip(term.iter().copied()).all(same);
                if let [first, rest @ ..] = row
                    && here
                    && rest.iter().all(|word| word.follows)
                {
                    let last = rest.last().unwrap_or(first);
                    let whole = &text[first.start..last.end];
                    let form = whole.split_whitespace().collect::<Vec<_>>().join(" ");
                    let count = forms.entry(form).or_default();
                    let opens = first.opens && first.standing == Standing::Content;
                    *(if opens {
                        &mut count.opening
                    } else {
                        &mut count.inside
                    }) += 1;
                }
            }
        }
    }
    found
        .into_iter()
        .filter_map(|forms| {
            let most = forms
                .into_iter()
                // Of two forms alike, the one in small letters: the capital may be that of a title.
                .max_by(|a, b| a.1.cmp(&b.1).then_with(|| a.0.cmp(&b.0)));
            most.map(|(form, _)| form)
        })
        .collect()
}
