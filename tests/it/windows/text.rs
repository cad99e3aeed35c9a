use super::support::*;

/// Text as PowerShell's `>` writes it: UTF-16 with a byte order mark, and CRLF.
fn utf16(text: &str) -> Vec<u8> {
    let text = text.replace('\n', "\r\n");
    [0xFEFF].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

#[test]
fn inventories_in_utf_16_and_with_crlf_give_the_same_report() {
    let sandbox = Sandbox::new();
    for name in ["interfaces.csv", "spns.csv"] {
        let text = sandbox.text(name);
        std::fs::write(sandbox.path(name), text.replace('\n', "\r\n")).unwrap();
    }
    assert_eq!(sandbox.run(&all(&["logs"])).exits(0).stdout(), samples_report());
    for name in ["interfaces.csv", "spns.csv"] {
        let text = sandbox.text(name).replace("\r\n", "\n");
        std::fs::write(sandbox.path(name), utf16(&text)).unwrap();
    }
    assert_eq!(sandbox.run(&all(&["logs"])).exits(0).stdout(), samples_report());
}

/// `ipconfig /all > file` in a German console of code page 850, where ü is 0x81.
#[test]
fn a_console_of_an_old_code_page_is_read() {
    let sandbox = Sandbox::new();
    let text = "\nWindows-IP-Konfiguration\n\n   Hostname  . . . . . . . . . . . . : SRV1\n   Prim\u{84}res DNS-Suffix . . . . . . . : alpha.example.com\n\
                \nEthernet-Adapter B\u{81}ro:\n\n   Verbindungsspezifisches DNS-Suffix: \n   Beschreibung. . . . . . . . . . . : Intel Ethernet\n   \
                Physische Adresse . . . . . . . . : 02-00-00-00-00-01\n   \
                IPv4-Adresse  . . . . . . . . . . : 192.0.2.1(Bevorzugt)\n   Subnetzmaske  . . . . . . . . . . : 255.255.255.0\n";
    let bytes: Vec<u8> =
        text.replace('\n', "\r\n").chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    std::fs::write(sandbox.path("ipconfig.txt"), bytes).unwrap();
    let read = sandbox.run(&["inventory", "ipconfig.txt"]).exits(0).stdout();
    assert!(read.contains("192.0.2.1,Büro,Intel Ethernet"), "{read}");
}

/// Notepad and PowerShell save a report with CRLF.
#[test]
fn a_baseline_that_was_saved_with_crlf_is_the_same_baseline() {
    let sandbox = Sandbox::new();
    sandbox.run(&all(&["logs", "-o", "old.csv"])).exits(0);
    let text = sandbox.text("old.csv").replace('\n', "\r\n");
    std::fs::write(sandbox.path("old.csv"), format!("\u{FEFF}{text}")).unwrap();
    sandbox.run(&all(&["logs", "--baseline", "old.csv", "--fail-on", "new"])).exits(0);
}
