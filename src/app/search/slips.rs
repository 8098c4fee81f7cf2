//! Slips of the finger: a letter left out, added or mistaken, or two swapped.

/// Whether one letter was left out, added, mistaken, or two were swapped.
pub fn is_one_slip(typed: &str, meant: &str) -> bool {
    let (typed, meant) = (typed.as_bytes(), meant.as_bytes());
    if typed.len().abs_diff(meant.len()) > 1 {
        return false;
    }
    let start = typed.iter().zip(meant).take_while(|(a, b)| a == b).count();
    let (typed, meant) = (&typed[start..], &meant[start..]);
    let end = typed.iter().rev().zip(meant.iter().rev()).take_while(|(a, b)| a == b).count();
    let (typed, meant) = (&typed[..typed.len() - end], &meant[..meant.len() - end]);
    match (typed, meant) {
        ([a, b], [c, d]) => a == d && b == c,
        _ => typed.len() <= 1 && meant.len() <= 1,
    }
}

/// The fewest slips by which `typed` stands somewhere within `text` (Sellers, with swaps).
pub fn slips_within(typed: &str, text: &str) -> usize {
    let (typed, text) = (typed.as_bytes(), text.as_bytes());
    let (first, second) = typed.split_at(typed.len() / 2);
    // With one slip, one half is without.
    let has = |half: &[u8]| text.windows(half.len()).any(|window| window == half);
    if !has(first) && !has(second) {
        return usize::MAX;
    }
    // The last two rows of the table; the one before last is for letters swapped.
    let mut rows = [vec![0; text.len() + 1], vec![0; text.len() + 1]];
    for (line, a) in typed.iter().enumerate() {
        let [earlier, above] = &rows;
        let mut row = vec![line + 1; text.len() + 1];
        for (at, b) in text.iter().enumerate() {
            row[at + 1] = (above[at] + usize::from(a != b)).min(above[at + 1] + 1).min(row[at] + 1);
            if line > 0 && at > 0 && typed[line - 1] == *b && text[at - 1] == *a {
                row[at + 1] = row[at + 1].min(earlier[at - 1] + 1);
            }
        }
        let [_, above] = rows;
        rows = [above, row];
    }
    rows[1].iter().copied().min().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slip_is_forgiven_and_two_are_not() {
        for (typed, meant, is_one) in [
            ("shebaka", "shebaoka", true),
            ("shebaokaa", "shebaoka", true),
            ("shebaoaka", "shebaoka", true),
            ("sehbaoka", "shebaoka", true),
            ("pasport", "passport", true),
            ("shebaoka", "shebaoka", true),
            ("shbka", "shebaoka", false),
            ("hsebaoak", "shebaoka", false),
            ("", "ab", false),
        ] {
            assert_eq!(is_one_slip(typed, meant), is_one, "{typed}");
        }
        assert_eq!(slips_within("shebaka", "banlishebaokashenqing"), 1);
        assert_eq!(slips_within("jzuhuzheng", "juzhuzhengshenling"), 1);
        assert_eq!(slips_within("xyzxyz", "shebaoka"), usize::MAX);
    }
}
