//! Describes files that no reader reads: pictures, documents, web pages, console tables and other lists.

use super::event_form::is_log_line;
use super::kind::is_text;
use crate::text::decode::decode;

/// Describes a file of a common kind that no reader reads, and what to pass instead. `head` is the start of the file.
/// `None` if the kind is not in the list.
pub(crate) fn describe(head: &[u8]) -> Option<&'static str> {
    const MAGICS: &[(&[u8], &str)] = &[
        (b"\x89PNG", PICTURE),
        (b"\xff\xd8\xff", PICTURE),
        (b"GIF8", PICTURE),
        (b"BM", PICTURE),
        (b"%PDF-", DOCUMENT),
        (b"{\\rtf", DOCUMENT),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", DOCUMENT),
        (b"MZ", "this is a program; pass the log, or what the program wrote"),
        (
            b"regf",
            "this is a registry hive, which has no events; export the log with `wevtutil epl System System.evtx`",
        ),
        (b"SQLite format 3", "this is a database; export its events or addresses as CSV or JSON"),
    ];
    if let Some((_, what)) = MAGICS.iter().find(|(magic, _)| head.starts_with(magic)) {
        // `BM` begins a bitmap only if binary data follows.
        return (what != &PICTURE || !head.starts_with(b"BM") || !is_text(head)).then_some(*what);
    }
    let text = decode(head);
    let start = text.trim_start_matches('\u{feff}').trim_start().to_ascii_lowercase();
    let lines: Vec<&str> = start.lines().map(str::trim).filter(|line| !line.is_empty()).take(60).collect();
    let begins = |line: &str, words: &[&str]| words.iter().any(|word| line.starts_with(word));
    if begins(&start, &["<!doctype html", "<html"]) {
        return Some("this is a web page; copy the text or the table in it to a text or CSV file");
    }
    if start.starts_with("---") && start.contains("event_attributes:") {
        return Some("this is YAML of chainsaw; search again with `chainsaw search --json`");
    }
    // Printed by chainsaw and other tools, with colours.
    if start.contains('┌') && start.contains('│') {
        return Some(
            "this is a table as a console shows it; let the tool write JSON or CSV (`chainsaw hunt --json`), and pass that",
        );
    }
    if start.contains("<nmaprun") {
        return Some(
            "this is a scan of nmap, which shows addresses and not the machines that own them; run `ipconfig /all` on the hosts",
        );
    }
    if lines.iter().any(|line| is_log_line(&line.to_ascii_uppercase())) {
        return Some(
            "these are lines of syslog or CEF; export the events from the collector as JSON or CSV with time, computer and message, or \
             export the log with `wevtutil epl System System.evtx`",
        );
    }
    if lines.iter().any(|line| {
        begins(line, &["internet address", "interface list", "ipv4 route table", "active connections"])
    }) {
        return Some(
            "this is the output of arp, route or netstat, which shows the addresses of other machines; run `ipconfig /all` on the host",
        );
    }
    // `Format-Table` prints a line of dashes below the header. `wmic` prints none.
    let is_rule = |line: &str| {
        line.split_whitespace().count() > 1
            && line.contains("---")
            && line.chars().all(|c| matches!(c, '-' | ' ' | '\t'))
    };
    let is_wmic = lines.first().is_some_and(|line| {
        line.contains("   ") && line.contains("ipaddress") && !line.contains([',', ';', '"'])
    });
    if is_wmic || lines.iter().skip(1).take(6).any(|line| is_rule(line)) {
        return Some(
            "this is a table as a console shows it, which cuts lists and drops columns; export it with Export-Csv or ConvertTo-Json \
             (wmic: /format:csv)",
        );
    }
    None
}

/// Advice for any picture.
const PICTURE: &str = "this is a picture; copy the event as text in Event Viewer with Copy > Copy details as text, or save the log as .evtx";
/// Advice for any document.
const DOCUMENT: &str = "this is a document; copy the text in it to a text file, or export the log with \
    `wevtutil epl System System.evtx`";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unread_file_is_named_by_its_kind() {
        for (head, what) in [
            (&b"\x89PNG\r\n\x1a\n\0\0"[..], "a picture"),
            (b"%PDF-1.7\n", "a document"),
            (b"<!DOCTYPE html><html>", "a web page"),
            (b"MZ\x90\0", "a program"),
            (b"<?xml version=\"1.0\"?>\n<nmaprun scanner=\"nmap\">", "a scan of nmap"),
            (b"\nInterface: 192.0.2.1 --- 0x6\n  Internet Address      Physical Address\n", "arp, route or netstat"),
            (b"<11>Oct  6 21:13:09 SRV1 Kerberos[0]: The Kerberos client received a KRB_AP_ERR_MODIFIED error", "lines of syslog"),
            (b"CEF:0|Microsoft|Windows||Kerberos:4|msg=a KRB_AP_ERR_MODIFIED error", "lines of syslog"),
            (b"\nifIndex IPAddress  PrefixLength\n------- ---------  ------------\n6       192.0.2.1 24\n", "a table as a console"),
            (b"---\nEvent_attributes:\n  xmlns: u\nEvent:\n  System:\n", "YAML of chainsaw"),
            (
                "\u{1b}[32m[+] Group: Logon\u{1b}[0m\n┌────┬────┐\n│ timestamp │ Event ID │\n".as_bytes(),
                "a table as a console",
            ),
            (b"Description    DHCPServer  IPAddress       MACAddress\nvmxnet3\n", "a table as a console"),
        ] {
            let described = describe(head).unwrap_or_default();
            assert!(described.contains(what), "{described:?} for {:?}", String::from_utf8_lossy(head));
        }
        for head in [
            &b"hello"[..],
            b"BM and PDQ are names\n",
            b"host,address\nsrv1,192.0.2.1\n",
            b"# Title\n\n---\n\ntext\n",
        ] {
            assert_eq!(describe(head), None, "{:?}", String::from_utf8_lossy(head));
        }
    }
}
