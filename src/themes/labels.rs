//! What to call a theme: the words and phrases that set it apart from the others.

use std::collections::{HashMap, HashSet};

use rayon::prelude::*;

use super::members::{cosine, sum_of};
use super::words::{Standing, Word, words};
use super::{Node, Vectors};

/// The longest phrase, in words.
const LONGEST: usize = 3;

/// How many of the best terms of a theme are looked at when a label is put together.
const POOL: usize = 60;

/// How many passages have their words looked up at once: what bounds the memory that the words' text takes.
const BATCH: usize = 8192;

/// A phrase that stands in this share of the articles that its word stands in says all that the word says.
const STANDS_FOR: f64 = 0.6;

/// A term must occur in this share of a theme's articles. At half of it, labels of small themes in a body of 92
/// commentaries held turns of phrase (`eventual recovery`) that two articles shared.
const LEAST_SHARE: f64 = 0.1;

/// With fewer common terms than this, a theme of two articles is named by terms of either as well: each is half of it.
const FEW_TERMS: usize = 3;

/// What a passage weighs at least in its theme's label, where it points away from the theme's centroid.
const LEAST_WEIGHT: f64 = 0.01;

/// How much a term loses for each word in it that the label has already, as a share.
const REPETITION: f64 = 0.7;

/// The number of a word in the vocabulary.
type WordId = u32;

/// Stands between two words that do not follow each other.
const BREAK: WordId = WordId::MAX;

/// A term: the numbers of one to three words, filled up with [`BREAK`].
type Term = [WordId; LONGEST];

/// The texts as numbers of words.
struct Corpus {
    /// Per passage, its words, with [`BREAK`] where a phrase can't go on.
    passages: Vec<Vec<WordId>>,
    /// Per word, what it may do in a term.
    standings: Vec<Standing>,
    vocabulary: HashMap<(String, Standing), WordId>,
}

impl Corpus {
    fn of(nodes: &[Node<'_>]) -> Self {
        let mut corpus = Self {
            passages: Vec::with_capacity(nodes.len()),
            standings: Vec::new(),
            vocabulary: HashMap::new(),
        };
        for batch in nodes.chunks(BATCH) {
            let found: Vec<Vec<Word>> = batch.par_iter().map(|node| words(node.text)).collect();
            for words in found {
                let mut numbers = Vec::with_capacity(words.len() + 8);
                for word in words {
                    if !word.follows && !numbers.is_empty() {
                        numbers.push(BREAK);
                    }
                    numbers.push(corpus.number(word.key, word.standing));
                }
                corpus.passages.push(numbers);
            }
        }
        corpus
    }

    fn number(&mut self, key: String, standing: Standing) -> WordId {
        let next = self.standings.len() as WordId;
        let number = *self.vocabulary.entry((key, standing)).or_insert(next);
        if number == next {
            self.standings.push(standing);
        }
        number
    }

    /// Calls `each` with every term of a passage, as often as it occurs.
    fn terms(&self, passage: usize, mut each: impl FnMut(Term)) {
        let words = &self.passages[passage];
        for (start, &first) in words.iter().enumerate() {
            if self.standings.get(first as usize) != Some(&Standing::Content) {
                continue;
            }
            let mut term = [BREAK; LONGEST];
            for (place, &word) in words[start..].iter().take(LONGEST).enumerate() {
                match self.standings.get(word as usize) {
                    Some(Standing::Content) => {
                        term[place] = word;
                        each(term);
                    }
                    Some(Standing::Joint) => term[place] = word,
                    // The end of the row, which has no number among the words, or a word that no term holds.
                    Some(Standing::Empty) | None => break,
                }
            }
        }
    }

    /// How widely each term occurs in a theme. `by_article` are the theme's passages, those of one article side
    /// by side, with `weights` for all passages; terms that `counted` refuses are passed over.
    fn spread(
        &self,
        by_article: &[usize],
        nodes: &[Node<'_>],
        weights: &[f64],
        counted: impl Fn(&Term) -> bool,
    ) -> HashMap<Term, Spread> {
        let mut spreads: HashMap<Term, Spread> = HashMap::new();
        let mut in_article: Vec<(Term, f64)> = Vec::new();
        for passages in by_article.chunk_by(|&a, &b| nodes[a].article == nodes[b].article) {
            in_article.clear();
            for &passage in passages {
                let mut in_passage = Vec::new();
                self.terms(passage, |term| {
                    if counted(&term) {
                        in_passage.push(term);
                    }
                });
                in_passage.sort_unstable();
                in_passage.dedup();
                let weight = weights[passage];
                in_article.extend(in_passage.into_iter().map(|term| (term, weight)));
            }
            // Stable, so that the weights are always added up in the same order.
            in_article.sort_by_key(|found| found.0);
            for same in in_article.chunk_by(|a, b| a.0 == b.0) {
                let spread = spreads.entry(same[0].0).or_default();
                spread.articles += 1;
                spread.passages += same.len();
                spread.mass += same.iter().map(|found| found.1).sum::<f64>().sqrt();
            }
        }
        spreads
    }
}

/// How widely something occurs in a theme.
#[derive(Debug, Clone, Copy, Default)]
struct Spread {
    /// In how many articles.
    articles: u32,
    /// In how many passages.
    passages: usize,
    /// The sum over those articles of the square root of the passages' weights.
    mass: f64,
}

impl Spread {
    /// That of the passages themselves: what a term that occurs in each of them has.
    fn whole(by_article: &[usize], nodes: &[Node<'_>], weights: &[f64]) -> Self {
        let mut whole = Self::default();
        for passages in by_article.chunk_by(|&a, &b| nodes[a].article == nodes[b].article) {
            whole.articles += 1;
            whole.passages += passages.len();
            let weight: f64 = passages.iter().map(|&passage| weights[passage]).sum();
            whole.mass += weight.sqrt();
        }
        whole
    }
}

/// A term that may stand in a label.
struct Candidate {
    term: Term,
    score: f64,
    /// The articles of the theme that it occurs in.
    articles: u32,
}

/// The labels of `themes`, each given by its passages: at most `length` terms a theme, the most telling first.
///
/// A term is a word, or two or three words in a row, that is no stop word, number or single letter; a stop word
/// that joins two others (`rule of law`) may stand in the middle. Its weight in a theme is a class-based TF-IDF,
/// `√p · ln(p / q)`, where `p` is the share of the theme, and `q` the share of all themes together, in which it
/// occurs. BERTopic's own `tf · ln(1 + A / f)` does not set the frequency in the theme against that elsewhere, so
/// that a phrase of two articles came before the word
/// that half the theme has; its square root of the frequency is kept. Shares are counted by article, each weighing
/// the square root of its passages in the theme: otherwise one article that repeats a name would name a theme.
/// A passage counts by its cosine to the theme's centroid, so that a story that leads up to an argument has less of
/// a say than the argument, and one that a theme has twice, word for word (a note on the author), counts once.
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
            let mut seen = HashSet::new();
            by_article.retain(|&passage| seen.insert(&corpus.passages[passage]));
            by_article
        })
        .collect();
    let weights = weights(nodes.len(), &themes, vectors);
    let wholes: Vec<Spread> = themes
        .iter()
        .map(|passages| Spread::whole(passages, nodes, &weights))
        .collect();
    let own: Vec<Vec<(Term, Spread)>> = themes
        .par_iter()
        .zip(&wholes)
        .map(|(passages, whole)| {
            let least = least_articles(whole.articles);
            let mut spreads = corpus.spread(passages, nodes, &weights, |_| true);
            spreads.retain(|_, spread| spread.passages >= whole.passages.min(2));
            let common = |spread: &Spread| spread.articles >= least;
            if whole.articles != 2 || spreads.values().filter(|s| common(s)).count() >= FEW_TERMS {
                spreads.retain(|_, spread| common(spread));
            }
            spreads.into_iter().collect()
        })
        .collect();
    let mut everywhere: HashMap<Term, f64> = HashMap::new();
    for (term, _) in own.iter().flatten() {
        everywhere.insert(*term, 0.0);
    }
    // A second pass counts these terms also where they are rare, without holding every rare phrase in memory.
    let found: Vec<HashMap<Term, Spread>> = themes
        .par_iter()
        .map(|passages| {
            corpus.spread(passages, nodes, &weights, |term| {
                everywhere.contains_key(term)
            })
        })
        .collect();
    for (term, spread) in found.iter().flatten() {
        *everywhere.entry(*term).or_default() += spread.mass;
    }
    let all: f64 = wholes.iter().map(|whole| whole.mass).sum();
    own.par_iter()
        .zip(&themes)
        .zip(&wholes)
        .map(|((spreads, passages), whole)| {
            let candidates = spreads
                .iter()
                .map(|&(term, spread)| {
                    let here = spread.mass / whole.mass;
                    let overall = everywhere.get(&term).map_or(here, |mass| mass / all);
                    Candidate {
                        term,
                        score: here.sqrt() * (here / overall).ln(),
                        articles: spread.articles,
                    }
                })
                // What is no more frequent here than elsewhere sets nothing apart; a single theme has only that.
                .filter(|candidate| candidate.score > 0.0 || own.len() == 1)
                .collect();
            let chosen = choose(candidates, length);
            forms(&corpus, nodes, passages, &chosen)
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

/// In how many of a theme's articles a term must occur to stand in its label.
fn least_articles(articles: u32) -> u32 {
    let part = (f64::from(articles) * LEAST_SHARE).ceil() as u32;
    part.max(articles.min(2))
}

/// The words of a term.
fn parts(term: &Term) -> &[WordId] {
    let length = term.iter().take_while(|&&word| word != BREAK).count();
    &term[..length]
}

/// Whether `inner` stands in `outer`, its words in a row.
fn contains(outer: &[WordId], inner: &[WordId]) -> bool {
    outer.windows(inner.len()).any(|window| window == inner)
}

/// Puts a label together: the best terms, none of which says what another says already.
fn choose(mut candidates: Vec<Candidate>, length: usize) -> Vec<Term> {
    candidates.sort_by(|a, b| {
        b.score
            .total_cmp(&a.score)
            .then(b.articles.cmp(&a.articles))
            .then(a.term.cmp(&b.term))
    });
    candidates.truncate(POOL);
    // A word that hardly occurs without a longer term hands its place, and its score, to that term.
    let mut scores: Vec<Option<f64>> = candidates.iter().map(|c| Some(c.score)).collect();
    for shorter in (0..candidates.len()).rev() {
        let inner = parts(&candidates[shorter].term);
        let longer = (0..candidates.len()).find(|&longer| {
            let outer = parts(&candidates[longer].term);
            outer.len() > inner.len()
                && contains(outer, inner)
                && f64::from(candidates[longer].articles)
                    >= STANDS_FOR * f64::from(candidates[shorter].articles)
        });
        if let (Some(longer), Some(score)) = (longer, scores[shorter]) {
            scores[longer] = Some(scores[longer].unwrap_or(0.0).max(score));
            scores[shorter] = None;
        }
    }
    let mut chosen: Vec<Term> = Vec::new();
    while chosen.len() < length {
        let best = candidates
            .iter()
            .zip(&scores)
            .enumerate()
            .filter_map(|(index, (candidate, score))| {
                let repeated = chosen
                    .iter()
                    .map(|other| repetition(parts(&candidate.term), parts(other)))
                    .fold(0.0, f64::max);
                (repeated < 1.0).then_some((score.as_ref()? * (1.0 - REPETITION * repeated), index))
            })
            .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
        let Some((_, index)) = best else {
            break;
        };
        chosen.push(candidates[index].term);
        scores[index] = None;
    }
    chosen
}

/// The share of the shorter term's words that the longer one has as well: 1 where one says what the other says.
fn repetition(one: &[WordId], other: &[WordId]) -> f64 {
    let shared = one.iter().filter(|word| other.contains(word)).count();
    shared as f64 / one.len().min(other.len()).max(1) as f64
}

/// The terms in the form in which each occurs most in these passages.
fn forms(corpus: &Corpus, nodes: &[Node<'_>], passages: &[usize], terms: &[Term]) -> Vec<String> {
    let mut found: Vec<HashMap<String, usize>> = vec![HashMap::new(); terms.len()];
    for &passage in passages {
        let numbers = &corpus.passages[passage];
        if !terms.iter().any(|term| contains(numbers, parts(term))) {
            continue;
        }
        let text = nodes[passage].text;
        let words = words(text);
        let keys: Vec<Option<WordId>> = words
            .iter()
            .map(|w| corpus.vocabulary.get(&(w.key.clone(), w.standing)).copied())
            .collect();
        for (term, forms) in terms.iter().zip(&mut found) {
            let term = parts(term);
            for start in 0..(words.len() + 1).saturating_sub(term.len()) {
                let row = start..start + term.len();
                let here = keys[row.clone()]
                    .iter()
                    .zip(term)
                    .all(|(key, word)| *key == Some(*word));
                if here && words[row.clone()].iter().skip(1).all(|word| word.follows) {
                    let whole = &text[words[row.start].start..words[row.end - 1].end];
                    let form = whole.split_whitespace().collect::<Vec<_>>().join(" ");
                    *forms.entry(form).or_default() += 1;
                }
            }
        }
    }
    found
        .into_iter()
        .filter_map(|forms| {
            let most = forms
                .into_iter()
                // Of two forms alike, the one in small letters: the capital may be that of a sentence.
                .max_by(|a, b| a.1.cmp(&b.1).then_with(|| a.0.cmp(&b.0)));
            most.map(|(form, _)| form)
        })
        .collect()
}

#[cfg(test)]
#[path = "labels_tests.rs"]
mod tests;
