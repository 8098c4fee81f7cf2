//! How personal values look to anybody but their owner. Masking never makes a
//! value unrecognisable to its owner, and never shows enough of a short one to
//! guess the rest.

/// `张三丰` → `张**`: the first character stays, each further one is a `*`.
pub fn mask_name(name: &str) -> String {
    keep(name, 1, 0)
}

/// `11010519491231002X` → `1****************X`. Two characters or fewer are
/// masked wholly.
pub fn mask_id(number: &str) -> String {
    match number.chars().count() {
        0..=2 => keep(number, 0, 0),
        _ => keep(number, 1, 1),
    }
}

/// `13812341234` → `138****1234`. Anything shorter is masked wholly.
pub fn mask_mobile(number: &str) -> String {
    match number.chars().count() {
        0..=10 => keep(number, 0, 0),
        _ => keep(number, 3, 4),
    }
}

fn keep(text: &str, first: usize, last: usize) -> String {
    let length = text.chars().count();
    text.chars()
        .enumerate()
        .map(|(index, c)| if index < first || index + last >= length { c } else { '*' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_first_character() {
        assert_eq!(mask_name("张三"), "张*");
        assert_eq!(mask_name("张三丰"), "张**");
        assert_eq!(mask_name("张"), "张");
        assert_eq!(mask_name(""), "");
    }

    #[test]
    fn an_id_keeps_its_first_and_last_character() {
        assert_eq!(mask_id("11010519491231002X"), "1****************X");
        assert_eq!(mask_id("12"), "**");
    }

    #[test]
    fn a_mobile_number_keeps_three_and_four_digits() {
        assert_eq!(mask_mobile("13812341234"), "138****1234");
        assert_eq!(mask_mobile("12345"), "*****");
    }
}
