use proptest::prelude::*;

use super::super::client::{Channel, sample};
use super::super::pkce::challenge_of;
use super::*;

const CALLBACK: &str = "https://app.example.cn/callback";

fn good() -> Vec<(String, String)> {
    [
        ("response_type", "code"),
        ("client_id", "sample"),
        ("redirect_uri", CALLBACK),
        ("scope", "openid cases"),
        ("state", "s-1"),
        ("code_challenge", &challenge_of(&"v".repeat(43))),
        ("code_challenge_method", "S256"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}

fn with(name: &str, value: &str) -> Vec<(String, String)> {
    let mut pairs = good();
    pairs.retain(|(other, _)| other != name);
    pairs.push((name.to_owned(), value.to_owned()));
    pairs
}

fn checked(pairs: Vec<(String, String)>) -> Result<AuthorizationRequest, Rejection> {
    check(&Parameters::new(pairs), Some(&sample(Channel::Web)))
}

fn told(result: Result<AuthorizationRequest, Rejection>) -> OAuthCode {
    match result {
        Err(Rejection::Redirect { to, state, error }) => {
            assert_eq!((to.as_str(), state.as_deref()), (CALLBACK, Some("s-1")));
            error.code
        }
        other => panic!("not told to the client: {other:?}"),
    }
}

#[test]
fn a_good_request_goes_on() {
    let request = checked(good()).unwrap();
    assert_eq!(request.scopes.to_string(), "openid cases");
    let answer = request.answer("c", "https://portal.example");
    assert_eq!(answer, "https://app.example.cn/callback?code=c&iss=https%3A%2F%2Fportal.example&state=s-1");
}

#[test]
fn what_is_wrong_is_told_to_the_client() {
    for (name, value, code) in [
        ("response_type", "token", OAuthCode::UnsupportedResponseType),
        ("response_type", "", OAuthCode::InvalidRequest),
        ("scope", "", OAuthCode::InvalidScope),
        ("scope", "root", OAuthCode::InvalidScope),
        ("scope", "staff", OAuthCode::InvalidScope),
        ("code_challenge", "", OAuthCode::InvalidRequest),
        ("code_challenge", "short", OAuthCode::InvalidRequest),
        ("code_challenge_method", "plain", OAuthCode::InvalidRequest),
        ("code_challenge_method", "", OAuthCode::InvalidRequest),
        ("prompt", "sometimes", OAuthCode::InvalidRequest),
        ("prompt", "none login", OAuthCode::InvalidRequest),
        ("prompt", "login none", OAuthCode::InvalidRequest),
        ("max_age", "-1", OAuthCode::InvalidRequest),
        ("response_mode", "fragment", OAuthCode::InvalidRequest),
        ("request", "eyJ", OAuthCode::RequestNotSupported),
        ("request_uri", "urn:x", OAuthCode::RequestUriNotSupported),
        ("login_hint", &"1".repeat(1025), OAuthCode::InvalidRequest),
    ] {
        assert_eq!(told(checked(with(name, value))), code, "{name}={value}");
    }
}

#[test]
fn an_address_that_is_not_registered_is_never_answered() {
    for uri in
        ["", "https://evil.example/", "https://app.example.cn/callback/", "https://app.example.cn/callback?x"]
    {
        let problem = Err(Rejection::Page(PageProblem::UnknownRedirectUri));
        assert_eq!(checked(with("redirect_uri", uri)), problem, "{uri}");
    }
}

#[test]
fn a_parameter_given_twice_is_a_page() {
    let mut pairs = good();
    pairs.push(("redirect_uri".to_owned(), "https://evil.example/".to_owned()));
    assert_eq!(checked(pairs), Err(Rejection::Page(PageProblem::Repeated)));
}

#[test]
fn an_unknown_or_disabled_client_is_a_page() {
    let parameters = Parameters::new(good());
    let unknown = Err(Rejection::Page(PageProblem::UnknownClient));
    assert_eq!(check(&parameters, None), unknown);
    let mut client = sample(Channel::Web);
    client.disabled_at = Some(chrono::DateTime::UNIX_EPOCH);
    assert_eq!(check(&parameters, Some(&client)), unknown);
}

#[test]
fn a_client_that_must_push_its_requests_cannot_send_them_directly() {
    let mut client = sample(Channel::Web);
    client.require_par = true;
    let parameters = Parameters::new(good());
    assert_eq!(told(check(&parameters, Some(&client))), OAuthCode::InvalidRequest);
    let pushed = check_by(Way::Pushed([7; 32]), &parameters, Some(&client)).unwrap();
    assert_eq!(pushed.way, Way::Pushed([7; 32]));
}

#[test]
fn the_key_of_a_code_is_a_thumbprint() {
    let key = challenge_of("a key");
    assert_eq!(checked(with("dpop_jkt", &key)).unwrap().key.map(|key| key.to_string()), Some(key));
    assert_eq!(told(checked(with("dpop_jkt", "short"))), OAuthCode::InvalidRequest);
}

#[test]
fn prompts_are_understood() {
    for (text, prompt) in [
        ("", Prompt::WhenNeeded),
        ("none", Prompt::Never),
        ("login", Prompt::SignIn),
        ("consent", Prompt::Consent),
        ("consent login", Prompt::SignInAndConsent),
        ("login consent", Prompt::SignInAndConsent),
        ("login consent select_account", Prompt::SignInAndConsent),
        ("login select_account", Prompt::SignIn),
        ("select_account", Prompt::SignIn),
    ] {
        assert_eq!(checked(with("prompt", text)).unwrap().prompt, prompt, "{text}");
    }
}

proptest! {
    /// Open redirects are impossible: whatever is sent, an answer goes to the
    /// registered address or nowhere.
    #[test]
    fn no_request_moves_the_answer_elsewhere(
        pairs in proptest::collection::vec(
            (
                proptest::sample::select(vec![
                    "response_type", "client_id", "redirect_uri", "scope", "state", "code_challenge",
                    "code_challenge_method", "prompt", "max_age", "request", "nonce",
                ]),
                prop_oneof![
                    Just("code".to_owned()), Just("sample".to_owned()), Just(CALLBACK.to_owned()),
                    Just("https://evil.example".to_owned()), Just("S256".to_owned()), Just("openid".to_owned()),
                    Just("a".repeat(43)), "\\PC{0,20}",
                ],
            ),
            0..12,
        ),
        keep_good in any::<bool>(),
    ) {
        let mut all: Vec<(String, String)> =
            pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        if keep_good {
            all.extend(good());
        }
        let location = match checked(all) {
            Ok(request) => request.answer("code", "https://portal.example"),
            Err(Rejection::Redirect { to, state, error }) => {
                error_location(&to, state.as_deref(), &error, "https://portal.example")
            }
            Err(Rejection::Page(_)) => return Ok(()),
        };
        prop_assert!(location.starts_with("https://app.example.cn/callback?"), "{location}");
        prop_assert!(location.bytes().all(|b| b.is_ascii_graphic()));
    }
}
