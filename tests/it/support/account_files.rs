//! Writes the same accounts in every format that the program reads.
//!
//! `ldapsearch` has the form of a real export of a Samba domain, and `setspn` that of published console output. `ldifde`,
//! `ldbsearch`, `csvde`, `Get-AD*` and SharpHound follow their documentation or source, because there was no real file.

use std::fmt::Write;

use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;
use jiff::Timestamp;
use krbtriage::inventory::accounts::Account;
use serde_json::{Value, json};

/// FILETIME of 1970-01-01.
const UNIX_EPOCH: i64 = 116_444_736_000_000_000;

/// Accounts to export. Each must have a `distinguished_name`.
pub type Accounts<'a> = &'a [Account];

fn dn(account: &Account) -> &str {
    account.distinguished_name.as_deref().unwrap()
}

/// Makes a DN below `container`, escaped as RFC 4514 requires.
pub fn dn_of(name: &str, container: &str, domain: &str) -> String {
    let mut escaped = String::new();
    for c in name.chars() {
        if matches!(c, ',' | '+' | '"' | '\\' | '<' | '>' | ';') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    let domain: Vec<String> = domain.split('.').map(|label| format!("DC={label}")).collect();
    format!("CN={escaped},{container},{}", domain.join(","))
}

pub fn filetime(time: Option<Timestamp>) -> i64 {
    time.map_or(0, |t| t.as_second() * 10_000_000 + UNIX_EPOCH)
}

fn generalised(time: Timestamp) -> String {
    format!("{}.0Z", time.strftime("%Y%m%d%H%M%S"))
}

pub fn utf16(text: &str) -> Vec<u8> {
    "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

/// The project's own CSV.
pub fn project_csv(accounts: Accounts) -> String {
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record(["account", "domain", "spn", "dns_host_name", "password_last_set"]).unwrap();
    for a in accounts {
        let time = a.password_last_set.map(|t| t.to_string()).unwrap_or_default();
        let host = a.dns_host_name.as_deref().unwrap_or_default();
        for spn in &a.spns {
            csv.write_record([&*a.name, &*a.domain, spn, host, &*time]).unwrap();
        }
    }
    String::from_utf8(csv.into_inner().unwrap()).unwrap()
}

/// `setspn -Q */*`; `first` is its first line.
pub fn setspn_q(first: &str, accounts: Accounts) -> String {
    let mut out = format!("{first}\r\n");
    for a in accounts {
        let _ = write!(out, "{}\r\n", dn(a));
        for spn in &a.spns {
            let _ = write!(out, "\t{spn}\r\n");
        }
    }
    out + "\r\nExisting SPN found!\r\n"
}

/// `setspn -L`.
pub fn setspn_l(account: &Account) -> String {
    let mut out = format!("Registered ServicePrincipalNames for {}:\r\n", dn(account));
    for spn in &account.spns {
        let _ = write!(out, "\t{spn}\r\n");
    }
    out
}

/// `setspn -X`: groups of an SPN and the accounts that have it.
pub fn setspn_x(groups: &[(&str, Vec<&Account>)]) -> String {
    let mut out = String::from("Checking domain DC=alpha,DC=example,DC=com\r\nProcessing entry 0\r");
    out += "Processing entry 1\r\n\r\n";
    for (spn, accounts) in groups {
        let _ = write!(out, "{spn} is registered on these accounts:\r\n");
        for a in accounts {
            let _ = write!(out, "\t{}\r\n", dn(a));
        }
        out += "\r\n";
    }
    let _ = write!(out, "found {} group of duplicate SPNs.\r\n", groups.len());
    out
}

/// Writes an attribute of LDIF (RFC 2849): in base64 if needed, folded after `width` characters.
fn ldif_line(out: &mut String, end: &str, width: usize, name: &str, value: &str) {
    let safe = value.is_ascii()
        && !value.starts_with([' ', ':', '<'])
        && !value.ends_with(' ')
        && !value.contains(['\r', '\n', '\0']);
    let line = if safe { format!("{name}: {value}") } else { format!("{name}:: {}", BASE64.encode(value)) };
    let chars: Vec<char> = line.chars().collect();
    let (first, rest) = chars.split_at(chars.len().min(width));
    out.extend(first);
    for part in rest.chunks(width - 1) {
        out.push_str(end);
        out.push(' ');
        out.extend(part);
    }
    out.push_str(end);
}

fn ldif_entry(out: &mut String, end: &str, width: usize, add: bool, a: &Account) {
    let mut line = |name: &str, value: &str| ldif_line(out, end, width, name, value);
    line("dn", dn(a));
    if add {
        line("changetype", "add");
    }
    line("objectClass", "top");
    line("sAMAccountName", &a.name);
    line("pwdLastSet", &filetime(a.password_last_set).to_string());
    if let Some(time) = a.when_changed {
        line("whenChanged", &generalised(time));
    }
    if let Some(bits) = a.user_account_control {
        line("userAccountControl", &bits.to_string());
    }
    if let Some(host) = &a.dns_host_name {
        line("dNSHostName", host);
    }
    for host in &a.additional_dns_host_names {
        line("msDS-AdditionalDnsHostName", host);
    }
    if let Some(bits) = a.supported_encryption_types {
        line("msDS-SupportedEncryptionTypes", &bits.to_string());
    }
    for spn in &a.spns {
        line("servicePrincipalName", spn);
    }
}

/// `ldapsearch -b <domain> "(servicePrincipalName=*)" ...`, as OpenLDAP 2.5 prints it.
pub fn ldapsearch(base: &str, accounts: Accounts) -> String {
    let mut out = format!(
        "# extended LDIF\n#\n# LDAPv3\n# base <{base}> with scope subtree\n# filter: (servicePrincipalName=*)\n\
         # requesting: sAMAccountName servicePrincipalName dNSHostName pwdLastSet whenChanged userAccountControl \
         msDS-SupportedEncryptionTypes msDS-AdditionalDnsHostName \n#\n\n"
    );
    for a in accounts {
        let _ = writeln!(out, "# {}, {}", a.name.trim_end_matches('$'), a.domain);
        ldif_entry(&mut out, "\n", 78, false, a);
        out.push('\n');
    }
    let _ = write!(
        out,
        "# search reference\nref: ldaps://alpha.example.com/CN=Configuration,DC=alpha,DC=example,DC=com\n\n\
         # search result\nsearch: 2\nresult: 0 Success\n\n# numResponses: {}\n# numEntries: {}\n# numReferences: 1\n",
        accounts.len() + 2,
        accounts.len()
    );
    out
}

/// `ldifde -f` (written with `-u` it is [`utf16`]).
pub fn ldifde(accounts: Accounts) -> String {
    let mut out = String::new();
    for a in accounts {
        ldif_entry(&mut out, "\r\n", 80, true, a);
        out.push_str("\r\n");
    }
    out
}

/// `ldbsearch` of Samba.
pub fn ldbsearch(accounts: Accounts) -> String {
    let mut out = String::new();
    for (i, a) in accounts.iter().enumerate() {
        let _ = writeln!(out, "# record {}", i + 1);
        ldif_entry(&mut out, "\n", 77, false, a);
        out.push('\n');
    }
    let _ = write!(
        out,
        "# Referral\nref: ldap://alpha.example.com/CN=Configuration,DC=alpha,DC=example,DC=com\n\n\
         # returned {} records\n# {} entries\n# 1 referrals\n",
        accounts.len() + 1,
        accounts.len()
    );
    out
}

pub fn csvde(accounts: Accounts) -> String {
    let coded = |text: &str| match text.is_ascii() {
        true => text.to_owned(),
        false => format!("X'{}'", text.bytes().map(|b| format!("{b:02x}")).collect::<String>()),
    };
    let mut csv = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    csv.write_record([
        "DN",
        "objectClass",
        "whenChanged",
        "userAccountControl",
        "pwdLastSet",
        "sAMAccountName",
        "dNSHostName",
        "servicePrincipalName",
        "msDS-SupportedEncryptionTypes",
        "msDS-AdditionalDnsHostName",
    ])
    .unwrap();
    let list = |values: &mut dyn Iterator<Item = &str>| {
        let values: Vec<String> = values.map(|v| coded(v).replace(';', "\\;")).collect();
        values.join(";")
    };
    for a in accounts {
        let number = |n: Option<u32>| n.map(|n| n.to_string()).unwrap_or_default();
        csv.write_record([
            coded(dn(a)),
            "user".to_owned(),
            a.when_changed.map(generalised).unwrap_or_default(),
            number(a.user_account_control),
            filetime(a.password_last_set).to_string(),
            coded(&a.name),
            coded(a.dns_host_name.as_deref().unwrap_or_default()),
            list(&mut a.spns.iter()),
            number(a.supported_encryption_types),
            list(&mut a.additional_dns_host_names.iter().map(|h| &**h)),
        ])
        .unwrap();
    }
    String::from_utf8(csv.into_inner().unwrap()).unwrap()
}

/// `Export-Csv -NoTypeInformation` of the command that the program recommends.
pub fn get_ad_csv(accounts: Accounts) -> String {
    let mut csv = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .quote_style(csv::QuoteStyle::Always)
        .from_writer(Vec::new());
    csv.write_record([
        "sAMAccountName",
        "DistinguishedName",
        "dNSHostName",
        "pwdLastSet",
        "userAccountControl",
        "msDS-SupportedEncryptionTypes",
        "msDS-AdditionalDnsHostName",
        "whenChanged",
        "servicePrincipalName",
    ])
    .unwrap();
    for a in accounts {
        let number = |n: Option<u32>| n.map(|n| n.to_string()).unwrap_or_default();
        csv.write_record([
            &*a.name,
            dn(a),
            a.dns_host_name.as_deref().unwrap_or_default(),
            &filetime(a.password_last_set).to_string(),
            &number(a.user_account_control),
            &number(a.supported_encryption_types),
            &a.additional_dns_host_names.join(";"),
            &a.when_changed.map(|t| t.strftime("%Y-%m-%dT%H:%M:%S.0000000Z").to_string()).unwrap_or_default(),
            &a.spns.iter().collect::<Vec<&str>>().join(";"),
        ])
        .unwrap();
    }
    String::from_utf8(csv.into_inner().unwrap()).unwrap()
}

fn get_ad_object(a: &Account, when_changed: Value) -> Value {
    json!({
        "sAMAccountName": &*a.name,
        "DistinguishedName": dn(a),
        "dNSHostName": a.dns_host_name.as_deref(),
        "pwdLastSet": filetime(a.password_last_set),
        "whenChanged": when_changed,
        "userAccountControl": a.user_account_control,
        "msDS-SupportedEncryptionTypes": a.supported_encryption_types,
        "msDS-AdditionalDnsHostName": a.additional_dns_host_names.iter().map(|h| &**h).collect::<Vec<&str>>(),
        "servicePrincipalName": a.spns.iter().collect::<Vec<&str>>(),
    })
}

/// `ConvertTo-Json` of PowerShell 7: a list, with dates in ISO 8601.
pub fn get_ad_json_7(accounts: Accounts) -> String {
    let objects: Vec<Value> =
        accounts.iter().map(|a| get_ad_object(a, json!(a.when_changed.map(|t| t.to_string())))).collect();
    serde_json::to_string_pretty(&objects).unwrap()
}

/// `ConvertTo-Json` of Windows PowerShell 5: a wrapped list, with dates in milliseconds and escaped slashes.
pub fn get_ad_json_5(accounts: Accounts) -> String {
    let objects: Vec<Value> = accounts
        .iter()
        .map(|a| {
            let time = a.when_changed.map(|t| format!("/Date({})/", t.as_millisecond()));
            get_ad_object(a, json!(time))
        })
        .collect();
    let list = serde_json::to_string_pretty(&objects).unwrap();
    let text = format!("{{\n    \"value\":  {list},\n    \"Count\":  {}\n}}\n", accounts.len());
    text.replace("\"/Date(", "\"\\/Date(").replace(")/\"", ")\\/\"").replace('\n', "\r\n")
}

/// SharpHound's file of `computers` or `users`, with the accounts of that kind.
pub fn sharphound(kind: &str, accounts: Accounts) -> String {
    let computers = kind == "computers";
    let data: Vec<Value> = accounts
        .iter()
        .filter(|a| a.name.ends_with('$') == computers)
        .enumerate()
        .map(|(i, a)| {
            let name = match &a.dns_host_name {
                Some(host) if computers => host.to_uppercase(),
                _ => format!("{}@{}", a.name, a.domain).to_uppercase(),
            };
            let types: Option<Vec<&str>> = a.supported_encryption_types.map(|bits| {
                [(4, "RC4-HMAC-MD5"), (8, "AES128-CTS-HMAC-SHA1-96"), (16, "AES256-CTS-HMAC-SHA1-96")]
                    .iter()
                    .filter(|(bit, _)| bits & bit != 0)
                    .map(|(_, name)| *name)
                    .collect()
            });
            json!({
                "ObjectIdentifier": format!("S-1-5-21-1-2-3-{}", 1000 + i),
                "Properties": {
                    "domain": a.domain.to_uppercase(),
                    "name": name,
                    "distinguishedname": dn(a).to_uppercase(),
                    "samaccountname": &*a.name,
                    "serviceprincipalnames": a.spns.iter().collect::<Vec<&str>>(),
                    "pwdlastset": a.password_last_set.map_or(0, |t| t.as_second()),
                    "supportedencryptiontypes": types,
                    "enabled": true,
                },
                "Aces": [{"PrincipalSID": "S-1-5-32-544", "RightName": "Owns", "IsInherited": false}],
                "IsDeleted": false,
            })
        })
        .collect();
    let count = data.len();
    let meta = json!({"methods": 0, "type": kind, "count": count, "version": 6, "collectorversion": "2.5.0"});
    json!({"data": data, "meta": meta}).to_string()
}
