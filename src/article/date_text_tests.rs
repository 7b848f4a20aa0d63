use super::*;

fn read(text: &str) -> String {
    let date: Result<Date, _> = text.parse();
    date.map(|date| date.to_string()).unwrap_or_default()
}

#[test]
fn dates_of_figures_are_read_where_only_one_reading_is_a_date() {
    for text in [
        "14.05.2020",
        "14.5.2020",
        "14.05.2020 r.",
        "14/05/2020",
        "05/14/2020",
        "5/14/2020",
        "14-05-2020",
        "2020.05.14",
        "14/05/2020 10:00",
        "2020-05-14 10:00:00+02:00",
        "2020-05-14T10:00:00.123+02:00",
        "20200514T100000Z",
    ] {
        assert_eq!(read(text), "2020-05-14", "{text}");
    }
    assert_eq!(read("05.06.2020"), "2020-06-05");
    assert_eq!(read("05/05/2020"), "2020-05-05");
    assert_eq!(read("05/06/2020 9:30 AM ET"), "2020-05-06");
    assert_eq!(read("05/06/2020 09:30 CEST"), "2020-06-05");
}

#[test]
fn an_ambiguous_date_is_refused_with_both_its_readings() {
    let error = "05/06/2020".parse::<Date>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "`05/06/2020` can be 2020-06-05 or 2020-05-06: write it as one of these"
    );
    let read = read_date("05/06/2020", Some(DayOrder::MonthFirst)).unwrap();
    assert_eq!(read.date.to_string(), "2020-05-06");
}

#[test]
fn dates_are_read_with_their_times_zones_and_labels() {
    for text in [
        "14-May-2020",
        "May-14-2020",
        "14.May.2020",
        "Thu, 14 May 2020 10:00:00 +0000",
        "Thu May 14 10:00:00 2020",
        "Thu May 14 2020 10:00:00 GMT+0200 (Central European Summer Time)",
        "Published 14 May 2020 10.05 BST",
        "Last modified on Thu 14 May 2020 10.05 BST",
        "Updated 9:30 AM ET, Thu May 14, 2020",
        "May 14 2020 at 6:00 a.m. EDT",
        "May 14, 2020 at 6 a.m.",
        "PUBLISHED: 10:05, 14 May 2020",
        "14 May 2020 | 10h30",
        "Thu 14 May 2020 10.05 BST Last modified on Fri 15 May 2020 12.00 BST",
        "Updated 15 May 2020, first published 14 May 2020",
        "2020 May 14",
        "(May 14th, 2020)",
        "Posted on 05/14/2020",
    ] {
        assert_eq!(read(text), "2020-05-14", "{text}");
    }
    assert!(read_date("Updated May 14, 2020", None).unwrap().is_update);
}

#[test]
fn months_are_read_in_many_languages() {
    for text in [
        "14. Mai 2020",
        "Donnerstag, den 14. Mai 2020, 10:05 Uhr",
        "Veröffentlicht am 14.05.2020 um 10 Uhr",
        "jeudi 14 mai 2020",
        "Publié le 14 mai 2020 à 10h05",
        "14 de mayo de 2020",
        "14 de maio de 2020",
        "14 maggio 2020",
        "14 mei 2020",
        "14 maja 2020 r.",
        "14 мая 2020 г.",
        "14 мая 2020, 10:05",
        "2020年5月14日",
        "2020年5月14日（木） 10時05分",
        "2020年5月14日 星期四",
        "2020년 5월 14일",
        "２０２０年５月１４日",
        "2020年05月14日 更新",
    ] {
        assert_eq!(read(text), "2020-05-14", "{text}");
    }
    for (text, iso) in [
        ("le 1er mai 2020", "2020-05-01"),
        ("3. März 2020", "2020-03-03"),
        ("mar. 3 mars 2020", "2020-03-03"),
        ("12 févr. 2020", "2020-02-12"),
        ("2 sierpnia 2021", "2021-08-02"),
        ("1º de março de 2020", "2020-03-01"),
        ("Oktober 2020", "2020-10"),
        ("3 out 2020", "2020-10-03"),
        ("2020年5月", "2020-05"),
        ("2020年", "2020"),
        ("1 сентября 2020 года", "2020-09-01"),
        ("10-го июля 2020", "2020-07-10"),
    ] {
        assert_eq!(read(text), iso, "{text}");
    }
}

#[test]
fn numbers_and_words_that_are_no_dates_stay_none() {
    for text in [
        "2020 Vision",
        "May I",
        "May",
        "14 May",
        "Out 2020",
        "1.2.3",
        "192.168.1.10",
        "14/05",
        "31/02/2020",
        "13/13/2020",
        "2020-05-14 was a quiet day",
        "May 14, 2020 changed the port for ever",
        "In 2020",
        "Top 10 of 2020",
        "10:30",
        "5 min read",
        "14.13.2020",
        "99999999",
        "1234567890",
        "",
        "-",
        "Chapter 14",
        "3 May 14 May 2020",
        "555-1234",
        "+",
        "年",
        "5月14日",
        "٢٠٢٠",
        "1/2/20",
        "20/05/14",
        "9/11/2001/1",
        "\u{0}",
        "May 2020 2021",
        "14 14 May 2020",
    ] {
        assert_eq!(read(text), "", "{text}");
    }
}

#[test]
fn no_text_panics() {
    let alphabet = [
        "1", "20", "2020", "-", "/", ".", ":", " ", "年", "月", "日", "t", "é", "May", "am", "+",
        "(", ")", "Z", "mar",
    ];
    let mut state = 7_usize;
    for _ in 0..20_000 {
        let mut text = String::new();
        for _ in 0..8 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            text.push_str(alphabet[(state >> 33) % alphabet.len()]);
        }
        let _ = text.parse::<Date>();
    }
    assert!("1".repeat(1_000_000).parse::<Date>().is_err());
}
