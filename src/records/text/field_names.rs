//! The names that tools give to the fields of an event.
//!
//! The most reliable name of a field comes first: `winlog.event_id` wins over `event.code`. A name matches the end of a path,
//! so `winlog.eventid`, `_source.winlog.eventid` and `eventid` are one field. A name that begins with `.` matches only a
//! whole path. Names are in the form of [`normal_name`](super::flatten::normal_name).

/// The names of one field.
type Names = &'static [&'static str];

pub(super) const PROVIDER: Names = &[
    "winlog.providername", "system.provider.name", "system.providerattributes.name", "providername", "provider.name",
    "sourcename", "eventsource", "eventsourcename", "source", "provider", "event.provider",
];
pub(super) const EVENT_ID: Names = &[
    "winlog.eventid", "system.eventid", "system.eventid.value", "system.eventid.text", "eventid", "event.code",
    "eventcode", "eventidentifier", "instanceid", ".id",
];
pub(super) const RECORD_ID: Names = &["eventrecordid", "recordid", "recordnumber", ".index"];
pub(super) const TIME: Names = &[
    "timecreated.systemtime", "timecreatedattributes.systemtime", "systemtime", "timegeneratedutc", "timecreatedutc",
    "eventtime", "timecreated.value", "timecreated", "timegenerated.value", "timegenerated", "dateandtime", "datetime",
    "eventcreatedtime", "timewritten", "timestamp", "date", "time",
];
pub(super) const CHANNEL: Names =
    &["winlog.channel", "system.channel", "channel", "logname", "logfile", "eventlog", "log"];
pub(super) const COMPUTER: Names = &[
    "winlog.computername", "system.computer", "computer", "computername", "machinename", "hostname", "host.name",
    "dvchost", "host",
];
pub(super) const LEVEL: Names = &[
    "leveldisplayname", "entrytype", "eventtypename", "eventlevelname", "level", "eventtype", "severity", "type",
];
pub(super) const USER_ID: Names =
    &["security.userid", "securityattributes.userid", "user.identifier", "userid"];
pub(super) const MESSAGE: Names =
    &["renderinginfo.message", "message", "rendereddescription", "fullmessage", "description", "eventstring"];

/// Objects whose members are the values of the event.
pub(super) const CONTAINERS: Names = &["eventdata", "userdata", "eventxml"];

/// Members that hold the values in the order of the message: `%1`, `%2` and so on.
pub(super) const STRINGS: Names =
    &["replacementstrings", "insertionstrings", "strings", "properties", "parameterxml", "eventstrings"];

/// Values of event 3 and event 4 that some tools write among the other fields.
pub(super) const VALUES: Names = &[
    "server", "targetrealm", "targetname", "clientrealm", "errorcode", "serverrealm", "servername", "clientname",
    "logonsession", "clienttime", "servertime", "errormessage",
];
