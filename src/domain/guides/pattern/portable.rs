//! What a pattern may be made of: that which `regex` and the readers of JSON Schema,
//! ECMA-262 with the flag `u` or `v`, take alike. A pattern that passes compiles in all of
//! them, unless it is too large, and matches the same texts.

use std::str::Chars;

use crate::domain::text::Text;

/// The most repetitions that may be asked for by number.
const MAX_COUNT: u32 = 1_000;
/// The signs that always mean something outside of a class, and are escaped to mean themselves.
const SIGNS: &str = r"^$\.*+?()[]{}|/";

/// What is known of a pattern that passes.
#[derive(Debug)]
pub(super) struct Shape {
    /// Whether it starts with `^` and ends with `$`.
    pub anchored: bool,
    /// Whether it has a `|` outside of brackets, so that an anchor holds for one side alone.
    pub divided: bool,
}

/// What a quantifier would stand behind.
#[derive(PartialEq)]
enum Last {
    Nothing,
    Start,
    End,
    Part,
    Quantified,
}

struct Scanner<'a> {
    rest: Chars<'a>,
    /// The groups that are open.
    groups: usize,
    last: Last,
    divided: bool,
}

/// Fails with the construct that is not portable, and what to write instead.
pub(super) fn scan(pattern: &str) -> Result<Shape, Text> {
    let mut scanner = Scanner { rest: pattern.chars(), groups: 0, last: Last::Nothing, divided: false };
    while let Some(sign) = scanner.rest.next() {
        scanner.last = scanner.part(sign)?;
    }
    if scanner.groups > 0 {
        return Err(unpaired('('));
    }
    let anchored = pattern.starts_with('^') && scanner.last == Last::End;
    Ok(Shape { anchored, divided: scanner.divided })
}

impl Scanner<'_> {
    fn part(&mut self, sign: char) -> Result<Last, Text> {
        match sign {
            '^' => return Ok(Last::Start),
            '$' => return Ok(Last::End),
            '|' => {
                self.divided |= self.groups == 0;
                return Ok(Last::Nothing);
            }
            '(' => {
                self.group()?;
                return Ok(Last::Nothing);
            }
            '*' | '+' | '?' | '{' => {
                self.quantifier(sign)?;
                return Ok(Last::Quantified);
            }
            ')' => self.groups = self.groups.checked_sub(1).ok_or_else(|| unpaired(')'))?,
            '[' => self.class()?,
            ']' | '}' => return Err(unescaped(sign)),
            '\\' => {
                self.escape(false)?;
            }
            _ => {}
        }
        Ok(Last::Part)
    }

    fn skip(&mut self, start: &str) -> bool {
        let after = self.rest.as_str().strip_prefix(start).map(str::chars);
        let found = after.is_some();
        self.rest = after.unwrap_or_else(|| self.rest.clone());
        found
    }

    fn group(&mut self) -> Result<(), Text> {
        self.groups += 1;
        if !self.skip("?:") && self.rest.as_str().starts_with('?') {
            let kind: String = self.rest.as_str().chars().take(2).collect();
            return Err(Text::new(
                format!("不能用 ({kind}；分组请写 (…) 或 (?:…)，大小写都要时请写 [Aa]"),
                format!("({kind} cannot be used; a group is (…) or (?:…), and either case is [Aa]"),
            ));
        }
        Ok(())
    }

    fn quantifier(&mut self, sign: char) -> Result<(), Text> {
        if sign == '{' {
            let counted = self.rest.as_str().split_once('}').filter(|(counts, _)| is_count(counts));
            let Some((_, after)) = counted else {
                return Err(Text::new(
                    format!("次数请写 {{3}}、{{3,}} 或 {{3,5}}，最多 {MAX_COUNT} 次；符号 {{ 本身请写 \\{{"),
                    format!(
                        "write how often as {{3}}, {{3,}} or {{3,5}}, {MAX_COUNT} times at most; the sign {{ itself is \\{{"
                    ),
                ));
            };
            self.rest = after.chars();
        }
        match self.last {
            Last::Part => Ok(()),
            Last::Quantified => Err(Text::new(
                format!("次数之后不能再写 {sign}，请删去，或给前面加括号"),
                format!(
                    "{sign} cannot follow what says how often; take it away, or put what is before it in brackets"
                ),
            )),
            Last::Nothing | Last::Start | Last::End => Err(Text::new(
                format!("{sign} 之前没有可重复的内容；符号本身请写 \\{sign}"),
                format!("there is nothing before {sign} to repeat; the sign itself is \\{sign}"),
            )),
        }
    }

    /// Reads to the end of a class whose `[` has been read.
    fn class(&mut self) -> Result<(), Text> {
        let mut before = self.skip("^").then_some('^');
        let (mut empty, mut from, mut open) = (true, None, false);
        while let Some(sign) = self.rest.next() {
            let member = match sign {
                ']' if empty => {
                    return Err(Text::new(
                        "[ ] 中没有字符；符号 ] 本身请写 \\]",
                        "[ ] is empty; the sign ] itself is \\]",
                    ));
                }
                ']' if !open => return Ok(()),
                '-' if from.is_some() && !open => {
                    (open, before) = (true, Some('-'));
                    continue;
                }
                '-' | ']' => return Err(unescaped('-')),
                '[' if self.rest.as_str().starts_with(':') => {
                    return Err(Text::new(
                        "不能用 [:…:]，请写出字符，例如 [0-9A-Za-z]",
                        "[:…:] cannot be used; write the characters out, like [0-9A-Za-z]",
                    ));
                }
                '(' | ')' | '[' | '{' | '}' | '/' | '|' => return Err(unescaped(sign)),
                '\\' => self.escape(true)?,
                _ if before == Some(sign) && sign.is_ascii_punctuation() => {
                    return Err(Text::new(
                        format!("[ ] 中 {sign} 只写一次；集合运算 && -- ~~ 不能用"),
                        format!("write {sign} once inside [ ]; there are no operations && -- ~~ on sets"),
                    ));
                }
                _ => sign,
            };
            if let Some(from) = from.filter(|from| open && *from > member) {
                return Err(Text::new(
                    format!("范围 {from}-{member} 前后颠倒，请写 {member}-{from}"),
                    format!("the range {from}-{member} is the wrong way round; write {member}-{from}"),
                ));
            }
            before = (sign != '\\').then_some(sign);
            from = (!open).then_some(member);
            (open, empty) = (false, false);
        }
        Err(unpaired('['))
    }

    /// The character that is meant by what follows a backslash.
    fn escape(&mut self, in_class: bool) -> Result<char, Text> {
        match self.rest.next() {
            Some('n') => Ok('\n'),
            Some('-') if in_class => Ok('-'),
            Some(sign) if SIGNS.contains(sign) => Ok(sign),
            Some(sign) => Err(instead_of(sign)),
            None => Err(Text::new("末尾的 \\ 是多余的，请删去", "take away the \\ at the end")),
        }
    }
}

/// Whether this can stand in `{…}`.
fn is_count(counts: &str) -> bool {
    let number = |text: &str| {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|number: &u32| digits && *number <= MAX_COUNT)
    };
    match counts.split_once(',') {
        None => number(counts).is_some(),
        Some((min, "")) => number(min).is_some(),
        Some((min, max)) => number(min).zip(number(max)).is_some_and(|(min, max)| min <= max),
    }
}

fn unpaired(sign: char) -> Text {
    Text::new(
        format!("{sign} 没有配对，请补上；符号本身请写 \\{sign}"),
        format!("{sign} has no other half; add it. The sign itself is \\{sign}"),
    )
}

fn unescaped(sign: char) -> Text {
    Text::new(format!("符号 {sign} 请写 \\{sign}"), format!("write \\{sign} for the sign {sign}"))
}

/// What to write in the place of an escape that is read differently elsewhere, or not at all.
fn instead_of(sign: char) -> Text {
    let characters = ("字符本身，例如 [一-龥]", "the characters themselves, like [一-龥]");
    let (zh, en) = match sign {
        'd' => ("[0-9]", "[0-9]"),
        'D' => ("[^0-9]", "[^0-9]"),
        'w' => ("[0-9A-Za-z_]", "[0-9A-Za-z_]"),
        'W' => ("[^0-9A-Za-z_]", "[^0-9A-Za-z_]"),
        's' => ("一个空格", "a blank"),
        'S' => ("[^ ]", "[^ ]"),
        'A' => ("^", "^"),
        'z' | 'Z' => ("$", "$"),
        'p' | 'P' | 'x' | 'u' | 'U' => characters,
        _ if sign.is_ascii_alphanumeric() => ("可以出现的字符", "which characters may stand there"),
        _ => ("不带反斜杠的字符", "the character without the backslash"),
    };
    Text::new(format!("不能用 \\{sign}，请写{zh}"), format!("\\{sign} cannot be used; write {en}"))
}
