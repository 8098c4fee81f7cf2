//! A regular expression that compiled. Matching takes time linear in the text,
//! whatever the expression, and compiling it a bounded amount of memory. It is published
//! with the form, and means the same to whoever draws it: see [`portable`].

mod portable;
mod shortest;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::LazyLock;

use regex::{Regex, RegexBuilder};
use serde::{Serialize, Serializer};

use super::memo::Memo;
use crate::domain::text::Text;
use portable::{Shape, scan};

/// The most memory a compiled pattern may take, in bytes.
const SIZE_LIMIT: usize = 1 << 20;
/// The most memory of one that is remembered.
const SMALL: usize = 1 << 15;

/// Guides use the same patterns; these are some 20 MB at the most.
static COMPILED: LazyLock<Memo<Regex>> = LazyLock::new(|| Memo::new(500));

/// The text of a pattern with its compiled form.
#[derive(Clone)]
pub struct Pattern(Regex);

impl Pattern {
    /// A pattern that may match a part of a text. Fails with what is wrong with it.
    pub fn parse(source: &str) -> Result<Self, Text> {
        Self::read(source).map(|(pattern, _)| pattern)
    }

    /// A pattern for whole texts.
    pub fn whole(source: &str) -> Result<Self, Text> {
        match Self::read(source)? {
            (_, Shape { divided: true, .. }) => Err(Text::new(
                "括号外的 | 使 ^ 和 $ 各管一边，请写 ^(A|B)$",
                "with | outside of brackets ^ and $ hold for one side each; write ^(A|B)$",
            )),
            (_, Shape { anchored: false, .. }) => Err(Text::new(
                "要以 ^ 开头、以 $ 结尾，才能限定整个值",
                "start it with ^ and end it with $, so that it holds for the whole value",
            )),
            (pattern, _) => Ok(pattern),
        }
    }

    fn read(source: &str) -> Result<(Self, Shape), Text> {
        let shape = scan(source)?;
        let build = |limit| RegexBuilder::new(source).size_limit(limit).build();
        let compiled =
            COMPILED.get_or(source, || build(SMALL)).or_else(|_| build(SIZE_LIMIT)).map_err(|_| {
                Text::new(
                    "过大或括号过深，请减少次数或写得简单些",
                    "it is too large or nested too deeply; ask for fewer repetitions or write it more simply",
                )
            })?;
        Ok((Self(compiled), shape))
    }

    /// The fewest characters of a text that it matches, as far as can be told; `None` when
    /// it matches none.
    pub fn shortest(&self) -> Option<usize> {
        shortest::shortest(self.as_str())
    }

    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether the pattern matches anywhere in `text`; anchors make it match the whole.
    pub fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
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
