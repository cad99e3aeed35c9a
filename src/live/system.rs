//! Facts about this machine that only Windows provides.

use std::path::PathBuf;

/// The host name of this machine, and its DNS suffix.
pub(super) struct MachineNames {
    pub host: Option<String>,
    /// The primary DNS suffix.
    pub domain: Option<String>,
}

/// The names in the registry's TCP/IP parameters; `None` on another system than Windows.
#[cfg(windows)]
pub(super) fn names() -> Option<MachineNames> {
    let settings =
        windows_registry::LOCAL_MACHINE.open(r"SYSTEM\CurrentControlSet\Services\Tcpip\Parameters").ok();
    let value = |name| settings.as_ref().and_then(|key| key.get_string(name).ok());
    let non_empty = |text: &String| !text.is_empty();
    Some(MachineNames {
        // An empty value is a setting that the machine does not use.
        host: value("Hostname").filter(non_empty).or_else(|| std::env::var("COMPUTERNAME").ok()),
        // A suffix by policy wins over the machine's own (`NV Domain`); `Domain` is the one in use.
        domain: value("Domain").filter(non_empty).or_else(|| value("NV Domain")),
    })
}

#[cfg(not(windows))]
pub(super) fn names() -> Option<MachineNames> {
    None
}

/// The folder in which Windows is installed (`SystemRoot`).
pub(super) fn windows_folder() -> Option<PathBuf> {
    std::env::var_os("SystemRoot").filter(|root| !root.is_empty()).map(PathBuf::from)
}
