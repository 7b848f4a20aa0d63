//! Themes for programs. What is in it is described in `docs/FORMATS.md`.

use serde::Serialize;
use topoi::article::{ArticleId, Date, PassageId, ThemeId};
use topoi::themes::ledger::Change;
use topoi::themes::trends::{ThemeTrends, Unit};

use super::{PassageJson, Subject};

#[derive(Serialize)]
pub(crate) struct ThemesJson<'s> {
    schema: &'static str,
    unit: Option<Unit>,
    recent_from: Option<Date>,
    bins: &'s [Date],
    themes: Vec<ThemeJson<'s>>,
    articles: Vec<ArticleJson>,
}

#[derive(Serialize)]
pub(crate) struct ThemeJson<'s> {
    id: ThemeId,
    name: &'s str,
    given: Option<&'s str>,
    title: Option<&'s str>,
    label: &'s [String],
    pinned: bool,
    articles: usize,
    coherence: f64,
    exemplars: Vec<PassageJson>,
    passages: Vec<MemberJson>,
    #[serde(flatten)]
    trends: &'s ThemeTrends,
}

#[derive(Serialize)]
struct MemberJson {
    passage: PassageId,
    article: ArticleId,
    strength: f64,
}

#[derive(Serialize)]
pub(crate) struct ArticleJson {
    article: ArticleId,
    themes: Vec<ShareJson>,
}

#[derive(Serialize)]
struct ShareJson {
    theme: ThemeId,
    share: f64,
}

#[derive(Serialize)]
pub(crate) struct ChangesJson<'c> {
    schema: &'static str,
    changes: &'c [Change],
}

pub(crate) fn themes(subject: &Subject, rising_first: bool) -> ThemesJson<'_> {
    let order = subject.order(rising_first).into_iter();
    let mixtures = subject.commentary.mixtures();
    ThemesJson {
        schema: "topoi.themes.v1",
        unit: subject.trends.unit,
        recent_from: subject.trends.recent_from,
        bins: &subject.trends.bins,
        themes: order.map(|place| theme(subject, place)).collect(),
        articles: mixtures
            .iter()
            .map(|(&id, mixture)| article(id, mixture))
            .collect(),
    }
}

/// The theme at a place of the commentary.
pub(crate) fn theme(subject: &Subject, place: usize) -> ThemeJson<'_> {
    let theme = &subject.commentary.themes[place];
    let members = theme.members.iter().map(|member| {
        let passage = &subject.commentary.passages[member.node];
        MemberJson {
            passage: passage.id,
            article: passage.article,
            strength: member.strength,
        }
    });
    ThemeJson {
        id: theme.kept.id,
        name: theme.name(),
        given: theme.kept.given.as_deref(),
        title: theme.kept.title.as_deref(),
        label: &theme.kept.terms,
        pinned: theme.kept.pinned,
        articles: theme.articles,
        coherence: theme.kept.coherence,
        exemplars: subject
            .exemplars(theme)
            .map(|(passage, article)| PassageJson::new(passage, article))
            .collect(),
        passages: members.collect(),
        trends: &subject.trends.themes[place],
    }
}

pub(crate) fn article(article: ArticleId, mixture: &[(ThemeId, f64)]) -> ArticleJson {
    let share = |&(theme, share): &(ThemeId, f64)| ShareJson { theme, share };
    ArticleJson {
        article,
        themes: mixture.iter().map(share).collect(),
    }
}

pub(crate) fn changes(changes: &[Change]) -> ChangesJson<'_> {
    ChangesJson {
        schema: "topoi.themes.changes.v1",
        changes,
    }
}

/// A theme without its passages.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct BriefJson {
    id: ThemeId,
    pub(crate) name: String,
    given: Option<String>,
    title: Option<String>,
    pub(crate) label: Vec<String>,
    pinned: bool,
    pub(crate) articles: usize,
    pub(crate) passages: usize,
    coherence: f64,
    pub(crate) exemplars: Vec<PassageJson>,
    #[serde(flatten)]
    pub(crate) trends: ThemeTrends,
}

/// The theme at a place of the commentary, with so many of its authors and sources.
pub(crate) fn brief(subject: &Subject, place: usize, names: usize) -> BriefJson {
    let theme = &subject.commentary.themes[place];
    let mut trends = subject.trends.themes[place].clone();
    trends.authors.truncate(names);
    trends.sources.truncate(names);
    BriefJson {
        id: theme.kept.id,
        name: theme.name().to_owned(),
        given: theme.kept.given.clone(),
        title: theme.kept.title.clone(),
        label: theme.kept.terms.clone(),
        pinned: theme.kept.pinned,
        articles: theme.articles,
        passages: theme.members.len(),
        coherence: theme.kept.coherence,
        exemplars: subject
            .exemplars(theme)
            .map(|(passage, article)| PassageJson::new(passage, article))
            .collect(),
        trends,
    }
}
