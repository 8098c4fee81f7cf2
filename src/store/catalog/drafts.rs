//! Drafts of the catalogue. A draft is decided once.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use super::{number, version};
use crate::domain::codes::Uscc;
use crate::domain::guides::FileKind;
use crate::store::Store;
use crate::store::conn::Conn;
use crate::store::error::{Error, Result};
use crate::store::schema::catalogue_drafts;
use crate::store::types::{At, Key};

/// A file somebody wrote and somebody else is to publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftRecord {
    pub id: Uuid,
    /// The name its editor gave the file; for messages.
    pub file: String,
    pub kind: FileKind,
    /// A guide's code, an item's basic code, or `certificate_types`.
    pub code: String,
    /// Whose guide it is; none for what all agencies share.
    pub agency: Option<Uscc>,
    pub yaml: String,
    /// The newest version when it was written; none when there was none.
    pub base_version: Option<u32>,
    pub note: Option<String>,
    pub edited_by: Uuid,
    pub edited_at: DateTime<Utc>,
    pub state: DraftState,
    pub decided_by: Option<Uuid>,
    pub decided_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DraftState {
    /// Nobody has decided on it.
    Draft,
    Published,
    /// Rejected by a publisher, or taken back by its editor.
    Withdrawn,
}

impl DraftState {
    pub const ALL: [DraftState; 3] = [DraftState::Draft, DraftState::Published, DraftState::Withdrawn];

    pub fn as_str(self) -> &'static str {
        match self {
            DraftState::Draft => "draft",
            DraftState::Published => "published",
            DraftState::Withdrawn => "withdrawn",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// Which drafts to list, the newest first; `before` is the last id of the page before.
#[derive(Debug, Clone, Default)]
pub struct DraftFilter {
    /// Those of these agencies only; none: all, with what agencies share.
    pub agencies: Option<Vec<String>>,
    pub state: Option<DraftState>,
    pub code: Option<String>,
    pub before: Option<Uuid>,
    pub limit: i64,
}

#[derive(Debug, Clone)]
pub enum DraftWrite {
    Insert(DraftRecord),
    /// Stale when it is no draft any more.
    Decide {
        id: Uuid,
        state: DraftState,
        by: Uuid,
        at: DateTime<Utc>,
    },
    /// Takes back what the same editor wrote of the same thing before.
    Replace {
        code: String,
        editor: Uuid,
        at: DateTime<Utc>,
    },
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = catalogue_drafts, treat_none_as_default_value = false)]
struct DraftRow {
    id: Key,
    file: String,
    kind: String,
    code: String,
    agency: Option<String>,
    yaml: String,
    base_version: Option<i32>,
    note: Option<String>,
    edited_by: Key,
    edited_at: At,
    state: String,
    decided_by: Option<Key>,
    decided_at: Option<At>,
}

const KINDS: [(FileKind, &str); 4] = [
    (FileKind::Item, "item"),
    (FileKind::Guide, "guide"),
    (FileKind::Bundle, "bundle"),
    (FileKind::CertificateTypes, "certificate_types"),
];

impl DraftWrite {
    pub(super) fn apply(&self, conn: &mut Conn) -> QueryResult<bool> {
        let open = || catalogue_drafts::table.filter(catalogue_drafts::state.eq(DraftState::Draft.as_str()));
        let decided = |state: DraftState, by: Uuid, at: DateTime<Utc>| {
            (
                catalogue_drafts::state.eq(state.as_str()),
                catalogue_drafts::decided_by.eq(Some(Key(by))),
                catalogue_drafts::decided_at.eq(Some(At(at))),
            )
        };
        match self {
            DraftWrite::Insert(draft) => {
                diesel::insert_into(catalogue_drafts::table).values(draft_row(draft)).execute(conn)?;
                Ok(true)
            }
            DraftWrite::Decide { id, state, by, at } => {
                let this = open().filter(catalogue_drafts::id.eq(Key(*id)));
                Ok(diesel::update(this).set(decided(*state, *by, *at)).execute(conn)? == 1)
            }
            DraftWrite::Replace { code, editor, at } => {
                let his = open()
                    .filter(catalogue_drafts::code.eq(code))
                    .filter(catalogue_drafts::edited_by.eq(Key(*editor)));
                diesel::update(his).set(decided(DraftState::Withdrawn, *editor, *at)).execute(conn)?;
                Ok(true)
            }
        }
    }
}

fn draft_row(draft: &DraftRecord) -> DraftRow {
    let kind = KINDS.iter().find(|(kind, _)| *kind == draft.kind).map_or("", |(_, word)| word);
    DraftRow {
        id: Key(draft.id),
        file: draft.file.clone(),
        kind: kind.to_owned(),
        code: draft.code.clone(),
        agency: draft.agency.as_ref().map(ToString::to_string),
        yaml: draft.yaml.clone(),
        base_version: draft.base_version.map(number),
        note: draft.note.clone(),
        edited_by: Key(draft.edited_by),
        edited_at: At(draft.edited_at),
        state: draft.state.as_str().to_owned(),
        decided_by: draft.decided_by.map(Key),
        decided_at: draft.decided_at.map(At),
    }
}

fn draft_record(row: DraftRow) -> Result<DraftRecord> {
    let corrupt = |why: &str| Error::corrupt("catalogue_drafts", row.id.0, why);
    let kind = KINDS.iter().find(|(_, word)| *word == row.kind).map(|(kind, _)| *kind);
    Ok(DraftRecord {
        id: row.id.0,
        kind: kind.ok_or_else(|| corrupt("its kind is unknown"))?,
        agency: row
            .agency
            .as_deref()
            .map(Uscc::parse)
            .transpose()
            .map_err(|_| corrupt("its agency is none"))?,
        base_version: row
            .base_version
            .map(|base| version("catalogue_drafts", &row.code, base))
            .transpose()?,
        state: DraftState::parse(&row.state).ok_or_else(|| corrupt("its state is unknown"))?,
        file: row.file,
        code: row.code,
        yaml: row.yaml,
        note: row.note,
        edited_by: row.edited_by.0,
        edited_at: row.edited_at.0,
        decided_by: row.decided_by.map(|key| key.0),
        decided_at: row.decided_at.map(|at| at.0),
    })
}

impl Store {
    pub async fn find_draft(&self, id: Uuid) -> Result<Option<DraftRecord>> {
        let row: Option<DraftRow> = self
            .read(move |conn| {
                Ok(catalogue_drafts::table
                    .filter(catalogue_drafts::id.eq(Key(id)))
                    .select(DraftRow::as_select())
                    .first(conn)
                    .optional()?)
            })
            .await?;
        row.map(draft_record).transpose()
    }

    pub async fn list_drafts(&self, filter: DraftFilter) -> Result<Vec<DraftRecord>> {
        let rows: Vec<DraftRow> = self
            .read(move |conn| {
                let mut query = catalogue_drafts::table.select(DraftRow::as_select()).into_boxed();
                if let Some(agencies) = filter.agencies {
                    query = query.filter(catalogue_drafts::agency.eq_any(agencies));
                }
                if let Some(state) = filter.state {
                    query = query.filter(catalogue_drafts::state.eq(state.as_str()));
                }
                if let Some(code) = filter.code {
                    query = query.filter(catalogue_drafts::code.eq(code));
                }
                if let Some(before) = filter.before {
                    query = query.filter(catalogue_drafts::id.lt(Key(before)));
                }
                Ok(query.order(catalogue_drafts::id.desc()).limit(filter.limit).load(conn)?)
            })
            .await?;
        rows.into_iter().map(draft_record).collect()
    }
}
