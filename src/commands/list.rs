//! `topoi list`: the articles of a library, or their passages.

use topoi::article::{Passage, StoredArticle};

use super::Outcome;
use super::cli::List;
use super::context::Context;
use super::nothing;
use super::output::{FAINT, Output, STRONG};
use crate::answers::{ArticleJson, PassageJson, by_line, clean, one_line, short_path};

pub(crate) fn run(context: &mut Context, arguments: &List) -> anyhow::Result<Outcome> {
    let library = context.open()?;
    let filter = arguments.filter.filter();
    library.expect_theme(&filter)?;
    let articles = library.store().articles(&filter)?;
    let passages_of = |article: &StoredArticle| -> anyhow::Result<Vec<Passage>> {
        Ok(library.store().passages_of(article.id)?)
    };
    let output = &mut context.output;
    if arguments.format.json {
        if arguments.passages {
            let mut all = Vec::new();
            for article in &articles {
                all.extend(
                    passages_of(article)?
                        .iter()
                        .map(|passage| PassageJson::new(passage, article)),
                );
            }
            output.json(&all)?;
        } else {
            output.json(&articles.iter().map(ArticleJson::from).collect::<Vec<_>>())?;
        }
    } else {
        for article in &articles {
            match (arguments.format.jsonl, arguments.passages) {
                (true, false) => output.json_line(&ArticleJson::from(article))?,
                (true, true) => {
                    for passage in passages_of(article)? {
                        output.json_line(&PassageJson::new(&passage, article))?;
                    }
                }
                (false, false) => print_article(output, article)?,
                (false, true) => {
                    print_article(output, article)?;
                    for passage in passages_of(article)? {
                        print_passage(output, &passage)?;
                    }
                    output.line("")?;
                }
            }
        }
    }
    if !articles.is_empty() {
        return Ok(Outcome::Found);
    }
    let otherwise = match library.store().counts()?.articles {
        0 => "the library holds no articles",
        _ => "the filters let no article through",
    };
    nothing::tell(output, &library, &filter, otherwise)?;
    Ok(Outcome::NothingFound)
}

fn print_article(output: &mut Output, article: &StoredArticle) -> anyhow::Result<()> {
    let path = short_path(&article.path);
    let title = clean(article.metadata.title.as_deref().unwrap_or(&path));
    let by_line = by_line(article);
    let about = if by_line.is_empty() { path } else { by_line };
    output.line(format_args!(
        "{:<6} {STRONG}{title}{STRONG:#}  {FAINT}{about}{FAINT:#}",
        article.id
    ))?;
    Ok(())
}

/// A passage in one line: its number, kind, place, and as much of its text as fits.
fn print_passage(output: &mut Output, passage: &Passage) -> anyhow::Result<()> {
    let place = passage.place.to_string();
    let text = one_line(
        &passage.text,
        output
            .width()
            .saturating_sub(28 + place.len().saturating_sub(5))
            .max(20),
    );
    output.line(format_args!(
        "{:>8}  {FAINT}{:<10}{place:<5}{FAINT:#}  {text}",
        passage.id, passage.kind
    ))?;
    Ok(())
}
