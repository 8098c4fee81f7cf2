//! The words of fixed lists, as the file writes them.

use crate::domain::codes::ServiceObject;
use crate::domain::guides::model::{CrossRegion, Delivery, Handling, OfferedChannel, SpecialProcedure};

pub(super) fn handling(handling: Handling) -> &'static str {
    match handling {
        Handling::Instant => "instant",
        Handling::Promised => "promised",
    }
}

pub(super) fn service_object(object: ServiceObject) -> &'static str {
    match object {
        ServiceObject::NaturalPerson => "natural_person",
        ServiceObject::Enterprise => "enterprise",
        ServiceObject::PublicInstitution => "public_institution",
        ServiceObject::SocialOrganisation => "social_organisation",
        ServiceObject::AdministrativeOrgan => "administrative_organ",
        ServiceObject::Other => "other",
    }
}

pub(super) fn procedure(procedure: SpecialProcedure) -> &'static str {
    match procedure {
        SpecialProcedure::Hearing => "hearing",
        SpecialProcedure::Tender => "tender",
        SpecialProcedure::Auction => "auction",
        SpecialProcedure::Inspection => "inspection",
        SpecialProcedure::Testing => "testing",
        SpecialProcedure::Quarantine => "quarantine",
        SpecialProcedure::Appraisal => "appraisal",
        SpecialProcedure::ExpertReview => "expert_review",
    }
}

pub(super) fn delivery(delivery: Delivery) -> &'static str {
    match delivery {
        Delivery::SelfCollect => "self_collect",
        Delivery::Courier => "courier",
        Delivery::Electronic => "electronic",
    }
}

pub(super) fn cross_region(reach: CrossRegion) -> &'static str {
    match reach {
        CrossRegion::None => "none",
        CrossRegion::City => "city",
        CrossRegion::Province => "province",
        CrossRegion::Nation => "nation",
    }
}

pub(super) fn offered(channels: OfferedChannel) -> &'static str {
    match channels {
        OfferedChannel::Window => "window",
        OfferedChannel::Pc => "pc",
        OfferedChannel::Mobile => "mobile",
        OfferedChannel::Express => "express",
        OfferedChannel::Other => "other",
    }
}
