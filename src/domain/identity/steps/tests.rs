use proptest::prelude::*;

use super::super::browser_sign_in::sample as sign_in;
use super::super::client::sample as client;
use super::*;

fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_770_000_000, 0).unwrap()
}

fn methods(words: &str) -> Methods {
    Methods::parse(words).unwrap()
}

fn scopes(words: &str) -> ScopeSet {
    ScopeSet::parse(words).unwrap()
}

fn acr(text: &str) -> Assurance {
    Assurance::parse_acr(text).unwrap()
}

fn facts(ial: u8, enrolled: &str) -> Facts {
    Facts { ial: Ial::new(ial).unwrap(), enrolled: methods(enrolled), is_hinted: true }
}

fn wanted() -> Wanted {
    Wanted {
        prompt: Prompt::WhenNeeded,
        max_age_seconds: None,
        acr: Vec::new(),
        scopes: scopes("openid cases"),
        stale: None,
    }
}

/// Somebody who brought his sign-in along.
fn brought(wanted: Wanted) -> Wanted {
    Wanted { stale: Some(sign_in("pwd", noon()).proof), ..wanted }
}

fn with_acr(values: &[&str]) -> Wanted {
    Wanted { acr: values.iter().map(|value| acr(value)).collect(), ..wanted() }
}

/// What the website is answered for somebody who showed `shown` at noon.
fn step(wanted: &Wanted, shown: &str, facts: Facts, later: TimeDelta) -> Step {
    step_for(Channel::Web, wanted, shown, facts, Consent::default(), later)
}

fn step_for(
    channel: Channel,
    wanted: &Wanted,
    shown: &str,
    facts: Facts,
    consent: Consent,
    later: TimeDelta,
) -> Step {
    let (client, sign_in) = (client(channel), sign_in(shown, noon()));
    let present = Present { sign_in: &sign_in, facts };
    next_step(wanted, Some(&client), Some(present), consent, &Lifetimes::default(), noon() + later)
}

const NOW: TimeDelta = TimeDelta::zero();

#[test]
fn nobody_at_the_browser_signs_in_first() {
    let web = client(Channel::Web);
    let none = |wanted: &Wanted| {
        next_step(wanted, Some(&web), None, Consent::default(), &Lifetimes::default(), noon())
    };
    assert_eq!(none(&wanted()), Step::AskPassword);
    assert_eq!(none(&with_acr(&["ial4-aal3"])), Step::AskPassword);
    assert!(matches!(
        none(&Wanted { prompt: Prompt::Never, ..wanted() }),
        Step::Refuse(OAuthError { code: OAuthCode::LoginRequired, .. })
    ));
}

#[test]
fn who_signed_in_before_is_answered_until_the_sign_in_is_over() {
    let known = facts(1, "pwd sms");
    let wanted = brought(wanted());
    assert_eq!(step(&wanted, "pwd", known, NOW), Step::Answer);
    assert_eq!(step(&wanted, "pwd", known, TimeDelta::minutes(29)), Step::Answer);
    assert_eq!(step(&wanted, "pwd", known, TimeDelta::minutes(30)), Step::AskPassword);
}

#[test]
fn who_must_sign_in_anew_needs_another_proof_than_the_one_he_brought() {
    let known = facts(1, "pwd sms");
    for prompt in [Prompt::SignIn, Prompt::SignInAndConsent] {
        let asked = Wanted { prompt, ..wanted() };
        assert_eq!(step(&brought(asked.clone()), "pwd", known, NOW), Step::AskPassword);
        assert_eq!(step(&asked, "pwd", known, NOW), Step::Answer);
        // Not for ever: an address kept from that sign-in is no way around the next.
        assert_eq!(step(&asked, "pwd", known, TimeDelta::minutes(11)), Step::AskPassword);
    }
    let hinted = Facts { is_hinted: false, ..known };
    assert_eq!(step(&brought(wanted()), "pwd", hinted, NOW), Step::AskPassword);
    assert_eq!(step(&wanted(), "pwd", hinted, NOW), Step::Answer);
}

#[test]
fn a_proof_is_no_older_than_max_age_but_one_made_for_the_request_has_ten_minutes() {
    let known = facts(1, "pwd sms");
    for (max_age, is_brought, minutes, expected) in [
        (0, true, 0, Step::Answer),
        (0, true, 1, Step::AskPassword),
        (600, true, 10, Step::Answer),
        (600, true, 11, Step::AskPassword),
        (0, false, 10, Step::Answer),
        (0, false, 11, Step::AskPassword),
        (900, false, 15, Step::Answer),
        (900, false, 16, Step::AskPassword),
        (u64::MAX, true, 29, Step::Answer),
    ] {
        let asked = Wanted { max_age_seconds: Some(max_age), ..wanted() };
        let asked = if is_brought { brought(asked) } else { asked };
        let found = step(&asked, "pwd", known, TimeDelta::minutes(minutes));
        assert_eq!(found, expected, "{max_age} {is_brought} {minutes}");
    }
}

#[test]
fn the_first_class_that_can_be_reached_counts() {
    for (values, shown, known, expected) in [
        (&["ial1-aal1"][..], "pwd", facts(1, "pwd sms"), Step::Answer),
        (&["ial1-aal2"], "pwd", facts(1, "pwd sms"), Step::AskSecondFactor(methods("sms"))),
        (&["ial1-aal2"], "sms", facts(1, "pwd sms"), Step::AskSecondFactor(methods("pwd"))),
        (&["ial1-aal2"], "pwd", facts(1, "pwd sms swk"), Step::AskSecondFactor(methods("sms swk"))),
        (&["ial1-aal2"], "pwd sms", facts(1, "pwd sms"), Step::Answer),
        (&["ial1-aal3"], "pwd sms", facts(1, "pwd sms hwk"), Step::AskSecondFactor(methods("hwk"))),
        (&["ial1-aal3"], "pwd", facts(1, "pwd sms"), Step::AskIdentity(acr("ial1-aal3"))),
        (&["ial1-aal3", "ial1-aal2"], "pwd", facts(1, "pwd sms"), Step::AskSecondFactor(methods("sms"))),
        (&["ial2-aal1"], "pwd", facts(1, "pwd sms"), Step::AskIdentity(acr("ial2-aal1"))),
        (&["ial2-aal1"], "pwd", facts(3, "pwd sms"), Step::Answer),
        (&["ial4-aal1", "ial3-aal1"], "pwd", facts(3, "pwd sms"), Step::Answer),
        (&["ial4-aal1", "ial3-aal1"], "pwd", facts(2, "pwd sms"), Step::AskIdentity(acr("ial4-aal1"))),
        (&[], "pwd", facts(1, "pwd sms"), Step::Answer),
    ] {
        assert_eq!(step(&with_acr(values), shown, known, NOW), expected, "{values:?} {shown}");
    }
}

#[test]
fn who_set_up_an_app_for_codes_is_asked_for_one_every_time() {
    let known = facts(1, "pwd sms otp");
    assert_eq!(step(&wanted(), "pwd", known, NOW), Step::AskSecondFactor(methods("otp")));
    assert_eq!(step(&wanted(), "pwd otp", known, NOW), Step::Answer);
    // A code by SMS does not stand in for it, before or beside the password.
    assert_eq!(step(&wanted(), "pwd sms", known, NOW), Step::AskSecondFactor(methods("otp")));
    assert_eq!(step(&wanted(), "sms", known, NOW), Step::AskSecondFactor(methods("pwd otp")));
    assert_eq!(step(&wanted(), "sms otp", known, NOW), Step::AskSecondFactor(methods("pwd")));
    assert_eq!(step(&wanted(), "swk", facts(1, "pwd sms otp swk"), NOW), Step::Answer);
}

#[test]
fn staff_show_a_code_from_an_app_or_a_passkey_and_are_away_a_quarter_of_an_hour_at_most() {
    let staff = Wanted { scopes: scopes("openid staff"), ..wanted() };
    for (shown, enrolled, expected) in [
        ("pwd", "pwd sms otp", Step::AskSecondFactor(methods("otp"))),
        ("pwd", "pwd sms swk", Step::AskSecondFactor(methods("swk"))),
        ("pwd otp", "pwd sms otp", Step::Answer),
        ("hwk", "pwd sms hwk", Step::Answer),
        ("pwd sms", "pwd sms", Step::AskSecondFactor(Methods::NONE)),
        ("pwd", "pwd sms", Step::AskSecondFactor(Methods::NONE)),
    ] {
        assert_eq!(step(&staff, shown, facts(3, enrolled), NOW), expected, "{shown} of {enrolled}");
    }
    let known = facts(3, "pwd sms otp");
    assert_eq!(step(&staff, "pwd otp", known, TimeDelta::minutes(14)), Step::Answer);
    assert_eq!(step(&staff, "pwd otp", known, TimeDelta::minutes(15)), Step::AskPassword);
}

#[test]
fn a_kiosk_never_takes_over_a_sign_in() {
    let known = facts(1, "pwd sms");
    let at = |wanted: &Wanted, minutes| {
        step_for(Channel::Kiosk, wanted, "pwd", known, Consent::default(), TimeDelta::minutes(minutes))
    };
    assert_eq!(at(&brought(wanted()), 0), Step::AskPassword);
    assert_eq!(at(&wanted(), 0), Step::Answer);
    assert_eq!(at(&wanted(), 3), Step::AskPassword);
}

#[test]
fn third_parties_are_agreed_to_and_the_portal_s_own_clients_are_not() {
    let known = facts(1, "pwd sms");
    let given = |words, is_fresh| Consent { granted: scopes(words), is_fresh };
    let always = Wanted { prompt: Prompt::Consent, ..wanted() };
    for (asked, consent, expected) in [
        (&wanted(), given("", false), Step::AskConsent(scopes("openid cases"))),
        (&wanted(), given("openid", false), Step::AskConsent(scopes("cases"))),
        (&wanted(), given("openid profile cases", false), Step::Answer),
        (&always, given("openid cases", false), Step::AskConsent(scopes("openid cases"))),
        (&always, given("openid cases", true), Step::Answer),
        (&always, given("openid", true), Step::AskConsent(scopes("cases"))),
    ] {
        let found = step_for(Channel::ThirdParty, asked, "pwd", known, consent, NOW);
        assert_eq!(found, expected, "{:?} {consent:?}", asked.prompt);
    }
    assert_eq!(step(&always, "pwd", known, NOW), Step::Answer);
}

#[test]
fn without_a_word_to_the_person_the_client_learns_what_is_missing() {
    let silent = |wanted: Wanted| Wanted { prompt: Prompt::Never, ..wanted };
    let told = |step| match step {
        Step::Refuse(error) => error.code,
        other => panic!("not told: {other:?}"),
    };
    let known = facts(1, "pwd sms");
    assert_eq!(step(&silent(brought(wanted())), "pwd", known, NOW), Step::Answer);
    let old = silent(brought(Wanted { max_age_seconds: Some(1), ..wanted() }));
    assert_eq!(told(step(&old, "pwd", known, TimeDelta::seconds(2))), OAuthCode::LoginRequired);
    for value in ["ial1-aal2", "ial2-aal1", "ial1-aal3"] {
        let found = told(step(&silent(with_acr(&[value])), "pwd", known, NOW));
        assert_eq!(found, OAuthCode::InteractionRequired, "{value}");
    }
    let found = step_for(Channel::ThirdParty, &silent(wanted()), "pwd", known, Consent::default(), NOW);
    assert_eq!(told(found), OAuthCode::ConsentRequired);
}

fn any_methods() -> impl Strategy<Value = Methods> {
    let some = proptest::collection::vec(proptest::sample::select(Method::ALL.to_vec()), 1..5);
    some.prop_map(|some| some.into_iter().fold(Methods::NONE, Methods::with))
}

fn any_assurance() -> impl Strategy<Value = Assurance> {
    (1_u8..=4, 1_u8..=3)
        .prop_map(|(ial, aal)| Assurance { ial: Ial::new(ial).unwrap(), aal: Aal::new(aal).unwrap() })
}

fn any_scopes() -> impl Strategy<Value = ScopeSet> {
    proptest::collection::vec(proptest::sample::select(Scope::ALL.to_vec()), 1..5)
        .prop_map(|some| some.into_iter().collect())
}

prop_compose! {
    fn any_wanted()(
        prompt in proptest::sample::select(vec![
            Prompt::WhenNeeded, Prompt::Never, Prompt::SignIn, Prompt::Consent, Prompt::SignInAndConsent,
        ]),
        max_age_seconds in proptest::option::of(0_u64..4000),
        acr in proptest::collection::vec(any_assurance(), 0..4),
        scopes in any_scopes(),
        was_brought in any::<bool>(),
    ) -> Wanted {
        let wanted = Wanted { prompt, max_age_seconds, acr, scopes, stale: None };
        if was_brought { brought(wanted) } else { wanted }
    }
}

proptest! {
    #[test]
    fn nobody_is_answered_with_less_than_was_asked(
        asked in any_wanted(), shown in any_methods(), enrolled in any_methods(), ial in 1_u8..=4,
        is_hinted in any::<bool>(), granted in any_scopes(), is_fresh in any::<bool>(),
        seconds in 0_i64..50_000, channel in proptest::sample::select(Channel::ALL.to_vec()),
    ) {
        let facts = Facts { is_hinted, ..facts(ial, &enrolled.to_string()) };
        let (later, consent) = (TimeDelta::seconds(seconds), Consent { granted, is_fresh });
        let step = step_for(channel, &asked, &shown.to_string(), facts, consent, later);
        if asked.prompt == Prompt::Never {
            prop_assert!(matches!(step, Step::Answer | Step::Refuse(_)), "a page for prompt=none: {step:?}");
        } else {
            prop_assert!(!matches!(step, Step::Refuse(_)));
        }
        if let Step::AskSecondFactor(open) = step {
            prop_assert!(open.iter().all(|method| enrolled.contains(method)));
            prop_assert!(open.iter().all(|method| shown.with(method) != shown || open.is_empty()), "{open:?} after {shown:?}");
        }
        if step != Step::Answer {
            return Ok(());
        }
        let has = Assurance { ial: facts.ial, aal: shown.aal() };
        let is_new = asked.stale.is_none() && seconds <= 600;
        prop_assert!(asked.acr.is_empty() || asked.acr.iter().any(|acr| has.reaches(*acr)));
        prop_assert!(!asked.scopes.contains(Scope::Staff) || has.aal >= Aal::TWO_FACTORS);
        prop_assert!(!asked.scopes.contains(Scope::Staff) || seconds < 15 * 60);
        prop_assert!(channel != Channel::Kiosk || (is_new && seconds < 3 * 60));
        prop_assert!(!matches!(asked.prompt, Prompt::SignIn | Prompt::SignInAndConsent) || is_new);
        prop_assert!(is_hinted || is_new);
        if let Some(most) = asked.max_age_seconds {
            let most = i64::try_from(most).unwrap();
            prop_assert!(seconds <= most || is_new);
        }
        if channel == Channel::ThirdParty {
            prop_assert!(asked.scopes.is_subset_of(granted));
            prop_assert!(!matches!(asked.prompt, Prompt::Consent | Prompt::SignInAndConsent) || is_fresh);
        }
    }

    #[test]
    fn showing_what_is_asked_for_leads_on(
        asked in any_wanted(), shown in any_methods(), enrolled in any_methods(), ial in 1_u8..=4,
    ) {
        let facts = facts(ial, &enrolled.and(shown).to_string());
        let mut methods = shown;
        for _ in 0..Method::ALL.len() {
            let step = step_for(Channel::Web, &asked, &methods.to_string(), facts, Consent::default(), NOW);
            let Step::AskSecondFactor(open) = step else { return Ok(()) };
            let Some(next) = open.iter().next() else { return Ok(()) };
            prop_assert!(!methods.contains(next), "asked for {next:?} again");
            methods = methods.with(next);
        }
        prop_assert!(false, "asked for ever");
    }
}
