//! Themes end to end, on bodies of text made up for the purpose.

use super::*;
use crate::rng::SplitMix64;

/// A body of passages about given subjects: `articles` articles of `passages` passages each, one subject an article.
struct Body {
    texts: Vec<String>,
    articles: Vec<u64>,
    subjects: Vec<u32>,
    vectors: Vec<Vec<f32>>,
}

const SUBJECTS: [&str; 4] = [
    "Interest rates and inflation",
    "Glaciers and climate change",
    "The football season",
    "Vaccine trials",
];

impl Body {
    fn new(subjects: &[&str], articles: u64, passages: usize, noise: f32) -> Self {
        let mut rng = SplitMix64::new(1);
        let mut body = Self {
            texts: Vec::new(),
            articles: Vec::new(),
            subjects: Vec::new(),
            vectors: Vec::new(),
        };
        for article in 0..articles {
            let subject = article as usize % subjects.len();
            for passage in 0..passages {
                body.texts
                    .push(format!("{} in part {passage}.", subjects[subject]));
                body.articles.push(article);
                body.subjects.push(subject as u32);
                let mut vector: Vec<f32> =
                    (0..24).map(|_| (rng.unit() as f32 - 0.5) * noise).collect();
                vector[subject] += 1.0;
                let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
                vector.iter_mut().for_each(|value| *value /= length);
                body.vectors.push(vector);
            }
        }
        body
    }

    fn nodes(&self) -> Vec<Node<'_>> {
        self.texts
            .iter()
            .zip(&self.articles)
            .map(|(text, &article)| Node { text, article })
            .collect()
    }

    fn neighbours(&self, k: usize) -> Vec<Vec<(u32, f32)>> {
        (0..self.vectors.len())
            .map(|one| {
                let mut all: Vec<(u32, f32)> = (0..self.vectors.len())
                    .filter(|&other| other != one)
                    .map(|other| {
                        let pairs = self.vectors[one].iter().zip(&self.vectors[other]);
                        (other as u32, pairs.map(|(a, b)| a * b).sum())
                    })
                    .collect();
                all.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
                all.truncate(k);
                all
            })
            .collect()
    }

    fn find(&self, options: &Options<'_>) -> Result<Themes, ThemesError> {
        let vectors = |node: usize| self.vectors[node].as_slice();
        find(&self.nodes(), &self.neighbours(12), &vectors, options)
    }
}

fn body() -> Body {
    Body::new(&SUBJECTS, 24, 5, 0.9)
}

#[test]
fn subjects_are_found_and_named_without_saying_how_many_there_are() {
    let body = body();
    let found = body.find(&Options::default()).unwrap();
    let labels: Vec<u32> = found.assignment.iter().map(|&id| id as u32).collect();
    let agreement = Partition::from_labels(&labels)
        .adjusted_rand_index(&Partition::from_labels(&body.subjects));
    assert!((agreement - 1.0).abs() < 1e-12, "{agreement}");
    assert_eq!(found.themes.len(), 4);
    assert_eq!(
        found.themes[1].label,
        ["climate change", "Glaciers and climate"]
    );
    assert_eq!(found.themes[3].label, ["Vaccine trials"]);
}

#[test]
fn every_passage_is_in_the_theme_that_the_assignment_says_and_in_no_other() {
    let found = body().find(&Options::default()).unwrap();
    let mut seen = vec![0; found.assignment.len()];
    for (place, theme) in found.themes.iter().enumerate() {
        assert_eq!(theme.id, place + 1);
        for member in &theme.passages {
            seen[member.node] += 1;
            assert_eq!(found.assignment[member.node], theme.id);
            assert!((0.0..=1.0).contains(&member.strength));
        }
        assert!(theme.passages.is_sorted_by(|a, b| a.strength >= b.strength));
    }
    assert!(seen.iter().all(|&times| times == 1));
    assert!(
        found
            .themes
            .is_sorted_by(|a, b| a.passages.len() >= b.passages.len())
    );
}

#[test]
fn exemplars_are_of_different_articles() {
    let body = body();
    for theme in body.find(&Options::default()).unwrap().themes {
        let mut articles: Vec<u64> = theme.exemplars.iter().map(|&e| body.articles[e]).collect();
        articles.dedup();
        assert_eq!((theme.exemplars.len(), articles.len()), (3, 3));
        assert_eq!(theme.articles, 6);
    }
}

#[test]
fn the_number_of_themes_that_is_asked_for_is_the_number_that_is_found() {
    let body = body();
    for count in [1, 2, 3, 4, 7, 20, 60, 120] {
        let options = Options {
            count: Count::Exactly(count),
            ..Options::default()
        };
        let found = body.find(&options).unwrap();
        assert_eq!(found.themes.len(), count);
        assert!(found.themes.iter().all(|theme| !theme.passages.is_empty()));
    }
}

#[test]
fn themes_below_the_smallest_size_are_merged_even_where_no_link_leads_out() {
    // Two subjects, and a third of three passages that only know each other, nearest to the second.
    let mut body = Body::new(&SUBJECTS[..2], 8, 3, 0.5);
    let first = body.vectors.len();
    for passage in 0..3 {
        body.texts.push("Something else.".to_owned());
        body.articles.push(100 + passage);
        let mut vector = vec![0.0; 24];
        (vector[1], vector[9]) = (0.28, 0.96);
        body.vectors.push(vector);
    }
    let mut neighbours = body.neighbours(6);
    for (node, list) in neighbours.iter_mut().enumerate() {
        list.retain(|&(other, _)| (other as usize >= first) == (node >= first));
    }
    let vectors = |node: usize| body.vectors[node].as_slice();
    let nodes = body.nodes();
    let themes = |min_size| {
        let options = Options {
            min_size,
            ..Options::default()
        };
        find(&nodes, &neighbours, &vectors, &options).unwrap()
    };
    assert_eq!(themes(3).themes.len(), 3);
    let merged = themes(4);
    assert_eq!(merged.themes.len(), 2);
    // Passages 3, 4 and 5 are of the second subject.
    assert_eq!(merged.assignment[first], merged.assignment[3]);
}

#[test]
fn a_paragraph_whose_neighbours_are_elsewhere_stays_with_its_article() {
    // Two articles of nine paragraphs on two subjects; the fifth of each tells a story, and the weight of its links
    // lies for the most part in the other article.
    let mut body = Body::new(&SUBJECTS[..2], 2, 9, 0.3);
    for (story, own, elsewhere) in [(4, 0, 1), (13, 1, 0)] {
        let mut vector = vec![0.0; 24];
        (vector[own], vector[elsewhere], vector[20]) = (0.33, 0.34, 0.88);
        body.vectors[story] = vector;
    }
    let graph = Graph::from_neighbours(&body.neighbours(12), &body.articles, 15).unwrap();
    for story in [4, 13] {
        let outside = graph
            .links(story)
            .filter(|link| body.articles[link.0] != body.articles[story]);
        let weight: f64 = outside.map(|link| link.1).sum();
        assert!(weight > 0.6 * graph.strength(story), "{weight}");
    }
    let found = body.find(&Options::default()).unwrap();
    assert_eq!(found.assignment, [[1; 9], [2; 9]].concat());
}

#[test]
fn finer_themes_are_more_and_coarser_ones_fewer() {
    let body = Body::new(&SUBJECTS, 40, 5, 1.5);
    let count = |steps| {
        let count = Count::Natural(steps);
        let options = Options {
            count,
            ..Options::default()
        };
        body.find(&options).unwrap().themes.len()
    };
    assert!(count(-2) < count(0) && count(0) < count(1) && count(1) < count(2));
    assert_eq!(count(-9), 1);
}

#[test]
fn parts_lie_in_themes_and_themes_in_groups() {
    let body = Body::new(&SUBJECTS, 40, 5, 1.2);
    let (nodes, neighbours) = (body.nodes(), body.neighbours(12));
    let vectors = |node: usize| body.vectors[node].as_slice();
    let structure = Structure::new(&nodes, &neighbours, &vectors, &[]).unwrap();
    let themes = structure.divide(&Options::default()).unwrap();
    let parts = structure.parts(&themes);
    assert!(parts.count() > themes.count());
    for members in parts.members() {
        let theme = |node: usize| themes.communities()[node];
        assert!(members.iter().all(|&node| theme(node) == theme(members[0])));
    }
    assert_eq!(structure.groups(&themes).len(), themes.count());
}

#[test]
fn what_is_held_stays_together_and_others_may_join_it() {
    let body = body();
    // Passages of the first and of the second subject, in one theme; one of the third, in another.
    let mut held = vec![None; body.subjects.len()];
    for (place, held) in held.iter_mut().enumerate() {
        *held = match body.subjects[place] {
            0 | 1 if body.articles[place] < 8 => Some(7),
            2 if body.articles[place] < 4 => Some(3),
            _ => None,
        };
    }
    let options = Options {
        held: &held,
        ..Options::default()
    };
    let found = body.find(&options).unwrap();
    let themes_of = |number| {
        let members = held
            .iter()
            .zip(&found.assignment)
            .filter(|(held, _)| **held == Some(number));
        members
            .map(|(_, &theme)| theme)
            .collect::<std::collections::BTreeSet<usize>>()
    };
    assert_eq!((themes_of(7).len(), themes_of(3).len()), (1, 1));
    assert_ne!(themes_of(7), themes_of(3));
    let third = *themes_of(3).first().unwrap();
    let joined = body
        .subjects
        .iter()
        .zip(&found.assignment)
        .filter(|(s, theme)| **s == 2 && **theme == third);
    assert!(joined.count() > 5);
    let one = Options {
        count: Count::Exactly(1),
        ..options
    };
    assert!(matches!(
        body.find(&one),
        Err(ThemesError::Count { fewest: 2, .. })
    ));
}

#[test]
fn earlier_themes_are_kept_while_they_are_nearly_as_good_and_new_passages_join_them() {
    let body = body();
    // Everything but the last articles.
    let previous: Vec<Option<u32>> = body
        .subjects
        .iter()
        .zip(&body.articles)
        .map(|(&subject, &article)| (article < 20).then_some(subject))
        .collect();
    let options = Options {
        previous: &previous,
        ..Options::default()
    };
    let found = body.find(&options).unwrap();
    assert_eq!(found, body.find(&Options::default()).unwrap());
    // One theme where there are four is not.
    let one: Vec<Option<u32>> = previous.iter().map(|_| Some(0)).collect();
    let options = Options {
        previous: &one,
        ..Options::default()
    };
    assert_eq!(body.find(&options).unwrap().themes.len(), 4);
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let body = Body::new(&SUBJECTS, 40, 5, 1.6);
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| body.find(&Options::default()).unwrap())
    };
    assert_eq!(on(1), on(3));
}

#[test]
fn small_bodies_have_themes_too() {
    let none = find(&[], &[], &|_| &[], &Options::default()).unwrap();
    assert!(none.themes.is_empty() && none.assignment.is_empty());
    let node = Node {
        text: "Beekeeping.",
        article: 1,
    };
    let one = find(
        &[node],
        &[Vec::new()],
        &|_| &[1.0, 0.0],
        &Options::default(),
    )
    .unwrap();
    assert_eq!(one.assignment, [1]);
    assert_eq!(one.themes[0].exemplars, [0]);
    assert_eq!(one.themes[0].label, ["Beekeeping"]);
}

#[test]
fn passages_without_any_neighbour_join_the_nearest() {
    let body = Body::new(&SUBJECTS[..2], 8, 3, 0.2);
    let vectors = |node: usize| body.vectors[node].as_slice();
    let mut neighbours = body.neighbours(5);
    neighbours[0].clear();
    neighbours
        .iter_mut()
        .for_each(|list| list.retain(|link| link.0 != 0));
    let found = find(&body.nodes(), &neighbours, &vectors, &Options::default()).unwrap();
    assert_eq!(found.assignment[0], found.assignment[1]);
}

#[test]
fn what_cannot_be_done_is_refused_with_a_reason() {
    let body = body();
    let with = |count| Options {
        count: Count::Exactly(count),
        ..Options::default()
    };
    assert_eq!(
        body.find(&with(0)).unwrap_err().to_string(),
        "0 themes were asked for in 120 passages: ask for at least 1 and at most 120"
    );
    assert!(matches!(
        body.find(&with(121)),
        Err(ThemesError::Count { count: 121, .. })
    ));
    let options = Options {
        held: &[None; 3],
        ..Options::default()
    };
    assert!(matches!(
        body.find(&options),
        Err(ThemesError::EntryCount {
            passages: 120,
            entries: 3
        })
    ));
}

#[test]
fn vectors_that_cannot_be_right_are_refused() {
    let nodes = [Node {
        text: "a",
        article: 1,
    }; 2];
    let neighbours = [vec![(1, 0.5)], vec![(0, 0.5)]];
    let short = |node: usize| -> &'static [f32] { if node == 0 { &[1.0, 0.0] } else { &[1.0] } };
    assert!(matches!(
        find(&nodes, &neighbours, &short, &Options::default()),
        Err(ThemesError::Dimension {
            passage: 1,
            expected: 2,
            found: 1
        })
    ));
    let damaged = |node: usize| -> &'static [f32] { if node == 0 { &[1.0] } else { &[f32::NAN] } };
    assert!(matches!(
        find(&nodes, &neighbours, &damaged, &Options::default()),
        Err(ThemesError::VectorNotFinite { passage: 1 })
    ));
}
