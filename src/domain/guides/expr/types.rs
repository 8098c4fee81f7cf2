//! The types of the guide language. Texts are told apart by what they stand
//! for, so that a date is not compared with an option, and a misspelt option
//! is found when the guide is read rather than by an applicant.

use std::collections::BTreeSet;

use super::functions::date;
use crate::domain::codes::RegionCode;
use crate::domain::guides::suggest::closest;
use crate::domain::text::Text;

#[derive(Debug, Clone, PartialEq)]
pub(in crate::domain::guides) enum Type {
    Bool,
    Int,
    Str(Stands),
    List(Box<Type>),
    /// `region` and `detail`.
    Address,
    /// A row of a group.
    Row(Vec<Cell>),
    Facts,
    Applicant,
    Guide,
    /// The elements of an empty list, or what a problem already told is about.
    Anything,
}

/// A field of a row.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::domain::guides) struct Cell {
    pub name: String,
    pub of: Type,
    pub always: bool,
}

/// What a text stands for.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::domain::guides) enum Stands {
    Words,
    Date,
    Region,
    /// One of these options.
    Option(BTreeSet<String>),
    /// One of these texts, written out in the expression.
    Literal(BTreeSet<String>),
}

impl Type {
    pub fn words() -> Self {
        Self::Str(Stands::Words)
    }

    pub fn date() -> Self {
        Self::Str(Stands::Date)
    }

    pub fn region() -> Self {
        Self::Str(Stands::Region)
    }

    pub fn option<S: Into<String>>(values: impl IntoIterator<Item = S>) -> Self {
        Self::Str(Stands::Option(values.into_iter().map(Into::into).collect()))
    }

    pub fn literal(text: &str) -> Self {
        Self::Str(Stands::Literal(BTreeSet::from([text.to_owned()])))
    }

    pub fn list(of: Self) -> Self {
        Self::List(Box::new(of))
    }

    pub fn text(&self) -> Text {
        let (zh, en) = match self {
            Self::Bool => ("真假值", "true or false"),
            Self::Int => ("整数", "a whole number"),
            Self::Str(Stands::Words | Stands::Literal(_)) => ("文字", "text"),
            Self::Str(Stands::Date) => ("日期", "a date"),
            Self::Str(Stands::Region) => ("行政区划代码", "a region code"),
            Self::Str(Stands::Option(_)) => ("选项", "an option"),
            Self::List(_) => ("列表", "a list"),
            Self::Address => ("地址", "an address"),
            Self::Row(_) => ("一行", "a row"),
            Self::Guide => ("整个 guide", "the whole of `guide`"),
            Self::Facts => ("整个 facts", "the whole of `facts`"),
            Self::Applicant => ("整个 applicant", "the whole of `applicant`"),
            Self::Anything => ("任意值", "any value"),
        };
        Text::new(zh, en)
    }

    /// The type a list or a conditional has when both of these occur in it.
    pub fn join(self, other: Self) -> Result<Self, Text> {
        match (self, other) {
            (Self::Anything, known) | (known, Self::Anything) => Ok(known),
            (Self::List(a), Self::List(b)) => Ok(Self::list(a.join(*b)?)),
            (Self::Str(a), Self::Str(b)) => a.join(b).map(Self::Str),
            (a, b) if a == b => Ok(a),
            (a, b) => Err(mismatch(&a, &b)),
        }
    }

    /// Whether `==`, `!=` and `in` make sense between the two.
    pub fn comparable(&self, other: &Self) -> Result<(), Text> {
        match (self, other) {
            (Self::Anything, _) | (_, Self::Anything) => Ok(()),
            (Self::Bool, Self::Bool) | (Self::Int, Self::Int) => Ok(()),
            (Self::Str(a), Self::Str(b)) => a.comparable(b),
            (Self::List(a), Self::List(b)) => a.comparable(b),
            (a, b) => Err(mismatch(a, b)),
        }
    }

    /// Whether `<` and its kin make sense between the two: numbers, or dates,
    /// which sort as text.
    pub fn orderable(&self, other: &Self) -> Result<(), Text> {
        match (self, other) {
            (Self::Anything, _) | (_, Self::Anything) | (Self::Int, Self::Int) => Ok(()),
            (Self::Str(Stands::Date), Self::Str(_)) | (Self::Str(_), Self::Str(Stands::Date)) => {
                self.comparable(other)
            }
            (a, b) => {
                let (a, b) = (a.text(), b.text());
                Err(Text::new(
                    format!("只有整数之间、日期之间能比较大小，这里是{}与{}。", a.zh, b.zh),
                    format!("Only numbers or dates can be ordered, not {} and {}.", a.en, b.en),
                ))
            }
        }
    }
}

impl Stands {
    fn join(self, other: Self) -> Result<Self, Text> {
        match (self, other) {
            (Self::Literal(mut a), Self::Literal(b)) => {
                a.extend(b);
                Ok(Self::Literal(a))
            }
            (Self::Literal(texts), named) | (named, Self::Literal(texts)) => {
                named.accepts(&texts)?;
                Ok(named)
            }
            (a, b) if a == b => Ok(a),
            (_, _) => Ok(Self::Words),
        }
    }

    fn comparable(&self, other: &Self) -> Result<(), Text> {
        match (self, other) {
            (Self::Words, _) | (_, Self::Words) => Ok(()),
            (Self::Literal(_), Self::Literal(_)) => Ok(()),
            (Self::Literal(texts), named) | (named, Self::Literal(texts)) => named.accepts(texts),
            (Self::Option(a), Self::Option(b)) if a.is_disjoint(b) => Err(Text::new(
                "两个选项字段没有共同的选项，永远不会相等。",
                "The two choices share no option, so they are never equal.",
            )),
            (Self::Option(_), Self::Option(_)) | (Self::Date, Self::Date) | (Self::Region, Self::Region) => {
                Ok(())
            }
            (a, b) => Err(mismatch(&Type::Str(a.clone()), &Type::Str(b.clone()))),
        }
    }

    /// Whether each of the texts can be such a value; the empty text stands for
    /// an unknown date or region of the applicant.
    pub fn accepts(&self, texts: &BTreeSet<String>) -> Result<(), Text> {
        texts.iter().try_for_each(|text| self.accepts_one(text))
    }

    fn accepts_one(&self, text: &str) -> Result<(), Text> {
        match self {
            Self::Words | Self::Literal(_) => Ok(()),
            Self::Date if text.is_empty() || date(text).is_some() => Ok(()),
            Self::Date => Err(Text::new(
                format!("“{text}”不是日期，请写成 \"2026-01-31\" 的形式。"),
                format!("“{text}” is not a date; write it like \"2026-01-31\"."),
            )),
            Self::Region if text.is_empty() => Ok(()),
            Self::Region => RegionCode::parse(text).map(drop).map_err(|error| error.detail),
            Self::Option(options) if options.contains(text) => Ok(()),
            Self::Option(options) => Err(no_such_option(text, options)),
        }
    }
}

fn no_such_option(text: &str, options: &BTreeSet<String>) -> Text {
    let names = || options.iter().map(String::as_str);
    let (hint_zh, hint_en) = match closest(text, names()) {
        Some(near) => (format!("是不是“{near}”？"), format!("did you mean “{near}”?")),
        None => {
            let all = names().collect::<Vec<_>>().join("、");
            (format!("可选：{all}。"), format!("the options are {}.", all.replace('、', ", ")))
        }
    };
    Text::new(format!("没有选项“{text}”，{hint_zh}"), format!("There is no option “{text}”; {hint_en}"))
}

fn mismatch(a: &Type, b: &Type) -> Text {
    let (a, b) = (a.text(), b.text());
    Text::new(
        format!("{}与{}不能放在一起比较，请核对类型。", a.zh, b.zh),
        format!("{} and {} do not go together; check their types.", capitalised(&a.en), b.en),
    )
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}
