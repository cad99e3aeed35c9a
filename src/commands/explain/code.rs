//! Parses error codes, and describes a code that is not a symptom of event 4.

/// An error code of 32 bits, in any notation that Windows tools print.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Code(pub u32);

impl Code {
    /// Parses `0x80070721`, `80090322` (hexadecimal by its first digit), `1825`, `-2146893022` and `2148074274`, and the 64-bit
    /// form that PowerShell prints for a negative number (`0xFFFFFFFF80090322`).
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some(hex) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
            let number = u64::from_str_radix(hex, 16).ok()?;
            return matches!(number >> 32, 0 | 0xffff_ffff).then_some(Self(number as u32));
        }
        let is_bare_hex = text.len() == 8 && matches!(text.as_bytes().first(), Some(b'8' | b'c' | b'C'));
        if is_bare_hex && let Ok(code) = u32::from_str_radix(text, 16) {
            return Some(Self(code));
        }
        let number: i64 = text.parse().ok()?;
        let unsigned = u32::try_from(number).ok();
        unsigned.or_else(|| i32::try_from(number).ok().map(i32::cast_unsigned)).map(Self)
    }

    /// Returns the Win32 error in an HRESULT of `FACILITY_WIN32` (MS-ERREF 2.1.2) or an NTSTATUS of `FACILITY_NTWIN32` (2.3).
    /// A number of 16 bits is itself a Win32 error.
    pub(super) fn win32(self) -> Option<u16> {
        match self.0 >> 16 {
            0 | 0x8007 | 0xc007 => Some(self.0 as u16),
            _ => None,
        }
    }

    /// Formats the code in both notations: `0x80090322 (-2146893022)`, or `1825 (0x721)` for a number of 16 bits.
    pub(super) fn notations(self) -> String {
        match self.0 {
            small @ 0..=0xffff => format!("{small} (0x{small:x})"),
            code => format!("0x{code:08x} ({})", code.cast_signed()),
        }
    }

    /// Describes the code as an error of Kerberos, Win32, HRESULT and NTSTATUS, in a sentence for each that fits.
    pub(super) fn meanings(self) -> Vec<String> {
        let mut all = Vec::new();
        if let Some((_, name)) = KERBEROS.iter().find(|(number, _)| u32::from(*number) == self.0) {
            all.push(format!("As a Kerberos error it is {name} (RFC 4120 7.5.9)."));
        }
        if let Some((_, name)) = HRESULT_AND_NTSTATUS.iter().find(|(code, _)| *code == self.0) {
            all.push(format!("It is {name} ([MS-ERREF])."));
        }
        match (self.0, self.win32()) {
            (0, _) => all.push("As a Win32 error, HRESULT or NTSTATUS it means success.".to_owned()),
            (code, Some(error)) => {
                let name = WIN32.iter().find(|(known, _)| *known == error);
                let name = name.map_or(String::new(), |(_, name)| format!(", {name}"));
                all.push(match code >> 16 {
                    0 => format!("As a Win32 error it is {error}{name} ([MS-ERREF] 2.2)."),
                    0x8007 => format!("It is an HRESULT for Win32 error {error}{name} ([MS-ERREF] 2.1.2)."),
                    _ => format!("It is an NTSTATUS for Win32 error {error}{name} ([MS-ERREF] 2.3)."),
                });
            }
            (code, None) => all.extend(describe_fields(code)),
        }
        all
    }
}

/// Describes the bit fields of an HRESULT (MS-ERREF 2.1), an NTSTATUS (2.3), or an event ID with qualifiers.
fn describe_fields(code: u32) -> Option<String> {
    let low = code & 0xffff;
    match code >> 28 {
        0x8 | 0xa => {
            let facility = (code >> 16) & 0x7ff;
            let name = FACILITIES.iter().find(|(number, _)| *number == facility);
            let name = name.map_or(String::new(), |(_, name)| format!(" ({name})"));
            Some(format!(
                "It is an HRESULT: an error of facility {facility}{name}, code {low} ([MS-ERREF] 2.1)."
            ))
        }
        0xc => {
            let facility = (code >> 16) & 0xfff;
            Some(format!(
                "It is an NTSTATUS: an error of facility {facility}, code 0x{low:x} ([MS-ERREF] 2.3)."
            ))
        }
        0x4 => Some(
            "It has the form of an event ID with its qualifiers, as dcdiag prints it: ".to_owned()
                + &format!("event {low}."),
        ),
        _ => None,
    }
}

/// Facilities of HRESULTs that an administrator meets (MS-ERREF 2.1.1).
const FACILITIES: [(u32, &str); 12] = [
    (0, "none"),
    (1, "RPC"),
    (2, "DISPATCH"),
    (3, "STORAGE"),
    (4, "ITF, the program's own"),
    (8, "WINDOWS"),
    (9, "SSPI, security packages"),
    (11, "CERT"),
    (16, "SCARD, smart cards"),
    (19, "URT, .NET"),
    (25, "HTTP"),
    (51, "WINRM"),
];

/// Other HRESULT and NTSTATUS codes that failed authentication returns (MS-ERREF 2.1.1, 2.3.1).
const HRESULT_AND_NTSTATUS: [(u32, &str); 14] = [
    (0x8009_0303, "SEC_E_TARGET_UNKNOWN: the KDC found no account for the SPN"),
    (0x8009_030c, "SEC_E_LOGON_DENIED: the logon failed"),
    (0x8009_030e, "SEC_E_NO_CREDENTIALS: no credentials are available"),
    (0x8009_0311, "SEC_E_NO_AUTHENTICATING_AUTHORITY: no domain controller was reached"),
    (0x8009_0324, "SEC_E_TIME_SKEW: the clocks of client and server differ"),
    (0x8009_0342, "SEC_E_KDC_UNKNOWN_ETYPE: the KDC does not support the encryption type"),
    (0xc000_005e, "STATUS_NO_LOGON_SERVERS: no domain controller was reached"),
    (0xc000_006a, "STATUS_WRONG_PASSWORD: the password is wrong"),
    (0xc000_006d, "STATUS_LOGON_FAILURE: the user name or the password is wrong"),
    (0xc000_0133, "STATUS_TIME_DIFFERENCE_AT_DC: the clocks of client and domain controller differ"),
    (0xc000_018b, "STATUS_NO_TRUST_SAM_ACCOUNT: the domain has no account for this computer"),
    (0xc000_018c, "STATUS_TRUSTED_DOMAIN_FAILURE: the trust between two domains failed"),
    (0xc000_018d, "STATUS_TRUSTED_RELATIONSHIP_FAILURE: the trust between computer and domain failed"),
    (0xc000_0022, "STATUS_ACCESS_DENIED: a right is missing"),
];

/// Other Win32 errors that failed authentication returns (MS-ERREF 2.2).
const WIN32: [(u16, &str); 8] = [
    (5, "ERROR_ACCESS_DENIED: a right is missing"),
    (53, "ERROR_BAD_NETPATH: the network path was not found"),
    (1311, "ERROR_NO_LOGON_SERVERS: no domain controller was reached"),
    (1326, "ERROR_LOGON_FAILURE: the user name or the password is wrong"),
    (1398, "ERROR_TIME_SKEW: the clocks of client and server differ"),
    (1722, "RPC_S_SERVER_UNAVAILABLE: the host, its firewall or its service does not answer"),
    (1787, "ERROR_NO_TRUST_SAM_ACCOUNT: the domain has no account for this computer"),
    (1789, "ERROR_TRUSTED_RELATIONSHIP_FAILURE: the trust between computer and domain failed"),
];

/// Kerberos errors except 41 (RFC 4120 7.5.9).
const KERBEROS: &[(u8, &str)] = &[
    (1, "KDC_ERR_NAME_EXP"),
    (2, "KDC_ERR_SERVICE_EXP"),
    (3, "KDC_ERR_BAD_PVNO"),
    (4, "KDC_ERR_C_OLD_MAST_KVNO"),
    (5, "KDC_ERR_S_OLD_MAST_KVNO"),
    (6, "KDC_ERR_C_PRINCIPAL_UNKNOWN"),
    (7, "KDC_ERR_S_PRINCIPAL_UNKNOWN: the KDC found no account for the SPN"),
    (8, "KDC_ERR_PRINCIPAL_NOT_UNIQUE: several accounts have the SPN"),
    (9, "KDC_ERR_NULL_KEY"),
    (10, "KDC_ERR_CANNOT_POSTDATE"),
    (11, "KDC_ERR_NEVER_VALID"),
    (12, "KDC_ERR_POLICY"),
    (13, "KDC_ERR_BADOPTION"),
    (14, "KDC_ERR_ETYPE_NOSUPP: the KDC does not support the encryption type"),
    (15, "KDC_ERR_SUMTYPE_NOSUPP"),
    (16, "KDC_ERR_PADATA_TYPE_NOSUPP"),
    (17, "KDC_ERR_TRTYPE_NOSUPP"),
    (18, "KDC_ERR_CLIENT_REVOKED: the account is disabled, locked or expired"),
    (19, "KDC_ERR_SERVICE_REVOKED"),
    (20, "KDC_ERR_TGT_REVOKED"),
    (21, "KDC_ERR_CLIENT_NOTYET"),
    (22, "KDC_ERR_SERVICE_NOTYET"),
    (23, "KDC_ERR_KEY_EXPIRED: the password has expired"),
    (24, "KDC_ERR_PREAUTH_FAILED: the password is wrong"),
    (25, "KDC_ERR_PREAUTH_REQUIRED, which is part of every logon"),
    (26, "KDC_ERR_SERVER_NOMATCH"),
    (27, "KDC_ERR_MUST_USE_USER2USER"),
    (28, "KDC_ERR_PATH_NOT_ACCEPTED"),
    (29, "KDC_ERR_SVC_UNAVAILABLE"),
    (31, "KRB_AP_ERR_BAD_INTEGRITY"),
    (32, "KRB_AP_ERR_TKT_EXPIRED"),
    (33, "KRB_AP_ERR_TKT_NYV: the ticket is not yet valid; compare the clocks"),
    (34, "KRB_AP_ERR_REPEAT"),
    (35, "KRB_AP_ERR_NOT_US"),
    (36, "KRB_AP_ERR_BADMATCH"),
    (37, "KRB_AP_ERR_SKEW: the clocks differ too much"),
    (38, "KRB_AP_ERR_BADADDR"),
    (39, "KRB_AP_ERR_BADVERSION"),
    (40, "KRB_AP_ERR_MSG_TYPE"),
    (42, "KRB_AP_ERR_BADORDER"),
    (44, "KRB_AP_ERR_BADKEYVER"),
    (45, "KRB_AP_ERR_NOKEY"),
    (46, "KRB_AP_ERR_MUT_FAIL"),
    (47, "KRB_AP_ERR_BADDIRECTION"),
    (48, "KRB_AP_ERR_METHOD"),
    (49, "KRB_AP_ERR_BADSEQ"),
    (50, "KRB_AP_ERR_INAPP_CKSUM"),
    (51, "KRB_AP_PATH_NOT_ACCEPTED"),
    (52, "KRB_ERR_RESPONSE_TOO_BIG: the client repeats the request over TCP"),
    (60, "KRB_ERR_GENERIC"),
    (61, "KRB_ERR_FIELD_TOOLONG"),
    (62, "KDC_ERROR_CLIENT_NOT_TRUSTED"),
    (63, "KDC_ERROR_KDC_NOT_TRUSTED"),
    (64, "KDC_ERROR_INVALID_SIG"),
    (65, "KDC_ERR_KEY_TOO_WEAK"),
    (66, "KDC_ERR_CERTIFICATE_MISMATCH"),
    (67, "KRB_AP_ERR_NO_TGT"),
    (68, "KDC_ERR_WRONG_REALM"),
    (69, "KRB_AP_ERR_USER_TO_USER_REQUIRED"),
    (70, "KDC_ERR_CANT_VERIFY_CERTIFICATE"),
    (71, "KDC_ERR_INVALID_CERTIFICATE"),
    (72, "KDC_ERR_REVOKED_CERTIFICATE"),
    (73, "KDC_ERR_REVOCATION_STATUS_UNKNOWN"),
    (74, "KDC_ERR_REVOCATION_STATUS_UNAVAILABLE"),
    (75, "KDC_ERR_CLIENT_NAME_MISMATCH"),
    (76, "KDC_ERR_KDC_NAME_MISMATCH"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_notation_of_a_code_is_one_number() {
        for (want, texts) in [
            (
                0x8009_0322,
                &["0x80090322", "0X80090322", "80090322", "-2146893022", "2148074274", "0xFFFFFFFF80090322"]
                    [..],
            ),
            (0x8007_0721, &["0x80070721", "-2147023071", "2147944225"]),
            (1825, &["1825", "0x721", "0x0721", " 0x00000721 "]),
            (41, &["41", "0x29"]),
        ] {
            for text in texts {
                assert_eq!(Code::parse(text), Some(Code(want)), "{text}");
            }
        }
        for text in ["", "0x", "0x180090322", "-9999999999", "event", "1825h", "8.8", "99999999999"] {
            assert_eq!(Code::parse(text), None, "{text}");
        }
        assert_eq!(Code(0x8007_0721).win32(), Some(1825));
        assert_eq!(Code(0xc007_0721).win32(), Some(1825));
        assert_eq!(Code(0x8009_0322).win32(), None);
    }

    #[test]
    fn an_unknown_code_shows_its_list_and_facility() {
        for (code, parts) in [
            (0x8009_0303, &["SEC_E_TARGET_UNKNOWN", "facility 9 (SSPI"][..]),
            (0x8007_06ba, &["HRESULT for Win32 error 1722", "RPC_S_SERVER_UNAVAILABLE"]),
            (0x8004_1003, &["facility 4 (ITF", "code 4099"]),
            (0xc000_006d, &["STATUS_LOGON_FAILURE", "NTSTATUS"]),
            (5, &["KDC_ERR_S_OLD_MAST_KVNO", "ERROR_ACCESS_DENIED"]),
            (0x25, &["KRB_AP_ERR_SKEW", "Win32 error it is 37"]),
            (12_345, &["Win32 error it is 12345"]),
            (0, &["success"]),
        ] {
            let text = Code(code).meanings().join(" ");
            for part in parts {
                assert!(text.contains(part), "{code:x}: {part:?} is not in {text:?}");
            }
        }
        assert!(Code(0x1234_5678).meanings().is_empty());
    }

    #[test]
    fn the_kerberos_errors_are_in_order_and_none_is_twice() {
        assert!(KERBEROS.is_sorted_by(|a, b| a.0 < b.0));
        // 41 is a symptom of its own.
        assert!(KERBEROS.iter().all(|(number, _)| *number != 41));
    }
}
