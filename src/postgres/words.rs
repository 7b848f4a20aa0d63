//! Words → passages, as in a folder: BM25 over stems, with the weights that tantivy has.
//!
//! A server finds the passages that have any of the words, and says how often each stands there; what they score is worked
//! out here, since it depends on how many passages on all servers have a word.
//!
//! In a large library most passages have some word of a question, and nearly all of them score next to nothing. So only those
//! are looked at that have one of its rare words, as many as are worth the time; the others that might be among the best, having
//! many of the frequent ones, are left out. How frequent a word is, and what the passages that are left out would score,
//! is told by the sample that stands for the library ([`Background`](crate::search::Background)).

use std::collections::HashMap;

use tantivy::fieldnorm::FieldNormReader;
use tantivy::query::Bm25Weight;
use topoi_index::{IdSet, PointId};

use super::finder::{self, ServerFinder};
use super::records::all_signed;
use super::served::Sampled;
use super::values::{self, AskedWords};
use crate::lexical::{Scores, Words};
use crate::library::backend::{ByWords, WordsAsked};
use crate::store::StoreError;

/// Up to so many passages all that have any of the words are looked at.
const ALL: u64 = 10_000;

/// About as many are looked at where there are more.
const LOOKED_AT: f64 = 6_000.0;

/// A word of a question by its stems in several languages, and how often it stands there.
struct Word {
    /// Their places among all stems.
    stems: Vec<usize>,
    times: f32,
}

/// How often the stems of a question stand in a passage.
struct Having {
    /// Its length in words, as BM25 rounds it.
    length: u8,
    times: Vec<u32>,
}

/// A passage that was looked at.
struct Matched {
    id: PointId,
    is_allowed: bool,
    having: Having,
}

/// What a question's words are worth.
struct Weights {
    words: Vec<Word>,
    of_stem: Vec<Bm25Weight>,
}

impl Weights {
    /// The score of a passage, and whether it has all words. The best of a word's stems counts, as often as the word stands
    /// in the question.
    fn score(&self, having: &Having) -> (f32, bool) {
        let (mut score, mut has_all) = (0.0, true);
        for Word { stems, times } in &self.words {
            let stems = stems.iter().filter(|stem| having.times[**stem] > 0);
            let scores =
                stems.map(|stem| self.of_stem[*stem].score(having.length, having.times[*stem]));
            match scores.max_by(f32::total_cmp) {
                Some(best) => score += best * times,
                None => has_all = false,
            }
        }
        (score, has_all)
    }
}

impl ServerFinder<'_> {
    pub(super) fn words(&self, asked: &WordsAsked<'_>) -> Result<ByWords, StoreError> {
        let found = Words::default().query_stems(asked.query.text(), self.languages);
        let mut stems: Vec<&str> = found
            .iter()
            .flat_map(|(stems, _)| stems.iter().map(String::as_str))
            .collect();
        stems.sort_unstable();
        stems.dedup();
        if stems.is_empty() {
            return Ok(ByWords::default());
        }
        let place: HashMap<&str, usize> = stems.iter().copied().zip(0..).collect();
        let words = found.iter().map(|(of_word, times)| Word {
            stems: of_word.iter().map(|stem| place[stem.as_str()]).collect(),
            times: *times as f32,
        });
        let words: Vec<Word> = words.collect();
        let sample = if asked.exact || self.totals.passages <= ALL {
            Vec::new()
        } else {
            having(self.sampled()?, &stems)
        };
        let frequencies = self.frequencies(&sample, stems.len());
        let rare = rare(&frequencies);
        let matched = self.matched(asked, &stems, &rare)?;
        let passages = self.totals.passages.max(matched.len() as u64).max(1);
        let average = self.totals.words as f32 / passages as f32;
        let of_stem = (0..stems.len()).map(|stem| {
            let having = if rare.contains(&stem) {
                let having = matched.iter().filter(|one| one.having.times[stem] > 0);
                having.count() as u64
            } else {
                frequencies[stem] as u64
            };
            Bm25Weight::for_one_term_without_explain(having.min(passages), passages, average)
        });
        let weights = Weights {
            of_stem: of_stem.collect(),
            words,
        };
        let mut answer = score(asked, &weights, &matched, &rare);
        if !sample.is_empty() {
            let share = passages as f64 / sample.len() as f64;
            for having in sample.iter().filter(|having| !has_any(having, &rare)) {
                let (score, _) = weights.score(having);
                answer.scores.moments.add_many(score, share);
            }
        }
        answer.scores.moments = answer.scores.moments.filled_up(passages);
        Ok(answer)
    }

    /// In how many passages each stem stands, by the sample; in none, without one.
    fn frequencies(&self, sample: &[Having], stems: usize) -> Vec<f64> {
        let share = self.totals.passages as f64 / sample.len().max(1) as f64;
        let frequency = |stem: usize| {
            let having = sample.iter().filter(|having| having.times[stem] > 0);
            having.count() as f64 * share
        };
        (0..stems).map(frequency).collect()
    }

    /// The passages that have any of the rare stems, and those that are near, whether they are in the scope or not.
    ///
    /// Each is a group of its own: what is asked of groups the servers that have the rows work out, and send that; what is
    /// asked of rows the first server works out, and is sent their stems for it.
    fn matched(
        &self,
        asked: &WordsAsked<'_>,
        stems: &[&str],
        rare: &[usize],
    ) -> Result<Vec<Matched>, StoreError> {
        let any = AskedWords::any(rare.iter().map(|stem| AskedWords::word(stems[*stem])));
        let Some(any) = any else {
            return Ok(Vec::new());
        };
        let mut condition = finder::condition(asked.scope);
        let is_allowed = condition.text();
        let any = condition.bind(any);
        let near = condition.bind(all_signed(asked.near.iter().map(|id| id.0)));
        let ranks = stems.iter().map(|stem| {
            let sign = condition.bind(AskedWords::word(stem));
            format!(", max(ts_rank('{{1,1,1,1}}', stems, {sign}))")
        });
        let ranks: String = ranks.collect();
        let sql = format!(
            "SELECT id, length, bool_or({is_allowed}){ranks} FROM passages
             WHERE stems @@ {any} OR id = ANY({near}) GROUP BY article, id, length"
        );
        let failed = |error| self.database.failed(&error);
        let rows = self.database.rows(&sql, &condition.parameters())?;
        let matched = rows.iter().map(|row| {
            let id: i64 = row.try_get(0)?;
            let length: i32 = row.try_get(1)?;
            let times = (0..stems.len()).map(|place| row.try_get(3 + place).map(values::times));
            Ok(Matched {
                id: PointId(id.unsigned_abs()),
                is_allowed: row.try_get::<_, Option<bool>>(2)? == Some(true),
                having: Having {
                    length: FieldNormReader::fieldnorm_to_id(length.unsigned_abs()),
                    times: times.collect::<Result<_, _>>()?,
                },
            })
        });
        matched.collect::<Result<_, _>>().map_err(failed)
    }
}

/// How often the stems stand in the passages of a sample.
fn having(sample: &[Sampled], stems: &[&str]) -> Vec<Having> {
    let having = sample.iter().map(|sampled| Having {
        length: FieldNormReader::fieldnorm_to_id(sampled.length),
        times: stems.iter().map(|stem| sampled.stems.times(stem)).collect(),
    });
    having.collect()
}

/// The rarest stems: as many as there is time for, and one at least.
fn rare(frequencies: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..frequencies.len()).collect();
    order.sort_by(|a, b| frequencies[*a].total_cmp(&frequencies[*b]).then(a.cmp(b)));
    let mut looked_at = 0.0;
    let mut rare = Vec::new();
    for stem in order {
        looked_at += frequencies[stem];
        if looked_at > LOOKED_AT && !rare.is_empty() {
            break;
        }
        rare.push(stem);
    }
    rare
}

fn has_any(having: &Having, stems: &[usize]) -> bool {
    stems.iter().any(|stem| having.times[*stem] > 0)
}

/// The scores of what was looked at; the moments are those of what has a rare word.
fn score(
    asked: &WordsAsked<'_>,
    weights: &Weights,
    matched: &[Matched],
    rare: &[usize],
) -> ByWords {
    let mut scores = Scores::default();
    let mut all_words = IdSet::new();
    for Matched {
        id,
        is_allowed,
        having,
    } in matched
    {
        let (score, has_all) = weights.score(having);
        if has_any(having, rare) {
            scores.moments.add(score);
        }
        if score <= 0.0 {
            continue;
        }
        if has_all {
            all_words.insert(*id);
        }
        if *is_allowed {
            scores.best.push((*id, score));
        }
        if asked.near.contains(*id) {
            scores.wanted.push((*id, score));
        }
    }
    scores.keep_best(asked.best);
    ByWords { scores, all_words }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rarest_words_are_looked_for_and_one_at_least() {
        assert_eq!(rare(&[0.0, 0.0, 0.0]), [0, 1, 2]);
        assert_eq!(rare(&[50_000.0, 7_000.0, 500.0, 900.0]), [2, 3]);
        assert_eq!(rare(&[50_000.0, 60_000.0]), [0]);
    }
}
