//! What is found here is what the `tokenizers` crate finds, in texts that are hard to get right.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::{env, fs};

use serde_json::{Value, json};

use super::super::tokeniser::Tokeniser;
use super::super::tokens::TokenCounter;
use super::WordPiece;
use crate::{Locator, ModelRef};

/// The same tokeniser twice: run here and run by the crate.
struct Pair {
    ours: Arc<Tokeniser>,
    theirs: Arc<Tokeniser>,
}

impl Pair {
    fn read(json: &[u8], lower_case: bool) -> Self {
        let ours = Tokeniser::read(json, lower_case).unwrap();
        assert!(
            matches!(ours, Tokeniser::WordPiece(_)),
            "left to the crate, which would be compared with itself"
        );
        Self {
            ours: Arc::new(ours),
            theirs: Arc::new(Tokeniser::read_with_crate(json, lower_case).unwrap()),
        }
    }

    /// Counters of both for a model that reads `max_tokens`.
    fn counters(&self, max_tokens: usize) -> [TokenCounter; 2] {
        [&self.ours, &self.theirs].map(|one| TokenCounter::new(one.clone(), max_tokens))
    }

    /// Checks everything that is said of `text`, for models of these lengths.
    fn assert_same(&self, text: &str, lengths: &[usize]) {
        let shown: String = text.chars().take(200).collect();
        for length in lengths {
            let [ours, theirs] = self.counters(*length);
            assert_eq!(
                ours.ids("", text).unwrap(),
                theirs.ids("", text).unwrap(),
                "the first {length} of {shown:?}"
            );
        }
        let [ours, theirs] = self.counters(256);
        assert_eq!(ours.special_tokens(), theirs.special_tokens());
        assert_eq!(ours.frame(), theirs.frame());
        let spans = theirs.spans(text);
        assert_eq!(ours.spans(text), spans, "{shown:?}");
        assert_eq!(ours.count(text), theirs.special_tokens() + spans.len());
        assert_eq!(ours.count(text), theirs.count(text), "{shown:?}");
    }
}

/// The default model's `tokenizer.json`.
///
/// It is looked for where the tests of parity look, and a machine where it can't be had fails as there.
fn default_json() -> &'static [u8] {
    static JSON: OnceLock<Vec<u8>> = OnceLock::new();
    JSON.get_or_init(|| {
        let home = |variable: &str, below: &str| match env::var_os(variable) {
            Some(folder) => PathBuf::from(folder),
            None => PathBuf::from(env::var_os("HOME").unwrap()).join(below),
        };
        let locator = Locator {
            hf_cache: Some(home("HF_HOME", ".cache/huggingface").join("hub")),
            ..Locator::new(home("XDG_CACHE_HOME", ".cache").join("topoi"))
        };
        match locator.locate(&ModelRef::default()) {
            Ok(folder) => fs::read(folder.path().join("tokenizer.json")).unwrap(),
            Err(error) => panic!("these tests need the default model: {error}"),
        }
    })
}

fn default_pair() -> &'static Pair {
    static PAIR: OnceLock<Pair> = OnceLock::new();
    PAIR.get_or_init(|| Pair::read(default_json(), false))
}

/// A small tokeniser whose added tokens begin with anything and with each other, and whose words are short.
fn tiny() -> Value {
    let words = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "trade",
        "trad",
        "tariff",
        "a",
        "b",
        "x",
        "##s",
        "##er",
        "##a",
        "##b",
        "##x",
        "e",
        "i",
        "é",
        "##\u{301}",
        "##\u{307}",
        "##\u{323}",
        "ß",
        "##ß",
        "漢",
        "##字",
        "字",
        "[",
        "]",
        "#",
        "?",
        "’",
        "—",
        "Trade",
        "A",
        "##A",
        "[A]",
        "[A]b",
        "tra",
        "é!",
        " x",
        "<s>",
        "##",
        "",
    ];
    let added = [
        "[PAD]", "[SEP]", "[A]", "[A]b", "tra", "é!", " x", "<s>", "[UNK]",
    ];
    let number = |word: &str| words.iter().position(|known| *known == word).unwrap();
    let vocabulary: serde_json::Map<String, Value> = words
        .iter()
        .map(|word| ((*word).to_owned(), json!(number(word) + 7)))
        .collect();
    let added: Vec<Value> = added
        .iter()
        .map(|content| {
            json!({
                "id": number(content) + 7, "content": content, "single_word": false, "lstrip": false,
                "rstrip": false, "normalized": false, "special": *content != "tra",
            })
        })
        .collect();
    json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": added,
        "normalizer": {
            "type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
            "strip_accents": null, "lowercase": true,
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 10], "cls": ["[CLS]", 9]},
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
        "model": {
            "type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 6, "vocab": vocabulary,
        },
    })
}

fn bytes(json: &Value) -> Vec<u8> {
    serde_json::to_vec(json).unwrap()
}

/// Numbers that are the same every time (a 64-bit linear congruential generator).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % end
    }

    fn one_of<T: Copy>(&mut self, things: &[T]) -> T {
        things[self.below(things.len())]
    }

    fn character(&mut self) -> char {
        let (start, end) = self.one_of(&[
            (0, 0x80),
            (0x80, 0x530),
            (0x300, 0x370),
            (0x2000, 0x2100),
            (0x500, 0x3000),
            (0x3000, 0x1_0000),
            (0x1_0000, 0x11_0000),
        ]);
        char::from_u32((start + self.below(end - start)) as u32).unwrap_or('\u{fffd}')
    }

    /// A text of pieces that are each hard, with and without white space between them.
    fn nasty(&mut self) -> String {
        let mut text = String::new();
        for _ in 0..=self.below(25) {
            match self.below(8) {
                0 => text.extend((0..=self.below(4)).map(|_| self.character())),
                1 => text.push_str(self.one_of(&["trade", "Tariffs", "the", "xBA", "unaffable"])),
                2 if self.below(4) == 0 => {
                    let letter = self.one_of(&['a', 'Q', 'é', '漢', 'ж', '\u{301}']);
                    let len = self.one_of(&[5, 6, 7, 99, 100, 101, 5000]);
                    text.extend(std::iter::repeat_n(letter, len));
                }
                _ => text.push_str(self.one_of(PIECES)),
            }
            text.push_str(self.one_of(&["", "", "", " ", " ", "\t", "\n", "\u{a0}", "  "]));
        }
        text
    }
}

#[rustfmt::skip]
const PIECES: &[&str] = &[
    // Added tokens, whole, broken, in another case, one in another.
    "[SEP]", "[CLS]", "[MASK]", "[PAD]", "[UNK]", "[sep]", "[SEP", "SEP]", "[[SEP]]", "[S\0EP]", "x[MASK]y", "[A]",
    "[A]b", "[A]bs", "[a]", "tra", "TRAde", "é!", "E\u{301}!", " x", "<s>", "<s", "[unused1]",
    // What looks like the end of a word.
    "##ing", "##", "#", "## s", "###",
    // ASCII.
    "don't", "e-mail", "U.S.A.", "3.14", "$5", "a+b=c", "`~^|<>", "\"quoted\"", "(x)", "\\", "_", "C++",
    // Control characters, the white space that isn't taken for it, and what is.
    "\0", "a\0b", "\u{1}", "\u{7f}", "\u{85}", "\u{b}", "\u{c}", "a\u{b}b", "\u{1c}", "\u{1f}", "\r", "\r\n", "\u{ad}",
    "\u{200b}", "zero\u{200b}width", "\u{200c}", "\u{200d}", "\u{200e}", "\u{202e}", "\u{2060}", "\u{feff}", "\u{fffd}",
    "\u{a0}", "\u{1680}", "\u{2003}", "\u{2028}", "\u{2029}", "\u{202f}", "\u{205f}", "\u{3000}", "\u{e000}", "\u{378}",
    "\u{ffff}", "\u{10ffff}",
    // Quotes, dashes and signs.
    "’", "it’s", "“so”", "—", "a–b", "…", "€5", "£", "§", "¿qué?", "«là»", "•", "™", "½", "²", "№", "′", "·", "\u{37e}",
    "\u{387}", "\u{2126}", "\u{212a}", "\u{212b}",
    // Accents, written in one or in several characters, in any order, on nothing.
    "é", "É", "naïve", "Jakobsdóttir", "Ångström", "e\u{301}", "e\u{323}\u{301}", "e\u{301}\u{323}", "\u{301}",
    "\u{301}a", "\u{344}", "\u{345}", "\u{340}", "\u{1e69}", "s\u{323}\u{307}", "\u{f73}", "\u{f71}\u{f72}",
    "\u{1d15e}", "\u{1d165}\u{1d16e}", "\u{302a}", "\u{302e}", "\u{34f}", "\u{20dd}", "\u{483}",
    // Case that changes the length, or that knows no other.
    "İ", "İstanbul", "ı", "ß", "ẞ", "STRASSE", "ǅ", "Ŀ", "ŉ", "ﬁ", "ΐ", "Σ", "ΟΔΟΣ", "ς", "\u{1e9e}", "ℝ",
    // Other scripts.
    "漢字", "a漢b", "中文。", "、", "\u{f900}", "\u{2f800}", "\u{20000}", "ひらがな", "カタカナ", "が", "か\u{3099}", "한국어",
    "\u{1112}\u{1161}\u{11ab}", "Привет", "ё", "й", "Ђ", "Αθήνα", "שלום", "שָׁלוֹם", "مرحبا", "مَرْحَبًا", "हिन्दी", "ไทย",
    "ქართული", "\u{a015}", "\u{12345}",
    // Signs of several characters.
    "😀", "👩‍👩‍👧", "🇩🇪", "1️⃣", "👍🏽", "𝒳", "🄰",
];

#[test]
fn nasty_texts_have_the_tokens_that_the_crate_finds() {
    let mut random = Random(1);
    for _ in 0..1000 {
        default_pair().assert_same(&random.nasty(), &[7, 256]);
    }
}

#[test]
fn a_text_behind_a_prompt_has_the_tokens_that_the_crate_finds() {
    let mut random = Random(5);
    let [ours, theirs] = default_pair().counters(32);
    for _ in 0..300 {
        let (prompt, text) = (random.nasty(), random.nasty());
        assert_eq!(
            ours.ids(&prompt, &text).unwrap(),
            theirs.ids(&prompt, &text).unwrap(),
            "{text:?} after {prompt:?}"
        );
    }
}

#[test]
fn every_way_to_normalise_is_the_crates() {
    let mut random = Random(2);
    let full: Value = serde_json::from_slice(default_json()).unwrap();
    for mut json in [full, tiny()] {
        for flags in 0..24 {
            json["normalizer"]["lowercase"] = json!(flags % 2 == 0);
            json["normalizer"]["handle_chinese_chars"] = json!(flags / 2 % 2 == 0);
            json["normalizer"]["strip_accents"] =
                [Value::Null, json!(true), json!(false)][flags / 4 % 3].clone();
            let pair = Pair::read(&bytes(&json), flags >= 12);
            for _ in 0..40 {
                pair.assert_same(&random.nasty(), &[64]);
            }
        }
    }
}

#[test]
fn every_character_has_the_tokens_that_the_crate_finds() {
    let mut accents = tiny();
    accents["normalizer"]["strip_accents"] = json!(false);
    for pair in [default_pair(), &Pair::read(&bytes(&accents), false)] {
        for number in (0..0x3100).chain((0x3100..0x11_0000).step_by(89)) {
            if let Some(character) = char::from_u32(number) {
                let text = format!("x{character}a {character} {character}{character}é\u{301}");
                pair.assert_same(&text, &[]);
            }
        }
    }
}

#[test]
fn a_small_tokeniser_with_odd_tokens_is_read_as_the_crate_reads_it() {
    let mut random = Random(3);
    let mut json = tiny();
    let template = json!({
        "type": "TemplateProcessing",
        "single": [
            {"SpecialToken": {"id": "two", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
        ],
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {"two": {"id": "two", "ids": [1, 2], "tokens": ["1", "2"]}},
    });
    for processor in [json["post_processor"].clone(), template, Value::Null] {
        json["post_processor"] = processor;
        let pair = Pair::read(&bytes(&json), false);
        for _ in 0..300 {
            pair.assert_same(&random.nasty(), &[3, 4, 16]);
        }
    }
}

#[test]
fn long_texts_are_cut_where_the_crate_sees_them_cut() {
    let mut random = Random(4);
    let mut texts: Vec<String> = (0..2)
        .map(|_| (0..200).map(|_| random.nasty() + " ").collect())
        .collect();
    texts.extend([
        "漢字".repeat(12_000),
        "x".repeat(150_000),
        "?".repeat(70_000),
    ]);
    texts.push(" [SEP]é".repeat(9_000));
    texts.push(format!("{}end", " ".repeat(1 << 18)));
    for text in texts {
        default_pair().assert_same(&text, &[3, 256]);
    }
}

#[test]
fn the_reference_texts_have_the_tokens_that_the_crate_finds() {
    let reference: Value = serde_json::from_str(include_str!(
        "../../../tests/fixtures/all-minilm-l6-v2.json"
    ))
    .unwrap();
    let items = reference["items"].as_array().unwrap();
    assert_eq!(items.len(), 32);
    for item in items {
        default_pair().assert_same(item["text"].as_str().unwrap(), &[3, 16, 256]);
    }
}

/// Where real texts lie, unless they are absent.
fn data(path: &str) -> Option<PathBuf> {
    let root = env::var_os("TOPOI_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"),
        PathBuf::from,
    );
    let path = root.join(path);
    if !path.exists() {
        eprintln!("skipped: there is no {}", path.display());
        return None;
    }
    Some(path)
}

#[test]
fn articles_have_the_tokens_that_the_crate_finds() {
    for (path, every) in [
        ("commentary/syndicate_2020.jsonl", 1),
        ("themes/bbc.jsonl", 8),
    ] {
        let Some(path) = data(path) else { continue };
        let file = fs::read_to_string(path).unwrap();
        for line in file.lines().step_by(every) {
            let article: Value = serde_json::from_str(line).unwrap();
            for paragraph in article["paragraphs"].as_array().unwrap() {
                default_pair().assert_same(paragraph.as_str().unwrap(), &[256]);
            }
        }
    }
}

#[test]
fn texts_in_the_wrong_encoding_have_the_tokens_that_the_crate_finds() {
    let Some(folder) = data("formats/encodings") else {
        return;
    };
    for encoding in fs::read_dir(folder).unwrap() {
        let encoding = encoding.unwrap().path();
        let files = fs::read_dir(&encoding).into_iter().flatten().take(1);
        for file in files {
            let text = fs::read(file.unwrap().path()).unwrap();
            let text = String::from_utf8_lossy(&text);
            default_pair().assert_same(&text, &[256]);
        }
    }
}

#[test]
fn anything_unusual_is_left_to_the_crate() {
    assert!(WordPiece::read(&bytes(&tiny()), false).is_some());
    let changes: [(&str, Value); 20] = [
        ("/version", json!("2.0")),
        ("/unknown", json!(1)),
        ("/padding", json!({"strategy": "Sometimes"})),
        ("/decoder", json!({"type": "None"})),
        ("/normalizer", Value::Null),
        ("/normalizer/type", json!("Lowercase")),
        ("/normalizer/clean_text", json!(false)),
        ("/pre_tokenizer/type", json!("Whitespace")),
        ("/post_processor/type", json!("RobertaProcessing")),
        ("/post_processor/trim_offsets", json!(true)),
        ("/added_tokens/0/lstrip", json!(true)),
        ("/added_tokens/0/rstrip", json!(true)),
        ("/added_tokens/0/single_word", json!(true)),
        ("/added_tokens/0/normalized", json!(true)),
        ("/added_tokens/0/content", json!("unheard of")),
        ("/added_tokens/0/content", json!("")),
        ("/added_tokens/0/content", json!("[SEP]")),
        ("/model/type", json!("WordLevel")),
        ("/model/continuing_subword_prefix", json!("@@")),
        ("/model/unk_token", json!("[NONE]")),
    ];
    for (path, value) in changes {
        let mut json = tiny();
        let (parent, key) = path.rsplit_once('/').unwrap();
        match json.pointer_mut(parent).unwrap() {
            Value::Object(object) => object.insert(key.to_owned(), value),
            other => panic!("{other} has no {key}"),
        };
        let text = bytes(&json);
        assert!(WordPiece::read(&text, false).is_none(), "{path}");
    }
}

#[test]
fn a_template_without_the_text_or_with_it_twice_is_left_to_the_crate() {
    let text = json!({"Sequence": {"id": "A", "type_id": 0}});
    let other = json!({"Sequence": {"id": "B", "type_id": 0}});
    let lost = json!({"SpecialToken": {"id": "lost", "type_id": 0}});
    for single in [
        vec![],
        vec![&text, &text],
        vec![&text, &other],
        vec![&text, &lost],
    ] {
        let mut json = tiny();
        json["post_processor"] = json!({
            "type": "TemplateProcessing", "single": single, "pair": [], "special_tokens": {},
        });
        assert!(
            WordPiece::read(&bytes(&json), false).is_none(),
            "{single:?}"
        );
    }
}

#[test]
fn a_damaged_file_is_left_to_the_crate() {
    let whole = bytes(&tiny());
    for len in 0..whole.len() {
        assert!(WordPiece::read(&whole[..len], false).is_none());
    }
    let twice = String::from_utf8(whole)
        .unwrap()
        .replace("\"Trade\"", "\"trade\"");
    assert!(WordPiece::read(twice.as_bytes(), false).is_none());
    assert!(WordPiece::read(b"{\"version\": \"\xff\"}", false).is_none());
}
