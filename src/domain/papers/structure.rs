//! The structure tree of a PDF (ISO 32000-1 14.7): which marks on which pages are the
//! title and which the paragraphs, in which language, in reading order.

use pdf_writer::types::StructRole;
use pdf_writer::{Finish as _, Pdf, Ref, TextStr};

use super::layout::Block;

/// Marked content of a page that is a block, or part of one.
pub(super) struct Spot {
    pub block: usize,
    pub page: Ref,
    pub mark: i32,
}

/// The page's key in the tree.
pub(super) fn key(page: usize) -> i32 {
    i32::try_from(page).unwrap_or(i32::MAX)
}

/// Writes the tree under the number `root`; `next` gives numbers for its nodes.
pub(super) fn write(
    pdf: &mut Pdf,
    blocks: &[Block],
    spots: &[Spot],
    pages: &[Ref],
    root: Ref,
    mut next: impl FnMut() -> Ref,
) {
    let document = next();
    let nodes: Vec<Ref> = blocks.iter().map(|_| next()).collect();
    let parents: Vec<Ref> = pages.iter().map(|_| next()).collect();
    let mut tree = pdf.indirect(root).start::<pdf_writer::writers::StructTreeRoot<'_>>();
    tree.child(document);
    let mut numbers = tree.parent_tree();
    let mut entries = numbers.nums();
    for (index, parent) in parents.iter().enumerate() {
        entries.insert(key(index), *parent);
    }
    entries.finish();
    numbers.finish();
    tree.parent_tree_next_key(key(pages.len()));
    tree.finish();
    for (page, parent) in pages.iter().zip(&parents) {
        let here = spots.iter().filter(|spot| spot.page == *page);
        pdf.indirect(*parent).array().items(here.filter_map(|spot| nodes.get(spot.block).copied()));
    }
    let mut whole = pdf.struct_element(document);
    whole.kind(StructRole::Document).parent(root);
    let mut children = whole.children();
    nodes.iter().for_each(|node| {
        children.struct_element(*node);
    });
    children.finish();
    whole.finish();
    for (index, (block, node)) in blocks.iter().zip(&nodes).enumerate() {
        let mut element = pdf.struct_element(*node);
        element.kind(if block.is_title { StructRole::H1 } else { StructRole::P }).parent(document);
        element.lang(TextStr(block.language.tag()));
        let mut children = element.children();
        for spot in spots.iter().filter(|spot| spot.block == index) {
            children.marked_content_ref().page(spot.page).marked_content_id(spot.mark);
        }
        children.finish();
        element.finish();
    }
}
