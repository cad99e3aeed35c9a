//! Fixes for HTTP if both accounts are right: IIS in kernel mode, and WinRM on a host with a web site.

use super::Step;
use super::view::View;
use crate::diagnosis::AccountKind;
use crate::diagnosis::command::Command;
use crate::diagnosis::request::{LIST_POOLS, WINDOWS_AUTHENTICATION, appcmd, spn_query};

/// The check for the cases in which the SPN is right although another account answered.
pub(super) fn rule_out_both_right(view: &View<'_>) -> Step {
    use AccountKind::{DelegatedManagedService, ManagedService, User};
    let (spn, owner, account) =
        (view.spn.in_sentence(), view.owner.in_sentence(), view.account.with_origin());
    let service = matches!(view.account_kind(), User | ManagedService | DelegatedManagedService);
    if service && !view.account.is_absent() {
        return Step::read(format!(
            "Rule out that both accounts are right: two web sites of one host, one under {owner} and one \
             under {account}. Browsers ask for the host name without the port, so both sites get tickets \
             for {owner}. Then leave {spn} where it is, and run both pools under one account, or give the \
             site of {account} a host name of its own with its own SPN."
        ))
        .run(appcmd(&view.server().with_origin(), LIST_POOLS));
    }
    Step::read(format!(
        "Rule out two cases in which the SPN is right and must stay. IIS in kernel mode decrypts with the \
         machine's key whatever account the pool runs under: set useAppPoolCredentials (krbtriage explain \
         kernel-mode). WinRM asks for HTTP/{} too and meets the SPN of the web site: connect with -UseSSL \
         or -IncludePortInSPN (krbtriage explain two-services).",
        view.target.in_sentence()
    ))
    .run(appcmd(&view.server().with_origin(), &format!("list config '<site>' {WINDOWS_AUTHENTICATION}")))
}

/// Steps for a web site whose SPN is on the pool's account, while IIS decrypts with the machine's key.
pub(super) fn kernel_mode(view: &View<'_>) -> Vec<Step> {
    let (spn, owner) = (view.spn.in_sentence(), view.owner.in_sentence());
    let server = view.server();
    let place = server.with_origin();
    let iis = |arguments: &str| appcmd(&place, arguments);
    let set = |on: &str| iis(&format!("set config '<site>' {WINDOWS_AUTHENTICATION} {on} /commit:apphost"));
    vec![
        Step::note(format!(
            "Safe now: one setting of IIS, no change in the directory or in DNS. Leave {spn} on {owner}: \
             without it Kerberos for the site ends for every client. Open requests of the site may fail \
             while it reloads."
        )),
        Step::read(format!(
            "Check that the site on {} uses kernel-mode authentication and that its pool runs under \
             {owner}. If the client is PowerShell remoting, SCVMM or Server Manager, the web site is in \
             order: see krbtriage explain two-services.",
            server.with_origin()
        ))
        .run(iis(&format!("list config '<site>' {WINDOWS_AUTHENTICATION}")))
        .run(iis(LIST_POOLS)),
        view.with_verification(
            Step::host(format!(
                "Let IIS decrypt with the key of the pool's account: set useAppPoolCredentials to true, or \
                 turn kernel mode off. Do this on every node that serves the name, and let all of them use \
                 {owner}."
            ))
            .only_if(format!("the pool of the site runs under {owner}"))
            .risk("with kernel mode off, authentication costs more time. Some sites rely on it.")
            .needs("an elevated prompt on the web server.")
            .run(iis(&format!("list config '<site>' {WINDOWS_AUTHENTICATION}")))
            .run(set("-useAppPoolCredentials:true"))
            .undo(
                "Set it back. Do not restore a backup of IIS for that: it also takes back what others changed since.",
                [set("-useAppPoolCredentials:false")],
            ),
        ),
        Step::host(format!("Run the pool under {owner} on every node, then set useAppPoolCredentials to true."))
            .only_if(format!("the pool runs under another account although {owner} is the intended one"))
            .risk("the pool restarts and loses the rights of its old account.")
            .undo("Run the pool under its old account again.", []),
        view.save_spns(&[&view.owner]),
        Step::directory(format!("Remove {spn} from {owner}, so that it falls back to the HOST SPN of the computer."))
            .only_if(format!("no pool and no service on any node runs under {owner} any more, and each node has a name of its own"))
            .risk("Kerberos ends for every site whose pool still runs under that account.")
            .needs("the right to write servicePrincipalName on the account.")
            .run(view.setspn("-D", &view.owner))
            .undo("Register it again.", [view.setspn("-S", &view.owner)])
            .verify("Only HOST of the computer is left.", spn_query(&view.spn)),
        view.purge_tickets(),
    ]
}

/// Steps for WinRM on a host whose HTTP SPN is on the account of a web site.
pub(super) fn two_services(view: &View<'_>) -> Vec<Step> {
    let (spn, owner, target) = (view.spn.in_sentence(), view.owner.in_sentence(), view.target.in_sentence());
    let host = view.target.in_command();
    let computer = match (view.account.is_known(), view.target.is_known()) {
        (true, _) => view.account.in_command().to_owned(),
        (false, true) => format!("'{}$'", view.target.netbios_label()),
        (false, false) => "<computer account>".to_owned(),
    };
    let port_spn = format!("HTTP/{}:5985", view.target.in_query());
    vec![
        Step::note(format!(
            "Safe now, as long as {spn} stays on {owner}. Both services are right: the web service owns \
             the SPN, and WinRM, which Windows runs under the computer's account, asks for the same one. \
             Moving it breaks the web service."
        )),
        Step::read(format!(
            "Check that the program on {} is WinRM: PowerShell remoting, Server Manager, SCVMM, Windows \
             Admin Center. If a browser or a web client failed, see krbtriage explain kernel-mode.",
            view.client.in_sentence()
        ))
        .run_all(view.service_accounts(view.server())),
        use_spn_with_port(view, host, &port_spn, &computer),
        Step::directory(format!(
            "Give the web service a name of its own: an A record, HTTP/<site name> registered on {owner}, \
             and the clients changed to it. Remove {spn} from {owner} last."
        ))
        .only_if(
            "the program can do neither, and every client of the web service can be changed to another name",
        )
        .risk(format!("clients that still use {target} lose Kerberos for the web service."))
        .needs("the right to write servicePrincipalName on the account, and to add a DNS record.")
        .run(Command::new(format!("setspn -L {} > before.txt", view.owner.in_command())))
        .run(Command::new(format!("setspn -S HTTP/<site name> {}", view.owner.in_command())))
        .run(view.setspn("-D", &view.owner))
        .undo("Register the old SPN again.", [view.setspn("-S", &view.owner)])
        .verify("Each name has one owner.", spn_query(&view.spn)),
        view.purge_tickets(),
    ]
}

/// The step that makes WinRM ask for an SPN with its port, which the computer owns.
fn use_spn_with_port(view: &View<'_>, host: &str, port_spn: &str, computer: &str) -> Step {
    let session = format!(
        "Invoke-Command -ComputerName {host} -SessionOption (New-PSSessionOption -IncludePortInSPN) {{ \
         hostname }}"
    );
    Step::directory(format!(
        "Let WinRM ask for an SPN with its port: register {} on the computer, and connect with \
         -IncludePortInSPN. Or connect with -UseSSL, where the target has an HTTPS listener with a \
         certificate for its name.",
        if view.target.is_absent() { "HTTP/<target host>:5985" } else { port_spn }
    ))
    .only_if("the program is WinRM and can set one of these options")
    .risk("none for the web service.")
    .needs("the right to write servicePrincipalName on the computer account.")
    .run(Command::new(format!("setspn -S {port_spn} {computer}")))
    .undo("Remove it again.", [Command::new(format!("setspn -D {port_spn} {computer}"))])
    .verify(
        "The session opens.",
        [
            Command::on(&view.client, session),
            Command::on(&view.client, format!("Enter-PSSession -ComputerName {host} -UseSSL")),
        ],
    )
}
