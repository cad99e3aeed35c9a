//! Suggestions for mistyped names.

/// Similarity of a transposed or missing letter in a name of five and more.
const ENOUGH: f64 = 0.8;

/// The known name most like `name`, where one is like it.
pub fn similar<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.trim().to_lowercase();
    known
        .into_iter()
        .map(|k| (strsim::jaro_winkler(&k.to_lowercase(), &name), k))
        .filter(|(score, _)| *score > ENOUGH)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, k)| k)
}

/// ` (did you mean NAME?)`, or nothing.
pub fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    similar(name, known).map_or(String::new(), |k| format!(" (did you mean {k}?)"))
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
            assert_eq!(similar(name, known), want, "{name}");
        }
    }
}
