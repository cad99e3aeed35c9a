//! Fixes for an address that two hosts own: of a management card, of a virtual switch, or by mistake.

use super::Step;
use super::view::View;
use crate::diagnosis::command::Command;

/// Placeholder for the new address of a host.
const NEW_ADDRESS: &str = "<new address>";

/// Gives an adapter another fixed address and registers it. The old address is removed last, so that the host always has one.
fn change_address(place: &str, old: &str, new: &str) -> [Command; 3] {
    [
        format!("New-NetIPAddress -InterfaceAlias '<adapter>' -IPAddress {new} -PrefixLength <length>"),
        format!("Remove-NetIPAddress -IPAddress {old} -InterfaceAlias '<adapter>'"),
        "ipconfig /registerdns".to_owned(),
    ]
    .map(|line| Command::at(place, line))
}

/// The argument that selects the adapter by its description, so that no other one is disabled. An adapter without a description is
/// selected by name.
fn adapter_argument(view: &View<'_>) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || " -._".contains(c);
    let adapter = view.input.addresses.first().map(|shared| &*shared.adapter).unwrap_or_default();
    // Windows numbers several adapters of one kind: `IBM USB Remote NDIS Network Device #2`.
    let (plain, _) = adapter.split_once('#').unwrap_or((adapter, ""));
    match plain.trim() {
        "" => "-Name '<adapter>'".to_owned(),
        plain if plain.chars().all(safe) => format!("-InterfaceDescription '{plain}*'"),
        _ => "-Name '<adapter>'".to_owned(),
    }
}

/// Shows the adapter of the shared address on the client and on the target.
fn adapter_query(view: &View<'_>) -> [Command; 2] {
    let line = format!(
        "Get-NetIPAddress -IPAddress {} | Select-Object InterfaceAlias, InterfaceIndex, PrefixOrigin, PrefixLength",
        view.address()
    );
    [Command::on(&view.client, line.clone()), Command::on(&view.target, line)]
}

/// The check that separates a loopback by address from a loopback by name.
fn check_name_first(view: &View<'_>) -> Step {
    let target = view.target.in_sentence();
    let client = view.client.in_sentence();
    Step::read(format!(
        "Check the name first. If {target} resolves to an address of {client} itself (DNS, hosts file), \
         correct that entry. A change of the shared address fixes nothing then."
    ))
    .run(view.resolve_target())
    .run(view.search_hosts_file())
}

/// Disables the adapter of the shared address on one of two hosts.
fn disable_adapter(view: &View<'_>, step: Step) -> Step {
    let adapter = adapter_argument(view);
    let (_, either) = hosts_to_change(view);
    step.run_all([
        Command::at(
            &*either,
            format!("Get-NetAdapter {adapter} | Select-Object Name, InterfaceDescription, Status"),
        ),
        Command::at(&*either, format!("Disable-NetAdapter {adapter} -Confirm")),
    ])
    .undo("Enable the adapter again.", [Command::at("the same host", format!("Enable-NetAdapter {adapter}"))])
}

/// Adds the check of the name, except in an audit, where no client asked for a name.
fn with_name_check(view: &View<'_>, mut steps: Vec<Step>) -> Vec<Step> {
    if !view.is_audit() {
        steps.insert(1, check_name_first(view));
    }
    steps
}

/// The hosts that own the address and the hosts to change, in words: one of two, or all but one of many.
fn hosts_to_change(view: &View<'_>) -> (String, String) {
    let (client, target) = (view.client.in_sentence(), view.target.in_sentence());
    match view.input.addresses.first() {
        Some(shared) if view.is_audit() && shared.owners > 2 => {
            (format!("the {} hosts", shared.owners), format!("all of the {} hosts but one", shared.owners))
        }
        _ => (format!("{client} and {target}"), format!("{client} or {target}")),
    }
}

/// Steps for an address on the management cards of two hosts.
pub(super) fn management_card(view: &View<'_>) -> Vec<Step> {
    let address = view.address_words();
    let (both, either) = hosts_to_change(view);
    let mut fleet = match view.input.addresses.first() {
        Some(shared) if shared.owners > 2 && !view.is_audit() => format!(
            "{} of the {} hosts in the inventories own the address. Do this on every host that connects to \
             another one of them. ",
            shared.owners, shared.hosts
        ),
        _ => String::new(),
    };
    fleet.push_str("Try one host first.");
    let steps = vec![
        Step::note(
            "Safe in production hours, without a restart. The adapter connects the server to its own \
             management controller only. Vendor tools that use it lose that path.",
        ),
        Step::read(format!(
            "Ask whether the vendor's update or monitoring tools on {both} use the adapter that has \
             {address}, and note its name."
        ))
        .run_all(adapter_query(view)),
        view.with_verification(disable_adapter(
            view,
            Step::host(format!(
                "On {either}, disable the adapter, or turn LAN over USB off in the management controller, \
                 or give the adapter another address. {fleet}"
            ))
            .risk("vendor tools that talk to the controller through the operating system stop working.")
            .needs(
                "an elevated prompt, and one adapter in the first command's answer: that of the controller, \
                 not the one that your session comes through.",
            ),
        )),
        Step::read(
            "Run krbtriage audit on a schedule: a firmware update or the vendor's update tool can switch \
             the adapter on again.",
        ),
    ];
    with_name_check(view, steps)
}

/// Steps for an address that virtual switches of two hosts have in common.
pub(super) fn virtual_switch(view: &View<'_>) -> Vec<Step> {
    let address = view.address_words();
    let (both, either) = hosts_to_change(view);
    let steps = vec![
        Step::note(
            "Safe on a host where nothing uses the virtual switch. Elsewhere its virtual machines and \
             containers lose their network until they have addresses of the new range.",
        ),
        Step::read(format!("Find out what uses the switch that has {address} on {both}."))
            .run_all(adapter_query(view))
            .run(Command::at(
                "a Hyper-V host",
                "Get-VMNetworkAdapter -VMName * | Select-Object VMName, SwitchName",
            )),
        view.with_verification(
            disable_adapter(view, Step::host(format!(
                "On {either}, disable the host's adapter of a switch that nothing uses. The switch and its \
                 virtual machines stay as they are."
            ))
            .only_if("the checks show no virtual machine and no container on that switch")
            .risk("the host no longer reaches what may still be on that switch.")
            .needs("an elevated prompt.")),
        ),
        view.with_verification(
            Step::host(format!(
                "On {either}, give an internal Hyper-V or VMware switch another address range. Change \
                 a NAT network (New-NetNat) and the guests with it. For Docker set the range in daemon.json \
                 and restart Docker. The Default Switch of Hyper-V and WSL choose their range themselves at \
                 each start."
            ))
            .only_if("something uses the switch")
            .risk("virtual machines and containers on that switch lose their network until they have addresses of the new range.")
            .needs("an elevated prompt, and a maintenance window for what is on the switch.")
            .run_all(change_address(&either, &view.address(), NEW_ADDRESS))
            .undo("Give the adapter its old address.", change_address("the same host", NEW_ADDRESS, &view.address())),
        ),
    ];
    with_name_check(view, steps)
}

/// Steps for an address of two hosts on any other adapter. One of the hosts may be the responder.
pub(super) fn shared_address(view: &View<'_>) -> Vec<Step> {
    let (target, address) = (view.target.in_sentence(), view.address_words());
    let short = view.address();
    let other =
        if view.responder.is_absent() { view.client.in_sentence() } else { view.responder.in_sentence() };
    vec![
        Step::note(format!(
            "Not safe before you know which host should have {address}: the wrong change takes a host off \
             the network."
        )),
        Step::read(format!(
            "Find out whether {target} or {other} should have {short}: address plan, DHCP leases and \
             reservations, the MAC that answers now. An address that moved from one host to the other by \
             DHCP shows up in both of two old lists. An address that a cluster, NLB or failover pair \
             shares on purpose stays where it is."
        ))
        .run(Command::on(&view.client, format!("Get-NetNeighbor -IPAddress {}", view.address())))
        .run(Command::at("the DHCP server", format!("Get-DhcpServerv4Lease -IPAddress {}", view.address())))
        .run_all(adapter_query(view))
        .run(Command::on(&view.target, "Get-NetIPConfiguration -Detailed > before.txt"))
        .run(Command::on(view.server(), "Get-NetIPConfiguration -Detailed > before.txt")),
        view.with_verification(
            Step::host(
                "Reserve or exclude the address on the DHCP server, then let the wrong host ask for another one from \
                 its console.",
            )
            .only_if(format!("one of the two hosts has {short} by mistake, and PrefixOrigin of it there is Dhcp"))
            .risk("every connection to that host ends, your remote session too. Use its console.")
            .needs("an elevated prompt at the console of that host.")
            .run(Command::at("the host that has it by mistake", "ipconfig /release"))
            .run(Command::at("the host that has it by mistake", "ipconfig /renew"))
            .run(Command::at("the host that has it by mistake", "ipconfig /registerdns"))
            .undo("Take the reservation back and renew the lease.", []),
        ),
        view.with_verification(
            Step::host(
                "Give the host that has the address by mistake another one, and register its name again. The new \
                 address comes first, so that the host keeps one.",
            )
            .only_if(format!("one of the two hosts has {short} by mistake, and PrefixOrigin of it there is Manual"))
            .risk("every connection to the old address ends, your remote session too. Use its console.")
            .needs("an elevated prompt at the console of that host, a free address, and the prefix length and gateway in before.txt.")
            .run_all(change_address("the host that has it by mistake", &view.address(), NEW_ADDRESS))
            .undo("Restore what before.txt shows.", change_address("the same host", NEW_ADDRESS, &view.address())),
        ),
        Step::read(format!("Clear the caches on {} when the change is done.", view.client.in_sentence()))
            .run(Command::on(&view.client, "ipconfig /flushdns"))
            .run(Command::on(&view.client, "arp -d *")),
    ]
}

/// Steps for an address of two hosts that is still unknown.
pub(super) fn unknown_address(view: &View<'_>) -> Vec<Step> {
    let (client, target) = (view.client.in_sentence(), view.target.in_sentence());
    let both = format!("{client} and {target} both own an address");
    let web = match view.service {
        super::view::Service::Web => {
            " A web server that asks for its own site also answers itself: IIS in kernel mode then uses \
             the machine's key."
        }
        _ => "",
    };
    vec![
        Step::note(format!(
            "Change nothing before the addresses of {client} and {target} are known. {} may also be a \
             cluster name or an alias that is meant to resolve to {client}, which needs no change of \
             addresses.{web}",
            view.target.at_start()
        )),
        check_name_first(view),
        Step::read(format!(
            "Compare the addresses of {client} and {target}. Look at management cards first (adapters \
             named USB, NDIS, iDRAC, XClarity, or an address 169.254.x.x or 16.1.15.2), then at virtual \
             switches."
        ))
        .run(Command::on(&view.client, "ipconfig /all"))
        .run(Command::on(&view.target, "ipconfig /all")),
        view.with_verification(
            Step::host(
                "Disable the adapter that has the address on one of the two hosts, or give it another \
                 address. krbtriage explain bmc-usb-nic and krbtriage explain other-shared-address have \
                 the steps.",
            )
            .only_if(&both)
            .risk("what uses that adapter stops working.")
            .undo(
                "Enable the adapter again.",
                [Command::at("the same host", "Enable-NetAdapter -Name '<adapter>'")],
            ),
        ),
        Step::host(format!(
            "Let {client} accept its own alias: add {target} to BackConnectionHostNames \
             (HKLM\\SYSTEM\\CurrentControlSet\\Control\\Lsa\\MSV1_0, REG_MULTI_SZ) and restart."
        ))
        .only_if(format!("{target} is an alias of {client} and programs on {client} open it"))
        .risk("the loopback check of Windows no longer protects that name.")
        .undo("Take the name out of the value and restart.", []),
    ]
}
