//! 设备: recognising a browser that was signed in with before, and remembering one.
//!
//! What always holds: the table of devices tells neither the secret of a device
//! nor, of two rows, whether they are of one device; a place many people use is
//! never anybody's device; a device is remembered only once everything was shown
//! that the account can ask for.

use chrono::{DateTime, Utc};

use super::visitor::Visitor;
use crate::app::ctx::Ctx;
use crate::app::error::AppResult;
use crate::domain::codes::Mobile;
use crate::domain::identity::{Aal, Approach, KnownDevice, Method, Methods, Secret, digest, same_bytes};
use crate::store::{AccountRecord, Changes, DefenceWrite, random};

/// The device a cookie's value names, if this portal gave that cookie; else a new one.
pub fn recognise(ctx: &Ctx, cookie: &str) -> KnownDevice {
    KnownDevice::read_cookie(cookie)
        .filter(|(device, sealed)| same_bytes(seal(ctx, device).as_bytes(), sealed.as_bytes()))
        .map_or_else(|| KnownDevice::from_bytes(random()), |(device, _)| device)
}

/// The value of the cookie of the visitor's device; none at a place others use.
pub fn cookie(ctx: &Ctx, visitor: &Visitor) -> Option<String> {
    let device = visitor.device.as_ref().filter(|_| visitor.place.is_none())?;
    Some(device.cookie(&seal(ctx, device)))
}

/// Remembers the visitor's device for an account that was just signed in to, by
/// adding to `changes`. Who has an app or a passkey must have shown it: else
/// whoever learnt the password would get the waits of a known device for guessing
/// the rest.
pub fn remember(
    ctx: &Ctx,
    visitor: &Visitor,
    account: &AccountRecord,
    (shown, enrolled): (Methods, Methods),
    at: DateTime<Utc>,
    changes: &mut Changes,
) {
    let strong = [Method::Totp, Method::Passkey, Method::BoundPasskey];
    let asks_for_two = strong.into_iter().any(|method| enrolled.contains(method));
    if visitor.place.is_some() || (asks_for_two && shown.aal() < Aal::TWO_FACTORS) {
        return;
    }
    if let Some(device) = &visitor.device {
        let digest = index(ctx, device, &account.mobile);
        changes.write(DefenceWrite::RememberDevice { digest, account: account.id, at });
    }
}

/// Makes every device of an account a stranger's again: for signing out
/// everywhere, and when the password changes.
pub fn forget_all(account: uuid::Uuid, changes: &mut Changes) {
    changes.write(DefenceWrite::ForgetDevices { account });
}

/// From where a try at an account comes. One read for every visitor that brings a
/// device, whether the account exists or not.
pub(super) async fn approach(ctx: &Ctx, visitor: &Visitor, mobile: &Mobile) -> AppResult<Approach> {
    if visitor.place.is_some() {
        return Ok(Approach::Place);
    }
    let Some(device) = visitor.device.as_ref().filter(|device| device.was_brought()) else {
        return Ok(Approach::UnknownDevice);
    };
    let is_known = ctx.store.is_known_device(index(ctx, device, mobile)).await?;
    Ok(if is_known { Approach::KnownDevice } else { Approach::UnknownDevice })
}

fn index(ctx: &Ctx, device: &KnownDevice, mobile: &Mobile) -> Vec<u8> {
    ctx.store.vault().blind_index("device", &format!("{} {}", device.expose(), mobile.as_str()))
}

/// Shows that a cookie is ours, so that made-up ones cost no look at the database.
fn seal(ctx: &Ctx, device: &KnownDevice) -> String {
    let mac = ctx.store.vault().blind_index("device.cookie", device.expose());
    Secret::from_bytes(digest(&mac)).expose().to_owned()
}
