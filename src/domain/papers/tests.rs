use std::io::Read as _;
use std::sync::LazyLock;

use proptest::prelude::*;

use super::font::Glyph;
use super::layout::{Layout, lay_out};
use super::lines::{lines, may_break, violates, width};
use super::{Font, Opening, Recipient, Sheet, pdf};
use crate::domain::cases::letters::{Letter, LetterKind, statutory_remedy};
use crate::domain::cases::{By, Grounds};
use crate::domain::text::{Language, Text};

static FONT: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let packed = include_bytes!("../../data/fonts/noto-serif-sc.otf.gz");
    let mut data = Vec::new();
    flate2::read::GzDecoder::new(packed.as_slice()).read_to_end(&mut data).unwrap();
    data
});

fn font() -> Font<'static> {
    Font::read(&FONT).unwrap()
}

fn denial(reason: &str) -> Letter {
    Letter {
        kind: LetterKind::Denial,
        number: "340705000012345678000123456789012202603020001-03".to_owned(),
        at: "2026-03-02T01:30:00Z".parse().unwrap(),
        agency: None,
        title: LetterKind::Denial.title(),
        addressee: "林晓岚".to_owned().into(),
        paragraphs: vec![Text::new(
            "经审查，您的“占用城市道路许可”申请不予批准，理由和依据如下。",
            "Your application for “Permit to occupy a road” is denied, for the reason and on the basis below.",
        )],
        grounds: Some(Grounds {
            reason: reason.to_owned().into(),
            article: "《城市道路管理条例》第三十一条".to_owned(),
            remedy: statutory_remedy(),
        }),
        article: None,
        notes: Vec::new(),
    }
}

fn sheet(letter: &Letter) -> Sheet {
    Sheet::of(
        letter,
        &Text::new("铜陵市铜官区城市管理局", "Urban Management Bureau of Tongguan District"),
        &Text::new("占用城市道路许可", "Permit to occupy a road"),
        "https://portal.example/api/v1/letters/verify",
    )
}

/// What is written on the pages, a line to a line.
fn written(layout: &Layout) -> Vec<String> {
    let lines = layout.pages.iter().flat_map(|page| &page.lines);
    lines.map(|line| line.glyphs.iter().map(|glyph| glyph.character).collect()).collect()
}

/// Han characters and their marks a square wide, everything else half of one.
fn squares(text: &str) -> Vec<Glyph> {
    let width = |c: char| if c.is_ascii() { 500 } else { 1000 };
    text.chars()
        .map(|character| Glyph { character, shown: character, id: 0, width: width(character) })
        .collect()
}

fn broken(text: &str, column: u32) -> Vec<String> {
    let glyphs = squares(text);
    let text_of = |line: &[Glyph]| line.iter().map(|glyph| glyph.character).collect();
    lines(&glyphs, column * 1000, 0).into_iter().map(|line| text_of(&glyphs[line])).collect()
}

#[test]
fn lines_break_where_chinese_and_english_may() {
    for (text, column, expected) in [
        ("您的申请已收到", 4, vec!["您的申请", "已收到"]),
        // A closing mark takes the character before it along.
        ("您的申请，已收到", 4, vec!["您的申", "请，已收", "到"]),
        ("依照《条例》办理", 3, vec!["依照", "《条", "例》办", "理"]),
        ("not accepted at all", 6, vec!["not accepted ", "at all"]),
        ("see https://a.example/b", 9, vec!["see ", "https://a.example/", "b"]),
        ("于2026年3月2日", 4, vec!["于2026年", "3月2日"]),
        ("破折号——不拆开", 4, vec!["破折", "号——不", "拆开"]),
        ("Nothingcanbreakthis", 4, vec!["Nothingc", "anbreakt", "his"]),
        ("", 4, vec![]),
    ] {
        assert_eq!(broken(text, column), expected, "{text}");
    }
}

proptest! {
    #[test]
    fn no_line_loses_anything_or_is_too_wide_or_breaks_a_rule_without_need(
        text in "[一-三办理，。；：！？、（）《》“”…—a-z0-9 ,.;()/-]{0,120}",
        column in 3_u32..30,
        indent in 0_u32..3,
    ) {
        let glyphs = squares(&text);
        let (column, indent) = (column * 1000, indent * 1000);
        let broken = lines(&glyphs, column, indent);
        let mut next = 0;
        for line in &broken {
            prop_assert_eq!(line.start, next);
            prop_assert!(line.end > line.start);
            next = line.end;
            let room = if line.start == 0 { column - indent } else { column };
            prop_assert!(width(&glyphs[line.clone()]) <= room || line.len() == 1);
            // Where a rule is broken, the line had no place that keeps it.
            if violates(&glyphs, line.end) && line.end < glyphs.len() {
                prop_assert!((line.start + 1..line.end).all(|at| !may_break(&glyphs, at)));
            }
        }
        prop_assert_eq!(next, glyphs.len());
    }
}

#[test]
fn the_same_letter_gives_the_same_bytes_and_another_gives_others() {
    let font = font();
    let letter = denial("所附平面图与实际占道范围不符。");
    let first = pdf(&sheet(&letter), &font).unwrap();
    assert_eq!(first, pdf(&sheet(&letter), &font).unwrap());
    let other = denial("所附平面图与实际占道范围不符！");
    assert_ne!(first, pdf(&sheet(&other), &font).unwrap());
    assert!(first.starts_with(b"%PDF-1.7") && first.ends_with(b"%%EOF"));
    assert!((10_000..120_000).contains(&first.len()), "{} bytes", first.len());
}

#[test]
fn everything_a_letter_says_is_on_the_sheet_in_both_languages() {
    let letter = denial("平面图不符。\n请重新测量。");
    let layout = lay_out(&sheet(&letter), &font());
    let text = written(&layout).concat().replace(' ', "");
    for said in [
        "不予决定书",
        "Decisionofdenial",
        "林晓岚：",
        &letter.number,
        "平面图不符。请重新测量。",
        "《城市道路管理条例》第三十一条",
        &statutory_remedy().zh,
        &statutory_remedy().en.replace(' ', ""),
        "铜陵市铜官区城市管理局",
        "2026年3月2日",
        "2March2026",
        "第1页，共1页",
        "https://portal.example/api/v1/letters/verify",
    ] {
        assert!(text.contains(said), "{said} is not in {text}");
    }
    assert_eq!(layout.blocks.iter().filter(|block| block.is_title).count(), 1);
    assert_eq!(layout.pages[0].frames.len(), 1);
}

#[test]
fn a_long_reason_goes_on_over_pages_with_its_frame_and_foot() {
    let letter = denial(&"所附平面图与实际占道范围不符，请重新测量。".repeat(150));
    let layout = lay_out(&sheet(&letter), &font());
    let count = layout.pages.len();
    assert!(count > 2, "{count}");
    for (index, page) in layout.pages.iter().enumerate() {
        let foot: String =
            page.lines.iter().rev().take(1).flat_map(|line| &line.glyphs).map(|g| g.character).collect();
        assert!(foot.contains(&format!("第{}页，共{count}页", index + 1)), "{foot}");
        for line in &page.lines {
            assert!(line.y > 20.0 && line.y < 800.0 && line.x >= 79.0, "{} {}", line.x, line.y);
        }
    }
    assert!(layout.pages.iter().filter(|page| page.frames.len() == 1).count() >= count - 1);
}

#[test]
fn a_character_the_font_lacks_is_a_visible_gap_and_stays_itself() {
    let font = font();
    let known = font.glyph('〓', Language::Zh);
    for lacking in ['𰻝', '𱁬', 'ئ'] {
        let glyph = font.glyph(lacking, Language::Zh);
        assert_eq!((glyph.id, glyph.shown, glyph.character), (known.id, '〓', lacking));
    }
    // Names with characters few fonts have.
    for there in "㛃䶮䲢𬬻𬭎赟翀喆·陳劉黃龍寶麗龘".chars() {
        assert_ne!(font.glyph(there, Language::Zh).id, known.id, "{there}");
    }
    // What has no form is not drawn; a tab is a space.
    let set: String =
        font.set("王\u{200D}\u{FE00}\u{202E}\t明", Language::Zh).iter().map(|g| g.character).collect();
    assert_eq!(set, "王 明");
    // English quotation marks are narrow.
    assert!(font.glyph('“', Language::En).width < 600 && font.glyph('“', Language::Zh).width == 1000);
}

#[test]
fn what_is_no_font_is_not_read() {
    for data in [b"".as_slice(), b"OTTO", &FONT[..4000]] {
        assert!(Font::read(data).is_none());
    }
}

#[test]
fn only_the_applicants_side_opens_a_letter() {
    let (account, other) = (uuid::Uuid::from_u128(1), uuid::Uuid::from_u128(2));
    let at = "2026-03-02T01:30:00Z".parse().unwrap();
    let opened = |by: By| Opening::of(&by, at).map(|opening| (opening.account, opening.recipient));
    assert_eq!(opened(By::Applicant { account }), Some((account, Recipient::Applicant)));
    assert_eq!(opened(By::Agent { account, mandate: other }), Some((account, Recipient::Agent)));
    for by in [By::Assistant { account, post: other }, By::Officer { account, post: other }, By::System] {
        assert_eq!(opened(by), None);
    }
    for recipient in Recipient::ALL {
        assert_eq!(Recipient::parse(recipient.as_str()), Some(recipient));
    }
}
