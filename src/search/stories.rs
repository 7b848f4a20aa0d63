//! One line a story: copies of a passage stand together, under the earliest.
//!
//! News is printed again and again, word for word or nearly. Ten copies of one passage aren't ten answers.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use topoi_index::{PointId, dot_product};

use super::copies::{NEAR, Shingles};
use super::sources::Candidate;
use crate::article::{ArticleId, Date, Passage, PassageId, StoredArticle};
use crate::error::{Error, Result};
use crate::library::Library;

/// How many candidates are looked at for copies of each story that is shown. Copies score nearly as much as what they are
/// copies of; those with the very same text are found wherever they are.
const LOOKED_AT: usize = 10;

/// A passage and its copies.
#[derive(Debug)]
pub(super) struct Story<'l> {
    /// What was found first: the best of them.
    pub(super) best: Candidate<'l>,
    /// The earliest of them.
    pub(super) earliest: Candidate<'l>,
    /// All others.
    pub(super) copies: Vec<PassageId>,
}

impl<'l> Story<'l> {
    /// A passage without copies.
    pub(super) fn of(passage: Candidate<'l>) -> Self {
        Self {
            best: passage,
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
}

impl<'l> Texts<'l> {
    pub(super) fn new(library: &'l Library) -> Self {
        Self {
            library,
            passages: HashMap::new(),
            articles: HashMap::new(),
            shingles: HashMap::new(),
        }
    }

    pub(super) fn passage(&mut self, id: PassageId) -> Result<&Passage> {
        match self.passages.entry(id) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(new) => {
                let passage = self.library.store().passage(id)?;
                Ok(new.insert(passage.ok_or(Error::NoPassage(id))?))
            }
        }
    }

    pub(super) fn article(&mut self, id: ArticleId) -> Result<&StoredArticle> {
        match self.articles.entry(id) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(new) => {
                let article = self.library.store().article(id)?;
                Ok(new.insert(article.ok_or(Error::NoArticle(id))?))
            }
        }
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
    fn are_copies(&mut self, a: &Candidate<'_>, b: &Candidate<'_>) -> Result<bool> {
        if dot_product(a.vector, b.vector) < NEAR {
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

/// Puts copies together: at most `limit` stories in the order of their best, and where that is asked for no more than
/// `per_article` of an article. With `apart` each copy is a story of its own.
pub(super) fn collapse<'l>(
    candidates: &[Candidate<'l>],
    limit: usize,
    per_article: Option<usize>,
    apart: bool,
    texts: &mut Texts<'_>,
) -> Result<Vec<Story<'l>>> {
    // Which article a story counts for is known once all of its copies are.
    let most = if per_article.is_some() {
        usize::MAX
    } else {
        limit
    };
    let mut groups: Vec<Vec<Candidate<'_>>> = Vec::new();
    'candidates: for (place, candidate) in candidates.iter().enumerate() {
        if groups.len() == most && place >= most.saturating_mul(LOOKED_AT) {
            break;
        }
        if !apart {
            for group in &mut groups {
                if texts.are_copies(&group[0], candidate)? {
                    group.push(*candidate);
                    continue 'candidates;
                }
            }
        }
        if groups.len() < most {
            groups.push(vec![*candidate]);
        }
    }
    let mut stories = Vec::new();
    let mut of_article: HashMap<ArticleId, usize> = HashMap::new();
    for group in groups {
        let Some(best) = group.first().copied() else {
            continue;
        };
        let mut earliest = best;
        for copy in &group {
            if texts.age(copy.id)? < texts.age(earliest.id)? {
                earliest = *copy;
            }
        }
        if let Some(per_article) = per_article {
            let article = texts.passage(PassageId(earliest.id.0))?.article;
            let shown = of_article.entry(article).or_default();
            *shown += 1;
            if *shown > per_article {
                continue;
            }
        }
        let others = group.iter().filter(|copy| copy.id != earliest.id);
        stories.push(Story {
            best,
            earliest,
            copies: others.map(|copy| PassageId(copy.id.0)).collect(),
        });
        if stories.len() == limit {
            break;
        }
    }
    Ok(stories)
}
