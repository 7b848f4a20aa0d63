#![no_main]

//! A model of which one file is something else: loaded by each engine, and given texts. The input is a byte that says which
//! file, and then either the whole file, or changes of it: two bytes of where, one of how many bytes go, one of how many come,
//! and those.

use std::collections::BTreeMap;
use std::fs;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use common::Tiny;
use common::cross::TinyCross;
use topoi_models::{
    CrossEncoder, Encoder, Engine, Locator, ModelRef, Role, SentenceEncoder, Settings,
};

#[path = "../../models/tests/common/mod.rs"]
mod common;

const WHOLE: u8 = 128;
const TEXTS: [&str; 3] = [
    "trade tariffs cheaper zebra",
    "",
    "the model of a fail of control of the trade of the export control",
];

/// A sound model.
struct Model {
    is_reranker: bool,
    folder: PathBuf,
    files: BTreeMap<PathBuf, Vec<u8>>,
}

static MODELS: OnceLock<[Model; 2]> = OnceLock::new();

impl Model {
    fn new(is_reranker: bool, write: impl FnOnce(&Path)) -> Self {
        let folder = tempfile::tempdir().expect("a folder").keep();
        write(&folder);
        let mut files = BTreeMap::new();
        let mut folders = vec![folder.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let bytes = fs::read(&path).expect("a file");
                    files.insert(path, bytes);
                }
            }
        }
        Self {
            is_reranker,
            folder,
            files,
        }
    }
}

fn models() -> [Model; 2] {
    // What breaks down while a tokeniser is read becomes an error. What doesn't still ends the process.
    std::panic::set_hook(Box::new(|_| {}));
    let sentences = Tiny {
        dense: Some((5, "Tanh")),
        ..Tiny::default()
    };
    [
        Model::new(false, |folder| sentences.write(folder)),
        Model::new(true, |folder| TinyCross::default().write(folder)),
    ]
}

fn changed(sound: &[u8], mut changes: &[u8]) -> Vec<u8> {
    let mut bytes = sound.to_vec();
    while let [a, b, gone, came, rest @ ..] = changes {
        let start = usize::from(u16::from_le_bytes([*a, *b])) % (bytes.len() + 1);
        let end = (start + usize::from(*gone)).min(bytes.len());
        let (new, next) = rest.split_at(usize::from(*came).min(rest.len()));
        bytes.splice(start..end, new.iter().copied());
        changes = next;
    }
    bytes
}

/// Loads what is there now, and has texts read.
fn run(folder: &Path, is_reranker: bool) {
    let cache = folder.join("no cache");
    let Ok(found) = Locator::new(cache).locate(&ModelRef::Folder(folder.to_owned())) else {
        return;
    };
    for engine in [Engine::Auto, Engine::Candle] {
        let settings = Settings {
            engine,
            threads: Some(NonZeroUsize::MIN),
            ..Settings::default()
        };
        let go_on = &mut |_| ControlFlow::Continue(());
        if is_reranker {
            if let Ok(model) = CrossEncoder::load(&found, &settings)
                && let Ok(scores) = model.score(TEXTS[0], &TEXTS, go_on)
            {
                assert_eq!(scores.len(), TEXTS.len());
            }
            continue;
        }
        let Ok(model) = SentenceEncoder::load(&found, &settings) else {
            continue;
        };
        for role in [Role::Query, Role::Passage] {
            if let Ok(vectors) = model.encode(&TEXTS, role, go_on) {
                assert_eq!(vectors.len(), TEXTS.len());
                assert_eq!(vectors.dim(), model.dim());
            }
        }
        for text in TEXTS {
            for span in model.token_spans(text) {
                assert!(text.get(span).is_some());
            }
        }
    }
}

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let models = MODELS.get_or_init(models);
    let Some((how, rest)) = input.split_first() else {
        return;
    };
    let count: usize = models.iter().map(|model| model.files.len()).sum();
    let files = models
        .iter()
        .flat_map(|model| model.files.iter().map(move |file| (model, file)));
    let Some((model, (path, sound))) = files.cycle().nth(usize::from(how % WHOLE) % count) else {
        return;
    };
    let bytes = if *how < WHOLE {
        changed(sound, rest)
    } else {
        rest.to_vec()
    };
    // Another file each time: one that is mapped must not be written over.
    let replace = |bytes: &[u8]| {
        fs::remove_file(path)
            .and_then(|()| fs::write(path, bytes))
            .expect("written")
    };
    replace(&bytes);
    run(&model.folder, model.is_reranker);
    replace(sound);
});
