//! The texts as numbers of words, and how widely each term occurs in them.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::AddAssign;

use rayon::prelude::*;

use super::Node;
use super::nouns::Uses;
use super::stop_words::words_of_ideographs;
use super::words::{Standing, Word, words};

/// The longest phrase, in words.
const LONGEST_PHRASE: usize = 3;

/// The longest term in ideographs.
const LONGEST: usize = 4;

/// How many passages have their words looked up at once: what bounds the memory that the words' text takes.
const BATCH: usize = 8192;

/// So many words in a row, in two passages, are the same sentence.
const SENTENCE: usize = 8;

/// One in so many rows of words is remembered, when passages that say the same are looked for.
const REMEMBERED: u64 = 4;

/// The number of a word in the vocabulary.
pub(super) type WordId = u32;

/// Stands between two words that do not follow each other.
pub(super) const BREAK: WordId = WordId::MAX;

/// A term: the numbers of one to three words, or of one to four ideographs, filled up with [`BREAK`].
pub(super) type Term = [WordId; LONGEST];

/// The words of a term.
pub(super) fn parts(term: &Term) -> &[WordId] {
    let length = term.iter().take_while(|&&word| word != BREAK).count();
    &term[..length]
}

/// The term that these words are.
pub(super) fn term_of(words: &[WordId]) -> Term {
    let mut term = [BREAK; LONGEST];
    term[..words.len()].copy_from_slice(words);
    term
}

/// The texts as numbers of words.
pub(super) struct Corpus {
    /// Per passage, its words, with [`BREAK`] where a phrase can't go on.
    passages: Vec<Vec<WordId>>,
    /// Per word, what it may do in a term.
    standings: Vec<Standing>,
    /// Per word, how it is used.
    uses: Vec<Uses>,
    vocabulary: HashMap<(String, Standing), WordId>,
    /// Two ideographs in a row that every text has.
    commonplaces: HashSet<[WordId; 2]>,
}

impl Corpus {
    pub(super) fn of(nodes: &[Node<'_>]) -> Self {
        let mut corpus = Self {
            passages: Vec::with_capacity(nodes.len()),
            standings: Vec::new(),
            uses: Vec::new(),
            vocabulary: HashMap::new(),
            commonplaces: HashSet::new(),
        };
        for batch in nodes.chunks(BATCH) {
            let found: Vec<(Vec<Word>, Vec<Uses>)> = batch
                .par_iter()
                .map(|node| {
                    let words = words(node.text);
                    let uses = (0..words.len()).map(|place| Uses::of(&words, place));
                    let uses = uses.collect();
                    (words, uses)
                })
                .collect();
            for (words, uses) in found {
                let mut numbers = Vec::with_capacity(words.len() + 8);
                for (word, uses) in words.into_iter().zip(uses) {
                    if !word.follows && !numbers.is_empty() {
                        numbers.push(BREAK);
                    }
                    let number = corpus.number(word.key, word.standing);
                    corpus.uses[number as usize] += uses;
                    numbers.push(number);
                }
                corpus.passages.push(numbers);
            }
        }
        corpus.commonplaces = words_of_ideographs()
            .filter_map(|word| {
                let mut numbers = word.chars().map(|ideograph| {
                    let key = (ideograph.to_string(), Standing::Ideograph);
                    corpus.vocabulary.get(&key).copied()
                });
                Some([numbers.next()??, numbers.next()??])
            })
            .collect();
        corpus
    }

    fn number(&mut self, key: String, standing: Standing) -> WordId {
        let next = self.standings.len() as WordId;
        let number = *self.vocabulary.entry((key, standing)).or_insert(next);
        if number == next {
            self.standings.push(standing);
            self.uses.push(Uses::default());
        }
        number
    }

    /// The numbers of a passage's words.
    pub(super) fn passage(&self, passage: usize) -> &[WordId] {
        &self.passages[passage]
    }

    /// The number of a word that occurs.
    pub(super) fn number_of(&self, word: &Word) -> Option<WordId> {
        let key = (word.key.clone(), word.standing);
        self.vocabulary.get(&key).copied()
    }

    /// What the forms of each of these words have in common.
    pub(super) fn keys(&self, of: &HashSet<WordId>) -> HashMap<WordId, &str> {
        let wanted = self.vocabulary.iter();
        wanted
            .filter(|(_, number)| of.contains(number))
            .map(|((key, _), &number)| (number, key.as_str()))
            .collect()
    }

    /// What a word may do in a term; [`Standing::Empty`] for [`BREAK`], the only one that has no number among them.
    pub(super) fn standing(&self, word: WordId) -> Standing {
        let standing = self.standings.get(word as usize).copied();
        standing.unwrap_or(Standing::Empty)
    }

    /// How a word is used.
    pub(super) fn uses(&self, word: WordId) -> Uses {
        self.uses[word as usize]
    }

    /// Calls `each` with every term of a passage, as often as it occurs; words that are not `kept` are in none.
    pub(super) fn terms(
        &self,
        passage: usize,
        kept: impl Fn(WordId) -> bool,
        mut each: impl FnMut(Term),
    ) {
        let words = &self.passages[passage];
        for (start, &first) in words.iter().enumerate() {
            let standing = self.standing(first);
            let longest = match standing {
                Standing::Content => LONGEST_PHRASE,
                Standing::Ideograph => LONGEST,
                Standing::Joint | Standing::Empty => continue,
            };
            let mut term = [BREAK; LONGEST];
            for (place, &word) in words[start..].iter().take(longest).enumerate() {
                let here = self.standing(word);
                if here == standing && kept(word) {
                    term[place] = word;
                    if !self.is_commonplace(&term[..=place]) {
                        each(term);
                    }
                } else if here == Standing::Joint && standing == Standing::Content {
                    term[place] = word;
                } else {
                    break;
                }
            }
        }
    }

    /// Whether ideographs begin or end with a word that every text has.
    fn is_commonplace(&self, words: &[WordId]) -> bool {
        let holds =
            |pair: Option<&[WordId; 2]>| pair.is_some_and(|pair| self.commonplaces.contains(pair));
        !self.commonplaces.is_empty() && (holds(words.first_chunk()) || holds(words.last_chunk()))
    }

    /// Those of the passages that do not for the most part repeat the ones before them, word for word.
    pub(super) fn without_repeats(&self, passages: &[usize]) -> Vec<usize> {
        let mut seen: HashSet<u64> = HashSet::new();
        let mut sentences = Vec::new();
        passages
            .iter()
            .copied()
            .filter(|&passage| {
                sentences.clear();
                let words = &self.passages[passage];
                let rows = words.windows(SENTENCE.min(words.len().max(1)));
                sentences.extend(
                    rows.map(hash)
                        .enumerate()
                        .filter(|(place, hash)| *place == 0 || hash % REMEMBERED == 0)
                        .map(|(_, hash)| hash),
                );
                let known = sentences.iter().filter(|hash| seen.contains(hash)).count();
                seen.extend(&sentences);
                2 * known <= sentences.len()
            })
            .collect()
    }

    /// In how many articles each word of a theme occurs.
    fn articles(&self, by_article: &[usize], nodes: &[Node<'_>]) -> HashMap<WordId, u32> {
        let mut articles: HashMap<WordId, u32> = HashMap::new();
        let mut in_article: Vec<WordId> = Vec::new();
        for passages in by_article.chunk_by(|&a, &b| nodes[a].article == nodes[b].article) {
            in_article.clear();
            in_article.extend(passages.iter().flat_map(|&passage| &self.passages[passage]));
            in_article.sort_unstable();
            in_article.dedup();
            for &word in &in_article {
                *articles.entry(word).or_default() += 1;
            }
        }
        articles
    }

    /// How widely the terms occur in a theme that may occur in `least` of its articles: those of words that do.
    pub(super) fn common(
        &self,
        by_article: &[usize],
        nodes: &[Node<'_>],
        weights: &[f64],
        least: u32,
    ) -> HashMap<Term, Spread> {
        let articles = self.articles(by_article, nodes);
        let kept = |word| articles.get(&word).is_some_and(|&count| count >= least);
        self.spread(by_article, nodes, weights, kept, |_| true)
    }

    /// How widely each term occurs in a theme. `by_article` are the theme's passages, those of one article side
    /// by side, with `weights` for all passages; terms that `counted` refuses are passed over, and those of words
    /// that are not `kept`.
    pub(super) fn spread(
        &self,
        by_article: &[usize],
        nodes: &[Node<'_>],
        weights: &[f64],
        kept: impl Fn(WordId) -> bool,
        counted: impl Fn(&Term) -> bool,
    ) -> HashMap<Term, Spread> {
        let mut spreads: HashMap<Term, Spread> = HashMap::new();
        let mut in_article: Vec<(Term, usize)> = Vec::new();
        for passages in by_article.chunk_by(|&a, &b| nodes[a].article == nodes[b].article) {
            in_article.clear();
            for &passage in passages {
                self.terms(passage, &kept, |term| {
                    if counted(&term) {
                        in_article.push((term, passage));
                    }
                });
            }
            in_article.sort_unstable();
            for same in in_article.chunk_by(|a, b| a.0 == b.0) {
                let spread = spreads.entry(same[0].0).or_default();
                let mut weight = 0.0;
                for in_passage in same.chunk_by(|a, b| a.1 == b.1) {
                    spread.passages += 1;
                    weight += weights[in_passage[0].1];
                }
                spread.articles += 1;
                spread.occurrences += same.len();
                spread.mass += weight.sqrt();
            }
        }
        spreads
    }
}

fn hash(words: &[WordId]) -> u64 {
    let mut hasher = DefaultHasher::new();
    words.hash(&mut hasher);
    hasher.finish()
}

/// How widely something occurs in a theme.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Spread {
    /// In how many articles.
    pub(super) articles: u32,
    /// In how many passages.
    pub(super) passages: usize,
    /// How often.
    pub(super) occurrences: usize,
    /// The sum over those articles of the square root of the passages' weights.
    pub(super) mass: f64,
}

impl Spread {
    /// That of the passages themselves: what a term that occurs in each of them has, and as often as words do.
    pub(super) fn whole(
        corpus: &Corpus,
        by_article: &[usize],
        nodes: &[Node<'_>],
        weights: &[f64],
    ) -> Self {
        let mut whole = Self::default();
        for passages in by_article.chunk_by(|&a, &b| nodes[a].article == nodes[b].article) {
            whole.articles += 1;
            whole.passages += passages.len();
            whole.occurrences += passages
                .iter()
                .map(|&passage| corpus.passages[passage].len())
                .sum::<usize>();
            let weight: f64 = passages.iter().map(|&passage| weights[passage]).sum();
            whole.mass += weight.sqrt();
        }
        whole
    }
}

impl AddAssign for Spread {
    fn add_assign(&mut self, other: Self) {
        self.articles += other.articles;
        self.passages += other.passages;
        self.occurrences += other.occurrences;
        self.mass += other.mass;
    }
}
