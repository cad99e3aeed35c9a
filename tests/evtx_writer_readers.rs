#[path = "support/evtx/mod.rs"]
mod evtx_writer;

use evtx_writer::*;

#[test]
fn try_out() {
    let dir = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let one = [
        kerberos_event4(
            "SRV1.alpha.example.com",
            "srv1$",
            "ALPHA.EXAMPLE.COM",
            "host/srv2.beta.example.com",
            "BETA.EXAMPLE.COM",
        ),
        kerberos_event5("PC01.example.corp", "pc01$", "EXAMPLE.CORP")
            .at("2019-03-18T10:28:20Z")
            .record_id(26470),
        netlogon("DC1", 5722, &["SRV3", "SRV3$", "%%5"], 0xc0000022).at("2026-10-06T12:00:00.1234567Z"),
        event_log("DC1", 6011, &["OLD", "NEW"]),
        event_log("DC1", 6005, &[]),
        user_pnp_20001(
            "SRV1",
            "netrndis.inf",
            r"USB\VID_04B3&PID_4010\5&<x>",
            "IBM USB Remote NDIS Network Device",
        ),
        user_pnp_20001("SRV1", "netrndis.inf", r"USB\VID_04B3&PID_4010\5", "IBM USB")
            .layout(Layout::ManifestWindows7),
        lsasrv_6037("SRV1", r"C:\Windows\x.exe", "host/srv2"),
        dns_client_8015("SRV1", "srv1", "alpha.example.com", &["192.0.2.1", "169.254.95.120"]),
        service_state("SRV1", "Žluťoučký 🐎", ""),
    ];
    std::fs::write(dir.join("one.evtx"), EvtxWriter::new().events(one.clone()).finish()).unwrap();
    let fwd = one.map(|e| e.forwarded("A message\r\nwith lines & <things>"));
    std::fs::write(dir.join("fwd.evtx"), EvtxWriter::new().events(fwd).finish()).unwrap();
}
