use super::*;

fn none() -> impl Iterator<Item = (String, String)> {
    std::iter::empty()
}

#[test]
fn the_sample_is_a_valid_configuration() {
    Config::parse(SAMPLE, none()).unwrap();
}

#[test]
fn the_sample_names_every_key() {
    for (section, key, _) in KEYS {
        assert!(SAMPLE.contains(&format!("{key} =")), "{section}.{key} is not in the sample");
    }
}

#[test]
fn the_sample_says_what_holds_when_nothing_is_said() {
    let bare: String = SAMPLE
        .lines()
        .filter(|line| !["limits", "sessions", "passwords"].iter().any(|name| line.contains(name)))
        .filter(|line| {
            !["_per_second =", "_burst =", "_minutes =", "_hours =", "profile ="]
                .iter()
                .any(|key| line.contains(key))
        })
        .map(|line| format!("{line}\n"))
        .collect();
    let settings = |text: &str| Config::parse(text, none()).unwrap().settings().unwrap();
    let (told, silent) = (settings(SAMPLE), settings(&bare));
    assert_eq!(
        (told.limits, told.lifetimes, told.passwords),
        (silent.limits, silent.lifetimes, silent.passwords)
    );
    assert_eq!((silent.limits, silent.lifetimes), (Limits::default(), Lifetimes::default()));
}

#[test]
fn behind_tls_the_proxy_must_be_named() {
    let settings = |trusted: &str, url: &str| {
        let text = SAMPLE.replace("trusted_proxies = [\"127.0.0.1\"]", trusted);
        Config::parse(&text.replace("https://www.example.gov.cn", url), none()).unwrap().settings()
    };
    let (none, one) = ("trusted_proxies = []", "trusted_proxies = [\"10.0.0.0/8\"]");
    assert!(settings(none, "https://www.example.gov.cn").unwrap_err().contains("trusted_proxies"));
    assert!(settings(one, "https://www.example.gov.cn").is_ok());
    assert!(settings(none, "http://127.0.0.1:8080").is_ok());
}

#[test]
fn everything_wrong_with_the_settings_is_told_at_once() {
    let variables = [
        ("WST_SERVER_TRUSTED_PROXIES", "10.0.0.1/8, nowhere"),
        ("WST_SERVER_PROXY_HEADER", "x-real-ip"),
        ("WST_LIMITS_PERSON_BURST", "0"),
        ("WST_SESSIONS_STAFF_ABSOLUTE_HOURS", "24"),
        ("WST_PASSWORDS_PROFILE", "strong"),
        ("WST_KEYS_ROTATE_AFTER_DAYS", "0"),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let config = Config::parse(SAMPLE, variables.into_iter()).unwrap();
    let wrong = config.settings().unwrap_err();
    for word in [
        "10.0.0.1/8",
        "nowhere",
        "x-real-ip",
        "person_burst",
        "staff_absolute_hours",
        "strong",
        "rotate_after_days",
    ] {
        assert!(wrong.contains(word), "`{word}` is not in: {wrong}");
    }
    assert_eq!(wrong.lines().count(), 7, "{wrong}");
}

#[test]
fn a_misspelt_key_is_an_error() {
    let text = SAMPLE.replace("listen =", "lisen =");
    assert!(Config::parse(&text, none()).unwrap_err().contains("lisen"));
}

#[test]
fn a_variable_overrides_the_file() {
    let variables = [("WST_SERVER_LISTEN".to_owned(), "0.0.0.0:9".to_owned())];
    assert_eq!(Config::parse(SAMPLE, variables.into_iter()).unwrap().server.listen, "0.0.0.0:9");
}

#[test]
fn a_variable_that_sets_nothing_is_an_error() {
    let variables = [("WST_SERVER_LISEN".to_owned(), "x".to_owned())];
    assert!(Config::parse(SAMPLE, variables.into_iter()).unwrap_err().contains("WST_SERVER_LISEN"));
}
