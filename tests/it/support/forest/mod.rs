//! The forest that `samples/` describes: its hosts, their addresses, its accounts and its logs.
//!
//! The accounts of alpha.example.com are those of a lab directory (srv1 to srv12, svc_app, svc_web, svc_sql,
//! svc_sql_old, DC-ALPHA, with the SPNs they have there); beta.example.com and the cluster are added. At least one
//! incident shows each cause. `samples/README.md` has the story, so change both together.

mod lists;
mod logs;

/// A file below `samples/` and its bytes.
pub type File = (&'static str, Vec<u8>);

/// The files that the tests make. `README.md` and `report.csv` are not among them.
pub fn files() -> Vec<File> {
    vec![
        ("interfaces.csv", lists::INTERFACES.into()),
        ("spns.csv", lists::spns().into_bytes()),
        ("logs/SRV1-System.evtx", logs::srv1(false)),
        ("logs/SRV1-System-again.evtx", logs::srv1(true)),
        ("logs/SRV2-System.evtx", logs::srv2()),
        ("logs/SRV4-System.evtx", logs::srv4()),
        ("logs/SRV5-System.evtx", logs::srv5()),
        ("logs/SRV6-System.evtx", logs::srv6()),
        ("logs/SRV10-System.evtx", logs::srv10()),
        ("logs/DC-ALPHA-System.evtx", logs::dc_alpha()),
        ("logs/ForwardedEvents.evtx", logs::forwarded_events()),
    ]
}
