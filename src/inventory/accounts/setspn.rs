//! Reads the output of `setspn` by its structure. The text is in the language of the machine, and its wording has changed. Only
//! distinguished names, SPNs and indentation are the same everywhere.
//!
//! | command | looks like |
//! | --- | --- |
//! | `-Q`, `-T dom -Q` | an account's DN at the margin, its SPNs indented below |
//! | `-L`, `-S`, `-A`, `-R` | a sentence at the margin with the DN in it, the SPNs indented below |
//! | `-X`, `-F -X` | a sentence at the margin with an SPN in it, its accounts' DNs indented below |
//!
//! `-X` lists duplicates only, `-L` one account, and `-Q` the SPNs that match its pattern. So the absence of an SPN means something
//! only in a `-Q` listing that has its closing line and SPNs that only `*/*` matches ([`Completeness::Evident`]).

use super::collector::{AccountCollector, CUT_OFF, MAX_LINE, quoted};
use super::completeness::Completeness;
use super::entry::{Attribute, Entry};
use super::format::{Format, ReadError, Text};
use super::ldap_values::DistinguishedName;
use crate::text::lines::Lines;

pub(super) const FORMAT: Format = Format { name: "setspn", recognise, read, may_be_empty: true };

/// Recognises an account with an SPN below it, an SPN with an account below it, or a short listing without accounts, which has the
/// searched domain and a closing line. Other text with `DC=` in it is not a listing.
fn recognise(head: &str) -> bool {
    let filled = head.split(['\r', '\n']).filter(|line| !line.trim().is_empty());
    let mut lines = filled.map(|line| (line.trim(), Shape::classify(line))).peekable();
    // `Checking domain DC=alpha,DC=com`: a few words.
    let first_is_checking =
        lines.peek().is_some_and(|(line, shape)| *shape == Shape::Checking && line.split(' ').count() <= 5);
    while let Some((_, shape)) = lines.next() {
        let known = match (shape, lines.peek()) {
            // An account without any SPN.
            (Shape::Account(dn), None) => {
                dn.len() < head.trim().len() && head.contains("ServicePrincipalName")
            }
            (Shape::Account(_), Some((_, Shape::Indented(below)))) => below.contains('/'),
            // The whole line, not a word of a sentence.
            (Shape::Account(_), Some((line, Shape::Spn(below)))) => line == below,
            (Shape::Spn(_), Some((_, Shape::IndentedAccount(_)))) => true,
            _ => false,
        };
        if known {
            return true;
        }
    }
    // Progress overwrites itself with CR and is one line.
    let count = head.split('\n').filter(|line| !line.trim().is_empty()).count();
    // The closing sentence, or `Processing entry 0`.
    let ends_as_listing = head.trim_end().ends_with(|c: char| c.is_ascii_digit() || ".!。！".contains(c));
    first_is_checking && count <= MAX_LINES_WITHOUT_ACCOUNT && (ends_as_listing || head.len() > LONG_PROGRESS)
}

/// Length in bytes of a beginning that may consist of progress lines only. The line that ends a shorter listing without accounts
/// is in it.
const LONG_PROGRESS: usize = 16 * 1024;

/// Maximum number of lines of a listing without accounts: `Checking domain`, one line of progress, and `found 0 group of
/// duplicate SPNs.`, for a few domains.
const MAX_LINES_WITHOUT_ACCOUNT: usize = 12;

fn read(text: Text<'_>, to: &mut AccountCollector) -> Result<(), ReadError> {
    let mut listing = Listing::default();
    let mut lines = Lines::new(text, MAX_LINE);
    while let Some(line) = lines.next() {
        let line = line?;
        if line.is_cut {
            to.report_loss(line.number, "a line without end is skipped");
        } else if !line.is_ended && listing.may_be_cut_off(line.text) {
            to.report_loss(line.number, CUT_OFF);
        } else {
            listing.line(line.text, line.number, to);
        }
    }
    listing.end_account(to);
    if listing.part || !listing.closed {
        to.completeness = Completeness::Part;
    }
    Ok(())
}

/// A line of the output, recognised by its structure.
#[derive(Debug, PartialEq, Eq)]
enum Shape<'l> {
    Blank,
    /// A DN at the margin, alone or in a sentence that ends in a colon (`Registered ServicePrincipalNames for CN=..:`).
    Account(&'l str),
    /// A DN at the margin in any other sentence (`Unregistering ServicePrincipalNames for CN=..`). The SPNs below it are attempted or
    /// removed, not registered.
    Edit,
    /// A sentence at the margin that has a domain's DN (`Checking domain DC=alpha,DC=com`).
    Checking,
    /// A sentence at the margin that has an SPN (`HOST/x is registered on these accounts:`).
    Spn(&'l str),
    /// Other text at the margin.
    Words,
    IndentedAccount(&'l str),
    Indented(&'l str),
}

impl<'l> Shape<'l> {
    fn classify(line: &'l str) -> Self {
        let text = line.trim();
        if text.is_empty() {
            return Self::Blank;
        }
        let indented = line.starts_with([' ', '\t']);
        match account_in(text) {
            // An SPN may hold a DN (`ldap/dc1/CN=..`), but its class comes first.
            Some(dn) if indented && text.starts_with(dn) => return Self::IndentedAccount(dn),
            Some(dn) if !indented => {
                let heads_list = dn == text || text.ends_with([':', '：']);
                return if heads_list { Self::Account(dn) } else { Self::Edit };
            }
            _ if indented && text.ends_with(':') && text.contains(ENGLISH) => {}
            _ if indented => return Self::Indented(text),
            _ => {}
        }
        if names_domain(text) {
            return Self::Checking;
        }
        match spn_in(text) {
            Some(spn) => Self::Spn(spn),
            None => Self::Words,
        }
    }
}

/// The account's DN in a line: from a `CN=` or `OU=` at the start of a word to its last `DC=`.
fn account_in(text: &str) -> Option<&str> {
    // Most lines are SPNs, which have no `=`.
    memchr::memchr(b'=', text.as_bytes())?;
    let start = text.char_indices().find_map(|(i, _)| {
        let here = text.get(i..)?;
        let kind = here.get(..3)?;
        let named = kind.eq_ignore_ascii_case("CN=") || kind.eq_ignore_ascii_case("OU=");
        let word = text.get(..i)?.chars().next_back().is_none_or(|before| {
            !(before.is_ascii_alphanumeric() || matches!(before, ',' | '\\' | '/' | '='))
        });
        (named && word).then_some(i)
    })?;
    let dn = text.get(start..)?;
    let last = dn.as_bytes().windows(3).rposition(|kind| kind.eq_ignore_ascii_case(b"DC="))? + 3;
    let label = dn.get(last..)?;
    let end = label.find(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_'))).unwrap_or(label.len());
    let dn = dn.get(..last + end)?;
    DistinguishedName::parse(dn).map(|_| dn)
}

/// Is the line words and a domain's DN (`Checking domain DC=alpha,DC=com`)? A command in a document
/// (`ldapsearch -b DC=alpha,DC=com`) is not.
fn names_domain(text: &str) -> bool {
    let option =
        |word: &str| word.strip_prefix('-').is_some_and(|rest| rest.starts_with(char::is_alphabetic));
    if text.contains(['|', '`']) || text.split_whitespace().any(option) {
        return false;
    }
    text.split_whitespace().any(|word| DistinguishedName::parse(word).is_some_and(|dn| dn.is_domain()))
}

/// The words after the SPN in the sentence of `-X` in English.
const ENGLISH: &str = " is registered on these accounts";

/// The SPN in a sentence: the text before the English wording, else the first word with a `/` between two
/// other characters.
fn spn_in(text: &str) -> Option<&str> {
    if let Some((spn, _)) = text.split_once(ENGLISH) {
        return Some(spn.trim());
    }
    text.split_whitespace()
        .find(|word| word.split_once('/').is_some_and(|(class, rest)| !class.is_empty() && !rest.is_empty()))
}

/// A listing as read so far.
#[derive(Default)]
struct Listing {
    /// The account whose SPNs follow.
    account: Option<Entry>,
    /// The SPN whose accounts follow.
    duplicate: Option<String>,
    /// Indented lines belong to an attempted addition or removal.
    editing: bool,
    /// The file is not one whole `-Q` listing. It has a listing of `-L` or `-X`, or a sentence between accounts.
    part: bool,
    /// The closing line was read, which is a sentence at the margin after the last account.
    closed: bool,
    /// Number of accounts so far.
    accounts: u64,
}

impl Listing {
    /// May the last line of the file be cut off within an SPN (`HOST/srv1` of `HOST/srv10`)? The output of `-L` is usually copied
    /// from a screen without its last line end, and is not cut off.
    fn may_be_cut_off(&self, line: &str) -> bool {
        match Shape::classify(line) {
            Shape::IndentedAccount(_) => true,
            Shape::Indented(_) => !self.part,
            _ => false,
        }
    }

    fn line(&mut self, line: &str, number: u64, to: &mut AccountCollector) {
        match Shape::classify(line) {
            Shape::Blank => self.duplicate = None,
            Shape::Account(dn) => {
                self.end_account(to);
                // `CN=..` alone is `-Q`. Within a sentence it is `-L` or similar.
                self.part |= dn != line.trim();
                // The supposed closing line was other text between two accounts.
                self.part |= self.closed;
                self.begin(dn, number, to);
            }
            Shape::Checking => {
                self.end_account(to);
                self.duplicate = None;
                self.editing = false;
            }
            Shape::Edit => {
                self.end_account(to);
                self.duplicate = None;
                (self.editing, self.part) = (true, true);
            }
            // The indentation was lost, for example in a copy from a web page.
            Shape::Spn(spn) if self.account.is_some() && line.trim() == spn => {
                if let Some(entry) = &mut self.account {
                    entry.set(Attribute::ServicePrincipalName, spn, number, to);
                }
            }
            Shape::Spn(spn) => {
                self.end_account(to);
                self.closed = self.accounts > 0;
                self.duplicate = Some(spn.to_owned());
            }
            Shape::Words => {
                self.end_account(to);
                self.closed = self.accounts > 0;
                self.duplicate = None;
            }
            Shape::IndentedAccount(dn) => match &self.duplicate {
                Some(spn) => {
                    let spn = spn.clone();
                    self.part = true;
                    let mut entry = self.entry(dn, number, to);
                    entry.mark_partial();
                    entry.set(Attribute::ServicePrincipalName, &spn, number, to);
                    entry.finish(to);
                }
                // A listing pasted into a document is indented as a whole.
                None => {
                    self.end_account(to);
                    self.part = true;
                    self.begin(dn, number, to);
                }
            },
            Shape::Indented(text) => match &mut self.account {
                Some(entry) => {
                    entry.set(Attribute::ServicePrincipalName, text, number, to);
                }
                None if !self.editing && self.duplicate.is_none() && text.contains('/') => {
                    to.report_loss(number, format!("{} is not below an account", quoted(text)));
                }
                None => {}
            },
        }
    }

    fn entry(&mut self, dn: &str, number: u64, to: &mut AccountCollector) -> Entry {
        self.accounts += 1;
        let mut entry = Entry::new(number, to);
        entry.set(Attribute::DistinguishedName, dn, number, to);
        entry
    }

    fn begin(&mut self, dn: &str, number: u64, to: &mut AccountCollector) {
        self.duplicate = None;
        (self.closed, self.editing) = (false, false);
        let entry = self.entry(dn, number, to);
        self.account = Some(entry);
    }

    fn end_account(&mut self, to: &mut AccountCollector) {
        if let Some(entry) = self.account.take() {
            entry.finish(to);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_of_lines_in_several_languages() {
        let dn = "CN=web04,CN=Computers,DC=corp,DC=com";
        let table = [
            ("CN=web04,CN=Computers,DC=corp,DC=com", Shape::Account(dn)),
            (
                "Registered ServicePrincipalNames for CN=web04,CN=Computers,DC=corp,DC=com:",
                Shape::Account(dn),
            ),
            ("CN=web04,CN=Computers,DC=corp,DC=com için kayıtlı ServicePrincipalNames:", Shape::Account(dn)),
            (
                "次の項目に登録されている ServicePrincipalNames CN=web04,CN=Computers,DC=corp,DC=com：",
                Shape::Account(dn),
            ),
            ("\tHOST/web04.corp.com", Shape::Indented("HOST/web04.corp.com")),
            ("        ldap/dc1/CN=x,DC=corp", Shape::Indented("ldap/dc1/CN=x,DC=corp")),
            ("        CN=web04,CN=Computers,DC=corp,DC=com", Shape::IndentedAccount(dn)),
            ("Checking domain DC=corp,DC=com", Shape::Checking),
            ("Domäne DC=corp,DC=com wird überprüft", Shape::Checking),
            ("Unregistering ServicePrincipalNames for CN=web04,CN=Computers,DC=corp,DC=com", Shape::Edit),
            ("    HOST/x is registered on these accounts:", Shape::Spn("HOST/x")),
            ("HOST/a b is registered on these accounts:", Shape::Spn("HOST/a b")),
            ("HOST/legacyprinter ist für folgende Konten registriert:", Shape::Spn("HOST/legacyprinter")),
            ("Existing SPN found!", Shape::Words),
            ("found 0 group of duplicate SPNs.", Shape::Words),
            ("Processing entry 0", Shape::Words),
            ("  \t", Shape::Blank),
            ("CN=Miller\\, A,OU=x,DC=corp", Shape::Account("CN=Miller\\, A,OU=x,DC=corp")),
        ];
        for (line, want) in table {
            assert_eq!(Shape::classify(line), want, "{line}");
        }
    }

    #[test]
    fn recognised_by_structure() {
        for known in [
            "Checking domain DC=a,DC=b\r\nProcessing entry 0\r\n",
            "Checking domain DC=a,DC=b\nCN=x,DC=a,DC=b\nHOST/x\n",
            "CN=x,DC=y\n\tHOST/x\n",
            "HOST/x est inscrit:\n        CN=x,DC=y\n",
        ] {
            assert!(recognise(known), "{known}");
        }
        for other in [
            "",
            "account,domain,spn\na,b,HOST/c\n",
            "DN,objectClass\n\"CN=x,DC=y\",user\n",
            "dn: CN=x,DC=y\nservicePrincipalName: HOST/x\n",
            "Log Name: System\n\tHOST/x\n",
            "Some words first\nldap: DC=a,DC=b\n",
            "Base DN   DC=a,DC=b\nFilter   x\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n",
            "| `x.ldif` | `ldapsearch -b DC=a,DC=b` |\n",
            "ldapsearch -b DC=a,DC=b (servicePrincipalName=*)\n",
        ] {
            assert!(!recognise(other), "{other}");
        }
    }
}
