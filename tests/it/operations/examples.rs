//! How to try each operation: the table that asks for every new one.

use serde_json::{Value, json};

use crate::support::{PDF, Portal};

/// The state a case must be in for an operation to make sense.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum In {
    Draft,
    Submitted,
    Reviewed,
    Decided,
}

/// What is sent.
pub enum Sent {
    Nothing,
    Json(Value),
    Form(&'static str),
    Bytes(&'static str, &'static [u8]),
}

/// How to try an operation: the state of the case, the value of the other
/// parameter of the path, and the body.
pub fn example(portal: &Portal, id: &str) -> Option<(In, String, Sent)> {
    let guide = |file: &str| portal.city.guide(file);
    let allowance = || guide("old-age-allowance.yaml");
    let none = String::new;
    let bare = |state| (state, none(), Sent::Nothing);
    let unknown = |state| (state, uuid::Uuid::nil().to_string(), Sent::Nothing);
    let command = |state, body| (state, none(), Sent::Json(body));
    let csv = || (In::Draft, none(), Sent::Bytes("text/csv", b"code,name"));
    Some(match id {
        "live" | "ready" | "list_regions" | "list_agencies" | "list_items" | "list_counters"
        | "read_file_schema" => bare(In::Draft),
        "me" | "list_my_cases" | "list_my_certificates" | "list_sessions" | "userinfo" => bare(In::Draft),
        "end_all_sessions" | "openid_configuration" | "jwks" | "seal_keys" | "end_session" => bare(In::Draft),
        "userinfo_by_post" | "oauth_server_metadata" => bare(In::Draft),
        "push_request" | "authorize_device" => (In::Draft, none(), Sent::Form("scope=cases")),
        "page_style" | "authorize" | "list_work" => bare(In::Draft),
        "end_own_session" => unknown(In::Draft),
        "read_region" => (In::Draft, "340705000000".into(), Sent::Nothing),
        "read_item" => (In::Draft, "000553001000".into(), Sent::Nothing),
        "read_guide" | "read_guide_version" | "read_form" => (In::Draft, allowance(), Sent::Nothing),
        // The guide's code stands for every part of the path, so these find nothing there;
        // what they find is tried in exports.rs.
        "export_guide" | "read_blank_form" | "read_sample" => (In::Draft, allowance(), Sent::Nothing),
        "evaluate_guide" => (In::Draft, allowance(), Sent::Json(json!({}))),
        "verify_receipt" => command(In::Draft, json!({"receipt": "x"})),
        "verify_letter" => command(In::Draft, json!({"seal": "x", "sha256": "0".repeat(64)})),
        "verify_certificate" => command(In::Draft, json!({"id": "1.2.156.3005.2.x"})),
        "request_sms_code" => command(In::Draft, json!({"mobile": "13900000099", "purpose": "register"})),
        "register" => command(
            In::Draft,
            json!({"mobile": "13900000099", "code": "000000", "password": "correct horse"}),
        ),
        "authorize_by_form" | "sign_in" | "token" | "revoke_token" | "introspect_token" => {
            (In::Draft, none(), Sent::Form("token=x&grant_type=client_credentials"))
        }
        "open_case" => command(In::Draft, json!({"guide_code": allowance()})),
        "read_case" | "list_events" | "explain_clocks" | "list_letters" | "read_receipt" | "prove_case" => {
            bare(In::Submitted)
        }
        "read_letter" | "show_letter" | "print_letter" | "read_letter_seal" => unknown(In::Submitted),
        "download_material" => (In::Submitted, "location_plan".into(), Sent::Nothing),
        "save_facts" => command(In::Draft, json!({"area": 25})),
        "attach_material" => (In::Draft, "location_plan".into(), Sent::Bytes("application/pdf", PDF)),
        "remove_material" => (In::Draft, "location_plan".into(), Sent::Nothing),
        "import_guides" => {
            let yaml = include_str!("../../../src/data/sample/guides/old-age-allowance.yaml");
            command(In::Draft, json!({"files": [{"name": "old-age-allowance.yaml", "yaml": yaml}]}))
        }
        "withdraw_guide" => (In::Draft, guide("veterans-preference-card.yaml"), Sent::Nothing),
        "list_drafts" => bare(In::Draft),
        "new_guide" => {
            let body = json!({"name_zh": "事项", "name_en": "Item", "agency": "11340705MBWXT06130", "region": "340705000000"});
            command(In::Draft, body)
        }
        "read_draft" | "diff_draft" | "check_draft" | "test_draft" | "publish_draft" | "reject_draft"
        | "export_draft" => unknown(In::Draft),
        "import_regions" | "import_agencies" | "import_counters" => csv(),
        _ => {
            let more = example_of_oversight(id).or_else(|| example_of_clients(id));
            let more = more.or_else(|| example_of_commands(id)).or_else(|| example_of_work(id));
            return more.or_else(|| example_of_bundles(id)).or_else(|| example_of_people(portal, id));
        }
    })
}

/// What is asked of a case.
fn example_of_commands(id: &str) -> Option<(In, String, Sent)> {
    let grounds = || json!({"reason": "材料不符", "article": "第三十一条"});
    let command = |state, body| (state, String::new(), Sent::Json(body));
    Some(match id {
        "submit_case" => command(In::Draft, json!({})),
        "accept_case" | "withdraw_case" => command(In::Submitted, json!({})),
        "refuse_case" | "void_case" => command(In::Submitted, grounds()),
        "accept_case_deferred" => command(In::Submitted, json!({})),
        "request_correction" => {
            let item = json!({"pointer": "/facts/pay_by", "reason": "wrong", "note": "请核对"});
            command(In::Submitted, json!({"items": [item]}))
        }
        "correct_case" => command(In::Submitted, json!({})),
        "transfer_case" => {
            command(In::Submitted, json!({"agency_name": "省民政厅", "reason": "不属本机关职权"}))
        }
        "pause_case" => {
            let body = json!({"kind": "inspection", "reason": "现场核查", "expected_days": 5});
            command(In::Reviewed, body)
        }
        "resume_case" => command(In::Reviewed, json!({"kind": "inspection"})),
        "extend_case" => command(In::Reviewed, json!({"days": 5, "reason": "案情复杂"})),
        "give_opinion" => command(In::Reviewed, json!({"agency": "11340705MBWXT0111D", "consents": true})),
        "urge_case" | "supervise_case" | "reply_on_case" | "rectify_case" => {
            command(In::Submitted, json!({"text": "请尽快办理"}))
        }
        "rate_case" => command(In::Submitted, json!({"score": 1})),
        "revoke_case" => command(In::Decided, grounds()),
        "record_step" => command(In::Submitted, json!({"step": "handle"})),
        "approve_case" => command(In::Reviewed, json!({})),
        "deny_case" => command(In::Reviewed, grounds()),
        "issue_result" => command(In::Decided, json!({})),
        "deliver_result" => command(In::Decided, json!({"method": "electronic"})),
        _ => return None,
    })
}

/// The worklists, and going on elsewhere: posts, codes and uploads of nobody.
fn example_of_work(id: &str) -> Option<(In, String, Sent)> {
    let nobody = "00000000-0000-0000-0000-000000000000";
    let with = |state, body| Some((state, String::new(), Sent::Json(body)));
    match id {
        "count_work" => Some((In::Draft, String::new(), Sent::Nothing)),
        "claim_case" | "release_case" => with(In::Submitted, json!({})),
        "reassign_case" => with(In::Submitted, json!({"post": nobody})),
        "accept_cases" => with(In::Draft, json!({"cases": [nobody]})),
        "search_cases" => with(In::Draft, json!({"name": "某人"})),
        "begin_leave" => {
            Some((In::Draft, nobody.into(), Sent::Json(json!({"until": "2020-01-01T00:00:00Z"}))))
        }
        "end_leave" => Some((In::Draft, nobody.into(), Sent::Nothing)),
        "hand_off_case" => with(In::Draft, json!({})),
        "open_handoff" => Some((In::Draft, "BCDF-GHJK".into(), Sent::Json(json!({})))),
        "begin_upload" => {
            let body = json!({"size_bytes": 0, "digest_sha256": ""});
            Some((In::Draft, "location_plan".into(), Sent::Json(body)))
        }
        "list_uploads" => Some((In::Draft, nobody.into(), Sent::Nothing)),
        "read_upload" => Some((In::Draft, nobody.into(), Sent::Nothing)),
        "add_part" => Some((In::Draft, nobody.into(), Sent::Bytes("application/partial-upload", b"x"))),
        _ => None,
    }
}

/// Bundles, and applications for them: those of nobody.
fn example_of_bundles(id: &str) -> Option<(In, String, Sent)> {
    let with = |parameter: &str, sent| Some((In::Draft, parameter.to_owned(), sent));
    let nobody = "00000000-0000-0000-0000-000000000000";
    match id {
        "list_bundles" | "list_my_bundle_applications" => with("", Sent::Nothing),
        "read_bundle" | "withdraw_bundle" => with("no-such-bundle", Sent::Nothing),
        "evaluate_bundle" | "open_bundle_application" => with("no-such-bundle", Sent::Json(json!({}))),
        "read_bundle_application" => with(nobody, Sent::Nothing),
        "attach_bundle_material" => with(nobody, Sent::Bytes("application/pdf", PDF)),
        "save_bundle_facts" | "submit_bundle_application" | "withdraw_bundle_application" => {
            with(nobody, Sent::Json(json!({})))
        }
        _ => None,
    }
}

/// Posts, the audit trail, the calendar, unmasking.
fn example_of_oversight(id: &str) -> Option<(In, String, Sent)> {
    let bare = (In::Draft, String::new(), Sent::Nothing);
    Some(match id {
        "list_roots" | "report_consistency" => bare,
        "read_root" => (In::Draft, "2026-03-01".into(), Sent::Nothing),
        "list_posts" | "list_audit" | "export_audit" | "read_calendar" => bare,
        "give_post" => {
            let body = json!({"mobile": "13800000000", "role": "supervisor", "region": "340700000000"});
            (In::Draft, String::new(), Sent::Json(body))
        }
        "end_post" => (In::Draft, "00000000-0000-0000-0000-000000000000".into(), Sent::Nothing),
        "enter_notice" => (In::Draft, "2027".into(), Sent::Bytes("text/csv", b"date,kind")),
        "unmask" => {
            let body = json!({"field": "/applicant/mobile", "reason": "核对联系方式"});
            (In::Submitted, String::new(), Sent::Json(body))
        }
        _ => return example_of_signing_in(id),
    })
}

/// The same for the pages of a sign-in, and for what an account is proven with.
fn example_of_signing_in(id: &str) -> Option<(In, String, Sent)> {
    let none = String::new;
    let with = |body| (In::Draft, none(), Sent::Json(body));
    let nothing_of_his = || "00000000-0000-0000-0000-000000000000".to_owned();
    Some(match id {
        "page_script"
        | "sign_in_page"
        | "register_page"
        | "forgotten_password_page"
        | "account_page"
        | "password_page"
        | "totp_page"
        | "device_page"
        | "list_credentials"
        | "list_consents"
        | "begin_totp"
        | "remove_totp"
        | "begin_passkey" => (In::Draft, none(), Sent::Nothing),
        "passkey_options"
        | "choose_language"
        | "register_by_form"
        | "reset_password_by_form"
        | "change_account"
        | "change_password_by_form"
        | "confirm_totp_by_form"
        | "new_passkey_options"
        | "decide_device"
        | "end_session_by_form" => (In::Draft, none(), Sent::Form("action=x")),
        "confirm_totp" => with(json!({"code": "000000"})),
        "add_passkey" => with(json!({"ceremony": "x", "credential": {}})),
        "change_password" => with(json!({"old_password": "not it", "new_password": "correct horse battery"})),
        "rename_passkey" => (In::Draft, nothing_of_his(), Sent::Json(json!({"name": "x"}))),
        "remove_passkey" => (In::Draft, nothing_of_his(), Sent::Nothing),
        "revoke_consent" => (In::Draft, "third_party".into(), Sent::Nothing),
        _ => return None,
    })
}

/// People: their proofs, organisations, mandates, account. Nothing of it changes a
/// persona: codes are wrong, times past, numbers nobody's.
fn example_of_people(portal: &Portal, id: &str) -> Option<(In, String, Sent)> {
    let with = |parameter: String, body| (In::Draft, parameter, Sent::Json(body));
    let nobody = || "00000000-0000-0000-0000-000000000000".to_owned();
    let resident = || portal.city.person("resident");
    let past = "2020-01-01T00:00:00Z";
    Some(match id {
        "list_identity_proofs"
        | "list_organizations"
        | "list_mandates"
        | "read_organization"
        | "read_mandate" => (In::Draft, String::new(), Sent::Nothing),
        "end_member" => (In::Draft, nobody(), Sent::Nothing),
        "change_me" => with(String::new(), json!({"language": "tlh"})),
        "close_me" => with(String::new(), json!({"code": "000000"})),
        "prove_identity" => with(String::new(), json!({"name": "某人", "id_number": "1"})),
        "find_organization" => with(String::new(), json!({"uscc": "91340705MA8000149Y"})),
        "appoint_member" => with(String::new(), json!({"mobile": "13900000099", "valid_until": past})),
        "change_member" => with(nobody(), json!({"valid_until": null})),
        "offer_mandate" | "delegate_mandate" => {
            with(String::new(), json!({"mobile": "13900000099", "valid_until": past}))
        }
        "accept_mandate" | "decline_mandate" | "end_mandate" => with(String::new(), json!({})),
        "redeem_helper_code" => with(String::new(), json!({"code": "x"})),
        "claim_ward" => with(String::new(), json!({"name": "某人", "id_number": "1", "certificate_id": "x"})),
        "identify_person" => with(String::new(), json!({"name": "某人", "id_number": "1"})),
        "record_identity_proof" => {
            with(resident(), json!({"level": 9, "method": "in_person", "evidence": "证件"}))
        }
        "withdraw_identity_proof" | "end_guardian" => with(resident(), json!({"reason": "登记有误"})),
        "issue_helper_code" => with(resident(), json!({"guides": [], "valid_until": past})),
        "witness_guardian" => {
            with(resident(), json!({"guardian": portal.city.person("agent"), "evidence": "出生证明"}))
        }
        _ => return None,
    })
}

/// Registering clients.
fn example_of_clients(id: &str) -> Option<(In, String, Sent)> {
    Some(match id {
        "list_clients" => (In::Draft, String::new(), Sent::Nothing),
        "read_client" => (In::Draft, "web".into(), Sent::Nothing),
        // Of an administrator's tries none changes a client.
        "disable_client" | "enable_client" => (In::Draft, "nobody".into(), Sent::Nothing),
        "rotate_client_secret" => (In::Draft, "web".into(), Sent::Nothing),
        "register_client" | "change_client" => {
            let body = json!({
                "channel": "telepathy", "name": {"zh": "应用", "en": "App"}, "authentication": "none",
                "grants": [], "scopes": [],
            });
            (In::Draft, "web".into(), Sent::Json(body))
        }
        _ => return None,
    })
}
