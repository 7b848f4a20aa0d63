//! Which articles and passages a question is about, as SQL.

use tokio_postgres::types::ToSql;

use super::records::signed;
use crate::store::Filter;

/// A parameter of a statement.
pub(super) type Parameter = Box<dyn ToSql + Sync + Send>;

/// A condition that grows, with its parameters.
#[derive(Default)]
pub(super) struct Condition {
    parts: Vec<String>,
    parameters: Vec<Parameter>,
}

impl Condition {
    /// Takes in a parameter, and gives its sign.
    pub(super) fn bind(&mut self, parameter: impl ToSql + Sync + Send + 'static) -> String {
        self.parameters.push(Box::new(parameter));
        format!("${}", self.parameters.len())
    }

    /// Demands one more thing.
    pub(super) fn and(&mut self, part: String) {
        self.parts.push(part);
    }

    /// As it is written in a statement.
    pub(super) fn text(&self) -> String {
        if self.parts.is_empty() {
            return "true".to_owned();
        }
        self.parts.join(" AND ")
    }

    pub(super) fn parameters(&self) -> Vec<&(dyn ToSql + Sync)> {
        let parameters = self.parameters.iter();
        parameters
            .map(|parameter| &**parameter as &(dyn ToSql + Sync))
            .collect()
    }

    /// What a filter asks of articles but for their language, which may be another in a passage; written out.
    pub(super) fn of_its_article(&mut self, filter: &Filter) -> String {
        let mut own = Self {
            parts: Vec::new(),
            parameters: std::mem::take(&mut self.parameters),
        };
        let filter = Filter {
            language: None,
            ..filter.clone()
        };
        own.of_article(&filter, "id");
        self.parameters = std::mem::take(&mut own.parameters);
        own.text()
    }

    /// What a filter asks of articles, and of passages in the same columns but for the article's `number`. The theme is left
    /// out.
    pub(super) fn of_article(&mut self, filter: &Filter, number: &str) {
        if let Some(one_in) = filter.one_in {
            let sign = self.bind(signed(one_in.get()));
            self.and(format!("{number} % {sign} = 0"));
        }
        for (column, part) in [
            ("author_small", &filter.author),
            ("source_small", &filter.source),
        ] {
            if let Some(part) = part {
                let sign = self.bind(part.to_lowercase());
                self.and(format!("strpos({column}, {sign}) > 0"));
            }
        }
        for (operator, date) in [(">=", filter.after), ("<", filter.before)] {
            if let Some(date) = date {
                let sign = self.bind(date.earliest().to_string());
                self.and(format!("date_from {operator} {sign}"));
            }
        }
        if let Some(language) = &filter.language {
            let sign = self.bind(format!("{}-", language.to_lowercase()));
            self.and(format!("starts_with(language_small || '-', {sign})"));
        }
        if let Some(path) = &filter.path {
            if path.contains(['*', '?', '[']) {
                let sign = self.bind(pattern(path));
                self.and(format!("path ~ {sign}"));
            } else {
                let sign = self.bind(path.to_lowercase());
                self.and(format!("strpos(path_small, {sign}) > 0"));
            }
        }
    }

    /// That passages belong to a filter's theme, where it has one.
    pub(super) fn of_theme(&mut self, filter: &Filter) {
        if let Some(theme) = filter.theme {
            let sign = self.bind(signed(theme.0));
            self.and(format!(
                "id IN (SELECT passage FROM theme_passages WHERE theme = {sign})"
            ));
        }
    }

    /// What a filter asks of passages. The theme is left out.
    pub(super) fn of_passage(&mut self, filter: &Filter) {
        self.of_article(filter, "article");
        if !filter.all_kinds {
            self.and("kind = 'body'".to_owned());
        }
    }
}

/// A pattern for a whole path, with `*`, `?` and `[…]` as SQLite's GLOB has them, as a regular expression.
fn pattern(glob: &str) -> String {
    let mut regex = String::from("^");
    let mut rest = glob.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '*' => regex.push_str(".*"),
            '?' => regex.push('.'),
            '[' => {
                let mut set = String::new();
                if rest.next_if_eq(&'^').is_some() {
                    set.push('^');
                }
                let mut is_first = true;
                let mut is_closed = false;
                for c in rest.by_ref() {
                    if c == ']' && !is_first {
                        is_closed = true;
                        break;
                    }
                    is_first = false;
                    if matches!(c, '\\' | '[' | ']' | '^') {
                        set.push('\\');
                    }
                    set.push(c);
                }
                if !is_closed {
                    // No set without an end is in any path.
                    return "^$.".to_owned();
                }
                regex.push_str(&format!("[{set}]"));
            }
            c => {
                if !c.is_alphanumeric() && c.is_ascii() {
                    regex.push('\\');
                }
                regex.push(c);
            }
        }
    }
    regex + "$"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_become_regular_expressions() {
        assert_eq!(pattern("*/a?[bc].txt"), "^.*\\/a.[bc]\\.txt$");
        assert_eq!(pattern("[^a]*"), "^[^a].*$");
        assert_eq!(pattern("[a"), "^$.");
    }
}
