//! Converts facter's facts in YAML or in its own text to JSON, as which [`machine_facts`](super::machine_facts) reads them.

use serde_json::Value;
use serde_saphyr::{DuplicateKeyPolicy, Error, UserMessageFormatter};

use super::json::Object;
use crate::text::json::repeated_name_message;

/// Does it begin like facts in YAML: the name of a host and its interfaces?
pub(super) fn is_yaml(text: &str) -> bool {
    let has = |name: &str| text.lines().any(|line| line.trim_start().starts_with(name));
    !text.trim_start_matches('\u{feff}').starts_with(['{', '[', '<'])
        && (has("networking:") || has("ipaddress_"))
        && (has("hostname:") || has("fqdn:"))
        && ["facterversion:", "kernel:", "interfaces:"].into_iter().any(has)
}

/// Parses the facts that `facter --yaml` and Puppet's cache of facts write. The error has its line, from 1.
///
/// A mapping with two equal names is an error, because it leaves the value open. The default limits of `serde_saphyr` bound the
/// memory that a hostile file costs: 250,000 values, 64 levels, and few aliases.
pub(super) fn yaml_facts(text: &str) -> Result<Object, (u64, String)> {
    let options = serde_saphyr::options! { duplicate_keys: DuplicateKeyPolicy::Error, with_snippet: false };
    match serde_saphyr::from_str_with_options(text, options) {
        Ok(Value::Object(facts)) => Ok(facts),
        Ok(_) => Err((1, "the YAML is not a mapping of facts".to_owned())),
        Err(error) => {
            let line = error.location().map_or(1, |location| location.line());
            let what = match &error {
                Error::DuplicateMappingKey { key: Some(key), .. } => repeated_name_message(key),
                _ => format!("the YAML is not valid: {}", error.render_with_formatter(&UserMessageFormatter)),
            };
            Err((line, what))
        }
    }
}

/// Converts facter's own text (`hostname => SRV1`) to JSON.
pub(super) fn json_of_text(content: &str) -> String {
    let mut json = String::from("{");
    let mut depth = 0usize;
    for line in content.lines() {
        let Some((name, value)) = line.trim().split_once(" => ").or_else(|| line.trim().split_once(" =>"))
        else {
            // The line has only brackets, or a value of a list.
            if depth > 0 {
                json.push_str(line.trim());
                let opens = line.matches(['{', '[']).count();
                depth = (depth + opens).saturating_sub(line.matches(['}', ']']).count());
                if depth == 0 {
                    json.push(',');
                }
            }
            continue;
        };
        let is_structure = matches!(value.trim(), "{" | "[");
        json.push_str(&Value::from(name.trim_matches('"')).to_string());
        json.push(':');
        if is_structure {
            json.push_str(value.trim());
            depth += 1;
        } else if depth > 0 {
            json.push_str(value);
        } else {
            json.push_str(&Value::from(value.trim().trim_matches('"')).to_string());
            json.push(',');
        }
    }
    json.truncate(json.trim_end_matches(',').len());
    json.push('}');
    json
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
                    "mtu": 1500,
                }},
                "list": ["a", "b"],
            },
            "last": "text: of lines\n",
        });
        assert_eq!(yaml_facts(text).map(Value::Object), Ok(want));
    }

    #[test]
    fn puppets_cache_of_facts_has_a_tag() {
        let text = "--- !ruby/object:Puppet::Node::Facts\r\n  name: srv1\r\n  values:\r\n    hostname: SRV1\r\n    !ruby/sym _timestamp: 2026-01-05\r\n";
        let facts = yaml_facts(text).unwrap();
        assert_eq!(facts["values"]["hostname"], "SRV1");
    }

    /// The later of two equal names replaced the earlier one without a word.
    #[test]
    fn a_name_that_appears_twice_is_an_error_of_its_line() {
        let error =
            yaml_facts("hostname: SRV1\nnetworking:\n  ip: 192.0.2.1\n  ip: 192.0.2.2\n").unwrap_err();
        assert_eq!(error, (4, "\"ip\" appears twice in one object, which leaves its value open".to_owned()));
    }

    #[test]
    fn hostile_yaml_is_refused() {
        let deep: String = (0..1000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
        let flat = "[".repeat(100_000);
        let laughs: String =
            (1..30).map(|n| format!("a{n}: &a{n} [{}]\n", format!("*a{},", n - 1).repeat(10))).collect();
        for text in
            [deep, flat, format!("a0: &a0 [x]\n{laughs}"), "a: [1\n".to_owned(), "just text".to_owned()]
        {
            assert!(yaml_facts(&text).is_err(), "{}", &text[..9]);
        }
    }
}
