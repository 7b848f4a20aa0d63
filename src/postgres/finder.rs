//! Candidates from the servers: the nearest vectors, through pgvector's graphs or by comparing all, and words.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use rayon::prelude::*;
use topoi_index::{PointId, UnitVector, dot_product};

use super::database::Database;
use super::records::all_signed;
use super::served::{self, Sampled};
use super::sql::Condition;
use super::totals::Totals;
use super::values::{self, AskedWords};
use crate::error::Result;
use crate::lexical::{Query, Words};
use crate::library::backend::{ByWords, Finder, Near, WordsAsked};
use crate::search::{Background, Scope};
use crate::store::StoreError;

/// How many times as many passages stand for a library's words as for its vectors.
const MORE_FOR_WORDS: u64 = 4;

/// The vectors and the words of a library on PostgreSQL.
pub(super) struct ServerFinder<'l> {
    pub(super) database: &'l Database,
    /// The languages of the library's articles.
    pub(super) languages: &'l [String],
    pub(super) background: &'l Background,
    pub(super) totals: &'l Totals,
    /// The highest number that a passage had when the library was opened.
    pub(super) highest: u64,
    /// The words of the sample that stands for the library, once they were needed.
    pub(super) sampled: &'l OnceLock<Vec<Sampled>>,
}

impl Finder for ServerFinder<'_> {
    fn background(&self) -> &Background {
        self.background
    }

    fn has_words(&self) -> bool {
        true
    }

    fn nearest(
        &self,
        vector: &UnitVector,
        count: usize,
        scope: &Scope,
        exact: bool,
    ) -> Result<Vec<Near>> {
        if count == 0 || self.database.partitions.is_empty() {
            return Ok(Vec::new());
        }
        // What a selective filter lets in is far apart in a graph.
        let is_scanned = exact || scope.only().is_some();
        let found = self.ask(vector, count, scope, is_scanned)?;
        if found.len() < count && !is_scanned {
            // The walk was given up, or there are no more.
            return Ok(self.ask(vector, count, scope, true)?);
        }
        Ok(found)
    }

    fn nearest_to_each(
        &self,
        vectors: &[UnitVector],
        count: usize,
        scope: &Scope,
        exact: bool,
    ) -> Result<Vec<Vec<Near>>> {
        let vectors = vectors.par_iter();
        let found = vectors.map(|vector| self.nearest(vector, count, scope, exact));
        found.collect()
    }

    fn by_words(&self, asked: &WordsAsked<'_>) -> Result<Option<ByWords>> {
        if self.database.partitions.is_empty() {
            return Ok(Some(ByWords::default()));
        }
        Ok(Some(self.words(asked)?))
    }

    fn vectors(&self, passages: &[PointId]) -> Result<HashMap<PointId, Arc<[f32]>>> {
        let found = vectors(self.database, passages.iter().copied())?;
        let found = found.into_iter();
        Ok(found.map(|(id, vector)| (id, vector.into())).collect())
    }

    fn demanded(&self, query: &Query, scope: &Arc<Scope>) -> Result<Arc<Scope>> {
        let mut scope = Scope::clone(scope);
        scope.demand(query);
        Ok(Arc::new(scope))
    }
}

impl ServerFinder<'_> {
    /// The words of the sample that stands for the library.
    pub(super) fn sampled(&self) -> Result<&[Sampled], StoreError> {
        if let Some(known) = self.sampled.get() {
            return Ok(known);
        }
        let body = usize::try_from(self.totals.body).unwrap_or(usize::MAX);
        let rows = self.database.rows(
            "SELECT length, stems FROM passages WHERE id = ANY($1) AND kind = 'body' ORDER BY id",
            &[&served::sample(self.highest, body, MORE_FOR_WORDS)],
        )?;
        let found = rows.iter().map(|row| {
            Ok(Sampled {
                length: row.try_get::<_, i32>(0)?.unsigned_abs(),
                stems: row.try_get(1)?,
            })
        });
        let found = found.collect::<Result<Vec<_>, _>>();
        let found = found.map_err(|error| self.database.failed(&error))?;
        Ok(self.sampled.get_or_init(|| found))
    }

    /// Asks each partition for its nearest, which then are put in order: so the partitions can be asked at the same time where
    /// they lie on different servers, and each sends no more than is needed.
    fn ask(
        &self,
        vector: &UnitVector,
        count: usize,
        scope: &Scope,
        is_scanned: bool,
    ) -> Result<Vec<Near>, StoreError> {
        let mut condition = condition(scope);
        let question = values::to_half(vector.as_slice());
        let sign = condition.bind(question);
        // No index knows an order that has something added to it.
        let order = if is_scanned {
            format!("(embedding <=> {sign}) + 0.0::float8")
        } else {
            format!("embedding <=> {sign}")
        };
        let text = condition.text();
        let parts = self.database.partitions.iter().map(|partition| {
            format!(
                "(SELECT id, embedding FROM {partition} WHERE {text} ORDER BY {order} LIMIT {count})"
            )
        });
        let sql = format!(
            "WITH near AS MATERIALIZED ({}) SELECT id, embedding FROM near ORDER BY embedding <=> {sign}, id LIMIT {count}",
            parts.collect::<Vec<_>>().join(" UNION ALL ")
        );
        let rows = self.database.rows(&sql, &condition.parameters())?;
        let mut found = Vec::with_capacity(rows.len());
        for row in &rows {
            let failed = |error| self.database.failed(&error);
            let id: i64 = row.try_get(0).map_err(failed)?;
            let stored = values::vector(row, 1).map_err(failed)?;
            found.push(Near {
                id: PointId(id.unsigned_abs()),
                cosine: dot_product(vector.as_slice(), &stored),
                vector: stored.into(),
            });
        }
        found.sort_by(|a, b| b.cosine.total_cmp(&a.cosine).then(a.id.cmp(&b.id)));
        Ok(found)
    }
}

/// Which passages are in a scope.
pub(super) fn condition(scope: &Scope) -> Condition {
    let mut condition = Condition::default();
    match scope.only() {
        Some(only) => {
            let sign = condition.bind(all_signed(only.iter().map(|id| id.0)));
            condition.and(format!("id = ANY({sign})"));
        }
        None => condition.of_passage(scope.filter()),
    }
    if !scope.except().is_empty() {
        let sign = condition.bind(all_signed(scope.except().iter().map(|id| id.0)));
        condition.and(format!("id <> ALL({sign})"));
    }
    if let Some(query) = scope.demanding()
        && let Some(demanded) = demanded(query)
    {
        let sign = condition.bind(demanded);
        condition.and(format!("words @@ {sign}"));
    }
    condition
}

/// What a question demands and excludes, as words in their places.
fn demanded(query: &Query) -> Option<AskedWords> {
    let mut words = Words::default();
    AskedWords::all(query.wordings().filter_map(|(wording, is_excluded)| {
        let words = words.exact(wording);
        let phrase = AskedWords::phrase(words.iter().map(|word| AskedWords::word(word)))?;
        Some(if is_excluded { phrase.not() } else { phrase })
    }))
}

/// The vectors of those of some passages that there are.
pub(super) fn vectors(
    database: &Database,
    passages: impl Iterator<Item = PointId>,
) -> Result<Vec<(PointId, Vec<f32>)>, StoreError> {
    let ids = all_signed(passages.map(|id| id.0));
    if ids.is_empty() || database.partitions.is_empty() {
        return Ok(Vec::new());
    }
    let rows = database.rows(
        "SELECT id, embedding FROM passages WHERE id = ANY($1)",
        &[&ids],
    )?;
    let mut vectors = Vec::with_capacity(rows.len());
    for row in &rows {
        let failed = |error| database.failed(&error);
        let id: i64 = row.try_get(0).map_err(failed)?;
        let vector = values::vector(row, 1).map_err(failed)?;
        vectors.push((PointId(id.unsigned_abs()), vector));
    }
    Ok(vectors)
}
