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
                &[0.4, 0.9, 0.0]
            } else if node < 5 {
                &[1.0, 0.0, 0.0]
            } else {
                &[0.0, 0.0, 1.0]
            }
        };
        let label = &labels(&nodes, &vectors, &[(0..5).collect(), (5..8).collect()], 5)[0];
        assert_eq!((label.len(), label[0].as_str()), (2, first));
    }
}

#[test]
fn verbs_and_adjectives_do_not_name_a_theme_before_nouns_do() {
    let rivers: &[(u64, &str)] = &[
        (1, "They sit by the river. It is dry. You can sit there."),
        (2, "We sit and watch the river, which is very dry."),
        (3, "To sit by a river is what they like. It was dry."),
    ];
    let label = &labels_of(&[rivers, MONEY])[0];
    assert_eq!(label[0], "river");
}

#[test]
fn words_that_are_kin_do_not_stand_side_by_side() {
    let texts = [
        "The army of Russia left. Russian troops stayed.",
        "The gas of Russia is cheap. Russian troops know.",
        "The tanks came back.",
        "The tanks of the parade.",
    ];
    let nodes: Vec<Node<'_>> = (0..)
        .zip(texts)
        .map(|(article, text)| Node { text, article })
        .chain(MONEY.iter().map(|&(article, text)| Node {
            text,
            article: article + 10,
        }))
        .collect();
    let vectors = |node: usize| -> &[f32] {
        match node {
            0 | 1 => &[0.8, 0.6, 0.0],
            2 | 3 => &[0.8, -0.6, 0.0],
            _ => &[0.0, 0.0, 1.0],
        }
    };
    let label = &labels(&nodes, &vectors, &[(0..4).collect(), (4..7).collect()], 5)[0];
    assert!(label.contains(&"Russia".to_owned()), "{label:?}");
    assert!(!label.contains(&"Russian".to_owned()), "{label:?}");
}

#[test]
fn chinese_is_named_by_words_rather_than_by_single_ideographs_or_parts_of_words() {
    let climate: &[(u64, &str)] = &[
        (1, "气候变化是世界的问题。我们没有时间。"),
        (2, "应对气候变化的行动已经开始。"),
        (3, "气候变化影响了农民的生活，可以看到。"),
    ];
    let chips: &[(u64, &str)] = &[
        (4, "半导体的出口受到了限制。"),
        (5, "没有半导体就没有汽车，这是事实。"),
        (6, "他们的半导体工厂已经关闭。"),
    ];
    let labels = labels_of(&[climate, chips]);
    assert_eq!(labels, [["气候变化"], ["半导体"]]);
}

#[test]
fn japanese_is_named_by_its_ideographs_and_katakana() {
    let texts: &[(u64, &str)] = &[
        (1, "日本銀行は金利を上げた。インフレが続く。"),
        (2, "インフレについて日本銀行は話した。"),
        (3, "日本銀行とインフレのことです。"),
    ];
    let label = &labels_of(&[texts, MONEY])[0];
    assert_eq!(label.len(), 2, "{label:?}");
    assert!(label.contains(&"日本銀行".to_owned()), "{label:?}");
    assert!(label.contains(&"インフレ".to_owned()), "{label:?}");
}

#[test]
fn arabic_is_named_without_its_small_words_and_a_word_with_its_article_is_the_same_word() {
    let texts: &[(u64, &str)] = &[
        (1, "قالت الحكومة إن الضرائب سوف ترتفع في هذا العام."),
        (2, "هذه الضرائب التي فرضتها الحكومة على الناس."),
        (3, "لا ضرائب على الخبز، وقد وعدت بذلك حكومة أخرى."),
    ];
    let mut label = labels_of(&[texts, MONEY])[0].clone();
    label.sort();
    assert_eq!(label, ["الحكومة", "الضرائب"]);
}

#[test]
fn identical_passages_are_named_like_one() {
    let same: &[(u64, &str)] = &[(1, "Tariffs on steel."), (2, "Tariffs on steel.")];
    let label = &labels_of(&[same, MONEY])[0];
    assert_eq!(label, &["steel", "Tariffs"]);
}

#[test]
fn a_sentence_that_is_printed_again_in_another_article_counts_once() {
    let reprinted =
        "The winter asking price of the frugal harbour pilots rose again on quiet Sundays";
    let first = format!("{reprinted}, sources said.");
    let again = format!("{reprinted}.");
    let texts: &[(u64, &str)] = &[
        (1, &first),
        (2, &again),
        (3, "The tariff is high."),
        (4, "A tariff on ships."),
    ];
    assert_eq!(labels_of(&[texts, MONEY])[0], ["tariff"]);
}

#[test]
fn what_looks_like_markup_stays_text_and_addresses_name_nothing() {
    let texts: &[(u64, &str)] = &[
        (
            1,
            "The <b>tariff</b> & the quota: https://example.com/quota-news x@example.com",
        ),
        (
            2,
            "A tariff, or <script>a quota</script>? See www.example.com/quota.",
        ),
        (3, "Of the tariff and the quota.The end of a tariff"),
    ];
    let label = &labels_of(&[texts, MONEY])[0];
    assert_eq!(label.len(), 2, "{label:?}");
    assert!(
        label
            .iter()
            .all(|term| ["tariff", "quota"].contains(&term.as_str())),
        "{label:?}"
    );
}

#[test]
fn a_single_theme_is_named_by_what_is_common_in_it() {
    let label = &labels_of(&[MONEY])[0];
    assert!(label.contains(&"Federal Reserve".to_owned()), "{label:?}");
}

#[test]
fn labels_are_the_same_on_any_number_of_threads() {
    let one = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .unwrap();
    let alone = one.install(|| labels_of(&[WEATHER, MONEY]));
    for _ in 0..10 {
        assert_eq!(labels_of(&[WEATHER, MONEY]), alone);
    }
}
