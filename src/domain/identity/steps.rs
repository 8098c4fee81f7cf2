//! What to do with somebody whom a client, or a page of the portal's own, sent to
//! sign in: answer at once, or ask for what is missing (OpenID Connect Core
//! §3.1.2.3, RFC 9470).
//!
//! What always holds: nobody is answered with less than was asked; `prompt=none`
//! never shows a page.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::assurance::{Aal, Assurance, Ial};
use super::authorize::{AuthorizationRequest, Prompt};
use super::browser_sign_in::BrowserSignIn;
use super::client::{Channel, Client};
use super::lifetimes::Lifetimes;
use super::methods::{Method, Methods};
use super::oauth_error::{OAuthCode, OAuthError};
use super::scope::{Scope, ScopeSet};
use super::session::Standing;

/// How long a proof counts as made for this very request: the time to show a second
/// factor and to agree. An address kept from an earlier sign-in leads nowhere after.
const FRESH: TimeDelta = TimeDelta::minutes(10);

/// What is asked of whoever comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    pub prompt: Prompt,
    /// How old the proof may be, in seconds.
    pub max_age_seconds: Option<u64>,
    /// The most wanted first; the first that can be reached counts.
    pub acr: Vec<Assurance>,
    pub scopes: ScopeSet,
    /// The proof the browser brought when the request came. Who must sign in anew
    /// needs another.
    pub stale: Option<Uuid>,
}

/// What is known of an account, apart from how its owner signed in this time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    pub ial: Ial,
    /// What he could show. A code by SMS is always among it.
    pub enrolled: Methods,
    /// Whether he is the one `login_hint` names; true when it names nobody.
    pub is_hinted: bool,
}

/// Who sits at the browser.
#[derive(Debug, Clone, Copy)]
pub struct Present<'a> {
    pub sign_in: &'a BrowserSignIn,
    pub facts: Facts,
}

/// What the person let the client do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Consent {
    pub granted: ScopeSet,
    /// Whether it was given for this very request.
    pub is_fresh: bool,
}

/// What comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Answer,
    /// Sign in from the beginning.
    AskPassword,
    /// Show one of these as well; none means that he must first set one up.
    AskSecondFactor(Methods),
    /// Agree to these, which he has not yet.
    AskConsent(ScopeSet),
    /// Prove better who he is, or set up what reaches this: it cannot be done here and now.
    AskIdentity(Assurance),
    /// Tell the client, since it said that nobody may be asked.
    Refuse(OAuthError),
}

impl Wanted {
    pub fn of(request: &AuthorizationRequest, stale: Option<Uuid>) -> Self {
        Self {
            prompt: request.prompt,
            max_age_seconds: request.max_age_seconds,
            acr: request.acr_values.iter().filter_map(|value| Assurance::parse_acr(value)).collect(),
            scopes: request.scopes,
            stale,
        }
    }

    /// For a page of the portal itself.
    pub fn page(aal: Aal, max_age_seconds: Option<u64>, stale: Option<Uuid>) -> Self {
        Self {
            prompt: Prompt::WhenNeeded,
            max_age_seconds,
            acr: vec![Assurance { ial: Ial::DECLARED, aal }],
            scopes: ScopeSet::EMPTY,
            stale,
        }
    }

    fn is_for_staff(&self) -> bool {
        self.scopes.contains(Scope::Staff)
    }
}

impl Facts {
    /// The strongest he could sign in.
    fn best_aal(self) -> Aal {
        self.enrolled.aal()
    }

    fn reaches(self, wanted: Assurance) -> bool {
        Assurance { ial: self.ial, aal: self.best_aal() }.reaches(wanted)
    }

    /// What he may show beside what he showed. A code by SMS does not stand in for
    /// the app he set up instead.
    fn second_factors(self) -> impl Iterator<Item = Method> {
        let weaker = self.enrolled.contains(Method::Totp).then_some(Method::SmsCode);
        self.enrolled.iter().filter(move |method| Some(*method) != weaker)
    }
}

/// The next step. `client` is none for a page of the portal's own.
pub fn next_step(
    wanted: &Wanted,
    client: Option<&Client>,
    present: Option<Present<'_>>,
    consent: Consent,
    lifetimes: &Lifetimes,
    now: DateTime<Utc>,
) -> Step {
    let Some(present) = present.filter(|present| suffices(wanted, client, *present, lifetimes, now)) else {
        return ask(wanted, Step::AskPassword);
    };
    let facts = present.facts;
    let target = wanted.acr.iter().find(|acr| facts.reaches(**acr)).or(wanted.acr.first()).copied();
    if let Some(target) = target.filter(|target| !facts.reaches(*target)) {
        return ask(wanted, Step::AskIdentity(target));
    }
    if let Some(open) = missing_factor(wanted, target.map(|target| target.aal), present) {
        return ask(wanted, Step::AskSecondFactor(open));
    }
    match client.and_then(|client| missing_consent(wanted, client, consent)) {
        Some(missing) => ask(wanted, Step::AskConsent(missing)),
        None => Step::Answer,
    }
}

/// The page, unless nobody may be asked.
fn ask(wanted: &Wanted, page: Step) -> Step {
    if wanted.prompt != Prompt::Never {
        return page;
    }
    let (code, description) = match page {
        Step::AskPassword => (OAuthCode::LoginRequired, "the person has to sign in"),
        Step::AskConsent(_) => (OAuthCode::ConsentRequired, "the person has to agree"),
        Step::AskSecondFactor(_) => {
            (OAuthCode::InteractionRequired, "the person has to show a second factor")
        }
        Step::AskIdentity(_) => (OAuthCode::InteractionRequired, "the person has to prove better who he is"),
        Step::Answer | Step::Refuse(_) => return page,
    };
    Step::Refuse(OAuthError::new(code, description))
}

/// Whether the sign-in is young enough and of the right person.
fn suffices(
    wanted: &Wanted,
    client: Option<&Client>,
    present: Present<'_>,
    lifetimes: &Lifetimes,
    now: DateTime<Utc>,
) -> bool {
    let sign_in = present.sign_in;
    let at_kiosk = client.is_some_and(|client| client.channel == Channel::Kiosk);
    // A browser may be left by its user; only an app holds on to what it was allowed.
    let scopes = wanted.scopes.without(Scope::OfflineAccess);
    let lifetime = lifetimes.of(client.map_or(Channel::Web, |client| client.channel), scopes);
    let is_live = sign_in.standing(lifetime, now) == Standing::Live
        && now < sign_in.authenticated_at + lifetime.absolute;
    let age = now - sign_in.authenticated_at;
    let is_new = wanted.stale != Some(sign_in.proof) && age <= FRESH;
    let asks_anew = match wanted.prompt {
        Prompt::SignIn | Prompt::SignInAndConsent => true,
        // A kiosk's next user must not find himself signed in as the one before.
        Prompt::WhenNeeded | Prompt::Never | Prompt::Consent => at_kiosk,
    };
    let allowed = wanted.max_age_seconds.map(|seconds| {
        let asked = i64::try_from(seconds).ok().and_then(TimeDelta::try_seconds).unwrap_or(TimeDelta::MAX);
        if is_new { asked.max(FRESH) } else { asked }
    });
    is_live
        && (is_new || !asks_anew)
        && (is_new || present.facts.is_hinted)
        && allowed.is_none_or(|allowed| age <= allowed)
}

/// What to choose from when the sign-in is not strong enough.
fn missing_factor(wanted: &Wanted, target: Option<Aal>, present: Present<'_>) -> Option<Methods> {
    let Present { sign_in, facts } = present;
    let has_app = facts.enrolled.contains(Method::Totp);
    let own = has_app.then(|| facts.best_aal().min(Aal::TWO_FACTORS));
    let staff = wanted.is_for_staff().then_some(Aal::TWO_FACTORS);
    let needed = [target, own, staff].into_iter().flatten().max().unwrap_or(Aal::ONE_FACTOR);
    // Staff, and whoever set up an app for codes, show more than a code by SMS.
    let has_device = |methods: Methods| {
        let devices = [Method::Totp, Method::Passkey, Method::BoundPasskey];
        devices.into_iter().any(|method| methods.contains(method))
    };
    let needs_device = wanted.is_for_staff() || own == Some(Aal::TWO_FACTORS);
    let is_enough = |methods: Methods| methods.aal() >= needed && (has_device(methods) || !needs_device);
    if is_enough(sign_in.methods) {
        return None;
    }
    let choice = |is_open: &dyn Fn(Methods) -> bool| {
        let open = facts.second_factors().filter(|method| is_open(sign_in.methods.with(*method)));
        open.fold(Methods::NONE, Methods::with)
    };
    let at_once = choice(&is_enough);
    if !at_once.is_empty() || !is_enough(sign_in.methods.and(facts.enrolled)) {
        return Some(at_once);
    }
    // It takes two more: whichever brings him nearer.
    Some(choice(&|methods| {
        methods.aal() > sign_in.aal() || (has_device(methods) && !has_device(sign_in.methods))
    }))
}

/// What a third party asks for and was not granted.
fn missing_consent(wanted: &Wanted, client: &Client, consent: Consent) -> Option<ScopeSet> {
    if client.is_first_party() {
        return None;
    }
    let asks_anew = match wanted.prompt {
        Prompt::Consent | Prompt::SignInAndConsent => !consent.is_fresh,
        Prompt::WhenNeeded | Prompt::Never | Prompt::SignIn => false,
    };
    if asks_anew {
        return Some(wanted.scopes);
    }
    let missing: ScopeSet = wanted.scopes.iter().filter(|scope| !consent.granted.contains(*scope)).collect();
    (!missing.is_empty()).then_some(missing)
}

#[cfg(test)]
mod tests;
