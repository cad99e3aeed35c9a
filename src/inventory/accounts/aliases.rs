//! Maps service classes to `HOST`: the KDC's SPN aliases.
//!
//! If an SPN is on no account, the KDC replaces its class by the class's alias and looks again (MS-DRSR
//! 4.1.4.2.14 LookupSPN and 4.1.4.2.19 MapSPN). The rest of the SPN, including the port, is unchanged. An
//! explicit `HTTP/x` on a service account therefore shadows the `HOST/x` of the computer.

use std::collections::HashMap;

/// The default of sPNMappings in a new forest (attribute of `CN=Directory Service,CN=Windows NT,CN=Services,CN=Configuration`).
pub(crate) const DEFAULT_MAPPINGS: &str = "host=alerter,appmgmt,cisvc,clipsrv,browser,dhcp,dnscache,replicator,eventlog,\
    eventsystem,policyagent,oakley,dmserver,dns,mcsvc,fax,msiserver,ias,messenger,netlogon,netman,netdde,\
    netddedsm,nmagent,plugplay,protectedstorage,rasman,rpclocator,rpc,rpcss,remoteaccess,rsvp,samss,scardsvr,\
    scesrv,seclogon,scm,dcom,cifs,spooler,snmp,schedule,tapisrv,trksvr,trkwks,ups,time,wins,www,http,w3svc,\
    iisadmin,msdtc";

/// The alias of each service class, both in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostAliases {
    alias_of: HashMap<Box<str>, Box<str>>,
}

/// Why SPN mappings cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AliasError {
    #[error(
        "{0:?} is not an SPN mapping; write it as `host=cifs,http,...`, as the attribute sPNMappings has it"
    )]
    NoMapping(String),
    #[error("{0:?} is not a service class; separate classes with a comma")]
    NoClass(String),
    #[error("no SPN mapping was given; without the option the default of a new forest is used")]
    Empty,
}

impl Default for HostAliases {
    fn default() -> Self {
        Self::parse(DEFAULT_MAPPINGS).unwrap_or(Self { alias_of: HashMap::new() })
    }
}

impl HostAliases {
    /// Parses `host=alerter,appmgmt,...`: one mapping, or several, one per line or separated by `;`. A line
    /// may begin with `sPNMappings:`, as in LDIF. The result replaces the default.
    pub fn parse(text: &str) -> Result<Self, AliasError> {
        let mut alias_of = HashMap::new();
        for mapping in text.split(['\n', ';']).map(str::trim).filter(|m| !m.is_empty()) {
            let mapping = match mapping.split_once(':') {
                Some((name, rest)) if name.eq_ignore_ascii_case("sPNMappings") => rest.trim(),
                _ => mapping,
            };
            let (alias, classes) =
                mapping.split_once('=').ok_or_else(|| AliasError::NoMapping(mapping.to_owned()))?;
            let alias = class(alias)?;
            for name in classes.split(',') {
                alias_of.insert(class(name)?, alias.clone());
            }
        }
        if alias_of.is_empty() { Err(AliasError::Empty) } else { Ok(Self { alias_of }) }
    }

    /// Is `HOST/x` an alias for `class/x`?
    pub fn covers(&self, class: &str) -> bool {
        self.alias(class) == Some("host")
    }

    /// The class, in lower case, by which the KDC replaces this one; `None` if it has no alias.
    pub fn alias(&self, class: &str) -> Option<&str> {
        self.alias_of.get(class.to_lowercase().as_str()).map(|alias| &**alias)
    }
}

/// A service class in lower case.
fn class(text: &str) -> Result<Box<str>, AliasError> {
    let text = text.trim();
    if text.is_empty() || text.contains(|c: char| c.is_whitespace() || matches!(c, '/' | '=')) {
        return Err(AliasError::NoClass(text.to_owned()));
    }
    Ok(text.to_lowercase().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_has_the_53_names() {
        let aliases = HostAliases::default();
        assert_eq!(aliases.alias_of.len(), 53);
        for class in ["cifs", "HTTP", "Dns", "w3svc", "RPCSS", "msdtc"] {
            assert!(aliases.covers(class), "{class}");
        }
        for class in ["host", "wsman", "termsrv", "mssqlsvc", "ldap", "gc", "restrictedkrbhost", "smtp", ""] {
            assert!(!aliases.covers(class), "{class}");
        }
    }

    #[test]
    fn a_table_of_ones_own_replaces_the_default() {
        let aliases = HostAliases::parse("sPNMappings: HOST = cifs , wsman\r\nldap=ldap,otherldap").unwrap();
        assert!(aliases.covers("WSMAN") && aliases.covers("cifs") && !aliases.covers("http"));
        assert_eq!(aliases.alias("otherldap"), Some("ldap"));
        assert!(!aliases.covers("otherldap"));
    }

    #[test]
    fn what_is_no_mapping_is_said() {
        let error = |text| HostAliases::parse(text).unwrap_err().to_string();
        assert!(error("cifs,http").contains("\"cifs,http\" is not an SPN mapping"));
        assert!(error("host=cifs http").contains("\"cifs http\" is not a service class"));
        assert!(error("host=cifs,,http").contains("is not a service class"));
        assert!(error(" \n").contains("no SPN mapping was given"));
    }
}
