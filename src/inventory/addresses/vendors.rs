//! Recognises adapters that have the same address on many hosts: management controllers' USB network cards,
//! virtual switches, cluster and load-balancing adapters.
//!
//! Two hosts with one address share it whether this table lists it or not. The table only names the adapter.

use std::net::{IpAddr, Ipv4Addr};

use super::values::normal_mac;

/// The "LAN over USB" card that a management controller (BMC) gives its operating system.
#[derive(Debug, PartialEq, Eq)]
pub struct BmcNic {
    /// The name in reports.
    pub vendor: &'static str,
    /// The operating system's side: the address that the host owns, the same on every server of the vendor.
    pub host: &'static [Ipv4Addr],
    /// The addresses of the controller's side. The host does not own them, but DNS or a route may contain them.
    pub bmc: &'static [Ipv4Addr],
    /// Lower-case parts of an adapter's description or device name that only this vendor uses.
    pub descriptions: &'static [&'static str],
    /// USB vendor and product, lower case, as in `USB\VID_04B3&PID_4010\...`.
    pub usb: &'static [&'static str],
    /// First three bytes of known MACs, `AA-BB-CC`.
    pub macs: &'static [&'static str],
    /// Source of the addresses.
    pub source: &'static str,
}

const fn ip(a: u8, b: u8, c: u8, d: u8) -> Ipv4Addr {
    Ipv4Addr::new(a, b, c, d)
}

/// Vendors whose default addresses are in a public document or dump. Cisco CIMC, Fujitsu iRMC and Huawei iBMC
/// have such cards, too, but no source for their addresses was found.
pub const BMC_NICS: &[BmcNic] = &[
    BmcNic {
        vendor: "IBM IMM or Lenovo XCC",
        // .96 is for the secondary node of a scalable complex.
        host: &[ip(169, 254, 95, 120), ip(169, 254, 96, 120)],
        bmc: &[ip(169, 254, 95, 118), ip(169, 254, 96, 118)],
        descriptions: &[
            "ibm usb remote ndis",
            "ibm remote ndis",
            "lenovo usb remote ndis",
            "xclarity controller",
        ],
        usb: &["vid_04b3&pid_4010"],
        // IBM's own prefixes (34-40-B5, 40-F2-E9, E4-1F-13) with the locally-administered bit set.
        macs: &["36-40-B5", "42-F2-E9", "E6-1F-13"],
        source: "Lenovo, BladeCenter HX5 information center, \"LAN over USB\"; Lenovo XClarity Controller documentation",
    },
    BmcNic {
        vendor: "Dell iDRAC",
        // 1.2 is the counterpart of the newer default OS-BMC.UsbNicIpAddress 169.254.1.1 and is less certain.
        host: &[ip(169, 254, 0, 2), ip(169, 254, 1, 2)],
        bmc: &[ip(169, 254, 0, 1), ip(169, 254, 1, 1)],
        descriptions: &["idrac virtual nic"],
        usb: &["vid_413c&pid_a102"],
        macs: &[],
        source: "Dell knowledge base 000177295; output of racadm gethostnetworkinterfaces",
    },
    BmcNic {
        vendor: "HPE iLO",
        // This address is not link-local.
        host: &[ip(16, 1, 15, 2)],
        bmc: &[ip(16, 1, 15, 1)],
        descriptions: &["hpe virtual nic", "ilo virtual nic"],
        usb: &["vid_03f0&pid_2927"],
        macs: &[],
        source: "HPE, \"The iLO Redfish Host Interface (Virtual NIC)\", servermanagementportal.ext.hpe.com",
    },
    BmcNic {
        vendor: "AMI MegaRAC",
        host: &[ip(169, 254, 0, 18), ip(169, 254, 0, 16)],
        bmc: &[ip(169, 254, 0, 17)],
        descriptions: &["american megatrends virtual ethernet", "megarac"],
        usb: &["vid_046b&pid_ffb0"],
        macs: &[],
        source: "Thomas-Krenn wiki (SMBIOS type 42 of AMI boards); AMI CFUFLASH documentation",
    },
    BmcNic {
        vendor: "Supermicro BMC",
        host: &[ip(169, 254, 3, 1)],
        bmc: &[ip(169, 254, 3, 254)],
        descriptions: &[],
        usb: &["vid_0b1f&pid_03ee"],
        macs: &[],
        source: "Supermicro Update Manager (SUM/SAA) output; SMBIOS type 42",
    },
    BmcNic {
        vendor: "Oracle ILOM",
        host: &[ip(169, 254, 182, 77)],
        bmc: &[ip(169, 254, 182, 76)],
        descriptions: &["sp-host"],
        usb: &[],
        macs: &[],
        source: "Oracle ILOM Administrator's Guide, \"local host interconnect\" (sp-host0); the addresses from ipadm output of such servers",
    },
];

/// The kind of an adapter with a shared address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdapterKind {
    /// The USB network card of a management controller, with its vendor; `None` if the vendor is unknown.
    BmcUsbNic(Option<&'static BmcNic>),
    /// A host's side of a virtual switch inside it (Hyper-V, VMware, VirtualBox, Docker, WSL).
    VirtualSwitch,
    /// Network load balancing, failover clusters, loopback adapters for direct server return.
    ClusterOrNlb,
    Other,
}

impl AdapterKind {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            AdapterKind::BmcUsbNic(_) => "bmc-usb-nic",
            AdapterKind::VirtualSwitch => "virtual-switch",
            AdapterKind::ClusterOrNlb => "cluster-or-nlb-address",
            AdapterKind::Other => "other",
        }
    }

    /// The vendor, if it is known.
    pub fn vendor(self) -> Option<&'static str> {
        match self {
            AdapterKind::BmcUsbNic(nic) => nic.map(|n| n.vendor),
            _ => None,
        }
    }
}

/// Descriptions that any vendor's card may have in Windows: they identify a USB network card, but not its
/// vendor.
const GENERIC_USB: &[&str] =
    &["remote ndis", "rndis", "usb ethernet gadget", "ndis compatible", "usb ncm", "usb cdc"];

/// Parts of the descriptions of a host's side of a virtual switch.
const VIRTUAL_SWITCHES: &[&str] = &[
    "hyper-v virtual ethernet",
    "vethernet",
    "vmware virtual ethernet",
    "vmware network adapter vmnet",
    "virtualbox host-only",
    "docker",
    "virbr",
    "wsl",
];

/// Parts of the descriptions of cluster and load-balancing adapters.
const CLUSTERS: &[&str] = &[
    "failover cluster virtual",
    "network load balancing",
    "nlb",
    "microsoft loopback adapter",
    "km-test loopback",
];

/// Addresses that are the same on every host with such a switch. Used if the source has no description.
const SWITCH_DEFAULTS: &[Ipv4Addr] = &[
    ip(172, 17, 0, 1),    // Docker
    ip(192, 168, 56, 1),  // VirtualBox host-only
    ip(192, 168, 122, 1), // libvirt
    ip(192, 168, 137, 1), // Internet Connection Sharing
];

/// Recognises the adapter of an address from its description, its MAC, and `hints` such as the interface's
/// alias or a device instance (`USB\VID_04B3&PID_4010\...`).
///
/// A USB identity or a vendor's own description decides; then the description of a switch or cluster. A known
/// address decides only if no description contradicts it (169.254.0.2 may be any APIPA address).
pub fn recognise(
    address: IpAddr,
    description: Option<&str>,
    mac: Option<&str>,
    hints: &[&str],
) -> AdapterKind {
    let lower: Vec<String> = description.iter().chain(hints).map(|t| t.to_lowercase()).collect();
    let says = |parts: &[&str]| parts.iter().any(|part| lower.iter().any(|text| contains_word(text, part)));
    let mac = mac.and_then(normal_mac).unwrap_or_default();
    let starts = |prefixes: &[&str]| prefixes.iter().any(|p| mac.starts_with(p));

    if let Some(nic) = BMC_NICS.iter().find(|nic| says(nic.usb) || says(nic.descriptions)) {
        return AdapterKind::BmcUsbNic(Some(nic));
    }
    // NLB sets 02-BF or 03-BF in unicast or multicast mode, followed by the cluster's address.
    if says(CLUSTERS) || starts(&["02-BF", "03-BF"]) {
        return AdapterKind::ClusterOrNlb;
    }
    if says(VIRTUAL_SWITCHES) {
        return AdapterKind::VirtualSwitch;
    }
    let IpAddr::V4(v4) = address.to_canonical() else {
        return AdapterKind::Other;
    };
    let generic = says(GENERIC_USB);
    if description.is_none_or(|d| d.trim().is_empty()) || generic {
        let known = |nic: &&BmcNic| nic.host.contains(&v4) || starts(nic.macs);
        if let Some(nic) = BMC_NICS.iter().find(known) {
            return AdapterKind::BmcUsbNic(Some(nic));
        }
        if generic && v4.is_link_local() {
            return AdapterKind::BmcUsbNic(None);
        }
        if SWITCH_DEFAULTS.contains(&v4) {
            return AdapterKind::VirtualSwitch;
        }
    }
    AdapterKind::Other
}

/// Does `text` contain `part` at the start of a word (`nlb` is not in `funlbox`)?
fn contains_word(text: &str, part: &str) -> bool {
    text.match_indices(part)
        .any(|(at, _)| !text.get(..at).is_some_and(|before| before.ends_with(|c: char| c.is_alphanumeric())))
}

/// Can two hosts have this address without a conflict? True for loopback, unspecified, multicast, broadcast,
/// and IPv6 link-local, which is bound to an interface.
pub fn never_shared(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_unspecified() || v4.is_multicast() || v4.is_broadcast(),
        IpAddr::V6(v6) => {
            v6.is_loopback() || v6.is_unspecified() || v6.is_multicast() || v6.is_unicast_link_local()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(address: &str, description: &str, mac: &str, hint: &str) -> (&'static str, &'static str) {
        let some = |t: &str| {
            if t.is_empty() { None } else { Some(t.to_owned()) }
        };
        let (description, mac) = (some(description), some(mac));
        let kind = recognise(address.parse().unwrap(), description.as_deref(), mac.as_deref(), &[hint]);
        (kind.name(), kind.vendor().unwrap_or(""))
    }

    #[test]
    fn every_vendor_of_the_table_by_address_alone() {
        for nic in BMC_NICS {
            for address in nic.host {
                assert_eq!(kind(&address.to_string(), "", "", ""), ("bmc-usb-nic", nic.vendor));
                assert_eq!(kind(&address.to_string(), "Remote NDIS Compatible Device", "", "").1, nic.vendor);
                assert_eq!(kind(&address.to_string(), "Intel(R) I350 Gigabit", "", ""), ("other", ""));
            }
            assert!(!nic.source.is_empty());
        }
    }

    #[test]
    fn descriptions_usb_identities_and_macs() {
        let imm = ("bmc-usb-nic", "IBM IMM or Lenovo XCC");
        assert_eq!(kind("169.254.7.7", "IBM USB Remote NDIS Network Device #2", "", ""), imm);
        assert_eq!(kind("169.254.7.7", "", "", r"USB\VID_04B3&PID_4010\5&1"), imm);
        assert_eq!(kind("169.254.7.7", "", "36:40:b5:01:02:03", ""), imm);
        assert_eq!(kind("10.0.0.1", "iDRAC Virtual NIC USB Device #8", "", "").1, "Dell iDRAC");
        assert_eq!(kind("169.254.7.7", "Remote NDIS Compatible Device", "", ""), ("bmc-usb-nic", ""));
        assert_eq!(kind("192.0.2.1", "Remote NDIS Compatible Device", "", ""), ("other", ""));
    }

    #[test]
    fn switches_and_clusters() {
        assert_eq!(kind("172.20.80.1", "Hyper-V Virtual Ethernet Adapter", "", "").0, "virtual-switch");
        assert_eq!(kind("172.20.80.1", "", "", "vEthernet (Default Switch)").0, "virtual-switch");
        assert_eq!(kind("172.17.0.1", "", "", "").0, "virtual-switch");
        assert_eq!(kind("192.0.2.9", "Intel NIC", "02-BF-C0-00-02-09", "").0, "cluster-or-nlb-address");
        let netft = "Microsoft Failover Cluster Virtual Adapter";
        assert_eq!(kind("169.254.1.2", netft, "02-15-5D-00-00-01", "").0, "cluster-or-nlb-address");
        assert_eq!(kind("192.0.2.9", "Funlbox Ethernet", "", "").0, "other");
    }

    #[test]
    fn addresses_that_are_never_shared() {
        for ip in [
            "127.0.0.1",
            "::1",
            "0.0.0.0",
            "::",
            "224.0.0.251",
            "ff02::1",
            "fe80::1",
            "255.255.255.255",
            "::ffff:127.0.0.1",
        ] {
            assert!(never_shared(ip.parse().unwrap()), "{ip}");
        }
        for ip in ["169.254.95.120", "16.1.15.2", "192.0.2.1", "2001:db8::1", "fd00::1"] {
            assert!(!never_shared(ip.parse().unwrap()), "{ip}");
        }
    }
}
