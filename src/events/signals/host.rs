//! Events about the names, addresses and adapters of the host that logged them.

use std::net::{IpAddr, Ipv4Addr};

use super::signal::{Role, Signal};
use super::values::{Values, addresses_in};

/// Reads EventLog 6011: `%1` old name, `%2` new name (public log).
pub(super) fn computer_renamed(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    signal.set_subjects([(Role::Computer, v.insertion(0)), (Role::Computer, v.insertion(1))], v)
}

/// Reads DNS-Client 8015 to 8021: AdapterName, HostName, AdapterSuffixName, DnsServerList, SentUpdateServer, Ipaddress
/// (manifest); DnsApi 11150 to 11167: the same values as unnamed strings.
pub(super) fn own_addresses(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    let host = v.value("HostName", 1);
    let suffix = v.value("AdapterSuffixName", 2);
    signal.addresses = addresses_in(v.value("Ipaddress", 5));
    signal.addresses.first()?;
    signal.set_subjects([(Role::Computer, host)], v)?;
    let list: Vec<_> = signal.addresses.iter().map(ToString::to_string).collect();
    signal.values =
        format!("HostName={host}, AdapterSuffixName={suffix}, Ipaddress={}", list.join(", ")).into();
    Some(())
}

/// Reads UserPnp 20001, 20003: named values in `UserData` (manifest).
pub(super) fn usb_nic_installed(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    let device = v.value_of("DeviceInstanceID");
    is_usb_nic(v, device).then_some(())?;
    signal.set_subjects([(Role::Device, device)], v)?;
    signal.values = format!("DeviceInstanceID={device}, {}", v.value_of("DriverDescription")).into();
    Some(())
}

/// Reads Dhcp-Client 1007: HWLength, HWAddress, Address (manifest).
pub(super) fn self_assigned(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    signal.addresses.push(parse_apipa(v.value("Address", 2))?);
    signal.values = format!("HWAddress={}", v.value("HWAddress", 1)).into();
    Some(())
}

/// Reads Tcpip 4198, 4199: `%1` device, often empty; `%2` address; `%3` hardware address of the other machine.
pub(super) fn address_conflict(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    let address: IpAddr = v.insertion(1).parse().ok()?;
    (!address.is_unspecified()).then_some(())?;
    signal.addresses.push(address);
    signal.values = format!("address {address}, hardware address {}", v.insertion(2)).into();
    Some(())
}

/// Is this the device instance ID of a USB device?
pub(super) fn is_usb_device(device: &str) -> bool {
    const USB: &[u8] = b"USB\\VID_";
    device.trim().as_bytes().get(..USB.len()).is_some_and(|start| start.eq_ignore_ascii_case(USB))
}

/// Is it a USB device of the network class, or one with an RNDIS or NCM driver?
fn is_usb_nic(v: &Values<'_>, device: &str) -> bool {
    const NET_CLASS: &str = "{4d36e972-e325-11ce-bfc1-08002be10318}";
    is_usb_device(device)
        && (v.value_of("SetupClass").eq_ignore_ascii_case(NET_CLASS)
            || ["ServiceName", "DriverName", "DriverFileName"].iter().any(|name| {
                let value = v.value_of(name).to_ascii_lowercase();
                ["rndis", "usbncm", "cdc"].iter().any(|driver| value.contains(driver))
            }))
}

/// Parses the address of Dhcp-Client 1007: text, or a number in either byte order. The address is in 169.254.0.0/16, which
/// identifies the order.
pub(super) fn parse_apipa(text: &str) -> Option<IpAddr> {
    let is_apipa = |a: &Ipv4Addr| a.is_link_local();
    if let Ok(address) = text.parse::<Ipv4Addr>() {
        return is_apipa(&address).then_some(address.into());
    }
    let number: u32 = text.parse().ok()?;
    [Ipv4Addr::from(number), Ipv4Addr::from(number.swap_bytes())].into_iter().find(is_apipa).map(Into::into)
}
