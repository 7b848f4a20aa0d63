//! Tests of reading feeds, small ones written for the purpose.

use super::super::format::Format;
use super::super::source::{Hints, Reading, read_source};
use super::*;

fn read(text: &str) -> Result<Reading, ReadError> {
    read_source(text.as_bytes(), &Hints::default())
}

fn texts(article: &Article) -> Vec<&str> {
    article.paragraphs.iter().map(|p| p.text.as_str()).collect()
}

#[test]
fn rss_gives_an_article_an_item() {
    let reading = read(
        "<?xml version='1.0'?><rss version='2.0' xmlns:content='http://purl.org/rss/1.0/modules/content/' \
         xmlns:dc='http://purl.org/dc/elements/1.1/'><channel><title>The Harbour Review</title>\
         <link>http://example.org/</link><language>en-gb</language><image><title>Logo</title></image>\
         <item><title>Mud &amp;amp; Ships</title><link> http://example.org/1 </link><guid isPermaLink='false'>one</guid>\
         <pubDate>Thu, 14 May 2020 10:00:00 GMT</pubDate><dc:creator>Ada Marsh</dc:creator>\
         <description>Short.</description><content:encoded><![CDATA[<p>It silts.</p><p>It stinks.</p>]]></content:encoded></item>\
         <item><title>Only a title</title></item>\
         <item><description>Tide &lt;b&gt;tables&lt;/b&gt;.</description><author>ben@example.org (Ben Holt)</author>\
         <source url='x'>Elsewhere</source><guid>http://example.org/2</guid></item></channel></rss>",
    )
    .unwrap();
    assert_eq!(reading.format, Format::Feed);
    let [first, second] = reading.articles.as_slice() else {
        panic!("{reading:?}");
    };
    assert_eq!(first.entry.as_deref(), Some("one"));
    assert_eq!(first.metadata.title.as_deref(), Some("Mud & Ships"));
    assert_eq!(first.metadata.author.as_deref(), Some("Ada Marsh"));
    assert_eq!(first.metadata.source.as_deref(), Some("The Harbour Review"));
    assert_eq!(first.metadata.language.as_deref(), Some("en"));
    assert_eq!(first.metadata.address.as_deref(), Some("http://example.org/1"));
    assert_eq!(first.metadata.date.unwrap().to_string(), "2020-05-14");
    assert_eq!(texts(first), ["It silts.", "It stinks."]);
    assert_eq!(second.entry.as_deref(), Some("http://example.org/2"));
    assert_eq!(second.metadata.address.as_deref(), Some("http://example.org/2"));
    assert_eq!(second.metadata.author.as_deref(), Some("Ben Holt"));
    assert_eq!(texts(second), ["Tide tables."]);
    assert_eq!(reading.left_out, 1);
    assert!(reading.warnings[0].to_string().starts_with("`Only a title` was left out: it has no text"));
}

#[test]
fn atom_says_what_its_texts_are() {
    let reading = read(
        "<feed xmlns='http://www.w3.org/2005/Atom' xml:lang='cy'><title>Review</title><author><name>Ada Marsh</name>\
         <email>a@example.org</email></author>\
         <entry><id>1</id><title type='html'>A &lt;i&gt;port&lt;/i&gt;</title><link rel='self' href='http://x/s'/>\
         <link href='http://x/1'/><updated>2020-05-14T00:00:00Z</updated><published>2019-01-01T00:00:00Z</published>\
         <source><title>Other</title><id>9</id></source>\
         <content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'><p>Mud &amp; <em>silt</em>.</p><p>Tides.</p></div></content></entry>\
         <entry><id>1</id><title>1 &lt; 2</title><content>a &lt;b&gt; c</content></entry>\
         <entry><id>2</id><content type='image/png'>aGk=</content><summary>Picture.</summary></entry></feed>",
    )
    .unwrap();
    let [first, second, third] = reading.articles.as_slice() else {
        panic!("{reading:?}");
    };
    assert_eq!(first.metadata.title.as_deref(), Some("A port"));
    assert_eq!(first.metadata.author.as_deref(), Some("Ada Marsh"));
    assert_eq!(first.metadata.date.unwrap().to_string(), "2019-01-01");
    assert_eq!(first.metadata.address.as_deref(), Some("http://x/1"));
    assert_eq!(first.metadata.language.as_deref(), Some("cy"));
    assert_eq!(texts(first), ["Mud & silt.", "Tides."]);
    assert_eq!(second.entry.as_deref(), Some("1:2"));
    assert_eq!(second.metadata.title.as_deref(), Some("1 < 2"));
    assert_eq!(texts(second), ["a <b> c"]);
    assert_eq!(texts(third), ["Picture."]);
}

#[test]
fn json_feeds_are_read_whatever_an_odd_field_holds() {
    let reading = read(
        r#"{"version": "https://jsonfeed.org/version/1.1", "title": "Review", "authors": [{"name": "Ada Marsh"}],
            "items": [{"id": 7, "url": "http://x/1", "content_html": "<p>Mud.</p>", "content_text": "Mud", "title": ["odd"],
                       "date_published": "2020-05-14T10:00:00Z", "attachments": [{"url": "x"}]},
                      {"id": "8", "content_text": "One.\n\nTwo.", "author": {"name": "Ben Holt"}},
                      {"id": "9", "title": "None"}]}"#,
    )
    .unwrap();
    let [first, second] = reading.articles.as_slice() else {
        panic!("{reading:?}");
    };
    assert_eq!(first.entry.as_deref(), Some("7"));
    assert_eq!(first.metadata.author.as_deref(), Some("Ada Marsh"));
    assert_eq!(first.metadata.title, None);
    assert_eq!(texts(first), ["Mud."]);
    assert_eq!(second.metadata.author.as_deref(), Some("Ben Holt"));
    assert_eq!(texts(second), ["One.", "Two."]);
    assert_eq!(reading.left_out, 1);
    let broken = read("{\"version\": \"https://jsonfeed.org/version/1\", \"items\": [}").unwrap_err();
    assert!(matches!(broken, ReadError::Damaged { .. }), "{broken}");
}

#[test]
fn entries_before_damage_are_kept() {
    let item = "<item><title>Mud</title><description>It silts.</description></item>";
    let reading = read(&format!("<rss><channel>{item}{item}<item><title>x</wrong>")).unwrap();
    assert_eq!(reading.articles.len(), 2);
    assert_eq!(reading.articles[1].entry.as_deref(), Some("2"));
    assert!(reading.warnings[0].to_string().starts_with("it can't be read to its end"));
    assert!(matches!(read("<rss><channel><item>"), Err(ReadError::Damaged { .. } | ReadError::Empty)));
    assert_eq!(read("<rss><channel><title>x</title></channel></rss>").unwrap_err(), ReadError::Empty);
}

#[test]
fn hostile_feeds_end_soon() {
    for unit in ["<item>", "<description>", "<content:encoded>", "<a xmlns:b='c'>", "<item><title>x</title></item>", "&a;"] {
        assert!(read(&format!("<rss><channel><item><description>{}", unit.repeat(100_000))).is_err());
    }
    let deep = "{\"version\": \"https://jsonfeed.org/version/1\", \"items\": ".to_owned() + &"[".repeat(100_000) + "}";
    assert!(read(&deep).is_err());
    let same = "<item><guid>x</guid><description>y</description></item>".repeat(20_000);
    assert_eq!(read(&format!("<rss>{same}</rss>")).unwrap().articles.len(), 20_000);
}
