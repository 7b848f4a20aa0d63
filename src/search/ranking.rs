//! From cosines to scores: a passage counts by what sets it apart.
//!
//! All passages of a library have something in common: the subject of the one book that was indexed, the manner of a
//! newspaper, or just that they are English prose. It is in every vector, and it says nothing about which
//! passage answers a question. So each passage is compared without half of it: with the library's mean vector m and
//! r = p − m / 2, the score is the cosine of the question with r. Taking the common part away from word and sentence
//! vectors is an old remedy (Mu and Viswanath, *All-but-the-Top*, 2018; Arora, Liang and Ma, *A Simple but
//! Tough-to-Beat Baseline for Sentence Embeddings*, 2017). It is taken from the passages only: taken whole from the
//! question too, it cost .007 of the nDCG@10 on SciFact.

use topoi_index::{Neighbour, UnitVector};

use crate::library::Library;

/// How much of the library's mean is taken from each passage.
///
/// Measured in 2026 with all-MiniLM-L6-v2, nDCG@10 at shares of 0, 0.5 and 0.75: SciFact (claims against abstracts) .6451,
/// .6471, .6489; TIME (questions against paragraphs of news) .7147, .7201, .7248; ArguAna (whole arguments against
/// their counter-arguments) .5035, .4998, .4964. Questions gain and passages that are used as questions lose, so
/// `search` ranks like this and `related` by the cosine. A half is a compromise between the three sets, which are
/// also those that it was chosen on.
const COMMON_SHARE: f32 = 0.5;

/// How many candidates by cosine are scored for each passage that is asked for, and how many at least.
const CANDIDATES_EACH: usize = 4;
const FEWEST_CANDIDATES: usize = 100;

/// How passages are scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ranking {
    /// By the cosine of the question with what sets the passage apart from the library, as described above.
    #[default]
    Distinctive,
    /// By the cosine of the question with the passage.
    Cosine,
}

impl Ranking {
    /// How many passages to fetch by cosine. The best `limit` by score are nearly always among them: on SciFact the
    /// nDCG@10 is the same as with every passage scored.
    pub(super) fn candidates(self, limit: usize) -> usize {
        match self {
            Self::Distinctive if limit > 0 => {
                limit.saturating_mul(CANDIDATES_EACH).max(FEWEST_CANDIDATES)
            }
            _ => limit,
        }
    }
}

impl Library {
    /// Scores candidates, whose cosines are replaced, and puts the best first.
    pub(super) fn score(
        &self,
        question: &UnitVector,
        mut candidates: Vec<Neighbour>,
        ranking: Ranking,
    ) -> Vec<Neighbour> {
        if ranking == Ranking::Distinctive
            && let Some(mean) = self.searcher().mean()
        {
            let in_question = COMMON_SHARE * dot(question.as_slice(), &mean);
            for candidate in &mut candidates {
                if let Some(vector) = self.searcher().vector(candidate.id) {
                    let length = length_without_common(vector, &mean);
                    candidate.score = (candidate.score - in_question) / length;
                }
            }
        }
        candidates.sort_unstable_by(|a, b| b.score.total_cmp(&a.score).then(a.id.cmp(&b.id)));
        candidates
    }
}

/// The length of what is left of a unit vector: at least half, since a mean of unit vectors is no longer than 1.
fn length_without_common(vector: &[f32], mean: &[f32]) -> f32 {
    let rest = vector.iter().zip(mean).map(|(v, m)| v - COMMON_SHARE * m);
    let squared: f32 = rest.map(|r| r * r).sum();
    squared.sqrt().max(1.0 - COMMON_SHARE)
}

pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
