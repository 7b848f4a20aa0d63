//! `topoi duplicates`: which articles, or which passages, are copies of one another.

use serde::Serialize;
use topoi::Error;
use topoi::article::{ArticleId, PassageId};
use topoi::library::Library;
use topoi::store::Filter;

use super::Outcome;
use super::cli::Duplicates;
use super::context::Context;
use super::output::{FAINT, Output, STRONG};
use crate::answers::{ArticleJson, PassageJson, by_line, clean, one_line, short_path};

/// A story: what appeared first, and its copies.
#[derive(Serialize)]
struct Story<T> {
    original: T,
    copies: Vec<Copied<T>>,
}

#[derive(Serialize)]
struct Copied<T> {
    /// How alike it is to another of the story, 0 to 1.
    likeness: f32,
    #[serde(flatten)]
    copy: T,
}

#[derive(Serialize)]
struct DuplicatesJson<T> {
    schema: &'static str,
    stories: Vec<Story<T>>,
}

pub(crate) fn run(context: &mut Context, arguments: &Duplicates) -> anyhow::Result<Outcome> {
    let library = context.open()?;
    let filter = arguments.filter.filter();
    library.expect_theme(&filter)?;
    let output = &mut context.output;
    if arguments.passages {
        let stories = passage_stories(&library, &filter)?;
        if arguments.format.json || arguments.format.jsonl {
            let json = |id: &PassageId| -> anyhow::Result<PassageJson> {
                let passage = library.store().passage(*id)?.ok_or(Error::NoPassage(*id))?;
                let article = library.store().article(passage.article)?;
                let article = article.ok_or(Error::NoArticle(passage.article))?;
                Ok(PassageJson::new(&passage, &article))
            };
            return write_json(output, arguments, stories, json);
        }
        for story in &stories {
            print_passage(output, &library, story.original, None)?;
            for Copied { likeness, copy } in &story.copies {
                print_passage(output, &library, *copy, Some(*likeness))?;
            }
            output.line("")?;
        }
        return Ok(outcome(
            output,
            stories.len(),
            stories.iter().map(|story| story.copies.len()).sum(),
            "passage",
        ));
    }
    let stories = article_stories(&library, &filter)?;
    if arguments.format.json || arguments.format.jsonl {
        let json = |id: &ArticleId| -> anyhow::Result<ArticleJson> {
            let article = library.store().article(*id)?.ok_or(Error::NoArticle(*id))?;
            Ok(ArticleJson::from(&article))
        };
        return write_json(output, arguments, stories, json);
    }
    for story in &stories {
        print_article(output, &library, story.original, None)?;
        for Copied { likeness, copy } in &story.copies {
            print_article(output, &library, *copy, Some(*likeness))?;
        }
        output.line("")?;
    }
    Ok(outcome(
        output,
        stories.len(),
        stories.iter().map(|story| story.copies.len()).sum(),
        "article",
    ))
}

/// The stories of which an article matches.
fn article_stories(library: &Library, filter: &Filter) -> anyhow::Result<Vec<Story<ArticleId>>> {
    let copies = library.store().copies()?;
    let matching: std::collections::HashSet<ArticleId> = match filter.is_any_article() {
        true => copies.iter().map(|copy| copy.original).collect(),
        false => library
            .store()
            .articles(filter)?
            .iter()
            .map(|article| article.id)
            .collect(),
    };
    let stories = copies.chunk_by(|one, other| one.original == other.original);
    let stories = stories.filter(|copies| {
        let mut articles = copies.iter().flat_map(|copy| [copy.article, copy.original]);
        articles.any(|article| matching.contains(&article))
    });
    let story = |copies: &[topoi::store::Copy]| {
        Some(Story {
            original: copies.first()?.original,
            copies: copies
                .iter()
                .map(|copy| Copied {
                    likeness: copy.likeness,
                    copy: copy.article,
                })
                .collect(),
        })
    };
    Ok(stories.filter_map(story).collect())
}

fn passage_stories(library: &Library, filter: &Filter) -> anyhow::Result<Vec<Story<PassageId>>> {
    let stories = library.passage_stories(filter)?;
    let story = |story: topoi::library::PassageStory| {
        let ((original, _), copies) = story.passages.split_first()?;
        Some(Story {
            original: *original,
            copies: copies
                .iter()
                .map(|(copy, likeness)| Copied {
                    likeness: *likeness,
                    copy: *copy,
                })
                .collect(),
        })
    };
    Ok(stories.into_iter().filter_map(story).collect())
}

fn write_json<Id, T: Serialize>(
    output: &mut Output,
    arguments: &Duplicates,
    stories: Vec<Story<Id>>,
    json: impl Fn(&Id) -> anyhow::Result<T>,
) -> anyhow::Result<Outcome> {
    let mut described = Vec::with_capacity(stories.len());
    for story in &stories {
        let copied = |copied: &Copied<Id>| -> anyhow::Result<Copied<T>> {
            Ok(Copied {
                likeness: copied.likeness,
                copy: json(&copied.copy)?,
            })
        };
        described.push(Story {
            original: json(&story.original)?,
            copies: story
                .copies
                .iter()
                .map(copied)
                .collect::<anyhow::Result<_>>()?,
        });
    }
    let found = !described.is_empty();
    if arguments.format.json {
        output.json(&DuplicatesJson {
            schema: "topoi.duplicates.v1",
            stories: described,
        })?;
    } else {
        for story in &described {
            output.json_line(story)?;
        }
    }
    Ok(if found {
        Outcome::Found
    } else {
        Outcome::NothingFound
    })
}

fn print_article(
    output: &mut Output,
    library: &Library,
    id: ArticleId,
    likeness: Option<f32>,
) -> anyhow::Result<()> {
    let article = library.store().article(id)?.ok_or(Error::NoArticle(id))?;
    let path = short_path(&article.path);
    let title = clean(article.metadata.title.as_deref().unwrap_or(&path));
    let by_line = by_line(&article);
    let about = if by_line.is_empty() { path } else { by_line };
    match likeness {
        None => output.line(format_args!(
            "{id:<6} {STRONG}{title}{STRONG:#}  {FAINT}{about}{FAINT:#}"
        ))?,
        Some(likeness) => output.line(format_args!(
            "  {id:<6} {:>3.0} %  {title}  {FAINT}{about}{FAINT:#}",
            100.0 * likeness
        ))?,
    }
    Ok(())
}

fn print_passage(
    output: &mut Output,
    library: &Library,
    id: PassageId,
    likeness: Option<f32>,
) -> anyhow::Result<()> {
    let passage = library.store().passage(id)?.ok_or(Error::NoPassage(id))?;
    let text = one_line(&passage.text, output.width().saturating_sub(24).max(20));
    let article = passage.article;
    match likeness {
        None => output.line(format_args!(
            "{id:>8}  {FAINT}{article:<6}{FAINT:#}  {text}"
        ))?,
        Some(likeness) => output.line(format_args!(
            "{id:>8}  {FAINT}{article:<6}{FAINT:#}  {:>3.0} %  {text}",
            100.0 * likeness
        ))?,
    }
    Ok(())
}

/// Says what there is of stories of `what`.
fn outcome(output: &Output, stories: usize, copies: usize, what: &str) -> Outcome {
    if stories == 0 {
        output.note(format_args!("no {what} is a copy of another"));
        if what == "article" {
            output.hint(
                "`topoi duplicates --passages` looks for passages that stand in several articles",
            );
        }
        return Outcome::NothingFound;
    }
    output.note(format_args!("{stories} stories with {copies} copies"));
    Outcome::Found
}
