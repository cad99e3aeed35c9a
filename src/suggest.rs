//! Suggestions for mistyped names.

/// Lowest Jaro-Winkler similarity of a suggestion. A name of five letters with one missing or transposed letter exceeds it.
const MIN_SIMILARITY: f64 = 0.8;

/// Returns the valid name that is most similar to a mistyped `name`, or `None` if all differ too much.
fn most_similar<'a>(name: &str, valid: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.trim().to_lowercase();
    valid
        .into_iter()
        .map(|valid| (strsim::jaro_winkler(&valid.to_lowercase(), &name), valid))
        .filter(|(score, _)| *score > MIN_SIMILARITY)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, valid)| valid)
}

/// Returns ` (did you mean NAME?)` for a mistyped `name`, or an empty text if no valid name is similar.
pub fn did_you_mean<'a>(name: &str, valid: impl IntoIterator<Item = &'a str>) -> String {
    most_similar(name, valid).map_or(String::new(), |valid| format!(" (did you mean {valid}?)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_errors_are_seen_and_other_words_are_not() {
        let known = ["new", "new-problem", "any", "loopback-shared-ip", "duplicate-spn", "wrong-host"];
        let table = [
            ("News", Some("new")),
            ("new_problem", Some("new-problem")),
            ("newproblem", Some("new-problem")),
            ("duplicate-spm", Some("duplicate-spn")),
            ("loopback", Some("loopback-shared-ip")),
            ("wronghost", Some("wrong-host")),
            ("weather", None),
            ("", None),
        ];
        for (name, want) in table {
            assert_eq!(most_similar(name, known), want, "{name}");
        }
    }
}
