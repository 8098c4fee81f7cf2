DROP TABLE ceremonies;
DROP TABLE passkeys;
DROP TABLE recovery_codes;
DROP TABLE totp;
DROP TABLE consents;
DROP TABLE sign_ins;
