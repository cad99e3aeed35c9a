//! Every row of the decision table decides a situation, and every rival of a row that can confirm is open in one.
//!
//! The file is a table in the order of the decision table, so it is longer than others.

use krbtriage::diagnosis::{Cause, Confidence, Kind, RULES, Rule, Topology};
use krbtriage::inventory::accounts::{Account, ObjectClass};

use super::situation::*;

const PORTAL: &str = "portal.alpha.example.com";
const PORTAL_SPN: &str = "HTTP/portal.alpha.example.com";
const FILES_SPN: &str = "cifs/files.alpha.example.com";
const FILES: &str = "files.alpha.example.com";
const SQL: &str = "MSSQLSvc/srv5.alpha.example.com:1433";
const HTTP: &str = "HTTP/srv5.alpha.example.com";
const SECOND_SITE: &str = "HTTP/srv5.alpha.example.com:8080";
const CIFS: &str = "cifs/srv5.alpha.example.com";
const VIRTUAL: &str = "MSClusterVirtualServer/clu1.alpha.example.com";
const SRV7_ALPHA: &str = "srv7.alpha.example.com";
const SRV7_BETA: &str = "srv7.beta.example.com";
/// A time within the two months before the events.
const LATELY: &str = "2026-09-20T03:00:00Z";
/// A time years before the events.
const LONG_AGO: &str = "2024-01-02T03:00:00Z";
const DAY_OF_EVENTS: &str = "2026-10-06T13:00:00Z";

/// SRV1 asked for `target`, and its own account answered.
fn reached_itself(target: &str) -> Situation {
    Situation::asked(SRV1, target, "srv1$", [ALPHA, ALPHA])
}

/// The reference case: SRV1 asked for a host of the other domain.
fn reference(class: &str) -> Situation {
    Situation::asked(SRV1, &format!("{class}/{SRV2}"), "srv1$", [ALPHA, BETA])
}

fn with_card(situation: Situation) -> Situation {
    situation.owns_on(SRV1, "169.254.95.120", IBM_USB).owns_on(SRV2, "169.254.95.120", IBM_USB)
}

fn srv3_answered(target: &str) -> Situation {
    Situation::asked(SRV1, target, "srv3$", [ALPHA, ALPHA])
}

fn srv5_answered(target: &str) -> Situation {
    Situation::asked(SRV1, target, "srv5$", [ALPHA, ALPHA])
}

fn svc_sql_answered() -> Situation {
    Situation::asked(SRV1, SQL, "svc_sql", [ALPHA, ALPHA])
}

fn with_srv5_account(target: &str) -> Situation {
    srv5_answered(target).account(computer(SRV5))
}

fn svc_sql_owns() -> Situation {
    svc_sql_answered().service("svc_sql", &[SQL])
}

fn with_password_refused(situation: Situation) -> Situation {
    situation.netlogon(3210, SRV5, &["ALPHA", "\\\\DC1"])
}

fn with_logon_failed(situation: Situation, service: &str) -> Situation {
    let values = [("param1", service), ("param2", "ALPHA\\svc_sql"), ("param3", "%%1326")];
    situation.event("Service Control Manager", 7038, SRV5, &values)
}

fn with_cluster(situation: Situation) -> Situation {
    situation.account(Account {
        dns_host_name: Some("clu1.alpha.example.com".into()),
        ..account("CLU1$", ALPHA, &[VIRTUAL, "HOST/clu1.alpha.example.com"])
    })
}

/// The cluster on SRV3 could not update the computer object of its name.
fn with_cluster_refused(situation: Situation) -> Situation {
    let values = [("", "clu1"), ("", "alpha.example.com"), ("", "update"), ("", "text"), ("", "CLU1$")];
    situation.event("Microsoft-Windows-FailoverClustering", 1207, SRV3, &values)
}

fn with_rollback(situation: Situation) -> Situation {
    situation.event("Microsoft-Windows-ActiveDirectory_DomainService", 2095, SRV5, &[("", "x")])
}

fn node(name: &str) -> Account {
    let spns = [format!("HOST/{name}"), format!("MSServerClusterMgmtAPI/{name}")];
    Account { spns: spns.iter().map(String::as_str).collect(), ..computer(name) }
}

fn disabled(account: Account) -> Account {
    Account { user_account_control: Some(0x202), ..account }
}

fn changed_at(account: Account, when: &str) -> Account {
    Account { when_changed: Some(when.parse().expect("a time")), ..account }
}

fn with_address_conflict(situation: Situation) -> Situation {
    situation.event("Tcpip", 4199, SRV5, &[("", ""), ("", "192.0.2.5"), ("", "00:11:22:33:44:55")])
}

/// FILES and its server have addresses, and the name resolves to `server`'s.
fn resolves_to(situation: Situation, server: &str) -> Situation {
    situation.owns(server, "192.0.2.3").owns(FILES, "192.0.2.9").resolves(FILES, "192.0.2.3")
}

/// FILES and its server have addresses, and the server registered the record of the name.
fn registered_at(situation: Situation, server: &str) -> Situation {
    situation.owns(server, "192.0.2.3").owns(FILES, "192.0.2.9").registers(FILES, "192.0.2.3")
}

/// FILES has an account whose password was set at this time.
fn files_used(situation: Situation, when: &str) -> Situation {
    situation.account(computer(FILES)).password_set(when)
}

fn two_computers(situation: Situation) -> Situation {
    situation
        .account(computer(SRV7_ALPHA))
        .password_set(LATELY)
        .account(computer(SRV7_BETA))
        .password_set(LATELY)
}

fn two_live_computers() -> Situation {
    two_computers(Situation::asked(SRV2, "cifs/srv7.beta.example.com", "srv7$", [ALPHA, BETA]))
        .owns(SRV7_ALPHA, "192.0.2.7")
        .owns(SRV7_BETA, "198.51.100.7")
}

type Verdict = (Cause, Kind, Confidence);
type Decided = (Topology, &'static str, fn() -> Situation, Verdict);

/// A situation for each row, in the order of the table.
#[rustfmt::skip]
fn rows() -> Vec<Decided> {
    use Cause::{DuplicateSpn, LoopbackSharedIp, PasswordMismatch, Undetermined, WrongHost};
    use Confidence::{Confirmed, Likely, Possible};
    use Topology::{
        ClientAnswered, CloudService, DomainTarget, OtherAnswered, OwnerAnswered, RealmTarget, SameShortName, ServiceAnswered,
        ServiceName, TargetAnswered, Unclear,
    };
    vec![
        (RealmTarget, "anything else is known or not",
            || srv5_answered("krbtgt/BETA.EXAMPLE.COM"),
            (PasswordMismatch, Kind::Trust, Possible)),

        (CloudService, "the target is an Azure file share",
            || Situation::asked(SRV1, "cifs/store1.file.core.windows.net", "store1$", [ALPHA, ALPHA]),
            (PasswordMismatch, Kind::AzureFiles, Likely)),
        (CloudService, "the target is the Seamless SSO service of Entra ID",
            || Situation::asked(SRV1, "HTTP/autologon.microsoftazuread-sso.com", "AZUREADSSOACC$", [ALPHA, ALPHA]),
            (PasswordMismatch, Kind::EntraSeamlessSso, Likely)),

        (DomainTarget, "every domain controller answers for it",
            || Situation::asked(SRV1, "cifs/alpha.example.com", "dc1$", [ALPHA, ALPHA]),
            (Undetermined, Kind::NotEnoughData, Possible)),

        (OwnerAnswered, "NETLOGON 3210 on the responder, about its own domain",
            || with_password_refused(with_srv5_account(CIFS)),
            (PasswordMismatch, Kind::MachineAccount, Confirmed)),
        (OwnerAnswered, "FailoverClustering 1206, 1207 or 1218 for the account, which is a cluster's name",
            || with_cluster_refused(with_cluster(Situation::asked(SRV1, "host/clu1.alpha.example.com", "clu1$", [ALPHA, ALPHA]))),
            (PasswordMismatch, Kind::ClusterNameAccount, Likely)),
        (OwnerAnswered, "Directory Service 2095, 2103 or 2168 to 2170 on the responder: a restored domain controller",
            || with_rollback(with_srv5_account(CIFS)),
            (PasswordMismatch, Kind::MachineAccount, Likely)),
        (OwnerAnswered, "a service of the account failed to log on with a wrong password (Service Control Manager 7038)",
            || with_logon_failed(svc_sql_owns(), "MSSQLSERVER"),
            (PasswordMismatch, Kind::ServiceAccount, Confirmed)),
        (OwnerAnswered, "KDC 14, 16, 26, 27, 42, 203, 204, 208 or 209 for the service or its account near the time",
            || svc_sql_owns().kdc(14, &[SQL, "srv1$"]),
            (PasswordMismatch, Kind::EncryptionType, Likely)),
        (OwnerAnswered, "NETLOGON 5722, 5723, 5805, 5720 or 5721 for the responder, and no routine password change",
            || with_srv5_account(CIFS).password_set(LATELY).netlogon(5722, DC1, &["SRV5", "SRV5$", "%%5"]),
            (PasswordMismatch, Kind::MachineAccount, Likely)),
        (OwnerAnswered, "the owner was changed, other than by a new password, within ticket lifetime before the events",
            || srv5_answered(HTTP).account(changed_at(account("SRV5$", ALPHA, &[HTTP]), "2026-10-06T11:40:00Z")),
            (PasswordMismatch, Kind::StaleTicket, Likely)),
        (OwnerAnswered, "the password of the user account was set within ticket lifetime before the events",
            || svc_sql_owns().password_set("2026-10-06T02:00:01Z"),
            (PasswordMismatch, Kind::StaleTicket, Likely)),
        (OwnerAnswered, "the account allows AES only, and its password is years old",
            || svc_sql_answered()
                .account(Account { supported_encryption_types: Some(24), ..account("svc_sql", ALPHA, &[SQL]) })
                .password_set("2010-04-01T08:00:00Z"),
            (PasswordMismatch, Kind::EncryptionType, Likely)),
        (OwnerAnswered, "nothing more is known",
            || with_srv5_account(CIFS),
            (PasswordMismatch, Kind::MachineAccount, Likely)),

        (ServiceName, "the account lists have one owner of the SPN",
            || Situation::asked(SRV1, HTTP, HTTP, [ALPHA, ALPHA]).service("svc_java", &[HTTP]),
            (PasswordMismatch, Kind::Keytab, Likely)),
        (ServiceName, "nothing more is known",
            || Situation::asked(SRV1, HTTP, HTTP, [ALPHA, ALPHA]),
            (PasswordMismatch, Kind::Keytab, Possible)),

        (ClientAnswered, "the target is another name of the client, and the SPN is on another account",
            || reached_itself("cifs/portal.alpha.example.com")
                .account(Account { additional_dns_host_names: vec![PORTAL.into()], ..computer("srv1.alpha.example.com") })
                .service("svc_web", &["cifs/portal.alpha.example.com"]).whole_list(),
            (DuplicateSpn, Kind::Misplaced, Confirmed)),
        (ClientAnswered, "FailoverClustering 1206, 1207 or 1218 for the target's name, which is a cluster's",
            || with_cluster_refused(with_cluster(reached_itself("host/clu1.alpha.example.com"))),
            (PasswordMismatch, Kind::ClusterNameAccount, Likely)),
        (ClientAnswered, "the target is a cluster's name, and an inventory shows that the client is a node of it",
            || with_cluster(reached_itself("host/clu1.alpha.example.com"))
                .owns(SRV1, "192.0.2.50").resolves("clu1.alpha.example.com", "192.0.2.50"),
            (WrongHost, Kind::ClusterOrAlias, Likely)),
        (ClientAnswered, "the target is a cluster's name, as the account list shows",
            || with_cluster(reached_itself("host/clu1.alpha.example.com")),
            (WrongHost, Kind::ClusterOrAlias, Likely)),
        (ClientAnswered, "a CNAME resolves the target to the client, and the SPN is on another account",
            || files_used(reached_itself(FILES_SPN), LONG_AGO).cname(FILES, SRV1),
            (DuplicateSpn, Kind::NameTakenOver, Likely)),
        (ClientAnswered, "the target is not a computer, DNS resolves it to the client, and the SPN is on another account",
            || reached_itself(PORTAL_SPN).owns(SRV1, "192.0.2.1").resolves(PORTAL, "192.0.2.1").account(computer(SRV3))
                .service("svc_web", &[PORTAL_SPN]),
            (DuplicateSpn, Kind::KernelMode, Likely)),
        (ClientAnswered, "the target is not a computer, but another name of the client, as an inventory shows",
            || reached_itself(FILES_SPN).also_called(SRV1, FILES),
            (WrongHost, Kind::ClusterOrAlias, Likely)),
        (ClientAnswered, "client and target own a common address, and the class is one of RPC (host, RestrictedKrbHost, RPCSS) or \
            the target's name resolves to it",
            || with_card(reference("host")).dcom_failed(SRV2),
            (LoopbackSharedIp, Kind::BmcUsbNic, Confirmed)),
        (ClientAnswered, "the target's name resolves to an address of the client, and its own account is out of use",
            || resolves_to(files_used(reached_itself(FILES_SPN), LONG_AGO), SRV1),
            (DuplicateSpn, Kind::NameTakenOver, Likely)),
        (ClientAnswered, "the target's name resolves to an address of the client, by a lease or a dynamic record",
            || registered_at(files_used(reached_itself(FILES_SPN), LATELY), SRV1),
            (WrongHost, Kind::StaleDns, Confirmed)),
        (ClientAnswered, "the target's name resolves to an address that the client owns and the target does not",
            || resolves_to(reached_itself(FILES_SPN), SRV1),
            (WrongHost, Kind::StaleDns, Likely)),
        (ClientAnswered, "client and target own a common address, and it is unknown what the target's name resolves to",
            || with_card(reference("cifs")),
            (LoopbackSharedIp, Kind::BmcUsbNic, Likely)),
        (ClientAnswered, "the target's name resolves to an address of the client, and no inventory has the target as a host",
            || reached_itself(FILES_SPN).owns(SRV1, "192.0.2.3").resolves(FILES, "192.0.2.3"),
            (WrongHost, Kind::ClusterOrAlias, Likely)),
        (ClientAnswered, "client and target resolve to one address",
            || reached_itself(FILES_SPN).registers(FILES, "192.0.2.3").registers(SRV1, "192.0.2.3"),
            (WrongHost, Kind::StaleDns, Likely)),
        (ClientAnswered, "the target has no service class, and no inventory has it as a host",
            || reached_itself("clu1"),
            (WrongHost, Kind::ClusterOrAlias, Likely)),
        (ClientAnswered, "the addresses of both are known, and they share none that resolves to the client",
            || reference("host").owns(SRV1, "192.0.2.1").owns(SRV2, "198.51.100.2"),
            (WrongHost, Kind::StaleDns, Likely)),
        (ClientAnswered, "the SPN is on a service account, and the target is not a computer",
            || reached_itself("MSSQLSvc/list1.alpha.example.com").account(computer(SRV3)).service("svc_web", &["MSSQLSvc/list1.alpha.example.com"]),
            (DuplicateSpn, Kind::SharedName, Likely)),
        (ClientAnswered, "the class is one that service accounts have, and nothing is known of the target",
            || reached_itself(PORTAL_SPN),
            (DuplicateSpn, Kind::KernelMode, Possible)),
        (ClientAnswered, "the addresses of client or target are unknown",
            || reference("host"),
            (LoopbackSharedIp, Kind::AddressesUnknown, Likely)),

        (OtherAnswered, "the target is another name of the responder, and the SPN is on another account",
            || srv3_answered("cifs/portal.alpha.example.com")
                .account(Account { additional_dns_host_names: vec![PORTAL.into()], ..computer(SRV3) })
                .account(account("SRV9$", ALPHA, &["HOST/srv9.alpha.example.com", "cifs/portal.alpha.example.com"])),
            (DuplicateSpn, Kind::Misplaced, Confirmed)),
        (OtherAnswered, "FailoverClustering 1206, 1207 or 1218 for the target's name, which is a cluster's",
            || with_cluster_refused(with_cluster(srv3_answered("host/clu1.alpha.example.com"))),
            (PasswordMismatch, Kind::ClusterNameAccount, Likely)),
        (OtherAnswered, "the target is a cluster's name, and an inventory shows that the responder is a node of it",
            || with_cluster(srv3_answered("host/clu1.alpha.example.com")).account(node(SRV3)).whole_list(),
            (WrongHost, Kind::ClusterOrAlias, Likely)),
        (OtherAnswered, "the target is a cluster's name, as the account list shows",
            || with_cluster(srv3_answered("host/clu1.alpha.example.com")),
            (WrongHost, Kind::ClusterOrAlias, Likely)),
        (OtherAnswered, "a CNAME resolves the target to the responder, and the SPN is on another account",
            || files_used(srv3_answered(FILES_SPN), LONG_AGO).cname(FILES, SRV3),
            (DuplicateSpn, Kind::NameTakenOver, Likely)),
        (OtherAnswered, "the target is not a computer, DNS resolves it to the responder, and the SPN is on another account",
            || srv3_answered(PORTAL_SPN).owns(SRV3, "192.0.2.3").resolves(PORTAL, "192.0.2.3").account(computer(SRV3))
                .service("svc_web", &[PORTAL_SPN]),
            (DuplicateSpn, Kind::KernelMode, Likely)),
        (OtherAnswered, "the target is not a computer, but another name of the responder, as an inventory shows",
            || srv3_answered(FILES_SPN).cname(FILES, SRV3),
            (WrongHost, Kind::ClusterOrAlias, Likely)),
        (OtherAnswered, "responder and target own a common address that others can reach, and the target's name resolves to it or \
            the target has no other",
            || srv3_answered(CIFS).owns(SRV3, "192.0.2.50").owns(SRV5, "192.0.2.50").collected(DAY_OF_EVENTS),
            (WrongHost, Kind::SharedAddress, Confirmed)),
        (OtherAnswered, "the target's name resolves to an address of the responder, and its own account is out of use",
            || resolves_to(files_used(srv3_answered(FILES_SPN), LONG_AGO), SRV3),
            (DuplicateSpn, Kind::NameTakenOver, Likely)),
        (OtherAnswered, "the target's name resolves to an address of the responder, by a lease or a dynamic record",
            || registered_at(files_used(srv3_answered(FILES_SPN), LATELY), SRV3),
            (WrongHost, Kind::StaleDns, Confirmed)),
        (OtherAnswered, "the target's name resolves to an address that the responder owns and the target does not",
            || resolves_to(srv3_answered(FILES_SPN), SRV3),
            (WrongHost, Kind::StaleDns, Likely)),
        (OtherAnswered, "Tcpip 4198 or 4199 on responder or target near the time: another machine has its address",
            || with_address_conflict(srv3_answered(CIFS)),
            (WrongHost, Kind::SharedAddress, Likely)),
        (OtherAnswered, "the target's name resolves to an address of the responder, and no inventory has the target as a host",
            || srv3_answered(FILES_SPN).owns(SRV3, "192.0.2.3").resolves(FILES, "192.0.2.3"),
            (WrongHost, Kind::ClusterOrAlias, Likely)),
        (OtherAnswered, "responder and target resolve to one address",
            || srv3_answered(FILES_SPN).registers(FILES, "192.0.2.3").registers(SRV3, "192.0.2.3"),
            (WrongHost, Kind::StaleDns, Likely)),
        (OtherAnswered, "the SPN is on a service account, and the target is not a computer",
            || srv3_answered(PORTAL_SPN).account(computer(SRV3)).service("svc_web", &[PORTAL_SPN]),
            (DuplicateSpn, Kind::KernelMode, Likely)),
        (OtherAnswered, "the SPN is on the target's computer, and an account that no list has answered",
            || Situation::asked(SRV1, SQL, "gmsasql$", [ALPHA, ALPHA]).account(account("SRV5$", ALPHA, &[SQL])),
            (DuplicateSpn, Kind::Misplaced, Possible)),
        (OtherAnswered, "the target has no service class, and no inventory has it as a host",
            || srv3_answered("clu1").owns(SRV3, "192.0.2.3"),
            (WrongHost, Kind::ClusterOrAlias, Likely)),
        (OtherAnswered, "the inventories have target and responder as two hosts",
            || srv3_answered(CIFS).owns(SRV3, "192.0.2.3").owns(SRV5, "192.0.2.5"),
            (WrongHost, Kind::StaleDns, Likely)),
        (OtherAnswered, "nothing more is known",
            || srv3_answered(CIFS),
            (WrongHost, Kind::StaleDns, Possible)),

        (SameShortName, "the responder's name is cut to 15 characters, and begins the names of client and target",
            || Situation::asked("longserver-prod-01.alpha.example.com", "cifs/longserver-prod-02.alpha.example.com",
                "LONGSERVER-PROD$", [ALPHA, ALPHA]),
            (Undetermined, Kind::NotEnoughData, Possible)),
        (SameShortName, "the client has that name too, and client and target own a common address",
            || two_computers(Situation::asked("SRV7.alpha.example.com", "host/srv7.beta.example.com", "srv7$", [ALPHA, BETA]))
                .owns_on(SRV7_ALPHA, "169.254.95.120", IBM_USB).owns_on(SRV7_BETA, "169.254.95.120", IBM_USB),
            (LoopbackSharedIp, Kind::BmcUsbNic, Likely)),
        (SameShortName, "the name exists in both domains",
            two_live_computers,
            (DuplicateSpn, Kind::SameNameTwoDomains, Confirmed)),
        (SameShortName, "it is unknown in which domains the name exists",
            || Situation::asked(SRV1, "cifs/srv7", "srv7$", [BETA, BETA]),
            (DuplicateSpn, Kind::SameNameTwoDomains, Possible)),

        (TargetAnswered, "the exact SPN is on a disabled account",
            || with_srv5_account(CIFS).account(disabled(account("svc_old", ALPHA, &[CIFS]))),
            (DuplicateSpn, Kind::LeftoverAccount, Likely)),
        (TargetAnswered, "the exact SPN is on another account",
            || with_srv5_account(SQL).service("svc_sql", &[SQL]),
            (DuplicateSpn, Kind::Misplaced, Confirmed)),
        (TargetAnswered, "the SPN is on accounts of two domains, and the client's KDC finds one that is not the responder",
            || with_srv5_account(SQL).service("svc_sql", &[SQL]).account(account("svc_old", BETA, &[SQL])),
            (DuplicateSpn, Kind::Duplicate, Confirmed)),
        (TargetAnswered, "the SPN is on several accounts, and it is unknown which the KDC finds",
            || with_srv5_account(SQL).service("svc_sql", &[SQL]).service("svc_old", &[SQL]),
            (DuplicateSpn, Kind::Duplicate, Likely)),
        (TargetAnswered, "NETLOGON 3210 on the target, about its own domain",
            || with_password_refused(srv5_answered(CIFS)),
            (PasswordMismatch, Kind::MachineAccount, Confirmed)),
        (TargetAnswered, "Directory Service 2095, 2103 or 2168 to 2170 on the target: a restored domain controller",
            || with_rollback(srv5_answered(CIFS)),
            (PasswordMismatch, Kind::MachineAccount, Likely)),
        (TargetAnswered, "a KDC logged event 11 (or Operational 101) for the SPN",
            || srv5_answered(HTTP).kdc(11, &[HTTP, "DS_SERVICE_PRINCIPAL_NAME"]),
            (DuplicateSpn, Kind::Duplicate, Likely)),
        (TargetAnswered, "KDC 14, 16, 26, 27, 42, 203, 204, 208 or 209 for the service or its account near the time",
            || srv5_answered(CIFS).kdc(42, &["srv5$"]),
            (PasswordMismatch, Kind::EncryptionType, Likely)),
        (TargetAnswered, "NETLOGON 5722, 5723, 5805, 5720 or 5721 for the target, and no routine password change",
            || srv5_answered(CIFS).netlogon(5805, DC1, &["SRV5", "%%5"]),
            (PasswordMismatch, Kind::MachineAccount, Likely)),
        (TargetAnswered, "NETLOGON 5788, 5789 or 5800 for the target, or WinRM 10154, SQL Server 26037 or Directory Service 2974 because the SPN is \
            taken",
            || srv5_answered(CIFS).netlogon(5788, SRV5, &["HOST/srv5.alpha.example.com", "HOST/SRV5"]),
            (DuplicateSpn, Kind::Duplicate, Likely)),
        (TargetAnswered, "the target is the account itself",
            || srv5_answered("srv5$"),
            (PasswordMismatch, Kind::MachineAccount, Likely)),
        (TargetAnswered, "GroupPolicy 1006 or 1097 on the target near the time, for the computer itself",
            || srv5_answered(CIFS).event("Microsoft-Windows-GroupPolicy", 1097, SRV5, &[]),
            (PasswordMismatch, Kind::MachineAccount, Likely)),
        (TargetAnswered, "several service classes fail for the host, from any client",
            || srv5_answered(CIFS).and_asked("pc9.alpha.example.com", "host/srv5.alpha.example.com", "srv5$", [ALPHA, ALPHA]),
            (PasswordMismatch, Kind::MachineAccount, Likely)),
        (TargetAnswered, "nothing more is known, and the class is one that service accounts have",
            || srv5_answered(HTTP),
            (DuplicateSpn, Kind::Misplaced, Possible)),
        (TargetAnswered, "nothing more is known",
            || srv5_answered(CIFS),
            (PasswordMismatch, Kind::MachineAccount, Possible)),

        (ServiceAnswered, "the target is the account itself",
            || Situation::asked(SRV1, "svc_sql", "svc_sql", [ALPHA, ALPHA]).service("svc_sql", &[SQL]),
            (PasswordMismatch, Kind::ServiceAccount, Likely)),
        (ServiceAnswered, "the target's name resolves to another host by a lease or a dynamic record, and the responder has an SPN \
            of that host",
            || registered_at(files_used(Situation::asked(SRV1, FILES_SPN, "svc_sql", [ALPHA, ALPHA]), LATELY), SRV3)
                .service("svc_sql", &["MSSQLSvc/srv3.alpha.example.com"]),
            (WrongHost, Kind::StaleDns, Confirmed)),
        (ServiceAnswered, "the target's name resolves to an address of another host, and the key is not the responder's",
            || svc_sql_answered().owns(SRV5, "192.0.2.5").owns(SRV3, "192.0.2.3").resolves(SRV5, "192.0.2.3"),
            (WrongHost, Kind::StaleDns, Likely)),
        (ServiceAnswered, "the SPN is on a disabled account",
            || svc_sql_answered().account(disabled(account("svc_old", ALPHA, &[SQL]))),
            (DuplicateSpn, Kind::LeftoverAccount, Likely)),
        (ServiceAnswered, "the SPN is on another account, and the responder has an SPN of the target's name",
            || svc_sql_answered().service("svc_other", &[SQL]).service("svc_sql", &["MSSQLSvc/srv5.alpha.example.com:INSTANCE"]),
            (DuplicateSpn, Kind::Misplaced, Confirmed)),
        (ServiceAnswered, "the SPN is on another account; it is unknown whether the responder serves the target",
            || svc_sql_answered().account(account("SRV5$", ALPHA, &[SQL, "HOST/srv5.alpha.example.com"])),
            (DuplicateSpn, Kind::Misplaced, Likely)),
        (ServiceAnswered, "the SPN is on accounts of two domains, and the client's KDC finds one that is not the responder",
            || Situation::asked(SRV1, SQL, "svc_sql", [BETA, ALPHA])
                .account(account("svc_sql", BETA, &[SQL])).service("svc_old", &[SQL]),
            (DuplicateSpn, Kind::Duplicate, Confirmed)),
        (ServiceAnswered, "the SPN is on several accounts, and it is unknown which the KDC finds",
            || svc_sql_answered().service("svc_sql", &[SQL]).service("svc_old", &[SQL]),
            (DuplicateSpn, Kind::Duplicate, Likely)),
        (ServiceAnswered, "a service of the account failed to log on with a wrong password (Service Control Manager 7038)",
            || with_logon_failed(svc_sql_answered(), "MSSQLSERVER"),
            (PasswordMismatch, Kind::ServiceAccount, Likely)),
        (ServiceAnswered, "a KDC logged event 11 (or Operational 101) for the SPN",
            || svc_sql_answered().kdc(11, &[SQL, "DS_SERVICE_PRINCIPAL_NAME"]),
            (DuplicateSpn, Kind::Duplicate, Likely)),
        (ServiceAnswered, "KDC 14, 16, 26, 27, 42, 203, 204, 208 or 209 for the service or its account near the time",
            || svc_sql_answered().kdc(14, &[SQL, "srv1$"]),
            (PasswordMismatch, Kind::EncryptionType, Likely)),
        (ServiceAnswered, "nothing more is known",
            svc_sql_answered,
            (DuplicateSpn, Kind::Misplaced, Possible)),

        (Unclear, "the target is a domain controller's GUID, and another machine than the client answered",
            || Situation::asked(DC1,
                "E3514235-4B06-11D1-AB04-00C04FC2DCD2/6c5f8e4a-1b2c-4d3e-8f90-123456789abc/alpha.example.com", "dc2$", [ALPHA, ALPHA]),
            (PasswordMismatch, Kind::MachineAccount, Possible)),
        (Unclear, "anything else",
            || Situation::asked(SRV1, "", "srv5$", [ALPHA, ALPHA]),
            (Undetermined, Kind::NotEnoughData, Possible)),
    ]
}

#[test]
fn every_row_of_the_table_decides_its_situation() {
    let tested: Vec<_> = rows().into_iter().map(|(topology, when, ..)| (topology, when)).collect();
    let table: Vec<_> = RULES.iter().map(|rule| (rule.topology, rule.when)).collect();
    assert_eq!(
        tested, table,
        "the situations (left) are not those of the rows of RULES (right), in their order"
    );
    for (topology, when, situation, verdict) in rows() {
        for finding in situation().diagnose_all() {
            assert_eq!(finding.row, (topology, when), "another row decided: {finding:#?}");
            assert_eq!((finding.cause, finding.kind, finding.confidence), verdict, "{when}: {finding:#?}");
            let checked = finding.confidence == Confidence::Confirmed || !finding.missing().is_empty();
            assert!(checked, "{when}: nothing to check next: {finding:#?}");
            assert!(!finding.fix().is_empty() && !finding.title.is_empty(), "{when}: {finding:#?}");
        }
    }
}

#[test]
fn every_row_that_can_confirm_names_its_rivals() {
    for rule in RULES {
        let confirms = rule.confidence == Confidence::Confirmed;
        assert_eq!(confirms, !rule.rivals.is_empty(), "{}: {}", rule.topology.text(), rule.when);
    }
}

/// For the story of each rival, a situation in which it is not excluded.
fn open_rivals() -> Vec<(&'static str, fn() -> Situation)> {
    vec![
        ("the hosts file or DNS resolves the target's name to the client", || with_card(reference("host"))),
        ("the address moved from one host to the other, and the name is out of date", || {
            srv3_answered(CIFS).owns(SRV3, "192.0.2.50").owns(SRV5, "192.0.2.50")
        }),
        ("another server took over the name on purpose, and the SPN is on the old account", || {
            registered_at(srv3_answered(FILES_SPN), SRV3)
        }),
        ("one machine was migrated, and left the other account behind", || {
            two_computers(Situation::asked(SRV2, "cifs/srv7.beta.example.com", "srv7$", [ALPHA, BETA]))
                .owns(SRV7_ALPHA, "192.0.2.7")
                .owns(SRV7_BETA, "192.0.2.7")
        }),
        (
            "both accounts are right: IIS decrypts in kernel mode with the machine's key, or WinRM shares HTTP with a web site",
            || with_srv5_account(HTTP).service("svc_web", &[HTTP]),
        ),
        ("both accounts are right: two web sites of one host run under two accounts, and share HTTP", || {
            Situation::asked(SRV1, HTTP, "svc_b", [ALPHA, ALPHA])
                .service("svc_a", &[HTTP])
                .service("svc_b", &[SECOND_SITE])
        }),
        (
            "the SPN was moved a short time ago, and the client still had a ticket for the former owner",
            || {
                with_srv5_account(SQL)
                    .account(changed_at(account("svc_sql", ALPHA, &[SQL]), "2026-10-06T11:40:00Z"))
            },
        ),
        ("the owner is a disabled leftover", || {
            with_srv5_account(SQL).account(disabled(account("svc_sql", ALPHA, &[SQL]))).account(account(
                "svc_old",
                BETA,
                &[SQL],
            ))
        }),
        ("the target's name resolves to another machine of the responder's name", || {
            with_srv5_account(SQL)
                .service("svc_sql", &[SQL])
                .owns(SRV5, "192.0.2.5")
                .resolves(SRV5, "192.0.2.66")
        }),
        ("the SPN is on a service account, and the refused password is another trouble", || {
            with_password_refused(srv5_answered(HTTP))
        }),
        (
            "another service under this account answered, and the one that could not log on has no part in it",
            || with_logon_failed(svc_sql_owns(), "BackupAgent"),
        ),
    ]
}

#[test]
fn a_rival_that_is_not_excluded_keeps_the_verdict_likely_and_asks_for_its_check() {
    let mut open = open_rivals();
    for (story, situation) in &open {
        let finding = situation().diagnose().0;
        assert!(finding.confidence < Confidence::Confirmed, "{story}: {finding:#?}");
        assert!(finding.explanation.contains(story), "{story}: {finding:#?}");
        assert!(finding.evidence().iter().any(|item| item.contains(story)), "{story}: {finding:#?}");
        assert!(!finding.missing().is_empty(), "{story}: {finding:#?}");
    }
    let mut stories: Vec<&str> = RULES.iter().flat_map(|rule: &Rule| rule.rivals).map(|r| r.story).collect();
    stories.sort_unstable();
    stories.dedup();
    open.sort_unstable_by_key(|(story, _)| *story);
    assert_eq!(open.into_iter().map(|(story, _)| story).collect::<Vec<_>>(), stories);
}

#[test]
fn near_misses_are_decided_by_another_row() {
    use Cause::{DuplicateSpn, LoopbackSharedIp, PasswordMismatch, WrongHost};
    use Confidence::{Confirmed, Likely, Possible};
    let gmsa = || Account {
        object_class: Some(ObjectClass::GroupManagedService),
        ..account("gmsa1$", ALPHA, &[HTTP])
    };
    let table: [(&str, Situation, Verdict); 14] = [
        (
            "a card that 3 of 300 hosts have",
            (0..300).fold(with_card(reference("host")), |situation, n| {
                situation
                    .owns(&format!("host{n}.alpha.example.com"), &format!("10.1.{}.{}", n / 200, n % 200 + 1))
            }),
            (LoopbackSharedIp, Kind::BmcUsbNic, Confirmed),
        ),
        (
            "3210 of a domain controller names another domain: a trust",
            srv5_answered(CIFS)
                .account(Account { user_account_control: Some(0x82000), ..computer(SRV5) })
                .netlogon(3210, SRV5, &["BETA", "\\\\DC9.beta.example.com"]),
            (PasswordMismatch, Kind::MachineAccount, Likely),
        ),
        (
            "5722 of a trust account",
            srv5_answered(CIFS).netlogon(5722, DC1, &["SRV5", "BETA$", "%%5"]),
            (PasswordMismatch, Kind::MachineAccount, Possible),
        ),
        (
            "5722 at the change of the password that the list shows",
            with_srv5_account(CIFS).password_set("2026-10-06T11:59:30Z").netlogon(
                5722,
                DC1,
                &["SRV5", "SRV5$", "%%5"],
            ),
            (PasswordMismatch, Kind::MachineAccount, Likely),
        ),
        (
            "a KDC event about a request of the computer, not for it",
            srv5_answered(CIFS).kdc(27, &["krbtgt/BETA.EXAMPLE.COM", "srv5$"]),
            (PasswordMismatch, Kind::MachineAccount, Possible),
        ),
        (
            "a managed service account by its class",
            Situation::asked(SRV1, HTTP, "gmsa1$", [ALPHA, ALPHA]).account(gmsa()),
            (PasswordMismatch, Kind::ManagedServiceAccount, Likely),
        ),
        (
            "the only owner answered under an alias",
            srv3_answered(FILES_SPN).account(Account {
                spns: ["HOST/srv3.alpha.example.com", FILES_SPN].iter().copied().collect(),
                ..computer(SRV3)
            }),
            (PasswordMismatch, Kind::MachineAccount, Likely),
        ),
        (
            "a further address of the responder is a virtual one",
            resolves_to(srv3_answered(FILES_SPN), SRV3).owns(SRV3, "192.0.2.4").resolves(SRV3, "192.0.2.4"),
            (WrongHost, Kind::ClusterOrAlias, Likely),
        ),
        (
            "an NLB address keeps its kind",
            srv3_answered(CIFS)
                .owns_on(SRV3, "192.0.2.50", "Microsoft Network Load Balancing Filter Device")
                .owns_on(SRV5, "192.0.2.50", "Microsoft Network Load Balancing Filter Device"),
            (WrongHost, Kind::ClusterOrNlbAddress, Confirmed),
        ),
        (
            "an account of a computer and one that no list has: no machine is assumed",
            Situation::asked(SRV1, CIFS, "gmsa9$", [ALPHA, ALPHA]).owns(SRV5, "192.0.2.5"),
            (WrongHost, Kind::StaleDns, Possible),
        ),
        (
            "NetBIOS names of domains in a list",
            Situation::asked(SRV1, HTTP, "svc_web", [ALPHA, ALPHA])
                .account(account("svc_web", "ALPHA", &[HTTP]))
                .account(account("svc_other", "BETA", &[HTTP])),
            (PasswordMismatch, Kind::ServiceAccount, Likely),
        ),
        (
            "a refused password that another account's SPN contradicts",
            with_password_refused(with_srv5_account(SQL).service("svc_sql", &[SQL])),
            (DuplicateSpn, Kind::Misplaced, Likely),
        ),
        (
            "a user of a list that has the target's label",
            Situation::asked(SRV1, SQL, "srv5", [ALPHA, ALPHA])
                .account(computer(SRV5))
                .service("srv5", &[SQL]),
            (PasswordMismatch, Kind::ServiceAccount, Likely),
        ),
        (
            "no machine is meant by a name that no list has",
            srv3_answered("HTTP/mail.alpha.example.com").account(account(
                "EXCH-ASA$",
                ALPHA,
                &["HTTP/mail.alpha.example.com"],
            )),
            (DuplicateSpn, Kind::SharedName, Likely),
        ),
    ];
    for (what, situation, verdict) in table {
        let finding = situation.diagnose().0;
        assert_eq!((finding.cause, finding.kind, finding.confidence), verdict, "{what}: {finding:#?}");
    }
}

/// Two refusals weeks apart show nothing about the time between them. One every few hours does, unless the password was set.
#[test]
fn a_password_was_refused_all_the_time_only_if_refusals_follow_within_hours() {
    let refusals = |times: &[&str], set: &str| {
        let asked = with_srv5_account(CIFS).password_set(set);
        let all = times.iter().fold(asked, |situation, when| with_password_refused(situation).at(when));
        all.diagnose().0.confidence
    };
    let weeks = ["2026-09-18T12:00:00Z", "2026-10-18T12:00:00Z"];
    assert_eq!(refusals(&weeks, LONG_AGO), Confidence::Likely);
    let hours = ["2026-10-06T08:00:00Z", "2026-10-06T13:30:00Z"];
    assert_eq!(refusals(&hours, LONG_AGO), Confidence::Confirmed);
    assert_eq!(refusals(&hours, "2026-10-06T11:00:00Z"), Confidence::Likely);
}
