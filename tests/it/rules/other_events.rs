//! Every other event that the program reads is joined with the incident within the window, quoted with time, computer, ID
//! and values, and has the effect that `docs/causes.md` says ("The other events").

use std::collections::BTreeSet;

use super::situation::*;
use krbtriage::diagnosis::Cause::{DuplicateSpn, LoopbackSharedIp, PasswordMismatch, WrongHost};
use krbtriage::diagnosis::Confidence::{self, Confirmed, Likely, Possible};
use krbtriage::diagnosis::Kind::{
    AddressesUnknown, BmcUsbNic, ClusterOrAlias, Duplicate, EncryptionType, MachineAccount, ServiceAccount,
    SharedAddress, StaleDns,
};
use krbtriage::diagnosis::{Cause, Kind};
use krbtriage::events;

type Verdict = (Cause, Kind, Confidence);

/// An event near an incident.
struct NearbyEvent {
    /// The provider's name in a log, and its short name.
    provider: (&'static str, &'static str),
    id: u16,
    /// The machine whose log has it.
    on: &'static str,
    values: &'static [(&'static str, &'static str)],
    incident: fn() -> Situation,
    /// The verdict without the event, and with it.
    verdicts: (Verdict, Verdict),
    /// A part of the evidence that quotes it.
    quoted: &'static str,
}

const KDC: (&str, &str) = ("Microsoft-Windows-Kerberos-Key-Distribution-Center", "KDC");
const NETLOGON: (&str, &str) = ("NETLOGON", "NETLOGON");
const LSASRV: (&str, &str) = ("LsaSrv", "LsaSrv");
const DCOM: (&str, &str) = ("Microsoft-Windows-DistributedCOM", "DistributedCOM");
const WINRM: (&str, &str) = ("Microsoft-Windows-WinRM", "WinRM");
const SERVICES: (&str, &str) = ("Service Control Manager", "Service Control Manager");
const POLICY: (&str, &str) = ("Microsoft-Windows-GroupPolicy", "GroupPolicy");
const EVENTLOG: (&str, &str) = ("EventLog", "EventLog");
const KERBEROS: (&str, &str) = ("Microsoft-Windows-Security-Kerberos", "Security-Kerberos");
const WAS: (&str, &str) = ("Microsoft-Windows-WAS", "WAS");
const SQL: (&str, &str) = ("MSSQL$INST1", "MSSQLSERVER");
const CLUSTER: (&str, &str) = ("Microsoft-Windows-FailoverClustering", "FailoverClustering");
const AD_DS: (&str, &str) =
    ("Microsoft-Windows-ActiveDirectory_DomainService", "ActiveDirectory_DomainService");
const SECURITY: (&str, &str) = ("Microsoft-Windows-Security-Auditing", "Security-Auditing");
const TCPIP: (&str, &str) = ("Tcpip", "Tcpip");
const USER_PNP: (&str, &str) = ("Microsoft-Windows-UserPnp", "UserPnp");

/// SRV5 answered for itself.
fn cifs() -> Situation {
    Situation::asked(SRV1, "cifs/srv5.alpha.example.com", "srv5$", [ALPHA, ALPHA])
}

/// [`cifs`] with the SPN on the right account.
fn cifs_clean() -> Situation {
    cifs().account(computer(SRV5)).whole_list()
}

fn wsman() -> Situation {
    Situation::asked(SRV1, "WSMAN/srv5.alpha.example.com", "srv5$", [ALPHA, ALPHA])
}

/// SRV1 reached itself when it asked for SRV2.
fn loopback() -> Situation {
    Situation::asked(SRV1, "host/srv2.beta.example.com", "srv1$", [ALPHA, BETA])
}

/// SRV3 answered for SRV5.
fn third() -> Situation {
    Situation::asked(SRV1, "cifs/srv5.alpha.example.com", "srv3$", [ALPHA, ALPHA])
}

/// The account that owns the SPN answered.
fn service() -> Situation {
    let http = "HTTP/srv5.alpha.example.com";
    Situation::asked(SRV1, http, "svc_web", [ALPHA, ALPHA]).service("svc_web", &[http])
}

/// The account that owns the SPN of a database answered.
fn sql() -> Situation {
    let spn = "MSSQLSvc/srv5.alpha.example.com";
    Situation::asked(SRV1, spn, "svc_sql", [ALPHA, ALPHA]).service("svc_sql", &[spn])
}

const MACHINE: Verdict = (PasswordMismatch, MachineAccount, Possible);
const MACHINE_LIKELY: Verdict = (PasswordMismatch, MachineAccount, Likely);
const MACHINE_PROVED: Verdict = (PasswordMismatch, MachineAccount, Confirmed);
const REGISTERED_TWICE: Verdict = (DuplicateSpn, Duplicate, Likely);
const NO_KEY: Verdict = (PasswordMismatch, EncryptionType, Likely);
const REACHED_ITSELF: Verdict = (LoopbackSharedIp, AddressesUnknown, Likely);
const BY_A_CARD: Verdict = (LoopbackSharedIp, BmcUsbNic, Likely);
const SERVICE: Verdict = (PasswordMismatch, ServiceAccount, Likely);
const SERVICE_PROVED: Verdict = (PasswordMismatch, ServiceAccount, Confirmed);
const SQL_LIKELY: Verdict = (PasswordMismatch, ServiceAccount, Likely);
const ASTRAY: Verdict = (WrongHost, StaleDns, Possible);

const NO_KEY_VALUES: &[(&str, &str)] =
    &[("", "cifs/srv5.alpha.example.com"), ("", "SRV5$"), ("", "0"), ("", "18"), ("", "23"), ("", "SRV5$")];
const CARD: &[(&str, &str)] = &[
    ("DriverDescription", IBM_USB),
    ("DeviceInstanceID", r"USB\VID_04B3&PID_4010\6&1"),
    ("SetupClass", "{4d36e972-e325-11ce-bfc1-08002be10318}"),
    ("ServiceName", "usb_rndisx"),
];

#[rustfmt::skip]
const EVENTS: &[NearbyEvent] = &[
    // The KDC, on the domain controller's log.
    NearbyEvent { provider: KDC, id: 11, on: DC1, values: &[("Name", "cifs/SRV5.alpha.example.com"), ("Type", "DS_SERVICE_PRINCIPAL_NAME")],
        incident: cifs, verdicts: (MACHINE, REGISTERED_TWICE), quoted: "(Name=cifs/SRV5.alpha.example.com, Type=DS_SERVICE_PRINCIPAL_NAME): the KDC found the name on more than one account" },
    NearbyEvent { provider: KDC, id: 11, on: DC1, values: &[("Name", "cifs/SRV5.alpha.example.com"), ("Type", "DS_SERVICE_PRINCIPAL_NAME")],
        incident: cifs_clean, verdicts: (MACHINE_LIKELY, MACHINE), quoted: "the KDC found the name on more than one account" },
    NearbyEvent { provider: KDC, id: 14, on: DC1, values: NO_KEY_VALUES, incident: cifs, verdicts: (MACHINE, NO_KEY), quoted: "SRV5$" },
    NearbyEvent { provider: KDC, id: 16, on: DC1, values: NO_KEY_VALUES, incident: cifs, verdicts: (MACHINE, NO_KEY), quoted: "SRV5$" },
    NearbyEvent { provider: KDC, id: 26, on: DC1, values: NO_KEY_VALUES, incident: cifs, verdicts: (MACHINE, NO_KEY), quoted: "SRV5$" },
    NearbyEvent { provider: KDC, id: 27, on: DC1, values: NO_KEY_VALUES, incident: cifs_clean, verdicts: (MACHINE_LIKELY, NO_KEY), quoted: "no key of the encryption type" },
    NearbyEvent { provider: KDC, id: 42, on: DC1, values: &[("", "SRV5$")], incident: cifs, verdicts: (MACHINE, NO_KEY), quoted: "(SRV5$): the account has no strong keys" },
    // NETLOGON, on the target's log and the domain controller's.
    NearbyEvent { provider: NETLOGON, id: 3210, on: SRV5, values: &[("", r"\\DC1"), ("", "ALPHA")], incident: cifs, verdicts: (MACHINE, MACHINE_PROVED), quoted: r"(\\DC1, ALPHA): its domain does not accept its password" },
    NearbyEvent { provider: NETLOGON, id: 3210, on: SRV5, values: &[("", r"\\DC1"), ("", "ALPHA")], incident: cifs_clean, verdicts: (MACHINE_LIKELY, MACHINE_PROVED), quoted: "ALPHA" },
    NearbyEvent { provider: NETLOGON, id: 5719, on: SRV5, values: &[("", "ALPHA"), ("", "%%1311")], incident: cifs, verdicts: (MACHINE, MACHINE), quoted: "(ALPHA, %%1311): it reached no domain controller, which says nothing of keys" },
    NearbyEvent { provider: NETLOGON, id: 5720, on: SRV5, values: &[("", r"\\DC1"), ("", "ALPHA"), ("", "SRV5")], incident: cifs, verdicts: (MACHINE, MACHINE_LIKELY), quoted: "no account for the computer" },
    NearbyEvent { provider: NETLOGON, id: 5721, on: SRV5, values: &[("", r"\\DC1"), ("", "ALPHA"), ("", "SRV5")], incident: cifs, verdicts: (MACHINE, MACHINE_LIKELY), quoted: "no account for the computer" },
    NearbyEvent { provider: NETLOGON, id: 5722, on: DC1, values: &[("", "SRV5"), ("", "SRV5$"), ("", "%%5")], incident: cifs, verdicts: (MACHINE, MACHINE_LIKELY), quoted: "(SRV5, SRV5$, %%5): the domain controller refused a session" },
    NearbyEvent { provider: NETLOGON, id: 5723, on: DC1, values: &[("", "SRV5"), ("", "SRV5$")], incident: cifs, verdicts: (MACHINE, MACHINE_LIKELY), quoted: "(SRV5, SRV5$)" },
    NearbyEvent { provider: NETLOGON, id: 5805, on: DC1, values: &[("", "SRV5"), ("", "%%5")], incident: cifs, verdicts: (MACHINE, MACHINE_LIKELY), quoted: "(SRV5, %%5)" },
    NearbyEvent { provider: NETLOGON, id: 5788, on: SRV5, values: &[("", "HOST/srv5.alpha.example.com"), ("", "HOST/SRV5")], incident: cifs, verdicts: (MACHINE, REGISTERED_TWICE), quoted: "(HOST/srv5.alpha.example.com, HOST/SRV5): it could not write its own SPNs" },
    // The list has the SPN on the right account, which contradicts the event.
    NearbyEvent { provider: NETLOGON, id: 5788, on: SRV5, values: &[("", "HOST/srv5.alpha.example.com"), ("", "HOST/SRV5")], incident: cifs_clean, verdicts: (MACHINE_LIKELY, MACHINE), quoted: "HOST/SRV5" },
    NearbyEvent { provider: NETLOGON, id: 5789, on: SRV5, values: &[("", "srv5.alpha.example.com")], incident: cifs, verdicts: (MACHINE, REGISTERED_TWICE), quoted: "(srv5.alpha.example.com)" },
    NearbyEvent { provider: NETLOGON, id: 5800, on: DC1, values: &[("", r"\\DC1"), ("", "SRV5$")], incident: cifs, verdicts: (MACHINE, REGISTERED_TWICE), quoted: "more than one account of this name" },
    // LsaSrv and DistributedCOM, on the client's own log.
    NearbyEvent { provider: LSASRV, id: 6037, on: SRV1, values: &[("PID", "812"), ("Program", r"C:\x\WmiPrvSE.exe"), ("TargetName", "host/srv2.beta.example.com")],
        incident: loopback, verdicts: (REACHED_ITSELF, REACHED_ITSELF), quoted: r"(Program=C:\x\WmiPrvSE.exe, TargetName=host/srv2.beta.example.com): a program on this machine" },
    NearbyEvent { provider: LSASRV, id: 40960, on: SRV1, values: &[("Target", "host/srv2.beta.example.com"), ("Protocol", "Kerberos"), ("Error", "Zugriff (0xc000006d)")],
        incident: loopback, verdicts: (REACHED_ITSELF, REACHED_ITSELF), quoted: "Error=0xc000006d): the logon was refused" },
    NearbyEvent { provider: LSASRV, id: 40960, on: SRV1, values: &[("Target", "cifs/srv5.alpha.example.com"), ("Protocol", "Kerberos"), ("Error", "Uhr (0xc0000133)")],
        incident: cifs, verdicts: (MACHINE, MACHINE), quoted: "the clocks differ too much, which is another trouble" },
    NearbyEvent { provider: DCOM, id: 10006, on: SRV1, values: &[("param1", "5"), ("param2", "srv2.beta.example.com"), ("param3", "{8BC3}")], incident: loopback, verdicts: (REACHED_ITSELF, REACHED_ITSELF), quoted: "(computer=srv2.beta.example.com): DCOM to it failed" },
    NearbyEvent { provider: DCOM, id: 10009, on: SRV1, values: &[("param1", "SRV2.beta.example.com")], incident: loopback, verdicts: (REACHED_ITSELF, REACHED_ITSELF), quoted: "(computer=SRV2.beta.example.com)" },
    NearbyEvent { provider: DCOM, id: 10028, on: SRV1, values: &[("param1", "srv2.beta.example.com"), ("param2", "    4679"), ("param3", "wmic.exe")], incident: loopback, verdicts: (REACHED_ITSELF, REACHED_ITSELF), quoted: "(computer=srv2.beta.example.com)" },
    NearbyEvent { provider: DCOM, id: 10028, on: SRV1, values: &[("param1", "169.254.95.120"), ("param2", "    4679"), ("param3", "wmic.exe")], incident: loopback, verdicts: (REACHED_ITSELF, BY_A_CARD), quoted: "(computer=169.254.95.120)" },
    NearbyEvent { provider: DCOM, id: 10026, on: SRV1, values: &[("param1", "86400")], incident: loopback, verdicts: (REACHED_ITSELF, REACHED_ITSELF), quoted: "(param1=86400): repeated DCOM events are not logged" },
    NearbyEvent { provider: WINRM, id: 10154, on: SRV5, values: &[("spn1", "WSMAN/srv5.alpha.example.com"), ("spn2", "WSMAN/srv5"), ("error", "8344")], incident: wsman, verdicts: (MACHINE, MACHINE), quoted: "error=8344): the SPNs could not be created" },
    NearbyEvent { provider: WINRM, id: 10154, on: SRV5, values: &[("spn1", "WSMAN/srv5.alpha.example.com"), ("spn2", "WSMAN/srv5"), ("error", "%%8647")], incident: wsman, verdicts: (MACHINE, REGISTERED_TWICE), quoted: "another account has them" },
    // Service Control Manager, on the host of the service.
    NearbyEvent { provider: SERVICES, id: 7000, on: SRV5, values: &[("param1", "Web"), ("param2", "%%1069")], incident: service, verdicts: (SERVICE, SERVICE), quoted: "(param1=Web, param2=%%1069): the service could not log on" },
    NearbyEvent { provider: SERVICES, id: 7038, on: SRV5, values: &[("param1", "ReportServer"), ("param2", r"ALPHA\svc_web"), ("param3", "%%1326")], incident: service, verdicts: (SERVICE, SERVICE_PROVED), quoted: r"param2=ALPHA\svc_web" },
    NearbyEvent { provider: SERVICES, id: 7041, on: SRV5, values: &[("param1", "Web"), ("param2", r"ALPHA\svc_web")], incident: service, verdicts: (SERVICE, SERVICE), quoted: r"param2=ALPHA\svc_web" },
    // The target's own policy and restarts.
    NearbyEvent { provider: POLICY, id: 1006, on: SRV5, values: &[("ErrorCode", "49"), ("ErrorDescription", "Invalid Credentials")], incident: cifs, verdicts: (MACHINE, MACHINE_LIKELY), quoted: "ErrorDescription=Invalid Credentials" },
    NearbyEvent { provider: POLICY, id: 1097, on: SRV5, values: &[("ErrorCode", "2148074257")], incident: cifs, verdicts: (MACHINE, MACHINE_LIKELY), quoted: "the computer's own logon failed" },
    NearbyEvent { provider: EVENTLOG, id: 6008, on: SRV5, values: &[("", "11:50:00"), ("", "10/6/2026")], incident: cifs, verdicts: (MACHINE, MACHINE), quoted: "(11:50:00, 10/6/2026): it had gone down unexpectedly" },
    NearbyEvent { provider: EVENTLOG, id: 6009, on: SRV5, values: &[("", "10.00."), ("", "20348")], incident: cifs, verdicts: (MACHINE, MACHINE), quoted: "as it does after a snapshot was put back" },
    NearbyEvent { provider: EVENTLOG, id: 6011, on: SRV3, values: &[("", "SRV5"), ("", "SRV3")], incident: third, verdicts: (ASTRAY, (WrongHost, ClusterOrAlias, Likely)), quoted: "(SRV5, SRV3): the computer got another name" },
    // The Kerberos client and its Operational log.
    NearbyEvent { provider: KERBEROS, id: 7, on: SRV1, values: &[("ClientName", "user"), ("Realm", BETA)], incident: cifs, verdicts: (MACHINE, MACHINE), quoted: "mostly because of a trust" },
    NearbyEvent { provider: KERBEROS, id: 100, on: SRV1, values: &[("SPN", "cifs/srv5.alpha.example.com"), ("ErrorCode", "7")], incident: cifs_clean, verdicts: (MACHINE_LIKELY, MACHINE), quoted: "the KDC found no account with this SPN" },
    NearbyEvent { provider: KERBEROS, id: 101, on: SRV1, values: &[("SPN", "cifs/srv5.alpha.example.com"), ("ErrorCode", "8")], incident: cifs, verdicts: (MACHINE, REGISTERED_TWICE), quoted: "the KDC found the name on more than one account" },
    // Shown only.
    NearbyEvent { provider: KDC, id: 201, on: DC1, values: &[("AccountName", "user"), ("ServiceName", "SRV5$")], incident: cifs, verdicts: (MACHINE, MACHINE), quoted: "a cipher that it will refuse" },
    NearbyEvent { provider: KDC, id: 202, on: DC1, values: &[("AccountName", "user"), ("ServiceName", "SRV5$")], incident: cifs, verdicts: (MACHINE, MACHINE), quoted: "a cipher that it will refuse" },
    NearbyEvent { provider: KDC, id: 206, on: DC1, values: &[("AccountName", "user"), ("ServiceName", "SRV5$")], incident: cifs, verdicts: (MACHINE, MACHINE), quoted: "a cipher that it will refuse" },
    NearbyEvent { provider: KDC, id: 207, on: DC1, values: &[("AccountName", "user"), ("ServiceName", "SRV5$")], incident: cifs, verdicts: (MACHINE, MACHINE), quoted: "a cipher that it will refuse" },
    NearbyEvent { provider: KDC, id: 203, on: DC1, values: &[("AccountName", "user"), ("ServiceName", "cifs/srv5.alpha.example.com")], incident: cifs, verdicts: (MACHINE, NO_KEY), quoted: "issued no ticket" },
    NearbyEvent { provider: KDC, id: 204, on: DC1, values: &[("AccountName", "user"), ("ServiceName", "cifs/srv5.alpha.example.com")], incident: cifs, verdicts: (MACHINE, NO_KEY), quoted: "issued no ticket" },
    NearbyEvent { provider: KDC, id: 208, on: DC1, values: &[("AccountName", "user"), ("ServiceName", "cifs/srv5.alpha.example.com")], incident: cifs, verdicts: (MACHINE, NO_KEY), quoted: "issued no ticket" },
    NearbyEvent { provider: KDC, id: 209, on: DC1, values: &[("AccountName", "user"), ("ServiceName", "cifs/srv5.alpha.example.com")], incident: cifs, verdicts: (MACHINE, NO_KEY), quoted: "issued no ticket" },
    NearbyEvent { provider: KDC, id: 7, on: DC1, values: &[("AccountName", "SRV5$"), ("LookupType", "0x8")], incident: cifs, verdicts: (MACHINE, MACHINE), quoted: "failed a request of the KDC" },
    NearbyEvent { provider: KDC, id: 13, on: DC1, values: &[("Name", "SRV5$")], incident: cifs, verdicts: (MACHINE, MACHINE), quoted: "keys are corrupt" },
    NearbyEvent { provider: KDC, id: 36, on: DC1, values: &[("", "ALPHA"), ("", "user"), ("", "cifs/srv5.alpha.example.com")], incident: cifs, verdicts: (MACHINE, MACHINE), quoted: "rights are not signed" },
    NearbyEvent { provider: KDC, id: 37, on: DC1, values: &[("", "DC1"), ("", "ALPHA"), ("", "user"), ("", "cifs/srv5.alpha.example.com")], incident: cifs, verdicts: (MACHINE, MACHINE), quoted: "rights are not signed" },
    NearbyEvent { provider: KDC, id: 38, on: DC1, values: &[("", "DC1"), ("", "ALPHA"), ("", "user"), ("", "cifs/srv5.alpha.example.com")], incident: cifs, verdicts: (MACHINE, MACHINE), quoted: "rights are not signed" },
    NearbyEvent { provider: LSASRV, id: 6167, on: SRV5, values: &[], incident: cifs, verdicts: (MACHINE, MACHINE), quoted: "two machines have one SID" },
    NearbyEvent { provider: LSASRV, id: 40970, on: SRV1, values: &[("", "ldap/srv5.alpha.example.com/alpha.example.com"), ("", "text (0xc00002fd)")], incident: cifs, verdicts: (MACHINE, MACHINE), quoted: "fallen back to NTLM" },
    NearbyEvent { provider: WAS, id: 5021, on: SRV5, values: &[("AppPoolID", "Portal")], incident: service, verdicts: (SERVICE, SERVICE), quoted: "AppPoolID=Portal): the identity of an application pool" },
    NearbyEvent { provider: WAS, id: 5057, on: SRV5, values: &[("AppPoolID", "Portal")], incident: service, verdicts: (SERVICE, SERVICE), quoted: "AppPoolID=Portal): the identity of an application pool" },
    NearbyEvent { provider: WAS, id: 5059, on: SRV5, values: &[("AppPoolID", "Portal")], incident: service, verdicts: (SERVICE, SERVICE), quoted: "AppPoolID=Portal): the identity of an application pool" },
    NearbyEvent { provider: SQL, id: 26037, on: SRV5, values: &[("", "MSSQLSvc/srv5.alpha.example.com"), ("", "0x21c7"), ("", "15")], incident: sql, verdicts: (SQL_LIKELY, SQL_LIKELY), quoted: "another account has it" },
    NearbyEvent { provider: SQL, id: 26067, on: SRV5, values: &[("", "MSSQLSvc/srv5.alpha.example.com"), ("", "0x2098"), ("", "15")], incident: sql, verdicts: (SQL_LIKELY, SQL_LIKELY), quoted: "SQL Server could not register its SPN" },
    NearbyEvent { provider: KERBEROS, id: 105, on: SRV5, values: &[("LuidHighPart", "0"), ("LuidLowPart", "1"), ("DomainName", "ALPHA"), ("UserName", "srv5$"), ("ErrorCode", "3221225581")], incident: cifs, verdicts: (MACHINE, MACHINE), quoted: "could not be fetched" },
    NearbyEvent { provider: CLUSTER, id: 1069, on: SRV3, values: &[("", "SRV5"), ("", "Role"), ("", "Network Name")], incident: cifs, verdicts: (MACHINE, MACHINE), quoted: "the cluster name failed" },
    NearbyEvent { provider: CLUSTER, id: 1196, on: SRV3, values: &[("", "SRV5"), ("", "text")], incident: cifs, verdicts: (MACHINE, MACHINE), quoted: "registered in DNS" },
    NearbyEvent { provider: CLUSTER, id: 1206, on: SRV3, values: &[("", "SRV5"), ("", "alpha.example.com"), ("", "5"), ("", "CLU1$")], incident: cifs, verdicts: (MACHINE, MACHINE), quoted: "could not be updated" },
    NearbyEvent { provider: CLUSTER, id: 1207, on: SRV3, values: &[("", "SRV5"), ("", "alpha.example.com"), ("", "update"), ("", "text"), ("", "CLU1$")], incident: cifs, verdicts: (MACHINE, MACHINE), quoted: "could not be updated" },
    NearbyEvent { provider: CLUSTER, id: 1218, on: SRV3, values: &[("", "Role"), ("", "dc1"), ("", "SRV5"), ("", "SRV6")], incident: cifs, verdicts: (MACHINE, MACHINE), quoted: "could not be updated" },
    NearbyEvent { provider: CLUSTER, id: 1211, on: SRV3, values: &[("", "SRV5"), ("", "alpha.example.com"), ("", "1355")], incident: cifs, verdicts: (MACHINE, MACHINE), quoted: "no writable" },
    NearbyEvent { provider: CLUSTER, id: 1212, on: SRV3, values: &[("", "SRV5"), ("", "alpha.example.com"), ("", "text"), ("", "1355")], incident: cifs, verdicts: (MACHINE, MACHINE), quoted: "no writable" },
    NearbyEvent { provider: CLUSTER, id: 1219, on: SRV3, values: &[("", "Role"), ("", "dc1"), ("", "SRV5"), ("", "5")], incident: cifs, verdicts: (MACHINE, MACHINE), quoted: "no writable" },
    NearbyEvent { provider: AD_DS, id: 1645, on: DC1, values: &[("", "dc2"), ("", "cifs/srv5.alpha.example.com")], incident: cifs, verdicts: (MACHINE, MACHINE), quoted: "replication SPN" },
    NearbyEvent { provider: AD_DS, id: 2103, on: SRV5, values: &[("", "x")], incident: cifs, verdicts: (MACHINE, MACHINE_LIKELY), quoted: "does not know" },
    NearbyEvent { provider: AD_DS, id: 2095, on: SRV5, values: &[("", "x")], incident: cifs, verdicts: (MACHINE, MACHINE_LIKELY), quoted: "does not know" },
    NearbyEvent { provider: AD_DS, id: 2168, on: SRV5, values: &[("", "x")], incident: cifs, verdicts: (MACHINE, MACHINE_LIKELY), quoted: "cloned or set back" },
    NearbyEvent { provider: AD_DS, id: 2169, on: SRV5, values: &[("", "x")], incident: cifs, verdicts: (MACHINE, MACHINE_LIKELY), quoted: "cloned or set back" },
    NearbyEvent { provider: AD_DS, id: 2170, on: SRV5, values: &[("", "x")], incident: cifs, verdicts: (MACHINE, MACHINE_LIKELY), quoted: "cloned or set back" },
    NearbyEvent { provider: AD_DS, id: 2974, on: DC1, values: &[("", "servicePrincipalName Value=cifs/srv5.alpha.example.com"), ("", "CN=SRV3,DC=alpha"), ("", "8647")], incident: cifs, verdicts: (MACHINE, REGISTERED_TWICE), quoted: "another account has it" },
    NearbyEvent { provider: SECURITY, id: 4724, on: DC1, values: &[("TargetUserName", "SRV5$"), ("TargetDomainName", "ALPHA"), ("SubjectUserName", "admin")], incident: cifs, verdicts: (MACHINE, MACHINE), quoted: "password was reset" },
    NearbyEvent { provider: SECURITY, id: 4738, on: DC1, values: &[("TargetUserName", "SRV5$"), ("TargetDomainName", "ALPHA"), ("SubjectUserName", "admin"), ("PasswordLastSet", "10/6/2026 12:00:00")], incident: cifs, verdicts: (MACHINE, MACHINE), quoted: "PasswordLastSet=10/6/2026 12:00:00): the account was changed" },
    NearbyEvent { provider: SECURITY, id: 4742, on: DC1, values: &[("TargetUserName", "SRV5$"), ("TargetDomainName", "ALPHA"), ("SubjectUserName", "admin"), ("PasswordLastSet", "10/6/2026 12:00:00")], incident: cifs, verdicts: (MACHINE, MACHINE), quoted: "PasswordLastSet=10/6/2026 12:00:00): the account was changed" },
    // Addresses and cards.
    NearbyEvent { provider: TCPIP, id: 4198, on: SRV5, values: &[("", ""), ("", "192.0.2.5"), ("", "00:11:22:33:44:55")], incident: third, verdicts: (ASTRAY, (WrongHost, SharedAddress, Likely)), quoted: "(address 192.0.2.5, hardware address 00:11:22:33:44:55): another machine has its address" },
    NearbyEvent { provider: TCPIP, id: 4199, on: SRV3, values: &[("", ""), ("", "192.0.2.5"), ("", "00:11:22:33:44:55")], incident: third, verdicts: (ASTRAY, (WrongHost, SharedAddress, Likely)), quoted: "address 192.0.2.5" },
    NearbyEvent { provider: USER_PNP, id: 20001, on: SRV1, values: CARD, incident: loopback, verdicts: (REACHED_ITSELF, BY_A_CARD), quoted: r"DeviceInstanceID=USB\VID_04B3&PID_4010\6&1" },
    NearbyEvent { provider: USER_PNP, id: 20003, on: SRV2, values: CARD, incident: loopback, verdicts: (REACHED_ITSELF, BY_A_CARD), quoted: "a USB network adapter was installed" },
];

impl NearbyEvent {
    fn verdict(diagnosed: &Diagnosed) -> Verdict {
        (diagnosed.0.cause, diagnosed.0.kind, diagnosed.0.confidence)
    }

    fn with(&self, when: &str) -> Diagnosed {
        (self.incident)().event(self.provider.0, self.id, self.on, self.values).at(when).diagnose()
    }

    /// Does it count outside the window?
    fn is_timeless(&self) -> bool {
        self.provider == USER_PNP || (self.provider == EVENTLOG && self.id == 6011)
    }
}

#[test]
fn every_event_is_quoted_and_weighed() {
    for event in EVENTS {
        let what = format!("{} {}", event.provider.1, event.id);
        assert_eq!(NearbyEvent::verdict(&(event.incident)().diagnose()), event.verdicts.0, "without {what}");
        for when in ["2026-10-06T11:50:00Z", "2026-10-06T12:09:59Z"] {
            let diagnosed = event.with(when);
            assert_eq!(
                NearbyEvent::verdict(&diagnosed),
                event.verdicts.1,
                "with {what} at {when}: {diagnosed:#?}"
            );
            let start = format!("{when}: {what} on {}", event.on);
            let quoted = diagnosed.0.evidence().into_iter().find(|line| line.contains(&start));
            let quoted = quoted.unwrap_or_else(|| panic!("{what} is not quoted: {diagnosed:#?}"));
            assert!(quoted.contains(event.quoted), "{what}: {quoted}");
        }
    }
}

#[test]
fn an_event_outside_the_window_is_neither_quoted_nor_weighed() {
    for event in EVENTS.iter().filter(|event| !event.is_timeless()) {
        for when in ["2026-10-06T11:49:59Z", "2026-10-06T12:10:01Z"] {
            let diagnosed = event.with(when);
            assert_eq!(
                NearbyEvent::verdict(&diagnosed),
                event.verdicts.0,
                "{} {}",
                event.provider.1,
                event.id
            );
            let start = format!("{} {} on", event.provider.1, event.id);
            assert!(!diagnosed.0.evidence().iter().any(|line| line.contains(&start)), "{diagnosed:#?}");
        }
    }
}

#[test]
fn an_event_of_another_host_or_account_is_neither_quoted_nor_weighed() {
    let other =
        |name: &str| name.to_owned().replace("srv5", "srv9").replace("SRV5", "SRV9").replace("srv2", "srv8");
    for event in EVENTS.iter().filter(|event| event.id != 10026) {
        let values: Vec<(&str, String)> = event
            .values
            .iter()
            .map(|(name, value)| {
                (*name, other(value).replace("svc_web", "svc_far").replace("169.254.95.120", "10.9.9.9"))
            })
            .collect();
        let values: Vec<(&str, &str)> = values.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let on = match event.on {
            DC1 => DC1.to_owned(),
            _ => "srv7.alpha.example.com".to_owned(),
        };
        let diagnosed = (event.incident)().event(event.provider.0, event.id, &on, &values).diagnose();
        assert_eq!(NearbyEvent::verdict(&diagnosed), event.verdicts.0, "{} {}", event.provider.1, event.id);
        let start = format!("{} {} on", event.provider.1, event.id);
        assert!(!diagnosed.0.evidence().iter().any(|line| line.contains(&start)), "{diagnosed:#?}");
    }
}

/// Events with the addresses of hosts count as an inventory.
#[test]
fn addresses_in_logs_are_an_inventory() {
    let dns: &[(&str, &[u16])] = &[
        ("Microsoft-Windows-DNS-Client", &[8015, 8016, 8017, 8018, 8019, 8020, 8021]),
        (
            "DnsApi",
            &[
                11150, 11151, 11152, 11153, 11154, 11155, 11160, 11161, 11162, 11163, 11164, 11165, 11166,
                11167,
            ],
        ),
    ];
    for (provider, ids) in dns {
        for &id in *ids {
            let of = |name: &'static str| {
                [
                    ("", "{G}"),
                    ("", name),
                    ("", "example.com"),
                    ("", "10.0.0.53"),
                    ("", "<?>"),
                    ("", "169.254.95.120"),
                ]
            };
            let diagnosed = loopback()
                .dcom_failed(SRV2)
                .event(provider, id, SRV1, &of("SRV1"))
                .event(provider, id, SRV2, &of("srv2"))
                .diagnose();
            assert_eq!(
                NearbyEvent::verdict(&diagnosed),
                (LoopbackSharedIp, BmcUsbNic, Confirmed),
                "{provider} {id}"
            );
            let short = provider.trim_start_matches("Microsoft-Windows-");
            diagnosed.proved_by(&format!("srv2.beta.example.com owns 169.254.95.120 ({short} {id} in System.evtx at 2026-10-06T12:00:00Z)"));
        }
    }
    let dhcp = [("HWLength", "6"), ("HWAddress", "36:40:B5"), ("Address", "169.254.95.120")];
    let diagnosed = loopback()
        .dcom_failed(SRV2)
        .event("Microsoft-Windows-Dhcp-Client", 1007, SRV1, &dhcp)
        .event("Microsoft-Windows-Dhcp-Client", 1007, SRV2, &dhcp)
        .diagnose();
    assert_eq!(NearbyEvent::verdict(&diagnosed), (LoopbackSharedIp, BmcUsbNic, Confirmed));
}

#[test]
fn no_event_that_is_read_lacks_a_test() {
    let mut tested: BTreeSet<(&str, u16)> = EVENTS.iter().map(|e| (e.provider.1, e.id)).collect();
    // These name no party of an incident. `src/events/signals` has their tests.
    tested.extend([18, 28, 35, 43, 44, 205].map(|id| ("KDC", id)));
    // `addresses_in_logs_are_an_inventory` has these.
    tested.extend(
        events::catalogue()
            .filter(|(name, _)| ["DNS-Client", "DnsApi", "Dhcp-Client"].contains(name))
            .flat_map(|(name, ids)| ids.iter().map(move |&id| (name, id))),
    );
    let read: BTreeSet<(&str, u16)> =
        events::catalogue().flat_map(|(name, ids)| ids.iter().map(move |&id| (name, id))).collect();
    assert_eq!(tested, read, "the events tested (left) are not those read (right)");
}

#[test]
fn a_storm_of_events_does_not_fill_the_cell() {
    let mut situation = loopback();
    for n in 0..40 {
        let peer = format!("srv2.beta.example.com:{n}");
        situation =
            situation.event(DCOM.0, 10028, SRV1, &[("param1", "srv2.beta.example.com"), ("param2", &peer)]);
        situation = situation.event(
            LSASRV.0,
            6037,
            SRV1,
            &[("Program", &peer), ("TargetName", "host/srv2.beta.example.com")],
        );
    }
    let diagnosed = situation.diagnose();
    let length: usize = diagnosed.0.evidence().iter().map(String::len).sum();
    assert!(length < 4000, "{length} characters");
}
