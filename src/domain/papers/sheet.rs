//! What stands on the sheet of a letter, in the order of 党政机关公文格式
//! (GB/T 9704): who writes, what it is, its number; to whom; what is said; who
//! signs, and when. The web page and the PDF are both made from this.

use chrono::{DateTime, NaiveDate, Utc};

use crate::domain::cases::letters::Letter;
use crate::domain::private::Private;
use crate::domain::text::Text;
use crate::domain::time::local_date;

/// A letter with everything around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// 发文机关
    pub agency: Text,
    pub title: Text,
    pub number: String,
    /// 事项
    pub item: Text,
    pub addressee: Text,
    pub paragraphs: Vec<Text>,
    /// What it rests on; reason, article and remedy where it says no.
    pub grounds: Vec<Row>,
    pub at: DateTime<Utc>,
    /// The day it was written, in words.
    pub date: Text,
    /// How to check its seal.
    pub verification: Text,
}

/// A labelled line. What was written in one language stands in that one alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub label: Text,
    pub said: String,
    pub in_english: Option<String>,
}

impl Sheet {
    /// `verify_at`: the address where seals are checked.
    pub fn of(letter: &Letter, agency: &Text, item: &Text, verify_at: &str) -> Self {
        // Whoever gives letters a new part decides here where it stands.
        let Letter { kind, agency: _, number, at, title, addressee, paragraphs, article, grounds, notes } =
            letter;
        let mut rows = Vec::new();
        if let Some(article) = article {
            rows.push(Row {
                label: Text::new("依据", "Basis"),
                said: article.zh.clone(),
                in_english: Some(article.en.clone()),
            });
        }
        for (index, note) in
            notes.iter().enumerate().filter(|(_, note)| **note != Private::Known(String::new()))
        {
            rows.push(Row { label: kind.note_label(index), said: known(note), in_english: None });
        }
        if let Some(grounds) = grounds {
            rows.push(Row::single("理由", "Reason", known(&grounds.reason)));
            rows.push(Row::single("法律依据", "Legal basis", grounds.article.clone()));
            rows.push(Row {
                label: Text::new("救济途径", "Remedy"),
                said: grounds.remedy.zh.clone(),
                in_english: Some(grounds.remedy.en.clone()),
            });
        }
        let name = known(addressee);
        Self {
            agency: agency.clone(),
            title: title.clone(),
            number: number.clone(),
            item: item.clone(),
            addressee: Text::new(format!("{name}："), format!("To: {name}")),
            paragraphs: paragraphs.clone(),
            grounds: rows,
            at: *at,
            date: in_words(local_date(*at)),
            verification: Text::new(
                format!(
                    "本文书由{}出具，以电子印章为凭。核验：将印章与本文件的SHA-256提交至{verify_at}。",
                    agency.zh
                ),
                format!(
                    "Issued by {} under an electronic seal. To verify it, send the seal and the SHA-256 of this file to {verify_at}.",
                    agency.en
                ),
            ),
        }
    }
}

impl Row {
    fn single(zh: &str, en: &str, said: String) -> Self {
        Self { label: Text::new(zh, en), said, in_english: None }
    }
}

fn known(text: &Private<String>) -> String {
    text.known().cloned().unwrap_or_else(|| "（已删除）".to_owned())
}

fn in_words(day: NaiveDate) -> Text {
    Text::new(day.format("%Y年%-m月%-d日").to_string(), day.format("%-d %B %Y").to_string())
}
