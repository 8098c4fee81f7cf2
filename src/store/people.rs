//! Persons, their accounts, posts and mandates. Who somebody is lies sealed; ID
//! and mobile numbers are found by a keyed blind index and never stored open.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use super::Store;
use super::conn::Conn;
use super::error::{Error, Result};
use super::schema::{accounts, mandates, persons, posts};
use super::types::{At, Key};
use super::vault::Vault;
use crate::domain::codes::{Mobile, RegionCode, Uscc};
use crate::domain::guides::{Applicant, IdNumber};
use crate::domain::policy::{Mandate, Post, Role};

/// A natural or legal person.
#[derive(Debug, Clone, PartialEq)]
pub struct PersonRecord {
    pub id: Uuid,
    pub applicant: Applicant,
    pub created_at: DateTime<Utc>,
    pub version: i64,
}

#[derive(Debug, Clone, PartialEq)]
pub struct AccountRecord {
    pub id: Uuid,
    pub person: Uuid,
    pub mobile: Mobile,
    /// PHC string of argon2id; none for accounts that sign in otherwise.
    pub password_hash: Option<String>,
    pub created_at: DateTime<Utc>,
    pub closed_at: Option<DateTime<Utc>>,
    pub version: i64,
}

#[derive(Debug, Clone)]
pub enum Write {
    InsertPerson(PersonRow),
    /// Replaces what is known of a person, if still at the version before.
    UpdatePerson(PersonRow),
    InsertAccount(AccountRow),
    SetPassword {
        account: Uuid,
        password_hash: String,
        expected_version: i64,
    },
    InsertPost {
        account: Uuid,
        post: Post,
    },
    InsertMandate {
        mandate: Mandate,
        agent: Uuid,
        at: DateTime<Utc>,
    },
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = persons, treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct PersonRow {
    id: Key,
    kind: String,
    sealed: Vec<u8>,
    id_index: Option<Vec<u8>>,
    ial: i32,
    created_at: At,
    version: i64,
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = accounts, treat_none_as_default_value = false)]
pub struct AccountRow {
    id: Key,
    person: Key,
    mobile_index: Vec<u8>,
    mobile_sealed: Vec<u8>,
    password_hash: Option<String>,
    created_at: At,
    closed_at: Option<At>,
    version: i64,
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = posts, treat_none_as_default_value = false)]
struct PostRow {
    id: Key,
    account: Key,
    role: String,
    agency: Option<String>,
    region: String,
    counter: Option<String>,
    valid_from: At,
    valid_until: Option<At>,
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = mandates, treat_none_as_default_value = false)]
struct MandateRow {
    id: Key,
    principal: Key,
    agent: Key,
    guides: Option<String>,
    valid_from: At,
    valid_until: Option<At>,
    accepted_at: Option<At>,
    ended_at: Option<At>,
    version: i64,
}

impl PersonRow {
    pub fn seal(person: &PersonRecord, vault: &Vault) -> Result<Self> {
        let plain = serde_json::to_vec(&person.applicant)
            .map_err(|error| Error::corrupt("persons", person.id, error))?;
        Ok(Self {
            id: Key(person.id),
            kind: person.applicant.kind.as_str().to_owned(),
            sealed: vault.seal(&format!("persons:{}", person.id), &plain),
            id_index: proven_number(&person.applicant).map(|number| id_index(vault, number)),
            ial: i32::from(person.applicant.ial),
            created_at: At(person.created_at),
            version: person.version,
        })
    }

    fn open(self, vault: &Vault) -> Result<PersonRecord> {
        let id = self.id.0;
        let plain = vault
            .open(&format!("persons:{id}"), &self.sealed)
            .ok_or_else(|| Error::corrupt("persons", id, "its sealed data does not open"))?;
        let applicant: Applicant =
            serde_json::from_slice(&plain).map_err(|error| Error::corrupt("persons", id, error))?;
        if applicant.kind.as_str() != self.kind || i32::from(applicant.ial) != self.ial {
            return Err(Error::corrupt("persons", id, "its columns and its sealed data disagree"));
        }
        Ok(PersonRecord { id, applicant, created_at: self.created_at.0, version: self.version })
    }
}

impl AccountRow {
    pub fn seal(account: &AccountRecord, vault: &Vault) -> Self {
        Self {
            id: Key(account.id),
            person: Key(account.person),
            mobile_index: mobile_index(vault, &account.mobile),
            mobile_sealed: vault
                .seal(&format!("accounts:{}", account.id), account.mobile.as_str().as_bytes()),
            password_hash: account.password_hash.clone(),
            created_at: At(account.created_at),
            closed_at: account.closed_at.map(At),
            version: account.version,
        }
    }

    fn open(self, vault: &Vault) -> Result<AccountRecord> {
        let id = self.id.0;
        let corrupt = |why: &str| Error::corrupt("accounts", id, why);
        let plain = vault
            .open(&format!("accounts:{id}"), &self.mobile_sealed)
            .ok_or_else(|| corrupt("its sealed mobile number does not open"))?;
        let mobile = std::str::from_utf8(&plain)
            .ok()
            .and_then(|text| Mobile::parse(text).ok())
            .ok_or_else(|| corrupt("its mobile number is none"))?;
        Ok(AccountRecord {
            id,
            person: self.person.0,
            mobile,
            password_hash: self.password_hash,
            created_at: self.created_at.0,
            closed_at: self.closed_at.map(|at| at.0),
            version: self.version,
        })
    }
}

/// The blind index of a mobile number.
pub fn mobile_index(vault: &Vault, mobile: &Mobile) -> Vec<u8> {
    vault.blind_index("mobile", mobile.as_str())
}

/// A number that was only declared finds nobody: else whoever registered with a
/// stranger's number would be handed the stranger's cases.
fn proven_number(applicant: &Applicant) -> Option<&IdNumber> {
    applicant.id_number.as_ref().filter(|_| applicant.ial >= 2)
}

fn id_index(vault: &Vault, number: &IdNumber) -> Vec<u8> {
    vault.blind_index("id_number", number.expose())
}

impl Write {
    pub(super) fn apply(&self, conn: &mut Conn) -> QueryResult<bool> {
        match self {
            Write::InsertPerson(row) => {
                diesel::insert_into(persons::table).values(row).execute(conn).map(|n| n == 1)
            }
            Write::UpdatePerson(row) => {
                let before = persons::table.filter(persons::id.eq(row.id));
                let before = before.filter(persons::version.eq(row.version - 1));
                diesel::update(before).set(row).execute(conn).map(|n| n == 1)
            }
            Write::InsertAccount(row) => {
                diesel::insert_into(accounts::table).values(row).execute(conn).map(|n| n == 1)
            }
            Write::SetPassword { account, password_hash, expected_version } => {
                let before = accounts::table.filter(accounts::id.eq(Key(*account)));
                let before = before.filter(accounts::version.eq(expected_version));
                diesel::update(before)
                    .set((
                        accounts::password_hash.eq(password_hash),
                        accounts::version.eq(expected_version + 1),
                    ))
                    .execute(conn)
                    .map(|n| n == 1)
            }
            Write::InsertPost { account, post } => {
                let row = PostRow {
                    id: Key(post.id),
                    account: Key(*account),
                    role: post.role.as_str().to_owned(),
                    agency: post.agency.as_ref().map(ToString::to_string),
                    region: post.region.to_string(),
                    counter: post.counter.clone(),
                    valid_from: At(post.valid_from),
                    valid_until: post.valid_until.map(At),
                };
                diesel::insert_into(posts::table).values(row).execute(conn).map(|n| n == 1)
            }
            Write::InsertMandate { mandate, agent, at } => {
                let row = MandateRow {
                    id: Key(mandate.id),
                    principal: Key(mandate.principal),
                    agent: Key(*agent),
                    guides: mandate.guides.as_ref().map(|list| list.join(",")),
                    valid_from: At(mandate.valid_from),
                    valid_until: mandate.valid_until.map(At),
                    accepted_at: Some(At(*at)),
                    ended_at: None,
                    version: 1,
                };
                diesel::insert_into(mandates::table).values(row).execute(conn).map(|n| n == 1)
            }
        }
    }
}

fn post(row: PostRow) -> Result<Post> {
    let read = || {
        Some(Post {
            id: row.id.0,
            role: Role::parse(&row.role)?,
            agency: row.agency.as_deref().map(Uscc::parse).transpose().ok()?,
            region: RegionCode::parse(&row.region).ok()?,
            counter: row.counter.clone(),
            valid_from: row.valid_from.0,
            valid_until: row.valid_until.map(|at| at.0),
        })
    };
    read().ok_or_else(|| Error::corrupt("posts", row.id.0, "it is no post"))
}

impl Store {
    pub async fn find_person(&self, id: Uuid) -> Result<Option<PersonRecord>> {
        let row: Option<PersonRow> = self
            .read(move |conn| {
                Ok(persons::table
                    .filter(persons::id.eq(Key(id)))
                    .select(PersonRow::as_select())
                    .first(conn)
                    .optional()?)
            })
            .await?;
        row.map(|row| row.open(self.vault())).transpose()
    }

    pub async fn find_person_by_id_number(&self, number: &IdNumber) -> Result<Option<PersonRecord>> {
        let index = id_index(self.vault(), number);
        let row: Option<PersonRow> = self
            .read(move |conn| {
                Ok(persons::table
                    .filter(persons::id_index.eq(index))
                    .select(PersonRow::as_select())
                    .first(conn)
                    .optional()?)
            })
            .await?;
        row.map(|row| row.open(self.vault())).transpose()
    }

    pub async fn find_account(&self, id: Uuid) -> Result<Option<AccountRecord>> {
        let row: Option<AccountRow> = self
            .read(move |conn| {
                Ok(accounts::table
                    .filter(accounts::id.eq(Key(id)))
                    .select(AccountRow::as_select())
                    .first(conn)
                    .optional()?)
            })
            .await?;
        row.map(|row| row.open(self.vault())).transpose()
    }

    pub async fn find_account_by_mobile(&self, mobile: &Mobile) -> Result<Option<AccountRecord>> {
        let index = mobile_index(self.vault(), mobile);
        let row: Option<AccountRow> = self
            .read(move |conn| {
                Ok(accounts::table
                    .filter(accounts::mobile_index.eq(index))
                    .select(AccountRow::as_select())
                    .first(conn)
                    .optional()?)
            })
            .await?;
        row.map(|row| row.open(self.vault())).transpose()
    }

    pub async fn list_posts(&self, account: Uuid) -> Result<Vec<Post>> {
        let rows: Vec<PostRow> = self
            .read(move |conn| {
                Ok(posts::table
                    .filter(posts::account.eq(Key(account)))
                    .order(posts::id)
                    .select(PostRow::as_select())
                    .load(conn)?)
            })
            .await?;
        rows.into_iter().map(post).collect()
    }

    /// Accepted mandates, not ended, in which this person is the agent.
    pub async fn list_mandates_of_agent(&self, agent: Uuid) -> Result<Vec<Mandate>> {
        let rows: Vec<MandateRow> = self
            .read(move |conn| {
                Ok(mandates::table
                    .filter(mandates::agent.eq(Key(agent)))
                    .filter(mandates::accepted_at.is_not_null())
                    .filter(mandates::ended_at.is_null())
                    .order(mandates::id)
                    .select(MandateRow::as_select())
                    .load(conn)?)
            })
            .await?;
        Ok(rows.into_iter().map(mandate).collect())
    }
}

fn mandate(row: MandateRow) -> Mandate {
    Mandate {
        id: row.id.0,
        principal: row.principal.0,
        guides: row.guides.map(|list| list.split(',').map(str::to_owned).collect()),
        valid_from: row.valid_from.0,
        valid_until: row.valid_until.map(|at| at.0),
    }
}
