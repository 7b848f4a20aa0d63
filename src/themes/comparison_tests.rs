//! Comparisons of small groups that were made up.

use super::*;

/// Passages with their angles in degrees, which make their vectors.
struct Passages {
    contributions: Vec<Contribution>,
    vectors: Vec<[f32; 2]>,
}

fn passages(of: &[(Group, usize, u64, f32)]) -> Passages {
    Passages {
        contributions: of
            .iter()
            .map(|&(group, theme, article, _)| Contribution {
                group,
                theme,
                article,
            })
            .collect(),
        vectors: of
            .iter()
            .map(|(.., angle)| [angle.to_radians().cos(), angle.to_radians().sin()])
            .collect(),
    }
}

impl Passages {
    fn compare(&self) -> Comparison {
        let vectors = |passage: usize| -> &[f32] { &self.vectors[passage] };
        compare(&self.contributions, &vectors, &Limits::default())
    }
}

fn places(novel: &[Novel]) -> Vec<usize> {
    novel.iter().map(|novel| novel.passage).collect()
}

/// So many passages of a group on a theme, each of an article of its own, numbered from `first`.
fn several(group: Group, theme: usize, first: u64, count: u64) -> Vec<(Group, usize, u64, f32)> {
    (first..first + count)
        .map(|article| (group, theme, article, article as f32 % 90.0))
        .collect()
}

#[test]
fn no_passages_compare_to_nothing() {
    let found = passages(&[]).compare();
    assert_eq!(found.passages, Each { a: 0, b: 0 });
    assert!(found.shared.is_empty() && found.too_few.is_empty());
    assert!(found.novel.a.is_empty() && found.only.a.is_empty());
}

#[test]
fn beside_an_empty_group_nothing_is_novel_and_no_theme_is_one_groups_alone() {
    let found = passages(&several(Group::A, 3, 0, 20)).compare();
    assert_eq!(found.passages, Each { a: 20, b: 0 });
    assert!(found.only.a.is_empty() && found.only.b.is_empty());
    assert_eq!(found.too_few, [3]);
    assert!(found.novel.a.is_empty());
}

#[test]
fn one_passage_is_too_few() {
    let found = passages(&[(Group::B, 0, 1, 0.0)]).compare();
    assert_eq!(found.too_few, [0]);
    assert!(found.shared.is_empty() && found.novel.b.is_empty());
}

#[test]
fn on_a_shared_theme_the_most_alike_and_the_most_novel_are_found() {
    let found = passages(&[
        (Group::A, 0, 1, 0.0),
        (Group::A, 0, 2, 80.0),
        (Group::B, 0, 3, 20.0),
        (Group::B, 0, 4, 35.0),
    ])
    .compare();
    let theme = &found.shared[0];
    let alike = theme.alike.unwrap();
    assert_eq!((alike.a, alike.b), (0, 2));
    assert!((alike.cosine - 20_f32.to_radians().cos()).abs() < 1e-6);
    assert_eq!(places(&theme.novel.a), [1, 0]);
    assert_eq!(places(&theme.novel.b), [3, 2]);
    let most = theme.novel.a[0];
    assert_eq!(most.nearest, 3);
    assert!((most.novelty - (1.0 - 45_f32.to_radians().cos())).abs() < 1e-6);
    assert_eq!(found.novel.a, theme.novel.a);
}

#[test]
fn what_is_novel_on_a_theme_may_be_said_on_another() {
    let found = passages(&[
        (Group::A, 0, 1, 90.0),
        (Group::A, 0, 2, 30.0),
        (Group::B, 0, 3, 0.0),
        (Group::B, 1, 4, 85.0),
    ])
    .compare();
    assert_eq!(places(&found.shared[0].novel.a), [0, 1]);
    assert_eq!(places(&found.novel.a), [1]);
}

#[test]
fn a_reprint_is_neither_alike_nor_novel() {
    let found = passages(&[
        (Group::A, 0, 1, 0.0),
        (Group::B, 0, 2, 1.0),
        (Group::B, 0, 3, 40.0),
    ])
    .compare();
    let theme = &found.shared[0];
    assert_eq!(theme.alike.unwrap().b, 2);
    assert!(theme.novel.a.is_empty());
    assert_eq!(places(&theme.novel.b), [2]);
}

#[test]
fn the_same_author_on_both_sides_differs_in_nothing() {
    let found = passages(&[
        (Group::Both, 0, 1, 0.0),
        (Group::Both, 0, 2, 30.0),
        (Group::Both, 1, 3, 90.0),
    ])
    .compare();
    assert_eq!(found.passages, Each { a: 3, b: 3 });
    assert_eq!(found.shared.len(), 2);
    let theme = &found.shared[0];
    assert!(theme.lean.abs() < 1e-12 && theme.z.abs() < 1e-12);
    assert_eq!(theme.share.a, theme.share.b);
    // Each article stands beside the other one, never beside itself.
    assert_eq!(theme.alike.map(|alike| (alike.a, alike.b)), Some((0, 1)));
    assert_eq!(found.shared[1].alike, None);
    assert!(found.novel.a.is_empty() && found.novel.b.is_empty());
}

#[test]
fn a_theme_leans_to_the_group_that_gives_it_more_of_what_it_writes() {
    let found = passages(
        &[
            several(Group::A, 0, 0, 30),
            several(Group::A, 1, 100, 10),
            several(Group::B, 0, 200, 30),
            several(Group::B, 1, 300, 170),
        ]
        .concat(),
    )
    .compare();
    let order: Vec<usize> = found.shared.iter().map(|theme| theme.theme).collect();
    assert_eq!(order, [1, 0]);
    let [more, less] = [&found.shared[1], &found.shared[0]];
    assert_eq!(more.passages, Each { a: 30, b: 30 });
    assert_eq!(more.share, Each { a: 0.75, b: 0.15 });
    assert!(more.lean > 1.0 && more.z > 3.0);
    assert!(less.lean < -1.0 && less.z < -3.0);
}

#[test]
fn a_theme_is_one_groups_alone_where_chance_would_have_given_the_other_some() {
    let found = passages(
        &[
            several(Group::A, 0, 0, 40),
            several(Group::A, 1, 100, 20),
            several(Group::A, 2, 200, 4),
            several(Group::B, 0, 300, 63),
            several(Group::B, 1, 400, 1),
        ]
        .concat(),
    )
    .compare();
    assert_eq!(found.shared.len(), 1);
    assert!(found.only.b.is_empty());
    let [only] = found.only.a.as_slice() else {
        panic!("{:?}", found.only.a);
    };
    assert_eq!((only.theme, only.passages, only.articles), (1, 20, 20));
    assert_eq!(only.others, 1);
    assert!((only.expected - 10.5).abs() < 1e-12);
    assert!(only.z > 2.0);
    // Of four passages two would be the other's: that there are none means nothing.
    assert_eq!(found.too_few, [2]);
}

#[test]
fn one_long_article_makes_a_theme_one_groups_alone_but_not_surely() {
    let found = passages(
        &[
            several(Group::A, 0, 0, 40),
            vec![(Group::A, 1, 100, 0.0); 20],
            several(Group::B, 0, 300, 60),
        ]
        .concat(),
    )
    .compare();
    let only = found.only.a[0];
    assert_eq!((only.passages, only.articles), (20, 1));
    assert!(only.z < 1.0, "{}", only.z);
}

#[test]
fn large_groups_are_compared_alike_on_any_number_of_threads() {
    let large = passages(
        &[
            several(Group::A, 0, 0, 3000),
            several(Group::B, 0, 5000, 2500),
            several(Group::B, 1, 9000, 2500),
        ]
        .concat(),
    );
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.unwrap().install(|| large.compare())
    };
    assert_eq!(on(1), on(4));
}

#[test]
fn comparisons_are_written_as_data() {
    let found = passages(&[(Group::A, 0, 1, 0.0), (Group::B, 0, 2, 30.0)]).compare();
    let json = serde_json::to_value(&found).unwrap();
    assert_eq!(json["passages"]["a"], 1);
    assert_eq!(json["shared"][0]["alike"]["b"], 1);
}
