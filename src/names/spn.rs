//! Service principal names: their grammar, and the key by which they are compared.

use std::net::{IpAddr, Ipv6Addr};

use super::{looks_like_domain, without_dot};

/// A service principal name: `class/host[:port|:instance][/service name][@REALM]` (MS-ADTS 2.2.21, "SPN syntax"; MS-KILE 3.1.5.11).
///
/// Parts are kept as written. [`Spn::key`] compares two SPNs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spn {
    /// `host`, `HTTP`, or a GUID (`E3514235-4B06-11D1-AB04-00C04FC2DCD2` is directory replication).
    pub class: Box<str>,
    /// Host name, NetBIOS name, GUID or IP literal (IPv6 without brackets).
    pub host: Box<str>,
    pub port: Option<Box<str>>,
    /// `INST1` of `MSSQLSvc/sql1:INST1`: the text after the colon, unless it is a port. Empty if the colon ends the host.
    pub instance: Option<Box<str>>,
    /// Third part: a domain, a DN, `ACTIVE`.
    pub service_name: Option<Box<str>>,
    /// The text after the last `@`, if it looks like a domain.
    pub realm: Option<Box<str>>,
}

impl Spn {
    /// Parses an SPN; `None` if it has no `/`, or nothing before or after it.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (rest, realm) = split_realm(text);
        let (class, rest) = rest.split_once('/')?;
        if class.is_empty() || class.contains(char::is_whitespace) {
            return None;
        }
        let (host_part, service_name) = match rest.split_once('/') {
            Some((host, service)) => (host, Some(service)),
            None => (rest, None),
        };
        let (host, suffix) = split_host(host_part);
        if host.is_empty() {
            return None;
        }
        let (port, instance) = match suffix {
            Some(s) if !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit()) => (Some(s), None),
            other => (None, other),
        };
        Some(Self {
            class: class.into(),
            host: host.into(),
            port: port.map(Into::into),
            instance: instance.map(Into::into),
            service_name: service_name.map(Into::into),
            realm: realm.map(Into::into),
        })
    }

    /// Key by which two SPNs are compared: in lower case, without the realm and without the host's trailing dot.
    pub fn key(&self) -> String {
        let host = without_dot(&self.host);
        let suffixed = self.port.is_some() || self.instance.is_some();
        // Without brackets the port would be read as the last part of the address.
        let mut key = match self.address() {
            Some(IpAddr::V6(_)) if suffixed => format!("{}/[{host}]", self.class),
            _ => format!("{}/{host}", self.class),
        }
        .to_lowercase();
        for (mark, part) in [(':', &self.port), (':', &self.instance), ('/', &self.service_name)] {
            if let Some(part) = part {
                key.push(mark);
                key.push_str(&part.to_lowercase());
            }
        }
        key
    }

    /// The same SPN with another service class. The KDC looks up `HOST/x` if `HTTP/x` is registered nowhere.
    pub fn with_class(&self, class: &str) -> Self {
        Self { class: class.into(), ..self.clone() }
    }

    /// The host as an address, if it is an IP literal.
    pub fn address(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    /// Is the host the GUID of a domain controller's DSA (`E3514235-.../<guid>/domain`, `ldap/<guid>._msdcs.forest`)? Only DNS
    /// (`<guid>._msdcs.<forest>`) or the directory maps it to a host name.
    pub fn host_is_guid(&self) -> bool {
        is_guid(self.host.split('.').next().unwrap_or_default())
    }
}

impl std::fmt::Display for Spn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.host.parse::<Ipv6Addr>().is_ok() {
            write!(f, "{}/[{}]", self.class, self.host)?;
        } else {
            write!(f, "{}/{}", self.class, self.host)?;
        }
        for (mark, part) in
            [(':', &self.port), (':', &self.instance), ('/', &self.service_name), ('@', &self.realm)]
        {
            if let Some(part) = part {
                write!(f, "{mark}{part}")?;
            }
        }
        Ok(())
    }
}

/// Splits `@REALM` off, if the text after the last `@` looks like a domain.
pub(super) fn split_realm(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once('@') {
        Some((rest, realm)) if !rest.is_empty() && looks_like_domain(realm) => (rest, Some(realm)),
        _ => (text, None),
    }
}

/// Splits the host from the text after its colon. The colons of an IPv6 literal, in brackets or bare, belong to the host.
/// Brackets around anything else are part of the name.
fn split_host(text: &str) -> (&str, Option<&str>) {
    if let Some((host, after)) = text.strip_prefix('[').and_then(|rest| rest.split_once(']'))
        && host.parse::<Ipv6Addr>().is_ok()
        && (after.is_empty() || after.starts_with(':'))
    {
        return (host, after.strip_prefix(':'));
    }
    match text.split_once(':') {
        Some((host, after)) if !after.contains(':') => (host, Some(after)),
        _ => (text, None),
    }
}

fn is_guid(text: &str) -> bool {
    let lens = [8, 4, 4, 4, 12];
    let mut parts = text.split('-');
    lens.iter()
        .all(|&len| parts.next().is_some_and(|p| p.len() == len && p.bytes().all(|b| b.is_ascii_hexdigit())))
        && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// class, host, port, instance, service name, realm.
    type Parts<'a> = (&'a str, &'a str, Option<&'a str>, Option<&'a str>, Option<&'a str>, Option<&'a str>);

    #[test]
    fn the_whole_grammar() {
        let table: &[(&str, Parts)] = &[
            ("host/srv2.beta.example.com", ("host", "srv2.beta.example.com", None, None, None, None)),
            (
                "MSSQLSvc/sql1.contoso.com:1433",
                ("MSSQLSvc", "sql1.contoso.com", Some("1433"), None, None, None),
            ),
            (
                "MSSQLSvc/sql1.contoso.com:INST1",
                ("MSSQLSvc", "sql1.contoso.com", None, Some("INST1"), None, None),
            ),
            (
                "ldap/dc-01.fabrikam.com/fabrikam.com",
                ("ldap", "dc-01.fabrikam.com", None, None, Some("fabrikam.com"), None),
            ),
            ("LDAP/h.d.com/d.com@D.COM", ("LDAP", "h.d.com", None, None, Some("d.com"), Some("D.COM"))),
            ("HOST/DC/ACTIVE", ("HOST", "DC", None, None, Some("ACTIVE"), None)),
            ("kadmin/changepw", ("kadmin", "changepw", None, None, None, None)),
            ("HTTP/fela@corp.local", ("HTTP", "fela", None, None, None, Some("corp.local"))),
            ("HTTP/a@b", ("HTTP", "a@b", None, None, None, None)),
            ("cifs/[fe80::1]", ("cifs", "fe80::1", None, None, None, None)),
            ("HTTP/[2001:db8::1]:8080", ("HTTP", "2001:db8::1", Some("8080"), None, None, None)),
            ("cifs/2001:db8::1", ("cifs", "2001:db8::1", None, None, None, None)),
            ("cifs/192.0.2.1", ("cifs", "192.0.2.1", None, None, None, None)),
            ("host/[srv1]", ("host", "[srv1]", None, None, None, None)),
            ("HTTP/[::1]x", ("HTTP", "[::1]x", None, None, None, None)),
            ("HTTP/web:", ("HTTP", "web", None, Some(""), None, None)),
            ("HTTP/web/", ("HTTP", "web", None, None, Some(""), None)),
            (
                "E3514235-4B06-11D1-AB04-00C04FC2DCD2/70ff33ce-2f41-4bf4-b7ca-7fa71d4ca13e/root.contoso.com@root.contoso.com",
                (
                    "E3514235-4B06-11D1-AB04-00C04FC2DCD2",
                    "70ff33ce-2f41-4bf4-b7ca-7fa71d4ca13e",
                    None,
                    None,
                    Some("root.contoso.com"),
                    Some("root.contoso.com"),
                ),
            ),
        ];
        for (text, (class, host, port, instance, service, realm)) in table {
            let spn = Spn::parse(text).unwrap();
            assert_eq!((&*spn.class, &*spn.host), (*class, *host), "{text}");
            assert_eq!(spn.port.as_deref(), *port, "{text}");
            assert_eq!(spn.instance.as_deref(), *instance, "{text}");
            assert_eq!(spn.service_name.as_deref(), *service, "{text}");
            assert_eq!(spn.realm.as_deref(), *realm, "{text}");
        }
    }

    #[test]
    fn no_spn_without_both_parts() {
        for text in ["", "srv1$", "/host", "host/", "host//x", "a b/c", "user@realm.com"] {
            assert_eq!(Spn::parse(text), None, "{text}");
        }
    }

    #[test]
    fn compared_without_case_dot_and_realm() {
        let key = |t| Spn::parse(t).unwrap().key();
        assert_eq!(key("HTTP/Web.Corp.Local.@CORP.LOCAL"), key("http/web.corp.local"));
        assert_ne!(key("HTTP/web:80"), key("HTTP/web"));
    }

    /// Trap 15: who may choose a name must not make it equal to another one.
    #[test]
    fn nothing_but_case_one_dot_and_the_realm_is_left_out_of_the_comparison() {
        let key = |t| Spn::parse(t).unwrap().key();
        assert_ne!(key("cifs/[2001:db8::1]:80"), key("cifs/2001:db8::1:80"));
        for other in ["HTTP/web..", "HTTP/web:", "HTTP/web/", "HTTP/[web]", "HTTP/web\u{200b}", "HTTP/web$"] {
            assert_ne!(key(other), key("HTTP/web"), "{other}");
        }
    }

    #[test]
    fn guid_hosts_are_known_as_such() {
        assert!(
            Spn::parse("ldap/e7216f2e-317c-4a75-b2dd-dae8af2cee4a._msdcs.alpha.example.com")
                .unwrap()
                .host_is_guid()
        );
        assert!(!Spn::parse("ldap/dc1.alpha.example.com").unwrap().host_is_guid());
    }

    fn any_spn() -> impl Strategy<Value = Spn> {
        let guid = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
        let class = prop_oneof!["[A-Za-z][A-Za-z0-9-]{0,7}", guid];
        let host = prop_oneof![
            "[a-zA-Z0-9_-]{1,20}\\$?",
            "[a-z0-9-]{1,12}(\\.[a-z]{1,4}){1,2}\\.?",
            guid,
            any::<std::net::Ipv4Addr>().prop_map(|a| a.to_string()),
            any::<Ipv6Addr>().prop_map(|a| a.to_string()),
        ];
        // A port or an instance, never both.
        let suffix = proptest::option::of("[0-9]{1,5}|[A-Z][A-Z0-9$]{0,7}");
        let service = proptest::option::of("[a-z.]{0,6}[a-z]|CN=[A-Za-z]{1,5},DC=[a-z]{1,3}/?");
        let realm = proptest::option::of("[A-Z]{1,5}\\.[A-Z]{1,3}");
        (class, host, suffix, service, realm).prop_map(|(class, host, suffix, service, realm)| {
            let (port, instance) = match suffix {
                Some(s) if s.starts_with(|c: char| c.is_ascii_digit()) => (Some(s), None),
                other => (None, other),
            };
            Spn {
                class: class.into(),
                host: host.into(),
                port: port.map(Into::into),
                instance: instance.map(Into::into),
                service_name: service.map(Into::into),
                realm: realm.map(Into::into),
            }
        })
    }

    proptest! {
        #[test]
        fn what_is_printed_parses_to_the_same(spn in any_spn()) {
            prop_assert_eq!(Spn::parse(&spn.to_string()), Some(spn));
        }

        #[test]
        fn case_realm_and_a_trailing_dot_do_not_change_the_key(spn in any_spn()) {
            let key = spn.key();
            prop_assert_eq!(&Spn::parse(&spn.to_string().to_uppercase()).unwrap().key(), &key);
            prop_assert_eq!(&Spn { realm: Some("CORP.EXAMPLE".into()), ..spn.clone() }.key(), &key);
            let dotted = format!("{}.", spn.host);
            if !spn.host.ends_with('.') && spn.address().is_none() {
                prop_assert_eq!(&Spn { host: dotted.into(), ..spn }.key(), &key);
            }
        }

        #[test]
        fn different_parts_are_different_keys(a in any_spn(), b in any_spn()) {
            let parts = |spn: &Spn| {
                let lower = |part: &Option<Box<str>>| part.as_deref().map(str::to_lowercase);
                let host = spn.host.to_lowercase();
                (
                    spn.class.to_lowercase(),
                    host.strip_suffix('.').unwrap_or(&host).to_owned(),
                    (lower(&spn.port), lower(&spn.instance), lower(&spn.service_name)),
                )
            };
            prop_assert_eq!(a.key() == b.key(), parts(&a) == parts(&b));
            let other = Spn { service_name: Some("x".into()), ..a.clone() };
            prop_assert_eq!(a.key() == other.key(), parts(&a) == parts(&other));
        }

        #[test]
        fn what_is_parsed_prints_as_it_was_and_parses_again(text in "[a-zA-Z0-9/:@.$\\[\\]\\\\ äK-]{0,24}") {
            if let Some(spn) = Spn::parse(&text) {
                let again = Spn::parse(&spn.to_string());
                prop_assert_eq!(again.as_ref(), Some(&spn), "{}", spn);
            }
        }

        #[test]
        fn any_text_parses_without_panic(text in any::<String>()) {
            if let Some(spn) = Spn::parse(&text) {
                let again = Spn::parse(&spn.to_string()).map(|s| s.key());
                let _ = (again, spn.key());
            }
        }
    }
}
