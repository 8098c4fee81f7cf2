//! 审计: what is kept of who did or tried what. An entry says who acted, through
//! which client, on what, and how it ended; it never holds a secret, a name, an
//! ID number or a mobile number.

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

/// One line of the audit trail.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditEntry {
    /// Time-ordered, so that the trail is read in the order of its ids.
    pub id: Uuid,
    pub at: DateTime<Utc>,
    /// Who acted; none when nobody is known to have, e.g. at a failed sign-in.
    pub account: Option<Uuid>,
    pub action: AuditAction,
    /// What it was done to: the id of an account, person, case, client, key…
    pub subject: Option<String>,
    pub outcome: Outcome,
    /// The OAuth client it came through.
    pub client: Option<String>,
    /// Keyed index of the network it came from; equal ones can be told, none can be read.
    pub network: Option<Vec<u8>>,
    pub request_id: Option<String>,
    /// What else matters, as a JSON object.
    pub details: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    Succeeded,
    Refused,
}

impl Outcome {
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Succeeded => "succeeded",
            Outcome::Refused => "refused",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Outcome::Succeeded, Outcome::Refused].into_iter().find(|outcome| outcome.as_str() == text)
    }
}

/// Declares the actions once, with their words.
macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $word:literal),+ $(,)?) => {
        /// What is kept on record.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum AuditAction {
            $($(#[$doc])* $name,)+
        }

        impl AuditAction {
            pub const ALL: &'static [AuditAction] = &[$(AuditAction::$name),+];

            pub fn as_str(self) -> &'static str {
                match self { $(AuditAction::$name => $word,)+ }
            }
        }
    };
}

actions! {
    /// 注册
    Registered = "account.registered",
    /// 登录, or a try at it.
    SignedIn = "account.signed_in",
    /// A further factor was shown, or tried.
    SecondFactor = "account.second_factor",
    /// A recovery code was used in the place of an app.
    RecoveryCodeUsed = "account.recovery_code_used",
    /// 设置动态口令或通行密钥
    AuthenticatorAdded = "account.authenticator_added",
    /// 删除动态口令或通行密钥
    AuthenticatorRemoved = "account.authenticator_removed",
    /// 授权同意 given to a third-party app, or refused.
    ConsentGiven = "consent.given",
    /// 撤回同意
    ConsentRevoked = "consent.revoked",
    /// 退出
    SignedOut = "account.signed_out",
    /// A used code or refresh token came again; its session was ended.
    TokenReplayed = "token.replayed",
    /// A code by SMS was asked for.
    CodeRequested = "account.code_requested",
    /// A try was turned away unheard: too many had failed before.
    Throttled = "account.throttled",
    /// 修改密码
    PasswordChanged = "account.password_changed",
    /// One or all sessions of an account were ended by its owner.
    SessionsEnded = "account.sessions_ended",
    /// An officer reached for what his post does not allow.
    AccessRefused = "case.access_refused",
    /// 脱敏查看: a masked value was shown in the clear.
    Unmasked = "case.unmasked",
    /// 数据删除: the personal data of a case was erased by schedule.
    CaseErased = "case.erased",
    /// The same of an application for a bundle.
    ApplicationErased = "bundle_application.erased",
    /// 领办: an officer took a case from a worklist.
    CaseClaimed = "case.claimed",
    /// 释放: it is anybody's again.
    CaseReleased = "case.released",
    /// 改派: a supervisor gave it to a post.
    CaseReassigned = "case.reassigned",
    /// 查找: an officer looked for somebody's cases; for whom is told by a label.
    CasesSearched = "case.searched",
    /// 接续码: somebody may go on with a case elsewhere.
    HandoffIssued = "case.handoff_issued",
    HandoffOpened = "case.handoff_opened",
    /// 请假: the cases of a post went to its substitute, or back to the worklists.
    LeaveBegun = "post.leave_begun",
    LeaveEnded = "post.leave_ended",
    /// 任命
    PostGiven = "post.given",
    /// 免职
    PostEnded = "post.ended",
    /// An auditor read the audit trail.
    AuditRead = "audit.read",
    /// An auditor took a copy of the audit trail.
    AuditExported = "audit.exported",
    /// 工作日历: a year's notice was entered.
    CalendarChanged = "calendar.changed",
    /// Regions, agencies or counters were imported.
    OrganisationChanged = "organisation.changed",
    /// 密钥: a signing key was made.
    KeyMade = "key.made",
    /// A signing key was given a successor.
    KeyRotated = "key.rotated",
    /// A signing key stops signing at the time told.
    KeyRetired = "key.retired",
    /// How often a key was used for one purpose between two times.
    KeyUsed = "key.used",
    /// 接入应用: registered.
    ClientRegistered = "client.registered",
    /// Its registration was changed.
    ClientChanged = "client.changed",
    /// Its secret was replaced.
    ClientSecretRotated = "client.secret_rotated",
    /// It was switched off; its tokens ended with it.
    ClientDisabled = "client.disabled",
    /// It was switched on again.
    ClientEnabled = "client.enabled",
    /// A person let a kiosk or another device sign in as him, or did not.
    DeviceDecided = "device.decided",
    /// An agent got a token for his principal, or did not.
    TokenExchanged = "token.exchanged",
    /// 办事指南: guides, items or certificate types were published, or a guide withdrawn.
    CatalogueChanged = "catalogue.changed",
    /// 编制: drafts of them were handed in.
    CatalogueDrafted = "catalogue.drafted",
    /// A draft was rejected, or taken back by its editor.
    DraftRejected = "catalogue.draft_rejected",
    /// 四眼原则: a draft's editor tried to publish it himself.
    OwnDraftRefused = "catalogue.own_draft_refused",
    /// 实名核验, passed or not.
    IdentityProven = "person.proven",
    /// A proof turned out to be none.
    ProofWithdrawn = "person.proof_withdrawn",
    /// An officer looked at the card of somebody before him.
    PersonIdentified = "person.identified",
    /// An account turned out to be of a person who was known already.
    AccountJoined = "account.joined",
    /// An account lost the person it claimed to somebody who proved better who he is.
    AccountDetached = "account.detached",
    /// Name, number or language were changed.
    AccountChanged = "account.changed",
    /// 注销
    AccountClosed = "account.closed",
    /// 法人: somebody asked for an organisation of his, and it was found or not.
    OrganizationFound = "organization.found",
    /// The business registry was asked again about an organisation.
    OrganizationChecked = "organization.checked",
    /// Somebody became, or was invited to become, a member.
    MemberAdded = "organization.member_added",
    MemberChanged = "organization.member_changed",
    MemberEnded = "organization.member_ended",
    /// 授权
    MandateOffered = "mandate.offered",
    MandateAccepted = "mandate.accepted",
    MandateDeclined = "mandate.declined",
    MandateEnded = "mandate.ended",
    /// 监护
    GuardianRecorded = "mandate.guardian_recorded",
    /// 帮办码
    HelperCodeIssued = "mandate.helper_code_issued",
    HelperCodeRedeemed = "mandate.helper_code_redeemed",
}

impl AuditAction {
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|action| action.as_str() == text)
    }
}

impl AuditEntry {
    /// An entry with nothing but its action; the rest is set by the caller.
    pub fn new(id: Uuid, at: DateTime<Utc>, action: AuditAction, outcome: Outcome) -> Self {
        Self {
            id,
            at,
            account: None,
            action,
            subject: None,
            outcome,
            client: None,
            network: None,
            request_id: None,
            details: Value::Object(serde_json::Map::new()),
        }
    }

    #[must_use]
    pub fn by(mut self, account: Uuid) -> Self {
        self.account = Some(account);
        self
    }

    #[must_use]
    pub fn on(mut self, subject: impl ToString) -> Self {
        self.subject = Some(subject.to_string());
        self
    }

    #[must_use]
    pub fn through(mut self, client: impl ToString) -> Self {
        self.client = Some(client.to_string());
        self
    }

    #[must_use]
    pub fn from_network(mut self, network: Vec<u8>) -> Self {
        self.network = Some(network);
        self
    }

    #[must_use]
    pub fn in_request(mut self, request_id: impl Into<String>) -> Self {
        self.request_id = Some(request_id.into());
        self
    }

    #[must_use]
    pub fn with(mut self, details: Value) -> Self {
        self.details = details;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_has_a_word_of_its_own_and_is_read_back() {
        let mut words: Vec<_> = AuditAction::ALL.iter().map(|action| action.as_str()).collect();
        for action in AuditAction::ALL {
            assert_eq!(AuditAction::parse(action.as_str()), Some(*action));
        }
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), AuditAction::ALL.len());
    }
}
