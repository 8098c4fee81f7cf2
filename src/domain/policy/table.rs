//! The table of the policy: which capacity may perform which operation, and which
//! operation a command on a case is.

use super::Role;
use crate::domain::cases::CommandName;
use crate::domain::guides::StepRole;

/// How somebody stands to a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Capacity {
    Applicant,
    Agent,
    /// Staff at a counter helping an applicant who is present.
    Assistant,
    Post(Role),
    /// Staff of an agency whose opinion was asked; its superior, once it kept silent.
    Consulted,
}

impl Capacity {
    pub const ALL: [Capacity; 13] = [
        Capacity::Applicant,
        Capacity::Agent,
        Capacity::Assistant,
        Capacity::Post(Role::CounterOfficer),
        Capacity::Post(Role::Handler),
        Capacity::Post(Role::Reviewer),
        Capacity::Post(Role::Approver),
        Capacity::Post(Role::Supervisor),
        Capacity::Post(Role::CatalogueEditor),
        Capacity::Post(Role::CataloguePublisher),
        Capacity::Post(Role::Administrator),
        Capacity::Post(Role::Auditor),
        Capacity::Consulted,
    ];
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operation {
    OpenCase,
    ReadCase,
    EditCase,
    SubmitCase,
    WithdrawCase,
    AcceptCase,
    RefuseCase,
    /// 补正告知
    RequestCorrection,
    /// 转报
    TransferCase,
    /// 特别程序, its beginning and its end.
    PauseCase,
    /// 延期
    ExtendCase,
    /// 征求意见的答复
    GiveOpinion,
    /// 作废、撤销
    VoidCase,
    /// 催办
    UrgeCase,
    /// 督办
    SuperviseCase,
    /// 答复催办、督办，报告整改
    ReplyOnCase,
    /// 好差评
    RateCase,
    /// A step of the flow, the last one's decision included.
    TakeStep(StepRole),
    IssueResult,
    DeliverResult,
    /// 脱敏查看: one masked value in the clear, for a reason.
    UnmaskCase,
    ListWork,
    /// 领办、释放
    ClaimCase,
    /// 改派
    ReassignCase,
    /// 请假 of an officer.
    ManageLeave,
    /// 同案不同办: what was decided differently.
    ReadReports,
    /// 编制: drafting guides, items and certificate types.
    EditCatalogue,
    /// 发布: deciding on what somebody else drafted.
    PublishCatalogue,
    ManageOrganisation,
    ManagePosts,
    /// 接入应用
    ManageClients,
    ReadAudit,
    SetClock,
    /// 核验身份: of somebody at the counter, with his card.
    IdentifyPerson,
    /// 见证: what somebody at the counter declares: a helper, a guardian.
    WitnessPerson,
}

impl Operation {
    pub const ALL: [Operation; 37] = [
        Operation::OpenCase,
        Operation::ReadCase,
        Operation::EditCase,
        Operation::SubmitCase,
        Operation::WithdrawCase,
        Operation::AcceptCase,
        Operation::RefuseCase,
        Operation::RequestCorrection,
        Operation::TransferCase,
        Operation::PauseCase,
        Operation::ExtendCase,
        Operation::GiveOpinion,
        Operation::VoidCase,
        Operation::UrgeCase,
        Operation::SuperviseCase,
        Operation::ReplyOnCase,
        Operation::RateCase,
        Operation::TakeStep(StepRole::Handler),
        Operation::TakeStep(StepRole::Reviewer),
        Operation::TakeStep(StepRole::Approver),
        Operation::IssueResult,
        Operation::DeliverResult,
        Operation::UnmaskCase,
        Operation::ListWork,
        Operation::ClaimCase,
        Operation::ReassignCase,
        Operation::ManageLeave,
        Operation::ReadReports,
        Operation::EditCatalogue,
        Operation::PublishCatalogue,
        Operation::ManageOrganisation,
        Operation::ManagePosts,
        Operation::ManageClients,
        Operation::ReadAudit,
        Operation::SetClock,
        Operation::IdentifyPerson,
        Operation::WitnessPerson,
    ];
}

/// What the policy must allow for a command. Who may take a step depends on the step
/// whose turn it is. The clock needs nobody's leave.
pub fn operation(command: CommandName, turn: StepRole) -> Option<Operation> {
    use CommandName as C;
    Some(match command {
        C::Save | C::Attach | C::Remove => Operation::EditCase,
        C::Submit | C::Correct => Operation::SubmitCase,
        C::Accept | C::AcceptDeferred => Operation::AcceptCase,
        C::RequestCorrection => Operation::RequestCorrection,
        C::Refuse => Operation::RefuseCase,
        C::Transfer => Operation::TransferCase,
        C::Pause | C::Resume => Operation::PauseCase,
        C::Extend => Operation::ExtendCase,
        C::RecordStep | C::Approve | C::Deny => Operation::TakeStep(turn),
        C::GiveOpinion => Operation::GiveOpinion,
        C::Issue => Operation::IssueResult,
        C::Deliver => Operation::DeliverResult,
        C::Withdraw => Operation::WithdrawCase,
        C::Void | C::Revoke => Operation::VoidCase,
        C::Urge => Operation::UrgeCase,
        C::Supervise => Operation::SuperviseCase,
        C::Reply | C::Rectify => Operation::ReplyOnCase,
        C::Rate => Operation::RateCase,
        C::Tick => return None,
    })
}

/// The table. Read it by rows: what a capacity may do.
pub fn may(capacity: Capacity, operation: Operation) -> bool {
    use Operation as O;
    match capacity {
        Capacity::Applicant | Capacity::Agent => matches!(
            operation,
            O::OpenCase
                | O::ReadCase
                | O::EditCase
                | O::SubmitCase
                | O::WithdrawCase
                | O::UrgeCase
                | O::RateCase
        ),
        Capacity::Assistant => {
            matches!(operation, O::OpenCase | O::ReadCase | O::EditCase | O::SubmitCase | O::RateCase)
        }
        Capacity::Consulted => matches!(operation, O::ReadCase | O::GiveOpinion),
        Capacity::Post(role) => post_may(role, operation),
    }
}

fn post_may(role: Role, operation: Operation) -> bool {
    use Operation as O;
    match role {
        Role::CounterOfficer => matches!(
            operation,
            O::ReadCase
                | O::AcceptCase
                | O::RefuseCase
                | O::RequestCorrection
                | O::TransferCase
                | O::DeliverResult
                | O::ListWork
                | O::ClaimCase
                | O::IdentifyPerson
                | O::WitnessPerson
        ),
        Role::Handler => matches!(
            operation,
            O::ReadCase
                | O::AcceptCase
                | O::RefuseCase
                | O::RequestCorrection
                | O::TransferCase
                | O::PauseCase
                | O::ReplyOnCase
                | O::TakeStep(StepRole::Handler)
                | O::IssueResult
                | O::DeliverResult
                | O::UnmaskCase
                | O::ListWork
                | O::ClaimCase
        ),
        Role::Reviewer => {
            matches!(
                operation,
                O::ReadCase | O::TakeStep(StepRole::Reviewer) | O::UnmaskCase | O::ListWork | O::ClaimCase
            )
        }
        Role::Approver => matches!(
            operation,
            O::ReadCase
                | O::TakeStep(StepRole::Approver)
                | O::ExtendCase
                | O::VoidCase
                | O::IssueResult
                | O::UnmaskCase
                | O::ListWork
                | O::ClaimCase
        ),
        Role::Supervisor => matches!(
            operation,
            O::ReadCase | O::ListWork | O::ReassignCase | O::ManageLeave | O::ReadReports | O::SuperviseCase
        ),
        Role::CatalogueEditor => matches!(operation, O::EditCatalogue),
        Role::CataloguePublisher => matches!(operation, O::PublishCatalogue),
        Role::Administrator => {
            matches!(operation, O::ManageOrganisation | O::ManagePosts | O::ManageClients | O::SetClock)
        }
        Role::Auditor => matches!(operation, O::ReadAudit),
    }
}
