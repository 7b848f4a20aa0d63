//! `topoi themes`: what the library is about.

use std::collections::HashMap;

use serde::Serialize;
use topoi::article::{ArticleId, Passage, PassageId, StoredArticle};
use topoi::library::{Commentary, Library};
use topoi::store::Filter;
use topoi::themes::{Count, Options, Theme};

use super::Outcome;
use super::cli::Themes;
use super::context::Context;
use super::output::{FAINT, Output, PassageJson, STRONG, by_line, clean, one_line, short_path};

/// What to show of which themes.
pub(crate) struct Choice {
    pub(crate) options: Options<'static>,
    pub(crate) filter: Filter,
    /// How many passages of each theme.
    pub(crate) passages: usize,
}

impl Default for Choice {
    fn default() -> Self {
        Self {
            options: Options::default(),
            filter: Filter::default(),
            passages: 1,
        }
    }
}

#[derive(Serialize)]
struct ThemesJson {
    schema: &'static str,
    modularity: f64,
    themes: Vec<ThemeJson>,
}

#[derive(Serialize)]
struct ThemeJson {
    id: usize,
    label: Vec<String>,
    articles: usize,
    coherence: f64,
    exemplars: Vec<PassageJson>,
    passages: Vec<MemberJson>,
}

#[derive(Serialize)]
struct MemberJson {
    passage: PassageId,
    article: ArticleId,
    strength: f64,
}

pub(crate) fn run(context: &mut Context, arguments: &Themes) -> anyhow::Result<Outcome> {
    let library = context.open()?;
    let options = Options {
        count: arguments.count.map_or(Count::Natural(0), Count::Exactly),
        ..Options::default()
    };
    let choice = Choice {
        options,
        filter: arguments.filter.filter(),
        passages: arguments.passages,
    };
    if arguments.json {
        let commentary = library.themes(&choice.filter, &choice.options)?;
        context.output.json(&json(&library, &commentary)?)?;
        return Ok(outcome(&commentary));
    }
    show_all(&mut context.output, &library, &choice)
}

fn outcome(commentary: &Commentary) -> Outcome {
    if commentary.themes.themes.is_empty() {
        Outcome::NothingFound
    } else {
        Outcome::Found
    }
}

fn json(library: &Library, commentary: &Commentary) -> anyhow::Result<ThemesJson> {
    let mut articles = Articles::new(library);
    let mut themes = Vec::new();
    for Theme {
        id,
        label,
        passages,
        articles: count,
        exemplars,
        coherence,
    } in &commentary.themes.themes
    {
        let members = passages.iter().filter_map(|member| {
            let passage = commentary.passages.get(member.node)?;
            Some(MemberJson {
                passage: passage.id,
                article: passage.article,
                strength: member.strength,
            })
        });
        let mut shown = Vec::new();
        for passage in exemplars
            .iter()
            .filter_map(|node| commentary.passages.get(*node))
        {
            shown.push(PassageJson::new(passage, articles.of(passage)?));
        }
        themes.push(ThemeJson {
            id: *id,
            label: label.clone(),
            articles: *count,
            coherence: *coherence,
            exemplars: shown,
            passages: members.collect(),
        });
    }
    Ok(ThemesJson {
        schema: "topoi.themes.v1",
        modularity: commentary.themes.modularity,
        themes,
    })
}

/// Shows the themes for people, each with the passages that stand for it.
pub(crate) fn show_all(
    output: &mut Output,
    library: &Library,
    choice: &Choice,
) -> anyhow::Result<Outcome> {
    let commentary = library.themes(&choice.filter, &choice.options)?;
    let mut articles = Articles::new(library);
    for theme in &commentary.themes.themes {
        let label = if theme.label.is_empty() {
            "no words in common".to_owned()
        } else {
            clean(&theme.label.join(", "))
        };
        output.line(format_args!("{:>3}  {STRONG}{label}{STRONG:#}", theme.id))?;
        let count = |number: usize, what: &str| {
            format!("{number} {what}{}", if number == 1 { "" } else { "s" })
        };
        let size = format!(
            "{} in {}",
            count(theme.passages.len(), "passage"),
            count(theme.articles, "article")
        );
        output.line(format_args!("     {FAINT}{size}{FAINT:#}"))?;
        for passage in theme
            .exemplars
            .iter()
            .take(choice.passages)
            .filter_map(|node| commentary.passages.get(*node))
        {
            let article = articles.of(passage)?;
            let title = article.metadata.title.clone().unwrap_or_default();
            let known: Vec<String> = [title, by_line(article)]
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect();
            let about = if known.is_empty() {
                short_path(&article.path)
            } else {
                known.join(" · ")
            };
            let line = format!("passage {} · {about}", passage.id);
            output.line(format_args!(
                "       {FAINT}{}{FAINT:#}",
                one_line(&line, output.width() - 7)
            ))?;
            output.line(format_args!(
                "       {}",
                one_line(&passage.text, output.width() - 7)
            ))?;
        }
        output.line("")?;
    }
    Ok(outcome(&commentary))
}

/// Articles that were looked up already.
struct Articles<'a> {
    library: &'a Library,
    known: HashMap<ArticleId, StoredArticle>,
}

impl<'a> Articles<'a> {
    fn new(library: &'a Library) -> Self {
        Self {
            library,
            known: HashMap::new(),
        }
    }

    fn of(&mut self, passage: &Passage) -> anyhow::Result<&StoredArticle> {
        let id = passage.article;
        if !self.known.contains_key(&id) {
            let article = self
                .library
                .store()
                .article(id)?
                .ok_or(topoi::Error::NoArticle(id))?;
            self.known.insert(id, article);
        }
        self.known
            .get(&id)
            .ok_or_else(|| topoi::Error::NoArticle(id).into())
    }
}
