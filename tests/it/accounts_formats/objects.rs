//! Tables and JSON of `Get-AD*`, csvde and SharpHound.

use super::*;

#[test]
fn a_lost_list_is_refused_with_the_command_that_works() {
    let list = "Microsoft.ActiveDirectory.Management.ADPropertyValueCollection";
    let csv = format!(
        "#TYPE Microsoft.ActiveDirectory.Management.ADComputer\n\"DistinguishedName\",\"SamAccountName\",\"servicePrincipalName\"\n\"CN=x,DC=a\",\"x$\",\"{list}\"\n"
    );
    let json = format!(
        "[{{\"DistinguishedName\":\"CN=x,DC=a\",\"SamAccountName\":\"x$\",\"servicePrincipalName\":\"{list}\"}}]"
    );
    for (text, command) in [(csv, "| Export-Csv"), (json, "| ConvertTo-Json")] {
        let got = loaded(&text);
        assert!(got.accounts.is_empty());
        let problem = &problems(&got)[0];
        assert!(problem.contains(list) && problem.contains(command), "{problem}");
    }
}

#[test]
fn an_export_without_spns_says_how_to_get_them() {
    let table = [
        ("\"DistinguishedName\",\"DNSHostName\",\"SamAccountName\"\n\"CN=x,DC=a\",,\"x$\"\n", "Export-Csv"),
        ("{\"DistinguishedName\":\"CN=x,DC=a\",\"SamAccountName\":\"x$\"}", "ConvertTo-Json"),
        ("DN,sAMAccountName\n\"CN=x,DC=a\",x$\n", "csvde -f"),
    ];
    for (text, command) in table {
        let got = loaded(text);
        assert_eq!(got.accounts.len(), 1, "{text}");
        assert!(problems(&got)[0].contains(command), "{:?}", problems(&got));
    }
}

#[test]
fn a_cell_with_several_spns_is_split_at_any_separator() {
    for cell in ["A/x;B/y", "A/x,B/y", "A/x B/y", "A/x|B/y", "\"A/x\nB/y\"", "A/x; B/y;"] {
        let cell = if cell.starts_with('"') { cell.to_owned() } else { format!("\"{cell}\"") };
        let got = loaded(format!("SamAccountName,ServicePrincipalNames\nx$,{cell}\n"));
        assert_eq!(spns(&got.accounts[0]), ["A/x", "B/y"], "{cell}");
    }
    let dn = loaded("SamAccountName,ServicePrincipalNames\nx$,\"ldap/dc1/CN=a,DC=b\"\n");
    assert_eq!(spns(&dn.accounts[0]), ["ldap/dc1/CN=a,DC=b"]);
}

#[test]
fn every_json_form_of_a_list_is_read() {
    let object = "{\"DistinguishedName\":\"CN=x,DC=a\",\"SamAccountName\":\"x$\",\"servicePrincipalName\":SPNS,\"PasswordLastSet\":\"\\/Date(1795474670000)\\/\",\"KerberosEncryptionType\":[28],\"Other\":{\"a\":[{}]}}";
    for (list, count) in [
        ("[\"A/x\",\"B/y\"]", 2),
        ("{\"value\":[\"A/x\",\"B/y\"],\"Count\":2}", 2),
        ("\"A/x B/y\"", 2),
        ("\"A/x\"", 1),
        ("null", 0),
        ("{}", 0),
    ] {
        let object = object.replace("SPNS", list);
        for text in [
            object.clone(),
            format!("[{object}]"),
            format!("{{ \"Count\": 1, \"value\" : [ {object} ] }}"),
            format!("{object}\r\n{{}}\r\n"),
        ] {
            let got = loaded(&text);
            assert_eq!(got.accounts.first().map_or(0, |a| a.spns.len()), count, "{text}");
            assert_eq!(got.accounts[0].password_last_set, Some("2026-11-23T22:57:50Z".parse().unwrap()));
            assert_eq!(got.accounts[0].supported_encryption_types, Some(28));
        }
    }
}

#[test]
fn a_time_whose_day_and_month_are_unclear_is_reported_and_left_out() {
    let got = loaded("SamAccountName,ServicePrincipalName,PasswordLastSet\nx$,A/x,03/04/2026 22:57:50\n");
    assert_eq!(got.accounts[0].password_last_set, None);
    assert!(problems(&got)[0].starts_with("line 2: the time \"03/04/2026"), "{:?}", problems(&got));
}

#[test]
fn damaged_json_keeps_the_objects_before_it() {
    let good = "{\"SamAccountName\":\"x$\",\"servicePrincipalName\":\"A/x\"}";
    let got = loaded(format!("[{good},\n{{\"SamAccountName\":}},\n{good},{{\"Sam"));
    assert_eq!(got.accounts.len(), 2);
    assert!(problems(&got)[0].starts_with("line 2: this is not JSON"), "{:?}", problems(&got));
    assert!(problems(&got)[1].contains("cut off"));
}

#[test]
fn other_files_of_sharphound_give_no_accounts() {
    let text = "{\"data\":[{\"Properties\":{\"samaccountname\":\"Domain Admins\",\"distinguishedname\":\"CN=x,DC=a\"}}],\"meta\":{\"type\":\"groups\"}}";
    let got = loaded(text);
    assert!(got.accounts.is_empty());
    assert!(problems(&got)[0].contains("no computers or users"), "{:?}", problems(&got));
}

#[test]
fn hostile_names_are_escaped_in_messages() {
    let got = loaded("account,domain,spn\na$,d,\u{1b}[31mred\u{202e}\n");
    assert!(problems(&got)[0].is_ascii() && !problems(&got)[0].contains('\u{1b}'), "{:?}", problems(&got));
}
