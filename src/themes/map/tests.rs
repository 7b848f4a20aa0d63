//! Maps of texts that would rather be something else.

use super::*;

/// Texts that would run, end or open something if they were taken for more than texts.
const HOSTILE: &str = "</script><script>alert(1)</script><!-- <img src=x onerror=alert(2)> & \u{2028}\u{2029} {{data}} \" ' ]]>";

fn hostile() -> Map<'static> {
    let some = || Some(HOSTILE.to_owned());
    Map {
        title: HOSTILE,
        points: vec![Point {
            passage: 1,
            x: 0.0,
            y: 0.0,
            leaf: 1,
            article: 0,
            strength: 1.0,
            text: HOSTILE,
        }],
        themes: vec![
            MapTheme {
                id: 1,
                name: HOSTILE.to_owned(),
                terms: vec![HOSTILE.to_owned()],
                parent: None,
                level: 0,
            },
            MapTheme {
                id: 2,
                name: HOSTILE.to_owned(),
                terms: Vec::new(),
                parent: Some(0),
                level: 1,
            },
        ],
        articles: vec![MapArticle {
            id: 1,
            title: some(),
            author: some(),
            date: some(),
            source: some(),
            path: HOSTILE.to_owned(),
        }],
    }
}

/// What stands between the tags of the data.
fn data_of(page: &str) -> serde_json::Value {
    let (_, rest) = page.split_once("id=\"data\">").unwrap();
    let (json, _) = rest.split_once("</script>").unwrap();
    serde_json::from_str(json).unwrap()
}

#[test]
fn nothing_from_outside_is_a_tag() {
    let page = html(&hostile());
    let tags = |text: &str, tag: &str| text.matches(tag).count();
    assert_eq!(tags(&page, "</script>"), 2);
    assert_eq!(tags(&page, "<script"), 2);
    assert_eq!(tags(&page, "<!--") + tags(&page, "<img"), 0);
    assert!(!data::json(&hostile()).contains(['<', '>', '&', '\u{2028}', '\u{2029}']));
    let picture = svg(&hostile());
    assert_eq!(
        tags(&picture, "<script") + tags(&picture, "<img") + tags(&picture, "<!--"),
        0
    );
}

#[test]
fn texts_arrive_as_they_were() {
    let data = data_of(&html(&hostile()));
    assert_eq!(data["title"], HOSTILE);
    assert_eq!(data["texts"][0], HOSTILE);
    assert_eq!(data["themes"][1]["name"], HOSTILE);
    assert_eq!(data["themes"][0]["terms"][0], HOSTILE);
    assert_eq!(data["articles"][0]["title"], HOSTILE);
}

#[test]
fn the_page_fetches_nothing_and_runs_only_its_own_script() {
    let page = html(&hostile());
    assert!(page.contains("default-src 'none'"));
    let (_, rest) = page.rsplit_once("<script>").unwrap();
    let (script, _) = rest.split_once("</script>").unwrap();
    assert!(page.contains(&format!("script-src 'sha256-{}'", digest(script))));
    let (_, rest) = page.split_once("<style>").unwrap();
    let (style, _) = rest.split_once("</style>").unwrap();
    assert!(page.contains(&format!("style-src 'sha256-{}'", digest(style))));
    let addresses = page.matches("http").count() - page.matches("http-equiv").count();
    assert_eq!(
        addresses,
        page.matches("http://www.w3.org/2000/svg").count()
    );
}

#[test]
fn the_page_is_the_same_each_time_and_has_a_place_for_everything() {
    assert_eq!(html(&hostile()), html(&hostile()));
    let names = ["policy", "title", "style", "data", "script"];
    for name in names {
        assert_eq!(
            PAGE.matches(&format!("{{{{{name}}}}}")).count(),
            1,
            "{name}"
        );
    }
    assert_eq!(PAGE.matches("{{").count(), names.len());
}

#[test]
fn an_empty_map_is_a_page_and_a_picture() {
    let empty = Map::default();
    assert_eq!(data_of(&html(&empty))["points"]["count"], 0);
    assert!(svg(&empty).ends_with("</svg>\n"));
}

#[test]
fn the_picture_has_a_dot_for_each_passage_and_a_name_for_each_theme() {
    let mut map = hostile();
    map.themes[1].name = "Interest rates & inflation".to_owned();
    map.points.push(Point {
        x: 1.0,
        passage: 2,
        ..map.points[0]
    });
    let picture = svg(&map);
    assert_eq!(picture.matches("h0").count(), 2);
    assert!(
        picture.contains(">Interest rates &amp;</text>") && picture.contains(">inflation</text>")
    );
}
