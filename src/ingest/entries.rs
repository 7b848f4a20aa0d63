//! The names by which a library tells the articles of one source apart.

use std::collections::HashMap;

use super::compression::Budget;
use super::error::{ReadError, Warning, Warnings};
use super::source::Extracted;
use crate::article::Article;

/// How many articles are read from one source. They cost a microsecond and some 600 bytes each however short they are,
/// so that a source of a million lines that pass for articles takes no more than seconds.
const ARTICLES: usize = 500_000;

/// Gives names that are unique in a source.
#[derive(Debug, Default)]
pub(super) struct Entries {
    /// Each name that was given, and the number that was last put behind it.
    given: HashMap<String, usize>,
}

impl Entries {
    /// Whether the source has as many articles as are read from one.
    pub(super) fn are_full(&self) -> bool {
        self.given.len() >= ARTICLES
    }

    /// What to say where the source has so many.
    pub(super) fn warning(&self) -> Option<Warning> {
        self.are_full()
            .then_some(Warning::TooMany { limit: ARTICLES })
    }

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

/// Gathers what is packed in a source, member by member.
#[derive(Debug, Default)]
pub(super) struct Members {
    entries: Entries,
    warnings: Warnings,
    articles: Vec<Article>,
    left_out: usize,
}

impl Members {
    /// Whether the source has as many articles as are read from one.
    pub(super) fn are_full(&self) -> bool {
        self.entries.are_full()
    }

    /// Adds a member under its name, or says why it was left out.
    ///
    /// # Errors
    ///
    /// The member's own where nothing more may be unpacked: what follows could not be read either.
    pub(super) fn add(
        &mut self,
        name: &str,
        read: Result<Extracted, ReadError>,
        budget: &Budget,
    ) -> Result<(), ReadError> {
        match read {
            Err(error) if budget.is_spent() => Err(error),
            read => {
                self.add_what_is_read(name, read);
                Ok(())
            }
        }
    }

    /// Adds a member under its name, or says why it was left out, whatever may still be unpacked.
    pub(super) fn add_what_is_read(&mut self, name: &str, read: Result<Extracted, ReadError>) {
        match read {
            Ok(member) => {
                self.left_out += member.left_out;
                for warning in member.warnings {
                    self.warnings.add(|| warning.of(name));
                }
                self.articles
                    .extend(self.entries.of_member(name, member.articles));
            }
            Err(error) => self.leave_out(name, error.to_string()),
        }
    }

    /// Counts a member that was not read, and why.
    pub(super) fn leave_out(&mut self, name: &str, reason: String) {
        self.left_out += 1;
        self.warnings.add(|| Warning::Member {
            name: name.to_owned(),
            reason,
        });
    }

    /// Counts members that are passed over without a word on each.
    pub(super) fn pass_over(&mut self, count: usize, what: &'static str) {
        if count > 0 {
            self.left_out += count;
            self.warnings.add(|| Warning::Passed { count, what });
        }
    }

    /// Adds something odd in the source itself.
    pub(super) fn warn(&mut self, warning: Warning) {
        self.warnings.add(|| warning);
    }

    /// Puts what was gathered behind what is known of the source already.
    pub(super) fn append_to(self, extracted: &mut Extracted) {
        extracted.articles.extend(self.articles);
        extracted.left_out += self.left_out;
        extracted.warnings.extend(self.warnings.into_vec());
    }

    /// What was gathered.
    ///
    /// # Errors
    ///
    /// Where there is no article in it, why the first member has none.
    pub(super) fn finish(self, what: &'static str) -> Result<Extracted, ReadError> {
        if self.articles.is_empty() {
            return Err(self.warnings.into_error(what));
        }
        let too_many = self.entries.warning();
        let mut extracted = Extracted::default();
        self.append_to(&mut extracted);
        extracted.warnings.extend(too_many);
        Ok(extracted)
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
