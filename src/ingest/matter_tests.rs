use super::*;
use crate::article::Span;

#[test]
fn bylines_give_the_names_and_the_date() {
    let read =
        |text| byline(text, None).map(|line| (line.author, line.date.map(|date| date.to_string())));
    let author = |name: &str| Some((name.to_owned(), None));
    assert_eq!(read("By Ada Marsh"), author("Ada Marsh"));
    assert_eq!(
        read("BY ADA MARSH AND BEN HOLT"),
        author("Ada Marsh and Ben Holt")
    );
    assert_eq!(read("By Ada Marsh, Opinion Editor"), author("Ada Marsh"));
    assert_eq!(
        read("By Ada Marsh, Ben Holt and Li Wei"),
        author("Ada Marsh, Ben Holt and Li Wei")
    );
    let dated = Some(("Ada Marsh".to_owned(), Some("2020-05-14".to_owned())));
    assert_eq!(read("By Ada Marsh | May 14, 2020 | 5 min read"), dated);
    for text in [
        "By Ada Marsh, 14 May 2020",
        "May 14, 2020Ada Marsh",
        "May 14, 2020 | by Ada Marsh",
    ] {
        assert_eq!(read(text), dated, "{text}");
    }
    for text in [
        "Von Ada Marsh",
        "By Ada Marsh in Northmoor",
        "By Ada Marsh/Example Agency, BBC News",
        "BY ADA MARSH, STAFF WRITER",
    ] {
        let author = read(text).map(|(author, _)| author);
        assert!(
            author.is_some_and(|author| author.starts_with("Ada Marsh")),
            "{text}"
        );
    }
    for text in [
        "By Christmas Eve in Northmoor, the last ship had left.",
        "By Monday the port was shut.",
        "By all means",
        "By then, Ada Marsh had left the town",
        "Ada Marsh",
    ] {
        assert!(read(text).is_none(), "{text}");
    }
}

#[test]
fn a_name_beside_the_date_is_the_papers_once_the_author_is_known() {
    let paragraph =
        |text: &str| Paragraph::new(Kind::Body, text.to_owned(), Span::new(0, text.len()));
    let mut article = Article {
        paragraphs: ["By Ada Marsh", "14 May 2024 | Quayside Post"]
            .map(paragraph)
            .to_vec(),
        ..Article::default()
    };
    fill(&mut article);
    assert_eq!(article.metadata.author.as_deref(), Some("Ada Marsh"));
    assert_eq!(article.metadata.source.as_deref(), Some("Quayside Post"));
    assert_eq!(
        article
            .metadata
            .date
            .map(|date| date.to_string())
            .as_deref(),
        Some("2024-05-14")
    );
}

#[test]
fn the_date_of_publication_goes_before_that_of_a_change_and_the_place_says_the_order() {
    let date = |lines: &[&str], address: Option<&str>| {
        let paragraph =
            |text: &&str| Paragraph::new(Kind::Body, (*text).to_owned(), Span::new(0, text.len()));
        let mut article = Article {
            paragraphs: lines.iter().map(paragraph).collect(),
            ..Article::default()
        };
        article.metadata.address = address.map(str::to_owned);
        fill(&mut article);
        article
            .metadata
            .date
            .map(|date| date.to_string())
            .unwrap_or_default()
    };
    let lines = [
        "Last modified on Fri 15 May 2020 12.00 BST",
        "Thu 14 May 2020 10.05 BST",
    ];
    assert_eq!(date(&lines, None), "2020-05-14");
    assert_eq!(date(&lines[..1], None), "2020-05-15");
    assert_eq!(date(&["05/06/2020"], None), "2020");
    assert_eq!(
        date(&["05/06/2020"], Some("https://example.co.uk/x")),
        "2020-06-05"
    );
    assert_eq!(
        date(&["05/06/2020"], Some("https://example.us/x")),
        "2020-05-06"
    );
}

#[test]
fn an_author_that_is_nobody_gives_way_to_the_byline() {
    let mut article = Article {
        paragraphs: vec![Paragraph::new(
            Kind::Body,
            "BY ADA MARSH".to_owned(),
            Span::new(0, 12),
        )],
        ..Article::default()
    };
    article.metadata.author = Some("admin".to_owned());
    fill(&mut article);
    assert_eq!(article.metadata.author.as_deref(), Some("Ada Marsh"));
}

#[test]
fn a_date_line_is_a_date_and_nothing_else() {
    let read = |text| {
        date_line(text, None)
            .map(|line| line.date.to_string())
            .unwrap_or_default()
    };
    assert_eq!(read("May 14, 2020"), "2020-05-14");
    assert_eq!(
        read("Published on Thursday, 14 May 2020 at 10:30 GMT"),
        "2020-05-14"
    );
    assert_eq!(read("Last updated: 2020-05-14 10:30"), "2020-05-14");
    assert_eq!(read("May 2020"), "2020-05");
    assert_eq!(read("May 14, 2020 | 5 min read"), "2020-05-14");
    assert_eq!(
        read("Veröffentlicht am 14. Mai 2020 um 10:05 Uhr"),
        "2020-05-14"
    );
    assert_eq!(read("05/06/2020"), "2020");
    assert_eq!(read("2020"), "");
    assert_eq!(read("May 14, 2020 changed the port for ever"), "");
    assert_eq!(read("2020-05-14 was a quiet day"), "");
}

#[test]
fn file_names_become_titles() {
    let title = |name| title_from_path(Path::new(name)).unwrap_or_default();
    assert_eq!(title("a/the_harbour-can-wait.md"), "The harbour can wait");
    assert_eq!(title("élan vital.txt"), "Élan vital");
    assert_eq!(title("2020-05-14.txt"), "");
    assert_eq!(title("12345.txt"), "");
    assert_eq!(title(".."), "");
}
