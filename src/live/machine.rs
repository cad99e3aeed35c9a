//! This machine, or the one that a file describes.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::adapters::{Adapter, adapters};
use super::system;
use crate::files::{describe_read_error, read_regular};
use crate::probe::Network;

/// Largest `--machine` file, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// The machine that `krbtriage here` examines.
#[derive(Debug, Clone)]
pub struct Machine {
    /// The full name of the machine, or its short name if it has no DNS suffix.
    pub name: String,
    /// The primary DNS suffix, which for most machines is their Active Directory domain.
    pub domain: Option<String>,
    /// The folder of the live logs.
    pub logs: PathBuf,
    pub hosts_file: PathBuf,
    pub adapters: Vec<Adapter>,
    /// The resolver and the destinations of connections.
    pub network: Network,
}

/// Why a machine cannot be examined.
#[derive(Debug, thiserror::Error)]
pub enum MachineError {
    #[error(
        "`krbtriage here` reads the live event logs of Windows, and this is not Windows. Export the System log of the machine \
         that logged event 4 (wevtutil epl System System.evtx), and run: krbtriage triage System.evtx"
    )]
    NotWindows,
    #[error("Windows does not report {0}. Export the logs and run `krbtriage triage`.")]
    Unknown(&'static str),
    #[error("--machine {}: {why}", path.display())]
    File { path: PathBuf, why: String },
}

/// The content of a `--machine` file, which tests use. A member that is missing is taken from this machine.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    name: Option<String>,
    domain: Option<String>,
    /// Relative to the folder of the file, like `hosts_file`.
    logs: Option<PathBuf>,
    hosts_file: Option<PathBuf>,
    adapters: Option<Vec<Adapter>>,
    /// See [`Network::names`].
    names: Option<HashMap<String, Vec<IpAddr>>>,
    /// See [`Network::redirected`].
    #[serde(default)]
    redirected: HashMap<IpAddr, SocketAddr>,
}

impl Machine {
    /// The machine that this program runs on.
    pub fn this() -> Result<Self, MachineError> {
        let names = system::names().ok_or(MachineError::NotWindows)?;
        let name = names
            .host
            .filter(|name| !name.is_empty())
            .ok_or(MachineError::Unknown("the name of this machine"))?;
        let root = system::windows_folder().ok_or(MachineError::Unknown("its folder (SystemRoot)"))?;
        let domain = names.domain.filter(|domain| !domain.is_empty());
        Ok(Self {
            name: domain.as_ref().map_or(name.clone(), |domain| format!("{name}.{domain}")),
            domain,
            logs: root.join("System32").join("winevt").join("Logs"),
            hosts_file: root.join("System32").join("drivers").join("etc").join("hosts"),
            adapters: adapters(),
            network: Network::default(),
        })
    }

    /// The machine that a `--machine` file describes.
    pub fn from_file(path: &Path) -> Result<Self, MachineError> {
        let wrong = |why: String| MachineError::File { path: path.to_path_buf(), why };
        let bytes = read_regular(path, MAX_FILE).map_err(|error| wrong(describe_read_error(path, &error)))?;
        let described: Description =
            serde_json::from_slice(&bytes).map_err(|error| wrong(error.to_string()))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        // `None` on another system than Windows, where the file has to describe everything.
        let this = Self::this().ok();
        let or = |given: Option<PathBuf>, of: fn(&Self) -> &PathBuf| match given {
            Some(given) => folder.join(given),
            None => this.as_ref().map(of).cloned().unwrap_or_default(),
        };
        Ok(Self {
            logs: or(described.logs, |machine| &machine.logs),
            hosts_file: or(described.hosts_file, |machine| &machine.hosts_file),
            name: described.name.or_else(|| Some(this.as_ref()?.name.clone())).unwrap_or_default(),
            domain: described.domain.or_else(|| this.as_ref()?.domain.clone()),
            adapters: described.adapters.unwrap_or_else(adapters),
            network: Network { names: described.names, redirected: described.redirected },
        })
    }
}
