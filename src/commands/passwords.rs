//! Passwords in addresses, kept out of the list of processes.
//!
//! Arguments can be seen by everybody on a machine. So a program that is started with a password among them starts itself
//! again at once, as the same process, with the password in its environment, which nobody but its user can read.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::path::Path;

use topoi::{Location, ServerUrl};

/// Where the addresses with their passwords are, in JSON: by how they are shown.
const VARIABLE: &str = "TOPOI_ADDRESSES";

/// Starts the program again without passwords among its arguments, where there are any.
///
/// Where that can't be done, it goes on as it is.
pub(super) fn hide() {
    let mut addresses: BTreeMap<String, String> = BTreeMap::new();
    let mut arguments: Vec<OsString> = Vec::new();
    for argument in env::args_os().skip(1) {
        let hidden = argument.to_str().and_then(|text| {
            let start = text.find("postgres://").or(text.find("postgresql://"))?;
            let (before, address) = text.split_at(start);
            let shown = ServerUrl::parse(address)?.to_string();
            if shown == address {
                return None;
            }
            let hidden = format!("{before}{shown}");
            addresses.insert(shown, address.to_owned());
            Some(hidden)
        });
        arguments.push(hidden.map_or(argument, OsString::from));
    }
    if addresses.is_empty() {
        return;
    }
    #[cfg(unix)]
    if let (Ok(program), Ok(addresses)) = (env::current_exe(), serde_json::to_string(&addresses)) {
        use std::os::unix::process::CommandExt as _;
        // It comes back only if it has failed.
        let _ = std::process::Command::new(program)
            .args(&arguments)
            .env(VARIABLE, addresses)
            .exec();
    }
}

/// Where a library is that a person names. A password that an address lacks is in the variable `PGPASSWORD`.
pub(crate) fn location(typed: &Path) -> Location {
    let Location::Server(url) = Location::parse(typed) else {
        return Location::from(typed);
    };
    let hidden = env::var(VARIABLE).ok();
    let hidden: BTreeMap<String, String> = hidden
        .and_then(|json| serde_json::from_str(&json).ok())
        .unwrap_or_default();
    let full = hidden.get(&url.to_string());
    let full = full.and_then(|full| ServerUrl::parse(full));
    Location::Server(match (full, env::var("PGPASSWORD")) {
        (Some(full), _) => full,
        (None, Ok(password)) => url.with_password(&password),
        (None, Err(_)) => url,
    })
}
