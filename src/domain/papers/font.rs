//! The font letters are written in, of which only the part that is needed goes
//! into a PDF. A character it lacks is drawn as 〓 (geta), which printers have
//! always put where a type was missing.

use ttf_parser::{Face, GlyphId, Tag};

use crate::domain::text::Language;

/// Stands for what the font lacks.
const GETA: char = '〓';
/// Where the font keeps the narrow forms of marks that Chinese sets wide, above
/// their own code points. See `src/data/fonts/README.md`.
const NARROW: u32 = 0xC000;
const NARROW_MARKS: [char; 5] = ['‘', '’', '“', '”', '…'];
/// The unit all widths are in: so many make the height of a line of type.
pub(super) const EM: u32 = 1000;

/// See the module.
pub struct Font<'a> {
    face: Face<'a>,
    pub(super) data: &'a [u8],
}

/// One character as it is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Glyph {
    /// What was written.
    pub character: char,
    /// What is seen: the same, or 〓.
    pub shown: char,
    /// Its number in the font.
    pub id: u16,
    /// In thousandths of the size.
    pub width: u32,
}

/// Measures of the whole font, in thousandths of the size.
pub(super) struct Measures {
    pub ascent: f32,
    pub descent: f32,
    pub cap_height: f32,
    /// Left, bottom, right, top.
    pub bounds: [f32; 4],
}

impl<'a> Font<'a> {
    /// Reads an OpenType font with CFF outlines on an em of 1000; none when it is
    /// something else, or has nothing to show for a missing character.
    pub fn read(data: &'a [u8]) -> Option<Self> {
        let face = Face::parse(data, 0).ok()?;
        let fits =
            u32::from(face.units_per_em()) == EM && face.raw_face().table(Tag::from_bytes(b"CFF ")).is_some();
        (fits && face.glyph_index(GETA).is_some()).then_some(Self { face, data })
    }

    pub(super) fn glyph(&self, character: char, language: Language) -> Glyph {
        let narrow = (language == Language::En && NARROW_MARKS.contains(&character))
            .then(|| char::from_u32(u32::from(character) + NARROW))
            .flatten();
        let candidates = [(narrow, character), (Some(character), character), (Some(GETA), GETA)];
        let mut found =
            candidates.into_iter().filter_map(|(form, shown)| Some((self.face.glyph_index(form?)?, shown)));
        let (id, shown) = found.next().unwrap_or((GlyphId(0), GETA));
        let width = self.face.glyph_hor_advance(id).map_or(EM, u32::from);
        Glyph { character, shown, id: id.0, width }
    }

    /// A text as it is drawn. What has no form of its own is left out: marks of
    /// direction, joiners, variation selectors.
    pub(super) fn set(&self, text: &str, language: Language) -> Vec<Glyph> {
        let shown = text.chars().filter(|c| !is_formless(*c));
        shown.map(|c| self.glyph(if c.is_control() { ' ' } else { c }, language)).collect()
    }

    pub(super) fn measures(&self) -> Measures {
        let bounds = self.face.global_bounding_box();
        Measures {
            ascent: f32::from(self.face.ascender()),
            descent: f32::from(self.face.descender()),
            cap_height: self.face.capital_height().map_or(700.0, f32::from),
            bounds: [bounds.x_min, bounds.y_min, bounds.x_max, bounds.y_max].map(f32::from),
        }
    }
}

fn is_formless(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{E0000}'..='\u{E0FFF}')
}
