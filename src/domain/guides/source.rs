//! The text of a guide file as a tree in which every node knows its line and
//! its path. Only the plain part of YAML is a guide: one document of mappings,
//! lists and scalars. Anchors, aliases and tags are problems; so nothing in a
//! file can be larger than the file.

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput};

use super::problem::Problem;
use crate::domain::text::Text;

/// The largest guide file, in bytes.
pub const MAX_FILE_BYTES: usize = 512 * 1024;
/// No guide nests deeper; the bound keeps hostile input from exhausting the stack.
const MAX_NESTING: usize = 32;

/// Which file a value was written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Origin {
    /// The file that is read.
    #[default]
    File,
    /// The file of the item it inherits from.
    Item,
}

/// A value of the file and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub origin: Origin,
    /// Counted from 1.
    pub line: usize,
    /// An RFC 6901 pointer from the root: `/form/fields/0/name`.
    pub path: String,
    pub content: Content,
}

#[derive(Debug, Clone)]
pub(super) enum Content {
    Scalar { text: String, kind: ScalarKind },
    List(Vec<Node>),
    Mapping(Vec<Entry>),
}

#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub key: String,
    /// The line of the key.
    pub line: usize,
    pub value: Node,
}

impl Node {
    /// The member `key` of a mapping.
    pub fn member(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    /// The entries of a mapping; none of anything else.
    pub fn entries(&self) -> &[Entry] {
        match &self.content {
            Content::Mapping(entries) => entries,
            Content::Scalar { .. } | Content::List(_) => &[],
        }
    }

    /// The items of a list; none of anything else.
    pub fn items(&self) -> &[Self] {
        match &self.content {
            Content::List(items) => items,
            Content::Scalar { .. } | Content::Mapping(_) => &[],
        }
    }

    /// The text of a scalar, as written.
    pub fn scalar(&self) -> Option<&str> {
        match &self.content {
            Content::Scalar { text, .. } => Some(text.trim()),
            Content::List(_) | Content::Mapping(_) => None,
        }
    }
}

/// What a scalar is by the YAML core schema (YAML 1.2.2 §10.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ScalarKind {
    /// Quoted, or nothing else.
    Text,
    Number,
    Boolean,
    Null,
}

/// Reads the one document of a file. `None` when there is no usable document;
/// `problems` then says why.
pub(super) fn parse(yaml: &str, problems: &mut Vec<Problem>) -> Option<Node> {
    if yaml.len() > MAX_FILE_BYTES {
        let limit = MAX_FILE_BYTES / 1024;
        problems.push(problem(
            1,
            format!("文件过大，最多 {limit} KB；一个文件只写一份指南。"),
            format!("The file is too large (at most {limit} KB); write one guide per file."),
        ));
        return None;
    }
    let mut builder =
        Builder { parser: Parser::new_from_str(yaml), problems, document: None, open: Vec::new() };
    builder.run();
    builder.document
}

fn problem(line: usize, zh: impl Into<String>, en: impl Into<String>) -> Problem {
    Problem { origin: Origin::File, line, path: String::new(), reason: Text::new(zh, en) }
}

/// A list or mapping whose end has not been read yet.
struct Open {
    line: usize,
    path: String,
    entries: Vec<Entry>,
    items: Vec<Node>,
    is_mapping: bool,
    /// The key read last, waiting for its value.
    key: Option<(String, usize)>,
}

struct Builder<'a, 'p> {
    parser: Parser<'a, StrInput<'a>>,
    problems: &'p mut Vec<Problem>,
    document: Option<Node>,
    open: Vec<Open>,
}

impl Builder<'_, '_> {
    fn run(&mut self) {
        let mut documents = 0;
        while let Some(next) = self.parser.next_event() {
            let (event, span) = match next {
                Ok(next) => next,
                Err(error) => return self.fail(syntax(&error)),
            };
            let line = span.start.line().max(1);
            match event {
                Event::DocumentStart(_) => {
                    documents += 1;
                    if documents > 1 {
                        return self.refuse(
                            line,
                            "一个文件只能有一份文档，请删去 --- 之后的部分。",
                            "A file holds one document; remove what follows `---`.",
                        );
                    }
                }
                Event::Alias(_) => {
                    return self.refuse(
                        line,
                        "指南文件不使用锚点和别名（& 和 *），请写出完整内容。",
                        "Guide files use no anchors or aliases (& and *); write the content out.",
                    );
                }
                Event::Scalar(text, style, anchor, tag) => {
                    if !self.plain(anchor, tag.is_some(), line) {
                        return;
                    }
                    self.scalar(text.into_owned(), style, span);
                }
                Event::SequenceStart(anchor, tag) | Event::MappingStart(anchor, tag)
                    if !self.plain(anchor, tag.is_some(), line) =>
                {
                    return;
                }
                Event::SequenceStart(..) => {
                    if !self.start(line, false) {
                        return;
                    }
                }
                Event::MappingStart(..) => {
                    if !self.start(line, true) {
                        return;
                    }
                }
                Event::SequenceEnd | Event::MappingEnd => self.end(),
                Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
            }
        }
        if self.document.is_none() {
            self.fail(problem(1, "文件是空的，请写入一份指南。", "The file is empty; write a guide."));
        }
    }

    fn fail(&mut self, problem: Problem) {
        self.problems.push(problem);
        self.document = None;
    }

    fn refuse(&mut self, line: usize, zh: &str, en: &str) {
        self.fail(problem(line, zh, en));
    }

    /// Whether a node has neither anchor nor tag.
    fn plain(&mut self, anchor: usize, tagged: bool, line: usize) -> bool {
        if anchor != 0 {
            self.refuse(
                line,
                "指南文件不使用锚点（&），请写出完整内容。",
                "Guide files use no anchors (&); write the content out.",
            );
        } else if tagged {
            self.refuse(
                line,
                "以 ! 开头会被当作 YAML 标签；请给这个值加引号。",
                "A value that starts with ! is taken for a YAML tag; put it in quotes.",
            );
        }
        anchor == 0 && !tagged
    }

    /// Opens a list or mapping; false when that must not be.
    fn start(&mut self, line: usize, is_mapping: bool) -> bool {
        if self.open.len() >= MAX_NESTING {
            self.refuse(
                line,
                "嵌套过深，请检查缩进和括号。",
                "Nested too deeply; check indentation and brackets.",
            );
            return false;
        }
        if self.expects_key() {
            self.refuse(
                line,
                "键必须是文字，不能是列表或映射。",
                "A key must be text, not a list or mapping.",
            );
            return false;
        }
        let path = self.next_path();
        self.open.push(Open { line, path, entries: Vec::new(), items: Vec::new(), is_mapping, key: None });
        true
    }

    fn end(&mut self) {
        if let Some(open) = self.open.pop() {
            let content =
                if open.is_mapping { Content::Mapping(open.entries) } else { Content::List(open.items) };
            self.place(Node { origin: Origin::File, line: open.line, path: open.path, content });
        }
    }

    fn scalar(&mut self, text: String, style: ScalarStyle, span: Span) {
        let line = span.start.line().max(1);
        if self.expects_key() {
            if let Some(open) = self.open.last_mut() {
                open.key = Some((text, line));
            }
            return;
        }
        let kind = if style == ScalarStyle::Plain { kind_of(&text) } else { ScalarKind::Text };
        let path = self.next_path();
        self.place(Node { origin: Origin::File, line, path, content: Content::Scalar { text, kind } });
    }

    fn expects_key(&self) -> bool {
        self.open.last().is_some_and(|open| open.is_mapping && open.key.is_none())
    }

    /// The path of the value about to be read.
    fn next_path(&self) -> String {
        match self.open.last() {
            None => String::new(),
            Some(Open { path, key: Some((key, _)), .. }) => {
                format!("{path}/{}", key.replace('~', "~0").replace('/', "~1"))
            }
            Some(Open { path, items, .. }) => format!("{path}/{}", items.len()),
        }
    }

    fn place(&mut self, node: Node) {
        match self.open.last_mut() {
            None => self.document = Some(node),
            Some(open) => match open.key.take() {
                None => open.items.push(node),
                Some((key, line)) => match open.entries.iter().find(|entry| entry.key == key) {
                    None => open.entries.push(Entry { key, line, value: node }),
                    Some(first) => {
                        let reason = Text::new(
                            format!("“{key}”在第 {} 行已经写过，请删去其中一处。", first.line),
                            format!("“{key}” was given on line {} already; remove one of them.", first.line),
                        );
                        self.problems.push(Problem { origin: Origin::File, line, path: node.path, reason });
                    }
                },
            },
        }
    }
}

fn syntax(error: &ScanError) -> Problem {
    let marker = error.marker();
    let column = marker.col() + 1;
    problem(
        marker.line().max(1),
        format!(
            "第 {column} 列附近不是合法的 YAML（{}）。含有“: ”、“#”或以符号开头的文字请加引号。",
            error.info()
        ),
        format!(
            "Not YAML near column {column} ({}). Put text with “: ” or “#”, or that starts with a sign, in quotes.",
            error.info()
        ),
    )
}

/// The core schema's reading of a plain scalar.
pub(super) fn kind_of(text: &str) -> ScalarKind {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => ScalarKind::Null,
        "true" | "True" | "TRUE" | "false" | "False" | "FALSE" => ScalarKind::Boolean,
        _ if is_number(text) => ScalarKind::Number,
        _ => ScalarKind::Text,
    }
}

/// YAML 1.2.2 §10.3.2: decimal, octal and hexadecimal integers, and floats.
fn is_number(text: &str) -> bool {
    if let Some(digits) = text.strip_prefix("0x") {
        return !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return !digits.is_empty() && digits.bytes().all(|byte| (b'0'..=b'7').contains(&byte));
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    unsigned.bytes().any(|byte| byte.is_ascii_digit())
        && unsigned.starts_with(|first: char| first.is_ascii_digit() || first == '.')
        && unsigned.parse::<f64>().is_ok()
}
