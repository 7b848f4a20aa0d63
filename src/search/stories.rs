//! One line a story: copies of a passage stand together, under the earliest.
//!
//! News is printed again and again, word for word or nearly. Ten copies of one passage aren't ten answers.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;

use topoi_index::{PointId, dot_product};

use super::Scope;
use super::copies::{NEAR, Shingles};
use super::sources::Candidate;
use crate::article::{ArticleId, Date, Passage, PassageId, StoredArticle};
use crate::error::{Error, Result};
use crate::library::Library;

/// How many candidates are looked at for copies of each story that is shown. Copies score nearly as much as what they are
/// copies of; those with the very same text are found wherever they are.
const LOOKED_AT: usize = 10;

/// How many stories more than may be shown of an article begin with a passage of it: some may turn out to be older in
/// another article, for which they count. Without a limit a long article would be compared with itself.
const SHOWN_ELSEWHERE: usize = 8;

/// A passage and its copies.
#[derive(Debug)]
pub(super) struct Story {
    /// What was found first: the best of them.
    pub(super) best: Candidate,
    /// The earliest of them.
    pub(super) earliest: Candidate,
    /// All others.
    pub(super) copies: Vec<PassageId>,
}

impl Story {
    /// A passage without copies.
    pub(super) fn of(passage: Candidate) -> Self {
        Self {
            best: passage.clone(),
            earliest: passage,
            copies: Vec::new(),
        }
    }
}

/// Texts and articles as they are asked for, each read once.
pub(super) struct Texts<'l> {
    library: &'l Library,
    passages: HashMap<PassageId, Passage>,
    articles: HashMap<ArticleId, StoredArticle>,
    shingles: HashMap<PassageId, Shingles>,
    /// Passages with the very same text as others, among those that may be shown.
    copies: HashMap<PassageId, Vec<PassageId>>,
}

impl<'l> Texts<'l> {
    pub(super) fn new(library: &'l Library) -> Self {
        Self {
            library,
            passages: HashMap::new(),
            articles: HashMap::new(),
            shingles: HashMap::new(),
            copies: HashMap::new(),
        }
    }

    /// Reads together what will be asked for of the first candidates.
    ///
    /// On servers, where that is slow one by one, of all that may be looked at; and what is gone meanwhile is left out.
    pub(super) fn read_ahead(
        &mut self,
        candidates: &mut Vec<Candidate>,
        wanted: Wanted<'_>,
    ) -> Result<()> {
        let backend = self.library.backend();
        let id = |candidate: &Candidate| PassageId(candidate.id.0);
        let first = wanted.limit.min(candidates.len());
        let looked_at = if backend.is_frozen() {
            first
        } else {
            wanted.limit.saturating_mul(LOOKED_AT).min(candidates.len())
        };
        let ids: Vec<PassageId> = candidates[..looked_at].iter().map(id).collect();
        self.read(&ids)?;
        if !backend.is_frozen() {
            let (mut place, passages) = (0, &self.passages);
            candidates.retain(|candidate| {
                place += 1;
                place > looked_at || passages.contains_key(&id(candidate))
            });
        }
        if !wanted.apart {
            let first: Vec<PassageId> = candidates.iter().take(first).map(id).collect();
            self.copies
                .extend(backend.copies_within(&first, wanted.scope)?);
            let copies = first.iter().filter_map(|id| self.copies.get(id));
            let copies: Vec<PassageId> = copies.flatten().copied().collect();
            self.read(&copies)?;
        }
        Ok(())
    }

    /// Reads those of some passages that aren't known yet, with their articles.
    fn read(&mut self, ids: &[PassageId]) -> Result<()> {
        let store = self.library.store();
        let mut new: Vec<PassageId> = ids.to_vec();
        new.retain(|id| !self.passages.contains_key(id));
        new.sort_unstable();
        new.dedup();
        if new.is_empty() {
            return Ok(());
        }
        let passages = store.passages(&new)?;
        let mut articles: Vec<ArticleId> = passages.iter().map(|passage| passage.article).collect();
        articles.retain(|id| !self.articles.contains_key(id));
        articles.sort_unstable();
        articles.dedup();
        let articles = store.articles_with(&articles)?;
        self.articles
            .extend(articles.into_iter().map(|article| (article.id, article)));
        let known = passages
            .into_iter()
            .filter(|passage| self.articles.contains_key(&passage.article));
        self.passages
            .extend(known.map(|passage| (passage.id, passage)));
        Ok(())
    }

    /// The passages with the very same text as this one that may be shown.
    fn copies(&mut self, id: PassageId, scope: &Scope) -> Result<&[PassageId]> {
        let backend = self.library.backend();
        let copies = known(&mut self.copies, id, || {
            let mut copies = backend.copies_within(&[id], scope)?;
            Ok(copies.remove(&id).unwrap_or_default())
        })?;
        Ok(copies)
    }

    pub(super) fn passage(&mut self, id: PassageId) -> Result<&Passage> {
        let library = self.library;
        known(&mut self.passages, id, || {
            library.store().passage(id)?.ok_or(Error::NoPassage(id))
        })
    }

    pub(super) fn article(&mut self, id: ArticleId) -> Result<&StoredArticle> {
        let library = self.library;
        known(&mut self.articles, id, || {
            library.store().article(id)?.ok_or(Error::NoArticle(id))
        })
    }

    pub(super) fn article_of(&mut self, passage: PassageId) -> Result<&StoredArticle> {
        let article = self.passage(passage)?.article;
        self.article(article)
    }

    pub(super) fn shingles(&mut self, id: PassageId) -> Result<&Shingles> {
        if !self.shingles.contains_key(&id) {
            let shingles = Shingles::of(&self.passage(id)?.text);
            self.shingles.insert(id, shingles);
        }
        Ok(&self.shingles[&id])
    }

    /// Whether one passage is a copy of another, which their vectors suggest.
    fn are_copies(&mut self, a: &Candidate, b: &Candidate) -> Result<bool> {
        if dot_product(&a.vector, &b.vector) < NEAR {
            return Ok(false);
        }
        let (a, b) = (PassageId(a.id.0), PassageId(b.id.0));
        self.shingles(a)?;
        self.shingles(b)?;
        let both = self.shingles.get(&a).zip(self.shingles.get(&b));
        Ok(both.is_some_and(|(a, b)| a.is_copy(b)))
    }

    /// What comes first of several passages: the earliest known date, then the lowest number.
    fn age(&mut self, id: PointId) -> Result<(bool, Option<Date>, PointId)> {
        let date = self.article_of(PassageId(id.0))?.metadata.date;
        let date = date.map(Date::earliest);
        Ok((date.is_none(), date, id))
    }
}

/// What is in the map, read now if it isn't there yet.
fn known<K: Eq + Hash, V>(
    map: &mut HashMap<K, V>,
    key: K,
    read: impl FnOnce() -> Result<V>,
) -> Result<&V> {
    Ok(match map.entry(key) {
        Entry::Occupied(known) => known.into_mut(),
        Entry::Vacant(new) => new.insert(read()?),
    })
}

/// Which stories are made of candidates.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'s> {
    /// How many stories, at most.
    pub(super) limit: usize,
    /// How many of an article, at most.
    pub(super) per_article: Option<usize>,
    /// Whether each copy is a story of its own.
    pub(super) apart: bool,
    /// Which passages may be shown.
    pub(super) scope: &'s Scope,
}

/// Puts copies together: stories in the order of the best of each.
pub(super) fn collapse(
    candidates: &[Candidate],
    wanted: Wanted<'_>,
    texts: &mut Texts<'_>,
) -> Result<Vec<Story>> {
    let mut most = wanted.limit;
    loop {
        let groups = group(candidates, most, wanted, texts)?;
        let might_be_more = groups.len() == most;
        let mut stories = Vec::new();
        let mut of_article: HashMap<ArticleId, usize> = HashMap::new();
        for group in groups {
            let Some(story) = story(group, wanted, texts)? else {
                continue;
            };
            // An article counts where it is shown, which may be another one than where the best copy stands.
            let article = texts.passage(PassageId(story.earliest.id.0))?.article;
            let shown = of_article.entry(article).or_default();
            *shown += 1;
            if wanted.per_article.is_none_or(|most| *shown <= most) {
                stories.push(story);
            }
        }
        if stories.len() >= wanted.limit || !might_be_more {
            stories.truncate(wanted.limit);
            return Ok(stories);
        }
        most = most.saturating_mul(2);
    }
}

/// Candidates with their copies among the others, up to `most` groups.
fn group(
    candidates: &[Candidate],
    most: usize,
    wanted: Wanted<'_>,
    texts: &mut Texts<'_>,
) -> Result<Vec<Vec<Candidate>>> {
    let mut groups: Vec<Vec<Candidate>> = Vec::new();
    let mut of_article: HashMap<ArticleId, usize> = HashMap::new();
    'candidates: for (place, candidate) in candidates.iter().enumerate() {
        let is_full = groups.len() == most;
        if is_full && (wanted.apart || place >= most.saturating_mul(LOOKED_AT)) {
            break;
        }
        if !wanted.apart {
            for group in &mut groups {
                if texts.are_copies(&group[0], candidate)? {
                    group.push(candidate.clone());
                    continue 'candidates;
                }
            }
        }
        if is_full {
            continue;
        }
        if let Some(per_article) = wanted.per_article {
            let article = texts.passage(PassageId(candidate.id.0))?.article;
            let found = of_article.entry(article).or_default();
            if *found >= per_article.saturating_add(SHOWN_ELSEWHERE) {
                continue;
            }
            *found += 1;
        }
        groups.push(vec![candidate.clone()]);
    }
    Ok(groups)
}

/// A story of a passage and its copies, the best of them first; none of nothing.
fn story(
    mut group: Vec<Candidate>,
    wanted: Wanted<'_>,
    texts: &mut Texts<'_>,
) -> Result<Option<Story>> {
    let Some(best) = group.first().cloned() else {
        return Ok(None);
    };
    if !wanted.apart {
        // Those with the very same text are known to the database, whether they are candidates or not.
        let copies = texts.copies(PassageId(best.id.0), wanted.scope)?;
        for id in copies.iter().map(|copy| PointId(copy.0)) {
            if group.iter().all(|known| known.id != id) {
                group.push(Candidate { id, ..best.clone() });
            }
        }
    }
    let mut earliest = best.clone();
    for copy in &group {
        if texts.age(copy.id)? < texts.age(earliest.id)? {
            earliest = copy.clone();
        }
    }
    let others = group.iter().filter(|copy| copy.id != earliest.id);
    let copies = others.map(|copy| PassageId(copy.id.0)).collect();
    Ok(Some(Story {
        best,
        earliest,
        copies,
    }))
}
