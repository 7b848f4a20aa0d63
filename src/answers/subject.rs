//! Themes with what is known of the articles that their passages stand in.

use std::collections::HashMap;

use topoi::article::{ArticleId, Passage, PassageId, StoredArticle};
use topoi::library::{Commentary, Library, LibraryTheme};
use topoi::store::Filter;
use topoi::themes::trends::{Appearance, Trends, trends};

/// What a library, or a part of it, is about, who wrote it, and when.
pub(crate) struct Subject {
    pub(crate) commentary: Commentary,
    pub(crate) trends: Trends,
    articles: HashMap<ArticleId, StoredArticle>,
}

impl Subject {
    pub(crate) fn new(library: &Library, commentary: Commentary) -> topoi::Result<Self> {
        let articles = library.store().articles(&Filter::default())?;
        let articles: HashMap<ArticleId, StoredArticle> = articles
            .into_iter()
            .map(|article| (article.id, article))
            .collect();
        let appearances: Vec<Vec<Appearance<'_>>> = commentary
            .themes
            .iter()
            .map(|theme| {
                let members = theme.members.iter();
                members
                    .map(|member| {
                        let id = commentary.passages[member.node].article;
                        let known = articles.get(&id).map(|article| &article.metadata);
                        Appearance {
                            article: id.0,
                            date: known.and_then(|known| known.date),
                            author: known.and_then(|known| known.author.as_deref()),
                            source: known.and_then(|known| known.source.as_deref()),
                            weight: 1.0,
                        }
                    })
                    .collect()
            })
            .collect();
        Ok(Self {
            trends: trends(&appearances),
            commentary,
            articles,
        })
    }

    pub(crate) fn article(&self, id: ArticleId) -> Option<&StoredArticle> {
        self.articles.get(&id)
    }

    /// A passage with its article.
    pub(crate) fn passage(&self, place: usize) -> Option<(&Passage, &StoredArticle)> {
        let passage = self.commentary.passages.get(place)?;
        Some((passage, self.articles.get(&passage.article)?))
    }

    /// The passages that stand for a theme.
    pub(crate) fn exemplars(
        &self,
        theme: &LibraryTheme,
    ) -> impl Iterator<Item = (&Passage, &StoredArticle)> {
        let place = |id: &PassageId| {
            self.commentary
                .passages
                .binary_search_by_key(id, |p| p.id)
                .ok()
        };
        let places: Vec<usize> = theme.kept.exemplars.iter().filter_map(place).collect();
        places.into_iter().filter_map(|place| self.passage(place))
    }

    /// The places of the themes, in the order in which they are shown.
    pub(crate) fn order(&self, rising_first: bool) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.commentary.themes.len()).collect();
        if rising_first {
            let z = |place: usize| {
                self.trends.themes[place]
                    .rising
                    .map_or(f64::NEG_INFINITY, |trend| trend.z)
            };
            order.sort_by(|&a, &b| z(b).total_cmp(&z(a)).then(a.cmp(&b)));
        }
        order
    }
}
