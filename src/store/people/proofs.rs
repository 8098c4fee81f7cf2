//! 实名核验 as rows.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use crate::domain::identity::{Ial, IdentityProof, ProofMethod, Verifier};
use crate::store::Store;
use crate::store::conn::Conn;
use crate::store::error::{Error, Result};
use crate::store::schema::{accounts, identity_proofs};
use crate::store::types::{At, Key};

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = identity_proofs, treat_none_as_default_value = false)]
struct ProofRow {
    id: Key,
    person: Key,
    account: Option<Key>,
    ial: i32,
    method: String,
    evidence: String,
    verifier: Option<Key>,
    at: At,
    expires_at: At,
    withdrawn_at: Option<At>,
}

impl ProofRow {
    fn new(proof: &IdentityProof) -> Self {
        Self {
            id: Key(proof.id),
            person: Key(proof.person),
            account: proof.account.map(Key),
            ial: i32::from(proof.ial.get()),
            method: proof.method.as_str().to_owned(),
            evidence: proof.evidence.clone(),
            verifier: match proof.verifier {
                Verifier::Registry => None,
                Verifier::Officer(account) => Some(Key(account)),
            },
            at: At(proof.at),
            expires_at: At(proof.expires_at),
            withdrawn_at: proof.withdrawn_at.map(At),
        }
    }

    fn into_proof(self) -> Result<IdentityProof> {
        let ial = u8::try_from(self.ial).ok().and_then(Ial::new);
        let (Some(ial), Some(method)) = (ial, ProofMethod::parse(&self.method)) else {
            return Err(Error::corrupt("identity_proofs", self.id.0, "it is no proof"));
        };
        Ok(IdentityProof {
            id: self.id.0,
            person: self.person.0,
            account: self.account.map(|id| id.0),
            ial,
            method,
            evidence: self.evidence,
            verifier: self.verifier.map_or(Verifier::Registry, |id| Verifier::Officer(id.0)),
            at: self.at.0,
            expires_at: self.expires_at.0,
            withdrawn_at: self.withdrawn_at.map(|at| at.0),
        })
    }
}

pub(super) fn insert(conn: &mut Conn, proof: &IdentityProof) -> QueryResult<bool> {
    diesel::insert_into(identity_proofs::table).values(ProofRow::new(proof)).execute(conn).map(|n| n == 1)
}

pub(super) fn withdraw(conn: &mut Conn, id: Uuid, at: DateTime<Utc>) -> QueryResult<bool> {
    let standing = identity_proofs::table.filter(identity_proofs::id.eq(Key(id)));
    diesel::update(standing.filter(identity_proofs::withdrawn_at.is_null()))
        .set(identity_proofs::withdrawn_at.eq(Some(At(at))))
        .execute(conn)
        .map(|n| n == 1)
}

impl Store {
    /// All proofs of a person, the latest first, whether in force or not.
    pub async fn list_proofs(&self, person: Uuid) -> Result<Vec<IdentityProof>> {
        let rows: Vec<ProofRow> = self
            .read(move |conn| {
                Ok(identity_proofs::table
                    .filter(identity_proofs::person.eq(Key(person)))
                    .order(identity_proofs::id.desc())
                    .select(ProofRow::as_select())
                    .load(conn)?)
            })
            .await?;
        rows.into_iter().map(ProofRow::into_proof).collect()
    }

    /// Those that vouch for whoever signs in with an account, as the person it has now.
    pub async fn list_proofs_of_account(&self, account: Uuid) -> Result<Vec<IdentityProof>> {
        let rows: Vec<ProofRow> = self
            .read(move |conn| {
                let person = accounts::table.filter(accounts::id.eq(Key(account))).select(accounts::person);
                let person: Option<Key> = person.first(conn).optional()?;
                let Some(person) = person else { return Ok(Vec::new()) };
                Ok(identity_proofs::table
                    .filter(identity_proofs::account.eq(Key(account)))
                    .filter(identity_proofs::person.eq(person))
                    .order(identity_proofs::id.desc())
                    .select(ProofRow::as_select())
                    .load(conn)?)
            })
            .await?;
        rows.into_iter().map(ProofRow::into_proof).collect()
    }

    pub async fn find_proof(&self, id: Uuid) -> Result<Option<IdentityProof>> {
        let row: Option<ProofRow> = self
            .read(move |conn| {
                Ok(identity_proofs::table
                    .filter(identity_proofs::id.eq(Key(id)))
                    .select(ProofRow::as_select())
                    .first(conn)
                    .optional()?)
            })
            .await?;
        row.map(ProofRow::into_proof).transpose()
    }
}
