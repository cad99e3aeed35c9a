//! Makes thousands of events in every layout, the same in every run.

use crate::support::evtx::*;

/// A random generator (xorshift64) with the same sequence on every machine.
struct Dice {
    state: u64,
    letter: &'static str,
}

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state % sides
    }

    fn text(&mut self) -> String {
        let n = self.roll(900);
        match self.roll(9) {
            0 => String::new(),
            1 => format!("host/srv{n}.alpha.example.com"),
            2 => format!("SRV{n}$"),
            3 => format!("Čeština {n}, 日本語, {}", self.letter),
            4 => format!("a < b & c > d \"{n}\" 'e'"),
            5 => format!(" leading and trailing {n} "),
            6 => format!("line {n}\nline\ttab"),
            7 => "x".repeat(n as usize),
            _ => format!("E3514235-4B06-11D1-AB04-00C04FC2DCD2/{n}/alpha.example.com@ALPHA.EXAMPLE.COM"),
        }
    }
}

/// Events of every layout with a template. Some texts have `letter`.
pub fn corpus(letter: &'static str) -> Vec<Event> {
    let mut dice = Dice { state: 0x0004_0029, letter };
    (0..6000u64).map(|i| event(i, &mut dice)).collect()
}

/// The same kinds of events in the layout of a collector.
pub fn forwarded_corpus() -> Vec<Event> {
    let mut dice = Dice { state: 0x0029_0004, letter: "🐎" };
    (0..1500u64)
        .map(|i| {
            let message = format!("Rendered {}", dice.text());
            event(i, &mut dice).forwarded(&message)
        })
        .collect()
}

fn event(i: u64, dice: &mut Dice) -> Event {
    // Several computers, as in a merged log, because each has its own templates.
    let computer = format!("SRV{}.alpha.example.com", 1 + dice.roll(4));
    let computer = computer.as_str();
    let strings: Vec<String> = (0..dice.roll(5)).map(|_| dice.text()).collect();
    let refs: Vec<&str> = strings.iter().map(String::as_str).collect();
    let (a, b) = (dice.text(), dice.text());
    let event = match dice.roll(14) {
        0 => kerberos_event4(computer, &a, "ALPHA.EXAMPLE.COM", &b, "BETA.EXAMPLE.COM"),
        1 => kerberos_event5(computer, &a, &b),
        2 => kerberos_event3(computer, "0x29", "KRB_AP_ERR_MODIFIED", "ALPHA.EXAMPLE.COM", &a, &b),
        3 => kdc_event4(computer, &a),
        4 => kdc_event11(computer, &a),
        5 => netlogon(computer, 5722, &refs, 0xc000_018b),
        6 => event_log(computer, 6011, &refs),
        7 => user_pnp_20001(computer, "netrndis.inf", &a, &b),
        8 => user_pnp_20001(computer, "netrndis.inf", &a, &b).layout(Layout::ManifestWindows7),
        9 => lsasrv_6037(computer, &a, &b),
        10 => dcom_10028(computer, &a, &b),
        11 => dns_client_8015(computer, &a, &b, &["192.0.2.1", "169.254.95.120"]),
        12 => Event::manifest(
            Provider::new(&format!("Contoso-Source-{}", dice.roll(60)), KERBEROS_GUID, None),
            4,
        )
        .computer(computer)
        .channel("Contoso/Operational")
        .named([
            ("Text", Value::from(a)),
            ("Small", Value::I32(7)),
            ("Long", Value::U64(u64::MAX)),
            ("Mask", Value::Hex64(0x8000_0000_0000_0001)),
            ("Yes", Value::Bool(true)),
            ("Who", sid("S-1-5-21-1004336348-1177238915-682003330-512")),
        ]),
        _ => service_state(computer, &a, &b)
            .layout([Layout::Classic, Layout::ManifestWindows7][(i % 2) as usize]),
    };
    let mut event = event;
    event.time = filetime("2026-10-06T00:00:00Z") + i * 10_000_000 + dice.roll(10_000_000);
    event
}

const KERBEROS_GUID: &str = "{98E6CFCB-EE0A-41E0-A57B-622D4E1B30B1}";
