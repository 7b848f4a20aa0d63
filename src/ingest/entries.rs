//! The names by which a library tells the articles of one source apart.

use std::collections::HashMap;

use crate::article::Article;

/// Gives names that are unique in a source.
#[derive(Debug, Default)]
pub(super) struct Entries {
    /// Each name that was given, and the number that was last put behind it.
    given: HashMap<String, usize>,
}

impl Entries {
    /// A name like `wanted` that no other article of the source has: with `:2`, `:3` … behind it where it is taken.
    pub(super) fn unique(&mut self, wanted: &str) -> String {
        let mut name = wanted.to_owned();
        while self.given.contains_key(&name) {
            let number = self.given.entry(wanted.to_owned()).or_insert(1);
            *number += 1;
            name = format!("{wanted}:{number}");
        }
        self.given.insert(name.clone(), 1);
        name
    }

    /// The articles of something packed in the source, under its name: `name`, or `name#entry` where the member
    /// names its articles itself.
    pub(super) fn of_member(&mut self, name: &str, mut articles: Vec<Article>) -> Vec<Article> {
        for article in &mut articles {
            let wanted = match article.entry.take() {
                Some(entry) => format!("{name}#{entry}"),
                None => name.to_owned(),
            };
            article.entry = Some(self.unique(&wanted));
        }
        articles
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_those_taken_are_counted_on() {
        let mut entries = Entries::default();
        let names = ["a", "a:2", "a", "a", "b"].map(|name| entries.unique(name));
        assert_eq!(names, ["a", "a:2", "a:3", "a:4", "b"]);
        for _ in 0..100_000 {
            entries.unique("a");
        }
        assert_eq!(entries.unique("a"), "a:100005");
    }

    #[test]
    fn a_members_articles_stand_under_its_name() {
        let article = |entry: Option<&str>| Article {
            entry: entry.map(str::to_owned),
            ..Article::default()
        };
        let mut entries = Entries::default();
        let named = entries.of_member("x.csv", vec![article(Some("1")), article(None)]);
        let names: Vec<_> = named
            .iter()
            .filter_map(|article| article.entry.as_deref())
            .collect();
        assert_eq!(names, ["x.csv#1", "x.csv"]);
    }
}
