//! Guides in forms others can use: the tables of the national standard, linked
//! data, a sheet to print, words to read out. All are made from the guide alone
//! and what is known about its publication; nothing of a guide's behaviour rests
//! on them.

pub mod cpsv;
mod phone;
mod plain;
mod sheet;
pub mod tables;
mod words;

#[cfg(test)]
mod tests;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

pub use phone::phone;
pub use plain::{plain, width};
pub use sheet::{Entry, Part, Section, Sheet, sheet};

use crate::domain::guides::{Download, Guide, Material};
use crate::domain::text::Text;
use crate::domain::time::local_date;

/// What is known about a guide besides what it says itself. What is not known is
/// left out, or stands as its code.
#[derive(Debug, Clone, Copy, Default)]
pub struct About<'a> {
    /// 实施主体
    pub agency: Option<&'a Text>,
    /// The name of the region it serves, in Chinese.
    pub region: Option<&'a str>,
    pub version: Option<u32>,
    pub published_at: Option<DateTime<Utc>>,
    /// Since when it takes no new cases.
    pub withdrawn_at: Option<DateTime<Utc>>,
    /// When it is exported; none of a file, which is in force nowhere.
    pub at: Option<DateTime<Utc>>,
    /// The portal's address, without a slash at the end.
    pub base_url: Option<&'a str>,
}

/// Whether a guide takes new cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    /// Until then, where an end is set.
    Until(Option<NaiveDate>),
    No,
}

impl About<'_> {
    fn open(&self, guide: &Guide) -> Open {
        if self.at.is_some_and(|at| guide.is_closed(self.withdrawn_at, at)) {
            return Open::No;
        }
        // Withdrawn from midnight on, it takes its last cases the day before.
        let withdrawn = self.withdrawn_at.map(|at| local_date(at - TimeDelta::nanoseconds(1)));
        Open::Until([withdrawn, guide.effective_until].into_iter().flatten().min())
    }

    fn agency_name(&self, guide: &Guide) -> Text {
        let code = || Text::new(guide.agency.as_str(), guide.agency.as_str());
        self.agency.cloned().unwrap_or_else(code)
    }

    fn region_name(&self, guide: &Guide) -> String {
        self.region.map_or_else(|| guide.region.to_string(), str::to_owned)
    }
}

/// The forms a whole guide is exported in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// All tables as one JSON document.
    Tables,
    /// One table as CSV.
    Csv,
    /// CPSV-AP 3.2 as JSON-LD.
    Cpsv,
    /// A page to print.
    Html,
    /// For a kiosk's printer.
    Text,
    /// To be read out on the telephone.
    Phone,
    /// The guide's form on paper, as a page to print.
    Form,
    /// The guide as a file of the guide language, standing by itself.
    Yaml,
}

impl Format {
    pub const ALL: [Self; 8] =
        [Self::Tables, Self::Csv, Self::Cpsv, Self::Html, Self::Text, Self::Phone, Self::Form, Self::Yaml];

    /// Its name in addresses and commands.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tables => "tables",
            Self::Csv => "csv",
            Self::Cpsv => "cpsv",
            Self::Html => "html",
            Self::Text => "text",
            Self::Phone => "phone",
            Self::Form => "form",
            Self::Yaml => "yaml",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == name)
    }

    /// All names, for somebody who gave another.
    pub fn names() -> String {
        Self::ALL.map(Self::as_str).join(", ")
    }

    pub fn media_type(self) -> &'static str {
        match self {
            Self::Tables => "application/json",
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Cpsv => "application/ld+json",
            Self::Html | Self::Form => "text/html; charset=utf-8",
            Self::Text | Self::Phone => "text/plain; charset=utf-8",
            Self::Yaml => "application/yaml",
        }
    }

    /// How a file of it ends.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Tables => "json",
            Self::Csv => "csv",
            Self::Cpsv => "jsonld",
            Self::Html | Self::Form => "html",
            Self::Text | Self::Phone => "txt",
            Self::Yaml => "yaml",
        }
    }

    /// Whether it is for people to read: in the language and for the scenario they
    /// ask for. The others hold all of the guide.
    pub fn is_for_people(self) -> bool {
        match self {
            Self::Html | Self::Text | Self::Phone | Self::Form => true,
            Self::Tables | Self::Csv | Self::Cpsv | Self::Yaml => false,
        }
    }
}

/// The pages a material may come with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handout {
    /// 空白表格
    BlankForm,
    /// 示例样表
    Sample,
}

impl Handout {
    pub fn of(self, material: &Material) -> Option<&Download> {
        match self {
            Self::BlankForm => material.blank_form.as_ref(),
            Self::Sample => material.sample.as_ref(),
        }
    }

    pub fn title(self) -> Text {
        match self {
            Self::BlankForm => Text::new("空白表格", "Blank form"),
            Self::Sample => Text::new("示例样表", "Sample"),
        }
    }

    /// As it stands at the end of an address.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BlankForm => "blank-form",
            Self::Sample => "sample",
        }
    }
}
