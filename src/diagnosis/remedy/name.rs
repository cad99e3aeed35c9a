//! Fixes for names: outdated records, aliases, migrated servers, one name in two domains.

use std::borrow::Cow;

use super::Step;
use super::view::{Service, View};
use crate::diagnosis::command::{Command, NameRole};
use crate::diagnosis::request::{join_names_with_and, on_every_controller, spn_query, two_domains};

/// The arguments of the DNS cmdlets that select the target's record.
fn record_arguments(view: &View<'_>) -> String {
    format!("-ZoneName {} -Name {}", view.target.dns_suffix().unwrap_or("<zone>"), view.target.label())
}

/// The question to ask before every change of DNS.
fn ask_if_meant(view: &View<'_>) -> Step {
    let (target, responder) = (view.target.in_sentence(), responder_text(view));
    Step::read(format!(
        "Ask the owner of the service: is {target} meant to resolve to {responder}? It is where {target} \
         is an alias (CNAME), the name of a migrated server, a virtual name of a cluster, or the address \
         of a load balancer. Then DNS is right, and the SPN belongs on the account that answers: see \
         krbtriage explain name-taken-over."
    ))
    .run(view.resolve_target())
    .run(view.search_hosts_file())
}

/// The host that answered, or the account if no host did, for a sentence.
fn responder_text<'v>(view: &'v View<'_>) -> Cow<'v, str> {
    match (view.responder.is_absent(), view.account.is_absent()) {
        (true, false) => view.account.with_origin(),
        _ => view.responder.with_origin(),
    }
}

/// The step that replaces the address in the target's record.
fn correct_record(view: &View<'_>) -> Step {
    let (target, address) = (view.target.in_sentence(), view.address());
    let record = record_arguments(view);
    let server = "the DNS server";
    // The DNS cmdlets for IPv6 have other names and options.
    let (kind, option) = match view.address().contains(':') {
        true => ("AAAA", "IPv6Address"),
        false => ("A", "IPv4Address"),
    };
    let step = Step::dns(format!(
        "Save the records, add the right address of {target}, and remove {address} from the name. Then wait \
         for one TTL and for DNS replication. A host that registers itself adds its address with ipconfig \
         /registerdns, and puts a wrong one back too while it owns it. If the saved records show a CNAME, \
         stop: somebody made that alias on purpose."
    ))
    .only_if(format!(
        "{target} is not meant to resolve to {}, and no service uses it there",
        responder_text(view)
    ))
    .risk(
        "the name stops working for everyone who uses it as it is. Never remove a record of a domain \
         controller or of the domain's own name.",
    )
    .needs("the right to change the zone.")
    .run(Command::at(server, format!("Get-DnsServerResourceRecord {record} | Export-Clixml before.xml")))
    .run(Command::at(server, format!("Add-DnsServerResourceRecord{kind} {record} -{option} <right address>")))
    .run(Command::at(
        server,
        format!("Remove-DnsServerResourceRecord {record} -RRType {kind} -RecordData {address}"),
    ))
    .undo(
        "Restore what before.xml shows.",
        [
            Command::at(server, format!("Add-DnsServerResourceRecord{kind} {record} -{option} {address}")),
            Command::at(
                server,
                format!("Remove-DnsServerResourceRecord {record} -RRType {kind} -RecordData <right address>"),
            ),
        ],
    );
    view.with_verification(step)
}

/// Steps for a name that resolves to an address of another host.
pub(super) fn stale_dns(view: &View<'_>) -> Vec<Step> {
    let (client, target) = (view.client.in_sentence(), view.target.in_sentence());
    vec![
        Step::note(format!(
            "Not safe before you know whether {target} is meant to resolve to {}. If it is, a change in \
             DNS ends the service for everyone.",
            responder_text(view)
        )),
        ask_if_meant(view),
        Step::read(format!(
            "Clear the cache on {client} and look again. If only {client} is affected, its hosts file or \
             its DNS servers are wrong, not the zone."
        ))
        .run(Command::on(&view.client, "ipconfig /flushdns"))
        .run(view.resolve_target()),
        correct_record(view),
        Step::read(format!(
            "If DHCP gave the address of {target} to another machine, check reservations and leases, so \
             that the record does not come back."
        ))
        .run(Command::at("the DHCP server", format!("Get-DhcpServerv4Lease -IPAddress {}", view.address()))),
    ]
}

/// Steps for a server that took over the name of another one, whose account still owns the SPN.
pub(super) fn taken_over(view: &View<'_>) -> Vec<Step> {
    let (target, owner, spn) = (view.target.in_sentence(), view.owner.in_sentence(), view.spn.in_sentence());
    let responder = responder_text(view);
    let retired = format!(
        "{target} is meant to resolve to {responder}, and the machine of {owner} no longer serves it"
    );
    let server = view.responder.in_command();
    let (full, short) = (format!("HOST/{}", view.target.in_query()), format!("HOST/{}", view.target.label()));
    let spns: Vec<&str> = if view.input.via_host { vec![&full, &short] } else { vec![view.spn.in_query()] };
    let each = |verb: &str| -> Vec<Command> {
        let owner = view.owner.in_command();
        spns.iter().map(|spn| Command::new(format!("setspn {verb} {spn} {owner}"))).collect()
    };
    let mut steps = vec![
        Step::note(format!(
            "{} is probably meant to resolve to {responder}: an alias, or the name of a server that it \
             took over. Leave DNS as it is. The trouble is the SPN on {owner}, which is safe to remove \
             once nobody uses that account.",
            view.target.at_start()
        )),
        ask_if_meant(view),
        view.save_spns(&[&view.owner, &view.account]),
        Step::directory(format!(
            "Take {target} away from {owner}: remove its SPNs of that name, or disable the account if the \
             machine is retired. A machine that is still on registers its own HOST SPNs again: rename or \
             retire it first."
        ))
        .only_if(&retired)
        .risk(format!("clients that still connect to the old machine as {target} lose Kerberos."))
        .needs("the right to write servicePrincipalName on the account.")
        .run_all(each("-D"))
        .run(Command::new(on_every_controller(&view.owner, "servicePrincipalName")))
        .undo("Restore what before.txt shows.", each("-S"))
        .verify(format!("No other account owns {spn}."), spn_query(&view.spn)),
    ];
    steps.push(add_name(view, server, &retired));
    steps.extend(smb_aliases(view));
    steps.push(view.purge_tickets());
    steps.push(correct_record(view));
    steps
}

/// The step that gives a computer an additional name in DNS and in its SPNs.
fn add_name(view: &View<'_>, server: &str, condition: &str) -> Step {
    let (target, responder) = (view.target.in_query(), responder_text(view));
    Step::directory(format!(
        "Give {responder} the further name, after replication: netdom registers the HOST SPNs and the DNS \
         name. If the service runs under an account of its own, register the SPN on that account with \
         setspn -S instead."
    ))
    .only_if(condition)
    .risk("netdom refuses the name while another account has its SPN. It registers the name in DNS for that computer.")
    .needs("an elevated prompt, and the right to change the computer account.")
    .run(Command::new(format!("netdom computername {server} /add:{target}")))
    .undo("Remove the further name.", [Command::new(format!("netdom computername {server} /remove:{target}"))])
    .verify(
        format!("{} owns HOST/{target}.", view.responder.at_start()),
        [
            Command::new(format!("setspn -F -Q HOST/{target}")),
            Command::new(format!("netdom computername {server} /enumerate")),
        ],
    )
}

/// The step with the settings that file shares under an alias need in addition to the SPN.
fn smb_aliases(view: &View<'_>) -> Option<Step> {
    let target = view.target.in_sentence();
    matches!(view.service, Service::Files | Service::Windows | Service::Other).then(|| {
        Step::host(format!(
            "For file shares: add {target} to BackConnectionHostNames (REG_MULTI_SZ under \
             HKLM\\SYSTEM\\CurrentControlSet\\Control\\Lsa\\MSV1_0) where the server opens its own alias. \
             Set DisableStrictNameChecking to 1 (DWORD under \
             HKLM\\SYSTEM\\CurrentControlSet\\Services\\LanmanServer\\Parameters) on servers older than \
             2012."
        ))
        .when(format!("{target} is opened as a share by its alias and still fails"))
        .risk("the server then accepts connections under that name without the check of its own names.")
        .needs("a restart of the server.")
        .undo("Delete the values.", [])
    })
}

/// Steps for a cluster name or an alias that the host which answered serves.
pub(super) fn alias(view: &View<'_>) -> Vec<Step> {
    let (target, responder) = (view.target.in_sentence(), responder_text(view));
    let meant = format!("{target} is meant to resolve to {responder}");
    let mut steps = vec![
        Step::note(format!(
            "If clients of {target} work, this is harmless: {responder} serves the name. Leave DNS as it \
             is until its owner says otherwise."
        )),
        ask_if_meant(view),
        Step::read(format!(
            "See which account owns {}, and whether {responder} is a node of a cluster that serves \
             {target}. A cluster role answers with its own account. See krbtriage explain \
             cluster-name-account if that fails.",
            view.spn.in_sentence()
        ))
        .run_all(spn_query(&view.spn))
        .run(Command::on(
            view.server(),
            "Get-ClusterResource | Where-Object ResourceType -eq 'Network Name'",
        )),
        add_name(
            view,
            view.responder.in_command(),
            &format!("{meant}, {target} is not a cluster name, and no account owns its SPN"),
        ),
    ];
    if !view.owner.is_absent() {
        steps.insert(
            3,
            view.move_spn(
                &view.owner,
                &view.account,
                &format!("{meant}, and {} no longer serves the name", view.owner.in_sentence()),
            ),
        );
        steps.insert(3, view.save_spns(&[&view.owner, &view.account]));
    }
    steps.extend(smb_aliases(view));
    steps.push(view.purge_tickets());
    steps.push(correct_record(view));
    steps
}

/// Steps for two computers of one name in two domains.
pub(super) fn same_name(view: &View<'_>) -> Vec<Step> {
    let (client, target) = (view.client.in_sentence(), view.target.in_sentence());
    let domains = match view.domains.as_slice() {
        [] | [_] => "both domains".to_owned(),
        all => join_names_with_and(all),
    };
    let (here, there) = two_domains(&view.domains);
    let label = view.target.netbios_label();
    let query = |domain: &str| {
        Command::new(format!(
            "Get-ADComputer -LDAPFilter '(sAMAccountName={label}$)' -Server {domain} -Properties \
             lastLogonDate, PasswordLastSet, dNSHostName, whenCreated"
        ))
    };
    let computer = NameRole::Account.placeholder();
    vec![
        Step::note(format!(
            "Safe: with full names nothing in the directory changes. Two computers named {label} in \
             {domains} may both be in use."
        )),
        view.with_verification(
            Step::host(format!(
                "Use the full name of the host that is meant in the configuration of the program on {client}."
            ))
            .risk("the program restarts.")
            .undo("Use the old name again.", []),
        ),
        Step::read(format!(
            "See which of the two {target} resolves to on {client}, and its list of DNS suffixes: the \
             first suffix that has the name wins."
        ))
        .run(view.resolve_target())
        .run(Command::on(&view.client, "Get-DnsClientGlobalSetting")),
        Step::read(
            "See whether both computers are in use. One machine that was migrated leaves an old account \
             behind: its password was set long ago, and the other one has its address.",
        )
        .run(query(here))
        .run(query(there)),
        Step::directory("Disable the old account and wait some days. Delete it later.")
            .only_if("one of the two is a leftover that no machine uses")
            .risk("a machine that still uses the account loses its domain.")
            .needs("the right to change the account.")
            .run(Command::new(format!("Disable-ADAccount {computer} -Server <domain of the leftover>")))
            .undo(
                "Enable it again.",
                [Command::new(format!("Enable-ADAccount {computer} -Server <domain of the leftover>"))],
            )
            .verify("Nobody reports a failed logon.", []),
        view.purge_tickets(),
    ]
}

/// Steps for an incident without a known cause.
pub(super) fn not_enough_data(view: &View<'_>) -> Vec<Step> {
    let target = view.target.in_sentence();
    let is_realm = view.class.eq_ignore_ascii_case("krbtgt");
    let is_domain =
        view.input.realms.iter().any(|realm| realm.eq_ignore_ascii_case(&view.input.target_host.text));
    let mut steps = vec![Step::note("Change nothing: the event does not show the cause.")];
    if is_realm {
        return [steps, super::foreign::trust(view)].concat();
    }
    if is_domain {
        steps.push(Step::read(format!(
            "{target} is the name of a domain, not of a host: any of its domain controllers answers for \
             it. Its DNS records belong to the domain controllers and stay as they are. Find out which \
             domain controller answered, and check its machine password."
        )));
    }
    steps.push(
        view.with_verification(
            Step::read(
                "Collect what this report asks for and run krbtriage again. The log of the client, the \
                 addresses of the hosts, and a list of all SPNs answer most questions.",
            )
            .run(Command::new("setspn -T * -F -Q */* > spns.txt"))
            .run(Command::on(&view.client, "ipconfig /all > client.txt")),
        ),
    );
    steps
}
