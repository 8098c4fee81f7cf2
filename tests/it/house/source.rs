//! A Rust file as the guards read it: comments told from code, code from tests,
//! paths written out in full.
//!
//! The blanked texts keep every character's place, so that a position in one is
//! a position in all of them. This is a reader of well-formed Rust (the compiler
//! has seen it), not a parser.

/// A file of the tree.
pub struct Source {
    /// From the root of the repository, with `/` between the parts.
    pub path: String,
    pub text: String,
    /// Code and strings; comments and unit tests are blanks.
    pub said: Vec<char>,
    /// Code alone.
    pub code: Vec<char>,
    /// How many lines the unit tests inside the file take.
    pub test_lines: usize,
}

/// A word or a mark of the code, and where it begins.
pub struct Token {
    pub at: usize,
    pub text: String,
}

/// A path such as `crate::store::Claim`, and where it begins. Groups and globs
/// are written out: `a::{b, c::*}` is `a::b` and `a::c::*`.
pub struct Path {
    pub at: usize,
    pub parts: Vec<String>,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Code,
    Text,
    Comment,
}

impl Source {
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        let text = text.into();
        let chars: Vec<char> = text.chars().collect();
        let kinds = kinds(&chars);
        let keep = |wanted: &[Kind]| -> Vec<char> {
            let shown =
                |(c, kind): (&char, &Kind)| if wanted.contains(kind) || *c == '\n' { *c } else { ' ' };
            chars.iter().zip(&kinds).map(shown).collect()
        };
        let mut source = Self {
            path: path.into(),
            said: keep(&[Kind::Code, Kind::Text]),
            code: keep(&[Kind::Code]),
            text,
            test_lines: 0,
        };
        source.blank_tests();
        source
    }

    /// The parts of the module's path below the crate's root: `http`, `v1`, `cases`.
    pub fn modules(&self) -> Vec<&str> {
        let inner = self.path.strip_prefix("src/").unwrap_or(&self.path);
        let inner = inner.strip_suffix(".rs").unwrap_or(inner);
        let inner = inner.strip_suffix("/mod").unwrap_or(inner);
        inner.split('/').collect()
    }

    /// The room of the house that the file stands in.
    pub fn room(&self) -> &str {
        self.modules()[0]
    }

    /// Whether the file is part of the program and not of its tests.
    pub fn is_program(&self) -> bool {
        let test = self.path.ends_with("/tests.rs") || self.path.contains("/tests/");
        self.path.starts_with("src/") && self.path.ends_with(".rs") && !test
    }

    /// `src/http/mod.rs:12`
    pub fn place(&self, at: usize) -> String {
        format!("{}:{}", self.path, self.line(at))
    }

    pub fn line(&self, at: usize) -> usize {
        1 + self.code[..at].iter().filter(|c| **c == '\n').count()
    }

    pub fn tokens(&self) -> Vec<Token> {
        let mut tokens: Vec<Token> = Vec::new();
        let mut at = 0;
        while at < self.code.len() {
            let is_word = |c: &char| c.is_alphanumeric() || *c == '_';
            let word = self.code[at..].iter().take_while(|c| is_word(c)).count();
            let double_colon = self.code[at..].starts_with(&[':', ':']);
            let length = if double_colon { 2 } else { word.max(1) };
            if !self.code[at].is_whitespace() {
                tokens.push(Token { at, text: self.code[at..at + length].iter().collect() });
            }
            at += length;
        }
        tokens
    }

    /// Every path and every lone word, written out.
    pub fn paths(&self) -> Vec<Path> {
        let tokens = self.tokens();
        let mut paths = Vec::new();
        let mut at = 0;
        while at < tokens.len() {
            if is_word(&tokens[at]) {
                at = read_path(&tokens, at, &[], &mut paths);
            } else {
                at += 1;
            }
        }
        paths
    }

    fn blank_tests(&mut self) {
        let mark: Vec<char> = "#[cfg(test)]".chars().collect();
        while let Some(start) = self.code.windows(mark.len()).position(|window| window == mark) {
            let end = item_end(&self.code, start + mark.len());
            self.test_lines += self.line(end) - self.line(start) + 1;
            for at in start..=end {
                if self.code[at] != '\n' {
                    (self.code[at], self.said[at]) = (' ', ' ');
                }
            }
        }
    }
}

/// Where the item ends that begins at or after `from`: its `;` or closing brace.
pub fn item_end(code: &[char], from: usize) -> usize {
    let mut braces = 0;
    let mut brackets = 0;
    for (at, c) in code.iter().enumerate().skip(from) {
        match c {
            '(' | '[' => brackets += 1,
            ')' | ']' => brackets -= 1,
            '{' => braces += 1,
            '}' => braces -= 1,
            _ => {}
        }
        if brackets == 0 && braces == 0 && matches!(c, '}' | ';') {
            return at;
        }
    }
    code.len() - 1
}

fn is_word(token: &Token) -> bool {
    token.text.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Reads the path at `at` under a prefix, a group included, and answers where it ends.
fn read_path(tokens: &[Token], at: usize, prefix: &[String], paths: &mut Vec<Path>) -> usize {
    let start = tokens[at].at;
    let mut parts = prefix.to_vec();
    let mut next = at;
    loop {
        parts.push(tokens[next].text.clone());
        next += 1;
        let follows = |text: &str| tokens.get(next + 1).is_some_and(|token| token.text == text);
        if tokens.get(next).is_none_or(|token| token.text != "::") {
            break;
        }
        if follows("{") {
            return read_group(tokens, next + 2, &parts, paths);
        }
        let goes_on = follows("*") || tokens.get(next + 1).is_some_and(is_word);
        if !goes_on {
            break;
        }
        next += 1;
    }
    paths.push(Path { at: start, parts });
    next
}

fn read_group(tokens: &[Token], mut at: usize, prefix: &[String], paths: &mut Vec<Path>) -> usize {
    while let Some(token) = tokens.get(at) {
        match token.text.as_str() {
            "}" => return at + 1,
            "as" => at += 2,
            _ if is_word(token) => at = read_path(tokens, at, prefix, paths),
            _ => at += 1,
        }
    }
    at
}

/// What each character belongs to. Quotes and comment marks go with what they enclose.
fn kinds(chars: &[char]) -> Vec<Kind> {
    let mut kinds = Vec::with_capacity(chars.len());
    while kinds.len() < chars.len() {
        let rest = &chars[kinds.len()..];
        let before = kinds.len().checked_sub(1).map(|at| chars[at]);
        let in_word = before.is_some_and(|before| before.is_alphanumeric() || before == '_');
        let (kind, length) = match rest {
            ['/', '/', ..] => (Kind::Comment, rest.iter().position(|c| *c == '\n').unwrap_or(rest.len())),
            ['/', '*', ..] => (Kind::Comment, block_comment(rest)),
            ['"', ..] => (Kind::Text, quoted(rest, '"')),
            ['\'', '\\', ..] => (Kind::Text, quoted(rest, '\'')),
            ['\'', _, '\'', ..] => (Kind::Text, 3),
            ['r', ..] | ['b' | 'c', 'r', ..] if !in_word => raw_string(rest),
            _ => (Kind::Code, 1),
        };
        kinds.extend(std::iter::repeat_n(kind, length));
    }
    kinds
}

fn block_comment(rest: &[char]) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < rest.len() {
        match rest[at..] {
            ['/', '*', ..] => (depth, at) = (depth + 1, at + 2),
            ['*', '/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

fn quoted(rest: &[char], quote: char) -> usize {
    let mut at = 1;
    while at < rest.len() && rest[at] != quote {
        at += if rest[at] == '\\' { 2 } else { 1 };
    }
    rest.len().min(at + 1)
}

/// A raw string, or the single letter it seemed to begin with.
fn raw_string(rest: &[char]) -> (Kind, usize) {
    let letters = rest.iter().take_while(|c| c.is_alphabetic()).count();
    let hashes = rest[letters..].iter().take_while(|c| **c == '#').count();
    let open = letters + hashes;
    if letters > 2 || rest.get(open) != Some(&'"') {
        return (Kind::Code, 1);
    }
    let mut close = vec!['"'];
    close.resize(hashes + 1, '#');
    let inside = rest[open + 1..].windows(close.len()).position(|window| window == close);
    (Kind::Text, inside.map_or(rest.len(), |inside| open + 1 + inside + close.len()))
}
