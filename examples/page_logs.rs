//! Makes the logs and inventories of the pages that a browser tests (`tests/page`, `docs/page.md`):
//!
//! ```text
//! cargo run --release --example page_logs -- FOLDER
//! ```
//!
//! - FOLDER/few: 5 incidents.
//! - FOLDER/many: 20,000 incidents of all causes. 300 hosts share an address.
//! - FOLDER/hostile: names that look like markup, scripts, or escape sequences of a terminal.
//!
//! Two runs give the same bytes.

#[allow(dead_code, unused_imports, reason = "the tests use the rest")]
#[path = "../tests/it/support/evtx/mod.rs"]
mod evtx;

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use evtx::{Event, EvtxWriter, kerberos_event4};

const REALM: &str = "ALPHA.EXAMPLE.COM";
const ADDRESSES: &str = "host,address,interface,description\n";
const USB: &str = "IBM USB Remote NDIS Network Device";

fn main() -> Result<(), Box<dyn Error>> {
    let folder: PathBuf = std::env::args_os().nth(1).ok_or("pass the folder: page_logs FOLDER")?.into();
    few(&folder.join("few"))?;
    many(&folder.join("many"))?;
    hostile(&folder.join("hostile"))?;
    println!("{}: few, many, hostile", folder.display());
    Ok(())
}

fn name(n: usize) -> String {
    format!("srv{n:04}.alpha.example.com")
}

/// The time this many minutes after 2026-10-01T00:00Z.
fn at(minutes: usize) -> String {
    format!("2026-10-{:02}T{:02}:{:02}:17.25Z", 1 + minutes / 1440, minutes / 60 % 24, minutes % 60)
}

fn event(client: &str, responder: &str, target: &str, minutes: usize) -> Event {
    kerberos_event4(client, responder, REALM, target, REALM).at(&at(minutes % (30 * 1440)))
}

fn write(folder: &Path, file: &str, events: Vec<Event>) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(folder.join("logs"))?;
    let numbered = (1..).zip(events).map(|(id, event)| event.record_id(id));
    fs::write(folder.join("logs").join(file), EvtxWriter::new().events(numbered).finish())?;
    Ok(())
}

/// Makes two hosts that connect to themselves, a reverted machine, an SPN on the wrong account, and an event without a target.
fn few(folder: &Path) -> Result<(), Box<dyn Error>> {
    let events = vec![
        event(&name(1), "srv0001$", &format!("host/{}", name(2)), 480),
        event(&name(1), "srv0001$", &format!("host/{}", name(2)), 1_920),
        event(&name(2), "srv0002$", &format!("host/{}", name(1)), 600),
        event(&name(1), "srv0003$", &format!("cifs/{}", name(3)), 5_000),
        event(&name(1), "srv0003$", &format!("cifs/{}", name(3)), 9_000),
        event(&name(2), "svc_web", &format!("HTTP/{}", name(4)), 7_000),
        event(&name(4), "srv0003$", "", 8_000),
    ];
    write(folder, "System.evtx", events)?;
    let rows = format!(
        "{ADDRESSES}{a},169.254.95.120,Ethernet 3,{USB}\n{b},169.254.95.120,Ethernet 3,{USB}\n\
         {a},192.0.2.1,Ethernet,NIC\n{b},192.0.2.2,Ethernet,NIC\n",
        a = name(1),
        b = name(2)
    );
    fs::write(folder.join("addresses.csv"), rows)?;
    fs::write(
        folder.join("spns.csv"),
        format!("account,domain,spn\nsvc_old,alpha.example.com,HTTP/{}\n", name(4)),
    )?;
    Ok(())
}

/// Makes 20,000 incidents: 6,000 loopbacks by one address and 200 by another, 7,000 of 70 reverted machines, 3,000 of SPNs on
/// the wrong account, 3,000 by stale DNS records, and 800 without a target.
fn many(folder: &Path) -> Result<(), Box<dyn Error>> {
    let mut addresses = String::from(ADDRESSES);
    for n in 1..=300 {
        writeln!(addresses, "{},169.254.95.120,Ethernet 3,{USB}", name(n))?;
        writeln!(addresses, "{},192.0.{}.{},Ethernet,NIC", name(n), 2 + n / 200, 1 + n % 200)?;
    }
    for n in 401..=415 {
        writeln!(
            addresses,
            "{},192.168.56.1,VirtualBox Host-Only Network,VirtualBox Host-Only Ethernet Adapter",
            name(n)
        )?;
    }
    let mut spns = String::from("account,domain,spn\n");
    let mut events = Vec::new();
    for n in 0..6_000 {
        let (client, target) = (1 + n % 300, 1 + (n % 300 + 1 + n / 300) % 300);
        // The firmware update on 12 October started the loopbacks.
        let minutes = 16_000 + n * 131 % 26_000;
        events.push(event(
            &name(client),
            &format!("srv{client:04}$"),
            &format!("host/{}", name(target)),
            minutes,
        ));
        if n % 3 == 0 {
            let later = (minutes + 2_000).min(43_000);
            events.push(event(
                &name(client),
                &format!("srv{client:04}$"),
                &format!("host/{}", name(target)),
                later,
            ));
        }
    }
    for n in 0..200 {
        let (client, target) = (401 + n % 15, 401 + (n % 15 + 1 + n / 15) % 15);
        let target =
            if n / 15 == 13 { format!("cifs/{}", name(target)) } else { format!("host/{}", name(target)) };
        events.push(event(&name(client), &format!("srv{client:04}$"), &target, n * 211));
    }
    for n in 0..7_000 {
        let (client, broken) = (500 + n / 70, 700 + n % 70);
        let minutes = broken % 30 * 1_400 + n % 1_000;
        events.push(event(
            &name(client),
            &format!("srv{broken:04}$"),
            &format!("cifs/{}", name(broken)),
            minutes,
        ));
    }
    for n in 0..3_000 {
        let (client, service) = (500 + n / 60, n % 60);
        let target = format!("HTTP/app{service:02}.alpha.example.com");
        if n < 60 {
            writeln!(spns, "svc_old{service:02},alpha.example.com,{target}")?;
        }
        events.push(event(&name(client), &format!("svc_app{service:02}"), &target, n * 17 + service * 600));
    }
    for n in 0..3_000 {
        let (client, wrong) = (600 + n / 100, n % 100);
        let target = format!("cifs/old{wrong:02}.alpha.example.com");
        events.push(event(&name(client), &format!("srv{:04}$", 800 + wrong), &target, n * 29));
    }
    for n in 0..800 {
        events.push(event(&name(500 + n % 200), &format!("srv{:04}$", 900 + n / 200), "", n * 53));
    }
    write(folder, "ForwardedEvents.evtx", events)?;
    fs::write(folder.join("addresses.csv"), addresses)?;
    fs::write(folder.join("spns.csv"), spns)?;
    Ok(())
}

/// Names that could harm a page, a script in it, or a terminal.
pub const HOSTILE: [&str; 12] = [
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "\"><svg onload=alert(1)>",
    "' onmouseover='alert(1)",
    "&lt;b&gt;&amp;",
    "</template></style></title><h1>gone",
    "{{7*7}}${7*7}",
    "srv\u{202e}gpj.exe",
    "srv\u{1b}[31mred\u{1b}]8;;",
    "a\u{2028}b\u{2029}c\u{feff}",
    "javascript:alert(1)",
];

fn hostile(folder: &Path) -> Result<(), Box<dyn Error>> {
    let long = format!("cifs/{}", "<b>".repeat(8_000));
    let mut events = Vec::new();
    for (n, name) in HOSTILE.iter().enumerate() {
        events.push(event(name, "srv9$", "cifs/srv8.alpha.example.com", n * 60));
        events.push(event("srv1.alpha.example.com", name, "cifs/srv8.alpha.example.com", n * 60 + 1));
        events.push(event("srv1.alpha.example.com", "srv9$", &format!("cifs/{name}"), n * 60 + 2));
        events.push(event(name, name, name, n * 60 + 3));
    }
    // A loopback, whose names the diagram shows.
    events.push(event("<u>one</u>", "<u>one</u>$", "host/<i>two</i>", 900));
    events.push(event("srv1.alpha.example.com", "srv9$", &long, 901));
    write(folder, "<b onclick=alert(1)>.evtx", events)?;
    fs::write(folder.join("logs/<s>damaged.evtx"), [b"ElfFile\0".as_slice(), &[0xff; 9_000]].concat())?;
    fs::write(
        folder.join("addresses.csv"),
        format!(
            "{ADDRESSES}<u>one</u>,192.168.56.1,a,<s>b\n<i>two</i>,192.168.56.1,a,<s>b\nx,<s>no address,,\n"
        ),
    )?;
    fs::write(
        folder.join("spns.csv"),
        "account,domain,spn\n<em>svc,alpha.example.com,cifs/srv8.alpha.example.com\n",
    )?;
    Ok(())
}
