//! B and C have the same short name in different domains.

use super::situation::*;
use super::{decides, misses, tests};
use krbtriage::findings::Shape;

const SHAPE: Shape = Shape::SameShortName;

pub const ROWS: &[&str] = tests![
    a_has_that_name_too_and_a_and_c_own_a_common_address,
    the_name_exists_in_both_domains,
    it_is_not_known_in_which_domains_the_name_exists,
];

const SRV7_ALPHA: &str = "srv7.alpha.example.com";
const SRV7_BETA: &str = "srv7.beta.example.com";

#[test]
fn a_has_that_name_too_and_a_and_c_own_a_common_address() {
    let namesakes = || {
        Situation::asked("SRV7.alpha.example.com", "host/srv7.beta.example.com", "srv7$", [ALPHA, BETA])
            .account(computer(SRV7_ALPHA))
            .account(computer(SRV7_BETA))
    };
    decides!(
        namesakes()
            .owns_on(SRV7_ALPHA, "169.254.95.120", IBM_USB)
            .owns_on(SRV7_BETA, "169.254.95.120", IBM_USB)
            .diagnose(),
        LoopbackSharedIp,
        BmcUsbNic,
        Likely
    )
    .shared(&["169.254.95.120"]);
    misses!(
        namesakes().owns(SRV7_ALPHA, "192.0.2.7").owns(SRV7_BETA, "198.51.100.7").diagnose(),
        DuplicateSpn,
        SameNameTwoDomains,
        Possible
    );
}

#[test]
fn the_name_exists_in_both_domains() {
    // From beta, SRV2 asked for the srv7 of its own domain, and the realm of alpha was named.
    let asked = || Situation::asked(SRV2, "cifs/srv7.beta.example.com", "srv7$", [ALPHA, BETA]);
    decides!(
        asked().account(computer(SRV7_ALPHA)).account(computer(SRV7_BETA)).diagnose(),
        DuplicateSpn,
        SameNameTwoDomains,
        Confirmed
    )
    .proved_by("srv7 exists in alpha.example.com (spns.csv:2)")
    .proved_by("srv7 exists in beta.example.com (spns.csv:2)")
    .lacks_nothing();
    // The name is known in one of them only.
    misses!(asked().account(computer(SRV7_BETA)).diagnose(), PasswordMismatch, MachineAccount, Likely);
}

#[test]
fn it_is_not_known_in_which_domains_the_name_exists() {
    // A short name from alpha, and a realm that is not alpha's.
    let asked = |realms| Situation::asked(SRV1, "cifs/srv7", "srv7$", realms);
    decides!(asked([BETA, BETA]).diagnose(), DuplicateSpn, SameNameTwoDomains, Possible)
        .proved_by("srv7$ and cifs/srv7 have one short name, and the realms are beta.example.com")
        .lacks(
            "'beta.example.com' | ForEach-Object { Get-ADComputer -Filter \"Name -eq 'srv7'\" -Server $_ }",
        );
    misses!(asked([ALPHA, ALPHA]).diagnose(), PasswordMismatch, MachineAccount, Possible);
}
