//! The names of accounts and services in event 4.

use std::net::IpAddr;

use super::spn::split_realm;
use super::{HostName, Spn, domain_key};

/// A name as `Server` and `Targetname` of event 4 have it: an SPN, an account, a host, or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// `host/srv2.beta.example.com`.
    Spn(Spn),
    /// The sAMAccountName of a computer or managed service account: `srv1$`, `ALPHA\SRV1$`, `srv1$@ALPHA.EXAMPLE.COM`.
    /// `name` is without `$`.
    Machine { domain: Option<Box<str>>, name: Box<str> },
    /// A user's account or a bare host name: `svc_web`, `ALPHA\svc_web`, `svc_web@alpha.example.com`, `tfs01`.
    Name { domain: Option<Box<str>>, name: Box<str> },
    /// Empty, or a placeholder (`-`, `%3`, `<name>`, `(null)`).
    Missing,
}

impl Principal {
    /// Parses any text. One that is not an SPN or a machine account is a [`Name`](Self::Name).
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        if is_placeholder(text) {
            return Self::Missing;
        }
        if let Some(spn) = Spn::parse(text) {
            return Self::Spn(spn);
        }
        let (rest, realm) = match split_realm(text) {
            (rest, Some(realm)) => (rest, Some(realm)),
            // After `$` a realm needs no dot: `SRV1$@ALPHA`.
            _ => match text.rsplit_once("$@") {
                Some((rest, realm)) if !realm.is_empty() && !rest.is_empty() => {
                    (&text[..=rest.len()], Some(realm))
                }
                _ => (text, None),
            },
        };
        let (domain, name) = match rest.split_once('\\') {
            Some((domain, name)) => (domain_key(domain), name),
            None => (realm.and_then(domain_key), rest),
        };
        let domain = domain.map(Into::into);
        match name.strip_suffix('$') {
            _ if name.is_empty() => Self::Missing,
            Some("") => Self::Missing,
            Some(machine) => Self::Machine { domain, name: machine.into() },
            None => Self::Name { domain, name: name.into() },
        }
    }

    /// The host in the name: of an SPN unless it is an address or a GUID, of a machine account, or the bare name.
    pub fn host(&self) -> Option<HostName> {
        match self {
            Self::Spn(spn) if spn.address().is_some() || spn.host_is_guid() => None,
            Self::Spn(spn) => HostName::parse(&spn.host),
            Self::Machine { domain, name } | Self::Name { domain, name } => {
                HostName::parse(name).map(|h| h.in_domain(domain.as_deref()))
            }
            Self::Missing => None,
        }
    }

    pub fn address(&self) -> Option<IpAddr> {
        match self {
            Self::Spn(spn) => spn.address(),
            Self::Name { name, .. } => name.parse().ok(),
            _ => None,
        }
    }

    pub fn spn(&self) -> Option<&Spn> {
        match self {
            Self::Spn(spn) => Some(spn),
            _ => None,
        }
    }
}

fn is_placeholder(text: &str) -> bool {
    matches!(text, "" | "-" | "?" | "*" | "(null)" | "N/A" | "n/a")
        || (text.starts_with('%') && text[1..].bytes().all(|b| b.is_ascii_digit()))
        || (text.starts_with('<') && text.ends_with('>'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_odd_targets() {
        let machine = |domain: Option<&str>, name: &str| Principal::Machine {
            domain: domain.map(Into::into),
            name: name.into(),
        };
        let name = |domain: Option<&str>, name: &str| Principal::Name {
            domain: domain.map(Into::into),
            name: name.into(),
        };
        let table = [
            ("srv1$", machine(None, "srv1")),
            ("ALPHA\\SRV1$", machine(Some("alpha"), "SRV1")),
            ("srv1$@ALPHA.EXAMPLE.COM", machine(Some("alpha.example.com"), "srv1")),
            ("srv1$@ALPHA", machine(Some("alpha"), "srv1")),
            ("svc_web", name(None, "svc_web")),
            ("svc_web@alpha.example.com", name(Some("alpha.example.com"), "svc_web")),
            ("ALPHA\\svc_web", name(Some("alpha"), "svc_web")),
            ("VIRTUALSERVERNAME", name(None, "VIRTUALSERVERNAME")),
            ("srv1.alpha.example.com", name(None, "srv1.alpha.example.com")),
            ("", Principal::Missing),
            ("%3", Principal::Missing),
            ("<target name>", Principal::Missing),
            ("$", Principal::Missing),
            ("-", Principal::Missing),
        ];
        for (text, want) in table {
            assert_eq!(Principal::parse(text), want, "{text}");
        }
        assert!(matches!(Principal::parse("host/machinename.child.root.com"), Principal::Spn(_)));
    }

    #[test]
    fn a_guid_or_an_address_is_no_host_name() {
        assert_eq!(Principal::parse("cifs/192.0.2.1").host(), None);
        assert_eq!(
            Principal::parse(
                "E3514235-4B06-11D1-AB04-00C04FC2DCD2/70ff33ce-2f41-4bf4-b7ca-7fa71d4ca13e/root.contoso.com"
            )
            .host(),
            None
        );
        assert_eq!(Principal::parse("ALPHA\\SRV1$").host().map(|h| h.to_string()), Some("srv1.alpha".into()));
    }
}
