//! A library on PostgreSQL, open for reading: each question sees it as it is then.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use tempfile::TempDir;
use topoi_index::{BuildOptions, IdSet, PointId, Searcher, Segment, Space, write_segment};
use topoi_models::Identity;

use super::database::Database;
use super::finder::ServerFinder;
use super::records::all_signed;
use super::sql::Condition;
use super::totals::Totals;
use super::values::StoredWords;
use super::{ServerUrl, values};
use crate::article::{Passage, PassageId};
use crate::error::Result;
use crate::library::backend::{Backend, Finder, Gathered};
use crate::library::{Sizes, read_identity};
use crate::search::{Background, Scope};
use crate::store::{Filter, Records, StoreError};

/// Where a filter lets in no more passages than this, all of them are compared: a walk through the graph would pass by many
/// others.
const SELECTIVE: i64 = 10_000;

/// How many vectors are fetched at once, where many are.
const FETCHED: usize = 10_000;

/// A library on PostgreSQL.
#[derive(Debug)]
pub(crate) struct Served {
    database: Database,
    identity: Option<Identity>,
    /// As they were when the library was opened.
    totals: Totals,
    /// The highest number that a passage had then.
    highest: u64,
    background: OnceCell<Background>,
    languages: OnceCell<Vec<String>>,
    sampled: OnceLock<Vec<Sampled>>,
}

/// The words of a passage of the sample that stands for the library.
#[derive(Debug)]
pub(super) struct Sampled {
    pub(super) length: u32,
    pub(super) stems: StoredWords,
}

impl Served {
    pub(crate) fn open(url: &ServerUrl) -> Result<Self> {
        let database = Database::open(url)?;
        let highest = database.number(
            "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM passage_ids",
            &[],
        )?;
        Ok(Self {
            identity: read_identity(&database)?,
            totals: database.totals()?,
            highest: highest.unsigned_abs(),
            database,
            background: OnceCell::new(),
            languages: OnceCell::new(),
            sampled: OnceLock::new(),
        })
    }

    fn languages(&self) -> Result<&[String]> {
        if let Some(known) = self.languages.get() {
            return Ok(known);
        }
        let found = self.database.languages()?;
        Ok(self.languages.get_or_init(|| found))
    }

    /// The mean of all vectors, and those of passages that are evenly apart.
    fn find_background(&self) -> Result<Background> {
        let passages = usize::try_from(self.totals.body).unwrap_or(usize::MAX);
        if passages == 0 {
            return Ok(Background::default());
        }
        let numbers = sample(self.highest, passages, 1);
        let rows = self.database.rows(
            "SELECT embedding FROM passages WHERE id = ANY($1) AND kind = 'body' ORDER BY id",
            &[&numbers],
        )?;
        let mut vectors = Vec::new();
        for row in &rows {
            let vector = values::vector(row, 0);
            vectors.extend(vector.map_err(|error| self.database.failed(&error))?);
        }
        Ok(Background::new(self.totals.mean(), vectors, passages))
    }

    /// How many passages the articles have that a filter chooses, whatever their language.
    fn count(&self, filter: &Filter) -> Result<i64, StoreError> {
        let mut condition = Condition::default();
        let of_article = condition.of_its_article(filter);
        let sql =
            format!("SELECT coalesce(sum(passages), 0)::bigint FROM articles WHERE {of_article}");
        self.database.number(&sql, &condition.parameters())
    }

    /// The passages that a filter chooses.
    fn matching(&self, filter: &Filter) -> Result<IdSet, StoreError> {
        let mut condition = Condition::default();
        condition.of_passage(filter);
        condition.of_theme(filter);
        if filter.theme.is_none() {
            let of_article = condition.of_its_article(filter);
            condition.and(format!(
                "article IN (SELECT id FROM articles WHERE {of_article})"
            ));
        }
        let sql = format!("SELECT id FROM passages WHERE {}", condition.text());
        let rows = self.database.rows(&sql, &condition.parameters())?;
        let mut ids = IdSet::new();
        for row in &rows {
            let id: i64 = row
                .try_get(0)
                .map_err(|error| self.database.failed(&error))?;
            ids.insert(PointId(id.unsigned_abs()));
        }
        Ok(ids)
    }
}

/// The numbers of the passages that stand for a library of so many; for its words more of them, which are rarer than what
/// vectors have in common.
pub(super) fn sample(highest: u64, passages: usize, more: u64) -> Vec<i64> {
    let step = (Background::step(passages) / more).max(1);
    all_signed((0..=highest / step).map(|number| number * step))
}

impl Backend for Served {
    fn records(&self) -> &dyn Records {
        &self.database
    }

    fn identity(&self) -> Option<&Identity> {
        self.identity.as_ref()
    }

    fn prepare(&self) -> Result<()> {
        self.languages()?;
        self.background()?;
        Ok(())
    }

    fn is_frozen(&self) -> bool {
        false
    }

    fn sizes(&self) -> Result<Sizes> {
        Ok(super::check::sizes(&self.database, &self.totals)?)
    }

    fn len(&self) -> usize {
        usize::try_from(self.totals.passages).unwrap_or(usize::MAX)
    }

    fn may_hold(&self, id: PassageId) -> bool {
        id.0 <= self.highest
    }

    fn scope(&self, filter: &Filter) -> Result<Scope> {
        if self.database.partitions.is_empty() || filter.is_any_article() {
            return Ok(Scope::of_filter(filter, None, None));
        }
        let count = self.count(filter)?;
        if filter.theme.is_some() || count <= SELECTIVE {
            return Ok(Scope::of_filter(filter, Some(self.matching(filter)?), None));
        }
        let count = usize::try_from(count).ok();
        Ok(Scope::of_filter(filter, None, count))
    }

    fn background(&self) -> Result<&Background> {
        if let Some(known) = self.background.get() {
            return Ok(known);
        }
        let found = self.find_background()?;
        Ok(self.background.get_or_init(|| found))
    }

    fn finder(&self, _: bool) -> Result<Box<dyn Finder + '_>> {
        Ok(Box::new(ServerFinder {
            database: &self.database,
            languages: self.languages()?,
            background: self.background()?,
            totals: &self.totals,
            highest: self.highest,
            sampled: &self.sampled,
        }))
    }

    fn copies_within(
        &self,
        passages: &[PassageId],
        scope: &Scope,
    ) -> Result<HashMap<PassageId, Vec<PassageId>>> {
        let ids = all_signed(passages.iter().map(|id| id.0));
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let failed = |error| self.database.failed(&error);
        let mut of_digest: HashMap<Vec<u8>, Vec<PassageId>> = HashMap::new();
        let sql = "SELECT id, digest FROM passages WHERE id = ANY($1)";
        for row in self.database.rows(sql, &[&ids])? {
            let id: i64 = row.try_get(0).map_err(failed)?;
            let digest: Vec<u8> = row.try_get(1).map_err(failed)?;
            let ids = of_digest.entry(digest).or_default();
            ids.push(PassageId(id.unsigned_abs()));
        }
        let mut condition = super::finder::condition(scope);
        let digests: Vec<Vec<u8>> = of_digest.keys().cloned().collect();
        let sign = condition.bind(digests);
        condition.and(format!("digest = ANY({sign})"));
        let sql = format!(
            "SELECT id, digest FROM passages WHERE {} ORDER BY id",
            condition.text()
        );
        let mut copies: HashMap<PassageId, Vec<PassageId>> = HashMap::new();
        for row in self.database.rows(&sql, &condition.parameters())? {
            let id: i64 = row.try_get(0).map_err(failed)?;
            let digest: &[u8] = row.try_get(1).map_err(failed)?;
            for original in of_digest.get(digest).into_iter().flatten() {
                let copies = copies.entry(*original).or_default();
                copies.push(PassageId(id.unsigned_abs()));
            }
        }
        Ok(copies)
    }

    fn vectors(&self, passages: &[PassageId]) -> Result<HashMap<PassageId, Vec<f32>>> {
        let mut vectors = HashMap::with_capacity(passages.len());
        for ids in passages.chunks(FETCHED) {
            let ids = ids.iter().map(|id| PointId(id.0));
            let found = super::finder::vectors(&self.database, ids)?;
            vectors.extend(
                found
                    .into_iter()
                    .map(|(id, vector)| (PassageId(id.0), vector)),
            );
        }
        Ok(vectors)
    }

    fn gather(&self, passages: &[Passage]) -> Result<Gathered> {
        let Some(identity) = &self.identity else {
            return Ok(Gathered::new(Searcher::default(), None));
        };
        let failed = |source| {
            let folder = std::env::temp_dir();
            StoreError::io("make a folder in", &folder, source)
        };
        let folder = TempDir::with_prefix("topoi-").map_err(failed)?;
        let space = Space {
            dim: identity.dim,
            digest: identity.digest(),
        };
        let mut segments = Vec::new();
        for (number, some) in passages.chunks(FETCHED * 5).enumerate() {
            let ids: Vec<PassageId> = some.iter().map(|passage| passage.id).collect();
            let found = self.vectors(&ids)?;
            let mut points: Vec<_> = found
                .into_iter()
                .map(|(id, vector)| (PointId(id.0), vector))
                .collect();
            points.sort_unstable_by_key(|point| point.0);
            let path = folder.path().join(format!("{number}.seg"));
            write_segment(&path, &space, points, &BuildOptions::default())?;
            segments.push(Arc::new(Segment::open(&path, &space)?));
        }
        Ok(Gathered::new(Searcher::new(segments)?, Some(folder)))
    }
}
