//! The sentence for each fact.

use std::fmt;
use std::net::IpAddr;

use super::{Fact, MAX_ADDRESSES, Relation};

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Owns { host, address, adapter, at, source } => {
                write!(f, "{host} owns {address}")?;
                if let Some(adapter) = adapter {
                    write!(f, " on {adapter}")?;
                }
                match at {
                    Some(at) => write!(f, " ({source} at {at})"),
                    None => write!(f, " ({source})"),
                }
            }
            Self::Owners { address, owners, hosts } if owners == hosts => {
                write!(f, "{owners} of {hosts} hosts own {address}, all whose addresses are known")
            }
            Self::Owners { address, owners, hosts } => write!(f, "{owners} of {hosts} hosts own {address}"),
            Self::Lacks { host, address, owner } => write!(f, "{host} does not own {address}, {owner} does"),
            Self::Resolves { name, address, owner, source } => {
                write!(f, "{name} resolves to {address} ({source})")?;
                match owner {
                    Some(owner) => write!(f, ", which {owner} owns"),
                    None => Ok(()),
                }
            }
            Self::Leased { host, address, source } => {
                write!(f, "{address} is leased or registered dynamically by {host} ({source})")
            }
            Self::OtherName { name, host, place } => write!(f, "{name} is another name of {host} ({place})"),
            Self::Alias { name, host, source } => {
                write!(f, "{name} is an alias of {host} in DNS ({source}): a CNAME is made on purpose")
            }
            Self::NoComputer { name } => write!(f, "{name} is the name of no computer in the lists"),
            Self::NothingCommon { client, of_client, target, of_target } => write!(
                f,
                "no address in common: {client} owns {}, {target} owns {}",
                Addresses(of_client),
                Addresses(of_target)
            ),
            Self::Registered { spn, via_host: false, account } => {
                write!(f, "{spn} is registered on {account} ({})", account.place())
            }
            Self::Registered { spn, via_host: true, account } => write!(
                f,
                "{spn} itself is registered nowhere, and its HOST form is on {account} ({})",
                account.place()
            ),
            Self::MoreOwners { count } => write!(f, "and {count} more accounts"),
            Self::KdcFinds { client, account } => {
                write!(f, "the KDC of {client}'s domain finds {account} first")
            }
            Self::NoTicket { spn, domain } => write!(
                f,
                "a KDC that finds two owners of {spn} in {domain} issues no ticket and logs event 11: the ticket was made \
                 before or after this list, or by another domain's KDC"
            ),
            Self::PasswordSet { account, at } => write!(f, "the password of {account} was last set {at}"),
            Self::Changed { account, at } => {
                write!(f, "{account} was changed {at} (whenChanged): the SPN may have come then")
            }
            Self::Disabled { account } => write!(f, "{account} is disabled ({})", account.place()),
            Self::Unused { set, account } => {
                write!(
                    f,
                    "the password of {account} is from {set} ({}): the account is probably unused",
                    account.place()
                )
            }
            Self::OperatingSystem { system, account } => {
                write!(f, "{account} runs {system} ({})", account.place())
            }
            Self::EncryptionTypes { types, account } => write!(
                f,
                "msDS-SupportedEncryptionTypes of {account} is {types} ({}, {})",
                EncryptionTypes(*types),
                account.place()
            ),
            Self::AccountClass { class, account } => write!(f, "{account} is {class} ({})", account.place()),
            Self::UnlistedAccount { account } => write!(
                f,
                "no list has {account}: a name that ends in $ may be a computer, a managed service account (gMSA), a cluster \
                 name or an appliance"
            ),
            Self::ReachedTarget { responder, target } => {
                write!(f, "{responder} answered for {target}: the connection reached the target")
            }
            Self::ReachedItself { responder, target } => write!(
                f,
                "{responder} answered, the client's own account, and {target} is another host: the client reached itself"
            ),
            Self::TwoMachines { responder, target } => {
                write!(f, "{responder} answered for {target}: two machines by their names")
            }
            Self::ServiceName { responder, target } => write!(
                f,
                "{responder} answered for {target}: an SPN as the responder's name shows no account, and is typical of a keytab \
                 (Java, Linux, NAS)"
            ),
            Self::NoHost { responder } => write!(f, "{responder} answered, an account that is not a host"),
            Self::CutName { responder, names } => write!(
                f,
                "{responder} has 15 characters, the length at which NetBIOS names are cut: it may be any of {}",
                names.join(", ")
            ),
            Self::OneShortName { responder, target, realms } => write!(
                f,
                "{responder} and {target} have one short name, and the realms are {}",
                realms.join(" and ")
            ),
            Self::Exists { name, domain, place } => write!(f, "{name} exists in {domain} ({place})"),
            Self::ClusterName { spn, account } => {
                write!(f, "{account} is a cluster's virtual computer: it owns {spn} ({})", account.place())
            }
            Self::ClusterNode { responder, shows, domain, place } => {
                write!(
                    f,
                    "{responder} has the {shows} of a cluster node ({place}), and {domain} has one cluster"
                )
            }
            Self::NoClusterNode { responder } => write!(
                f,
                "{responder} has no MSServerClusterMgmtAPI SPN, as the nodes of that cluster have: it is none of them"
            ),
            Self::OwnName { name, address, host, source } => write!(
                f,
                "{name} resolves to {address} ({source}), the address of {host} itself: a cluster's name has one of its own"
            ),
            Self::BareName { name } => write!(
                f,
                "{name} has no service class, and no inventory has a host of that name: cluster resources are addressed so"
            ),
            Self::ServiceClass { class } => {
                write!(f, "{class} services often run under an account of their own")
            }
            Self::AccountTarget { target } => {
                write!(f, "the target {target} is the account itself, so no SPN is involved")
            }
            Self::ClassesFail { count, host } => {
                write!(f, "{count} service classes fail for {host}: they share the account's key")
            }
            Self::WithinTicketLifetime { hours } => write!(
                f,
                "all events lie within {hours} hours after that: tickets made before the change live no longer"
            ),
            Self::Event { relation: Relation::Decisive, event } => event.fmt(f),
            Self::Event { relation: Relation::Near, event } => write!(f, "near that time: {event}"),
            Self::Event { relation: Relation::Timeless, event } => write!(f, "also in the logs: {event}"),
            Self::MoreEvents { count } => write!(f, "and {count} other events near that time"),
            Self::FromSlack { count } => write!(f, "{count} of the events were read from slack space"),
            Self::MissingName { what } => write!(f, "the event does not name {what}"),
            Self::UnknownTarget { target } => write!(f, "{target} names no host that an inventory knows"),
            Self::RealmTarget { target } => write!(
                f,
                "{target} names a realm and no host: the keys of a trust, or the signatures in a ticket (PAC)"
            ),
            Self::DomainTarget { target } => write!(
                f,
                "{target} is the domain's own name: any domain controller answers for it, and its DNS records must stay"
            ),
            Self::CloudService { target, service } => {
                write!(f, "{target} is {service}, and its account answered")
            }
            Self::DirectoryServer { guid, responder } => write!(
                f,
                "{guid} is the GUID of a domain controller's directory service: replication asked for {responder}'s key"
            ),
            Self::PerhapsAnother { responder } => write!(
                f,
                "{responder} may be another machine than the name suggests: the event does not show its domain"
            ),
            Self::Assumed { file } => write!(
                f,
                "nothing shows when {file} was collected; it is assumed to be from the time of the events (a column \
                 collected shows it)"
            ),
            Self::Caveat { caveat } => caveat.fmt(f),
            Self::NotChosen { cause, why } => write!(f, "not {cause}: {why}"),
            Self::Rival { cause, story, .. } => write!(f, "{cause} fits as well: {story}"),
            Self::RivalExcluded { cause, story, by, .. } => {
                write!(f, "not {cause} ({story}): excluded by {by}")
            }
        }
    }
}

/// Displays addresses as a list of at most [`MAX_ADDRESSES`].
struct Addresses<'a>(&'a [IpAddr]);

impl fmt::Display for Addresses<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: Vec<String> = self.0.iter().take(MAX_ADDRESSES).map(ToString::to_string).collect();
        f.write_str(&shown.join(", "))?;
        match self.0.len().checked_sub(MAX_ADDRESSES) {
            Some(more) if more > 0 => write!(f, " and {more} more"),
            _ => Ok(()),
        }
    }
}

/// The bits of `msDS-SupportedEncryptionTypes` (MS-KILE 2.2.7), which are displayed by name.
struct EncryptionTypes(u32);

impl fmt::Display for EncryptionTypes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [(u32, &str); 4] = [(0x3, "DES"), (0x4, "RC4"), (0x8, "AES128"), (0x10, "AES256")];
        let names: Vec<&str> =
            NAMES.iter().filter(|(bits, _)| self.0 & bits != 0).map(|(_, name)| *name).collect();
        match names.is_empty() {
            true => f.write_str("the domain controller's default"),
            false => f.write_str(&names.join(", ")),
        }
    }
}
