//! Network adapters: ordinary ones, and those that several hosts have with one address.

use std::net::IpAddr;

/// An adapter with its address.
#[derive(Clone, Debug, PartialEq)]
pub struct Nic {
    pub address: IpAddr,
    pub interface: &'static str,
    pub description: &'static str,
    /// A link inside the machine (management card, virtual switch). No other machine reaches the address.
    pub internal: bool,
}

/// Address and description of management cards, whose host side has a fixed address.
pub const CARDS: [(&str, &str); 3] = [
    ("169.254.95.120", "IBM USB Remote NDIS Network Device"),
    ("16.1.15.2", "HPE Virtual NIC"),
    ("169.254.0.2", "iDRAC Virtual NIC USB Device #8"),
];

/// Address and description of virtual switches.
pub const SWITCHES: [(&str, &str); 2] = [
    ("172.20.80.1", "Hyper-V Virtual Ethernet Adapter"),
    ("192.168.56.1", "VirtualBox Host-Only Ethernet Adapter"),
];

/// The management card with this index.
pub fn card(n: usize) -> Nic {
    let (address, description) = CARDS[n % CARDS.len()];
    Nic { address: ip(address), interface: "Ethernet 5", description, internal: true }
}

/// The virtual switch with this index.
pub fn switch(n: usize) -> Nic {
    let (address, description) = SWITCHES[n % SWITCHES.len()];
    Nic { address: ip(address), interface: "vEthernet (Default Switch)", description, internal: true }
}

/// An adapter of a network load balancing cluster.
pub fn balanced(address: IpAddr) -> Nic {
    let description = "Microsoft Network Load Balancing Filter Device";
    Nic { interface: "Ethernet 2", description, ..ordinary(address) }
}

/// A network card.
pub fn ordinary(address: IpAddr) -> Nic {
    Nic {
        address,
        interface: "Ethernet",
        description: "Intel(R) Ethernet Connection X722 for 1GbE",
        internal: false,
    }
}

pub fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}
