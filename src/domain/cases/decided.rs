//! After the decision (已决定): making out the results (制证) and serving them
//! (送达). Also the system's own decision, which runs the same course at once.

use chrono::{DateTime, Months, Utc};

use super::accepted::DELIVERY_LIMIT;
use super::case::{Decided, Decision};
use super::command::DeliverCase;
use super::decide::{Act, Rules, act};
use super::draft::invalid;
use super::event::{AcceptanceBasis, By, CaseEvent, Issued};
use super::submitted::acceptance;
use crate::domain::codes::{CaseNo, CertificateId};
use crate::domain::guides::{Delivery, ResultKind};
use crate::domain::refusal::{FieldError, Refusal, RefusalCode};
use crate::domain::text::Text;
use crate::domain::time::local_date;

pub(super) fn issue(
    state: &Decided,
    rules: Rules<'_>,
    by: &By,
    at: DateTime<Utc>,
) -> Result<Vec<Act>, Refusal> {
    match &state.decision {
        Decision::Approved { issued } if issued.is_empty() => {
            let issued = make_out(rules, &state.accepted.filing.case_no, at)?;
            Ok(vec![act(by, CaseEvent::ResultsIssued { issued })])
        }
        Decision::Approved { .. } => Err(Refusal::new(
            RefusalCode::WrongState,
            "结果已经制作，请办理送达。",
            "The results have been made out already; deliver them.",
        )),
        Decision::Denied { .. } => Err(Refusal::new(
            RefusalCode::WrongState,
            "不予决定没有可制作的证照，请送达决定书。",
            "A denial has nothing to issue; deliver the decision.",
        )),
    }
}

pub(super) fn deliver(
    state: &Decided,
    rules: Rules<'_>,
    command: DeliverCase,
    by: &By,
) -> Result<Vec<Act>, Refusal> {
    if matches!(&state.decision, Decision::Approved { issued } if issued.is_empty()) {
        return Err(Refusal::new(
            RefusalCode::WrongState,
            "请先制作证照或结果文书，再送达。",
            "Make out the certificate or result letter first, then deliver it.",
        ));
    }
    if !rules.guide.delivery.contains(&command.method) {
        return Err(invalid(vec![FieldError::new(
            "/method",
            "not_offered",
            Text::new(
                "本事项不提供这种送达方式，请按办事指南选择。",
                "This guide does not offer that way of delivery; choose one of those it lists.",
            ),
        )]));
    }
    let proof = command.proof.trim().to_owned();
    match proof_asked(command.method) {
        Some(what) if proof.is_empty() => Err(invalid(vec![FieldError::new("/proof", "required", what)])),
        _ => Ok(vec![act(by, CaseEvent::Delivered { method: command.method, proof: proof.into() })]),
    }
}

/// What shows that a result was handed over; the portal itself shows what it serves
/// electronically.
fn proof_asked(method: Delivery) -> Option<Text> {
    match method {
        Delivery::Courier => {
            Some(Text::new("请填写快递单号。", "Enter the number of the courier's consignment."))
        }
        Delivery::SelfCollect => Some(Text::new("请填写领取人姓名。", "Enter the name of who collected it.")),
        Delivery::Electronic => None,
    }
}

/// 即办 and automatic items: accepted, approved, issued and, where the guide
/// delivers electronically, served in the same moment, by the system as officer.
pub(super) fn by_the_system(
    rules: Rules<'_>,
    case_no: &CaseNo,
    at: DateTime<Utc>,
) -> Result<Vec<Act>, Refusal> {
    let system = |event| act(&By::System, event);
    let step = rules.guide.flow.last().map(|step| step.code.clone()).unwrap_or_default();
    let mut acts = acceptance(rules, AcceptanceBasis::Automatic, None, &By::System, (at, at));
    acts.extend([
        system(CaseEvent::Approved {
            step,
            opinion: String::new().into(),
            delivery_due: rules.calendar.due(local_date(at), DELIVERY_LIMIT),
        }),
        system(CaseEvent::ResultsIssued { issued: make_out(rules, case_no, at)? }),
    ]);
    if rules.guide.delivery.contains(&Delivery::Electronic) {
        acts.push(system(CaseEvent::Delivered { method: Delivery::Electronic, proof: String::new().into() }));
    }
    Ok(acts)
}

/// The serial of a certificate is the case's own part of its number (item,
/// day, serial): unique within issuer and type without another counter.
fn make_out(rules: Rules<'_>, case_no: &CaseNo, at: DateTime<Utc>) -> Result<Vec<Issued>, Refusal> {
    let today = local_date(at);
    let results = rules.guide.results.iter().enumerate();
    results
        .map(|(index, result)| match result {
            ResultKind::Certificate { certificate_type, name, valid_months, attributes: _ } => {
                let serial = certificate_serial(case_no, index);
                let id = CertificateId::compose(certificate_type, &rules.guide.agency, &serial, 1).map_err(
                    |error| Refusal::new(RefusalCode::WrongState, error.detail.zh, error.detail.en),
                )?;
                Ok(Issued::Certificate {
                    id,
                    certificate_type: certificate_type.clone(),
                    name: name.clone(),
                    valid_from: today,
                    valid_until: valid_months.and_then(|months| {
                        today.checked_add_months(Months::new(u32::from(months)))?.pred_opt()
                    }),
                })
            }
            ResultKind::Letter { name } => Ok(Issued::Letter { name: name.clone() }),
        })
        .collect()
}

fn certificate_serial(case_no: &CaseNo, index: usize) -> String {
    let own_part = case_no.as_str().get(case_no.guide_code().as_str().len()..).unwrap_or_default();
    let item = case_no.guide_code().basic_code().map(|code| code.to_string()).unwrap_or_default();
    match index {
        0 => format!("{item}{own_part}"),
        more => format!("{item}{own_part}{more:02}"),
    }
}
