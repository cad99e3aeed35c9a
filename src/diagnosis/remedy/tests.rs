use super::*;
use crate::diagnosis::command::{Command, Name, is_safe_account, is_safe_host};
use crate::diagnosis::request::{Collectable, LogReason, Request};
use crate::diagnosis::{AccountFacts, AccountKind, IncidentName, SharedAddress};
use crate::names::Spn;
use proptest::prelude::*;

/// The parts of a [`RemedyInput`].
#[derive(Debug, Clone)]
struct Incident {
    client: IncidentName,
    target: IncidentName,
    class: String,
    responder: IncidentName,
    responder_host: Option<IncidentName>,
    account: Option<AccountFacts>,
    owners: Vec<AccountFacts>,
    addresses: Vec<SharedAddress>,
    realms: Vec<String>,
    via_host: bool,
    controller: Option<bool>,
}

fn named(text: &str, known: bool) -> IncidentName {
    IncidentName { text: text.into(), is_known: known }
}

fn account(name: &str, kind: AccountKind, listed: bool) -> AccountFacts {
    AccountFacts {
        name: name.into(),
        domain: "alpha.example.com".into(),
        kind,
        listed,
        disabled: false,
        operating_system: None,
    }
}

impl Incident {
    /// `HTTP/srv5` is on `svc_web`, and `srv5$` answered.
    fn example() -> Self {
        Self {
            client: named("srv1.alpha.example.com", true),
            target: named("srv5.alpha.example.com", true),
            class: "HTTP".into(),
            responder: named("srv5$", true),
            responder_host: Some(named("srv5.alpha.example.com", true)),
            account: Some(account("SRV5$", AccountKind::Computer, true)),
            owners: vec![account("svc_web", AccountKind::User, true)],
            addresses: vec![SharedAddress {
                address: "169.254.95.120".parse().unwrap(),
                adapter: "IBM USB Remote NDIS Network Device".into(),
                owners: 2,
                hosts: 340,
            }],
            realms: vec!["alpha.example.com".into()],
            via_host: false,
            controller: Some(false),
        }
    }

    fn steps(&self, kind: Kind, confidence: Confidence) -> Vec<Step> {
        steps(&RemedyInput {
            kind,
            confidence,
            client: self.client.clone(),
            target: format!("{}/{}", self.class, self.target.text).into(),
            target_host: self.target.clone(),
            responder: self.responder.clone(),
            responder_host: self.responder_host.clone(),
            responder_account: self.account.clone().map(Box::new),
            owners: self.owners.clone(),
            via_host: self.via_host,
            addresses: self.addresses.clone(),
            realms: self.realms.clone(),
            responder_is_controller: self.controller,
        })
    }

    /// Every request about it.
    fn requests(&self) -> Vec<Request> {
        let client = Name::host(&self.client, NameRole::Client);
        let target = Name::target(&self.target);
        let host = self.responder_host.clone().unwrap_or_else(|| named("", false));
        let host = Name::host(&host, NameRole::Responder);
        let account = match &self.account {
            Some(facts) => Name::account(facts, NameRole::Account),
            None => Name::unverified(&self.responder.text, NameRole::Responder),
        };
        let spn = Spn::parse(&format!("{}/{}", self.class, self.target.text));
        let spn = spn.map_or(Name::absent(NameRole::Spn), |spn| Name::spn(&spn));
        let domains = vec![Name::domain("alpha.example.com", true), Name::domain("beta.example.com", true)];
        vec![
            Request::Addresses { host: host.clone() },
            Request::Resolution { name: target.clone(), client: client.clone() },
            Request::MeantName { name: target.clone(), responder: host.clone() },
            Request::SharedConnection { client: client.clone(), target: target.clone() },
            Request::AddressOwner { address: "192.0.2.1".parse().unwrap() },
            Request::SpnOwner { spn: spn.clone() },
            Request::HostLog { host: host.clone() },
            Request::ControllerLogs { spn: spn.clone() },
            Request::ClientLog { client: client.clone(), reason: LogReason::Silent },
            Request::ServiceLogon { account: account.clone(), host: host.clone() },
            Request::ServiceIdentity { host: host.clone(), name: target.clone() },
            Request::KernelMode { host: host.clone() },
            Request::EncryptionTypes { account: account.clone(), host: host.clone() },
            Request::AccountClass { account: account.clone() },
            Request::Machine { name: target.clone() },
            Request::ClusterNodes { name: target.clone(), host: host.clone() },
            Request::ManagedAccount { account: account.clone(), host: host.clone() },
            Request::ClusterAccount { account: account.clone(), host: host.clone() },
            Request::Namesakes { host: target.clone(), domains: domains.clone() },
            Request::Twins { host: host.clone() },
            Request::CutName { names: vec![target.clone(), client.clone()] },
            Request::DirectoryServer {
                guid: "b9b5a2a6-0e5c-4d3c-a0ee-1d4a3f8f9d11".into(),
                forest: domains[0].clone(),
            },
            Request::Tickets { client: client.clone() },
            Request::Program { client: client.clone(), target },
            Request::Trust { domains },
            Request::Replication { account: account.clone() },
            Request::UsnRollback { host },
            Request::StorageKeys { account: account.clone() },
            Request::EntraKey { account: account.clone() },
            Request::KeyVersion { account, spn },
            Request::NewerInventory { files: vec!["dns.csv".into()] },
        ]
    }

    fn commands(&self) -> Vec<Command> {
        let steps = Kind::ALL.into_iter().flat_map(|kind| self.steps(kind, Confidence::Confirmed));
        let of_steps: Vec<Command> =
            steps.flat_map(|s| s.all_commands().cloned().collect::<Vec<_>>()).collect();
        let requests = self.requests();
        let of_requests = requests.iter().flat_map(|r| r.commands().into_iter().chain(r.fallback()));
        of_steps.into_iter().chain(of_requests).collect()
    }
}

/// The parts of a line outside single quotes, and those inside.
fn quotes(line: &str) -> (String, Vec<&str>) {
    let (mut outside, mut inside) = (String::new(), Vec::new());
    for (i, part) in line.split('\'').enumerate() {
        if i % 2 == 0 { outside.push_str(part) } else { inside.push(part) }
    }
    assert_eq!(line.matches('\'').count() % 2, 0, "a quote is open: {line}");
    (outside, inside)
}

/// No shell expands anything but what the program itself wrote.
fn assert_inert(command: &Command) {
    let (outside, inside) = quotes(&command.line);
    let own = ["$_", "$true", "$false"].iter().fold(outside, |text, own| text.replace(own, ""));
    assert!(!own.contains(['$', '`', '"', '%', '\n']), "{}", command.line);
    for quoted in inside {
        assert!(!quoted.contains(['\n', '"', '`']), "{}", command.line);
    }
}

#[test]
fn every_kind_begins_with_a_note_and_has_a_step_that_verifies() {
    for kind in Kind::ALL {
        for steps in [general(kind), Incident::example().steps(kind, Confidence::Likely)] {
            assert_eq!(steps[0].effect, Effect::Note, "{kind}");
            assert!(steps.iter().any(|step| step.verify.is_some()), "{kind}");
            assert!(
                steps.iter().skip(1).all(|step| step.effect != Effect::Note || kind == Kind::NotEnoughData)
            );
        }
    }
}

#[test]
fn every_change_has_a_risk_and_an_undo_and_changes_of_the_directory_are_verified() {
    for kind in Kind::ALL {
        for steps in [general(kind), Incident::example().steps(kind, Confidence::Confirmed)] {
            for step in steps.iter().filter(|step| step.changes()) {
                assert!(step.risk.is_some() && step.undo.is_some(), "{kind}: {step}");
                if matches!(step.effect, Effect::Directory | Effect::Dns) {
                    assert!(step.verify.is_some() && step.prerequisite.is_some(), "{kind}: {step}");
                }
            }
        }
    }
}

#[test]
fn what_takes_something_away_names_its_condition_first() {
    let takes =
        ["setspn -D", "-Repair", "netdom resetpwd", "Remove-DnsServerResourceRecord", "Disable-ADAccount"];
    for kind in Kind::ALL {
        for steps in [general(kind), Incident::example().steps(kind, Confidence::Confirmed)] {
            for step in &steps {
                if step.all_commands().any(|c| takes.iter().any(|t| c.line.contains(t))) {
                    assert!(step.condition.is_some(), "{kind}: {step}");
                }
                assert!(!step.to_string().to_lowercase().contains("scavenging"), "{kind}: {step}");
            }
        }
    }
}

#[test]
fn an_unconfirmed_cause_puts_a_condition_before_every_change() {
    for confidence in [Confidence::Likely, Confidence::Possible] {
        for kind in Kind::ALL {
            for step in Incident::example().steps(kind, confidence) {
                assert!(!step.changes() || step.condition.is_some(), "{kind}: {step}");
            }
        }
    }
}

#[test]
fn the_steps_name_this_incident() {
    let text = |kind| {
        let steps = Incident::example().steps(kind, Confidence::Confirmed);
        steps.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    let misplaced = text(Kind::Misplaced);
    for part in
        ["setspn -L 'svc_web' > before.txt", "setspn -D HTTP/srv5.alpha.example.com 'svc_web'", "'SRV5$'"]
    {
        assert!(misplaced.contains(part), "{part} is not in {misplaced}");
    }
    assert!(text(Kind::BmcUsbNic).contains("169.254.95.120 (IBM USB Remote NDIS Network Device)"));
    assert!(text(Kind::StaleDns).contains("-ZoneName alpha.example.com -Name srv5"));
}

/// Test-ComputerSecureChannel -Repair and its relatives break a domain controller (CM0070, KB325850).
#[test]
fn a_domain_controller_gets_its_own_steps() {
    let dc = Incident { controller: Some(true), ..Incident::example() };
    for kind in [AccountKind::DomainController, AccountKind::ReadOnlyDomainController, AccountKind::Computer]
    {
        let dc = Incident { account: Some(account("SRV5$", kind, true)), ..dc.clone() };
        let steps = dc.steps(Kind::MachineAccount, Confidence::Confirmed);
        let lines: Vec<_> = steps.iter().flat_map(Step::all_commands).map(|c| c.line.clone()).collect();
        assert!(!lines.iter().any(|line| line.contains("-Repair")), "{lines:?}");
        let order = [
            "2095",
            "Stop-Service kdc",
            "-StartupType Manual",
            "klist -li 0x3e7",
            "resetpwd",
            "Restart-Computer",
        ];
        let places: Vec<usize> =
            order.iter().map(|part| lines.iter().position(|line| line.contains(part)).unwrap()).collect();
        assert!(places.is_sorted(), "{lines:?}");
    }
    let unknown = Incident { controller: None, ..Incident::example() };
    let steps = unknown.steps(Kind::MachineAccount, Confidence::Confirmed);
    let place = |part: &str| steps.iter().position(|s| s.to_string().contains(part)).unwrap();
    assert!(place("KB325850") < place("Test-ComputerSecureChannel -Repair"));
}

#[test]
fn a_managed_account_is_never_asked_for_a_password() {
    for kind in [AccountKind::ManagedService, AccountKind::DelegatedManagedService] {
        let incident = Incident { account: Some(account("gmsaweb$", kind, true)), ..Incident::example() };
        for fix in [Kind::ServiceAccount, Kind::MachineAccount, Kind::ManagedServiceAccount] {
            let text: String =
                incident.steps(fix, Confidence::Likely).iter().map(ToString::to_string).collect();
            assert!(text.contains("Test-ADServiceAccount 'gmsaweb$'"), "{text}");
            assert!(!text.contains("Store the current password") && !text.contains("-Repair"), "{text}");
        }
    }
}

#[test]
fn what_is_no_windows_machine_gets_its_own_commands() {
    let mut nas = account("NAS1$", AccountKind::Computer, true);
    nas.operating_system = Some("NetApp Release 9.14".into());
    let nas = Incident { account: Some(nas), ..Incident::example() };
    let text: String =
        nas.steps(Kind::MachineAccount, Confidence::Likely).iter().map(ToString::to_string).collect();
    assert!(text.contains("vserver cifs domain password reset") && !text.contains("-Repair"), "{text}");
}

/// C1 of the review: an answer from the network sends nobody's credentials anywhere.
#[test]
fn a_host_that_only_the_responder_reports_is_in_no_command() {
    let evil = "dc01.relay-evil.net";
    let incident = Incident {
        responder: named("host/dc01.relay-evil.net", false),
        responder_host: Some(named(evil, false)),
        account: None,
        ..Incident::example()
    };
    for command in incident.commands() {
        assert!(!command.line.contains("relay-evil"), "{command:?}");
    }
    let text = incident.requests()[0].to_string();
    assert!(text.contains("dc01.relay-evil.net (reported by the responder, in no list)"), "{text}");
    assert!(
        incident.requests().iter().flat_map(Request::collectables).all(|c| !c.to_string().contains("evil"))
    );
}

/// The client's target is looked up. No command connects to it.
#[test]
fn an_unknown_target_is_looked_up_only() {
    let incident = Incident { target: named("files.relay-evil.net", false), ..Incident::example() };
    let connects =
        ["-ComputerName", "-CimSession", "/r:", "-Server", "\\\\", "http://", "sqlcmd", "net view"];
    let named: Vec<Command> =
        incident.commands().into_iter().filter(|c| c.line.contains("files.relay-evil")).collect();
    assert!(named.iter().any(|c| c.line.starts_with("Resolve-DnsName")));
    for command in named {
        assert!(!connects.iter().any(|word| command.line.contains(word)), "{command:?}");
    }
}

#[test]
fn titles_codes_and_questions_are_told_apart() {
    let requests = Incident::example().requests();
    let unique = |texts: Vec<String>| {
        let all = texts.len();
        texts.into_iter().collect::<std::collections::BTreeSet<_>>().len() == all
    };
    assert!(unique(requests.iter().map(|r| r.code().to_owned()).collect()));
    assert!(unique(requests.iter().map(|r| r.title().to_owned()).collect()));
    assert!(unique(requests.iter().map(ToString::to_string).collect()));
    for request in &requests {
        assert!(!request.subject().is_empty() && request.question().ends_with(['?', '.']), "{request}");
        let json = serde_json::to_value(request).unwrap();
        assert_eq!(json["request"], request.code());
    }
}

#[test]
fn what_a_script_collects_is_read_as_it_was_written() {
    let all: Vec<Collectable> =
        Incident::example().requests().iter().flat_map(Request::collectables).collect();
    assert!(all.len() > 10);
    for one in all {
        assert_eq!(one.to_string().parse(), Ok(one));
    }
    for hostile in
        ["addresses=", "addresses=-x", "log=a b", "resolve=a@b;c", "resolve=a", "x", "state=$x", ""]
    {
        assert!(hostile.parse::<Collectable>().is_err(), "{hostile}");
    }
}

fn hostile_name() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[a-z]{1,4}[ $;|&`'\"(){}<>%@#!^~,=*?\\\\/\\[\\]\n-]{1,3}[a-z$]{0,4}",
        Just("x$env:USERNAME.evil.example".to_owned()),
        Just("$x".to_owned()),
        Just("$_".to_owned()),
        Just("-Force".to_owned()),
        Just("srv:$stream".to_owned()),
        Just("..".to_owned()),
        Just("\u{2018}quoted\u{2019}".to_owned()),
    ]
}

fn clean_host() -> impl Strategy<Value = String> {
    "zq[a-z0-9][a-zA-Z0-9_-]{0,12}(\\.[a-z0-9]{1,6}){0,3}"
}

fn clean_account() -> impl Strategy<Value = String> {
    "zq[a-z0-9][a-zA-Z0-9._ -]{0,12}[a-z0-9]\\$?"
}

fn incident_of(host: &str, account_name: &str, known: bool) -> Incident {
    Incident {
        client: named(host, known),
        target: named(host, known),
        responder: named(account_name, known),
        responder_host: Some(named(host, known)),
        account: Some(account(account_name, AccountKind::Unknown, known)),
        owners: vec![account(account_name, AccountKind::User, known)],
        controller: None,
        ..Incident::example()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Known or not, a name that a shell could read changes no command.
    #[test]
    fn hostile_names_become_placeholders(host in hostile_name(), account in hostile_name(), known in any::<bool>()) {
        let commands = incident_of(&host, &account, known).commands();
        commands.iter().for_each(assert_inert);
        // `srv:stream` is the SPN of an instance, and inert there. Blanks around an SPN are not part of it.
        prop_assume!(!host.trim().split([':', '/']).all(is_safe_host) && !is_safe_account(&account));
        let placeholders: std::collections::HashSet<_> = ["", "\u{1}", "\u{1}$"]
            .iter()
            .flat_map(|host| ["", "\u{1}", "\u{1}$"].map(|account| (*host, account)))
            .flat_map(|(host, account)| [true, false].map(|known| incident_of(host, account, known)))
            .flat_map(|incident| incident.commands())
            .map(|command| command.line)
            .collect();
        for command in commands {
            prop_assert!(placeholders.contains(&command.line), "{}", command.line);
        }
    }

    /// Names that are known and clean are in commands, each account in single quotes.
    #[test]
    fn known_names_leave_commands_inert(host in clean_host(), account in clean_account()) {
        let commands = incident_of(&host, &account, true).commands();
        prop_assert!(commands.iter().any(|c| c.line.contains(&host)));
        let quoted = format!("'{account}'");
        prop_assert!(commands.iter().any(|c| c.line.contains(&quoted)));
        for command in &commands {
            assert_inert(command);
            let (outside, _) = quotes(&command.line);
            prop_assert!(!outside.contains(&account) || host.contains(&account), "{}", command.line);
        }
    }

    /// An unknown account and an unknown responder are in no command at all.
    #[test]
    fn unknown_names_are_in_no_command(host in clean_host(), account in clean_account()) {
        let mut incident = incident_of("srv5.alpha.example.com", &account, false);
        incident.responder_host = Some(named(&host, false));
        for command in incident.commands() {
            prop_assert!(!command.line.contains(&host) && !command.line.contains(&account), "{}", command.line);
        }
    }
}

#[test]
fn an_audit_asks_for_no_failure_to_be_repeated() {
    let hosts = ["srv1.alpha.example.com".to_owned(), "srv5.alpha.example.com".to_owned()];
    let two = &Incident::example().addresses[0];
    let many = &SharedAddress { owners: 12, ..two.clone() };
    let spn = &Spn::parse("HTTP/srv5.alpha.example.com").unwrap();
    let owners = &[account("svc_web", AccountKind::User, true), account("svc_old", AccountKind::User, true)];
    let domains = &["alpha.example.com".to_owned(), "beta.example.com".to_owned()];
    let found = [
        AuditSubject::Address { kind: Kind::BmcUsbNic, shared: two, hosts: &hosts },
        AuditSubject::Address { kind: Kind::BmcUsbNic, shared: many, hosts: &hosts },
        AuditSubject::Address { kind: Kind::VirtualSwitch, shared: two, hosts: &hosts },
        AuditSubject::Address { kind: Kind::OtherSharedAddress, shared: two, hosts: &hosts },
        AuditSubject::OneMachine { names: &hosts },
        AuditSubject::Name { name: &hosts[0], address: two.address, host: &hosts[1] },
        AuditSubject::Spn { spn, owners },
        AuditSubject::HostAlias { spn, owners: &owners[..1], computer: None },
        AuditSubject::SameName { name: "SRV5$", domains },
    ];
    for one in found {
        let text: String = audit_steps(one).iter().map(ToString::to_string).collect();
        assert!(text.contains("krbtriage audit: it no longer lists this"), "{text}");
        assert!(!text.contains("Repeat what failed") && !text.contains("Check the name first"), "{text}");
    }
    let text: String = audit_steps(found[1]).iter().map(ToString::to_string).collect();
    assert!(text.contains("On all of the 12 hosts but one, disable the adapter"), "{text}");
    let text: String = audit_steps(found[6]).iter().map(ToString::to_string).collect();
    assert!(text.contains("setspn -L 'svc_web' > before.txt"), "{text}");
}

/// A list in a report is split there.
#[test]
fn no_text_holds_the_separator_of_lists() {
    for kind in Kind::ALL {
        for step in Incident::example().steps(kind, Confidence::Possible) {
            assert!(!step.to_string().contains("; "), "{kind}: {step}");
        }
    }
    for request in Incident::example().requests() {
        assert!(!request.to_string().contains("; "), "{request}");
    }
}

/// Reads aloud: every fix text of `explain`, and one incident for each kind.
#[test]
fn all_fix_texts() {
    let mut out = String::new();
    for kind in Kind::ALL {
        out.push_str(&format!("# {} / {kind}\n\n", kind.cause()));
        for (i, step) in general(kind).iter().enumerate() {
            out.push_str(&format!("{i}. {step}\n"));
        }
        out.push_str("\n## An incident, likely\n\n");
        for (i, step) in Incident::example().steps(kind, Confidence::Likely).iter().enumerate() {
            out.push_str(&format!("{i}. {step}\n"));
        }
        out.push('\n');
    }
    out.push_str("# Requests\n\n");
    for request in Incident::example().requests() {
        out.push_str(&format!("- {}: {request}\n", request.title()));
    }
    insta::assert_snapshot!(out);
}
