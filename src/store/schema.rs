//! The tables as diesel sees them; a test compares this file with both databases.

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Instant};

    /// Facts about the installation itself, e.g. that it is a demo.
    settings (name) {
        name -> Text,
        value -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Instant};

    /// A number per cached thing; whoever changes the thing raises it, every instance polls it.
    epochs (name) {
        name -> Text,
        value -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Instant};

    /// One row per committed batch: tells whether a COMMIT whose answer was lost took place.
    fences (id) {
        id -> Id,
        created_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Instant};

    /// 行政区划
    regions (code) {
        code -> Text,
        name -> Text,
        level -> Text,
        parent -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Instant};

    /// 实施机构
    agencies (uscc) {
        uscc -> Text,
        region -> Text,
        kind -> Text,
        name_zh -> Text,
        name_en -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Instant};

    /// 窗口与自助终端
    counters (code) {
        code -> Text,
        region -> Text,
        kind -> Text,
        name_zh -> Text,
        name_en -> Text,
        address -> Text,
        hours_zh -> Text,
        hours_en -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Instant};

    /// 办事指南: every published version, never changed afterwards but for its withdrawal.
    guides (code, version) {
        code -> Text,
        version -> Integer,
        yaml -> Text,
        content_hash -> Binary,
        agency -> Text,
        region -> Text,
        basic_code -> Text,
        name_zh -> Text,
        name_en -> Text,
        published_at -> Instant,
        published_by -> Nullable<Id>,
        superseded_at -> Nullable<Instant>,
        withdrawn_at -> Nullable<Instant>,
        item_version -> Nullable<Integer>,
        effective_from -> Nullable<Text>,
        effective_until -> Nullable<Text>,
        edited_by -> Nullable<Id>,
        about -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Instant};

    /// 基本目录事项: every published version of an item's file, never changed afterwards.
    catalogue_items (basic_code, version) {
        basic_code -> Text,
        version -> Integer,
        yaml -> Text,
        content_hash -> Binary,
        published_at -> Instant,
        published_by -> Nullable<Id>,
        edited_by -> Nullable<Id>,
        superseded_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Instant};

    /// 证照目录
    certificate_types (certificate_type) {
        certificate_type -> Text,
        entry -> Text,
        changed_at -> Instant,
        changed_by -> Nullable<Id>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Instant};

    /// Drafts of guides, items and certificate types, until somebody else decides on them.
    catalogue_drafts (id) {
        id -> Id,
        file -> Text,
        kind -> Text,
        code -> Text,
        agency -> Nullable<Text>,
        yaml -> Text,
        base_version -> Nullable<Integer>,
        note -> Nullable<Text>,
        edited_by -> Id,
        edited_at -> Instant,
        state -> Text,
        decided_by -> Nullable<Id>,
        decided_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Instant};

    /// 自然人与法人. Who they are is sealed; the ID number is found by its blind index.
    persons (id) {
        id -> Id,
        kind -> Text,
        sealed -> Binary,
        id_index -> Nullable<Binary>,
        ial -> Integer,
        created_at -> Instant,
        version -> BigInt,
        ial_until -> Nullable<Instant>,
        joined_to -> Nullable<Id>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Instant};

    /// 账号
    accounts (id) {
        id -> Id,
        person -> Id,
        mobile_index -> Binary,
        mobile_sealed -> Binary,
        password_hash -> Nullable<Text>,
        created_at -> Instant,
        closed_at -> Nullable<Instant>,
        version -> BigInt,
        password_changed_at -> Nullable<Instant>,
        ial -> Integer,
        ial_until -> Nullable<Instant>,
        language -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Instant};

    /// 岗位
    posts (id) {
        id -> Id,
        account -> Id,
        role -> Text,
        agency -> Nullable<Text>,
        region -> Text,
        counter -> Nullable<Text>,
        valid_from -> Instant,
        valid_until -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Instant};

    /// 授权: offered to a person or a number, accepted, ended.
    mandates (id) {
        id -> Id,
        kind -> Text,
        principal -> Id,
        agent -> Nullable<Id>,
        mobile_index -> Nullable<Binary>,
        mobile_sealed -> Nullable<Binary>,
        guides -> Nullable<Text>,
        valid_from -> Instant,
        valid_until -> Nullable<Instant>,
        may_delegate -> Integer,
        parent -> Nullable<Id>,
        evidence -> Nullable<Text>,
        granted_by -> Nullable<Id>,
        offered_at -> Instant,
        accepted_at -> Nullable<Instant>,
        declined_at -> Nullable<Instant>,
        ended_at -> Nullable<Instant>,
        ended_by -> Nullable<Text>,
        version -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Instant};

    /// 实名核验: what shows who somebody is; with an account, who signs in with it.
    identity_proofs (id) {
        id -> Id,
        person -> Id,
        account -> Nullable<Id>,
        ial -> Integer,
        method -> Text,
        evidence -> Text,
        verifier -> Nullable<Id>,
        at -> Instant,
        expires_at -> Instant,
        withdrawn_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Instant};

    /// 法人: what the business register said of them, and when it was last asked.
    organizations (person) {
        person -> Id,
        status -> Text,
        sealed -> Binary,
        checked_at -> Instant,
        version -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Instant};

    /// 法定代表人与管理员
    memberships (id) {
        id -> Id,
        organization -> Id,
        member -> Id,
        role -> Text,
        valid_from -> Instant,
        valid_until -> Nullable<Instant>,
        granted_by -> Nullable<Id>,
        ended_at -> Nullable<Instant>,
        version -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Instant};

    /// 帮办码, by keyed digest.
    helper_codes (digest) {
        digest -> Binary,
        principal -> Id,
        guides -> Text,
        valid_until -> Instant,
        issued_by -> Id,
        issued_at -> Instant,
        expires_at -> Instant,
        redeemed_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Instant};

    /// 接入应用: OAuth clients. The registration fixes the channel.
    clients (id) {
        id -> Text,
        name_zh -> Text,
        name_en -> Text,
        channel -> Text,
        counter -> Nullable<Text>,
        secret_digest -> Nullable<Binary>,
        redirect_uris -> Text,
        post_logout_redirect_uris -> Text,
        grants -> Text,
        scopes -> Text,
        created_at -> Instant,
        disabled_at -> Nullable<Instant>,
        jwks -> Nullable<Text>,
        sector -> Nullable<Text>,
        backchannel_logout_uri -> Nullable<Text>,
        require_dpop -> Integer,
        require_par -> Integer,
        version -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Instant};

    /// Private keys, sealed under the master key; public halves as JWK.
    signing_keys (kid) {
        kid -> Text,
        purpose -> Text,
        sealed -> Binary,
        public_jwk -> Text,
        created_at -> Instant,
        retired_at -> Nullable<Instant>,
        signs_from -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Instant};

    /// One live verification code per mobile number and purpose.
    sms_codes (mobile_index, purpose) {
        mobile_index -> Binary,
        purpose -> Text,
        code_digest -> Binary,
        sent_at -> Instant,
        expires_at -> Instant,
        failures -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Instant};

    /// Wrong passwords in a row, by account or address.
    sign_in_failures (subject) {
        subject -> Binary,
        failures -> Integer,
        last_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Instant};

    /// 会话: one sign-in of one account through one client.
    sessions (id) {
        id -> Id,
        account -> Id,
        client -> Text,
        scope -> Text,
        authenticated_at -> Instant,
        created_at -> Instant,
        last_used_at -> Instant,
        expires_at -> Instant,
        revoked_at -> Nullable<Instant>,
        methods -> Text,
        sign_in -> Nullable<Id>,
        key_thumbprint -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Instant};

    /// OAuth authorization codes (RFC 6749 §4.1), by SHA-256.
    authorization_codes (digest) {
        digest -> Binary,
        session -> Id,
        account -> Id,
        client -> Text,
        redirect_uri -> Text,
        code_challenge -> Text,
        scope -> Text,
        nonce -> Nullable<Text>,
        authenticated_at -> Instant,
        expires_at -> Instant,
        redeemed_at -> Nullable<Instant>,
        methods -> Text,
        sign_in -> Nullable<Id>,
        key_thumbprint -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Instant};

    /// OAuth refresh tokens, by SHA-256; rotated at every use.
    refresh_tokens (digest) {
        digest -> Binary,
        session -> Id,
        created_at -> Instant,
        expires_at -> Instant,
        rotated_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Instant};

    /// 办件: where each case stands now. `document` is the fold of its events without personal data; `personal` holds that, under the case's own key.
    cases (id) {
        id -> Id,
        version -> BigInt,
        head -> Binary,
        state -> Text,
        outcome -> Nullable<Text>,
        guide -> Text,
        guide_version -> Integer,
        agency -> Text,
        region -> Text,
        party -> Id,
        opened_by -> Nullable<Id>,
        case_no -> Nullable<Text>,
        document -> Text,
        personal -> Nullable<Binary>,
        data_key -> Nullable<Binary>,
        letters -> Integer,
        opened_at -> Instant,
        updated_at -> Instant,
        tick_at -> Nullable<Instant>,
        kept_since -> Nullable<Instant>,
        facts_digest -> Nullable<Binary>,
        decision -> Nullable<Text>,
        erased_to -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Instant};

    /// 办件过程: the hash-chained history.
    case_events (case_id, seq) {
        case_id -> Id,
        seq -> BigInt,
        at -> Instant,
        by -> Text,
        event -> Text,
        provenance -> Text,
        personal -> Nullable<Binary>,
        hash -> Binary,
        papers -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Instant};

    /// 文书
    letters (id) {
        id -> Id,
        case_id -> Id,
        seq -> BigInt,
        kind -> Text,
        number -> Text,
        document -> Text,
        personal -> Nullable<Binary>,
        created_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Instant};

    /// 送达: the first opening of a letter by the recipient's side.
    letter_openings (letter_id) {
        letter_id -> Id,
        case_id -> Id,
        account -> Id,
        recipient -> Text,
        at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Instant};

    /// The PDF a letter was printed as.
    letter_papers (letter_id) {
        letter_id -> Id,
        digest -> Binary,
        seal -> Text,
        printed_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Instant};

    /// 电子证照
    certificates (id) {
        id -> Text,
        holder -> Id,
        certificate_type -> Text,
        issuer -> Text,
        case_id -> Nullable<Id>,
        document -> Text,
        sealed -> Binary,
        seal -> Text,
        issued_at -> Instant,
        revoked_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Instant};

    /// Blocks of case numbers handed to an instance: explains every gap.
    number_blocks (series, first) {
        series -> Text,
        first -> BigInt,
        last -> BigInt,
        instance -> Id,
        reserved_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Instant};

    /// The last case number reserved of each guide and day.
    number_series (series) {
        series -> Text,
        last -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Instant};

    /// What a repeated request is answered with; kept a day.
    idempotency (key) {
        key -> Binary,
        request_digest -> Binary,
        answer -> Text,
        created_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Instant};

    /// What still has to be told to the world.
    outbox (id) {
        id -> Id,
        topic -> Text,
        subject -> Id,
        payload -> Text,
        created_at -> Instant,
        next_at -> Nullable<Instant>,
        attempts -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Instant};

    /// 审计
    audit (id) {
        id -> Id,
        at -> Instant,
        account -> Nullable<Id>,
        action -> Text,
        subject -> Nullable<Text>,
        outcome -> Text,
        client -> Nullable<Text>,
        network -> Nullable<Binary>,
        request_id -> Nullable<Text>,
        details -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Instant};

    /// 登录: browsers somebody signed in with, by the SHA-256 of their cookie.
    sign_ins (id) {
        id -> Id,
        secret_digest -> Binary,
        account -> Id,
        methods -> Text,
        proof -> Id,
        authenticated_at -> Instant,
        created_at -> Instant,
        last_used_at -> Instant,
        expires_at -> Instant,
        revoked_at -> Nullable<Instant>,
        user_agent -> Text,
        network -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Instant};

    /// 授权同意: what a person lets a third-party app do.
    consents (account, client) {
        account -> Id,
        client -> Text,
        scope -> Text,
        granted_at -> Instant,
        revoked_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Instant};

    /// 动态口令: sealed secrets, and the last step each was used for.
    totp (account) {
        account -> Id,
        sealed -> Binary,
        created_at -> Instant,
        confirmed_at -> Nullable<Instant>,
        last_step -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Instant};

    /// 恢复码, by keyed digest.
    recovery_codes (account, digest) {
        account -> Id,
        digest -> Binary,
        used_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Instant};

    /// 通行密钥: public keys and their counters, as `webauthn-rs` writes them.
    passkeys (id) {
        id -> Id,
        credential_id -> Binary,
        account -> Id,
        credential -> Text,
        name -> Text,
        created_at -> Instant,
        last_used_at -> Nullable<Instant>,
        version -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Instant};

    /// Passkey ceremonies under way, by the SHA-256 of their secret.
    ceremonies (digest) {
        digest -> Binary,
        kind -> Text,
        state -> Text,
        account -> Nullable<Id>,
        expires_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Instant};

    /// 设备: browsers somebody signed in with before.
    devices (digest) {
        digest -> Binary,
        account -> Id,
        created_at -> Instant,
        last_used_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Instant};

    /// Passwords used before, where the policy remembers them.
    password_history (id) {
        id -> Id,
        account -> Id,
        password_hash -> Text,
        at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Instant};

    /// 放假安排: the yearly notices entered by hand.
    calendar_notices (entered_at, year) {
        year -> Integer,
        csv -> Text,
        entered_at -> Instant,
        entered_by -> Nullable<Id>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Instant};

    /// Pushed authorization requests (RFC 9126), by the SHA-256 of their reference.
    pushed_requests (digest) {
        digest -> Binary,
        client -> Text,
        parameters -> Text,
        expires_at -> Instant,
        begun_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Instant};

    /// Signed statements that are good once, until nobody would believe them anyway.
    used_proofs (digest) {
        digest -> Binary,
        expires_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Instant};

    /// Device grants (RFC 8628), by the SHA-256 of the device code.
    device_grants (digest) {
        digest -> Binary,
        user_code_index -> Binary,
        client -> Text,
        scope -> Text,
        created_at -> Instant,
        expires_at -> Instant,
        interval_seconds -> Integer,
        last_asked_at -> Nullable<Instant>,
        decision -> Text,
        account -> Nullable<Id>,
        methods -> Nullable<Text>,
        sign_in -> Nullable<Id>,
        authenticated_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Instant};

    /// 一件事: every version of every bundle as it was published.
    bundles (code, version) {
        code -> Text,
        version -> Integer,
        yaml -> Text,
        content_hash -> Binary,
        leader -> Text,
        region -> Text,
        published_at -> Instant,
        published_by -> Nullable<Id>,
        superseded_at -> Nullable<Instant>,
        withdrawn_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Instant};

    /// Applications for bundles; personal data sealed with their own keys.
    bundle_applications (id) {
        id -> Id,
        version -> BigInt,
        bundle -> Text,
        bundle_version -> Integer,
        party -> Id,
        stage -> Text,
        document -> Text,
        personal -> Nullable<Binary>,
        data_key -> Nullable<Binary>,
        opened_at -> Instant,
        updated_at -> Instant,
        tick_at -> Nullable<Instant>,
        kept_since -> Nullable<Instant>,
        lapsed -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Instant};

    /// The cases the parts of an application became.
    bundle_cases (case_id) {
        case_id -> Id,
        application -> Id,
        part -> Text,
        seen -> BigInt,
        ended_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// 每日根: what the histories of a day came to, signed.
    daily_roots (day) {
        day -> Text,
        cases -> BigInt,
        root -> Binary,
        previous -> Binary,
        jws -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Instant};

    /// Folders of the file store that are to be deleted from then on.
    doomed_folders (folder) {
        folder -> Id,
        drop_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::Id;

    /// 待办: filed cases that are not closed.
    work (case_id) {
        case_id -> Id,
        state -> Text,
        agency -> Text,
        region -> Text,
        county -> Text,
        city -> Text,
        guide -> Text,
        step -> Nullable<Text>,
        counter -> Nullable<Text>,
        due_on -> Text,
        yellow_on -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::Id;

    /// 征求意见: the agencies whose opinion on an open case is awaited.
    work_opinions (case_id, agency) {
        case_id -> Id,
        agency -> Text,
        due_on -> Text,
        yellow_on -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::Id;

    /// What came onto the worklists and left them.
    work_postings (id) {
        id -> Id,
        agency -> Text,
        region -> Text,
        state -> Text,
        due_on -> Text,
        yellow_on -> Text,
        cases -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Those summed up by place.
    work_balances (place, region, state, turn, day) {
        place -> Text,
        region -> Text,
        state -> Text,
        turn -> Text,
        day -> Text,
        cases -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Instant};

    /// 领办: who works on a case.
    case_claims (case_id, role) {
        case_id -> Id,
        role -> Text,
        post -> Id,
        account -> Id,
        at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Instant};

    /// 请假
    post_leaves (post) {
        post -> Id,
        until -> Instant,
        substitute -> Nullable<Id>,
        set_by -> Id,
        set_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::Id;

    /// By what filed cases are found.
    case_keys (digest, case_id) {
        digest -> Binary,
        case_id -> Id,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Instant};

    /// 接续码
    handoffs (digest) {
        digest -> Binary,
        case_id -> Id,
        issued_by -> Id,
        issued_at -> Instant,
        expires_at -> Instant,
        opened_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Instant};

    /// Officers helping with a draft.
    case_helpers (case_id, account) {
        case_id -> Id,
        account -> Id,
        post -> Id,
        until -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Instant};

    /// 续传: files under way.
    uploads (id) {
        id -> Id,
        case_id -> Id,
        material -> Text,
        size_bytes -> BigInt,
        digest -> Text,
        file_name -> Nullable<Text>,
        original_seen -> Bool,
        received_bytes -> BigInt,
        begun_by -> Id,
        begun_at -> Instant,
        expires_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::Id;

    /// What has arrived of them.
    upload_parts (upload, from_byte) {
        upload -> Id,
        from_byte -> BigInt,
        size_bytes -> BigInt,
        digest -> Text,
    }
}

// Work nobody has claimed is told by a look at both; claims hold while the post does.
diesel::allow_tables_to_appear_in_same_query!(work, case_claims, posts);

// What is followed is found by one look at both.
diesel::allow_tables_to_appear_in_same_query!(bundle_cases, cases);

// A refresh is answered from one look at all three.
diesel::allow_tables_to_appear_in_same_query!(refresh_tokens, sessions, accounts);

// What belongs to a case or a letter that is not there is found by one look at both.
diesel::allow_tables_to_appear_in_same_query!(case_events, cases);
diesel::allow_tables_to_appear_in_same_query!(letters, cases);
diesel::allow_tables_to_appear_in_same_query!(letters, letter_papers);
diesel::allow_tables_to_appear_in_same_query!(certificates, cases);

// Certificates are found on every record that is one person.
diesel::allow_tables_to_appear_in_same_query!(certificates, persons);
