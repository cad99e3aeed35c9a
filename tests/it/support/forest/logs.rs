//! The logs of the forest: a function for each host.

use crate::support::evtx::*;

const ALPHA_REALM: &str = "ALPHA.EXAMPLE.COM";
const BETA_REALM: &str = "BETA.EXAMPLE.COM";
const IBM: &str = "IBM USB Remote NDIS Network Device";

/// The services whose starts and stops fill every log between the events that matter.
const SERVICES: &[&str] = &[
    "Windows Update",
    "Software Protection",
    "WinHTTP Web Proxy Auto-Discovery Service",
    "Background Intelligent Transfer Service",
    "Windows Modules Installer",
];

/// A host's log of 5 and 6 October: `events` among everyday ones, by time, with record IDs from `first`.
///
/// The everyday events have fractions of a second, as in newer Windows.
fn log(computer: &str, first: u64, every_minutes: u64, events: Vec<Event>) -> Vec<Event> {
    let start = filetime("2026-10-05T00:00:00Z");
    let minute = 600_000_000;
    let mut all = events;
    for i in 0..48 * 60 / every_minutes {
        let service = SERVICES[(i % SERVICES.len() as u64) as usize];
        let state = if (i / SERVICES.len() as u64).is_multiple_of(2) { "running" } else { "stopped" };
        let mut event = service_state(computer, service, state);
        event.time = start + i * every_minutes * minute + i * 7_310_113 % minute;
        all.push(event);
    }
    for day in ["2026-10-05T12:00:00Z", "2026-10-06T12:00:00Z"] {
        all.push(
            event_log(computer, 6013, &["", "", "", "", "1206432", "60", "0 Coordinated Universal Time"])
                .at(day),
        );
    }
    all.push(kerberos_event5(computer, "srv11$", ALPHA_REALM).at("2026-10-05T06:30:12Z"));
    all.push(
        Event::classic(Provider::plain("Virtual Disk Service"), 4)
            .computer(computer)
            .level(4)
            .strings(Vec::<String>::new())
            .at("2026-10-05T03:14:15Z"),
    );
    all.sort_by_key(|event| event.time);
    for (id, event) in (first..).zip(&mut all) {
        event.record_id = Some(id);
    }
    all
}

fn write(events: Vec<Event>) -> Vec<u8> {
    EvtxWriter::new().events(events).finish()
}

/// The reference case: WMI from SRV1 to SRV2 reaches SRV1 itself by the address both own.
///
/// `again` gives a second export of the same log. It begins at 21:00, was exported later and so has one more event, and is
/// filtered, so that its record headers count from 1.
pub fn srv1(again: bool) -> Vec<u8> {
    let me = "SRV1.alpha.example.com";
    let event4 = || kerberos_event4(me, "srv1$", ALPHA_REALM, "host/srv2.beta.example.com", BETA_REALM);
    let times = [
        "2026-10-06T19:13:08.9402117Z",
        "2026-10-06T20:13:09.1130482Z",
        "2026-10-06T21:13:09.4178332Z",
        "2026-10-06T21:13:10.0052219Z",
        "2026-10-06T21:43:09.6620571Z",
        "2026-10-06T22:13:09.2279006Z",
    ];
    let mut events: Vec<Event> = times.iter().map(|time| event4().at(time)).collect();
    let device = r"USB\VID_04B3&PID_4010\5&2A7D4C1&0&1";
    events.push(user_pnp_20001(me, "ibm_rndis.inf", device, IBM).at("2026-10-05T08:02:44.7311900Z"));
    events.push(
        lsasrv_6037(me, r"C:\Windows\System32\wbem\WmiPrvSE.exe", "host/srv2.beta.example.com")
            .at("2026-10-06T21:13:09.5300418Z"),
    );
    events.push(
        dcom_10028(me, "srv2.beta.example.com", r"C:\Windows\System32\wbem\wbemtest.exe")
            .at("2026-10-06T21:13:10.2214730Z"),
    );
    // Kerberos' LogLevel is 1 on this host, so the same error is also logged as event 3.
    events.push(
        kerberos_event3(me, "0x29", "KRB_AP_ERR_MODIFIED", ALPHA_REALM, "srv1$", "")
            .at("2026-10-06T21:13:09.4177001Z"),
    );
    events.push(
        kerberos_event3(me, "0x7", "KDC_ERR_S_PRINCIPAL_UNKNOWN", ALPHA_REALM, "krbtgt", "cifs/old")
            .at("2026-10-06T09:00:31.1000000Z"),
    );
    let events = log(me, 104_211, 10, events);
    let first_taken = filetime("2026-10-06T22:00:00Z");
    let from = filetime("2026-10-06T21:00:00Z");
    if again {
        EvtxWriter::new().renumbered().events(events.into_iter().filter(|e| e.time >= from)).finish()
    } else {
        write(events.into_iter().filter(|e| e.time < first_taken).collect())
    }
}

/// The reference case from the other end, and a server whose short name exists in both domains.
pub fn srv2() -> Vec<u8> {
    let me = "SRV2.beta.example.com";
    let loopback = || kerberos_event4(me, "srv2$", BETA_REALM, "host/srv1.alpha.example.com", ALPHA_REALM);
    let twin = || kerberos_event4(me, "srv7$", ALPHA_REALM, "cifs/srv7.beta.example.com", BETA_REALM);
    let events = vec![
        loopback().at("2026-10-06T14:37:12.0371870Z"),
        loopback().at("2026-10-06T14:37:13.4410022Z"),
        twin().at("2026-10-06T08:05:51.7790312Z"),
        twin().at("2026-10-06T08:06:21.8023391Z"),
    ];
    write(log(me, 61_007, 30, events))
}

/// The administrators' server, a client of nearly everything.
pub fn srv4() -> Vec<u8> {
    let me = "SRV4.alpha.example.com";
    let event4 =
        |server, target, time| kerberos_event4(me, server, ALPHA_REALM, target, ALPHA_REALM).at(time);
    let events = vec![
        // HTTP/srv5 is registered on svc_app while srv5 itself answers.
        event4("srv5$", "HTTP/srv5.alpha.example.com", "2026-10-05T07:58:02.3391174Z"),
        event4("srv5$", "HTTP/srv5.alpha.example.com", "2026-10-06T07:58:04.0018725Z"),
        event4("srv5$", "HTTP/srv5.alpha.example.com", "2026-10-06T13:21:45.5583012Z"),
        // srv6 was restored from a snapshot.
        event4("srv6$", "cifs/srv6.alpha.example.com", "2026-10-06T09:31:17.7714466Z"),
        event4("srv6$", "cifs/srv6.alpha.example.com", "2026-10-06T10:31:17.9902831Z"),
        event4("srv6$", "host/srv6.alpha.example.com", "2026-10-06T10:42:50.1160094Z"),
        // The portal's application pool still has the password of before 1 October.
        event4("svc_web", "HTTP/portal.alpha.example.com", "2026-10-06T08:00:03.2480915Z"),
        event4("svc_web", "HTTP/portal.alpha.example.com", "2026-10-06T11:15:38.8841720Z"),
        event4("svc_web", "HTTP/portal.alpha.example.com", "2026-10-06T15:02:27.0093348Z"),
        // srv8 still resolves to an address that srv9 has now.
        event4("srv9$", "cifs/srv8.alpha.example.com", "2026-10-06T12:12:12.6653071Z"),
        event4("srv9$", "cifs/srv8.alpha.example.com", "2026-10-06T12:12:43.1190284Z"),
    ];
    write(log(me, 88_400, 30, events))
}

/// A web server that is a client of a database whose SPN is on two accounts.
pub fn srv5() -> Vec<u8> {
    let me = "SRV5.alpha.example.com";
    let event4 =
        || kerberos_event4(me, "svc_sql", ALPHA_REALM, "MSSQLSvc/srv3.alpha.example.com:1433", ALPHA_REALM);
    let events = vec![
        event4().at("2026-10-06T06:00:01.8830271Z"),
        event4().at("2026-10-06T06:15:01.9016644Z"),
        event4().at("2026-10-06T06:30:02.1420099Z"),
    ];
    write(log(me, 40_120, 30, events))
}

/// The server that was restored: its machine password is older than that of its account.
pub fn srv6() -> Vec<u8> {
    let me = "SRV6.alpha.example.com";
    const ACCESS_DENIED: u32 = 0xc000_0022;
    // %1 is the domain, %2 the controller (lmerrlog.h, NELOG_NetlogonAuthDCFail).
    let failed = || netlogon(me, 3210, &["ALPHA", r"\\DC-ALPHA.alpha.example.com"], ACCESS_DENIED);
    let events = vec![
        event_log(me, 6008, &["2:55:03 AM", "10/3/2026", "", "", "48211", "", ""])
            .level(2)
            .at("2026-10-06T09:12:20Z"),
        event_log(me, 6009, &["10.00.", "17763", "", "Multiprocessor Free", "0"]).at("2026-10-06T09:12:20Z"),
        event_log(me, 6005, &[]).at("2026-10-06T09:12:20Z"),
        failed().at("2026-10-06T09:13:02Z"),
        failed().at("2026-10-06T13:13:05Z"),
    ];
    write(log(me, 23_950, 30, events))
}

/// A node of cluster clu1. When it asks for the name of the cluster, it reaches itself, which is harmless.
pub fn srv10() -> Vec<u8> {
    let me = "SRV10.alpha.example.com";
    let event4 = || kerberos_event4(me, "srv10$", ALPHA_REALM, "host/clu1.alpha.example.com", ALPHA_REALM);
    let events =
        vec![event4().at("2026-10-06T03:00:11.4402083Z"), event4().at("2026-10-06T15:00:11.9371206Z")];
    write(log(me, 70_300, 30, events))
}

/// The domain controller has evidence and decoys, and no event 4 of a client.
pub fn dc_alpha() -> Vec<u8> {
    let me = "DC-ALPHA.alpha.example.com";
    let mut time_source = Event::manifest(time_service(), 37)
        .computer(me)
        .level(4)
        .named([("TimeSource", "time.example.com,0x9 (ntp.m|0x9|0.0.0.0:123->203.0.113.123:123)")])
        .at("2026-10-06T04:44:44.1200345Z");
    time_source.user = Some(sid("S-1-5-19"));
    let events = vec![
        kdc_event4(me, "BETA").at("2026-10-06T00:10:09.3300000Z"),
        kdc_event11(me, "MSSQLSvc/srv3.alpha.example.com:1433").at("2026-10-06T05:58:40.2210907Z"),
        netlogon(me, 5722, &["SRV6", "SRV6$", "%%5"], 0xc000_0022).at("2026-10-06T09:13:02Z"),
        netlogon(me, 5722, &["SRV6", "SRV6$", "%%5"], 0xc000_0022).at("2026-10-06T13:13:05Z"),
        // Another computer's trouble: it explains nothing here.
        netlogon(me, 5723, &["SRV99", "SRV99$"], 0xc000_018b).at("2026-10-06T01:20:37Z"),
        time_source,
    ];
    write(log(me, 512_040, 30, events))
}

/// A collector's log: records without templates, of two computers. SRV7 is one more client of the misplaced SPN.
pub fn forwarded_events() -> Vec<u8> {
    let rendered = |event: Event, server: &str, target: &str| {
        let message = format!(
            "The Kerberos client received a KRB_AP_ERR_MODIFIED error from the server {server}. The target name used was {target}."
        );
        event.forwarded(&message)
    };
    let srv5 = "HTTP/srv5.alpha.example.com";
    let misplaced = |id, time| {
        let event = kerberos_event4("SRV7.alpha.example.com", "srv5$", ALPHA_REALM, srv5, ALPHA_REALM);
        rendered(event.record_id(id).at(time), "srv5$", srv5)
    };
    // No target was written: nothing can be decided.
    let unnamed = kerberos_event4("SRV12.alpha.example.com", "srv11$", ALPHA_REALM, "", ALPHA_REALM);
    let everyday = service_state("SRV7.alpha.example.com", "Windows Update", "running");
    EvtxWriter::new()
        .renumbered()
        .event(
            everyday
                .record_id(31_006)
                .at("2026-10-06T08:04:11.0100000Z")
                .forwarded("The service entered a state."),
        )
        .event(misplaced(31_010, "2026-10-06T08:09:57.4421180Z"))
        .event(misplaced(31_055, "2026-10-06T16:40:08.1957723Z"))
        .event(rendered(unnamed.record_id(9_912).at("2026-10-06T17:33:29.9014467Z"), "srv11$", ""))
        .finish()
}
