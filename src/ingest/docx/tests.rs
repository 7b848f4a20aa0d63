//! Tests of reading Word documents, small ones written for the purpose.

use super::super::package::tests::archive;
use super::super::source::{Hints, read_source};
use super::*;

const WORD: &str = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";
const STRICT: &str = "http://purl.oclc.org/ooxml/wordprocessingml/main";

fn package(namespace: &str, body: &str, parts: &[(&str, &str)]) -> Vec<u8> {
    let relation = |kind: &str, target: &str| {
        format!("<Relationship Id='{kind}' Type='http://x/{kind}' Target='{target}'/>")
    };
    let wrap = |content: &str| {
        format!(
            "<?xml version='1.0'?><w:root xmlns:w='{namespace}' \
             xmlns:m='http://schemas.openxmlformats.org/officeDocument/2006/math' \
             xmlns:mc='http://schemas.openxmlformats.org/markup-compatibility/2006' \
             xmlns:dc='d'>{content}</w:root>"
        )
    };
    let mut files = vec![
        ("[Content_Types].xml".to_owned(), String::new()),
        (
            "_rels/.rels".to_owned(),
            format!(
                "<Relationships>{}{}</Relationships>",
                relation("officeDocument", "/word/main.xml"),
                relation("core-properties", "docProps/core.xml")
            ),
        ),
        ("word/main.xml".to_owned(), wrap(&format!("<w:body>{body}</w:body>"))),
    ];
    let mut relations = String::new();
    for (kind, content) in parts {
        let name = match *kind {
            "core-properties" => "docProps/core.xml".to_owned(),
            _ => format!("word/{kind}.xml"),
        };
        relations += &relation(kind, &format!("{kind}.xml"));
        files.push((name, wrap(content)));
    }
    files.push((
        "word/_rels/main.xml.rels".to_owned(),
        format!("<Relationships>{relations}</Relationships>"),
    ));
    let files: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(name, content)| (name.as_str(), content.as_bytes()))
        .collect();
    archive(&files)
}

fn article(body: &str, parts: &[(&str, &str)]) -> Article {
    let bytes = package(WORD, body, parts);
    read_source(&bytes, &Hints::default())
        .unwrap()
        .articles
        .remove(0)
}

fn texts(body: &str) -> Vec<String> {
    let article = article(body, &[]);
    article.paragraphs.into_iter().map(|p| p.text).collect()
}

/// A paragraph of one run.
fn p(text: &str) -> String {
    format!("<w:p><w:r><w:t>{text}</w:t></w:r></w:p>")
}

#[test]
fn paragraphs_are_read_from_strict_and_transitional_documents() {
    let body = "<w:p><w:r><w:t>The </w:t></w:r><w:hyperlink><w:r><w:t>har</w:t><w:softHyphen/><w:t>bour</w:t></w:r>\
                </w:hyperlink><w:r><w:tab/><w:t>can</w:t><w:br/><w:t>wait &amp; see</w:t></w:r></w:p><w:p/>";
    for namespace in [WORD, STRICT] {
        let reading = read_source(&package(namespace, body, &[]), &Hints::default()).unwrap();
        assert_eq!(reading.format, super::super::format::Format::Docx);
        let paragraphs = &reading.articles[0].paragraphs;
        assert_eq!(paragraphs.len(), 1);
        assert_eq!(paragraphs[0].text, "The harbour can wait & see");
    }
}

#[test]
fn styles_and_levels_make_headings_and_the_title() {
    let styles = "<w:style w:styleId='T'><w:name w:val='Title'/></w:style>\
                  <w:style w:styleId='U1'><w:name w:val='heading 1'/></w:style>\
                  <w:style w:styleId='I1'><w:name w:val='toc 1'/></w:style>";
    let styled = |style: &str, text: &str| {
        format!("<w:p><w:pPr><w:pStyle w:val='{style}'/></w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>")
    };
    let body = [
        styled("T", "Tides"),
        styled("I1", "Mud ... 3"),
        styled("U1", "Mud"),
        p("It silted up."),
        "<w:p><w:pPr><w:outlineLvl w:val='0'/></w:pPr><w:r><w:t>Ships</w:t></w:r></w:p>".to_owned(),
    ]
    .concat();
    let core = "<dc:title>Document1</dc:title><dc:creator>Ada Marsh</dc:creator><dc:language>cy-GB</dc:language>";
    let article = article(&body, &[("styles", styles), ("core-properties", core)]);
    assert_eq!(article.metadata.title.as_deref(), Some("Tides"));
    assert_eq!(article.metadata.author.as_deref(), Some("Ada Marsh"));
    assert_eq!(article.metadata.language.as_deref(), Some("cy"));
    let found: Vec<(Kind, &str)> = article
        .paragraphs
        .iter()
        .map(|p| (p.kind, p.text.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            (Kind::Heading, "Tides"),
            (Kind::Heading, "Mud"),
            (Kind::Body, "It silted up."),
            (Kind::Heading, "Ships")
        ]
    );
}

#[test]
fn what_was_changed_is_read_as_it_now_is() {
    let body = "<w:p><w:pPr><w:pPrChange><w:pPr><w:outlineLvl w:val='0'/></w:pPr></w:pPrChange></w:pPr>\
                <w:ins><w:r><w:t>The port </w:t></w:r></w:ins><w:del><w:r><w:delText>never </w:delText></w:r></w:del>\
                <w:moveFrom><w:r><w:t>gone </w:t></w:r></w:moveFrom><w:moveTo><w:r><w:t>silts </w:t></w:r></w:moveTo>\
                <w:r><w:t>up.</w:t></w:r></w:p>\
                <w:p><w:pPr><w:rPr><w:del/></w:rPr></w:pPr><w:r><w:t>One </w:t></w:r></w:p><w:p><w:r><w:t>line.</w:t></w:r></w:p>";
    let read = article(body, &[]);
    assert_eq!(read.paragraphs[0].kind, Kind::Body);
    assert_eq!(texts(body), ["The port silts up.", "One line."]);
    let table = format!(
        "<w:tbl><w:tr><w:trPr><w:del/></w:trPr><w:tc>{}</w:tc></w:tr><w:tr><w:tc>{}</w:tc></w:tr></w:tbl>",
        p("Old"),
        p("New")
    );
    assert_eq!(texts(&table), ["New"]);
}

#[test]
fn what_nobody_sees_is_left_out() {
    let body = [
        "<w:p><w:r><w:t>Seen</w:t></w:r><w:r><w:rPr><w:vanish/></w:rPr><w:t> hidden</w:t></w:r>\
         <w:r><w:rPr><w:vanish w:val='0'/></w:rPr><w:t> too.</w:t></w:r></w:p>",
        "<w:p><w:r><w:fldChar w:fldCharType='begin'/></w:r><w:r><w:instrText>PAGE</w:instrText><w:t>code</w:t></w:r>\
         <w:r><w:fldChar w:fldCharType='separate'/></w:r><w:r><w:t>Result.</w:t></w:r><w:r><w:fldChar w:fldCharType='end'/></w:r></w:p>",
        "<w:p><w:r><w:fldChar w:fldCharType='begin'/><w:t>lost</w:t></w:r></w:p>",
        "<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent><w:p><w:r><w:t>Click here</w:t></w:r></w:p></w:sdtContent></w:sdt>",
        "<w:sdt><w:sdtPr><w:docPartObj><w:docPartGallery w:val='Table of Contents'/></w:docPartObj></w:sdtPr>\
         <w:sdtContent><w:p><w:r><w:t>Contents</w:t></w:r></w:p></w:sdtContent></w:sdt>",
        "<w:sdt><w:sdtPr/><w:sdtContent><w:p><w:r><w:t>Filled in.</w:t></w:r></w:p></w:sdtContent></w:sdt>",
    ]
    .concat();
    assert_eq!(texts(&body), ["Seen too.", "Result.", "Filled in."]);
}

#[test]
fn a_text_box_is_read_once_and_behind_its_paragraph() {
    let body = format!(
        "<w:p><w:r><mc:AlternateContent><mc:Choice><w:txbxContent>{0}</w:txbxContent></mc:Choice>\
         <mc:Fallback><w:txbxContent>{0}</w:txbxContent></mc:Fallback></mc:AlternateContent></w:r>\
         <w:r><w:t>Around it.</w:t></w:r></w:p>",
        p("In the box.")
    );
    assert_eq!(texts(&body), ["Around it.", "In the box."]);
}

#[test]
fn a_row_is_a_paragraph_unless_its_cells_hold_several() {
    let cell = |content: &str| format!("<w:tc>{content}</w:tc>");
    let row = |cells: &[String]| format!("<w:tr>{}</w:tr>", cells.concat());
    let inner = format!("<w:tbl>{}</w:tbl>", row(&[cell(&p("a")), cell(&p("b"))]));
    let body = format!(
        "<w:tbl>{}{}{}</w:tbl>",
        row(&[cell(&p("Berries")), cell("<w:p/>"), cell(&p("150"))]),
        row(&[cell(&(p("One.") + &p("Two."))), cell(&p("Three."))]),
        row(&[cell(&(inner + &p("c")))]),
    );
    assert_eq!(
        texts(&body),
        ["Berries | 150", "One.", "Two.", "Three.", "a | b", "c"]
    );
}

#[test]
fn notes_stand_at_the_end_and_comments_are_no_body() {
    let body = "<w:p><w:r><w:t>Ports</w:t></w:r><w:r><w:footnoteReference w:id='2'/></w:r><w:r><w:footnoteReference w:id='2'/></w:r>\
                <w:r><w:t> silt.</w:t></w:r></w:p>";
    let footnotes = format!(
        "<w:footnote w:type='separator' w:id='0'>{}</w:footnote><w:footnote w:id='1'>{}</w:footnote><w:footnote w:id='2'>{}</w:footnote>",
        p("-"),
        p("Unused."),
        p("See the chart.")
    );
    let comments = format!("<w:comment w:id='0'>{}</w:comment>", p("Is it so?"));
    let article = article(body, &[("footnotes", &footnotes), ("comments", &comments)]);
    let found: Vec<(Kind, &str)> = article
        .paragraphs
        .iter()
        .map(|p| (p.kind, p.text.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            (Kind::Body, "Ports silt."),
            (Kind::Body, "See the chart."),
            (Kind::Comment, "Is it so?")
        ]
    );
}

#[test]
fn equations_are_read_on_one_line() {
    let t = |text: &str| format!("<m:r><m:t>{text}</m:t></m:r>");
    let body = format!(
        "<w:p><w:r><w:t>Then</w:t></w:r><m:oMath>{}<m:sSup><m:e>{}</m:e><m:sup>{}</m:sup></m:sSup>\
         <m:f><m:num>{}</m:num><m:den>{}</m:den></m:f><m:rad><m:deg/><m:e>{}</m:e></m:rad>\
         <m:nary><m:naryPr><m:chr m:val='∑'/></m:naryPr><m:sub>{}</m:sub><m:sup/><m:e>{}</m:e></m:nary>\
         <m:d><m:dPr><m:begChr m:val='['/></m:dPr><m:e>{}</m:e></m:d></m:oMath><w:r><w:t>holds.</w:t></w:r></w:p>",
        t("A=π"),
        t("r"),
        t("2"),
        t("a+b"),
        t("2"),
        t("x"),
        t("n=1"),
        t("n"),
        t("y")
    );
    assert_eq!(texts(&body), ["Then A=πr^2(a+b)/2√x∑_(n=1)n[y)holds."]);
}

#[test]
fn damage_and_hostility_end_in_words() {
    let read = |body: &str| read_source(&package(WORD, body, &[]), &Hints::default());
    assert!(matches!(read("<w:p><w:r>"), Err(ReadError::Damaged { .. })));
    assert_eq!(read("<w:p/>").unwrap_err(), ReadError::Empty);
    for unit in ["<w:p>", "<w:tc>", "<w:txbxContent>", "<m:sup>", "<w:r>", "<w:sdt>"] {
        assert!(read(&unit.repeat(100_000)).is_err(), "{unit}");
        let closed = unit.repeat(20_000) + &unit.replace('<', "</").repeat(20_000);
        assert_eq!(read(&closed).unwrap_err(), ReadError::Empty);
    }
    let fields = "<w:p><w:r><w:fldChar w:fldCharType='begin'/></w:r></w:p>".repeat(50_000);
    assert_eq!(read(&fields).unwrap_err(), ReadError::Empty);
    let empty = archive(&[("[Content_Types].xml", b""), ("word/x.xml", b"")]);
    assert!(
        read_source(&empty, &Hints::default())
            .unwrap_err()
            .to_string()
            .contains("no `word/document.xml`")
    );
}
