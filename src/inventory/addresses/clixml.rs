//! Reads `Export-Clixml` of `Get-NetIPAddress`, `Get-NetIPConfiguration`, `Get-NetAdapter`,
//! `Win32_NetworkAdapterConfiguration` and the DNS and DHCP cmdlets.
//!
//! The objects are those of [JSON](super::powershell_json). CLIXML keeps lists at any depth.

use super::collector::AddressCollector;
use super::format::{Format, Reader, Refusal, Sample};
use super::powershell_json::{add_object, is_known_class, report_unknown};
use crate::text::clixml::objects;

pub(super) const FORMAT: Format = Format { name: "PowerShell CLIXML", recognise, read: Reader::Text(read) };

/// Type names and properties by which the classes that are read are recognised.
const MARKS: &[&str] = &[
    "MSFT_NetIPAddress",
    "MSFT_NetAdapter",
    "Win32_NetworkAdapterConfiguration",
    "NetIPConfiguration",
    "N=\"IPAddress\"",
    "DnsServerResourceRecord",
    "DhcpServerv4Lease",
];

fn recognise(sample: &Sample<'_>) -> bool {
    sample.text.trim_start_matches('\u{feff}').trim_start().starts_with("<Objs")
        && sample.text.contains("schemas.microsoft.com/powershell")
        && MARKS.iter().any(|mark| sample.text.contains(mark))
}

fn read(text: &str, to: &mut AddressCollector<'_>) -> Result<(), Refusal> {
    let found = objects(text.trim_start_matches('\u{feff}'))
        .map_err(|what| Refusal::Unreadable(format!("it is not valid CLIXML: {what}; export it again")))?;
    let mut unknown = 0u64;
    for object in &found {
        match is_known_class(object) && add_object(to, object, 0)? {
            true => {}
            false => unknown += 1,
        }
    }
    report_unknown(unknown, to);
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::inventory::addresses::{LoadOptions, load_bytes};

    fn rows(objects: &str) -> Vec<String> {
        let xml = format!(
            "<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\">{objects}</Objs>"
        );
        let inventory = load_bytes("SRV1.xml", xml.as_bytes(), &LoadOptions::default());
        assert_eq!(
            (inventory.files[0].kind, &inventory.files[0].read_errors[..]),
            ("PowerShell CLIXML", &[][..])
        );
        let row = |o: &crate::inventory::addresses::OwnedAddress| {
            format!("{} {} [{}]", o.host, o.address, o.interface.as_deref().unwrap_or("-"))
        };
        inventory.owned.iter().map(row).collect()
    }

    #[test]
    fn addresses_and_configurations() {
        let address = r#"<Obj RefId="0"><TN RefId="0"><T>Microsoft.Management.Infrastructure.CimInstance#ROOT/StandardCimv2/MSFT_NetIPAddress</T></TN>
            <ToString>192.0.2.1</ToString><Props><S N="InterfaceAlias">Ethernet0</S><U32 N="InterfaceIndex">12</U32><S N="IPAddress">192.0.2.1</S>
            <By N="PrefixLength">24</By><S N="PSComputerName">SRV9</S></Props></Obj>"#;
        assert_eq!(rows(address), ["SRV9 192.0.2.1 [Ethernet0]"]);
        let configuration = r#"<Obj RefId="0"><TN RefId="0"><T>NetIPConfiguration</T></TN><ToString>NetIPConfiguration</ToString><Props>
            <S N="ComputerName">SRV9</S><S N="InterfaceAlias">Ethernet0</S><S N="InterfaceDescription">Intel</S>
            <Obj N="IPv4Address" RefId="1"><LST><Obj RefId="2"><ToString>192.0.2.1</ToString><Props><S N="IPAddress">192.0.2.1</S><By N="PrefixLength">24</By></Props></Obj></LST></Obj>
            <Obj N="DNSServer" RefId="3"><LST><Obj RefId="4"><Props><S N="IPAddress">192.0.2.10</S></Props></Obj></LST></Obj></Props></Obj>"#;
        assert_eq!(rows(configuration), ["SRV9 192.0.2.1 [Ethernet0]"]);
    }
}
