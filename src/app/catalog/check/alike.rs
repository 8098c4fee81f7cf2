//! 四级四同 of items that guides write out: where the catalogue has no item of the code,
//! another may be called so, and other guides may write it out.

use std::collections::{BTreeMap, HashMap};

use super::wrong::{is_another, taken, under_another_code};
use super::{Checker, name};
use crate::app::catalog::cores::on_every_core;
use crate::domain::codes::{BasicCode, ItemType};
use crate::domain::guides::{FileKind, Problem, SourceFile, StatedItem};
use crate::domain::text::Text;

/// By its Chinese name and its type.
type Named = BTreeMap<(String, ItemType), BasicCode>;

/// Who writes an item out, and how.
struct Writer {
    /// The place among the files; none: it is published.
    place: Option<usize>,
    whose: Text,
    item: StatedItem,
}

impl Checker<'_> {
    /// Tells what guides write out otherwise than the first that does, and under another
    /// code than the item has.
    pub(super) fn find_unlike(&mut self) {
        if self.base.are_published {
            return;
        }
        let apart = self.apart();
        if apart.is_empty() {
            return;
        }
        let (named, first) = (self.named(), self.first(&apart));
        let told = on_every_core(&apart, |(place, code)| {
            let source = self.source(*place);
            let Some(item) = source.stated_item() else { return Vec::new() };
            if let Some(problem) = exists_already(&source, &item, &named) {
                return vec![problem];
            }
            let other = first.get(code).filter(|first| first.place != Some(*place));
            other.map_or_else(Vec::new, |first| unlike(&source, &item, first))
        });
        for ((place, _), told) in apart.into_iter().zip(told).filter(|(_, told)| !told.is_empty()) {
            self.wrong.entry(place).or_default().extend(told);
        }
    }

    /// The guides that write out an item of which there is no file that is, or may be, it.
    fn apart(&self) -> Vec<(usize, String)> {
        let broken = self.broken_items();
        let is_apart = |code: &String| !self.base.items.contains_key(code) && !broken.have(code, false);
        let guides = self.surveys.iter().enumerate().filter(|(_, survey)| {
            survey.kind == FileKind::Guide && !survey.inherits && !survey.is_of_no_kind
        });
        guides.filter_map(|(place, survey)| Some((place, survey.item.clone().filter(is_apart)?))).collect()
    }

    fn named(&self) -> Named {
        let mut named = Named::new();
        for item in self.base.items.values().filter_map(|item| Some((item.stated().name?, &item.item))) {
            let (Text { zh, .. }, item) = item;
            let known = named.entry((zh, item.basic_code.item_type()));
            let code = known.or_insert_with(|| item.basic_code.clone());
            if item.basic_code < *code {
                *code = item.basic_code.clone();
            }
        }
        named
    }

    /// Of each item the guide in force that writes it out, or the first of the files.
    fn first(&self, apart: &[(usize, String)]) -> HashMap<String, Writer> {
        let published = self.base.written_out.iter().map(|(code, (guide, item))| {
            let whose = Text::new(format!("已发布的指南 {guide} "), format!("the published guide {guide}"));
            (code.clone(), Writer { place: None, whose, item: item.clone() })
        });
        let mut first: HashMap<String, Writer> = published.collect();
        for (place, code) in apart {
            if first.contains_key(code) {
                continue;
            }
            let file = name(self.files, *place);
            let whose = Text::new(format!(" {file} "), file);
            if let Some(item) = self.source(*place).stated_item() {
                first.insert(code.clone(), Writer { place: Some(*place), whose, item });
            }
        }
        first
    }
}

/// One name is one item's: told where a guide has it under another code. An item that the
/// basic catalogue has come to list leaves its provisional code.
fn exists_already(source: &SourceFile, item: &StatedItem, named: &Named) -> Option<Problem> {
    let (code, name) = (item.basic_code.as_ref()?, item.name.as_ref()?);
    let known = named.get(&(name.zh.clone(), code.item_type()))?;
    let is_listed_now = known.is_provisional() && !code.is_provisional();
    let is_other = known != code && !is_listed_now;
    is_other.then(|| source.problem_at("/item/basic_code", under_another_code(name, known)))
}

fn unlike(source: &SourceFile, item: &StatedItem, first: &Writer) -> Vec<Problem> {
    if item.basic_code.as_ref().is_some_and(BasicCode::is_provisional)
        && let (Some(known), Some(name)) = (&first.item.name, &item.name)
        && is_another(known, name)
    {
        return vec![source.problem_at("/item/basic_code", taken(known))];
    }
    source.differences_from(&first.item, &first.whose)
}
