//! `topoi compare`: what two authors, or two sources, have in common, and what only one of them says.

use std::collections::HashMap;

use serde::Serialize;
use topoi::article::{ArticleId, Passage, ThemeId};
use topoi::library::Library;
use topoi::store::Filter;
use topoi::themes::comparison::{
    Comparison, Contribution, Each, Group, Limits, Novel, SharedTheme, compare,
};

use super::Outcome;
use super::cli::Compare;
use super::context::Context;
use super::failure::Failure;
use super::output::{FAINT, Output, STRONG};
use super::themes::current;
use crate::answers::{PassageJson, Subject, clean, one_line};

/// A theme is more the one's than the other's where chance would hardly make it so, in standard errors.
const NOTABLE: f64 = 2.0;

/// How many new passages of each are shown under a theme that both treat.
const IN_THEME: usize = 1;

#[derive(Serialize)]
struct CompareJson<'c> {
    schema: &'static str,
    a: &'c str,
    b: &'c str,
    passages: Each<usize>,
    shared: Vec<SharedJson<'c>>,
    only: Each<Vec<OnlyJson>>,
    novel: Each<Vec<NovelJson>>,
}

#[derive(Serialize)]
struct SharedJson<'c> {
    id: ThemeId,
    name: String,
    passages: &'c Each<usize>,
    articles: &'c Each<usize>,
    share: &'c Each<f64>,
    lean: f64,
    z: f64,
    alike: Option<AlikeJson>,
    novel: Each<Vec<NovelJson>>,
}

#[derive(Serialize)]
struct AlikeJson {
    a: PassageJson,
    b: PassageJson,
    cosine: f32,
}

#[derive(Serialize)]
struct OnlyJson {
    id: ThemeId,
    name: String,
    passages: usize,
    articles: usize,
    share: f64,
    others: usize,
    expected: f64,
}

#[derive(Serialize)]
struct NovelJson {
    novelty: f32,
    #[serde(flatten)]
    passage: PassageJson,
}

pub(crate) fn run(context: &mut Context, arguments: &Compare) -> anyhow::Result<Outcome> {
    let (names, is_author) = if arguments.author.is_empty() {
        (&arguments.source, false)
    } else {
        (&arguments.author, true)
    };
    let [a, b] = names.as_slice() else {
        return Err(Failure::with_hint(
            format!(
                "a comparison is of two, and {} given",
                if names.len() == 1 {
                    "one is"
                } else {
                    "more are"
                }
            ),
            "`topoi compare --author NAME --author NAME`, or `--source` twice",
        )
        .into());
    };
    let library = context.open()?;
    let groups = groups(&library, [a, b], is_author)?;
    let (commentary, _) = current(context, &library)?;
    let subject = Subject::new(&library, commentary)?;
    let places = subject.commentary.places();
    let mut chosen = Vec::new();
    let mut contributions = Vec::new();
    let is_chosen = |passage: &&Passage| groups.contains_key(&passage.article);
    let ids = subject.commentary.passages.iter().filter(is_chosen);
    let mut known = library.vectors(&ids.map(|passage| passage.id).collect::<Vec<_>>())?;
    let mut vectors = Vec::new();
    for (place, passage) in subject.commentary.passages.iter().enumerate() {
        if let Some(&group) = groups.get(&passage.article) {
            let vector = known.remove(&passage.id);
            vectors.push(vector.ok_or(topoi::Error::NoVector(passage.id))?);
            contributions.push(Contribution {
                group,
                theme: places[place],
                article: passage.article.0,
            });
            chosen.push(place);
        }
    }
    let limits = Limits {
        in_theme: IN_THEME,
        overall: arguments.limit,
    };
    let found = compare(&contributions, &|place| &vectors[place], &limits);
    let shown = Shown {
        subject: &subject,
        chosen: &chosen,
        found: &found,
        names: [a, b],
    };
    let output = &mut context.output;
    if arguments.json {
        output.json(&shown.json())?;
    } else {
        shown.print(output, arguments.limit)?;
    }
    Ok(Outcome::Found)
}

/// Whose each article is. An error where one of the two has none.
fn groups(
    library: &Library,
    names: [&String; 2],
    is_author: bool,
) -> anyhow::Result<HashMap<ArticleId, Group>> {
    let mut groups = HashMap::new();
    for (name, group) in names.into_iter().zip([Group::A, Group::B]) {
        let filter = if is_author {
            Filter {
                author: Some(name.clone()),
                ..Filter::default()
            }
        } else {
            Filter {
                source: Some(name.clone()),
                ..Filter::default()
            }
        };
        let articles = library.store().articles(&filter)?;
        if articles.is_empty() {
            let what = if is_author { "author" } else { "source" };
            return Err(Failure::with_hint(
                format!("no article has {what} `{name}`"),
                format!("`topoi themes --by {what}` shows who there is"),
            )
            .into());
        }
        for article in articles {
            groups
                .entry(article.id)
                .and_modify(|known| {
                    if *known != group {
                        *known = Group::Both;
                    }
                })
                .or_insert(group);
        }
    }
    Ok(groups)
}

/// What is shown of a comparison.
struct Shown<'c> {
    subject: &'c Subject,
    /// The passages that were compared, by their places in the commentary.
    chosen: &'c [usize],
    found: &'c Comparison,
    names: [&'c str; 2],
}

impl Shown<'_> {
    fn passage(&self, compared: usize) -> Option<(&Passage, &topoi::article::StoredArticle)> {
        self.subject.passage(*self.chosen.get(compared)?)
    }

    fn name(&self, theme: usize) -> String {
        clean(self.subject.commentary.themes[theme].name())
    }

    fn id(&self, theme: usize) -> ThemeId {
        self.subject.commentary.themes[theme].kept.id
    }

    fn json(&self) -> CompareJson<'_> {
        let passage = |compared: usize| {
            let (passage, article) = self.passage(compared)?;
            Some(PassageJson::new(passage, article))
        };
        let novel = |novel: &Vec<Novel>| -> Vec<NovelJson> {
            let json = |novel: &Novel| {
                Some(NovelJson {
                    novelty: novel.novelty,
                    passage: passage(novel.passage)?,
                })
            };
            novel.iter().filter_map(json).collect()
        };
        let each = |both: &Each<Vec<Novel>>| Each {
            a: novel(&both.a),
            b: novel(&both.b),
        };
        let shared = |shared: &'_ SharedTheme| {
            let alike = shared.alike.and_then(|alike| {
                Some(AlikeJson {
                    a: passage(alike.a)?,
                    b: passage(alike.b)?,
                    cosine: alike.cosine,
                })
            });
            (alike, each(&shared.novel))
        };
        let only = |themes: &Vec<topoi::themes::comparison::OnlyTheme>| -> Vec<OnlyJson> {
            let only = themes.iter().map(|only| OnlyJson {
                id: self.id(only.theme),
                name: self.name(only.theme),
                passages: only.passages,
                articles: only.articles,
                share: only.share,
                others: only.others,
                expected: only.expected,
            });
            only.collect()
        };
        CompareJson {
            schema: "topoi.compare.v1",
            a: self.names[0],
            b: self.names[1],
            passages: Each {
                a: self.found.passages.a,
                b: self.found.passages.b,
            },
            shared: self
                .found
                .shared
                .iter()
                .map(|theme| {
                    let (alike, novel) = shared(theme);
                    SharedJson {
                        id: self.id(theme.theme),
                        name: self.name(theme.theme),
                        passages: &theme.passages,
                        articles: &theme.articles,
                        share: &theme.share,
                        lean: theme.lean,
                        z: theme.z,
                        alike,
                        novel,
                    }
                })
                .collect(),
            only: Each {
                a: only(&self.found.only.a),
                b: only(&self.found.only.b),
            },
            novel: each(&self.found.novel),
        }
    }

    fn print(&self, output: &mut Output, limit: usize) -> anyhow::Result<()> {
        let [a, b] = self.names.map(clean);
        let Each { a: of_a, b: of_b } = &self.found.passages;
        output.line(format_args!(
            "{STRONG}{a}{STRONG:#} ({of_a} passages) and {STRONG}{b}{STRONG:#} ({of_b})\n"
        ))?;
        if !self.found.shared.is_empty() {
            output.line(format_args!("{STRONG}Themes of both{STRONG:#}\n"))?;
        }
        for theme in self.found.shared.iter().take(limit) {
            let whose = match theme.z {
                z if z >= NOTABLE => format!("   more {a}’s"),
                z if z <= -NOTABLE => format!("   more {b}’s"),
                _ => String::new(),
            };
            self.theme_line(output, theme.theme)?;
            output.line(format_args!(
                "     {FAINT}{a} {:.0} %, {b} {:.0} % of what each wrote{whose}{FAINT:#}",
                100.0 * theme.share.a,
                100.0 * theme.share.b
            ))?;
            if let Some(alike) = theme.alike {
                output.line(format_args!(
                    "     {FAINT}nearest to each other ({:.2}){FAINT:#}",
                    alike.cosine
                ))?;
                self.passage_line(output, &a, alike.a)?;
                self.passage_line(output, &b, alike.b)?;
            }
            output.line("")?;
        }
        for (name, other, only) in [(&a, &b, &self.found.only.a), (&b, &a, &self.found.only.b)] {
            if !only.is_empty() {
                output.line(format_args!("{STRONG}Themes of {name} alone{STRONG:#}\n"))?;
            }
            for theme in only.iter().take(limit) {
                self.theme_line(output, theme.theme)?;
                output.line(format_args!(
                    "     {FAINT}{} passages; {other} has {}, where {:.0} would be expected{FAINT:#}\n",
                    theme.passages, theme.others, theme.expected
                ))?;
            }
        }
        for (name, other, novel) in [(&a, &b, &self.found.novel.a), (&b, &a, &self.found.novel.b)] {
            if !novel.is_empty() {
                output.line(format_args!(
                    "{STRONG}What {name} says and {other} doesn’t{STRONG:#}\n"
                ))?;
            }
            for novel in novel.iter().take(limit) {
                self.passage_line(output, &format!("{:.2}", novel.novelty), novel.passage)?;
            }
            output.line("")?;
        }
        Ok(())
    }

    fn theme_line(&self, output: &mut Output, theme: usize) -> std::io::Result<()> {
        let (id, name) = (self.id(theme), self.name(theme));
        output.line(format_args!("{id:>3}  {STRONG}{name}{STRONG:#}"))
    }

    fn passage_line(
        &self,
        output: &mut Output,
        before: &str,
        compared: usize,
    ) -> anyhow::Result<()> {
        if let Some((passage, article)) = self.passage(compared) {
            let title = clean(article.metadata.title.as_deref().unwrap_or_default());
            let line = format!("{before} · passage {} · {title}", passage.id);
            let width = output.width() - 7;
            output.line(format_args!(
                "       {FAINT}{}{FAINT:#}",
                one_line(&line, width)
            ))?;
            output.line(format_args!("       {}", one_line(&passage.text, width)))?;
        }
        Ok(())
    }
}
