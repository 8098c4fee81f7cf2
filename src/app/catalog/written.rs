//! A long text of which many are mostly alike, such as the public answers of the guides of
//! one item. What it has in common with a template is kept with the template; only the
//! rest is its own. Compressed it is put together in the same way, from runs that were
//! compressed once: blocks of RFC 1951 that do not look back can follow each other.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use flate2::{Compress, Compression, Crc, FlushCompress, Status};

/// A piece within a member of the outermost object is not shorter than this, in bytes.
const SHORTEST_PIECE: usize = 128;
/// How deep within the outermost object a piece may end: behind a field of a form.
const DEEPEST: usize = 3;
/// The most bytes in a block that is not compressed (RFC 1951 §3.2.4).
const LONGEST_STORED: usize = 0xffff;
/// A template has so many runs at the most, and makes place for so many at once.
const MOST_RUNS: usize = 256;
const RUNS_AT_ONCE: usize = 16;
/// RFC 1952 §2.3: gzip, deflated, no name, no time, by the hardest compression, on whatever system.
const HEAD: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 0xff];
/// The last block, which is empty.
const LAST_BLOCK: [u8; 2] = [3, 0];

/// A text that others are like.
#[derive(Debug)]
pub(super) struct Template {
    text: Box<[u8]>,
    /// Where the pieces of the text end.
    ends: Box<[usize]>,
    /// What others have in common with it, as far as that was asked for; the first come first.
    runs: [OnceLock<Box<Runs>>; MOST_RUNS / RUNS_AT_ONCE],
}

type Runs = [OnceLock<Run>; RUNS_AT_ONCE];

/// A part of a template.
#[derive(Debug)]
struct Run {
    /// Where it stands.
    place: Range<usize>,
    /// The same, compressed.
    blocks: Box<[u8]>,
}

/// A text as what it has of its own and what it has in common with a template.
#[derive(Debug)]
pub struct Written {
    template: Arc<Template>,
    /// For each run so many bytes as [`Part`] takes, and then the bytes of its own. Together,
    /// for they are read together, and among a hundred thousand each look elsewhere counts.
    block: Box<[u8]>,
    parts: u32,
    /// Bytes of the whole text.
    length: u32,
    /// Of the whole text, as gzip has it.
    checksum: u32,
}

/// So many bytes of its own, and then this run.
struct Part {
    own: u32,
    run: u32,
}

impl Template {
    /// Of 4 GB at the most, which no answer comes near.
    pub fn new(text: &[u8]) -> Self {
        let runs = [const { OnceLock::new() }; MOST_RUNS / RUNS_AT_ONCE];
        Self { text: text.into(), ends: cuts(text).into(), runs }
    }

    /// Bytes in memory, the runs apart: each counts with who needed it first.
    pub fn size(&self) -> usize {
        size_of::<Self>() + self.text.len() + size_of_val(&*self.ends)
    }

    fn place(&self, piece: usize) -> Range<usize> {
        piece.checked_sub(1).map_or(0, |before| self.ends[before])..self.ends[piece]
    }

    /// The number of the run at that place; none when there are too many others. Adds what
    /// it takes in memory, if it was not there.
    fn run(&self, place: &Range<usize>, added: &mut usize) -> Option<usize> {
        for (round, some) in self.runs.iter().enumerate() {
            let some = some.get_or_init(|| {
                *added += size_of::<Runs>();
                Box::new([const { OnceLock::new() }; RUNS_AT_ONCE])
            });
            let found = some.iter().position(|slot| {
                let run = slot.get_or_init(|| {
                    let run = Run { place: place.clone(), blocks: compressed(&self.text[place.clone()]) };
                    *added += run.blocks.len();
                    run
                });
                run.place == *place
            });
            if let Some(number) = found {
                return Some(round * RUNS_AT_ONCE + number);
            }
        }
        None
    }

    fn known_run(&self, number: usize) -> Option<&Run> {
        self.runs.get(number / RUNS_AT_ONCE)?.get()?.get(number % RUNS_AT_ONCE)?.get()
    }
}

impl Part {
    const BYTES: usize = 8;

    fn write(&self, block: &mut Vec<u8>) {
        block.extend_from_slice(&self.own.to_le_bytes());
        block.extend_from_slice(&self.run.to_le_bytes());
    }

    fn read(block: &[u8]) -> Self {
        let number = |at: usize| u32::from_le_bytes([block[at], block[at + 1], block[at + 2], block[at + 3]]);
        Self { own: number(0), run: number(4) }
    }
}

impl Written {
    /// The text, put as one of those that are like that template, and the bytes that this
    /// adds to the template.
    pub(super) fn new(likeness: Likeness, text: &[u8]) -> (Self, usize) {
        let Likeness { template, stretches } = likeness;
        let (mut parts, mut own, mut pending, mut added) = (Vec::new(), Vec::new(), 0, 0);
        for (piece, common) in stretches {
            match common.and_then(|place| template.run(&place, &mut added)) {
                Some(run) => {
                    Part { own: number(pending), run: number(run) }.write(&mut parts);
                    pending = 0;
                }
                None => {
                    pending += piece.len();
                    own.extend_from_slice(&text[piece]);
                }
            }
        }
        let mut crc = Crc::new();
        crc.update(text);
        let count = parts.len() / Part::BYTES;
        parts.append(&mut own);
        let (length, checksum) = (number(text.len()), crc.sum());
        (Self { template, block: parts.into(), parts: number(count), length, checksum }, added)
    }

    /// Bytes in memory, those of the template apart.
    pub fn size(&self) -> usize {
        size_of::<Self>() + self.block.len()
    }

    pub fn plain(&self) -> Bytes {
        let mut text = Vec::with_capacity(self.length as usize);
        let last = self.each(|own, run| {
            text.extend_from_slice(own);
            text.extend_from_slice(&self.template.text[run.place.clone()]);
        });
        text.extend_from_slice(last);
        text.into()
    }

    /// As a gzip file (RFC 1952).
    pub fn gzip(&self) -> Bytes {
        let mut length = HEAD.len() + LAST_BLOCK.len() + 8;
        let last = self.each(|own, run| length += stored_length(own.len()) + run.blocks.len());
        let mut file = Vec::with_capacity(length + stored_length(last.len()));
        file.extend_from_slice(&HEAD);
        self.each(|own, run| {
            store(own, &mut file);
            file.extend_from_slice(&run.blocks);
        });
        store(last, &mut file);
        file.extend_from_slice(&LAST_BLOCK);
        file.extend_from_slice(&self.checksum.to_le_bytes());
        file.extend_from_slice(&self.length.to_le_bytes());
        file.into()
    }

    /// Does it for each run with what stands before it; gives what stands behind the last.
    fn each<'a>(&'a self, mut with: impl FnMut(&'a [u8], &'a Run)) -> &'a [u8] {
        let (parts, mut rest) = self.block.split_at(self.parts as usize * Part::BYTES);
        for part in parts.chunks_exact(Part::BYTES).map(Part::read) {
            let (own, after) = rest.split_at(part.own as usize);
            rest = after;
            if let Some(run) = self.template.known_run(part.run as usize) {
                with(own, run);
            }
        }
        rest
    }
}

/// What a text has in common with a template; that may be nothing.
pub(super) struct Likeness {
    template: Arc<Template>,
    /// The text in order, and where what is in common stands in the template.
    stretches: Vec<(Range<usize>, Option<Range<usize>>)>,
}

impl Likeness {
    pub fn of(template: Arc<Template>, text: &[u8]) -> Self {
        let mut stretches: Vec<(Range<usize>, Option<Range<usize>>)> = Vec::new();
        let (mut start, mut next) = (0, 0);
        for end in cuts(text) {
            let is_same = |at: &usize| template.text[template.place(*at)] == text[start..end];
            let same = (next..template.ends.len()).find(is_same);
            next = same.map_or(next, |at| at + 1);
            let place = same.map(|at| template.place(at));
            match (stretches.last_mut(), &place) {
                (Some((piece, None)), None) => piece.end = end,
                (Some((piece, Some(before))), Some(place)) if before.end == place.start => {
                    (piece.end, before.end) = (end, place.end);
                }
                _ => stretches.push((start..end, place)),
            }
            start = end;
        }
        Self { template, stretches }
    }

    /// How many bytes of the text are its own.
    pub fn own(&self) -> usize {
        let own = self.stretches.iter().filter(|(_, common)| common.is_none());
        own.map(|(piece, _)| piece.len()).sum()
    }
}

/// An answer is far from 4 GB.
fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Where the pieces of a JSON text end: behind the members of the outermost object, and
/// within them where an entry ends. Any text may be cut so; whether it is JSON makes no
/// difference to what is put together again.
fn cuts(text: &[u8]) -> Vec<usize> {
    let (mut ends, mut start) = (Vec::new(), 0);
    let (mut depth, mut in_text, mut is_escaped) = (0_usize, false, false);
    for (place, byte) in text.iter().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_text => is_escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' if depth == 1 || (depth <= DEEPEST && place - start >= SHORTEST_PIECE) => {
                start = place + 1;
                ends.push(start);
            }
            _ => {}
        }
    }
    if start < text.len() {
        ends.push(text.len());
    }
    ends
}

/// Blocks that are the text and look back at nothing before it.
fn compressed(text: &[u8]) -> Box<[u8]> {
    let mut blocks = Vec::with_capacity(text.len() + text.len() / 100 + 64);
    let mut compressor = Compress::new(Compression::best(), false);
    let done = compressor.compress_vec(text, &mut blocks, FlushCompress::Full);
    // Full to the brim means that some may be left.
    let is_whole = matches!(done, Ok(Status::Ok))
        && blocks.len() < blocks.capacity()
        && compressor.total_in() == text.len() as u64;
    if !is_whole || blocks.len() > stored_length(text.len()) {
        blocks.clear();
        store(text, &mut blocks);
    }
    blocks.into()
}

/// Adds blocks that are the text as it is.
fn store(text: &[u8], blocks: &mut Vec<u8>) {
    for chunk in text.chunks(LONGEST_STORED) {
        let length = u16::try_from(chunk.len()).unwrap_or(u16::MAX);
        blocks.push(0);
        blocks.extend_from_slice(&length.to_le_bytes());
        blocks.extend_from_slice(&(!length).to_le_bytes());
        blocks.extend_from_slice(chunk);
    }
}

fn stored_length(length: usize) -> usize {
    length + length.div_ceil(LONGEST_STORED) * 5
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::GzDecoder;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn unpacked(written: &Written) -> Vec<u8> {
        let mut text = Vec::new();
        GzDecoder::new(&written.gzip()[..]).read_to_end(&mut text).unwrap();
        text
    }

    /// How many bytes of the text are its own, and how many it is compressed.
    fn kept(template: &Arc<Template>, text: &[u8]) -> (usize, usize) {
        let likeness = Likeness::of(template.clone(), text);
        let own = likeness.own();
        let (written, _) = Written::new(likeness, text);
        assert_eq!(written.plain(), text);
        assert_eq!(unpacked(&written), text);
        (own, written.gzip().len())
    }

    fn written(template: &[u8], text: &[u8]) -> (usize, usize) {
        kept(&Arc::new(Template::new(template)), text)
    }

    #[test]
    fn what_two_answers_have_in_common_is_not_kept_twice() {
        let long: Vec<String> = (0..100).map(|number| format!("materials of kind {number}")).collect();
        let answer = |place: &str, materials: &[String]| {
            let answer =
                json!({ "agency": place, "materials": materials, "fee": null, "venues": [{ "at": place }] });
            serde_json::to_vec(&answer).unwrap()
        };
        let first = answer("市民路，1号", &long);
        assert_eq!(written(&first, &first).0, 0);
        let other = written(&first, &answer("\"中山路\"\\2号", &long));
        assert!(other.0 < 120 && other.1 < first.len() / 2, "{other:?}");
        let mut longer = long.clone();
        longer[50] = "another, [one]".to_owned();
        let partly = written(&first, &answer("市民路，1号", &longer));
        assert!(partly.0 < 600, "{partly:?}");
        written(&first, b"");
        written(b"", &first);
        written(b"", b"");
        let incompressible: Vec<u8> =
            (0..200_000_u64).map(|n| (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8).collect();
        written(&incompressible, &incompressible);
        written(b"{}", &incompressible);
    }

    #[test]
    fn a_template_has_a_run_for_each_of_many_and_the_rest_is_kept_by_who_has_it() {
        let member = |number: usize, is_own: bool| format!("\"{number}\":\"{is_own} {}\",", "x".repeat(20));
        let text = |own: &dyn Fn(usize) -> bool| {
            (0..40).map(|number| member(number, own(number))).fold("{".to_owned(), |all, next| all + &next)
        };
        let template = Arc::new(Template::new(text(&|_| false).as_bytes()));
        // Each pair leaves three runs, of some 1,200 different ones.
        for first in 0..40 {
            for second in first..40 {
                kept(&template, text(&|number| number == first || number == second).as_bytes());
            }
        }
        assert!(template.known_run(MOST_RUNS - 1).is_some() && template.known_run(MOST_RUNS).is_none());
    }

    fn texts() -> impl Strategy<Value = Vec<u8>> {
        const PIECES: &[&str] = &["{", "}", "[", "]", ",", "\"", "\\", "a", "一", "0", "\"a\":1,"];
        let long = "x".repeat(300);
        let piece = prop_oneof![9 => prop::sample::select(PIECES).prop_map(str::to_owned), 1 => Just(long)];
        prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat().into_bytes())
    }

    proptest! {
        #[test]
        fn every_text_is_put_together_again_whatever_it_is_like(template in texts(), text in texts()) {
            written(&template, &text);
        }
    }
}
