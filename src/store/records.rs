//! What is read of a library beside its vectors and its words, and what is changed of it, whatever keeps it.

use std::collections::HashMap;

use super::{
    Copy, Counts, FileRow, Filter, KeptTheme, Membership, ModelRow, Overview, Sketched, StoreError,
    Validators,
};
use crate::article::{ArticleId, Kind, Passage, PassageId, StoredArticle, ThemeId};
use crate::copies::Sketch;

/// Reading a library: its files, articles and passages, and what was found out about them.
///
/// Every method fails where the database is damaged or can't be read.
pub trait Records {
    /// An error that says what is damaged in this library.
    fn damaged(&self, detail: String) -> StoreError;

    /// How much the library holds.
    ///
    /// # Errors
    ///
    /// As all reading.
    fn counts(&self) -> Result<Counts, StoreError>;

    /// How many passages of each kind there are, in the order of [`Kind::ALL`], kinds without any left out.
    ///
    /// # Errors
    ///
    /// As all reading.
    fn kinds(&self) -> Result<Vec<(Kind, u64)>, StoreError>;

    /// The model that the library's vectors come from; `None` while there are none.
    ///
    /// # Errors
    ///
    /// As all reading.
    fn model(&self) -> Result<Option<ModelRow>, StoreError>;

    /// The languages of the library's articles, the most frequent first.
    ///
    /// # Errors
    ///
    /// As all reading.
    fn languages(&self) -> Result<Vec<String>, StoreError>;

    /// Calls `take` with every passage that the filter chooses, in ascending order.
    ///
    /// # Errors
    ///
    /// As all reading.
    fn each_passage(
        &self,
        filter: &Filter,
        take: &mut dyn FnMut(Passage),
    ) -> Result<(), StoreError>;

    /// Those of some passages that there are, in any order.
    ///
    /// # Errors
    ///
    /// As all reading.
    fn passages(&self, ids: &[PassageId]) -> Result<Vec<Passage>, StoreError>;

    /// One passage.
    ///
    /// # Errors
    ///
    /// As all reading.
    fn passage(&self, id: PassageId) -> Result<Option<Passage>, StoreError> {
        Ok(self.passages(&[id])?.pop())
    }

    /// The passages of an article in reading order.
    ///
    /// # Errors
    ///
    /// As all reading.
    fn passages_of(&self, article: ArticleId) -> Result<Vec<Passage>, StoreError>;

    /// The languages of those passages of an article that have another than it.
    ///
    /// # Errors
    ///
    /// As all reading.
    fn own_languages(&self, article: ArticleId) -> Result<HashMap<PassageId, String>, StoreError>;

    /// A passage and those around it in its article: of as many `paragraphs` before and behind its own.
    ///
    /// # Errors
    ///
    /// As all reading.
    fn passages_around(
        &self,
        passage: &Passage,
        paragraphs: u32,
    ) -> Result<Vec<Passage>, StoreError>;

    /// The article of every passage in the library.
    ///
    /// # Errors
    ///
    /// As all reading.
    fn articles_of_passages(&self) -> Result<HashMap<PassageId, ArticleId>, StoreError>;

    /// Those of some articles that there are, in any order.
    ///
    /// # Errors
    ///
    /// As all reading.
    fn articles_with(&self, ids: &[ArticleId]) -> Result<Vec<StoredArticle>, StoreError>;

    /// One article.
    ///
    /// # Errors
    ///
    /// As all reading.
    fn article(&self, id: ArticleId) -> Result<Option<StoredArticle>, StoreError> {
        Ok(self.articles_with(&[id])?.pop())
    }

    /// The articles that the filter chooses, by path and then in the order of the file.
    ///
    /// # Errors
    ///
    /// As all reading.
    fn articles(&self, filter: &Filter) -> Result<Vec<StoredArticle>, StoreError>;

    /// The articles that were read from exactly this path.
    ///
    /// # Errors
    ///
    /// As all reading.
    fn articles_at(&self, path: &str) -> Result<Vec<StoredArticle>, StoreError>;

    /// What is known of the file at this path.
    ///
    /// # Errors
    ///
    /// As all reading.
    fn file(&self, path: &str) -> Result<Option<FileRow>, StoreError>;

    /// What a server said of the file at this path; nothing where it isn't in the library, or not whole.
    ///
    /// # Errors
    ///
    /// As all reading.
    fn validators(&self, path: &str) -> Result<Validators, StoreError>;

    /// Every path that was read, in order.
    ///
    /// # Errors
    ///
    /// As all reading.
    fn paths(&self) -> Result<Vec<String>, StoreError>;

    /// The articles of a file with the digests of their content.
    ///
    /// # Errors
    ///
    /// As all reading.
    fn article_digests(&self, path: &str) -> Result<Vec<(ArticleId, [u8; 32])>, StoreError>;

    /// What the articles are that the filter chooses.
    ///
    /// # Errors
    ///
    /// As all reading.
    fn overview(&self, filter: &Filter) -> Result<Overview, StoreError>;

    /// The themes that have not ended, by number.
    ///
    /// # Errors
    ///
    /// As all reading.
    fn themes(&self) -> Result<Vec<KeptTheme>, StoreError>;

    /// The passages that have a theme, in ascending order.
    ///
    /// # Errors
    ///
    /// As all reading.
    fn memberships(&self) -> Result<Vec<Membership>, StoreError>;

    /// What changed when the themes were last found anew, as it was kept; none before they were found.
    ///
    /// # Errors
    ///
    /// As all reading.
    fn theme_changes(&self) -> Result<Option<String>, StoreError>;

    /// The first number that no theme ever had.
    ///
    /// # Errors
    ///
    /// As all reading.
    fn next_theme(&self) -> Result<ThemeId, StoreError>;

    /// The articles that have no sketch yet, in ascending order: those that nobody has compared with the others.
    ///
    /// # Errors
    ///
    /// As all reading.
    fn not_sketched(&self) -> Result<Vec<ArticleId>, StoreError>;

    /// The articles with their sketches, in the order of their numbers.
    ///
    /// # Errors
    ///
    /// As all reading.
    fn sketched(&self) -> Result<Vec<Sketched>, StoreError>;

    /// The articles that are copies of another, those of one story together, in the order of their originals.
    ///
    /// # Errors
    ///
    /// As all reading.
    fn copies(&self) -> Result<Vec<Copy>, StoreError>;

    /// Whether articles came or went since it was last worked out which are copies. Each change of them says so with it, so
    /// that no interruption between the two goes unnoticed.
    ///
    /// # Errors
    ///
    /// As all reading.
    fn owes_copies(&self) -> Result<bool, StoreError>;
}

/// Changing a library. Each change is made as a whole, or not at all.
pub trait Editor {
    /// The library as it is with what was changed so far.
    fn records(&self) -> &dyn Records;

    /// Removes articles; a file of which none is left is forgotten.
    ///
    /// # Errors
    ///
    /// Where the database can't be written; then nothing has changed.
    fn remove_articles(&mut self, articles: &[ArticleId]) -> Result<(), StoreError>;

    /// Removes files with their articles.
    ///
    /// # Errors
    ///
    /// Where the database can't be written; then nothing has changed.
    fn remove_files(&mut self, paths: &[String]) -> Result<(), StoreError>;

    /// Marks passages as lines that recur among the articles of their source.
    ///
    /// # Errors
    ///
    /// Where the database can't be written; then nothing has changed.
    fn mark_recurring(&mut self, passages: &[PassageId]) -> Result<(), StoreError>;

    /// Keeps the sketches of articles.
    ///
    /// # Errors
    ///
    /// Where the database can't be written; then nothing has changed.
    fn keep_sketches(&mut self, sketches: &[(ArticleId, Sketch)]) -> Result<(), StoreError>;

    /// Puts copies in the place of those that were known; none are owed any more.
    ///
    /// # Errors
    ///
    /// Where the database can't be written; then nothing has changed.
    fn keep_copies(&mut self, copies: &[Copy]) -> Result<(), StoreError>;

    /// Puts these themes in the place of those that there are, which end where they aren't among them.
    ///
    /// Themes have numbers that they had, or from [`Records::next_theme`] on. Passages that are
    /// gone meanwhile are passed over. `changes` is kept as what has changed, where the themes were found anew.
    ///
    /// # Errors
    ///
    /// Where the database can't be written; then nothing has changed.
    fn keep_themes(
        &mut self,
        themes: &[KeptTheme],
        memberships: &[Membership],
        changes: Option<&str>,
    ) -> Result<(), StoreError>;
}
