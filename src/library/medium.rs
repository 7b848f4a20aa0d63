//! What a library's folder lies on.

use std::path::Path;

use crate::location::Location;

/// What a network file system is called, by the number that Linux has for it.
#[cfg(target_os = "linux")]
const NETWORKS: &[(i64, &str)] = &[
    (0x6969, "NFS"),
    (0x517b, "SMB"),
    (0xff53_4d42, "CIFS"),
    (0xfe53_4d42, "SMB"),
    (0x0102_1997, "9p"),
    (0x5346_414f, "AFS"),
    (0x7375_7245, "Coda"),
    (0x00c3_6400, "Ceph"),
    (0x0bd0_0bd0, "Lustre"),
];

/// The kind of network file system that a library's folder lies on, where it does. There locks and shared memory may not
/// hold between machines, so that a library must not be written to from two of them. `None` where it lies on this machine, on
/// servers, or where the system doesn't say.
#[must_use]
pub fn network_file_system(location: &Location) -> Option<&'static str> {
    match location {
        Location::Folder(root) => root
            .ancestors()
            .find(|folder| folder.exists())
            .and_then(kind),
        Location::Server(_) => None,
    }
}

#[cfg(target_os = "linux")]
fn kind(folder: &Path) -> Option<&'static str> {
    #[allow(
        clippy::unnecessary_cast,
        reason = "it is not of the same type everywhere"
    )]
    let number = rustix::fs::statfs(folder).ok()?.f_type as i64;
    name(number)
}

#[cfg(not(target_os = "linux"))]
fn kind(_: &Path) -> Option<&'static str> {
    None
}

#[cfg(target_os = "linux")]
fn name(number: i64) -> Option<&'static str> {
    // On some machines the number is read as a negative one.
    let number = number & 0xffff_ffff;
    let known = NETWORKS.iter().find(|(known, _)| *known == number)?;
    Some(known.1)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn networks_are_known_by_their_numbers_and_a_folder_here_is_none() {
        assert_eq!(name(0x6969), Some("NFS"));
        assert_eq!(name(i64::from(0xff53_4d42_u32 as i32)), Some("CIFS"));
        assert_eq!(name(0xef53), None);
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("not/there/yet");
        assert_eq!(
            network_file_system(&Location::from(missing.as_path())),
            None
        );
    }
}
