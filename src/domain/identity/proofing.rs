//! 实名核验: what shows who somebody is, and how well he is known by it.
//!
//! What always holds: a level rests on proofs in force and on nothing else. What an
//! officer saw of the person before him says nothing of who signs in with an
//! account: for that the proof must have been made for that account.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::assurance::Ial;

/// How it was found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProofMethod {
    /// 二要素核验: the population registry knows this name with this number.
    PopulationRegistry,
    /// 户口簿: a guardian's register names the child.
    HouseholdRegister,
    /// The business registry knows the organisation, and its legal representative
    /// found it.
    BusinessRegistry,
    /// 人像比对: the face is the one on the card.
    FaceMatch,
    /// 当面核验: in person, with the card.
    InPerson,
}

impl ProofMethod {
    pub const ALL: [ProofMethod; 5] = [
        ProofMethod::PopulationRegistry,
        ProofMethod::HouseholdRegister,
        ProofMethod::BusinessRegistry,
        ProofMethod::FaceMatch,
        ProofMethod::InPerson,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            ProofMethod::PopulationRegistry => "population_registry",
            ProofMethod::HouseholdRegister => "household_register",
            ProofMethod::BusinessRegistry => "business_registry",
            ProofMethod::FaceMatch => "face_match",
            ProofMethod::InPerson => "in_person",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str() == text)
    }

    /// The highest level it can show.
    pub fn highest(self) -> u8 {
        match self {
            ProofMethod::PopulationRegistry | ProofMethod::HouseholdRegister => 2,
            ProofMethod::FaceMatch => 3,
            // An organisation is known as well as whoever speaks for it.
            ProofMethod::BusinessRegistry | ProofMethod::InPerson => 4,
        }
    }

    /// How long it is believed (practice): cards are renewed, names change, legal
    /// representatives leave.
    pub fn believed_for(self) -> TimeDelta {
        match self {
            ProofMethod::PopulationRegistry | ProofMethod::FaceMatch => TimeDelta::days(5 * 365),
            ProofMethod::InPerson => TimeDelta::days(10 * 365),
            ProofMethod::BusinessRegistry => TimeDelta::days(365),
            // Until the child is of age.
            ProofMethod::HouseholdRegister => TimeDelta::days(18 * 366),
        }
    }
}

/// Who vouches for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verifier {
    /// the registry the method names.
    Registry,
    /// An officer, by his account.
    Officer(Uuid),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityProof {
    pub id: Uuid,
    pub person: Uuid,
    /// The account whose holder was proven; none: only the person was there.
    pub account: Option<Uuid>,
    pub ial: Ial,
    pub method: ProofMethod,
    /// What it can be looked up by: a document's kind and reference. No number of
    /// a person.
    pub evidence: String,
    pub verifier: Verifier,
    pub at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub withdrawn_at: Option<DateTime<Utc>>,
}

impl IdentityProof {
    pub fn in_force(&self, at: DateTime<Utc>) -> bool {
        self.at <= at && at < self.expires_at && self.withdrawn_at.is_none_or(|withdrawn| at < withdrawn)
    }
}

/// Of whom a level is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// The person on record, whoever stands before an officer as him.
    Person,
    /// Whoever signs in with this account.
    Holder(Uuid),
}

/// How well somebody is known, and until when if nothing more is proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    pub ial: Ial,
    /// None: for good.
    pub until: Option<DateTime<Utc>>,
}

impl Level {
    pub const DECLARED: Level = Level { ial: Ial::DECLARED, until: None };

    /// Whether it still holds; if not, the proofs must be looked at again.
    pub fn holds(&self, at: DateTime<Utc>) -> bool {
        self.until.is_none_or(|until| at < until)
    }
}

/// The level these proofs give.
pub fn level(proofs: &[IdentityProof], of: Of, at: DateTime<Utc>) -> Level {
    let speaks = |proof: &&IdentityProof| match of {
        Of::Person => true,
        Of::Holder(account) => proof.account == Some(account),
    };
    let in_force: Vec<&IdentityProof> =
        proofs.iter().filter(|proof| proof.in_force(at)).filter(speaks).collect();
    let Some(best) = in_force.iter().map(|proof| proof.ial).max().filter(|best| *best > Ial::DECLARED) else {
        return Level::DECLARED;
    };
    let until = in_force.iter().filter(|proof| proof.ial == best).map(|proof| proof.expires_at).max();
    Level { ial: best, until }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(number: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(number)
    }

    fn proofs() -> impl Strategy<Value = Vec<IdentityProof>> {
        let account = prop::option::of((1..3_u128).prop_map(Uuid::from_u128));
        let one = (account, 1..5_u8, 0..20_i64, 1..40_i64, prop::option::of(0..60_i64)).prop_map(
            |(account, ial, from, days, withdrawn)| IdentityProof {
                id: Uuid::nil(),
                person: Uuid::nil(),
                account,
                ial: Ial::new(ial).unwrap(),
                method: ProofMethod::InPerson,
                evidence: String::new(),
                verifier: Verifier::Registry,
                at: day(from),
                expires_at: day(from + days),
                withdrawn_at: withdrawn.map(day),
            },
        );
        prop::collection::vec(one, 0..6)
    }

    const HOLDER: Of = Of::Holder(Uuid::from_u128(1));

    #[test]
    fn every_method_is_read_back_and_none_shows_more_than_there_is() {
        for method in ProofMethod::ALL {
            assert_eq!(ProofMethod::parse(method.as_str()), Some(method));
            assert!(Ial::new(method.highest()).is_some() && method.highest() > 1);
        }
    }

    proptest! {
        #[test]
        fn a_level_rests_on_a_proof_in_force_and_on_the_strongest(proofs in proofs(), now in 0..80_i64) {
            let now = day(now);
            let strongest = proofs.iter().filter(|proof| proof.in_force(now)).map(|proof| proof.ial.get()).max();
            prop_assert_eq!(level(&proofs, Of::Person, now).ial.get(), strongest.unwrap_or(1));
        }

        #[test]
        fn nobody_signs_in_as_better_known_than_the_person_is(proofs in proofs(), now in 0..80_i64) {
            prop_assert!(level(&proofs, HOLDER, day(now)).ial <= level(&proofs, Of::Person, day(now)).ial);
            let elsewhere: Vec<_> =
                proofs.into_iter().filter(|proof| proof.account != Some(Uuid::from_u128(1))).collect();
            prop_assert_eq!(level(&elsewhere, HOLDER, day(now)), Level::DECLARED);
        }

        #[test]
        fn a_level_that_is_said_to_hold_is_the_one_found_again(
            proofs in proofs(), now in 0..80_i64, later in 0..80_i64,
        ) {
            let undisturbed: Vec<_> = proofs
                .into_iter()
                .filter(|proof| proof.at <= day(now))
                .map(|proof| IdentityProof { withdrawn_at: None, ..proof })
                .collect();
            let (now, later) = (day(now), day(now + later));
            for of in [Of::Person, HOLDER] {
                let told = level(&undisturbed, of, now);
                let found = level(&undisturbed, of, later);
                prop_assert!(found.ial <= told.ial);
                if told.holds(later) {
                    prop_assert_eq!(found, told);
                } else {
                    prop_assert!(found.ial < told.ial);
                }
            }
        }

        #[test]
        fn one_more_proof_never_lowers_and_a_withdrawal_never_raises(proofs in proofs(), now in 0..80_i64) {
            let whole = level(&proofs, Of::Person, day(now)).ial;
            for leave_out in 0..proofs.len() {
                let mut fewer = proofs.clone();
                fewer.remove(leave_out);
                prop_assert!(level(&fewer, Of::Person, day(now)).ial <= whole);
                let mut withdrawn = proofs.clone();
                withdrawn[leave_out].withdrawn_at = Some(day(0));
                prop_assert!(level(&withdrawn, Of::Person, day(now)).ial <= whole);
            }
        }
    }
}
