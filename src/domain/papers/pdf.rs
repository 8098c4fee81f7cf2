//! The PDF of a letter (ISO 32000-1): the pages as they were laid out, the part of the
//! font they use, what each glyph stands for, so that text can be searched and copied,
//! and the structure by which it is read aloud.
//!
//! What always holds: nothing in the file comes from a clock, a machine or chance, so
//! that the same letter gives the same bytes; nothing is loaded from elsewhere.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike as _, Timelike as _, Utc};
use flate2::{Compress, Compression, FlushCompress, Status};
use pdf_writer::types::{ArtifactType, CidFontType, FontFlags, SystemInfo, TextRenderingMode, UnicodeCmap};
use pdf_writer::writers::PropertyList;
use pdf_writer::{Content, Date, Filter, Finish as _, Name, Pdf, Rect, Ref, Settings, Str, TextStr};
use sha2::{Digest as _, Sha256};
use subsetter::GlyphRemapper;
use ttf_parser::{RawFace, Tag};

use super::font::{EM, Font, Glyph};
use super::layout::{Layout, Line, PAGE, Page, lay_out};
use super::sheet::Sheet;
use super::structure::{self, Spot};

const FONT: Name<'_> = Name(b"F");
const FONT_NAME: &[u8] = b"LETTER+NotoSerifCJKsc-Regular";
/// Glyphs are addressed by their number in the embedded font.
const IDENTITY: SystemInfo<'_> =
    SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };

/// Nothing but a damaged font does this.
#[derive(Debug)]
pub struct Unprintable(String);

impl std::fmt::Display for Unprintable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the letter cannot be printed: {}", self.0)
    }
}

impl std::error::Error for Unprintable {}

/// The part of the font that is used: new numbers, widths and meanings of its glyphs.
#[derive(Default)]
struct Used {
    remapper: GlyphRemapper,
    widths: BTreeMap<u16, u32>,
    meanings: BTreeMap<u16, char>,
}

impl Used {
    fn by(layout: &Layout) -> Self {
        let mut used = Self::default();
        for glyph in layout.pages.iter().flat_map(|page| &page.lines).flat_map(|line| &line.glyphs) {
            let id = used.remapper.remap(glyph.id);
            used.widths.insert(id, glyph.width);
            used.meanings.entry(id).or_insert(glyph.shown);
        }
        used
    }

    /// The glyph's number in the file, and whether it says there what was written.
    fn find(&self, glyph: &Glyph) -> (u16, bool) {
        let id = self.remapper.get(glyph.id).unwrap_or_default();
        (id, self.meanings.get(&id) == Some(&glyph.character))
    }
}

/// Numbers of the objects in the file.
struct Numbers {
    last: i32,
    catalog: Ref,
    pages: Ref,
    font: Ref,
}

impl Numbers {
    fn start() -> Self {
        Self { last: 3, catalog: Ref::new(1), pages: Ref::new(2), font: Ref::new(3) }
    }

    fn next(&mut self) -> Ref {
        self.last += 1;
        Ref::new(self.last)
    }
}

/// A letter as a PDF.
///
/// # Errors
/// When the font is damaged.
pub fn pdf(sheet: &Sheet, font: &Font<'_>) -> Result<Vec<u8>, Unprintable> {
    let layout = lay_out(sheet, font);
    let used = Used::by(&layout);
    let mut numbers = Numbers::start();
    let mut pdf = Pdf::with_settings(Settings { pretty: false });
    pdf.set_version(1, 7);
    // Glyphs are numbered as they come, so that their numbers alone do not tell letters apart.
    let mut hash = Sha256::new_with_prefix(used.meanings.values().collect::<String>());
    let mut spots = Vec::new();
    let mut pages = Vec::new();
    for (index, page) in layout.pages.iter().enumerate() {
        let (id, content) = (numbers.next(), numbers.next());
        let drawn = draw(page, &used, id, &mut spots);
        hash.update(&drawn);
        stream(&mut pdf, content, &drawn)?;
        let mut written = pdf.page(id);
        written.parent(numbers.pages).media_box(Rect::new(0.0, 0.0, PAGE.0, PAGE.1));
        written.contents(content).struct_parents(structure::key(index));
        written.tab_order(pdf_writer::types::TabOrder::StructureOrder);
        let mut resources = written.resources();
        resources.fonts().pair(FONT, numbers.font);
        // Black means the same everywhere (ISO 19005-2 6.2.4.3).
        resources
            .color_spaces()
            .insert(Name(b"DefaultGray"))
            .start::<pdf_writer::writers::ColorSpace<'_>>()
            .d65_gray();
        pages.push(id);
    }
    let count = i32::try_from(pages.len()).unwrap_or(i32::MAX);
    pdf.pages(numbers.pages).kids(pages.iter().copied()).count(count);
    write_font(&mut pdf, &mut numbers, font, &used)?;
    let (tree, metadata, info) = (numbers.next(), numbers.next(), numbers.next());
    structure::write(&mut pdf, &layout.blocks, &spots, &pages, tree, || numbers.next());
    describe(&mut pdf, sheet, info);
    pdf.metadata(metadata, xmp(sheet).as_bytes());
    let mut catalog = pdf.catalog(numbers.catalog);
    catalog.pages(numbers.pages).lang(TextStr("zh-CN")).metadata(metadata);
    catalog.viewer_preferences().display_doc_title(true);
    catalog.mark_info().marked(true);
    catalog.pair(Name(b"StructTreeRoot"), tree);
    catalog.finish();
    let id = hash.finalize()[..16].to_vec();
    pdf.set_file_id((id.clone(), id));
    Ok(pdf.finish())
}

/// The content of a page; adds to `spots` where in it each block is.
fn draw(page: &Page, used: &Used, id: Ref, spots: &mut Vec<Spot>) -> Vec<u8> {
    let mut content = Content::with_settings(Settings { pretty: false });
    let mut marks = 0;
    for runs in page.lines.chunk_by(|a, b| a.block == b.block) {
        match runs.first().and_then(|line| line.block) {
            Some(block) => {
                content.begin_marked_content_with_properties(Name(b"P")).properties().identify(marks);
                spots.push(Spot { block, page: id, mark: marks });
                marks += 1;
            }
            None => begin_artifact(&mut content, ArtifactType::Pagination),
        }
        runs.iter().for_each(|line| write_line(&mut content, line, used));
        content.end_marked_content();
    }
    for [x, y, width, height] in &page.frames {
        begin_artifact(&mut content, ArtifactType::Layout);
        content.set_line_width(0.5).rect(*x, *y, *width, *height).stroke();
        content.end_marked_content();
    }
    content.finish().into_vec()
}

fn begin_artifact(content: &mut Content, kind: ArtifactType) {
    let mut mark = content.begin_marked_content_with_properties(Name(b"Artifact"));
    let properties: PropertyList<'_> = mark.properties();
    properties.artifact().kind(kind);
}

fn write_line(content: &mut Content, line: &Line, used: &Used) {
    content.begin_text().set_font(FONT, line.size);
    if line.is_bold {
        // The font has one weight; the outline makes it heavier.
        content.set_line_width(line.size / 36.0).set_text_rendering_mode(TextRenderingMode::FillStroke);
    } else {
        content.set_text_rendering_mode(TextRenderingMode::Fill);
    }
    content.next_line(line.x, line.y);
    let found: Vec<_> = line.glyphs.iter().map(|glyph| (used.find(glyph), glyph.character)).collect();
    for run in found.chunk_by(|((_, a), _), ((_, b), _)| *a && *b) {
        let bytes: Vec<u8> = run.iter().flat_map(|((id, _), _)| id.to_be_bytes()).collect();
        match run {
            [((_, false), character)] => {
                let text = character.to_string();
                let mut mark = content.begin_marked_content_with_properties(Name(b"Span"));
                mark.properties().actual_text(TextStr(&text));
                mark.finish();
                content.show(Str(&bytes)).end_marked_content();
            }
            _ => {
                content.show(Str(&bytes));
            }
        }
    }
    content.end_text();
}

fn write_font(pdf: &mut Pdf, numbers: &mut Numbers, font: &Font<'_>, used: &Used) -> Result<(), Unprintable> {
    let subset =
        subsetter::subset(font.data, 0, &used.remapper).map_err(|error| Unprintable(error.to_string()))?;
    let outlines = RawFace::parse(&subset, 0).ok().and_then(|face| face.table(Tag::from_bytes(b"CFF ")));
    let outlines = outlines.ok_or_else(|| Unprintable("no outlines were left".to_owned()))?;
    let (cid, descriptor, file, meanings) = (numbers.next(), numbers.next(), numbers.next(), numbers.next());
    pdf.type0_font(numbers.font)
        .base_font(Name(&[FONT_NAME, b"-Identity-H"].concat()))
        .encoding_predefined(Name(b"Identity-H"))
        .descendant_font(cid)
        .to_unicode(meanings);
    let mut written = pdf.cid_font(cid);
    written.subtype(CidFontType::Type0).base_font(Name(FONT_NAME)).system_info(IDENTITY);
    written.font_descriptor(descriptor).default_width(EM as f32);
    let mut widths = written.widths();
    for (id, width) in used.widths.iter().filter(|(_, width)| **width != EM) {
        widths.same(*id, *id, *width as f32);
    }
    widths.finish();
    written.finish();
    let measures = font.measures();
    let [left, bottom, right, top] = measures.bounds;
    pdf.font_descriptor(descriptor)
        .name(Name(FONT_NAME))
        .flags(FontFlags::SYMBOLIC | FontFlags::SERIF)
        .bbox(Rect::new(left, bottom, right, top))
        .italic_angle(0.0)
        .ascent(measures.ascent)
        .descent(measures.descent)
        .cap_height(measures.cap_height)
        .stem_v(80.0)
        .font_file3(file);
    let packed = deflate(outlines)?;
    pdf.stream(file, &packed).filter(Filter::FlateDecode).pair(Name(b"Subtype"), Name(b"CIDFontType0C"));
    let mut cmap = UnicodeCmap::new(Name(b"Letter"), IDENTITY);
    used.meanings.iter().for_each(|(id, character)| cmap.pair(*id, *character));
    stream(pdf, meanings, cmap.finish().as_slice())
}

fn title(sheet: &Sheet) -> String {
    format!("{} {} {}", sheet.title.zh, sheet.title.en, sheet.number)
}

fn describe(pdf: &mut Pdf, sheet: &Sheet, info: Ref) {
    let title = title(sheet);
    pdf.document_info(info)
        .title(TextStr(&title))
        .author(TextStr(&sheet.agency.zh))
        .creation_date(date(sheet.at))
        .modified_date(date(sheet.at));
}

fn date(at: DateTime<Utc>) -> Date {
    let byte = |number: u32| u8::try_from(number).unwrap_or_default();
    Date::new(u16::try_from(at.year()).unwrap_or_default())
        .month(byte(at.month()))
        .day(byte(at.day()))
        .hour(byte(at.hour()))
        .minute(byte(at.minute()))
        .second(byte(at.second()))
        .utc_offset_hour(0)
}

/// The same once more for archives (ISO 16684-1), which do not read the dictionary.
fn xmp(sheet: &Sheet) -> String {
    let (title, agency) = (escaped(&title(sheet)), escaped(&sheet.agency.zh));
    let at = sheet.at.format("%Y-%m-%dT%H:%M:%SZ");
    format!(
        "<?xpacket begin=\"\u{FEFF}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\
<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\
<rdf:Description rdf:about=\"\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\">\
<dc:format>application/pdf</dc:format>\
<dc:title><rdf:Alt><rdf:li xml:lang=\"x-default\">{title}</rdf:li></rdf:Alt></dc:title>\
<dc:creator><rdf:Seq><rdf:li>{agency}</rdf:li></rdf:Seq></dc:creator>\
<dc:language><rdf:Bag><rdf:li>zh-CN</rdf:li><rdf:li>en</rdf:li></rdf:Bag></dc:language>\
<xmp:CreateDate>{at}</xmp:CreateDate><xmp:ModifyDate>{at}</xmp:ModifyDate>\
</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end=\"r\"?>"
    )
}

fn escaped(text: &str) -> String {
    let fine = |c: &char| !c.is_control();
    text.chars()
        .filter(fine)
        .collect::<String>()
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

fn stream(pdf: &mut Pdf, id: Ref, bytes: &[u8]) -> Result<(), Unprintable> {
    pdf.stream(id, &deflate(bytes)?).filter(Filter::FlateDecode);
    Ok(())
}

fn deflate(bytes: &[u8]) -> Result<Vec<u8>, Unprintable> {
    let room = bytes.len() / 2 + 256;
    let mut packed = Vec::with_capacity(room);
    let mut packer = Compress::new(Compression::best(), true);
    loop {
        let done = usize::try_from(packer.total_in()).unwrap_or(bytes.len());
        let rest = bytes.get(done..).unwrap_or_default();
        let status = packer.compress_vec(rest, &mut packed, FlushCompress::Finish);
        match status.map_err(|error| Unprintable(error.to_string()))? {
            Status::StreamEnd => return Ok(packed),
            Status::Ok | Status::BufError => packed.reserve(room),
        }
    }
}
