//! `topoi show`: passages in their context, and whole articles.

use topoi::Error;
use topoi::article::{Kind, Passage, PassageId, StoredArticle};
use topoi::library::Library;
use topoi::search::Origin;

use super::Outcome;
use super::cli::Show;
use super::context::Context;
use super::failure::Failure;
use super::output::{FAINT, Output, STRONG};
use crate::answers::{PassageJson, by_line, one_line, short_path};

pub(crate) fn run(context: &mut Context, arguments: &Show) -> anyhow::Result<Outcome> {
    let library = context.open()?;
    let mut shown = Vec::new();
    for id in &arguments.ids {
        let target = Origin::parse(id).ok_or_else(|| {
            Failure::with_hint(
                format!("`{id}` is neither a passage's number nor an article's"),
                "write 12 for a passage, a7 for an article",
            )
        })?;
        shown.push(select(&library, target, arguments.context)?);
    }
    if arguments.format.json {
        let all: Vec<PassageJson> = shown.iter().flat_map(Selected::json).collect();
        context.output.json(&all)?;
    } else if arguments.format.jsonl {
        for passage in shown.iter().flat_map(Selected::json) {
            context.output.json_line(&passage)?;
        }
    } else {
        for selected in &shown {
            print(&mut context.output, selected)?;
        }
    }
    Ok(Outcome::Found)
}

/// Passages of one article to show, and the one that was asked for.
struct Selected {
    article: StoredArticle,
    passages: Vec<Passage>,
    asked: Option<PassageId>,
}

impl Selected {
    fn json(&self) -> Vec<PassageJson> {
        self.passages
            .iter()
            .map(|passage| PassageJson::new(passage, &self.article))
            .collect()
    }
}

fn select(library: &Library, target: Origin, around: u32) -> anyhow::Result<Selected> {
    let store = library.store();
    let (article, asked) = match target {
        Origin::Article(id) => (id, None),
        Origin::Passage(id) => {
            let passage = store.passage(id)?.ok_or(Error::NoPassage(id))?;
            (passage.article, Some(passage))
        }
    };
    let passages = match &asked {
        Some(asked) => store.passages_around(asked, around)?,
        None => store.passages_of(article)?,
    };
    let article = store.article(article)?.ok_or(Error::NoArticle(article))?;
    Ok(Selected {
        article,
        passages,
        asked: asked.map(|passage| passage.id),
    })
}

fn print(output: &mut Output, selected: &Selected) -> anyhow::Result<()> {
    let article = &selected.article;
    let path = short_path(&article.path);
    let title = one_line(
        article.metadata.title.as_deref().unwrap_or(&path),
        output.width(),
    );
    output.line(format_args!("{STRONG}{title}{STRONG:#}"))?;
    let by_line = by_line(article);
    if !by_line.is_empty() {
        output.line(by_line)?;
    }
    output.line(format_args!(
        "{FAINT}article {} · {path}{FAINT:#}",
        article.id
    ))?;
    for passage in &selected.passages {
        output.line("")?;
        let kind = if passage.kind == Kind::Body {
            String::new()
        } else {
            format!(" · {}", passage.kind)
        };
        let mark = if selected.asked == Some(passage.id) {
            "▸ "
        } else {
            ""
        };
        output.line(format_args!(
            "{FAINT}{mark}passage {} · {}{kind}{FAINT:#}",
            passage.id, passage.place
        ))?;
        output.wrapped(&passage.text, 0)?;
    }
    output.line("")?;
    Ok(())
}
