//! What a user names: passages, articles and paths.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use topoi::article::{ArticleId, Kind, PassageId};
use topoi::library::Library;

/// A number of a passage (`12`) or of an article (`a7`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Target {
    Passage(PassageId),
    Article(ArticleId),
}

impl Target {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let number = |digits: &str| {
            digits
                .bytes()
                .all(|byte| byte.is_ascii_digit())
                .then(|| digits.parse().ok())?
        };
        match text.strip_prefix('a') {
            Some(digits) => number(digits).map(|id| Self::Article(ArticleId(id))),
            None => number(text).map(|id| Self::Passage(PassageId(id))),
        }
    }
}

/// The passages that some targets stand for: of an article those of its body.
pub(crate) fn passages_of(library: &Library, targets: &[Target]) -> anyhow::Result<Vec<PassageId>> {
    let store = library.store();
    let mut passages = Vec::new();
    for target in targets {
        match target {
            Target::Passage(id) => passages.push(*id),
            Target::Article(id) => {
                store.article(*id)?.ok_or(topoi::Error::NoArticle(*id))?;
                let all = store.passages_of(*id)?.into_iter();
                let body = all.filter(|passage| passage.kind == Kind::Body);
                passages.extend(body.map(|passage| passage.id));
            }
        }
    }
    Ok(passages)
}

/// The path as a library has it: absolute, links resolved as far as the path exists.
pub(crate) fn stored_path(path: &Path) -> PathBuf {
    if let Ok(path) = path.canonicalize() {
        return path;
    }
    // It may be gone: then its folder may still be there.
    match (
        path.parent().and_then(|parent| {
            if parent.as_os_str().is_empty() {
                Path::new(".")
            } else {
                parent
            }
            .canonicalize()
            .ok()
        }),
        path.file_name(),
    ) {
        (Some(folder), Some(name)) => folder.join(name),
        _ => std::path::absolute(path).unwrap_or_else(|_| path.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_name_passages_and_articles() {
        assert_eq!(Target::parse("12"), Some(Target::Passage(PassageId(12))));
        assert_eq!(Target::parse("a7"), Some(Target::Article(ArticleId(7))));
        for other in [
            "",
            "a",
            "7a",
            "+7",
            "article.txt",
            "99999999999999999999999",
        ] {
            assert_eq!(Target::parse(other), None, "{other}");
        }
    }
}
