//! The facts and the applicant as CEL sees them: nothing is copied before an
//! expression asks for it.

use std::any::Any;
use std::sync::LazyLock;

use cel::ExecutionError;
use cel::common::traits::Indexer;
use cel::common::types::{CelBool, CelInt, CelList, CelString, Type};
use cel::common::value::{CowVal, StaticVal, Val};
use cel::context::VariableResolver;
use chrono::NaiveDate;
use serde_json::{Map, Value};

use super::Scope;
use super::tree::pattern_index;
use crate::domain::codes::Gender;
use crate::domain::guides::applicant::Applicant;
use crate::domain::guides::pattern::Pattern;

static OBJECT: LazyLock<Type> = LazyLock::new(|| Type::new_opaque_type("facts"));
static APPLICANT: LazyLock<Type> = LazyLock::new(|| Type::new_opaque_type("applicant"));
static PATTERN: LazyLock<Type> = LazyLock::new(|| Type::new_opaque_type("pattern"));

/// The variables of one evaluation.
#[derive(Debug)]
pub(super) struct Bindings<'a> {
    pub scope: &'a Scope<'a>,
    pub patterns: &'a [Pattern],
}

impl VariableResolver for Bindings<'_> {
    fn resolve<'b>(&'b self, variable: &str) -> Option<CowVal<'b, 'b>> {
        match variable {
            "facts" => Some(CowVal::owned(Object(self.scope.facts.as_map()))),
            "applicant" => {
                Some(CowVal::owned(Person { applicant: self.scope.applicant, today: self.scope.today }))
            }
            "today" => Some(CowVal::owned(date_text(self.scope.today))),
            "channel" => self.scope.channel.map(|channel| CowVal::owned(CelString::from(channel.as_str()))),
            other => {
                let pattern = self.patterns.get(pattern_index(other)?)?;
                Some(CowVal::Borrowed(pattern))
            }
        }
    }
}

fn date_text<'a>(date: NaiveDate) -> CelString<'a> {
    CelString::from(date.format("%Y-%m-%d").to_string())
}

fn json<'b, 'v>(value: &'v Value) -> Result<CowVal<'b, 'v>, ExecutionError> {
    match value {
        Value::Bool(truth) => Ok(CowVal::owned(CelBool::from(*truth))),
        Value::String(text) => Ok(CowVal::owned(CelString::from(text.as_str()))),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => Ok(CowVal::owned(CelInt::from(whole))),
            None => Err(not_a_value()),
        },
        Value::Array(items) => {
            let items: Result<Vec<_>, _> =
                items.iter().map(|item| json(item).map(CowVal::into_owned)).collect();
            Ok(CowVal::owned(CelList::from(items?)))
        }
        Value::Object(members) => Ok(CowVal::owned(Object(members))),
        Value::Null => Err(not_a_value()),
    }
}

/// A null or a fraction: not an answer any field takes.
fn not_a_value() -> ExecutionError {
    ExecutionError::UnexpectedType { got: "another type".to_owned(), want: "an answer".to_owned() }
}

fn key(index: &dyn Val) -> &str {
    index.downcast_ref::<CelString>().map_or("", CelString::inner)
}

/// A JSON object: the facts, or an address among them.
#[derive(Debug, Clone, Copy)]
struct Object<'a>(&'a Map<String, Value>);

impl<'a> Indexer for Object<'a> {
    fn get<'b, 'v>(&'b self, index: &dyn Val) -> Result<CowVal<'b, 'v>, ExecutionError>
    where
        Self: 'v,
    {
        let members: &'a Map<String, Value> = self.0;
        let name = key(index);
        members.get(name).map_or_else(|| Err(ExecutionError::no_such_key(name)), json)
    }

    fn steal<'v>(self: Box<Self>, index: &dyn Val) -> Result<Box<dyn Val + 'v>, ExecutionError>
    where
        Self: 'v,
    {
        self.get(index).map(CowVal::into_owned)
    }
}

impl Val for Object<'_> {
    fn get_type(&self) -> &Type {
        &OBJECT
    }

    fn cel_type() -> &'static Type {
        &OBJECT
    }

    fn as_indexer<'b, 'v>(&'b self) -> Option<&'b (dyn Indexer + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v>
    where
        Self: 'v,
    {
        Box::new(*self)
    }
}

/// The applicant on the day of the evaluation.
#[derive(Debug, Clone, Copy)]
struct Person<'a> {
    applicant: &'a Applicant,
    today: NaiveDate,
}

impl<'a> Indexer for Person<'a> {
    fn get<'b, 'v>(&'b self, index: &dyn Val) -> Result<CowVal<'b, 'v>, ExecutionError>
    where
        Self: 'v,
    {
        let applicant: &'a Applicant = self.applicant;
        let text = |text: &'a str| Ok(CowVal::owned(CelString::from(text)));
        let number = |number| Ok(CowVal::owned(CelInt::from(number)));
        match key(index) {
            "kind" => text(applicant.kind.as_str()),
            "name" => text(&applicant.name),
            "age" => number(applicant.age(self.today).unwrap_or(-1)),
            "gender" => text(gender(applicant.gender)),
            "birth_date" => Ok(CowVal::owned(match applicant.birth_date {
                Some(date) => date_text(date),
                None => CelString::from(""),
            })),
            "residence" => text(applicant.residence.as_ref().map_or("", |region| region.as_str())),
            "ial" => number(i64::from(applicant.ial)),
            other => Err(ExecutionError::no_such_key(other)),
        }
    }

    fn steal<'v>(self: Box<Self>, index: &dyn Val) -> Result<Box<dyn Val + 'v>, ExecutionError>
    where
        Self: 'v,
    {
        self.get(index).map(CowVal::into_owned)
    }
}

/// As expressions write it.
pub(in crate::domain::guides) fn gender(gender: Option<Gender>) -> &'static str {
    match gender {
        Some(Gender::Male) => "male",
        Some(Gender::Female) => "female",
        None => "unknown",
    }
}

impl Val for Person<'_> {
    fn get_type(&self) -> &Type {
        &APPLICANT
    }

    fn cel_type() -> &'static Type {
        &APPLICANT
    }

    fn as_indexer<'b, 'v>(&'b self) -> Option<&'b (dyn Indexer + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v>
    where
        Self: 'v,
    {
        Box::new(*self)
    }
}

impl Val for Pattern {
    fn get_type(&self) -> &Type {
        &PATTERN
    }

    fn cel_type() -> &'static Type {
        &PATTERN
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v> {
        Box::new(self.clone())
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl StaticVal for Pattern {}
