//! Passages and articles as people and programs name them.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::article::{ArticleId, Kind, PassageId};
use crate::error::{Error, Result};
use crate::library::Library;

/// A passage or an article of a library: what is shown, what something is found beside, what was good and what was bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Origin {
    /// A passage of the library.
    Passage(PassageId),
    /// An article of the library.
    Article(ArticleId),
}

impl Origin {
    /// The number of a passage (`12`), or of an article (`a7`).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
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

impl Library {
    /// The passages that are meant, each once: of an article those of its body.
    ///
    /// # Errors
    ///
    /// Where there is no such passage or article, or the library is damaged.
    pub fn passages_of(&self, origins: &[Origin]) -> Result<Vec<PassageId>> {
        let store = self.store();
        let (mut named, mut known) = (HashSet::new(), HashSet::new());
        let mut passages = Vec::new();
        for origin in origins.iter().filter(|origin| named.insert(**origin)) {
            match *origin {
                Origin::Passage(id) => {
                    store.passage(id)?.ok_or(Error::NoPassage(id))?;
                    passages.push(id);
                }
                Origin::Article(id) => {
                    store.article(id)?.ok_or(Error::NoArticle(id))?;
                    let all = store.passages_of(id)?.into_iter();
                    let body = all.filter(|passage| passage.kind == Kind::Body);
                    passages.extend(body.map(|passage| passage.id));
                }
            }
        }
        passages.retain(|id| known.insert(*id));
        Ok(passages)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_name_passages_and_articles() {
        assert_eq!(Origin::parse("12"), Some(Origin::Passage(PassageId(12))));
        assert_eq!(Origin::parse("a7"), Some(Origin::Article(ArticleId(7))));
        for other in [
            "",
            "a",
            "7a",
            "+7",
            "article.txt",
            "99999999999999999999999",
        ] {
            assert_eq!(Origin::parse(other), None, "{other}");
        }
    }
}
