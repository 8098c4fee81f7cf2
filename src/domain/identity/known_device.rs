//! 设备: a browser somebody signed in with before. It carries a secret in a cookie;
//! the portal keeps only what ties that secret to an account.
//!
//! What always holds: a known device proves nothing about who holds it. It only
//! lets its owner past the waits that strangers caused.

use chrono::TimeDelta;

use super::secret::Secret;

/// How long a device is remembered after its last sign-in: as long as browsers
/// keep a cookie at the most (RFC 6265bis §5.5).
pub const REMEMBERED: TimeDelta = TimeDelta::days(400);

/// Devices remembered of one account; the one longest unused goes first.
pub const MOST_PER_ACCOUNT: usize = 20;

/// A device by its secret. `Debug` does not show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownDevice {
    secret: Secret,
    was_brought: bool,
}

impl KnownDevice {
    /// A new device, from 32 bytes nobody can foresee.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self { secret: Secret::from_bytes(bytes), was_brought: false }
    }

    pub fn expose(&self) -> &str {
        self.secret.expose()
    }

    /// Whether a browser came with it, or it was made for this request.
    pub fn was_brought(&self) -> bool {
        self.was_brought
    }

    /// The value of its cookie: the secret and the seal that shows it is ours.
    pub fn cookie(&self, seal: &str) -> String {
        format!("{}.{seal}", self.expose())
    }

    /// What a cookie's value claims, with the seal still to be compared; `None`
    /// when it has not even the form.
    pub fn read_cookie(value: &str) -> Option<(Self, &str)> {
        let (secret, seal) = value.split_once('.')?;
        let allowed = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'_';
        let fits = |part: &str| part.len() == 43 && part.bytes().all(allowed);
        let device = Self { secret: Secret::presented(secret), was_brought: true };
        (fits(secret) && fits(seal)).then_some((device, seal))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_read_back_and_nothing_else_is() {
        let device = KnownDevice::from_bytes([7; 32]);
        let seal = Secret::from_bytes([8; 32]);
        let cookie = device.cookie(seal.expose());
        let (read, sealed) = KnownDevice::read_cookie(&cookie).unwrap();
        assert_eq!((read.expose(), sealed), (device.expose(), seal.expose()));
        assert!(read.was_brought() && !device.was_brought());
        for wrong in
            ["", ".", device.expose(), &cookie[1..], &format!("{cookie}x"), &cookie.replace('.', " ")]
        {
            assert_eq!(KnownDevice::read_cookie(wrong), None, "{wrong}");
        }
        assert!(!format!("{device:?}").contains(device.expose()));
    }
}
