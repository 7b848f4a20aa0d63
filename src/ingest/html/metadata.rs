//! What a page says of its article: in JSON-LD, in `meta`, `link` and `time` elements, and in its markup.

use url::Url;

use super::super::fold::fold;
use super::super::language::language_code;
use super::fragment::{language_of, title_of};
use super::json_ld::{Described, described};
use super::tag::{Attribute, Tag};
use super::tree::{Id, Tree};
use crate::article::{Date, Metadata};

/// Names of `meta` elements, the first one that says something counts.
const TITLE: &[&str] = &[
    "citation_title",
    "og:title",
    "twitter:title",
    "parsely-title",
    "sailthru.title",
    "dc.title",
    "dcterms.title",
];
const AUTHOR: &[&str] = &[
    "citation_author",
    "author",
    "parsely-author",
    "sailthru.author",
    "article:author_name",
    "dc.creator",
    "dcterms.creator",
    "byl",
    "article:author",
];
const DATE: &[&str] = &[
    "citation_publication_date",
    "citation_date",
    "article:published_time",
    "og:published_time",
    "datepublished",
    "parsely-pub-date",
    "sailthru.date",
    "dc.date.issued",
    "dc.date",
    "dcterms.issued",
    "dcterms.created",
    "dcterms.date",
    "pubdate",
    "publishdate",
    "publish-date",
    "publish_date",
    "date",
    "article.published",
    "og:article:published_time",
];
const SOURCE: &[&str] = &[
    "citation_journal_title",
    "og:site_name",
    "dc.publisher",
    "dcterms.publisher",
    "application-name",
];
const LANGUAGE: &[&str] = &[
    "citation_language",
    "og:locale",
    "dc.language",
    "dcterms.language",
    "language",
];
const ADDRESS: &[&str] = &["og:url", "parsely-link"];

/// What is longer, in bytes, is no title and no list of names.
const LONGEST: usize = 500;

/// Reads what a page says of its article; `headline` is the heading that was found to be its title, `fetched` the
/// address that the page is from.
pub(super) fn metadata(tree: &Tree, headline: Option<Id>, fetched: Option<&str>) -> Metadata {
    let page = Page {
        tree,
        meta: (tree.elements(Tag::Meta))
            .filter_map(|id| meta(tree, id))
            .collect(),
        described: described(tree),
    };
    let source = page.first(SOURCE).or_else(|| page.described.source.clone());
    Metadata {
        title: page.title(headline, source.as_deref()),
        author: page.author(),
        date: page.date(headline),
        source,
        language: page.language(),
        address: page.address(fetched),
    }
}

/// The name of a `meta` element in lower case and what it says.
fn meta(tree: &Tree, id: Id) -> Option<(String, String)> {
    let names = [Attribute::Property, Attribute::Name, Attribute::Itemprop];
    let name = names.iter().find_map(|name| tree.attribute(id, *name))?;
    let content = fold(tree.attribute(id, Attribute::Content)?);
    let says = !content.is_empty() && content.len() <= LONGEST;
    says.then(|| (name.trim().to_ascii_lowercase(), content))
}

struct Page<'a> {
    tree: &'a Tree,
    meta: Vec<(String, String)>,
    described: Described,
}

impl Page<'_> {
    /// What the `meta` elements of a name say.
    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a String> {
        (self.meta.iter())
            .filter(move |(found, _)| found == name)
            .map(|(_, content)| content)
    }

    fn first(&self, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| self.all(name).next().cloned())
    }

    fn text(&self, id: Id) -> Option<String> {
        let text = fold(&self.tree.inner_text(id));
        (!text.is_empty() && text.len() <= LONGEST).then_some(text)
    }

    /// The elements that hold the property of an item of schema.org.
    fn property(&self, name: &str) -> Option<Id> {
        (1..self.tree.len()).find(|&id| {
            self.tree.tag(id).is_some_and(|tag| tag != Tag::Meta)
                && (self.tree.attribute(id, Attribute::Itemprop)).is_some_and(|found| found == name)
        })
    }

    fn title(&self, headline: Option<Id>, source: Option<&str>) -> Option<String> {
        let headline = headline.and_then(|id| self.text(id));
        let of_page = title_of(self.tree);
        let stated = [
            self.described.title.clone(),
            self.first(TITLE),
            of_page.clone(),
        ];
        // The heading is what the page shows; it is believed where the page states much the same.
        let agrees = |headline: &String| {
            stated.iter().flatten().any(|stated| {
                let stated = stated.to_lowercase();
                let (mut all, mut same) = (0, 0);
                for word in headline.split_whitespace() {
                    all += 1;
                    same += usize::from(stated.contains(&word.to_lowercase()));
                }
                2 * same >= all
            })
        };
        (headline.clone().filter(agrees))
            .or_else(|| self.described.title.clone())
            .or_else(|| self.first(TITLE))
            .map(|title| without_source(&title, source).to_owned())
            .or(headline.clone())
            .or_else(|| of_page.map(|title| without_source(&title, source).to_owned()))
    }

    fn author(&self) -> Option<String> {
        let is_name = |name: &&str| {
            !name.is_empty()
                && !name.contains("://")
                && !name.starts_with('@')
                && !name.contains('/')
        };
        let named = |names: Vec<&str>| {
            let mut known: Vec<&str> = Vec::new();
            for name in names.into_iter().map(without_by).filter(is_name) {
                if !known.contains(&name) && known.len() < 20 {
                    known.push(name);
                }
            }
            (!known.is_empty()).then(|| known.join(", "))
        };
        let described = self.described.authors.iter().map(String::as_str);
        let linked = || {
            (1..self.tree.len())
                .filter(|&id| {
                    (self.tree.attribute(id, Attribute::Rel))
                        .is_some_and(|rel| rel.split_ascii_whitespace().any(|rel| rel == "author"))
                })
                .take(5)
                .filter_map(|id| self.text(id))
                .find(|text| text.len() <= 80)
        };
        let marked = || {
            self.property("author")
                .and_then(|id| self.text(id))
                .filter(|text| text.len() <= 80)
        };
        named(described.collect())
            .or_else(|| {
                AUTHOR
                    .iter()
                    .find_map(|name| named(self.all(name).map(String::as_str).collect()))
            })
            .or_else(|| linked().and_then(|name| named(vec![&name])))
            .or_else(|| marked().and_then(|name| named(vec![&name])))
    }

    fn date(&self, headline: Option<Id>) -> Option<Date> {
        let of_element = |id: Id| {
            let stated = self.tree.attribute(id, Attribute::Datetime);
            let stated = stated.or_else(|| self.tree.attribute(id, Attribute::Content));
            stated.and_then(date)
        };
        let after = headline.unwrap_or(0);
        let times = || self.tree.elements(Tag::Time).take(TIMES);
        (self.described.date.as_deref().and_then(date))
            .or_else(|| {
                DATE.iter()
                    .find_map(|name| self.all(name).find_map(|text| date(text)))
            })
            .or_else(|| self.property("datePublished").and_then(of_element))
            .or_else(|| times().filter(|&id| id > after).find_map(of_element))
            .or_else(|| times().find_map(of_element))
    }

    fn language(&self) -> Option<String> {
        let stated = self.first(LANGUAGE);
        language_of(self.tree)
            .or_else(|| self.described.language.as_deref().and_then(language_code))
            .or_else(|| stated.as_deref().and_then(language_code))
    }

    fn address(&self, fetched: Option<&str>) -> Option<String> {
        let base = fetched.and_then(|address| Url::parse(address).ok());
        let absolute = |address: &str| {
            let address = address.trim();
            let url = match &base {
                Some(base) => base.join(address),
                None => Url::parse(address),
            };
            url.ok()
                .filter(|url| matches!(url.scheme(), "http" | "https"))
        };
        let canonical = self.tree.elements(Tag::Link).find_map(|id| {
            let rel = self.tree.attribute(id, Attribute::Rel)?;
            rel.split_ascii_whitespace()
                .any(|rel| rel.eq_ignore_ascii_case("canonical"))
                .then(|| self.tree.attribute(id, Attribute::Href))?
        });
        // A site that gives its front page as every page's address gives none.
        let is_front = |url: &Url| {
            url.path() == "/"
                && url.query().is_none()
                && base.as_ref().is_some_and(|base| base.path() != "/")
        };
        (canonical.into_iter().map(str::to_owned))
            .chain(self.first(ADDRESS))
            .chain(self.described.address.clone())
            .filter_map(|address| absolute(&address))
            .find(|url| !is_front(url))
            .map(String::from)
            .or_else(|| fetched.map(str::to_owned))
    }
}

/// So many `time` elements are looked at.
const TIMES: usize = 50;

/// "By Ada Marsh" without its first word.
fn without_by(name: &str) -> &str {
    let name = name.trim();
    ["By ", "by ", "BY "]
        .iter()
        .find_map(|by| name.strip_prefix(by))
        .unwrap_or(name)
        .trim()
}

/// A title without the name of the site that stands behind it or before it.
fn without_source<'a>(title: &'a str, source: Option<&str>) -> &'a str {
    const BARS: [&str; 7] = [" | ", " - ", " – ", " — ", " · ", " :: ", " « "];
    let Some(source) = source.map(str::to_lowercase) else {
        return title;
    };
    let is_source = |part: &str| {
        let part = part.trim().to_lowercase();
        part == source
            || part.strip_prefix("the ").unwrap_or(&part)
                == source.strip_prefix("the ").unwrap_or(&source)
    };
    let cut = BARS.iter().find_map(|bar| {
        let behind = title.rsplit_once(bar).filter(|(_, part)| is_source(part));
        let before = title.split_once(bar).filter(|(part, _)| is_source(part));
        (behind.map(|(rest, _)| rest)).or(before.map(|(_, rest)| rest))
    });
    cut.map(str::trim)
        .filter(|cut| !cut.is_empty())
        .unwrap_or(title)
}

/// A date as pages write it for machines: those that [`Date`] reads, `20200514`, and those of e-mail with a time.
fn date(text: &str) -> Option<Date> {
    let text = text.trim();
    if let Ok(date) = text.parse() {
        return Some(date);
    }
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if digits >= 8 && text.is_ascii() {
        let (year, month, day) = (text.get(..4)?, text.get(4..6)?, text.get(6..8)?);
        return format!("{year}-{month}-{day}").parse().ok();
    }
    let words = text
        .split_whitespace()
        .take_while(|word| !word.contains(':'));
    words.collect::<Vec<_>>().join(" ").parse().ok()
}
