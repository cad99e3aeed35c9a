//! The list of input formats.

use super::format::Format;
pub(crate) use super::format::Sample;
use super::{
    ansible, asset_csv, capture, clixml, dhcp_leases, dns_records, dnscmd, hosts_file, ipconfig,
    machine_facts, net_adapter, net_ip_address, netsh, nic_configuration, osquery, powershell_json,
    project_csv, property_list, resolver_answers, server_alive_text, systeminfo, velociraptor,
};

/// Every format, the most specific first. The first that recognises the content reads it.
pub(crate) const FORMATS: &[Format] = &[
    capture::FORMAT,
    capture::NETWORK_MONITOR,
    project_csv::FORMAT,
    dns_records::FORMAT,
    resolver_answers::CSV,
    dhcp_leases::FORMAT,
    nic_configuration::WMIC,
    nic_configuration::EXPORT_CSV,
    net_ip_address::FORMAT,
    net_adapter::FORMAT,
    systeminfo::CSV,
    asset_csv::FORMAT,
    ansible::FORMAT,
    machine_facts::OHAI,
    machine_facts::FACTER,
    velociraptor::FORMAT,
    osquery::FORMAT,
    powershell_json::FORMAT,
    clixml::FORMAT,
    systeminfo::TEXT,
    netsh::FORMAT,
    ipconfig::FORMAT,
    resolver_answers::TEXT,
    resolver_answers::NSLOOKUP,
    resolver_answers::PING,
    hosts_file::FORMAT,
    server_alive_text::IOXID_RESOLVER,
    server_alive_text::NETWORK_MONITOR,
    dnscmd::FORMAT,
    property_list::FORMAT,
];

/// Does any format recognise the file?
pub(crate) fn is_known(sample: &Sample<'_>) -> bool {
    FORMATS.iter().any(|format| (format.recognise)(sample))
}
