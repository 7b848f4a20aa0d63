//! What the names that a page gives its elements say of them: classes, identifiers, roles.

use super::tag::{Attribute, Tag};
use super::tree::{Id, Tree};

/// What an element is for, as its name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// What readers wrote.
    Comments,
    /// What belongs to the page or the site rather than to the article.
    Furniture,
    /// The article's text.
    Text,
}

/// What an element is for, if its names say.
pub(super) fn purpose(tree: &Tree, id: Id, tag: Tag) -> Option<Purpose> {
    if matches!(tag, Tag::Html | Tag::Body | Tag::Main) {
        return None;
    }
    if is_text(tree, id) {
        return Some(Purpose::Text);
    }
    if matches!(
        tag,
        Tag::Nav
            | Tag::Aside
            | Tag::Footer
            | Tag::Menu
            | Tag::Button
            | Tag::Dialog
            | Tag::Figcaption
    ) {
        return Some(Purpose::Furniture);
    }
    if let Some(role) = tree.attribute(id, Attribute::Role)
        && ROLES.contains(&role)
    {
        return Some(Purpose::Furniture);
    }
    // A post that is quoted from elsewhere belongs to the text.
    let is_quote = |id: &Id| tree.tag(*id) == Some(Tag::Blockquote);
    if tree.children(id).take(2).any(|child| is_quote(&child)) || is_quote(&id) {
        return None;
    }
    let mut found = None;
    for attribute in [
        Attribute::Id,
        Attribute::Class,
        Attribute::DataComponent,
        Attribute::DataTestid,
    ] {
        for name in tree
            .attribute(id, attribute)
            .unwrap_or("")
            .split_ascii_whitespace()
            .take(NAMES)
        {
            match of_name(name) {
                Some(Purpose::Comments) => return Some(Purpose::Comments),
                Some(purpose) => found = Some(purpose),
                None => {}
            }
        }
    }
    found
}

/// So many names of one element are looked at, and of each so many characters.
const NAMES: usize = 16;
const NAME: usize = 80;

const ROLES: [&str; 8] = [
    "navigation",
    "complementary",
    "contentinfo",
    "banner",
    "search",
    "dialog",
    "alertdialog",
    "menu",
];

fn is_text(tree: &Tree, id: Id) -> bool {
    tree.attribute(id, Attribute::Itemprop)
        .is_some_and(|names| {
            names
                .split_ascii_whitespace()
                .any(|name| name == "articleBody")
        })
}

/// What [`promise`] is at least for an element whose name says that it holds an article's text.
pub(super) const NAMED: f64 = 2.0;

/// How much an element's own names speak for its being the article's text: what the weight of what is in it is
/// multiplied by.
pub(super) fn promise(tree: &Tree, id: Id, tag: Tag) -> f64 {
    if !matches!(
        tag,
        Tag::Div | Tag::Section | Tag::Article | Tag::Main | Tag::Td | Tag::Other(_)
    ) {
        return 1.0;
    }
    if is_text(tree, id) {
        return 2.5;
    }
    let names = [Attribute::Id, Attribute::Class];
    let names = names.iter().flat_map(|name| {
        let names = tree.attribute(id, *name).unwrap_or("");
        names.split_ascii_whitespace().take(NAMES)
    });
    let is_named = |name: &str| {
        let words = words(name);
        let has = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
        has(&["articlebody", "storybody", "postcontent"])
            || (has(&["article", "entry", "post", "story", "blog", "news"])
                && has(&["body", "content", "text", "copy", "main"]))
    };
    let mut names = names;
    if names.any(is_named) {
        return NAMED;
    }
    match tag {
        Tag::Article => 1.2,
        Tag::Main => 1.1,
        _ => 1.0,
    }
}

/// Words of names, in lower case, one of which makes an element furniture. They are those that sites use everywhere;
/// on the pages that they were tried on, none was made for one site.
const FURNITURE: &[&str] = &[
    "ad",
    "ads",
    "adsense",
    "advert",
    "advertisement",
    "advertising",
    "addthis",
    "addtoany",
    "affiliate",
    "authorbio",
    "banner",
    "breadcrumb",
    "breadcrumbs",
    "byline",
    "carousel",
    "caption",
    "captions",
    "consent",
    "cookie",
    "cookies",
    "credit",
    "credits",
    "figcaption",
    "copyright",
    "dateline",
    "donate",
    "donation",
    "footer",
    "dek",
    "followus",
    "gdpr",
    "hashtags",
    "login",
    "masthead",
    "menu",
    "meta",
    "metadata",
    "metas",
    "modal",
    "most",
    "mostread",
    "nav",
    "navbar",
    "navigation",
    "newsletter",
    "optin",
    "outbrain",
    "overlay",
    "pagination",
    "paging",
    "pager",
    "popular",
    "popover",
    "popup",
    "rollover",
    "tooltip",
    "print",
    "prev",
    "promo",
    "promos",
    "promoted",
    "promotion",
    "privacy",
    "pubdate",
    "rating",
    "ratings",
    "recirc",
    "recirculation",
    "recommend",
    "recommended",
    "recommendation",
    "recommendations",
    "related",
    "relatedposts",
    "screen",
    "sharedaddy",
    "share",
    "sharebar",
    "sharing",
    "shares",
    "sharing",
    "shop",
    "sidebar",
    "signup",
    "skip",
    "slideshow",
    "social",
    "sponsor",
    "sponsored",
    "sponsors",
    "subscribe",
    "subscription",
    "standfirst",
    "subhead",
    "subheadline",
    "subtitle",
    "similar",
    "syndication",
    "taboola",
    "tags",
    "taglist",
    "timestamp",
    "toolbar",
    "tools",
    "topics",
    "trending",
    "upsell",
    "utility",
    "widget",
    "zergnet",
];

/// What an element is for, if one of its names says.
fn of_name(name: &str) -> Option<Purpose> {
    let words = words(name);
    let has = |word: &str| words.iter().any(|found| found == word);
    if has("comments")
        || has("disqus")
        || has("commentlist")
        || has("respond")
        || has("livefyre")
        || has("comment")
    {
        return Some(Purpose::Comments);
    }
    if FURNITURE.iter().any(|word| has(word)) {
        return Some(Purpose::Furniture);
    }
    None
}

/// The words of a name like `article-shareBar_top`, in lower case.
fn words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut was_lower = false;
    for c in name.chars().take(NAME) {
        let is_break = !c.is_alphanumeric() || (c.is_uppercase() && was_lower);
        if is_break && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        was_lower = c.is_lowercase();
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_parted_into_words() {
        assert_eq!(
            words("article-shareBar_top"),
            ["article", "share", "bar", "top"]
        );
        assert_eq!(of_name("shareBar"), Some(Purpose::Furniture));
        assert_eq!(of_name("comment-list"), Some(Purpose::Comments));
        assert_eq!(of_name("shareholders"), None);
    }
}
