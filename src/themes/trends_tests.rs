//! Trends of small bodies that were made up.

use super::*;

fn on(article: u64, date: &str) -> Appearance<'static> {
    Appearance {
        article,
        date: date.parse().ok(),
        author: None,
        source: None,
        weight: 1.0,
    }
}

fn by(article: u64, author: &'static str) -> Appearance<'static> {
    Appearance {
        author: Some(author),
        ..on(article, "")
    }
}

/// As many passages a month of 2024 as are named, each of an article of its own, numbered from `first`.
fn monthly(first: u64, passages: [usize; 12]) -> Vec<Appearance<'static>> {
    let months = passages
        .into_iter()
        .zip(1..)
        .flat_map(|(count, month)| vec![month; count]);
    months
        .zip(first..)
        .map(|(month, article)| Appearance {
            date: Date::new(2024, Some(month), Some(1)),
            ..on(article, "")
        })
        .collect()
}

fn periods(counts: &[PeriodCount]) -> Vec<(String, usize, usize)> {
    counts
        .iter()
        .map(|count| (count.period.to_string(), count.passages, count.articles))
        .collect()
}

fn listed(names: &[NameCount]) -> Vec<(&str, usize, usize)> {
    names
        .iter()
        .map(|count| (&*count.name, count.passages, count.articles))
        .collect()
}

#[test]
fn no_themes_and_empty_themes_have_nothing_to_tell() {
    let none = trends(&[]);
    assert!(none.themes.is_empty() && none.bins.is_empty() && none.unit.is_none());
    let empty = trends(&[vec![], vec![]]);
    assert_eq!(empty.themes.len(), 2);
    assert_eq!(empty.themes[0].undated, 0.0);
    assert_eq!(empty.themes[0].rising, None);
}

#[test]
fn a_month_counts_its_passages_and_their_articles() {
    let trends = trends(&[vec![
        on(1, "2024-05-14"),
        on(1, "2024-05-14"),
        on(2, "2024-05"),
        on(3, "2023-12-31"),
    ]]);
    assert_eq!(trends.unit, Some(Unit::Month));
    assert_eq!(
        periods(&trends.themes[0].periods),
        [("2023-12".into(), 1, 1), ("2024-05".into(), 3, 2)]
    );
}

#[test]
fn a_date_that_knows_the_year_alone_falls_into_no_month() {
    let trends = trends(&[vec![on(1, "2024-05"), on(2, "2024-06"), on(3, "2024")]]);
    let theme = &trends.themes[0];
    assert_eq!(theme.periods.len(), 2);
    assert_eq!(periods(&theme.years), [("2024".into(), 1, 1)]);
    assert_eq!(theme.series.iter().sum::<usize>(), 2);
    assert_eq!(theme.undated, 0.0);
}

#[test]
fn where_most_dates_know_the_year_alone_years_are_counted() {
    let trends = trends(&[vec![on(1, "2022"), on(2, "2024"), on(3, "2024-05-14")]]);
    assert_eq!(trends.unit, Some(Unit::Year));
    let theme = &trends.themes[0];
    assert_eq!(
        periods(&theme.periods),
        [("2022".into(), 1, 1), ("2024".into(), 2, 2)]
    );
    assert!(theme.years.is_empty());
    assert_eq!(theme.series, [1, 0, 2]);
}

#[test]
fn passages_without_dates_are_a_share_of_the_theme_by_weight() {
    let half = Appearance {
        weight: 0.5,
        ..on(2, "")
    };
    let trends = trends(&[vec![on(1, "2024-05"), half], vec![on(3, "")]]);
    assert!((trends.themes[0].undated - 1.0 / 3.0).abs() < 1e-12);
    assert_eq!(trends.themes[1].undated, 1.0);
    assert_eq!(trends.themes[1].series, [0]);
}

#[test]
fn without_dates_there_is_no_time() {
    let trends = trends(&[vec![on(1, ""), on(2, "")]]);
    assert_eq!((trends.unit, trends.recent_from), (None, None));
    let theme = &trends.themes[0];
    assert!(trends.bins.is_empty() && theme.series.is_empty() && theme.periods.is_empty());
    assert_eq!(theme.rising, None);
}

#[test]
fn each_name_of_a_line_counts() {
    let trends = trends(&[vec![
        by(1, "Ada Marsh and Ben Holt"),
        by(1, "Ada Marsh and Ben Holt"),
        by(2, "By ADA MARSH, Ben  Holt, Jr., & Li Wei"),
        by(3, "Marsh, Ada; Holt, Ben"),
        by(4, "Li Wei with Li Wei"),
        by(5, " "),
    ]]);
    assert_eq!(
        listed(&trends.themes[0].authors),
        [
            ("Ada Marsh", 3, 2),
            ("Ben Holt", 2, 1),
            ("Li Wei", 2, 2),
            ("Ben Holt Jr.", 1, 1),
            ("Holt, Ben", 1, 1),
            ("Marsh, Ada", 1, 1),
        ]
    );
}

#[test]
fn a_source_is_one_name_whatever_is_in_it() {
    let from = |article, source| Appearance {
        source: Some(source),
        ..on(article, "")
    };
    let trends = trends(&[vec![
        from(1, "Ports, Ships and the Sea"),
        from(2, "The Harbour Review"),
        from(3, "The Harbour Review"),
    ]]);
    assert_eq!(
        listed(&trends.themes[0].sources),
        [
            ("The Harbour Review", 2, 2),
            ("Ports, Ships and the Sea", 1, 1)
        ]
    );
}

#[test]
fn bins_are_the_same_for_all_themes_and_cover_all_of_the_time() {
    let trends = trends(&[
        vec![on(1, "2000-01"), on(2, "2000-02")],
        vec![on(3, "2004-03"), on(4, "2000-03")],
    ]);
    // 51 months: bins of three.
    assert_eq!(trends.bins.len(), 17);
    assert_eq!(trends.bins[1].to_string(), "2000-04");
    assert_eq!(trends.bins[16].to_string(), "2004-01");
    assert_eq!(trends.themes[0].series[0], 2);
    assert_eq!(
        (trends.themes[1].series[0], trends.themes[1].series[16]),
        (1, 1)
    );
    assert_eq!((trends.series[0], trends.series[16]), (3, 1));
}

#[test]
fn a_theme_that_gains_rises_and_one_that_loses_falls() {
    let trends = trends(&[
        monthly(0, [2, 2, 2, 2, 2, 2, 2, 2, 2, 20, 20, 20]),
        monthly(1000, [10; 12]),
    ]);
    assert_eq!(trends.recent_from, "2024-10".parse().ok());
    let [up, down] = [0, 1].map(|theme| trends.themes[theme].rising.unwrap());
    assert!((up.before_share - 18.0 / 108.0).abs() < 1e-12);
    assert!((up.recent_share - 60.0 / 90.0).abs() < 1e-12);
    assert!(up.ratio > 3.0 && up.z > 5.0, "{up:?}");
    assert!(down.ratio < 0.5 && down.z < -5.0, "{down:?}");
}

#[test]
fn a_library_that_grows_makes_no_theme_rise() {
    let growing = [1, 1, 2, 2, 3, 3, 4, 4, 5, 20, 20, 20];
    let trends = trends(&[monthly(0, growing), monthly(1000, growing)]);
    let rising = trends.themes[0].rising.unwrap();
    assert!(rising.z.abs() < 1e-9 && (rising.ratio - 1.0).abs() < 1e-9);
}

#[test]
fn five_months_are_too_few_for_a_trend_and_six_are_enough() {
    let months = |count: usize| std::array::from_fn(|month| usize::from(month < count));
    assert_eq!(trends(&[monthly(0, months(5))]).recent_from, None);
    let six = trends(&[monthly(0, months(6))]);
    assert_eq!(six.recent_from, "2024-04".parse().ok());
    // The only theme has always been all that there is.
    assert_eq!(six.themes[0].rising.unwrap().z, 0.0);
}

#[test]
fn one_long_article_is_no_trend() {
    let others = monthly(1000, [10; 12]);
    let long = vec![on(1, "2024-12-01"); 12];
    let articles: Vec<_> = (1..=12).map(|article| on(article, "2024-12-01")).collect();
    let z = |theme| trends(&[theme, others.clone()]).themes[0].rising.unwrap().z;
    let [long, several] = [long, articles].map(z);
    assert!(long < 1.96 && several > 1.96, "{long} {several}");
}

#[test]
fn trends_are_written_as_data() {
    let trends = trends(&[vec![on(1, "2024-05-14")]]);
    let json = serde_json::to_value(&trends).unwrap();
    assert_eq!(json["unit"], "month");
    assert_eq!(json["themes"][0]["periods"][0]["period"], "2024-05");
    assert!(json["themes"][0]["rising"].is_null());
}
