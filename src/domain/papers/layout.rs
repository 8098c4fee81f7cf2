//! Where everything stands: a sheet laid out on pages of A4, from the top left to the
//! bottom right, each line with its place. Points, from the lower left corner.

use super::font::{EM, Font, Glyph};
use super::lines::{lines, width};
use super::sheet::{Row, Sheet};
use crate::domain::text::{Language, Text};

pub(super) const PAGE: (f32, f32) = (595.28, 841.89);
/// 天头 37 mm less the room the agency's name takes, 订口 28 mm, 切口 26 mm (GB/T 9704 5.2).
const TOP: f32 = PAGE.1 - 86.0;
const LEFT: f32 = 79.4;
const RIGHT: f32 = PAGE.0 - 73.7;
const BOTTOM: f32 = 104.0;
/// Where the foot of each page begins.
const FOOT: f32 = 82.0;
/// Room between the frame of the grounds and what is in it.
const PADDING: f32 = 10.0;
/// A signature stands four characters off the edge (右空四字).
const SIGNED: f32 = 56.0;

/// A letter on its pages.
pub(super) struct Layout {
    pub pages: Vec<Page>,
    /// What the lines are parts of, in reading order.
    pub blocks: Vec<Block>,
}

#[derive(Default)]
pub(super) struct Page {
    pub lines: Vec<Line>,
    /// Left, bottom, width, height.
    pub frames: Vec<[f32; 4]>,
}

/// A heading or a paragraph, for whoever reads by ear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Block {
    pub is_title: bool,
    pub language: Language,
}

pub(super) struct Line {
    /// Its block; none at the foot of a page, which is read with no letter.
    pub block: Option<usize>,
    pub x: f32,
    pub y: f32,
    pub size: f32,
    pub is_bold: bool,
    pub glyphs: Vec<Glyph>,
}

#[derive(Clone, Copy)]
enum Place {
    /// Indented by so many characters in the first line.
    Left(u32),
    Centre,
    /// So far off the right edge.
    Right(f32),
}

/// How a paragraph is set.
#[derive(Clone, Copy)]
struct Style {
    size: f32,
    /// From one line to the next, in sizes.
    leading: f32,
    place: Place,
    is_bold: bool,
    /// Room before it, in points.
    before: f32,
}

const BODY: Style = Style { size: 14.0, leading: 1.75, place: Place::Left(2), is_bold: false, before: 6.0 };
const SMALL: Style = Style { size: 10.0, leading: 1.4, place: Place::Left(0), is_bold: false, before: 2.0 };
const TITLE: Style = Style { size: 22.0, leading: 1.5, place: Place::Centre, is_bold: true, before: 6.0 };
const HEAD: Style = Style { size: 15.0, leading: 1.5, place: Place::Centre, is_bold: false, before: 0.0 };
const ROW: Style = Style { size: 12.0, leading: 1.6, place: Place::Left(0), is_bold: false, before: 2.0 };
const FOOTNOTE: Style = Style { size: 8.0, leading: 1.4, place: Place::Left(0), is_bold: false, before: 0.0 };

struct Flow<'a> {
    font: &'a Font<'a>,
    layout: Layout,
    /// The lower edge of what has been set on the last page.
    y: f32,
    /// How far the column is moved in on both sides.
    inset: f32,
}

/// Lays a sheet out.
pub(super) fn lay_out(sheet: &Sheet, font: &Font<'_>) -> Layout {
    let layout = Layout { pages: vec![Page::default()], blocks: Vec::new() };
    let mut flow = Flow { font, layout, y: TOP, inset: 0.0 };
    let centred = Style { place: Place::Centre, ..SMALL };
    flow.both(&sheet.agency, HEAD, centred);
    flow.block(true, Language::Zh, &sheet.title.zh, TITLE);
    flow.block(false, Language::En, &sheet.title.en, Style { size: 12.0, ..centred });
    flow.block(false, Language::Zh, &format!("编号 No. {}", sheet.number), Style { before: 8.0, ..centred });
    flow.block(false, Language::Zh, &format!("事项：{}", sheet.item.zh), centred);
    flow.block(false, Language::En, &format!("Item: {}", sheet.item.en), centred);
    flow.both(&sheet.addressee, Style { place: Place::Left(0), before: 22.0, ..BODY }, SMALL);
    for paragraph in &sheet.paragraphs {
        flow.both(paragraph, BODY, SMALL);
    }
    flow.grounds(&sheet.grounds);
    flow.sign(sheet);
    flow.feet(sheet);
    flow.layout
}

impl Flow<'_> {
    fn both(&mut self, text: &Text, chinese: Style, english: Style) {
        self.block(false, Language::Zh, &text.zh, chinese);
        self.block(false, Language::En, &text.en, english);
    }

    fn block(&mut self, is_title: bool, language: Language, text: &str, style: Style) {
        self.y -= style.before;
        self.layout.blocks.push(Block { is_title, language });
        let block = Some(self.layout.blocks.len() - 1);
        for paragraph in text.split('\n').filter(|paragraph| !paragraph.trim().is_empty()) {
            for (x, glyphs) in self.broken(paragraph, language, style) {
                let y = self.next_line(style);
                self.put(Line { block, x, y, size: style.size, is_bold: style.is_bold, glyphs });
            }
        }
    }

    /// The lines of a paragraph, and where each begins.
    fn broken(&self, text: &str, language: Language, style: Style) -> Vec<(f32, Vec<Glyph>)> {
        let (left, right) = (LEFT + self.inset, RIGHT - self.inset);
        let right = if let Place::Right(off) = style.place { right - off } else { right };
        let indent = if let Place::Left(characters) = style.place { characters * EM } else { 0 };
        let glyphs = self.font.set(text, language);
        let broken = lines(&glyphs, units(right - left, style.size), indent).into_iter();
        let placed = broken.enumerate().map(|(index, range)| {
            let line = glyphs.get(range).unwrap_or_default();
            let wide = points(width(line), style.size);
            let x = match style.place {
                Place::Left(_) if index == 0 => left + points(indent, style.size),
                Place::Left(_) => left,
                Place::Centre => (left + right - wide) / 2.0,
                Place::Right(_) => right - wide,
            };
            (x, line.to_vec())
        });
        placed.collect()
    }

    /// The base of the next line, on a new page when this one is full.
    fn next_line(&mut self, style: Style) -> f32 {
        let height = style.size * style.leading;
        self.keep(height);
        self.y -= height;
        // Han characters reach about an eighth of their size below the base.
        self.y + (height - style.size) / 2.0 + style.size / 8.0
    }

    /// Begins a new page unless there is so much room left on this one.
    fn keep(&mut self, height: f32) {
        if self.y - height < BOTTOM {
            self.layout.pages.push(Page::default());
            self.y = TOP;
        }
    }

    fn put(&mut self, line: Line) {
        if let Some(page) = self.layout.pages.last_mut() {
            page.lines.push(line);
        }
    }

    /// The grounds in a frame, which goes on over the pages they take.
    fn grounds(&mut self, rows: &[Row]) {
        if rows.is_empty() {
            return;
        }
        self.y -= 14.0;
        self.keep(60.0);
        let (first, top) = (self.layout.pages.len() - 1, self.y);
        self.inset = PADDING;
        self.y -= PADDING / 2.0;
        for row in rows {
            let label = Style { is_bold: true, before: 6.0, ..ROW };
            self.block(false, Language::Zh, &format!("{}　{}", row.label.zh, row.label.en), label);
            self.block(false, Language::Zh, &row.said, ROW);
            if let Some(said) = &row.in_english {
                self.block(false, Language::En, said, SMALL);
            }
        }
        self.y -= PADDING;
        self.inset = 0.0;
        let (last, bottom) = (self.layout.pages.len() - 1, self.y);
        for (index, page) in self.layout.pages.iter_mut().enumerate().skip(first) {
            let top = if index == first { top } else { TOP + PADDING / 2.0 };
            let bottom = if index == last { bottom } else { BOTTOM - PADDING / 2.0 };
            page.frames.push([LEFT, bottom, RIGHT - LEFT, top - bottom]);
        }
    }

    /// The agency's name and the date below, kept together.
    fn sign(&mut self, sheet: &Sheet) {
        self.keep(110.0);
        let place = Place::Right(SIGNED);
        let (large, small) = (Style { place, ..BODY }, Style { place, ..SMALL });
        self.both(&sheet.agency, Style { before: 24.0, ..large }, small);
        self.both(&sheet.date, large, small);
    }

    /// How to verify it and which page it is, at the foot of every page.
    fn feet(&mut self, sheet: &Sheet) {
        let count = self.layout.pages.len();
        let centred = Style { place: Place::Centre, ..FOOTNOTE };
        for (index, number) in (1..=count).enumerate() {
            let page = format!("{}　第{number}页，共{count}页　Page {number} of {count}", sheet.number);
            let mut y = FOOT;
            for (language, text, style) in [
                (Language::Zh, &sheet.verification.zh, FOOTNOTE),
                (Language::En, &sheet.verification.en, FOOTNOTE),
                (Language::Zh, &page, centred),
            ] {
                for (x, glyphs) in self.broken(text, language, style) {
                    y -= style.size * style.leading;
                    let line = Line { block: None, x, y, size: style.size, is_bold: false, glyphs };
                    self.layout.pages[index].lines.push(line);
                }
            }
        }
    }
}

fn points(units: u32, size: f32) -> f32 {
    units as f32 * size / EM as f32
}

fn units(points: f32, size: f32) -> u32 {
    (points / size * EM as f32) as u32
}
