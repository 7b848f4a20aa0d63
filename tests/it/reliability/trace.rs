//! What a program did to the files of a folder, as `tests/faults/faults.c` has written it down.

use std::ffi::OsString;
use std::fmt;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// One change of the files, or something that the program said.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Op {
    Create {
        file: u64,
        path: PathBuf,
    },
    Truncate {
        file: u64,
        length: u64,
    },
    Write {
        file: u64,
        offset: u64,
        bytes: Vec<u8>,
    },
    Sync {
        file: u64,
    },
    SyncFolder {
        path: PathBuf,
    },
    Rename {
        from: PathBuf,
        to: PathBuf,
    },
    Link {
        file: u64,
        path: PathBuf,
    },
    Remove {
        path: PathBuf,
    },
    MakeFolder {
        path: PathBuf,
    },
    Said(String),
}

/// Without the bytes.
impl fmt::Debug for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create { path, .. } => write!(f, "create {}", path.display()),
            Self::Truncate { length, .. } => write!(f, "truncate to {length}"),
            Self::Write { offset, bytes, .. } => write!(f, "write {} at {offset}", bytes.len()),
            Self::Sync { .. } => f.write_str("synchronise"),
            Self::SyncFolder { path } => write!(f, "synchronise {}", path.display()),
            Self::Rename { from, to } => write!(f, "{} to {}", from.display(), to.display()),
            Self::Link { path, .. } => write!(f, "link {}", path.display()),
            Self::Remove { path } => write!(f, "remove {}", path.display()),
            Self::MakeFolder { path } => write!(f, "make {}", path.display()),
            Self::Said(text) => write!(f, "say {text}"),
        }
    }
}

/// The changes in the order in which they were made.
pub(super) fn read(path: &Path) -> Vec<Op> {
    let bytes = std::fs::read(path).unwrap();
    let mut rest = bytes.as_slice();
    let mut ops = Vec::new();
    while !rest.is_empty() {
        let what = take(&mut rest, 1)[0];
        let [file, offset, path_length, length] =
            [(); 4].map(|()| u64::from_le_bytes(take(&mut rest, 8).try_into().unwrap()));
        let named = PathBuf::from(OsString::from_vec(take(&mut rest, path_length).to_vec()));
        let bytes = take(&mut rest, length).to_vec();
        ops.push(match what {
            b'c' => Op::Create { file, path: named },
            b't' => Op::Truncate {
                file,
                length: offset,
            },
            b'w' => Op::Write {
                file,
                offset,
                bytes,
            },
            b'f' => Op::Sync { file },
            b'd' => Op::SyncFolder { path: named },
            b'r' => Op::Rename {
                from: named,
                to: PathBuf::from(OsString::from_vec(bytes)),
            },
            b'l' => Op::Link { file, path: named },
            b'u' => Op::Remove { path: named },
            b'm' => Op::MakeFolder { path: named },
            b'a' => Op::Said(String::from_utf8_lossy(&bytes).into_owned()),
            other => panic!("{other} is no operation"),
        });
    }
    ops
}

fn take<'b>(rest: &mut &'b [u8], length: u64) -> &'b [u8] {
    let (taken, left) = rest.split_at(length as usize);
    *rest = left;
    taken
}

/// The library that comes between a program and its files; `None`, with a word on it, where there is none.
pub(super) fn faults() -> Option<&'static Path> {
    static LIBRARY: OnceLock<Option<PathBuf>> = OnceLock::new();
    LIBRARY.get_or_init(|| compile("faults")).as_deref()
}

/// The library that comes between a program and the network; `None`, with a word on it, where there is none.
pub(super) fn network() -> Option<&'static Path> {
    static LIBRARY: OnceLock<Option<PathBuf>> = OnceLock::new();
    LIBRARY.get_or_init(|| compile("network")).as_deref()
}

fn compile(name: &str) -> Option<PathBuf> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/faults/{name}.c"));
    let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.so"));
    let mut compiler = Command::new("cc");
    compiler
        .args(["-O2", "-shared", "-fPIC", "-o"])
        .arg(&library);
    let done = compiler.arg(&source).arg("-lpthread").status();
    if done.is_ok_and(|status| status.success()) {
        return Some(library);
    }
    eprintln!("skipped: there is no C compiler for {}", source.display());
    None
}
