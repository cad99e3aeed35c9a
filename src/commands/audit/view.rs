//! Writes an audit as text for a person: a paragraph for each finding, grouped by kind.

use std::collections::HashMap;

use super::finding::{AuditFinding, AuditKind};
use crate::report::Status;
use crate::report::local_time::in_zone;
use crate::report::numbers::{group_digits, pluralize, pluralize_as};
use crate::report::text::shares;
use crate::report::text_writer::{TextLayout, TextRole, TextWriter, few, shown_of};
use crate::zone::Zone;

/// Maximum number of findings that all get a paragraph.
const ALL_IN_FULL: usize = 10;
/// Number of findings that get a paragraph if there are more than [`ALL_IN_FULL`].
const MANY_IN_FULL: usize = 5;
/// Number of findings of each kind that get a line instead of a paragraph. The others are counted.
const MAX_LINES: usize = 4;
const MAX_OWNERS: usize = 4;
const MAX_EVIDENCE: usize = 3;
const MAX_RESOLVED: usize = 5;

/// Facts about an audit that its findings do not hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct AuditContext<'a> {
    /// Zone of the times that are shown.
    pub zone: &'a Zone,
    /// Number of shared addresses left out because of `--allow`.
    pub allowed: usize,
    /// Whether the findings were compared with an earlier audit.
    pub compared: bool,
    /// Whether all inputs could be read.
    pub complete: bool,
}

/// Returns the whole text.
pub(super) fn view(all: &[AuditFinding], context: AuditContext<'_>, layout: TextLayout) -> String {
    let mut writer = TextWriter::new(layout);
    let mut groups: Vec<(AuditKind, Vec<&AuditFinding>)> = Vec::new();
    let mut resolved = Vec::new();
    for finding in all {
        if !finding.status.is_present() {
            resolved.push(finding);
            continue;
        }
        match groups.iter_mut().find(|(kind, _)| *kind == finding.kind) {
            Some((_, group)) => group.push(finding),
            None => groups.push((finding.kind, vec![finding])),
        }
    }
    write_totals(&mut writer, all, context);
    let sizes: Vec<usize> = groups.iter().map(|(_, findings)| findings.len()).collect();
    let most =
        if sizes.iter().sum::<usize>() <= ALL_IN_FULL { ALL_IN_FULL } else { MANY_IN_FULL.max(sizes.len()) };
    let mut printed_fixes: HashMap<Vec<String>, usize> = HashMap::new();
    let mut number = 0;
    for ((kind, findings), share) in groups.iter().zip(shares(&sizes, most)) {
        writer.blank_line();
        let title = writer.styled(TextRole::Heading, kind.label());
        let count = pluralize(findings.len() as u64, "finding");
        writer.line("", &format!("{title} ({}): {} ({count})", kind.name(), kind.meaning()));
        let (full, rest) = findings.split_at(share.min(findings.len()));
        for finding in full {
            writer.blank_line();
            number += 1;
            write_finding(&mut writer, finding, number, context, &mut printed_fixes);
        }
        write_lines(&mut writer, rest, context.compared);
    }
    write_resolved(&mut writer, &resolved);
    if !groups.is_empty() {
        writer.blank_line();
        let text = format!(
            "All of it, a row per finding: add {} to this command. What a kind is: {}",
            writer.styled(TextRole::Command, "-o audit.csv"),
            writer.styled(TextRole::Command, "krbtriage explain KIND")
        );
        writer.line("", &text);
    }
    writer.into_text()
}

fn write_totals(writer: &mut TextWriter, all: &[AuditFinding], context: AuditContext<'_>) {
    let present = all.iter().filter(|finding| finding.status.is_present()).count() as u64;
    let allowed = match context.allowed {
        0 => String::new(),
        n => format!(", {} allowed", pluralize_as(n as u64, "shared address", "shared addresses")),
    };
    let text = match present {
        0 if !context.complete => {
            format!("Nothing found in the readable inputs that can cause incidents{allowed}.")
        }
        0 => format!("Nothing found that can cause incidents{allowed}."),
        n => format!("{}{allowed}", pluralize(n, "finding")),
    };
    let text = writer.styled(TextRole::Strong, &text);
    writer.line("", &text);
    if context.compared {
        let counts = Status::counts(all.iter().map(|finding| finding.status));
        writer.say(&format!("Since the earlier audit: {counts}"));
    }
}

fn name_with_status(writer: &TextWriter, finding: &AuditFinding, compared: bool) -> String {
    let mut text = writer.styled(TextRole::Strong, &finding.what);
    if compared {
        let role = if finding.status == Status::Ongoing { TextRole::Plain } else { TextRole::Bad };
        text.push_str(&format!(" ({})", writer.styled(role, finding.status.name())));
    }
    text
}

fn owner_names(writer: &TextWriter, finding: &AuditFinding) -> String {
    // `owners` has at most a hundred names.
    if finding.owner_count <= finding.owners.len() {
        return writer.styled(TextRole::Plain, &few(&finding.owners, MAX_OWNERS));
    }
    let first = finding.owners.get(..MAX_OWNERS).unwrap_or(&finding.owners);
    let more = group_digits((finding.owner_count - first.len()) as u64);
    writer.styled(TextRole::Plain, &format!("{} and {more} more", first.join(", ")))
}

fn write_finding(
    writer: &mut TextWriter,
    finding: &AuditFinding,
    number: usize,
    context: AuditContext<'_>,
    printed_fixes: &mut HashMap<Vec<String>, usize>,
) {
    let name = name_with_status(writer, finding, context.compared);
    let text = format!("{name}: {}", owner_names(writer, finding));
    writer.line(&format!("{number:>2}. "), &text);
    let hurts = writer.styled(TextRole::Plain, &format!("{}.", finding.hurts));
    writer.line("    ", &hurts);
    if !finding.adapters.is_empty() {
        let adapters = writer.styled(TextRole::Plain, &few(&finding.adapters, MAX_OWNERS));
        writer.labelled_line("    Adapters", &adapters);
    }
    if !finding.vendor.is_empty() {
        let vendor = writer.styled(TextRole::Plain, &finding.vendor);
        writer.labelled_line("    Card", &vendor);
    }
    let shown = shown_of(finding.evidence.len(), MAX_EVIDENCE);
    let evidence = finding.evidence.iter().take(shown);
    let mut proof: Vec<String> =
        evidence.map(|text| writer.styled(TextRole::Plain, &in_zone(text, context.zone))).collect();
    if finding.evidence.len() > shown {
        proof.push(writer.styled(TextRole::Faint, &format!("and {} more", finding.evidence.len() - shown)));
    }
    writer.items("    Proof", &proof, false);
    let fix: Vec<String> = finding.fix.iter().map(|step| step.text().into_owned()).collect();
    if let Some(number) = printed_fixes.get(&fix) {
        writer.labelled_line("    Fix", &format!("as for {number}. above"));
        return;
    }
    let steps: Vec<String> = fix.iter().map(|step| writer.styled(TextRole::Plain, step)).collect();
    printed_fixes.insert(fix, number);
    writer.items("    Fix", &steps, steps.len() > 1);
}

/// Writes the findings without a paragraph.
fn write_lines(writer: &mut TextWriter, rest: &[&AuditFinding], compared: bool) {
    if rest.is_empty() {
        return;
    }
    writer.blank_line();
    let shown = shown_of(rest.len(), MAX_LINES);
    for finding in rest.iter().take(shown) {
        let name = name_with_status(writer, finding, compared);
        let text = format!("{name}: {}", owner_names(writer, finding));
        writer.line("  - ", &text);
    }
    if rest.len() > shown {
        writer.line("  - ", &format!("and {} more", group_digits((rest.len() - shown) as u64)));
    }
}

fn write_resolved(writer: &mut TextWriter, resolved: &[&AuditFinding]) {
    if resolved.is_empty() {
        return;
    }
    writer.blank_line();
    let title = writer.styled(TextRole::Heading, "resolved");
    writer.line("", &format!("{title}: in the earlier audit, and gone"));
    let shown = shown_of(resolved.len(), MAX_RESOLVED);
    for finding in resolved.iter().take(shown) {
        let what = writer.styled(TextRole::Strong, &finding.what);
        let kind = writer.styled(TextRole::Plain, finding.kind.name());
        writer.line("  - ", &format!("{what}: {kind}"));
    }
    if resolved.len() > shown {
        writer.line("  - ", &format!("and {} more", group_digits((resolved.len() - shown) as u64)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::item::StepItem;

    const CONTEXT: AuditContext<'static> =
        AuditContext { zone: &Zone::UTC, allowed: 0, compared: false, complete: true };

    fn finding(status: Status, kind: AuditKind, what: &str, owners: usize) -> AuditFinding {
        let texts = |all: &[&str]| all.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        AuditFinding {
            finding_id: "a0123456789ab".into(),
            status,
            kind,
            what: what.into(),
            owners: (0..owners.min(100)).map(|i| format!("srv{i}.example.com")).collect(),
            owner_count: owners,
            adapters: vec![],
            vendor: String::new(),
            hurts: "each can reach the other".into(),
            evidence: texts(&["x.csv:1", "x.csv:2", "x.csv:3", "x.csv:4", "x.csv:5"]),
            fix: ["do this", "then that"].map(StepItem::from_cell).to_vec(),
        }
    }

    #[test]
    fn ten_thousand_findings_are_a_screen_or_two() {
        let kinds = [AuditKind::BmcUsbNic, AuditKind::DuplicateSpn, AuditKind::NameLeadsElsewhere];
        let rows: Vec<_> =
            (0..10_000).map(|i| finding(Status::New, kinds[i % 3], &format!("thing{i}"), 20_000)).collect();
        let text = view(&rows, AuditContext { allowed: 3, ..CONTEXT }, TextLayout::PLAIN);
        assert!(text.lines().count() < 90, "{text}");
        for part in [
            "10,000 findings, 3 shared addresses allowed",
            "(bmc-usb-nic): a management card's adapter",
            "and 19,996 more",
            "as for 1. above",
            "and 2 more",
            "  - and 3,327 more",
        ] {
            assert!(text.contains(part), "{part}:\n{text}");
        }
        assert!(text.lines().all(|l| textwrap::core::display_width(l) <= 80), "{text}");
    }

    #[test]
    fn what_is_new_and_gone_stands_out() {
        let rows = [
            finding(Status::Reopened, AuditKind::BmcUsbNic, "169.254.95.120", 2),
            finding(Status::Ongoing, AuditKind::DuplicateSpn, "HTTP/x", 2),
            finding(Status::Resolved, AuditKind::DuplicateSpn, "HTTP/y", 2),
        ];
        let text = view(&rows, AuditContext { compared: true, ..CONTEXT }, TextLayout::PLAIN);
        for part in [
            "2 findings\n",
            "0 new, 1 ongoing, 1 resolved, 1 reopened",
            "169.254.95.120 (reopened): srv0.example.com, srv1.example.com",
            "  - HTTP/y: duplicate-spn",
        ] {
            assert!(text.contains(part), "{part}:\n{text}");
        }
        let nothing = view(&[], AuditContext { allowed: 1, ..CONTEXT }, TextLayout::PLAIN);
        assert_eq!(nothing, "Nothing found that can cause incidents, 1 shared address allowed.\n");
    }

    #[test]
    fn an_audit_that_could_not_read_its_only_list_does_not_say_that_all_is_well() {
        let nothing = view(&[], AuditContext { complete: false, ..CONTEXT }, TextLayout::PLAIN);
        assert_eq!(nothing, "Nothing found in the readable inputs that can cause incidents.\n");
    }

    #[test]
    fn hostile_names_do_not_act() {
        let rows = [finding(Status::New, AuditKind::DuplicateSpn, "HTTP/\u{1b}[2J\u{202e}x", 2)];
        let text = view(&rows, CONTEXT, TextLayout::new(80, true));
        assert!(!text.contains("\u{1b}[2J") && !text.contains('\u{202e}'), "{text}");
    }
}
