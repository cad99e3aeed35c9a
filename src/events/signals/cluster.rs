//! Failover clusters: the computer objects of their names. Positions as in the message list of Windows Server.

use super::signal::{Role, Signal};
use super::values::{Values, error_number};

/// 1206: `%1` resource, `%2` domain, `%3` error, `%4` the cluster's own account; 1207: `%3` operation, `%4` the error's text,
/// `%5` the account; 1218: `%2` domain controller, `%3` original and `%4` new name.
pub(super) fn account_failed(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    name(signal, v)?;
    match signal.event_id {
        1206 => {
            signal.error = error_number(v.insertion(2));
            signal.add_names([(Role::Domain, v.insertion(1)), (Role::Requester, v.insertion(3))]);
        }
        1207 => signal.add_names([(Role::Domain, v.insertion(1)), (Role::Requester, v.insertion(4))]),
        _ => signal.add_names([(Role::Computer, v.insertion(2)), (Role::Controller, v.insertion(1))]),
    }
    Some(())
}

/// 1211: `%1` resource, `%2` domain, `%3` error; 1212: `%3` reason, `%4` error; 1219: `%2` domain controller, `%3` computer
/// object, `%4` error.
pub(super) fn no_controller(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    name(signal, v)?;
    signal.error = error_number(v.insertion(if signal.event_id == 1211 { 2 } else { 3 }));
    match signal.event_id {
        1219 => signal.add_names([(Role::Computer, v.insertion(2)), (Role::Controller, v.insertion(1))]),
        _ => signal.add_names([(Role::Domain, v.insertion(1))]),
    }
    Some(())
}

/// 1196: `%1` resource, `%2` reason.
pub(super) fn name(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    let resource = v.insertion(0);
    signal.set_subjects([(Role::Service, resource)], v)?;
    signal.add_names([(Role::Computer, network_name(resource))]);
    Some(())
}

/// 1069: `%1` resource, `%2` role, `%3` type of the resource. Of the types only a network name matters.
pub(super) fn name_failed(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    let kinds = [v.insertion(2), v.value_of("ResourceType"), v.value_of("ResTypeDll")];
    kinds.iter().any(|kind| kind.eq_ignore_ascii_case("Network Name")).then_some(())?;
    name(signal, v)
}

/// The network name that a resource is mostly called by: `FS1`, `SQL Network Name (VSQL1)`. Empty where it cannot be one.
fn network_name(resource: &str) -> &str {
    let inner = resource.rsplit_once('(').map_or(resource, |(_, inner)| inner.trim_end_matches(')')).trim();
    if inner.contains(char::is_whitespace) { "" } else { inner }
}

#[cfg(test)]
mod tests {
    use super::network_name;

    #[test]
    fn a_resource_is_mostly_called_by_its_network_name() {
        let table = [
            ("FS1", "FS1"),
            ("SQL Network Name (VSQL1)", "VSQL1"),
            ("Cluster Name", ""),
            ("ag1_listener", "ag1_listener"),
        ];
        for (resource, name) in table {
            assert_eq!(network_name(resource), name);
        }
    }
}
