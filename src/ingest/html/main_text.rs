//! Which part of a page is the article.
//!
//! Each block of text has a weight: that of prose is its length, and that of links and of short lines is below zero. The
//! article is the element with the greatest sum, where what an element promises by its name counts too. What stands
//! before the headline weighs nothing, nor do elements that are named as something else: navigation, comments,
//! calls to share. A name is not believed where most of the text would go with it.

use std::collections::HashSet;

use super::super::sentences::ends_as_sentence;
use super::blocks::{Block, blocks, is_hidden};
use super::fragment::title_of;
use super::hints::{NAMED, Purpose, promise, purpose};
use super::tag::Tag;
use super::tree::{Id, ROOT, Tree};

/// What an element promises by its name counts for this much text, in bytes, at most: a long article that is laid in
/// several boxes is still found as a whole.
const PROMISED: f64 = 1000.0;

/// An `article` element with the headline and with as much text, in bytes, is the article, and others are not.
const LEAST: f64 = 200.0;

/// A heading of the first level is the headline rather than one of a lower level that shares a few words more with
/// the page's title.
const FIRST_LEVEL: f64 = 2.5;

/// So many headings are looked at for the headline.
const HEADLINES: usize = 256;

/// A page taken apart.
pub(super) struct MainText {
    /// The blocks of the article.
    pub(super) body: Vec<Block>,
    /// What readers wrote.
    pub(super) comments: Vec<Block>,
    /// The heading that is its title.
    pub(super) headline: Option<Id>,
}

/// Finds the article in a page.
pub(super) fn main_text(tree: &Tree) -> MainText {
    let mut page = Page::new(tree);
    page.find_headline(&title_of(tree).unwrap_or_default());
    page.mark();
    MainText {
        body: page.body(page.best()),
        comments: page.comments(),
        headline: page.headline,
    }
}

/// What is known of a page while its article is looked for.
struct Page<'a> {
    tree: &'a Tree,
    blocks: Vec<Block>,
    weights: Vec<f64>,
    /// The sums of the weights of all blocks before a block, those below zero left out.
    good: Vec<f64>,
    headline: Option<Id>,
    /// How many elements before each node say that they hold an article's text.
    promised: Vec<u32>,
    /// Elements that are not read, by what they are; none stands in another.
    marked: Vec<(Id, Purpose)>,
}

impl<'a> Page<'a> {
    fn new(tree: &'a Tree) -> Self {
        let blocks = blocks(tree, ROOT, |id, tag| tag.is_unread() || is_hidden(tree, id));
        let weights: Vec<f64> = blocks.iter().map(weight).collect();
        Self {
            tree,
            good: sums(weights.iter().map(|weight| weight.max(0.0))),
            blocks,
            weights,
            headline: None,
            promised: promised(tree),
            marked: Vec::new(),
        }
    }

    /// Which blocks stand below a node.
    fn range(&self, id: Id) -> (usize, usize) {
        let end = self.tree.end(id);
        let start = self.blocks.partition_point(|block| block.at < id);
        let rest = self.blocks.get(start..).unwrap_or_default();
        (start, start + rest.partition_point(|block| block.at < end))
    }

    fn sum(&self, sums: &[f64], id: Id) -> f64 {
        let (start, end) = self.range(id);
        sums.get(end).unwrap_or(&0.0) - sums.get(start).unwrap_or(&0.0)
    }

    /// Finds the heading that is the title. What stands before it is not the article.
    fn find_headline(&mut self, title: &str) {
        let title: HashSet<String> = words(title).take(100).collect();
        let total = self.sum(&self.good, ROOT);
        let mut most = -1.0;
        let is_heading = |id: &Id| matches!(self.tree.tag(*id), Some(Tag::H1 | Tag::H2 | Tag::H3));
        for id in (1..self.tree.len()).filter(is_heading).take(HEADLINES) {
            let (start, end) = self.range(id);
            let before = self.good.get(end).unwrap_or(&0.0);
            if start == end || total - before < 0.3 * total {
                continue;
            }
            let texts = self.blocks.get(start..end).unwrap_or_default();
            let text = || texts.iter().take(4).flat_map(|block| words(&block.text));
            let all = text().count().max(1) as f64;
            let same = text().filter(|word| title.contains(word)).count() as f64;
            // One of a lower level has to say what the page's title says.
            let is_first = self.tree.tag(id) == Some(Tag::H1);
            if !is_first && (all < 3.0 || same < 0.8 * all) {
                continue;
            }
            // The name of the site, which is of the first level on many pages, shares few words with the title.
            let likeness = same * same / all + if is_first { FIRST_LEVEL } else { 0.0 };
            if likeness > most {
                most = likeness;
                self.headline = Some(id);
            }
        }
        if let Some(headline) = self.headline {
            let (_, end) = self.range(headline);
            for weight in self.weights.iter_mut().take(end) {
                *weight = weight.min(0.0);
            }
            self.good = sums(self.weights.iter().map(|weight| weight.max(0.0)));
        }
    }

    /// Marks what is not the article.
    fn mark(&mut self) {
        let total = self.sum(&self.good, ROOT).max(1.0);
        let mut teasers = self.teasers();
        teasers.extend(self.other_articles());
        let mut id = ROOT + 1;
        while id < self.tree.len() {
            let next = match self.tree.tag(id) {
                Some(tag) => {
                    let found = match purpose(self.tree, id, tag) {
                        None if teasers.contains(&id) => Some(Purpose::Furniture),
                        found => found,
                    };
                    match found {
                        Some(Purpose::Text) | None => id + 1,
                        Some(purpose) if self.may_be(id, total) => {
                            self.marked.push((id, purpose));
                            self.tree.end(id)
                        }
                        Some(_) => id + 1,
                    }
                }
                None => id + 1,
            };
            id = next;
        }
        for &(id, _) in &self.marked {
            let (start, end) = self.range(id);
            for weight in self.weights.iter_mut().take(end).skip(start) {
                *weight = 0.0;
            }
        }
    }

    /// Whether an element whose name says that it isn't the article can be believed.
    fn may_be(&self, id: Id, total: f64) -> bool {
        let ids = id..self.tree.end(id);
        if self
            .headline
            .is_some_and(|headline| ids.contains(&headline))
        {
            return false;
        }
        let share = self.sum(&self.good, id) / total;
        share < 0.1 || (share < 0.7 && self.promised.get(ids.end) == self.promised.get(ids.start))
    }

    /// Items of lists of other articles: each has a heading that is a link.
    fn teasers(&self) -> HashSet<Id> {
        let mut teasers = HashSet::new();
        for block in &self.blocks {
            if !block.is_heading || block.linked * 10 < block.text.len() * 8 {
                continue;
            }
            let mut ids = std::iter::once(block.parent).chain(self.tree.ancestors(block.parent));
            let heading = ids.find(|id| self.tree.tag(*id).is_some_and(Tag::is_heading));
            let Some(heading) = heading else { continue };
            let item = self
                .tree
                .ancestors(heading)
                .take(5)
                .find(|id| matches!(self.tree.tag(*id), Some(Tag::Li | Tag::Article | Tag::A)));
            teasers.insert(item.unwrap_or(heading));
        }
        teasers
    }

    /// Elements that say they are articles beside the one that the headline stands in.
    fn other_articles(&self) -> Vec<Id> {
        let is_article = |id: &Id| self.tree.tag(*id) == Some(Tag::Article);
        let own = self
            .headline
            .and_then(|id| self.tree.ancestors(id).find(is_article));
        let Some(own) = own.filter(|&own| self.sum(&self.good, own) >= LEAST) else {
            return Vec::new();
        };
        (self.tree.elements(Tag::Article))
            .filter(|&id| {
                !(own..self.tree.end(own)).contains(&id) && !(id..self.tree.end(id)).contains(&own)
            })
            .collect()
    }

    /// The element that holds the article.
    fn best(&self) -> Id {
        let weighed = sums(self.weights.iter().copied());
        let mut best = (0.0, ROOT);
        for id in 0..self.tree.len() {
            let Some(tag) = self.tree.tag(id) else {
                continue;
            };
            let sum = self.sum(&weighed, id);
            let sum = sum + (promise(self.tree, id, tag) - 1.0) * sum.clamp(0.0, PROMISED);
            if sum > 0.0 && sum >= best.0 {
                best = (sum, id);
            }
        }
        best.1
    }

    /// The blocks of the article; of a page that has nothing but short lines, all of them.
    fn body(&self, best: Id) -> Vec<Block> {
        let marked: HashSet<Id> = self.marked.iter().map(|(id, _)| *id).collect();
        let after = self.headline.map_or(0, |id| self.tree.end(id));
        let mut found = blocks(self.tree, best, |id, tag| {
            tag.is_unread() || marked.contains(&id) || is_hidden(self.tree, id)
        });
        found.retain(|block| block.at >= after);
        let is_body = |block: &&Block| !self.is_out_of_place(block);
        let mut body: Vec<Block> = found.iter().filter(is_body).cloned().collect();
        while body.last().is_some_and(|block| block.is_heading) {
            body.pop();
        }
        let leading = body.iter().take_while(|block| block.is_heading).count();
        body.drain(..leading);
        match body.is_empty() {
            true => found,
            false => body,
        }
    }

    /// Whether a block within the article is no part of it.
    fn is_out_of_place(&self, block: &Block) -> bool {
        let density = block.linked as f64 / block.text.len() as f64;
        if density > 0.8 {
            return true;
        }
        let tag = self.tree.tag(block.parent);
        let is_loose = !block.is_heading
            && !matches!(
                tag,
                Some(
                    Tag::P
                        | Tag::Blockquote
                        | Tag::Pre
                        | Tag::Li
                        | Tag::Dd
                        | Tag::Dt
                        | Tag::Tr
                        | Tag::Td
                        | Tag::Th
                )
            );
        is_loose && block.text.len() < 40 && !ends_as_sentence(&block.text)
    }

    fn comments(&self) -> Vec<Block> {
        let mut comments = Vec::new();
        for &(id, purpose) in &self.marked {
            if purpose == Purpose::Comments {
                let found = blocks(self.tree, id, |id, tag| {
                    tag.is_unread() || tag == Tag::Form || is_hidden(self.tree, id)
                });
                comments.extend(
                    found
                        .into_iter()
                        .filter(|block| !self.is_out_of_place(block)),
                );
            }
        }
        comments
    }
}

/// How much a block speaks for what holds it being the article.
fn weight(block: &Block) -> f64 {
    let length = block.text.len() as f64;
    let density = block.linked as f64 / length;
    if density > 0.5 {
        return -10.0 - length.min(100.0) * 0.2;
    }
    if length >= 80.0 || (length >= 40.0 && ends_as_sentence(&block.text)) {
        (length * (1.0 - 2.0 * density)).min(1000.0)
    } else {
        -5.0
    }
}

/// How many elements before each node say by their names that they hold an article's text.
fn promised(tree: &Tree) -> Vec<u32> {
    let mut count = 0;
    let before = (0..tree.len()).map(|id| {
        let is_promise = |tag| promise(tree, id, tag) >= NAMED;
        let before = count;
        count += u32::from(tree.tag(id).is_some_and(is_promise));
        before
    });
    let mut promised: Vec<u32> = before.collect();
    promised.push(count);
    promised
}

/// The sums of the values before each.
fn sums(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut sum = 0.0;
    std::iter::once(0.0)
        .chain(values.map(|value| {
            sum += value;
            sum
        }))
        .collect()
}

fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
}
