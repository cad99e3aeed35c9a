//! The events that machines log: event 4 on the client, and those of [`Trace`]s.

use jiff::Timestamp;
use krbtriage::records::{Content, Datum, Record, RecordOrigin};

use super::exchange::{Attempt, Refusal, target_text};
use super::faults::Trace;
use super::rng::Rng;
use super::world::*;
use crate::support::evtx::{self as evtx, Event};

/// The role of the machine whose log has an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogOwner {
    Client,
    Controller,
    Member,
}

/// One event in the log of one machine.
#[derive(Clone, Debug)]
pub struct Entry {
    pub owner: LogOwner,
    pub computer: String,
    pub provider: &'static str,
    pub id: u16,
    /// Seconds since 1970.
    pub time: i64,
    /// Names and values. A value without a name has an empty one.
    pub data: Vec<(&'static str, String)>,
}

const KERBEROS: &str = "Microsoft-Windows-Security-Kerberos";
const KDC: &str = "Microsoft-Windows-Kerberos-Key-Distribution-Center";
const DCOM: &str = "Microsoft-Windows-DistributedCOM";
const SERVICES: &str = "Service Control Manager";

impl Entry {
    pub fn record(&self, record_id: u64) -> Record {
        let content = Content {
            provider: self.provider.into(),
            event_id: self.id,
            version: 0,
            level: 2,
            channel: "System".into(),
            computer: self.computer.as_str().into(),
            user_id: Default::default(),
            data: self
                .data
                .iter()
                .map(|(n, v)| Datum { name: (!n.is_empty()).then(|| (*n).into()), value: v.as_str().into() })
                .collect(),
        };
        let time = Timestamp::from_second(self.time).unwrap();
        Record { content: content.into(), record_id, time, origin: RecordOrigin::Live }
    }

    pub fn event(&self) -> Event {
        let provider = match self.provider {
            KERBEROS => evtx::kerberos(),
            KDC => evtx::kdc(),
            DCOM => evtx::distributed_com(),
            SERVICES => evtx::service_control_manager(),
            "LsaSrv" => evtx::lsasrv(),
            plain => evtx::Provider::plain(plain),
        };
        let event = match self.provider {
            "LsaSrv" => Event::manifest(provider, self.id),
            _ => Event::classic(provider, self.id),
        };
        let event =
            event.computer(&self.computer).at(&Timestamp::from_second(self.time).unwrap().to_string());
        let binary = matches!(self.provider, KERBEROS | KDC | DCOM | SERVICES);
        let event = match self.data.first().is_some_and(|d| d.0.is_empty()) {
            true => event.strings(self.data.iter().map(|d| d.1.clone())),
            false => event.named(self.data.iter().map(|d| (d.0, d.1.clone()))),
        };
        if binary { event.binary(&[]) } else { event }
    }
}

/// How the Windows of a forest writes realms. No document says how, so forests differ.
#[derive(Clone, Copy, Debug)]
pub struct Habits {
    /// ClientRealm is the realm of the account that has the key, not of the client.
    pub client_realm_is_key: bool,
    /// The two realms are swapped.
    pub swapped: bool,
    /// Both realms are empty.
    pub no_realms: bool,
}

impl Habits {
    pub fn new(rng: &mut Rng) -> Self {
        Self { client_realm_is_key: rng.chance(50), swapped: rng.chance(30), no_realms: rng.chance(4) }
    }
}

/// The five names of event 4.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventNames {
    pub client: String,
    pub answered_by: String,
    pub target: String,
    pub target_realm: String,
    pub client_realm: String,
}

impl EventNames {
    pub fn folded(&self) -> [String; 5] {
        [&self.client, &self.answered_by, &self.target, &self.target_realm, &self.client_realm]
            .map(|n| n.to_lowercase())
    }
}

pub fn names(
    world: &World,
    attempt: &Attempt,
    refusal: &Refusal,
    habits: Habits,
    rng: &mut Rng,
) -> EventNames {
    let realm = |domain: Id| world.domains[domain].to_uppercase();
    let s = &world.accounts[refusal.account];
    let mut realms = [
        realm(s.domain),
        match habits.client_realm_is_key {
            true => realm(world.accounts[refusal.key].domain),
            false => realm(world.hosts[attempt.client].domain),
        },
    ];
    if habits.swapped {
        realms.swap(0, 1);
    }
    if habits.no_realms {
        realms = [String::new(), String::new()];
    }
    let machine = s.dns.is_some();
    let answered_by = match rng.below(12) {
        0 if machine => format!("host/{}", s.dns.clone().unwrap_or_default()),
        _ => s.name.clone(),
    };
    let [target_realm, client_realm] = realms;
    let target = target_text(attempt);
    EventNames {
        client: rng.case(&world.full_name(attempt.client)),
        answered_by: rng.case(&answered_by),
        target: rng.case(&target),
        target_realm,
        client_realm,
    }
}

pub fn event4(names: &EventNames, time: i64) -> Entry {
    Entry {
        owner: LogOwner::Client,
        computer: names.client.clone(),
        provider: KERBEROS,
        id: 4,
        time,
        data: vec![
            ("Server", names.answered_by.clone()),
            ("TargetRealm", names.target_realm.clone()),
            ("Targetname", names.target.clone()),
            ("ClientRealm", names.client_realm.clone()),
        ],
    }
}

/// The event 3 that Windows logs with event 4 if Kerberos' LogLevel is 1.
pub fn event3(names: &EventNames, time: i64) -> Entry {
    let mut entry = event4(names, time);
    entry.id = 3;
    entry.data = vec![
        ("ErrorCode", "0x29".into()),
        ("ErrorMessage", "KRB_AP_ERR_MODIFIED".into()),
        ("ServerRealm", names.target_realm.clone()),
        ("ServerName", names.answered_by.clone()),
        ("TargetName", String::new()),
    ];
    entry
}

/// Events of DCOM and of the loopback check (LsaSrv 6037) on a client that reached itself.
pub fn loopback_events(
    names: &EventNames,
    attempt: &Attempt,
    refusal: &Refusal,
    time: i64,
    rng: &mut Rng,
) -> Vec<Entry> {
    let at = |provider, id, data| Entry {
        owner: LogOwner::Client,
        computer: names.client.clone(),
        provider,
        id,
        time: time + 1,
        data,
    };
    let mut out = Vec::new();
    if rng.chance(40) {
        out.push(at(
            "LsaSrv",
            6037,
            vec![
                ("PID", "812".into()),
                ("Program", r"C:\Windows\System32\wbem\WmiPrvSE.exe".into()),
                ("TargetName", names.target.clone()),
            ],
        ));
    }
    if attempt.dcom && rng.chance(40) {
        let peer = if rng.chance(50) { attempt.name.clone() } else { refusal.address.to_string() };
        out.push(at(
            DCOM,
            10028,
            vec![("param1", peer), ("param2", "    1a2c".into()), ("param3", "wbemtest.exe".into())],
        ));
    }
    out
}

pub fn kdc_11(world: &World, domain: Id, spn: &str, time: i64) -> Entry {
    Entry {
        owner: LogOwner::Controller,
        computer: world.full_name(world.controller(domain)),
        provider: KDC,
        id: 11,
        time,
        data: vec![("Name", spn.to_owned()), ("Type", "DS_SERVICE_PRINCIPAL_NAME".into())],
    }
}

/// The events of a trace, near `time`.
pub fn trace(world: &World, trace: &Trace, time: i64, rng: &mut Rng) -> Vec<Entry> {
    let near = |rng: &mut Rng| time - 300 + rng.below(600) as i64;
    let controller = |domain| world.full_name(world.controller(domain));
    let mut out = Vec::new();
    match *trace {
        Trace::PasswordRefused(host) => {
            let h = &world.hosts[host];
            let netbios: String = h.label.chars().take(15).collect::<String>().to_uppercase();
            let flat = world.domains[h.domain].split('.').next().unwrap_or_default().to_uppercase();
            // Netlogon tries every few hours, so its event is near the event 4 or before and after it.
            let times = if rng.chance(60) { vec![near(rng)] } else { vec![DAY - 5 * HOUR, DAY + 20 * HOUR] };
            for time in times {
                if rng.chance(50) {
                    // lmerrlog.h: %1 is the domain, %2 the domain controller.
                    let data = vec![("", flat.clone()), ("", format!(r"\\{}", controller(h.domain)))];
                    out.push(Entry {
                        owner: LogOwner::Member,
                        computer: world.full_name(host),
                        provider: "NETLOGON",
                        id: 3210,
                        time,
                        data,
                    });
                } else {
                    let data = vec![("", netbios.clone()), ("", format!("{netbios}$")), ("", "%%5".into())];
                    out.push(Entry {
                        owner: LogOwner::Controller,
                        computer: controller(h.domain),
                        provider: "NETLOGON",
                        id: 5722,
                        time,
                        data,
                    });
                }
            }
        }
        Trace::NoKey(account) if rng.chance(60) => {
            let a = &world.accounts[account];
            let (id, data) = match rng.below(3) {
                0 => (42, vec![("Account", a.name.clone())]),
                _ => (
                    27,
                    vec![
                        ("Target", a.spns.first().cloned().unwrap_or_default()),
                        ("Account", a.name.clone()),
                        ("Types", "18".into()),
                    ],
                ),
            };
            out.push(Entry {
                owner: LogOwner::Controller,
                computer: controller(a.domain),
                provider: KDC,
                id,
                time: near(rng),
                data,
            });
        }
        Trace::Registered(host, address, before) => {
            let h = &world.hosts[host];
            out.push(Entry {
                owner: LogOwner::Member,
                computer: world.full_name(host),
                provider: "Microsoft-Windows-DNS-Client",
                id: 8015,
                time: time - before,
                data: vec![
                    ("AdapterName", "{4C1F}".into()),
                    ("HostName", h.label.clone()),
                    ("AdapterSuffixName", world.suffixes[h.domain].clone()),
                    ("DnsServerList", "10.0.0.53".into()),
                    ("SentUpdateServer", "<?>".into()),
                    ("Ipaddress", address.to_string()),
                    ("ErrorCode", "9002".into()),
                ],
            });
        }
        Trace::ServiceLogon(host, account) | Trace::OtherServiceLogon(host, account) => {
            let a = &world.accounts[account];
            let flat = world.domains[a.domain].split('.').next().unwrap_or_default().to_uppercase();
            let data = vec![
                ("param1", "App".into()),
                ("param2", format!("{flat}\\{}", a.name)),
                ("param3", "%%1326".into()),
            ];
            out.push(Entry {
                owner: LogOwner::Member,
                computer: world.full_name(host),
                provider: SERVICES,
                id: 7038,
                time: near(rng),
                data,
            });
        }
        Trace::Renamed(host) => {
            let h = &world.hosts[host];
            let former = h.former.clone().unwrap_or_default().to_uppercase();
            let data = vec![("", former), ("", h.label.to_uppercase())];
            out.push(Entry {
                owner: LogOwner::Member,
                computer: world.full_name(host),
                provider: "EventLog",
                id: 6011,
                time: time - 90 * HOUR,
                data,
            });
        }
        Trace::ClusterName(node, account) if rng.chance(60) => {
            let a = &world.accounts[account];
            out.push(Entry {
                owner: LogOwner::Member,
                computer: world.full_name(node),
                provider: "Microsoft-Windows-FailoverClustering",
                id: 1207,
                time: near(rng),
                data: vec![
                    ("ResourceName", a.name.trim_end_matches('$').to_owned()),
                    ("ResourceGroup", "Cluster Group".into()),
                    ("DomainController", controller(a.domain)),
                    ("ComputerObjectName", a.name.clone()),
                ],
            });
        }
        Trace::RolledBack(host) if rng.chance(60) => out.push(Entry {
            owner: LogOwner::Controller,
            computer: world.full_name(host),
            provider: "Microsoft-Windows-ActiveDirectory_DomainService",
            id: 2095,
            time: near(rng),
            data: vec![("", world.full_name(host)), ("", "1048576".into()), ("", "1048000".into())],
        }),
        Trace::NoKey(_) | Trace::ClusterName(..) | Trace::RolledBack(_) => {}
    }
    out
}

/// Events that look like evidence and belong to no incident.
pub fn decoys(world: &World, client: &str, time: i64, rng: &mut Rng) -> Vec<Entry> {
    let domain = rng.below(world.domains.len());
    let controller = world.full_name(world.controller(domain));
    let entry = |owner, computer: &str, provider, id, data| Entry {
        owner,
        computer: computer.to_owned(),
        provider,
        id,
        time,
        data,
    };
    vec![
        // The KDC's own event 4, a clock error, an event 3 of another kind, no logon server, a retired computer.
        entry(LogOwner::Controller, &controller, KDC, 4, vec![("Domain", "OLD".into())]),
        entry(
            LogOwner::Client,
            client,
            KERBEROS,
            5,
            vec![("Server", "srv00$".into()), ("KDCRealm", "A.B".into())],
        ),
        entry(
            LogOwner::Client,
            client,
            KERBEROS,
            3,
            vec![("ErrorCode", "0x7".into()), ("ServerName", "krbtgt".into())],
        ),
        entry(LogOwner::Client, client, "NETLOGON", 5719, vec![("", "ALPHA".into()), ("", "%%1311".into())]),
        entry(
            LogOwner::Controller,
            &controller,
            "NETLOGON",
            5722,
            vec![("", "RETIRED7".into()), ("", "RETIRED7$".into()), ("", "%%5".into())],
        ),
        entry(
            LogOwner::Controller,
            &controller,
            KDC,
            11,
            vec![("Name", "HTTP/unrelated.test".into()), ("Type", "DS_SERVICE_PRINCIPAL_NAME".into())],
        ),
    ]
}
