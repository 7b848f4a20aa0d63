//! `topoi remove`: takes articles out of the library.

use std::path::{Path, PathBuf};

use topoi::Error;
use topoi::article::ArticleId;
use topoi::fetch::Address;
use topoi::library::{Library, find_copies};
use topoi::search::Origin;
use topoi::store::Records;

use super::Outcome;
use super::cli::Remove;
use super::context::Context;
use super::failure::Failure;
use super::target::stored_path;
use crate::answers::count;

pub(crate) fn run(context: &mut Context, arguments: &Remove) -> anyhow::Result<Outcome> {
    let mut editor = Library::edit(context.library())?;
    let records = editor.records();
    let mut articles: Vec<ArticleId> = Vec::new();
    for target in &arguments.targets {
        match Origin::parse(target).filter(|_| !Path::new(target).exists()) {
            Some(Origin::Article(id)) => {
                records.article(id)?.ok_or(Error::NoArticle(id))?;
                articles.push(id);
            }
            Some(Origin::Passage(id)) => {
                return Err(Failure::with_hint(
                    format!(
                        "{id} is the number of a passage, and only whole articles can be removed"
                    ),
                    "write a7 for the article with the number 7",
                )
                .into());
            }
            None => articles.extend(articles_below(records, target)?),
        }
    }
    articles.sort_unstable();
    articles.dedup();
    editor.remove_articles(&articles).map_err(Error::from)?;
    find_copies(&mut *editor)?;
    context
        .output
        .note(format_args!("removed {}", count(articles.len(), "article")));
    Ok(Outcome::Found)
}

/// The articles of a file, or of all files below a folder or an address, whether it still exists or not.
fn articles_below(records: &dyn Records, target: &str) -> anyhow::Result<Vec<ArticleId>> {
    let folder = match target.parse::<Address>() {
        Ok(address) => PathBuf::from(address.as_str()),
        Err(_) => stored_path(Path::new(target)),
    };
    let mut articles = Vec::new();
    for path in records.paths()? {
        if path == target || Path::new(&path).starts_with(&folder) {
            articles.extend(records.articles_at(&path)?.iter().map(|article| article.id));
        }
    }
    if articles.is_empty() {
        return Err(Failure::with_hint(
            format!("the library holds no article from `{target}`"),
            "`topoi list` shows what it holds",
        )
        .into());
    }
    Ok(articles)
}
