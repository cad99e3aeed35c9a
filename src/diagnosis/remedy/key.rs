//! Fixes for a responder whose key differs from the directory: machine passwords, service accounts, managed
//! accounts, encryption types, old tickets.

use super::Step;
use super::view::{Service, View};
use super::{controller, foreign};
use crate::diagnosis::AccountKind;
use crate::diagnosis::command::Command;
use crate::diagnosis::request::{
    ENCRYPTION_POLICY, MANAGED_PASSWORD_EVENTS, account_query, on_every_controller, test_managed_account,
};
use crate::text::sentence::capitalise;

/// The fix for an account whose key neither a machine nor a user sets, if the account that answered is one.
fn fix_of_account_kind(view: &View<'_>) -> Option<Vec<Step>> {
    match view.account_kind() {
        AccountKind::ManagedService | AccountKind::DelegatedManagedService => Some(managed_account(view)),
        AccountKind::ClusterName => Some(super::cluster::cluster_name_account(view)),
        AccountKind::AzureStorage => Some(foreign::azure_files(view)),
        AccountKind::EntraSeamlessSso => Some(foreign::entra(view)),
        _ => None,
    }
}

/// Steps for the machine password of a host.
pub(super) fn machine_account(view: &View<'_>) -> Vec<Step> {
    if let Some(steps) = fix_of_account_kind(view) {
        return steps;
    }
    if view.account_kind().is_domain_controller() || view.input.responder_is_controller == Some(true) {
        return controller::domain_controller(view);
    }
    let system =
        view.input.responder_account.as_ref().and_then(|account| account.operating_system.as_deref());
    if system.is_some_and(|system| !is_windows(system)) {
        return foreign::keytab(view);
    }
    let controller = view.input.responder_is_controller;
    let host = view.server();
    let name = host.in_sentence();
    let mut steps = vec![Step::note(format!(
        "Safe on a member server, without a restart, if {name} is the only machine of its name: the repair \
         sets a new machine password. It is wrong on a domain controller, on a cluster name, on a managed \
         service account, and on a system other than Windows."
    ))];
    if controller.is_none() {
        let is_controller = format!("{name} is a domain controller");
        steps.push(
            Step::read(format!(
                "See whether {name} is a domain controller: the number is 4 or 5 there, and 3 on a member \
                 server. What is right on one breaks the other."
            ))
            .run(Command::on(host, "(Get-CimInstance Win32_ComputerSystem).DomainRole")),
        );
        steps.push(controller::check_rollback(view).when(&is_controller));
        steps.extend(controller::reset_password(
            view,
            &format!("{is_controller}, no event 2095 or 2103 exists, and another one of its domain works"),
        ));
    }
    let member = match controller {
        Some(_) => String::new(),
        None => " (not on a domain controller)".to_owned(),
    };
    steps.push(
        Step::read(format!(
            "See whether all domain controllers have the same password of {name}. Directly after a change \
             a short burst of events is harmless: wait for one replication cycle."
        ))
        .run(Command::new(on_every_controller(&view.account, "pwdLastSet")))
        .run(Command::new("repadmin /replsummary")),
    );
    steps.push(
        Step::read(format!(
            "See whether another machine uses the same name as {name}: one that was cloned, restored or \
             joined again. A repair on one disconnects the other, so rename one of them first."
        ))
        .run(Command::new(account_query(
            &view.account,
            "whenCreated, operatingSystem, lastLogonTimestamp, pwdLastSet, dNSHostName",
        )))
        .run(Command::new(format!("Resolve-DnsName {}", view.target.in_query()))),
    );
    steps.push(
        Step::read(format!(
            "Test the secure channel on {name}{member}. False confirms a broken password. True does not \
             exclude it, because NETLOGON also tries the previous password."
        ))
        .needs("elevated Windows PowerShell 5.1. PowerShell 7 lacks the command.")
        .run(Command::on(host, "Test-ComputerSecureChannel -Verbose")),
    );
    steps.push(repair_machine_password(view));
    steps.push(Step::read(format!(
        "If {name} was put back from a snapshot or runs from an image, repair it now, before anything else \
         relies on it. On instant clones and streamed desktops repair the parent image instead, and let \
         the image keep its password (DisablePasswordChange)."
    )));
    steps.push(
        Step::read(
            "If the failure returns after the repair, look at the encryption types of account and host \
             (krbtriage explain encryption-type), and for LsaSrv 6167: two machines with one SID need a \
             rebuild with Sysprep (KB5070568).",
        )
        .run(Command::new(account_query(&view.account, "msDS-SupportedEncryptionTypes, pwdLastSet")))
        .run(Command::on(host, ENCRYPTION_POLICY)),
    );
    if system.is_none() {
        steps.push(foreign::check_other_system(view));
    }
    steps.push(view.purge_tickets());
    steps
}

/// Is this the operatingSystem of Windows or of Microsoft's hypervisor?
fn is_windows(system: &str) -> bool {
    let system = system.to_ascii_lowercase();
    system.contains("windows") || system.starts_with("hyper-v server")
}

/// The step that sets a new machine password on a member.
fn repair_machine_password(view: &View<'_>) -> Step {
    let host = view.server();
    Step::directory(format!(
        "Set a new machine password on {}. Log on there with a local administrator: logons of the domain \
         may fail meanwhile.",
        host.with_origin()
    ))
        .only_if("the test is False, the host is a member and no domain controller, and no other machine uses its name")
        .risk("services of the host fail until the domain controllers of its site have the new password.")
        .needs(
            "elevated Windows PowerShell 5.1 on the host, a local administrator, and an account that may \
             reset the password. Name a domain controller in the site of the clients.",
        )
        .run(Command::on(
            host,
            "Test-ComputerSecureChannel -Repair -Server <DC of the site> -Credential (Get-Credential)",
        ))
        .undo("The old password cannot be restored. If the repair fails, repeat it, or join the domain again.", [])
        .verify(
            "The secure channel is good.",
            [
                Command::on(host, "Test-ComputerSecureChannel -Verbose"),
                Command::on(host, format!("nltest /sc_query:{}", view.domain())),
            ],
        )
}

/// Steps for the password of a service account on the hosts of its service.
pub(super) fn service_account(view: &View<'_>) -> Vec<Step> {
    if let Some(steps) = fix_of_account_kind(view) {
        return steps;
    }
    let account = view.account.in_sentence();
    let service = view.service.words();
    let mut steps = vec![Step::note(format!(
        "Safe in a maintenance window: {service} restarts. A host that keeps the old password can lock \
         {account} out for everyone."
    ))];
    if account.ends_with('$') {
        let mut check =
            check_managed_account(view).when(format!("{account} is a managed service account (gMSA)"));
        check
            .action
            .to_mut()
            .insert_str(0, "Nobody types its password, and the steps below are not for it. ");
        steps.push(check);
    }
    steps.push(
        Step::read(format!(
            "List every place that uses {account}: services, application pools, scheduled tasks, on every \
             host. Compare the date of its password with the last start of the service."
        ))
        .run(Command::new(account_query(
            &view.account,
            "pwdLastSet, lockoutTime, msDS-SupportedEncryptionTypes",
        )))
        .run_all(view.service_accounts(view.server()))
        .run(Command::on(
            view.server(),
            "Get-WinEvent -FilterHashtable @{LogName='System';ProviderName='Service Control Manager', \
             'Microsoft-Windows-WAS';Id=7000, 7038, 7041, 5021, 5057, 5059}",
        )),
    );
    let tool = match view.service {
        Service::Sql => " For SQL Server use SQL Server Configuration Manager.",
        Service::Web => " For IIS set it on the application pool.",
        _ => "",
    };
    steps.push(view.with_verification(
        Step::host(format!(
            "Store the current password of {account} in each of these places, on every host, and restart \
             {service} there.{tool}"
        ))
        .only_if(format!("{account} is a user account, and its password was changed after {service} last started or was refused"))
        .risk("the service restarts. A wrong password locks the account out.")
        .needs("the current password. If nobody has it, plan a new one for all hosts at one time.")
        .undo("Store the previous password, if you undo the change in the directory too.", []),
    ));
    steps.push(foreign::check_keytab(view));
    steps.push(Step::read(
        "Look at the encryption types if the password is right (krbtriage explain encryption-type).",
    ));
    steps.push(view.purge_tickets());
    steps
}

/// The check whether a host may fetch the password of a managed service account, and can.
fn check_managed_account(view: &View<'_>) -> Step {
    let (account, server) = (&view.account, view.server());
    Step::read(format!(
        "Test on every host that runs the service whether it can fetch the password of {}. Look at who may \
         retrieve it (PrincipalsAllowedToRetrieveManagedPassword), at the time, and at replication.",
        account.in_sentence()
    ))
    .needs("the Active Directory module (RSAT) on the host.")
    .run(test_managed_account(server, account))
    .run(Command::new(format!(
        "Get-ADServiceAccount {} -Properties PrincipalsAllowedToRetrieveManagedPassword, PasswordLastSet, \
         msDS-SupportedEncryptionTypes",
        account.in_query()
    )))
    .run(Command::on(server, "w32tm /query /status"))
    .run(Command::new(on_every_controller(account, "pwdLastSet")))
}

/// Steps for the password of a managed service account (gMSA or dMSA), which Windows fetches and nobody types.
pub(super) fn managed_account(view: &View<'_>) -> Vec<Step> {
    let account = view.account.in_sentence();
    let server = view.server();
    let word = view.account.in_command();
    let mut steps = vec![
        Step::note(format!(
            "Safe: {account} is a managed service account. Windows fetches its password from a domain \
             controller, so there is none to type. {} restarts.",
            capitalise(view.service.words())
        )),
        check_managed_account(view),
        Step::read(
            "Look for event 105 of Kerberos/Operational on the host: the password could not be fetched. \
             The host keeps the previous password too, so a burst directly after a rollover is replication \
             and ends by itself.",
        )
        .run(Command::on(server, MANAGED_PASSWORD_EVENTS))
        .run(Command::new("repadmin /replsummary")),
        Step::directory(format!(
            "Allow the host to retrieve the password of {account}: add its computer account to the group \
             that may, and restart the host, or purge its tickets so that it gets the new group."
        ))
        .only_if("Test-ADServiceAccount is False because the host is not among the principals that may retrieve the password")
        .risk("none for other hosts of the account.")
        .needs("the right to change the group.")
        .run(Command::new("Add-ADGroupMember <group> -Members <computer account of the host>"))
        .run(Command::on(server, "klist -li 0x3e7 purge"))
        .undo(
            "Take the host out of the group again.",
            [Command::new("Remove-ADGroupMember <group> -Members <computer account of the host>")],
        )
        .verify("The test is True.", [test_managed_account(server, &view.account)]),
        view.with_verification(
            Step::host(format!(
                "Install {account} on the host again and restart the service, so that it uses the current \
                 password."
            ))
            .risk("the service restarts.")
            .needs("an elevated prompt on the host, and Test-ADServiceAccount True.")
            .run(Command::on(server, format!("Install-ADServiceAccount {word}")))
            .undo("Nothing to undo: the password in the directory does not change.", []),
        ),
    ];
    if view.account_kind() != AccountKind::ManagedService {
        steps.push(
            Step::directory(
                "For a delegated managed service account (dMSA), look at the state of its migration, and \
                 complete it or take it back.",
            )
            .only_if("the account is a dMSA whose migration is not complete (msDS-DelegatedMSAState is 1)")
            .risk("the service changes its account.")
            .needs("the right to change both accounts.")
            .run(Command::new(account_query(
                &view.account,
                "msDS-DelegatedMSAState, msDS-ManagedAccountPrecededByLink",
            )))
            .run(Command::new(format!(
                "Complete-ADServiceAccountMigration -Identity {word} -SupersededAccount <distinguished \
                 name of the old account>"
            )))
            .undo(
                "Take the migration back.",
                [Command::new(format!(
                    "Undo-ADServiceAccountMigration -Identity {word} -SupersededAccount <distinguished \
                     name of the old account>"
                ))],
            )
            .verify(
                "The state is 2.",
                [Command::new(account_query(&view.account, "msDS-DelegatedMSAState"))],
            ),
        );
    }
    steps.push(Step::read(
        "Look at the encryption types if the host can fetch the password (krbtriage explain encryption-type).",
    ));
    steps.push(view.purge_tickets());
    steps
}

/// Steps for the encryption types of an account, its host and its keytabs.
pub(super) fn encryption_type(view: &View<'_>) -> Vec<Step> {
    match view.account_kind() {
        AccountKind::AzureStorage => return foreign::azure_files(view),
        AccountKind::EntraSeamlessSso => return foreign::entra(view),
        _ => {}
    }
    let account = view.account.in_sentence();
    let server = view.server();
    let types = |value: &str| view.set_encryption_types(value);
    vec![
        Step::note(format!(
            "Not safe before both sides are read: a wrong value ends Kerberos for every client of \
             {account}. The KDC uses only keys that the account has. The host or keytab lacks the key or \
             forbids it."
        )),
        Step::read(format!(
            "Read the encryption types of {account} and the date of its password. AES is 24 (0x18), RC4 is \
             4, both are 28 (0x1C). Empty or 0 means the default of the domain controllers, which is AES \
             only since the updates of 2026 (CVE-2026-20833). KDC events 201 to 209 name accounts that \
             still use RC4."
        ))
        .run(Command::new(account_query(
            &view.account,
            "msDS-SupportedEncryptionTypes, pwdLastSet, msDS-KeyVersionNumber, operatingSystem",
        ))),
        Step::read(
            "Read what the host allows. No value means the default of Windows. The policy is \"Network \
             security: Configure encryption types allowed for Kerberos\".",
        )
        .run(Command::on(server, ENCRYPTION_POLICY))
        .run(Command::on(server, "gpresult /scope computer /h policy.html")),
        view.with_verification(
            Step::host(
                "Allow AES on the host by that policy: select AES128 and AES256 together with the types \
                 that are allowed now, and run gpupdate.",
            )
            .only_if("the host's value lacks AES (8 and 16)")
            .risk("the policy applies to every host of its OU. Test it on one host.")
            .needs("the right to edit the policy, and a note of the old value.")
            .run(Command::on(server, "gpupdate /target:computer /force"))
            .undo(
                "Set the old value in the policy and run gpupdate.",
                [Command::on(server, "gpupdate /target:computer /force")],
            ),
        ),
        Step::directory(format!(
            "Set the password of {account} again, so that AES keys exist: twice, a day apart, for a very \
             old account. For a computer reset its machine password instead (krbtriage explain \
             machine-account). A managed service account gets new keys by itself."
        ))
        .only_if("its password is older than the AES keys of the domain (domain functional level 2008)")
        .risk("every host, pool, task and keytab of the account needs the new password at the same time.")
        .needs("a maintenance window for all of them.")
        .undo("The old keys cannot be restored. Store the new password everywhere.", [])
        .verify(
            "pwdLastSet is new on every domain controller.",
            [Command::new(on_every_controller(&view.account, "pwdLastSet"))],
        ),
        Step::directory(format!("Set {account} to AES only (24)."))
            .only_if("its password is recent, and every host and keytab of it has AES keys")
            .risk("a host or keytab without AES keys fails at once.")
            .needs("the right to change the account, and a note of the old value.")
            .run(types("24"))
            .undo("Set the old value. <old value> is what the first check showed.", [types("<old value>")])
            .verify(
                "klist on the client shows AES-256 for the new ticket.",
                [
                    Command::on(&view.client, "klist -li 0x3e7 purge"),
                    Command::on(&view.client, format!("klist get {}", view.spn.in_query())),
                ],
            ),
        Step::directory(format!(
            "Allow RC4 for {account} as well (28), with a date on which you take it back."
        ))
        .only_if("the service cannot use AES, and its replacement has a date")
        .risk("RC4 tickets can be cracked offline. Never go back to DES.")
        .needs("the right to change the account, and the approval of whoever answers for security.")
        .run(types("28"))
        .undo("Set it to AES only.", [types("24")])
        .verify(
            "The value is 28 on every domain controller.",
            [Command::new(on_every_controller(&view.account, "msDS-SupportedEncryptionTypes"))],
        ),
        foreign::check_keytab(view),
        view.purge_tickets(),
    ]
}

/// Steps for tickets that are older than the key or the registration.
pub(super) fn stale_ticket(view: &View<'_>) -> Vec<Step> {
    let account = view.account.in_sentence();
    let mut steps = vec![
        Step::note(format!(
            "Safe: nothing has to change. Tickets that were made before the change of {account} run out \
             within 10 hours."
        )),
        view.purge_tickets(),
        Step::read(format!(
            "See when {account} was changed, on every domain controller: a computer and a managed service \
             account keep the previous password too, so for them a burst means replication, not tickets."
        ))
        .run(Command::new(on_every_controller(&view.account, "pwdLastSet,whenChanged"))),
    ];
    let text = match account.ends_with('$') {
        true => "Look at its key: krbtriage explain machine-account, or managed-service-account for a gMSA.",
        false => "The service still uses the old password: krbtriage explain service-account has the steps.",
    };
    steps.push(Step::read(text).when("new events appear more than 10 hours after the change"));
    steps
}
