//! Labels of small bodies of text.

use super::*;

fn labels_of(themes: &[&[(u64, &str)]]) -> Vec<Vec<String>> {
    let mut nodes = Vec::new();
    let mut members = Vec::new();
    for theme in themes {
        let first = nodes.len();
        nodes.extend(theme.iter().map(|&(article, text)| Node { text, article }));
        members.push((first..nodes.len()).collect());
    }
    labels(&nodes, &|_| &[1.0], &members, 5)
}

const WEATHER: &[(u64, &str)] = &[
    (
        1,
        "The climate summit ended. Climate change was on every table.",
    ),
    (
        2,
        "Emissions drive climate change, and the glaciers know it.",
    ),
    (3, "Glaciers retreat; emissions rise."),
];
const MONEY: &[(u64, &str)] = &[
    (4, "The Federal Reserve raised interest rates."),
    (5, "Interest rates worry the Federal Reserve."),
    (
        6,
        "No interest rate pleases everyone, said the Federal Reserve.",
    ),
];

#[test]
fn a_label_holds_what_sets_a_theme_apart_in_its_usual_form() {
    let labels = labels_of(&[WEATHER, MONEY]);
    assert!(
        labels[0].contains(&"climate change".to_owned()),
        "{labels:?}"
    );
    assert!(labels[0].contains(&"glaciers".to_owned()), "{labels:?}");
    assert_eq!(labels[1], ["Federal Reserve", "interest rates"]);
}

#[test]
fn a_label_does_not_say_the_same_twice() {
    for label in labels_of(&[WEATHER, MONEY]) {
        for (index, term) in label.iter().enumerate() {
            for other in &label[..index] {
                assert!(
                    !term.contains(other.as_str()) && !other.contains(term.as_str()),
                    "{label:?}"
                );
            }
        }
    }
}

#[test]
fn one_article_that_repeats_a_name_does_not_name_the_theme() {
    let repeated: &[(u64, &str)] = &[
        (1, "Zebulon wrote. Zebulon spoke. Zebulon left. Taxes."),
        (1, "Zebulon again, and Zebulon, and Zebulon."),
        (2, "Taxes rose."),
        (3, "Taxes fell."),
    ];
    let label = &labels_of(&[repeated, MONEY])[0];
    assert_eq!(label, &["Taxes"]);
}

#[test]
fn a_theme_of_one_article_is_named_by_that_article() {
    let one: &[(u64, &str)] = &[(1, "Beekeeping in cities."), (1, "Cities love beekeeping.")];
    let label = &labels_of(&[one, MONEY])[0];
    assert!(
        label.iter().any(|term| term.contains("eekeeping")),
        "{label:?}"
    );
}

#[test]
fn phrases_neither_begin_nor_end_with_stop_words_nor_cross_a_comma() {
    let text: &[(u64, &str)] = &[
        (1, "The rule of law, courts."),
        (2, "A rule of law, courts."),
        (3, "Rule of law."),
    ];
    let label = &labels_of(&[text, MONEY])[0];
    assert!(label.contains(&"rule of law".to_owned()), "{label:?}");
    assert!(
        !label
            .iter()
            .any(|term| term.contains("law, courts") || term.starts_with("of "))
    );
}

#[test]
fn text_without_a_telling_word_has_an_empty_label() {
    assert_eq!(
        labels_of(&[&[(1, "It is what it was."), (2, "")]]),
        [Vec::<String>::new()]
    );
    assert!(labels_of(&[]).is_empty());
}

#[test]
fn languages_without_spaces_are_named_by_their_characters() {
    let text: &[(u64, &str)] = &[(1, "气候变化。"), (2, "气候政策。"), (3, "气候。")];
    let label = &labels_of(&[text, MONEY])[0];
    assert!(label.contains(&"气候".to_owned()), "{label:?}");
}

#[test]
fn a_note_that_stands_in_several_articles_does_not_name_the_theme() {
    let notes: &[(u64, &str)] = &[
        (1, "Taxes rose."),
        (1, "Ottilie teaches economics."),
        (2, "Taxes fell."),
        (2, "Ottilie teaches economics."),
        (3, "Taxes again."),
        (3, "Ottilie teaches economics."),
    ];
    assert_eq!(labels_of(&[notes, MONEY])[0], ["Taxes"]);
}

#[test]
fn a_theme_of_two_articles_without_a_common_term_is_named_by_either() {
    let two: &[(u64, &str)] = &[
        (1, "Glaciers melt."),
        (1, "Glaciers retreat."),
        (2, "Die Steuer steigt."),
        (2, "Die Steuer sinkt."),
    ];
    assert_eq!(labels_of(&[two, MONEY])[0], ["Glaciers", "Steuer"]);
}

#[test]
fn what_stands_near_the_centroid_names_the_theme_first() {
    let texts = [
        "Tariffs hurt.",
        "Tariffs help.",
        "Boys ran.",
        "Boys sat.",
        "Ports.",
    ];
    let nodes: Vec<Node<'_>> = texts
        .iter()
        .zip([0, 1, 0, 1, 2])
        .map(|(text, article)| Node { text, article })
        .chain(MONEY.iter().map(|&(article, text)| Node { text, article }))
        .collect();
    for (stories, first) in [([2, 3], "Tariffs"), ([0, 1], "Boys")] {
        let vectors = |node: usize| -> &[f32] {
            if stories.contains(&node) {
                &[0.4, 0.9]
            } else {
                &[1.0, 0.0]
            }
        };
        let label = &labels(&nodes, &vectors, &[(0..5).collect(), (5..8).collect()], 5)[0];
        assert_eq!((label.len(), label[0].as_str()), (2, first));
    }
}
