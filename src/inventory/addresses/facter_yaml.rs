//! The YAML that `facter --yaml` and Puppet's cache of facts write, as a JSON value: nested maps, lists and plain or quoted
//! scalars, one per line. Of a line in another form of YAML (an anchor, a text of several lines) nothing is used.

use serde_json::{Map, Value};

/// Deepest nesting that is read.
const MAX_DEPTH: usize = 32;

/// Does it begin like facts: a document of YAML with the name of a host and `networking`?
pub(super) fn is_yaml(text: &str) -> bool {
    let has = |name: &str| text.lines().any(|line| line.trim_start().starts_with(name));
    !text.trim_start_matches('\u{feff}').starts_with(['{', '[', '<'])
        && (has("networking:") || has("ipaddress_"))
        && (has("hostname:") || has("fqdn:"))
        && ["facterversion:", "kernel:", "interfaces:"].into_iter().any(has)
}

/// The facts in the text.
pub(super) fn json_of_yaml(text: &str) -> Value {
    let lines: Vec<(usize, &str)> = text
        .lines()
        .map(|line| (line.len() - line.trim_start_matches(' ').len(), line.trim()))
        .filter(|(_, line)| {
            !line.is_empty() && !line.starts_with(['#', '\u{feff}']) && !line.starts_with("---")
        })
        .collect();
    let mut at = 0;
    let margin = lines.first().map_or(0, |(indent, _)| *indent);
    block(&lines, &mut at, margin, 0)
}

/// The map or list whose lines have this indent, from `at` on.
fn block(lines: &[(usize, &str)], at: &mut usize, indent: usize, depth: usize) -> Value {
    if lines.get(*at).is_some_and(|(_, line)| is_item(line)) {
        return list(lines, at, indent, depth);
    }
    let mut map = Map::new();
    while let Some(&(found, line)) = lines.get(*at) {
        if found < indent || (found == indent && is_item(line)) {
            break;
        }
        *at += 1;
        let Some((name, value)) = member(line).filter(|_| found == indent) else { continue };
        let value = match value {
            "" => nested(lines, at, indent, depth),
            value => scalar(value),
        };
        map.insert(name.to_owned(), value);
    }
    Value::Object(map)
}

/// What is below a name without a value. The items of a list may have the name's indent.
fn nested(lines: &[(usize, &str)], at: &mut usize, indent: usize, depth: usize) -> Value {
    match lines.get(*at) {
        Some(&(found, line))
            if depth < MAX_DEPTH && (found > indent || (found == indent && is_item(line))) =>
        {
            block(lines, at, found, depth + 1)
        }
        _ => Value::Null,
    }
}

fn list(lines: &[(usize, &str)], at: &mut usize, indent: usize, depth: usize) -> Value {
    let mut items = Vec::new();
    while let Some(&(found, line)) = lines.get(*at) {
        if found != indent || !is_item(line) {
            break;
        }
        *at += 1;
        let first = line.trim_start_matches('-').trim();
        let Some((name, value)) = member(first) else {
            items.push(scalar(first));
            continue;
        };
        let inner = indent + (line.len() - first.len());
        let mut map = Map::new();
        map.insert(name.to_owned(), scalar(value));
        if let Some(&(next, line)) = lines.get(*at)
            && next == inner
            && !is_item(line)
            && depth < MAX_DEPTH
            && let Value::Object(rest) = block(lines, at, inner, depth + 1)
        {
            map.extend(rest);
        }
        items.push(Value::Object(map));
    }
    Value::Array(items)
}

fn is_item(line: &str) -> bool {
    line == "-" || line.starts_with("- ")
}

/// `name: value`, `"Ethernet 3":`.
fn member(line: &str) -> Option<(&str, &str)> {
    let (name, value) = match line.strip_suffix(':') {
        Some(name) if !name.contains(": ") => (name, ""),
        _ => line.split_once(": ")?,
    };
    Some((unquoted(name.trim()), value.trim())).filter(|(name, _)| !name.is_empty())
}

fn scalar(text: &str) -> Value {
    match text {
        "" | "~" | "null" => Value::Null,
        text => Value::String(unquoted(text).to_owned()),
    }
}

fn unquoted(text: &str) -> &str {
    ['"', '\''].into_iter().find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_lists_and_quotes() {
        let text = "---\nhostname: SRV1\nnetworking:\n  interfaces:\n    \"Ethernet 3\":\n      bindings:\n      - address: 192.0.2.1\n        netmask: 255.255.255.0\n      - address: '192.0.2.2'\n      mtu: 1500\n  list:\n    - a\n    - b\nlast: |\n  text: of lines\n";
        let want = serde_json::json!({
            "hostname": "SRV1",
            "networking": {
                "interfaces": {"Ethernet 3": {
                    "bindings": [
                        {"address": "192.0.2.1", "netmask": "255.255.255.0"},
                        {"address": "192.0.2.2"},
                    ],
                    "mtu": "1500",
                }},
                "list": ["a", "b"],
            },
            "last": "|",
        });
        assert_eq!(json_of_yaml(text), want);
    }

    #[test]
    fn deep_nesting_ends() {
        let deep: String = (0..1000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
        json_of_yaml(&deep);
    }
}
