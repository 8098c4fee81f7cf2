//! “Did you mean …?”

/// The candidate nearest to a mistyped word, if one is near enough: at most a
/// third of the word's letters, and never more than three, may be added, left
/// out, replaced or swapped with their neighbour; or the word was cut short.
pub(super) fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = (word.chars().count() / 3).clamp(1, 3);
    let cut_short = |candidate: &str| word.len() >= 4 && candidate.starts_with(word);
    candidates
        .into_iter()
        .map(|candidate| match cut_short(candidate) {
            true => (1, candidate),
            false => (distance(word, candidate), candidate),
        })
        // A letter that is another letter altogether is no slip.
        .filter(|(distance, _)| *distance <= allowed && *distance < word.chars().count().max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The edit distance, a swap of neighbours counting once (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    if a.len().abs_diff(b.len()) > 3 || a.len().max(b.len()) > 80 {
        return usize::MAX;
    }
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::{closest, distance};

    #[test]
    fn a_slip_of_the_finger_is_understood() {
        let keys = ["required", "visible_when", "label"];
        assert_eq!(closest("requierd", keys), Some("required"));
        assert_eq!(closest("lable", keys), Some("label"));
        assert_eq!(closest("visible", keys), Some("visible_when"));
        assert_eq!(closest("visible_if", keys), None);
        assert_eq!(closest("x", keys), None);
        assert_eq!(closest("D", ["A", "B", "C"]), None);
    }

    #[test]
    fn distances_count_edits() {
        for (a, b, edits) in
            [("", "", 0), ("a", "", 1), ("ab", "ba", 1), ("承办", "承版", 1), ("kitten", "sitting", 3)]
        {
            assert_eq!(distance(a, b), edits, "{a} {b}");
            assert_eq!(distance(b, a), edits, "{b} {a}");
        }
    }
}
