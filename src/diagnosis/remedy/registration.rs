//! Fixes for SPNs on the wrong account, on several accounts, or on an account that is no longer used.

use super::Step;
use super::view::{Service, View};
use crate::diagnosis::command::{Command, Name, NameRole};
use crate::diagnosis::request::{account_query, join_names_with_and, on_every_controller, spn_query};

/// Steps for an SPN on another account than the one that answered.
pub(super) fn misplaced(view: &View<'_>) -> Vec<Step> {
    let is_machine_class =
        view.class.eq_ignore_ascii_case("host") || view.class.eq_ignore_ascii_case("RestrictedKrbHost");
    let owner_is_computer = view.owner_facts().is_some_and(|owner| owner.kind.is_machine());
    match (is_machine_class, view.input.via_host) {
        (true, _) if owner_is_computer || view.owner.is_absent() && view.service == Service::Windows => {
            host_spn(view)
        }
        (_, true) => through_host(view),
        _ => on_another_account(view),
    }
}

/// Steps for an SPN other than `HOST` that is itself registered on another account.
fn on_another_account(view: &View<'_>) -> Vec<Step> {
    let (spn, owner, account) =
        (view.spn.in_sentence(), view.owner.in_sentence(), view.account.with_origin());
    let server = view.server();
    let service = view.service.words();
    let mut steps = vec![Step::note(format!(
        "Not safe before you know which account {service} is meant to run under: moving {spn} from the \
         right account ends Kerberos for every client of it."
    ))];
    if view.may_be_service(Service::Web) {
        steps.push(super::web::rule_out_both_right(view));
    }
    steps.push(
        Step::read(format!(
            "Find the account that {service} runs under on {}, and ask its owner which account is \
             intended. If several nodes serve the name, all of them must run under one account.",
            server.with_origin()
        ))
        .run_all(view.service_accounts(server))
        .run_all(spn_query(&view.spn)),
    );
    steps.push(view.save_spns(&[&view.owner, &view.account]));
    if view.owner_facts().is_some_and(|owner| owner.disabled) {
        steps.push(Step::read(format!(
            "{owner} is disabled: it is probably a leftover, and no service can run under it."
        )));
    }
    let managed = if view.account_kind().is_managed() { ", a managed service account" } else { "" };
    let run_under =
        Step::host(format!("Run {service} under {owner}, restart it, and leave the SPN where it is."))
            .only_if(format!("{owner} is the intended service account"))
            .risk("the service restarts.")
            .needs(format!("the password of {owner}, unless it is a managed service account."))
            .undo(format!("Run {service} under {account} again."), []);
    steps.push(run_under);
    steps.push(view.move_spn(
        &view.owner,
        &view.account,
        &format!(
            "{service} is meant to run under {}{managed}, and nothing else uses {spn} on {owner}",
            view.account.in_sentence()
        ),
    ));
    if view.service == Service::Sql {
        steps.push(
            Step::read(
                "Restart SQL Server in a maintenance window. It registers its SPNs itself at the start \
                 where its account may write them. The application log shows event 26037 where it may \
                 not.",
            )
            .risk("connections to the instance end."),
        );
    }
    steps.push(view.purge_tickets());
    steps
}

/// Steps for an SPN that only the `HOST` SPN of a computer covers, while a service account answered.
fn through_host(view: &View<'_>) -> Vec<Step> {
    let (spn, account) = (view.spn.in_sentence(), view.account.in_sentence());
    let (service, server) = (view.service.words(), view.server());
    let mut steps = vec![
        Step::note(format!(
            "Safe if {account} is the account that {service} is meant to run under: one SPN is added, and \
             nothing is removed. The HOST SPN of the computer stays where it is."
        )),
        Step::read(format!("Check the account that {service} runs under on {}.", server.with_origin()))
            .run_all(view.service_accounts(server)),
    ];
    let risk = match view.service {
        Service::Web => {
            "WinRM (PowerShell remoting) to this host name then also gets tickets for this account and \
             fails, unless it uses -UseSSL or -IncludePortInSPN. An alias with an A record of its own for \
             the site avoids that."
        }
        _ => "every other service of this class on the host then gets tickets for this account.",
    };
    steps.push(
        Step::directory(format!("Register {spn} on {account}."))
            .only_if(format!("{service} is meant to run under {account}"))
            .risk(risk)
            .needs("the right to write servicePrincipalName on the account.")
            .run(view.setspn("-S", &view.account))
            .undo("Remove it again.", [view.setspn("-D", &view.account)])
            .verify(format!("{account} is the only owner."), spn_query(&view.spn)),
    );
    steps.push(
        Step::host(format!(
            "Run {service} under the computer's own account (LocalSystem, NetworkService) again."
        ))
        .only_if(format!("{account} is not the intended service account"))
        .risk("the service restarts.")
        .undo(format!("Run it under {account} again."), []),
    );
    steps.push(view.purge_tickets());
    steps
}

/// Steps for a `HOST` SPN of a computer, for which a service under another account answered.
fn host_spn(view: &View<'_>) -> Vec<Step> {
    let (spn, account) = (view.spn.in_sentence(), view.account.with_origin());
    let server = view.server();
    vec![
        Step::note(format!(
            "Leave {spn} where it is. Never move a computer's own HOST SPN: that breaks every other \
             service of the computer."
        )),
        Step::read(format!("Find the service on {} that runs under {account}.", server.with_origin()))
            .run_all(view.service_accounts(server)),
        view.with_verification(
            Step::host(
                "Run the service as LocalSystem or NetworkService again, which use the computer's key, or \
                 let the client ask for an SPN class of the service's own and register that one on its \
                 account.",
            )
            .only_if(format!("the service was moved to {account} and its clients ask for {spn}"))
            .risk("the service restarts and loses the rights of the old account.")
            .undo(format!("Run the service under {account} again."), []),
        ),
        view.purge_tickets(),
    ]
}

/// Steps for an SPN on several accounts.
pub(super) fn duplicate(view: &View<'_>) -> Vec<Step> {
    let spn = view.spn.in_sentence();
    let (service, server) = (view.service.words(), view.server());
    let owners: Vec<Name> =
        view.input.owners.iter().map(|facts| Name::account(facts, NameRole::Owner)).collect();
    let all = match owners.is_empty() {
        true => "the accounts that own it".to_owned(),
        false => join_names_with_and(&owners),
    };
    let save: Vec<&Name> = if owners.is_empty() { vec![&view.owner] } else { owners.iter().collect() };
    let mut steps = vec![
        Step::note(format!(
            "Not safe before you know which account {service} runs under. While two accounts of one domain \
             own {spn}, the KDC issues no ticket for it. Removing it from the right account leaves clients \
             without Kerberos."
        )),
        Step::read(format!(
            "Find out which of {all} {service} runs under on {}. Two domains of a forest may each have one \
             on purpose, where each has its own service.",
            server.with_origin()
        ))
        .run_all(view.service_accounts(server))
        .run_all(spn_query(&view.spn)),
        view.save_spns(&save),
    ];
    steps.push(
        Step::directory(format!("Remove {spn} from the account that is wrong, one account at a time."))
            .only_if(format!("{service} does not run under {} on any host", view.owner.in_sentence()))
            .risk(
                "Kerberos ends for every service that runs under that account and uses the SPN. Never \
                 remove a computer's own HOST SPN from its account.",
            )
            .needs("the right to write servicePrincipalName on the account.")
            .run(view.setspn("-D", &view.owner))
            .undo(
                "Restore it from before.txt. setspn -S refuses it while another account has it.",
                [view.setspn("-S", &view.owner)],
            )
            .verify(
                "One owner is left. Do not wait for a clean setspn -F -X: it takes long and much memory, \
                 and in a forest with child domains it always lists kadmin/changepw.",
                spn_query(&view.spn),
            ),
    );
    steps.push(view.purge_tickets());
    steps
}

/// Steps for an account that no machine or service uses any more.
pub(super) fn leftover(view: &View<'_>) -> Vec<Step> {
    let (spn, owner, account) =
        (view.spn.in_sentence(), view.owner.in_sentence(), view.account.with_origin());
    let unused = format!("no machine and no service uses {owner} any more");
    let mut steps = vec![
        Step::note(format!(
            "Safe once nobody uses {owner}. Disable it before you remove anything: that is undone in a second."
        )),
        Step::read(format!("Find out whether anything still logs on as {owner}, and save its SPNs."))
            .run(Command::new(account_query(
                &view.owner,
                "lastLogonTimestamp, pwdLastSet, userAccountControl, whenChanged, operatingSystem",
            )))
            .run(Command::new(format!("setspn -L {} > before.txt", view.owner.in_command()))),
    ];
    if !view.owner_facts().is_some_and(|facts| facts.disabled) {
        steps.push(
            Step::directory(format!("Disable {owner}, and wait some days before you go on."))
                .only_if(&unused)
                .risk("what still logs on as this account fails.")
                .needs("the right to change the account.")
                .run(Command::new(format!("Disable-ADAccount {}", view.owner.in_command())))
                .undo(
                    "Enable it again.",
                    [Command::new(format!("Enable-ADAccount {}", view.owner.in_command()))],
                )
                .verify("Nobody reports a failed logon.", []),
        );
    }
    steps.push(
        Step::directory(format!(
            "Remove {spn} from {owner}, and register it on {account} where {account} should serve it."
        ))
        .only_if(&unused)
        .risk("clients get no ticket for it until it is registered and replicated.")
        .needs("the right to write servicePrincipalName on both accounts.")
        .run(view.setspn("-D", &view.owner))
        .run(Command::new(on_every_controller(&view.owner, "servicePrincipalName")))
        .run(view.setspn("-S", &view.account))
        .undo(
            "Restore what before.txt shows.",
            [view.setspn("-D", &view.account), view.setspn("-S", &view.owner)],
        )
        .verify(
            "The owner is right, or the SPN falls back to the HOST SPN of the right computer.",
            spn_query(&view.spn),
        ),
    );
    steps.push(view.purge_tickets());
    steps
}
