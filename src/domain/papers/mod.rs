//! 文书的纸面: a letter as it stands on paper, in Chinese, which is the text that
//! counts, with the English below it. What is on the sheet, where each line breaks
//! and how the PDF is written are functions of the letter and the font alone: the
//! same letter gives the same bytes.

mod font;
mod layout;
mod lines;
mod opening;
mod pdf;
mod sheet;
mod structure;
#[cfg(test)]
mod tests;

pub use font::Font;
pub use opening::{Opening, Recipient};
pub use pdf::{Unprintable, pdf};
pub use sheet::{Row, Sheet};
