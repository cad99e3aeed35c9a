//! All rivals, and the lists of rivals that several rows have.

use super::rule::Rival;
use crate::diagnosis::predicates::{self, hosts, keys, rivals};
use crate::diagnosis::request::Request;
use crate::diagnosis::verdict::{Cause, Kind};

pub(super) const NAME_TO_CLIENT: Rival = Rival {
    cause: Cause::WrongHost,
    kind: Kind::StaleDns,
    story: "the hosts file or DNS resolves the target's name to the client",
    excluded_by: "a DCOM event that names the address, a name that resolves to it, at most 1 owner in 50 of at least 100 \
        hosts, or two other clients that reached themselves through it for the same class, or, if only client and target own \
        it, DCOM 10006, 10009, 10028 or LsaSrv 6037 near the events, or a name that resolves to the target",
    is_excluded: rivals::no_name_to_client,
    settled_by: predicates::ask_resolution,
};

pub(super) const ADDRESS_MOVED: Rival = Rival {
    cause: Cause::WrongHost,
    kind: Kind::StaleDns,
    story: "the address moved from one host to the other, and the name is out of date",
    excluded_by: "one dated export with both owners, a Tcpip 4198 or 4199 of the address, or an address that is shared on \
        purpose",
    is_excluded: rivals::shared_at_one_time,
    settled_by: predicates::ask_target_addresses,
};

pub(super) const TAKEN_OVER: Rival = Rival {
    cause: Cause::DuplicateSpn,
    kind: Kind::NameTakenOver,
    story: "another server took over the name on purpose, and the SPN is on the old account",
    excluded_by: "an account of the target that is enabled and has set its password within 60 days before the events",
    is_excluded: rivals::target_in_use,
    settled_by: predicates::ask_meant_name,
};

pub(super) const ONE_MACHINE: Rival = Rival {
    cause: Cause::PasswordMismatch,
    kind: Kind::MachineAccount,
    story: "one machine was migrated, and left the other account behind",
    excluded_by: "two computers with addresses of their own whose passwords were both set within 60 days before the events",
    is_excluded: |case, _| hosts::both_in_use(case),
    settled_by: |case| Request::Namesakes { host: case.target_name(), domains: case.domain_names() },
};

pub(super) const WEB_SERVICE: Rival = Rival {
    cause: Cause::DuplicateSpn,
    kind: Kind::KernelMode,
    story: "both accounts are right: IIS decrypts in kernel mode with the machine's key, or WinRM shares HTTP with a web site",
    excluded_by: "a service class that is not HTTP, or an owner that is a machine",
    is_excluded: rivals::no_web_service,
    settled_by: |case| Request::KernelMode { host: case.server_name() },
};

pub(super) const CACHED_TICKET: Rival = Rival {
    cause: Cause::PasswordMismatch,
    kind: Kind::StaleTicket,
    story: "the SPN was moved a short time ago, and the client still had a ticket for the former owner",
    excluded_by: "accounts that were not changed in the 10 hours before the events",
    is_excluded: rivals::no_recent_move,
    settled_by: |case| Request::Replication { account: case.account_name() },
};

pub(super) const OTHER_SITE: Rival = Rival {
    cause: Cause::DuplicateSpn,
    kind: Kind::TwoServices,
    story: "both accounts are right: two web sites of one host run under two accounts, and share HTTP",
    excluded_by: "a service class that is not HTTP, or an owner that is a machine",
    is_excluded: rivals::no_web_service,
    settled_by: |case| Request::ServiceIdentity { host: case.server_name(), name: case.target_name() },
};

pub(super) const DISABLED_OWNER: Rival = Rival {
    cause: Cause::DuplicateSpn,
    kind: Kind::LeftoverAccount,
    story: "the owner is a disabled leftover",
    excluded_by: "owners that are enabled",
    is_excluded: rivals::owners_enabled,
    settled_by: predicates::ask_spn_owner,
};

pub(super) const WRONG_MACHINE: Rival = Rival {
    cause: Cause::WrongHost,
    kind: Kind::StaleDns,
    story: "the target's name resolves to another machine of the responder's name",
    excluded_by: "names and realms of one machine only, and no record that resolves the target elsewhere",
    is_excluded: rivals::responder_is_target,
    settled_by: predicates::ask_resolution,
};

pub(super) const SPN_OF_SERVICE: Rival = Rival {
    cause: Cause::DuplicateSpn,
    kind: Kind::Misplaced,
    story: "the SPN is on a service account, and the refused password is another trouble",
    excluded_by: "a list that has the SPN on the responder, or a class that services seldom have",
    is_excluded: rivals::machine_owns_spn,
    settled_by: predicates::ask_spn_owner,
};

pub(super) const OTHER_SERVICE: Rival = Rival {
    cause: Cause::PasswordMismatch,
    kind: Kind::EncryptionType,
    story: "another service under this account answered, and the one that could not log on has no part in it",
    excluded_by: "a failed service that serves the class of the SPN",
    is_excluded: |case, _| keys::failed_service_serves_class(case),
    settled_by: |case| Request::ServiceIdentity { host: case.server_name(), name: case.target_name() },
};

pub(super) const NO_RIVALS: &[Rival] = &[];
pub(super) const LOOPBACK_RIVALS: &[Rival] = &[NAME_TO_CLIENT];
pub(super) const SHARED_RIVALS: &[Rival] = &[ADDRESS_MOVED];
pub(super) const MISPLACED_RIVALS: &[Rival] = &[WEB_SERVICE, CACHED_TICKET, DISABLED_OWNER, WRONG_MACHINE];
pub(super) const MISPLACED_ALIAS_RIVALS: &[Rival] = &[WEB_SERVICE, CACHED_TICKET, DISABLED_OWNER];
pub(super) const MISPLACED_SERVICE_RIVALS: &[Rival] = &[OTHER_SITE, CACHED_TICKET, DISABLED_OWNER];
pub(super) const REFUSED_RIVALS: &[Rival] = &[SPN_OF_SERVICE, WRONG_MACHINE];
pub(super) const LOGON_RIVALS: &[Rival] = &[OTHER_SERVICE];
