//! A regular expression that compiled. Matching takes time linear in the text,
//! whatever the expression, and compiling it a bounded amount of memory.

use std::fmt;

use regex::{Regex, RegexBuilder};
use serde::{Serialize, Serializer};

/// The most memory a compiled pattern may take, in bytes.
const SIZE_LIMIT: usize = 1 << 20;

/// The text of a pattern with its compiled form.
#[derive(Clone)]
pub struct Pattern(Regex);

impl Pattern {
    /// Fails with the reason the pattern does not compile.
    pub fn parse(source: &str) -> Result<Self, String> {
        RegexBuilder::new(source)
            .size_limit(SIZE_LIMIT)
            .build()
            .map(Self)
            .map_err(|error| reason(&error.to_string()))
    }

    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether the pattern matches anywhere in `text`; anchors make it match the whole.
    pub fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text)
    }

    /// Whether it starts with `^` and ends with `$`.
    pub fn is_anchored(&self) -> bool {
        self.as_str().starts_with('^') && self.as_str().ends_with('$')
    }
}

/// The last line of the report says what is wrong; the others draw where.
fn reason(report: &str) -> String {
    let last = report.lines().last().unwrap_or(report);
    last.trim_start_matches("error: ").to_owned()
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pattern({:?})", self.as_str())
    }
}

impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn a_pattern_that_does_not_compile_says_why() {
        assert_eq!(Pattern::parse("^[0-9").expect_err("open class"), "unclosed character class");
    }

    #[test]
    fn a_pattern_that_would_take_too_much_memory_is_refused() {
        assert!(Pattern::parse(r"^(\w{1000}){1000}$").is_err());
    }
}
