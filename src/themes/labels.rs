//! What to call a theme: the words and phrases that set it apart from the others.

use std::collections::{HashMap, HashSet};

use rayon::prelude::*;

use super::choice::Choice;
use super::corpus::{Corpus, Spread, Term, parts, term_of};
use super::forms::forms;
use super::members::{add, cosine, sum_of};
use super::words::Standing;
use super::{Node, Vectors};

/// How many of the best terms of a theme are looked at when a label is put together.
const POOL: usize = 60;

/// At how many passages of a theme its best terms are looked up again, for their vectors and their forms: they are
/// common enough to be met among so many.
const SAMPLE: usize = 2000;

/// A term must occur in this share of a theme's articles. At half of it, labels of small themes in a body of 92
/// commentaries held turns of phrase (`eventual recovery`) that two articles shared.
const LEAST_SHARE: f64 = 0.1;

/// With fewer common terms than this, a theme of two articles is named by terms of either as well: each is half of it.
const FEW_TERMS: usize = 3;

/// What a passage weighs at least in its theme's label, where it points away from the theme's centroid.
const LEAST_WEIGHT: f64 = 0.01;

/// How much more often than chance would have it the parts of a phrase must stand together: normalised pointwise
/// mutual information, -1 to 1. Set by hand, and not tuned.
const LEAST_COHESION: f64 = 0.2;

/// The power of a term's precision, the part of its occurrences that lies in the theme, in its score. With a half, a
/// phrase of three articles came before the word that the theme is about (`Afghan government` before `Afghanistan`), as
/// 266 editorials showed by eye.
const PRECISION: f64 = 0.25;

/// A term that may stand in a label.
pub(super) struct Candidate {
    pub(super) term: Term,
    pub(super) score: f64,
    /// The articles of the theme that it occurs in.
    pub(super) articles: u32,
}

/// How widely terms occur in all themes together.
struct Everywhere {
    terms: HashMap<Term, Spread>,
    /// That of the passages.
    whole: Spread,
}

/// The labels of `themes`, each given by its passages: at most `length` terms a theme, the most telling first.
///
/// A term is a word, or two or three words in a row, that is no stop word, number or single letter; a stop word
/// that joins two others (`rule of law`) may stand in the middle; or two to four ideographs in a row. Its weight in a
/// theme is a class-based TF-IDF, `√p · ln(p / q)`, where `p` is the share of the theme, and `q` the share of all
/// themes together, in which it occurs. BERTopic's own `tf · ln(1 + A / f)` does not set the frequency in the theme
/// against that elsewhere, so that a phrase of two articles came before the word that half the theme has; its square
/// root of the frequency is kept. Shares are counted by article, each weighing the square root of its passages in
/// the theme: otherwise one article that repeats a name would name a theme. A passage counts by its cosine to the
/// theme's centroid, so that a story that leads up to an argument has less of a say than the argument, and one that
/// says for the most part what an earlier one says, word for word (a note on the author, a reprint), doesn't count.
///
/// The weight is multiplied with how much of the term's occurrences lies in the theme, with how well it may name
/// something ([`notion`]: nouns, and phrases that hold together), and with how near the passages that hold it are to
/// the theme ([`Choice::new`]).
///
/// A term must occur in two passages, and in two articles and a set part of them, where a theme has as many; a theme
/// of two articles that have hardly a term in common (two languages, say) takes terms of either. A term that says
/// again what the label has already gives way to one that does not, and each is shown in the form in which it
/// occurs most.
///
/// A theme without any such term (all stop words, say) has an empty label.
///
/// Sources: M. Grootendorst, *BERTopic: neural topic modeling with a class-based TF-IDF procedure*,
/// arXiv:2203.05794 (2022); for what is said twice, J. Carbonell, J. Goldstein, *The use of MMR*, SIGIR 1998.
pub(super) fn labels(
    nodes: &[Node<'_>],
    vectors: &Vectors<'_>,
    themes: &[Vec<usize>],
    length: usize,
) -> Vec<Vec<String>> {
    let corpus = Corpus::of(nodes);
    let themes: Vec<Vec<usize>> = themes
        .par_iter()
        .map(|passages| {
            let mut by_article = passages.clone();
            by_article.sort_unstable_by_key(|&passage| (nodes[passage].article, passage));
            corpus.without_repeats(&by_article)
        })
        .collect();
    let weights = weights(nodes.len(), &themes, vectors);
    let wholes: Vec<Spread> = themes
        .iter()
        .map(|passages| Spread::whole(&corpus, passages, nodes, &weights))
        .collect();
    let own: Vec<Vec<(Term, Spread)>> = themes
        .par_iter()
        .zip(&wholes)
        .map(|(passages, whole)| common_terms(&corpus, passages, nodes, &weights, whole))
        .collect();
    let everywhere = Everywhere::of(&own, &wholes, |theme, counted| {
        corpus.spread(&themes[theme], nodes, &weights, |_| true, counted)
    });
    let pools: Vec<Vec<Candidate>> = own
        .par_iter()
        .zip(&wholes)
        .map(|(spreads, whole)| pool(&corpus, spreads, whole, &everywhere, own.len()))
        .collect();
    let words: HashSet<_> = pools
        .iter()
        .flatten()
        .flat_map(|candidate| parts(&candidate.term))
        .copied()
        .collect();
    let keys = corpus.keys(&words);
    // A single theme has nothing that sets it apart.
    let origin = (themes.len() > 1).then(|| mean_of(&themes, vectors));
    pools
        .into_par_iter()
        .zip(&themes)
        .map(|(candidates, passages)| {
            let step = passages.len().div_ceil(SAMPLE).max(1);
            let sample: Vec<usize> = passages.iter().copied().step_by(step).collect();
            let chosen = Choice::new(
                candidates,
                &corpus,
                &sample,
                vectors,
                origin.as_deref(),
                &keys,
            )
            .best(length);
            forms(&corpus, nodes, &sample, &chosen)
        })
        .collect()
}

/// What each of so many passages counts in the label of its theme: its cosine to the theme's centroid, as a multiple
/// of the theme's mean.
///
/// Compared in 2026 on 30 op-eds: words of the stories in them (`boy`) left the labels for words of the arguments
/// (`tariff`, `pupils`); the square of the cosine brought other turns of phrase in (`anybody`).
fn weights(passages: usize, themes: &[Vec<usize>], vectors: &Vectors<'_>) -> Vec<f64> {
    let found: Vec<Vec<f64>> = themes
        .par_iter()
        .map(|passages| {
            let centroid = sum_of(passages, vectors);
            let cosines: Vec<f64> = passages
                .iter()
                .map(|&passage| {
                    let vector: Vec<f64> =
                        vectors(passage).iter().copied().map(f64::from).collect();
                    cosine(&vector, &centroid).max(LEAST_WEIGHT)
                })
                .collect();
            let mean = cosines.iter().sum::<f64>() / cosines.len() as f64;
            cosines.into_iter().map(|cosine| cosine / mean).collect()
        })
        .collect();
    let mut weights = vec![0.0; passages];
    for (passage, weight) in themes.iter().flatten().zip(found.iter().flatten()) {
        weights[*passage] = *weight;
    }
    weights
}

/// The mean of the vectors of all themes.
fn mean_of(themes: &[Vec<usize>], vectors: &Vectors<'_>) -> Vec<f64> {
    let sums: Vec<Vec<f64>> = themes
        .par_iter()
        .map(|passages| sum_of(passages, vectors))
        .collect();
    let mut mean = Vec::new();
    for sum in &sums {
        add(&mut mean, sum);
    }
    let count = themes.iter().map(Vec::len).sum::<usize>() as f64;
    mean.iter_mut().for_each(|value| *value /= count);
    mean
}

/// How widely each term occurs that occurs widely enough in a theme to stand in its label.
fn common_terms(
    corpus: &Corpus,
    passages: &[usize],
    nodes: &[Node<'_>],
    weights: &[f64],
    whole: &Spread,
) -> Vec<(Term, Spread)> {
    let least = least_articles(whole.articles);
    // A theme of two articles may be named by terms of either.
    let looked_at = if whole.articles == 2 { 1 } else { least };
    let mut spreads = corpus.common(passages, nodes, weights, looked_at);
    spreads.retain(|_, spread| spread.passages >= whole.passages.min(2));
    let common = |spread: &Spread| spread.articles >= least;
    if whole.articles != 2 || spreads.values().filter(|s| common(s)).count() >= FEW_TERMS {
        spreads.retain(|_, spread| common(spread));
    }
    spreads.into_iter().collect()
}

/// In how many of a theme's articles a term must occur to stand in its label.
fn least_articles(articles: u32) -> u32 {
    let part = (f64::from(articles) * LEAST_SHARE).ceil() as u32;
    part.max(articles.min(2))
}

impl Everywhere {
    /// Looks for the `own` terms of each theme in all of them: `spread` counts those of a theme that it is asked for.
    fn of(
        own: &[Vec<(Term, Spread)>],
        wholes: &[Spread],
        spread: impl Fn(usize, &(dyn Fn(&Term) -> bool + Sync)) -> HashMap<Term, Spread> + Sync,
    ) -> Self {
        let mut terms: HashMap<Term, Spread> = HashMap::new();
        for (term, _) in own.iter().flatten() {
            terms.insert(*term, Spread::default());
        }
        // A second pass counts these terms also where they are rare, without holding every rare phrase in memory.
        let found: Vec<HashMap<Term, Spread>> = (0..own.len())
            .into_par_iter()
            .map(|theme| spread(theme, &|term| terms.contains_key(term)))
            .collect();
        for (term, spread) in found.iter().flatten() {
            *terms.entry(*term).or_default() += *spread;
        }
        let mut whole = Spread::default();
        for spread in wholes {
            whole += *spread;
        }
        Self { terms, whole }
    }

    /// How much more often than chance would have it the parts of a phrase stand together, -1 to 1: normalised
    /// pointwise mutual information, at the place where it holds together least. A single word is 1.
    ///
    /// Source: G. Bouma, *Normalized (pointwise) mutual information in collocation extraction*, GSCL 2009.
    fn cohesion(&self, corpus: &Corpus, term: &Term) -> f64 {
        let words = parts(term);
        let share = |words: &[_]| {
            let occurrences = self.terms.get(&term_of(words)).map_or(0, |s| s.occurrences);
            occurrences.max(1) as f64 / self.whole.occurrences.max(1) as f64
        };
        let is_joint = |place: usize| corpus.standing(words[place]) == Standing::Joint;
        (1..words.len())
            .filter(|&place| !is_joint(place))
            .map(|place| {
                let end = if is_joint(place - 1) {
                    place - 1
                } else {
                    place
                };
                let (before, after) = (share(&words[..end]), share(&words[place..]));
                let together = share(words);
                if together < 1.0 {
                    (together / (before * after)).ln() / -together.ln()
                } else {
                    1.0
                }
            })
            .fold(1.0, f64::min)
    }
}

/// The best terms of a theme, the best first.
fn pool(
    corpus: &Corpus,
    spreads: &[(Term, Spread)],
    whole: &Spread,
    everywhere: &Everywhere,
    themes: usize,
) -> Vec<Candidate> {
    let mut candidates: Vec<Candidate> = spreads
        .iter()
        .filter_map(|&(term, spread)| {
            let all = everywhere.terms.get(&term)?;
            let here = spread.mass / whole.mass;
            let overall = all.mass / everywhere.whole.mass;
            // A single theme has nothing that sets it apart.
            let contrast = if themes == 1 {
                1.0
            } else {
                (here / overall).ln()
            };
            let precision = spread.mass / all.mass;
            let cohesion = everywhere.cohesion(corpus, &term);
            let notion = notion(corpus, &term, cohesion);
            let score = here.sqrt() * contrast * precision.powf(PRECISION) * notion;
            Some(Candidate {
                term,
                score,
                articles: spread.articles,
            })
        })
        // What is no more frequent here than elsewhere sets nothing apart.
        .filter(|candidate| candidate.score > 0.0)
        .collect();
    candidates.sort_by(|a, b| {
        b.score
            .total_cmp(&a.score)
            .then(b.articles.cmp(&a.articles))
            .then(a.term.cmp(&b.term))
    });
    candidates.truncate(POOL);
    candidates
}

/// How well a term may name something, 0 to 1: a noun, or a phrase of which the first or the last word is one and none
/// a verb. Of a phrase, that its words keep together speaks for it as well: `climate change`, though things change.
/// A single ideograph names nothing, nor does a phrase that hardly holds together.
fn notion(corpus: &Corpus, term: &Term, cohesion: f64) -> f64 {
    let words = parts(term);
    let (Some(&first), Some(&last)) = (words.first(), words.last()) else {
        return 0.0;
    };
    let nominal = |word| corpus.uses(word).nominal_share();
    match (corpus.standing(first), words.len()) {
        (Standing::Ideograph, 1) => 0.0,
        (_, 1) => nominal(first),
        _ if cohesion < LEAST_COHESION => 0.0,
        (Standing::Ideograph, _) => cohesion,
        _ => {
            let verbal = words.iter().map(|&word| corpus.uses(word).verbal_share());
            let verbal = verbal.fold(0.0, f64::max);
            let nominal = nominal(first).max(nominal(last));
            (1.0 - (1.0 - nominal) * (1.0 - cohesion / 4.0)) * (2.0 - 2.0 * verbal).min(1.0)
        }
    }
}

#[cfg(test)]
#[path = "labels_tests.rs"]
mod tests;
