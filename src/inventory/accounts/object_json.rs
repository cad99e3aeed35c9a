//! Reads JSON with one directory object per element.
//!
//! - `Get-ADObject`, `Get-ADComputer` or `Get-ADUser` through `ConvertTo-Json`: a list, one object, or the
//!   list that Windows PowerShell wraps (`{"value": [..], "Count": 2}`).
//! - ldap3 and ldapdomaindump: `[{"attributes": {..}, "dn": ".."}]`, or the list in `"entries"`.
//! - SharpHound: `{"data": [{"Properties": {..}, ..}], "meta": {..}}`, before version 4
//!   `{"computers": [..]}`. Attributes are in lower case, times in seconds since 1970
//!   (SharpHoundCommon at 276237fe).
//!
//! A Get-AD or LDAP export does not contain its filter, so the content decides whether a missing SPN means
//! something, as for [tables](super::object_csv). In SharpHound it means nothing: computers and users are in
//! separate files.

use std::fmt;

use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::collector::AccountCollector;
use super::completeness::Completeness;
use super::entry::{Attribute, Entry};
use super::format::{Format, ReadError, Text, is_type_name};
use crate::text::json::{ObjectVisitor, each_object};

pub(super) const SHARPHOUND: Format =
    Format { name: "SharpHound", recognise: is_sharphound, read: read_sharphound, may_be_empty: false };

pub(super) const LDAP: Format =
    Format { name: "LDAP JSON", recognise: is_ldap, read: read_ldap, may_be_empty: false };

pub(super) const GET_AD: Format =
    Format { name: "Get-AD JSON", recognise: is_get_ad, read: read_get_ad, may_be_empty: false };

/// The export to advise if there are no SPNs.
const COMMAND: &str = "Get-ADObject -LDAPFilter '(servicePrincipalName=*)' -Properties objectClass,sAMAccountName,servicePrincipalName,dNSHostName,pwdLastSet,whenChanged,userAccountControl,msDS-SupportedEncryptionTypes,primaryGroupID,operatingSystem,whenCreated,msDS-AdditionalDnsHostName | Select-Object ObjectClass,sAMAccountName,DistinguishedName,dNSHostName,pwdLastSet,whenChanged,whenCreated,userAccountControl,msDS-SupportedEncryptionTypes,primaryGroupID,operatingSystem,@{n='msDS-AdditionalDnsHostName';e={[string[]]$_.'msDS-AdditionalDnsHostName'}},@{n='servicePrincipalName';e={[string[]]$_.servicePrincipalName}} | ConvertTo-Json -Depth 3 | Out-File -Encoding UTF8 spns.json";

/// The error of a SharpHound file without accounts.
pub(super) const OTHER_SHARPHOUND: &str = "this SharpHound file has no computers or users (domains, groups, gpos, ous and others have no SPN); \
    give its computers and users files";

/// The first member of a SharpHound file: `data`, `meta` or, before version 4, the kind of the listed objects. `None` for another
/// file.
fn sharphound_list(head: &str) -> Option<&'static str> {
    const LISTS: [&str; 8] = ["data", "meta", "computers", "users", "domains", "groups", "gpos", "ous"];
    let start: String = head.chars().filter(|c| !c.is_whitespace()).take(16).collect();
    let list = LISTS.into_iter().find(|list| {
        start
            .strip_prefix("{\"")
            .and_then(|rest| rest.strip_prefix(list))
            .is_some_and(|rest| rest.starts_with("\":"))
    })?;
    (head.contains("\"Properties\"") || head.contains("\"meta\"")).then_some(list)
}

/// Is it an export of SharpHound with computers or users?
fn is_sharphound(head: &str) -> bool {
    let is_type = |name: &str| {
        head.contains(&format!("\"type\":\"{name}\"")) || head.contains(&format!("\"type\": \"{name}\""))
    };
    match sharphound_list(head) {
        Some("computers" | "users") => true,
        Some("data" | "meta") => {
            ["computers", "users"].into_iter().any(is_type)
                || head.to_ascii_lowercase().contains("\"serviceprincipalnames\"")
        }
        _ => false,
    }
}

/// Is it a SharpHound file of any kind?
pub(super) fn is_other_sharphound(head: &str) -> bool {
    sharphound_list(head).is_some()
}

fn is_ldap(head: &str) -> bool {
    head.trim_start().starts_with(['[', '{']) && head.contains("\"attributes\"") && head.contains("\"dn\"")
}

fn is_get_ad(head: &str) -> bool {
    if is_other_sharphound(head) {
        return false;
    }
    let lower = head.to_ascii_lowercase();
    head.trim_start().starts_with(['[', '{'])
        && (lower.contains("\"distinguishedname\"") || lower.contains("\"samaccountname\""))
}

fn read_sharphound(text: Text<'_>, to: &mut AccountCollector) -> Result<(), ReadError> {
    to.completeness = Completeness::Part;
    read(text, to).map(drop)
}

fn read_ldap(text: Text<'_>, to: &mut AccountCollector) -> Result<(), ReadError> {
    if !read(text, to)? {
        to.report_loss(
            0,
            "no entry has a servicePrincipalName; request it: (servicePrincipalName=*) with all attributes",
        );
    }
    Ok(())
}

fn read_get_ad(text: Text<'_>, to: &mut AccountCollector) -> Result<(), ReadError> {
    if !read(text, to)? {
        to.report_loss(0, format!("no object has a servicePrincipalName; export them with: {COMMAND}"));
    }
    Ok(())
}

/// Reads every object. Returns whether one of them has SPNs.
fn read(text: Text<'_>, to: &mut AccountCollector) -> Result<bool, ReadError> {
    let mut objects = Objects { to, has_spns: false, flattened: None };
    each_object(text, &mut objects)?;
    match objects.flattened {
        Some(error) => Err(error),
        None => Ok(objects.has_spns),
    }
}

/// Reads the objects of a file.
struct Objects<'c> {
    to: &'c mut AccountCollector,
    /// Did any object have SPNs?
    has_spns: bool,
    /// Set if the export lost the lists of SPNs.
    flattened: Option<ReadError>,
}

impl ObjectVisitor for Objects<'_> {
    fn object<'de, A: MapAccess<'de>>(&mut self, first: &str, mut map: A, line: u64) -> Result<(), A::Error> {
        let entry = Entry::new(line, self.to);
        let mut object = Object { objects: self, entry, line, name: None };
        let mut member = Some(Member::named(first));
        while let Some(next) = member {
            object.member(next, &mut map)?;
            member = map.next_key()?;
        }
        let Object { mut entry, name, .. } = object;
        if let Some(name) = name
            && entry.is_computer()
        {
            entry.set(Attribute::DnsHostName, &name, line, self.to);
        }
        entry.finish(self.to);
        Ok(())
    }

    fn error(&mut self, line: u64, what: String, is_cut_off: bool) {
        if self.flattened.is_some() {
            // The loss of the lists is reported for the whole file.
        } else if is_cut_off {
            self.to.report_loss(line, "the JSON ends before its last bracket; the export was cut off");
        } else {
            self.to.report_loss(line, format!("this is not JSON of an object, and is skipped: {what}"));
        }
    }
}

/// A member of an object, by its name.
enum Member {
    Attribute(Attribute),
    /// The object that has the attributes.
    Properties,
    /// SharpHound's `name`, which is a computer's DNS name in upper case, or `NAME@DOMAIN` of a user.
    Name,
    /// SharpHound's `PrimaryGroupSID`, which ends in the primaryGroupID.
    PrimaryGroupSid,
    /// The member in which Windows PowerShell wraps a list or a date.
    Value,
    Other,
}

impl Member {
    fn named(name: &str) -> Self {
        match Attribute::named(name) {
            Some(attribute) => Self::Attribute(attribute),
            None if name == "Properties" || name == "attributes" => Self::Properties,
            None if name == "name" => Self::Name,
            None if name == "PrimaryGroupSID" => Self::PrimaryGroupSid,
            None if name.eq_ignore_ascii_case("value") => Self::Value,
            None => Self::Other,
        }
    }
}

impl<'de> Deserialize<'de> for Member {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Name;
        impl Visitor<'_> for Name {
            type Value = Member;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }
            fn visit_str<E>(self, name: &str) -> Result<Member, E> {
                Ok(Member::named(name))
            }
        }
        from.deserialize_str(Name)
    }
}

/// An object that is being read.
struct Object<'o, 'c> {
    objects: &'o mut Objects<'c>,
    entry: Entry,
    line: u64,
    /// A DNS name in SharpHound's `name`.
    name: Option<String>,
}

impl Object<'_, '_> {
    /// Reads the value of one member.
    fn member<'de, A: MapAccess<'de>>(&mut self, member: Member, map: &mut A) -> Result<(), A::Error> {
        match member {
            Member::Attribute(attribute) => {
                self.objects.has_spns |= attribute == Attribute::ServicePrincipalName;
                map.next_value_seed(Values { object: self, attribute, in_list: false })
            }
            Member::Properties => map.next_value_seed(Properties(self)),
            Member::Name => match map.next_value::<OptionalText>()?.0 {
                Some(name) if name.contains('.') => {
                    self.name = Some(name);
                    Ok(())
                }
                _ => Ok(()),
            },
            Member::PrimaryGroupSid => {
                let sid = map.next_value::<OptionalText>()?.0.unwrap_or_default();
                if let Some((_, group)) = sid.rsplit_once('-') {
                    self.entry.set(Attribute::PrimaryGroup, group, self.line, self.objects.to);
                }
                Ok(())
            }
            Member::Value | Member::Other => map.next_value::<IgnoredAny>().map(drop),
        }
    }

    /// Adds one value of an attribute. Fails if it shows that the lists of SPNs were lost.
    fn value(&mut self, attribute: Attribute, text: &str, in_list: bool) -> Result<(), ListLost> {
        if attribute == Attribute::ServicePrincipalName && is_type_name(text) {
            let (line, type_name) = (self.line, text.to_owned());
            self.objects.flattened.get_or_insert(ReadError::Flattened { line, type_name, command: COMMAND });
            return Err(ListLost);
        }
        // A single text may be a list that a too small `-Depth` joined with blanks.
        match in_list {
            true => self.entry.set(attribute, text, self.line, self.objects.to),
            false => self.entry.set_flattened(attribute, text, self.line, self.objects.to),
        }
        Ok(())
    }
}

/// The error that ends the reading of an object whose list of SPNs was lost. [`Objects::flattened`] has the details.
struct ListLost;

impl fmt::Display for ListLost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the list of SPNs was lost")
    }
}

/// Deserializes a text, and any other value as `None`.
struct OptionalText(Option<String>);

impl<'de> Deserialize<'de> for OptionalText {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Any {
            Text(String),
            Other(IgnoredAny),
        }
        Ok(match Any::deserialize(from)? {
            Any::Text(text) => Self(Some(text)),
            Any::Other(_) => Self(None),
        })
    }
}

/// Reads the members of the object in `Properties` or `attributes`.
struct Properties<'p, 'o, 'c>(&'p mut Object<'o, 'c>);

impl<'de> DeserializeSeed<'de> for Properties<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Properties<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with a directory object's attributes")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(member) = map.next_key()? {
            self.0.member(member, &mut map)?;
        }
        Ok(())
    }
}

/// Reads the value of an attribute, which may be a list.
struct Values<'v, 'o, 'c> {
    object: &'v mut Object<'o, 'c>,
    attribute: Attribute,
    in_list: bool,
}

impl<'de> DeserializeSeed<'de> for Values<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Values<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
    fn visit_bool<E: Error>(self, yes: bool) -> Result<(), E> {
        self.visit_str(if yes { "true" } else { "false" })
    }
    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        self.visit_str(&number.to_string())
    }
    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        self.visit_str(&number.to_string())
    }
    fn visit_f64<E: Error>(self, number: f64) -> Result<(), E> {
        self.visit_str(&number.to_string())
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.object.value(self.attribute, text, self.in_list).map_err(E::custom)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let attribute = self.attribute;
        loop {
            let value = Values { object: &mut *self.object, attribute, in_list: true };
            if list.next_element_seed(value)?.is_none() {
                return Ok(());
            }
        }
    }

    /// Reads `{"value": .., "Count": 3}`, in which Windows PowerShell wraps a list or a date.
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(member) = map.next_key::<Member>()? {
            if matches!(member, Member::Value) {
                map.next_value_seed(Values {
                    object: &mut *self.object,
                    attribute: self.attribute,
                    in_list: self.in_list,
                })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}
