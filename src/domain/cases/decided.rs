//! After the decision (已决定): making out the results (制证) and serving them
//! (送达). Also the system's own decision, which runs the same course at once.

use std::collections::BTreeMap;

use chrono::{DateTime, Months, NaiveDate, Utc};
use serde_json::Value;

use super::accepted::DELIVERY_LIMIT;
use super::case::{Decided, Decision};
use super::command::{DeliverCase, IssueResults};
use super::decide::{Act, Rules, act};
use super::draft::{invalid, with_whole_numbers};
use super::event::{AcceptanceBasis, By, CaseEvent, Issued};
use super::submitted::acceptance;
use crate::domain::codes::{CaseNo, CertificateId};
use crate::domain::guides::{self, Delivery, Facts, Field, Form, ResultKind};
use crate::domain::private::Private;
use crate::domain::refusal::{FieldError, Refusal, RefusalCode};
use crate::domain::text::Text;
use crate::domain::time::local_date;

pub(super) fn issue(
    state: &Decided,
    rules: Rules<'_>,
    command: IssueResults,
    by: &By,
    at: DateTime<Utc>,
) -> Result<Vec<Act>, Refusal> {
    match &state.decision {
        Decision::Approved { issued } if issued.is_empty() => {
            let determined = determined(rules, command, local_date(at))?;
            let issued = make_out(rules, &state.accepted.filing.case_no, &determined, at)?;
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

/// What the agency determined, in canonical form: everything the guide's certificates
/// say of it and nothing else.
fn determined(rules: Rules<'_>, command: IssueResults, today: NaiveDate) -> Result<Facts, Refusal> {
    let form = rules.guide.determined();
    let given = Facts::from(with_whole_numbers(command.attributes));
    guides::read_answers(&form, &given, today, rules.region_exists)
        .map_err(|faults| invalid(faults.into_iter().map(|fault| of_an_attribute(fault, &form)).collect()))
}

/// A fault of the form of attributes, where the command has them.
fn of_an_attribute(fault: FieldError, form: &Form) -> FieldError {
    let rest = fault.pointer.strip_prefix("/facts").unwrap_or_default();
    let pointer = format!("/attributes{rest}");
    if fault.code != "unknown_field" {
        return FieldError { pointer, ..fault };
    }
    let names = form.fields.iter().map(|field| field.name.as_str()).collect::<Vec<_>>().join(", ");
    let words = match names.is_empty() {
        true => Text::new(
            "本事项签发时不用填写内容，请去掉。",
            "Nothing is entered when this guide's results are issued; leave it out.",
        ),
        false => Text::new(
            format!("签发时没有这一项，请去掉；要填写的是：{names}。"),
            format!("No such thing is entered at issue; leave it out. What is entered: {names}."),
        ),
    };
    FieldError::new(pointer, "unknown_field", words)
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
        system(CaseEvent::ResultsIssued { issued: make_out(rules, case_no, &Facts::new(), at)? }),
    ]);
    if rules.guide.delivery.contains(&Delivery::Electronic) {
        acts.push(system(CaseEvent::Delivered { method: Delivery::Electronic, proof: String::new().into() }));
    }
    Ok(acts)
}

/// The serial of a certificate is the case's own part of its number (item,
/// day, serial): unique within issuer and type without another counter.
fn make_out(
    rules: Rules<'_>,
    case_no: &CaseNo,
    facts: &Facts,
    at: DateTime<Utc>,
) -> Result<Vec<Issued>, Refusal> {
    let today = local_date(at);
    let results = rules.guide.results.iter().enumerate();
    results
        .map(|(index, result)| match result {
            ResultKind::Certificate { certificate_type, name, valid_months, attributes: _, determined } => {
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
                    determined: entered(determined, facts),
                })
            }
            // It is numbered when it is written, among the letters of the case.
            ResultKind::Letter { name } => Ok(Issued::Letter { name: name.clone(), number: None }),
        })
        .collect()
}

/// What one certificate says of what was entered.
fn entered(determined: &[Field], facts: &Facts) -> Option<Private<BTreeMap<String, Value>>> {
    let said = determined.iter().filter_map(|field| {
        let value = facts.get(&field.name)?;
        Some((field.name.clone(), value.clone()))
    });
    (!determined.is_empty()).then(|| said.collect::<BTreeMap<_, _>>().into())
}

fn certificate_serial(case_no: &CaseNo, index: usize) -> String {
    let own_part = case_no.as_str().get(case_no.guide_code().as_str().len()..).unwrap_or_default();
    let item = case_no.guide_code().basic_code().map(|code| code.to_string()).unwrap_or_default();
    match index {
        0 => format!("{item}{own_part}"),
        more => format!("{item}{own_part}{more:02}"),
    }
}
