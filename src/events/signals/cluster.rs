//! Events of failover clusters about their network names. The positions are those of Microsoft's message list.

use super::signal::{Role, Signal};
use super::values::{Values, error_number};

/// Reads FailoverClustering 1206: `%1` resource, `%2` domain, `%3` error, `%4` the cluster's account; 1207: `%1` and `%2` as
/// 1206, `%3` operation, `%4` error text, `%5` the cluster's account; 1218: `%1` resource, `%2` domain controller, `%3`
/// original and `%4` new name.
pub(super) fn account_failed(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    network_name(signal, v)?;
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

/// Reads FailoverClustering 1211: `%1` resource, `%2` domain, `%3` error; 1212: `%1` and `%2` as 1211, `%3` reason, `%4`
/// error; 1219: `%1` resource, `%2` domain controller, `%3` computer object, `%4` error.
pub(super) fn no_controller(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    network_name(signal, v)?;
    signal.error = error_number(v.insertion(if signal.event_id == 1211 { 2 } else { 3 }));
    match signal.event_id {
        1219 => signal.add_names([(Role::Computer, v.insertion(2)), (Role::Controller, v.insertion(1))]),
        _ => signal.add_names([(Role::Domain, v.insertion(1))]),
    }
    Some(())
}

/// Reads FailoverClustering 1196: `%1` resource, `%2` reason.
pub(super) fn network_name(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    let resource = v.insertion(0);
    signal.set_subjects([(Role::Service, resource)], v)?;
    signal.add_names([(Role::Computer, name_of_resource(resource))]);
    Some(())
}

/// Reads FailoverClustering 1069: `%1` resource, `%2` role, `%3` type of the resource. Only the type Network Name is a
/// signal.
pub(super) fn name_failed(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    let kinds = [v.insertion(2), v.value_of("ResourceType"), v.value_of("ResTypeDll")];
    kinds.iter().any(|kind| kind.eq_ignore_ascii_case("Network Name")).then_some(())?;
    network_name(signal, v)
}

/// The network name in the usual name of its resource: `FS1`, `SQL Network Name (VSQL1)`. Empty if there is none.
fn name_of_resource(resource: &str) -> &str {
    let inner = resource.rsplit_once('(').map_or(resource, |(_, inner)| inner.trim_end_matches(')')).trim();
    if inner.contains(char::is_whitespace) { "" } else { inner }
}

#[cfg(test)]
mod tests {
    use super::name_of_resource;

    #[test]
    fn a_resource_is_mostly_called_by_its_network_name() {
        let table = [
            ("FS1", "FS1"),
            ("SQL Network Name (VSQL1)", "VSQL1"),
            ("Cluster Name", ""),
            ("ag1_listener", "ag1_listener"),
        ];
        for (resource, name) in table {
            assert_eq!(name_of_resource(resource), name);
        }
    }
}
