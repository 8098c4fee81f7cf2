//! 四级四同: name, code, type and legal basis of an item are the same at every level of
//! government, whoever writes them.

use super::item::told;
use super::{ItemFile, Reader, SourceFile};
use crate::domain::codes::{BasicCode, ItemType};
use crate::domain::guides::expr::Schema;
use crate::domain::guides::model::LegalBasis;
use crate::domain::guides::problem::{Problem, Problems};
use crate::domain::guides::source::{Node, Origin};
use crate::domain::text::Text;

/// What a file says of an item, as far as it reads.
#[derive(Debug, Clone, PartialEq)]
pub struct StatedItem {
    pub basic_code: Option<BasicCode>,
    pub name: Option<Text>,
    item_type: Option<ItemType>,
    legal_basis: Option<Vec<LegalBasis>>,
}

impl StatedItem {
    fn of(node: &Node) -> Self {
        let muted = Problems::default();
        let schema = Schema::default();
        let reader = Reader::plain(&muted, &schema);
        let basic_code: Option<BasicCode> = told(node, "basic_code", &reader);
        // A type that is not that of its own code was told.
        let own_type = basic_code.as_ref().map(BasicCode::item_type);
        let item_type = told(node, "type", &reader);
        Self {
            name: told(node, "name", &reader),
            item_type: item_type.filter(|said| own_type.is_none_or(|own| own == *said)),
            legal_basis: told(node, "legal_basis", &reader),
            basic_code,
        }
    }

    /// The keys under which the other says something else, and what they are called.
    fn differences(&self, other: &Self) -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
        fn differ<T: PartialEq>(a: &Option<T>, b: &Option<T>) -> bool {
            a.as_ref().zip(b.as_ref()).is_some_and(|(a, b)| a != b)
        }
        let all = [
            (differ(&self.name, &other.name), ("name", "名称", "name")),
            (differ(&self.item_type, &other.item_type), ("type", "类型", "type")),
            (differ(&self.legal_basis, &other.legal_basis), ("legal_basis", "依据", "legal basis")),
        ];
        all.into_iter().filter_map(|(differs, key)| differs.then_some(key))
    }
}

impl ItemFile {
    /// What it says of itself, as far as it reads.
    pub fn stated(&self) -> StatedItem {
        StatedItem::of(&self.tree)
    }
}

impl SourceFile {
    /// The item as this guide writes it out; none where it does not.
    pub fn stated_item(&self) -> Option<StatedItem> {
        self.written_out().map(StatedItem::of)
    }

    fn written_out(&self) -> Option<&Node> {
        self.root.as_ref()?.member("item").filter(|item| item.scalar().is_none())
    }

    /// In what a guide that writes its item out says otherwise than the item does; none
    /// when it inherits.
    pub fn differences(&self, item: &ItemFile) -> Vec<Problem> {
        let problems = Problems::default();
        if let Some(root) = self.root.as_ref().filter(|_| !self.inherits()) {
            check_same(root, item, &problems);
        }
        problems.into_sorted()
    }

    /// In what it says otherwise than another guide that writes the same item out.
    pub fn differences_from(&self, other: &StatedItem, whose: &Text) -> Vec<Problem> {
        let problems = Problems::default();
        if let Some(stated) = self.written_out() {
            let code = stated.member("basic_code").and_then(Node::scalar).unwrap_or_default();
            for (key, zh, en) in StatedItem::of(stated).differences(other) {
                problems.at(
                    stated.member(key).unwrap_or(stated),
                    format!("{zh}与{}写出的同一事项（{code}）不一致（四级四同）。请改为一致，一并给出这些指南；或者为该事项单写一个 kind: item 的文件，各指南写 item: \"{code}\"。", whose.zh),
                    format!("The {en} differs from that of the same item ({code}) as {} writes it out. Make them agree and give these guides together; or write a file of kind: item for it, and item: \"{code}\" in its guides.", whose.en),
                );
            }
        }
        problems.into_sorted()
    }
}

/// A guide that writes its item out says what the item does.
pub(super) fn check_same(root: &Node, file: &ItemFile, problems: &Problems) {
    let Some(stated) = root.member("item").filter(|node| node.origin == Origin::File) else { return };
    let (name, code) = (&file.item.name, &file.item.basic_code);
    for (key, zh, en) in StatedItem::of(stated).differences(&file.stated()) {
        problems.at(
            stated.member(key).unwrap_or(stated),
            format!("{zh}与目录事项“{}”不一致（四级四同）；请写 item: \"{code}\" 以沿用。", name.zh),
            format!(
                "The {en} differs from that of the item “{}”; write item: \"{code}\" to take it over.",
                name.en
            ),
        );
    }
}
