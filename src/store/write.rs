//! Writes to the tables that are not hot, one variant each. Every write is
//! guarded: `apply` tells whether it found what it expected.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::conn::Conn;
use super::{
    audit, bundles, calendar, cases, catalog, certificates, defence, handoffs, idempotency, identity,
    organisation, outbox, people, posts, retention, roots, settings, uploads, work,
};

/// One write. It is `Stale` when the row it expects is not there any more.
#[derive(Debug, Clone)]
pub enum Write {
    Setting(settings::SetSetting),
    RaiseEpoch(settings::Epoch),
    RaiseFrom(settings::RaiseFrom),
    Organisation(organisation::Write),
    Catalog(catalog::Write),
    People(people::Write),
    Identity(identity::Write),
    SignIn(identity::SignInWrite),
    Totp(identity::TotpWrite),
    Passkey(identity::PasskeyWrite),
    Protocol(identity::ProtocolWrite),
    Outbox(outbox::Write),
    Defence(defence::Write),
    Posts(posts::Write),
    Notice(calendar::PutNotice),
    Bundles(bundles::Write),
    RevokeCertificate(certificates::RevokeCertificate),
    Letter(cases::LetterWrite),
    Work(work::Write),
    Handoffs(handoffs::Write),
    Uploads(uploads::Write),
    Audit(audit::AuditRow),
    Root(roots::DailyRoot),
    Retention(retention::Write),
    /// Drops what answers repetitions, from before that time.
    Forget(DateTime<Utc>),
}

impl Write {
    pub(super) fn apply(&self, conn: &mut Conn) -> QueryResult<bool> {
        match self {
            Write::Setting(write) => write.apply(conn),
            Write::RaiseEpoch(epoch) => epoch.raise(conn),
            Write::RaiseFrom(raise) => raise.apply(conn),
            Write::Organisation(write) => write.apply(conn),
            Write::Catalog(write) => write.apply(conn),
            Write::People(write) => write.apply(conn),
            Write::Identity(write) => write.apply(conn),
            Write::SignIn(write) => write.apply(conn),
            Write::Totp(write) => write.apply(conn),
            Write::Passkey(write) => write.apply(conn),
            Write::Protocol(write) => write.apply(conn),
            Write::Outbox(write) => write.apply(conn),
            Write::Defence(write) => write.apply(conn),
            Write::Posts(write) => write.apply(conn),
            Write::Notice(write) => write.apply(conn),
            Write::Bundles(write) => write.apply(conn),
            Write::RevokeCertificate(write) => write.apply(conn),
            Write::Letter(write) => write.apply(conn),
            Write::Work(write) => write.apply(conn),
            Write::Handoffs(write) => write.apply(conn),
            Write::Uploads(write) => write.apply(conn),
            Write::Audit(row) => row.insert(conn),
            Write::Root(root) => root.insert(conn),
            Write::Retention(write) => write.apply(conn),
            Write::Forget(before) => idempotency::forget(conn, *before),
        }
    }
}

macro_rules! write_from {
    ($($variant:ident($ty:ty)),+ $(,)?) => {
        $(impl From<$ty> for Write {
            fn from(write: $ty) -> Self {
                Write::$variant(write)
            }
        })+
    };
}

write_from!(
    Setting(settings::SetSetting),
    RaiseEpoch(settings::Epoch),
    RaiseFrom(settings::RaiseFrom),
    Organisation(organisation::Write),
    Catalog(catalog::Write),
    People(people::Write),
    Identity(identity::Write),
    SignIn(identity::SignInWrite),
    Totp(identity::TotpWrite),
    Passkey(identity::PasskeyWrite),
    Protocol(identity::ProtocolWrite),
    Outbox(outbox::Write),
    Defence(defence::Write),
    Posts(posts::Write),
    Notice(calendar::PutNotice),
    Bundles(bundles::Write),
    RevokeCertificate(certificates::RevokeCertificate),
    Letter(cases::LetterWrite),
    Root(roots::DailyRoot),
    Retention(retention::Write),
    Work(work::Write),
    Handoffs(handoffs::Write),
    Uploads(uploads::Write),
);
