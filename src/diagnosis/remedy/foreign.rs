//! Fixes for keys that are not on a Windows host alone: keytabs, appliances, Azure Files, Entra ID, trusts.

use super::Step;
use super::view::View;
use crate::diagnosis::command::Command;
use crate::diagnosis::request::{
    CHECK_STORAGE_ACCOUNT, LIST_KEYTAB, STORAGE_MODULE, account_query, join_names_with_and, two_domains,
    verify_trust,
};

/// Places for commands that do not run on Windows.
const LINUX: &str = "the host (Linux)";
const ONTAP: &str = "the NetApp cluster";

/// The check for a host that may run another system than Windows.
pub(super) fn check_other_system(view: &View<'_>) -> Step {
    let host = view.server().in_sentence();
    Step::read(
        "Compare the key version (kvno) of its keytab with the directory. The repair commands of Windows \
         cannot run there. krbtriage explain keytab has the steps: Samba, SSSD, NetApp and others set a new \
         key with a command of their own.",
    )
    .when(format!(
        "{host} is not a Windows machine (Linux with Samba, SSSD or Java, NetApp, TrueNAS, another appliance)"
    ))
    .run(Command::new(account_query(
        &view.account,
        "msDS-KeyVersionNumber, pwdLastSet, msDS-SupportedEncryptionTypes",
    )))
    .run(Command::at(LINUX, LIST_KEYTAB))
}

/// The check for a service that may read its key from a keytab.
pub(super) fn check_keytab(view: &View<'_>) -> Step {
    Step::read(format!(
        "Compare the key version (kvno) and encryption types of the keytab with {}. krbtriage explain \
         keytab has the steps for a new one.",
        view.account.in_sentence()
    ))
    .when("the service reads its key from a keytab (Java, Linux, an appliance)")
    .run(Command::new(account_query(&view.account, "msDS-KeyVersionNumber, msDS-SupportedEncryptionTypes")))
    .run(Command::at(LINUX, LIST_KEYTAB))
}

/// The steps that set a new machine password with the tool of a system other than Windows. Each system has a step of its own,
/// because a second tool would outdate the key of the first.
fn reset_with_own_tool(view: &View<'_>) -> Vec<Step> {
    let differs = "the kvno or the encryption types differ";
    let systems: [(&str, &str, Vec<Command>); 3] = [
        (
            "Samba (winbind) joined the domain",
            "Let Samba set a new machine password and write its keytab.",
            vec![
                Command::at(LINUX, "net ads testjoin"),
                Command::at(LINUX, "net ads changetrustpw"),
                Command::at(LINUX, "net ads keytab create"),
            ],
        ),
        (
            "SSSD, realmd or adcli joined the domain",
            "Let adcli set a new machine password and write the keytab.",
            vec![
                Command::at(LINUX, "adcli testjoin"),
                Command::at(LINUX, "adcli update --computer-password-lifetime=0"),
            ],
        ),
        (
            "it is a NetApp SVM",
            "Let ONTAP set a new machine password. On TrueNAS and other appliances do the same in their console, \
          or leave the domain and join it again.",
            vec![
                Command::at(ONTAP, "vserver cifs check -vserver <svm>"),
                Command::at(ONTAP, "vserver cifs domain password reset -vserver <svm>"),
            ],
        ),
    ];
    let step = |(system, action, commands): (&'static str, &'static str, Vec<Command>)| {
        view.with_verification(
            Step::directory(action)
                .only_if(format!("{system}, and {differs}"))
                .risk(
                    "open sessions end. Every service that holds a copy of the old keytab fails until it has \
                     the new one. Run one of these steps only: a second one outdates the key of the first.",
                )
                .needs("root or administrator on that system, and a copy of the old keytab.")
                .run_all(commands)
                .undo("The old key cannot be restored. If the reset fails, join the domain again.", []),
        )
    };
    systems.into_iter().map(step).collect()
}

/// Steps for a keytab that is out of date, or the key of an appliance.
pub(super) fn keytab(view: &View<'_>) -> Vec<Step> {
    let (account, spn) = (view.account.in_sentence(), view.spn.in_sentence());
    let realm = match view.domains.iter().find(|domain| domain.is_known()) {
        Some(domain) => domain.in_command().to_ascii_uppercase(),
        None => "<REALM>".to_owned(),
    };
    let mut steps = vec![
        Step::note(format!(
            "Safe for {spn} in a maintenance window. A new key for {account} also ends every other keytab \
             and service of that account. The SPN is right and stays where it is. No repair command of \
             Windows applies."
        )),
        Step::read(format!(
            "Compare the key version (kvno) and the encryption types of the keytab with {account} in the \
             directory."
        ))
        .run(Command::new(account_query(
            &view.account,
            "msDS-KeyVersionNumber, pwdLastSet, msDS-SupportedEncryptionTypes",
        )))
        .run(Command::at(LINUX, LIST_KEYTAB))
        .run(Command::at(LINUX, format!("kvno {}", view.spn.in_query()))),
    ];
    steps.extend(reset_with_own_tool(view));
    steps.push(view.with_verification(
        Step::directory(
            "For a service account such as that of a Java server, make a new keytab with AES keys, copy it \
             to every host of the service, and restart it there. The command asks for a password, sets it \
             as the new one of the account, and raises the kvno. Run it alone. The two options at its end \
             leave the logon name (UPN) and the SPNs of the account as they are. On Linux, msktutil does the \
             same.",
        )
        .only_if(format!("{account} is a service account, and every service of it can get the new keytab at one time"))
        .risk(
            "every other keytab of the account is worthless from that moment, and so is every stored \
             password. Never run it for a computer account: that machine loses the domain.",
        )
        .needs("a maintenance window, a copy of the old keytab, and the right to set the password.")
        .run(Command::new(format!(
            "ktpass /princ {}@{realm} /mapuser {} /crypto AES256-SHA1 /ptype KRB5_NT_PRINCIPAL /pass * /out \
             new.keytab -SetUPN /mapop add",
            view.spn.in_query(),
            view.account.in_command()
        )))
        .undo("The old key cannot be restored: make another keytab.", []),
    ));
    steps.push(
        Step::directory(format!("Set {account} to AES only (24), so that the KDC never uses RC4 for it."))
            .only_if("the new keytab has AES keys on every host of the account")
            .risk("a keytab with RC4 only fails at once. Since the updates of 2026 (CVE-2026-20833, KDC 201 to 209) it fails anyway.")
            .needs("the right to change the account, and a note of the old value.")
            .run(view.set_encryption_types("24"))
            .undo("Set the old value. 28 allows RC4 too, as an exception with a date.", [view.set_encryption_types("<old value>")])
            .verify("kvno gets a ticket with AES.", [Command::at(LINUX, format!("kvno {}", view.spn.in_query()))]),
    );
    steps.push(view.purge_tickets());
    steps
}

/// Steps for the key of an Azure storage account.
pub(super) fn azure_files(view: &View<'_>) -> Vec<Step> {
    let account = view.account.in_sentence();
    let rotate = |key: &str| {
        format!(
            "Update-AzStorageAccountADObjectPassword -RotateToKerbKey {key} -ResourceGroupName <resource \
             group> -StorageAccountName <storage account>"
        )
    };
    let module = STORAGE_MODULE;
    vec![
        Step::note(format!(
            "Safe in production hours for mounted shares. New connections may fail until the key has \
             replicated. {account} stands for an Azure storage account, not for a machine: leave the \
             account and its SPN as they are."
        )),
        Step::read("Check the storage account and its AD object: key, encryption types, SPN.")
            .run(Command::at(module, CHECK_STORAGE_ACCOUNT))
            .run(Command::new(account_query(&view.account, "msDS-SupportedEncryptionTypes, pwdLastSet, servicePrincipalName"))),
        view.with_verification(
            Step::directory(format!(
                "Set the password of {account} to the other kerb key of the storage account: kerb2 if the \
                 account uses kerb1, else kerb1."
            ))
            .risk("clients get new tickets. An expiry of the password in the directory ends the access again, so exclude the account from it.")
            .needs("the right to reset the password of the account, and Owner or Contributor on the storage account.")
            .run(Command::at(module, rotate("kerb2")))
            .undo("Rotate to the other key.", [Command::at(module, rotate("kerb1"))]),
        ),
        Step::directory(format!("Allow AES-256 on {account}, then set its password to the other kerb key as above: keys are made only then."))
            .only_if("its msDS-SupportedEncryptionTypes lacks 16 (it was joined with RC4 only)")
            .risk("none for clients of today. Those that know RC4 only fail.")
            .needs("a version of AzFilesHybrid that supports AES-256, and the right to change the account.")
            .run(Command::at(
                module,
                "Update-AzStorageAccountAuthForAES256 -ResourceGroupName <resource group> \
                 -StorageAccountName <storage account>",
            ))
            .undo("Set the old value of msDS-SupportedEncryptionTypes and rotate the key again.", [Command::at(module, rotate("kerb1"))])
            .verify("The value has 16.", [Command::new(account_query(&view.account, "msDS-SupportedEncryptionTypes"))]),
        view.purge_tickets(),
    ]
}

/// Steps for the account AZUREADSSOACC, whose key Entra ID has too.
pub(super) fn entra(view: &View<'_>) -> Vec<Step> {
    let account = view.account.in_sentence();
    vec![
        Step::note(format!(
            "Safe: users who fail to sign on silently get the sign-in page. {} belongs to Entra Seamless \
             SSO and is no machine. DNS and the SPN are right. Entra ID has only the keys of the last \
             rollover.",
            view.account.at_start()
        )),
        Step::read(format!("See when the password of {account} and its encryption types were changed."))
            .run(Command::new(account_query(&view.account, "pwdLastSet, whenChanged, msDS-SupportedEncryptionTypes"))),
        view.with_verification(
            Step::directory(
                "Roll the key over, once: Entra ID and the directory then have the same keys, of the \
                 encryption types that the account allows now.",
            )
            .risk("tickets of before fail until they run out. Do not run it twice within 10 hours.")
            .needs(
                "a domain administrator of the forest, a hybrid identity administrator of the tenant, and \
                 the module AzureADSSO.psd1 of Entra Connect.",
            )
            .run(Command::at("the Entra Connect server", "New-AzureADSSOAuthenticationContext"))
            .run(Command::at("the Entra Connect server", "Update-AzureADSSOForest -OnPremCredentials (Get-Credential)"))
            .undo("The old key cannot be restored. Turn Seamless SSO off for the forest if sign-on fails for all.", [Command::at(
                "the Entra Connect server",
                "Disable-AzureADSSOForest -OnPremCredentials (Get-Credential)",
            )]),
        ),
        view.purge_tickets(),
    ]
}

/// Steps for the key of a trust, or the PAC of tickets that came through it.
pub(super) fn trust(view: &View<'_>) -> Vec<Step> {
    let both = match view.domains.as_slice() {
        [] | [_] => "the two domains".to_owned(),
        all => join_names_with_and(all),
    };
    let (here, there) = two_domains(&view.domains);
    let place = "a domain controller of each side";
    vec![
        Step::note(format!(
            "Not in production hours: a reset of the trust between {both} interrupts logons across it \
             until both sides have replicated. SPNs, DNS and machine passwords have no part in this."
        )),
        Step::read(
            "Verify the trust from both sides, and read the events of the KDCs: 28 (key version of the \
             trust), 18, 35 to 38, 43 and 44 (PAC signatures). Compare the time and the update level of \
             all domain controllers: PAC signatures fail where only some have the updates KB5008380, \
             KB5020805 and KB5037754.",
        )
        .run(verify_trust(&view.domains))
        .run(Command::at(
            place,
            "Get-WinEvent -FilterHashtable \
             @{LogName='System';ProviderName='Microsoft-Windows-Kerberos-Key-Distribution-Center';Id=18, \
             28, 35, 36, 37, 38, 43, 44}",
        ))
        .run(Command::at(place, "w32tm /query /status")),
        Step::host("Bring every domain controller of both sides to the same update level.")
            .only_if("the events are 35 to 38, 43 or 44 and the trust verifies")
            .risk("each domain controller restarts.")
            .undo("Uninstall the update where it breaks something else.", []),
        view.with_verification(
            Step::directory("Reset the password of the trust on both sides.")
                .only_if("the verification fails on time-synchronised domain controllers whose replication works")
                .risk("logons across the trust fail until every domain controller of both sides has the new password.")
                .needs("domain administrators of both sides.")
                .run(Command::at(
                    place,
                    format!(
                        "netdom trust {here} /domain:{there} /reset /usero:<administrator here> \
                         /passwordo:* /userd:<administrator there> /passwordd:*"
                    ),
                ))
                .undo("The old password cannot be restored: reset it again if one side lacks it.", []),
        ),
        view.purge_tickets(),
    ]
}
