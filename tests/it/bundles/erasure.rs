//! 数据删除: the answers and files of an application go like those of a case.

use wanshitong::app::retention;
use wanshitong::domain::audit::AuditAction;
use wanshitong::store::AuditFilter;

use super::*;

fn days(portal: &Portal, days: i64) {
    portal.city.ctx.clock.advance(chrono::TimeDelta::days(days));
}

async fn erased(portal: &Portal) -> usize {
    retention::erase_due(&portal.city.ctx).await.unwrap()
}

/// An application whose second part was filed with a file of the first hour, taken back.
async fn an_application_goes_with_its_files(database: Database) {
    let portal = portal(database).await;
    let files = |owner: &str| portal.city.database.files_of(owner);
    let application = submitted(&portal).await;
    let birth = case_of(&read(&portal, &application).await, "birth");
    approve(&portal, &birth).await;
    follow(&portal).await;
    let registration = case_of(&read(&portal, &application).await, "registration");
    let statement = format!("/api/v1/cases/{registration}/materials/unmarried_statement");
    assert_eq!(portal.get(RESIDENT, &statement).await.bytes, PDF);
    // It lies in both places, under two keys, and stays there.
    days(&portal, 2);
    erased(&portal).await;
    assert_eq!(portal.get(RESIDENT, &statement).await.bytes, PDF);
    let [one, other] = [&application, &registration].map(|owner| {
        let file = std::fs::read_dir(files(owner)).unwrap().next().unwrap().unwrap();
        std::fs::read(file.path()).unwrap()
    });
    assert_ne!(one, other);

    let withdrawn = portal.post(RESIDENT, &at(&application, "/withdraw"), json!({ "reason": "改期" })).await;
    withdrawn.expect(200);
    follow(&portal).await;
    let ended = read(&portal, &application).await;
    assert_eq!((&ended["state"], &ended["outcome"]), (&json!("ended"), &json!("partial")));
    assert!(ended.to_string().contains("林新生"));
    days(&portal, 3650);
    assert_eq!(erased(&portal).await, 0);
    days(&portal, 4);
    // The first part is approved and not served: it is not closed.
    assert_eq!(erased(&portal).await, 2);
    assert_eq!(erased(&portal).await, 0, "once");
    let read = read(&portal, &application).await;
    for gone in ["林新生", "林晓岚", "开源路", "铜官区人民医院"] {
        assert!(!read["facts"].to_string().contains(gone), "{gone}: {read:#}");
    }
    assert_eq!(read["materials"]["registration.unmarried_statement"]["kind"], "erased", "{read:#}");
    assert_eq!((&read["state"], &read["outcome"]), (&json!("ended"), &json!("partial")));
    assert!(!files(&application).exists() && !files(&registration).exists());
    let patch = portal.request(RESIDENT, "PATCH", &at(&application, "/facts"));
    portal.send(patch.json(&json!({ "child_name": "林二" }))).await.problem(409);
    let entries =
        AuditFilter { action: Some(AuditAction::ApplicationErased), limit: 10, ..AuditFilter::default() };
    let entries = portal.city.ctx.store.list_audit(entries).await.unwrap();
    assert_eq!((entries.len(), entries[0].subject.as_deref()), (1, Some(application.as_str())));
    portal.close().await;
}

#[actix_web::test]
async fn answers_and_files_of_an_application_go_after_ten_years() {
    an_application_goes_with_its_files(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn answers_and_files_of_an_application_go_after_ten_years_on_postgres() {
    an_application_goes_with_its_files(Database::postgres()).await;
}

#[actix_web::test]
async fn an_application_that_was_never_handed_in_goes_a_month_after_it_lapsed() {
    let portal = portal(Database::sqlite()).await;
    let application = id(&draft(&portal, answers()).await);
    attach(&portal, &application, "registration.unmarried_statement").await;
    days(&portal, 31);
    follow(&portal).await;
    assert_eq!(read(&portal, &application).await["outcome"], "lapsed");
    days(&portal, 29);
    assert_eq!(erased(&portal).await, 0);
    days(&portal, 1);
    assert_eq!(erased(&portal).await, 1);
    assert!(!read(&portal, &application).await.to_string().contains("林新生"));
    assert!(!portal.city.database.files_of(&application).exists());
    portal.close().await;
}

#[actix_web::test]
async fn a_file_of_an_application_that_was_altered_is_found_and_named() {
    let portal = portal(Database::sqlite()).await;
    let application = id(&draft(&portal, answers()).await);
    attach(&portal, &application, "registration.unmarried_statement").await;
    let (counts, sound) = crate::verify::look(&portal.city.ctx).await;
    assert_eq!((counts.applications, counts.files, sound), (1, 1, Vec::new()));
    let folder = portal.city.database.files_of(&application);
    let file = std::fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    let mut bytes = std::fs::read(&file).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let (_, found) = crate::verify::look(&portal.city.ctx).await;
    let [fault] = &found[..] else { panic!("{found:?}") };
    let told = fault.to_string();
    assert!(told.contains(&application) && told.contains("registration.unmarried_statement"), "{told}");
    portal.close().await;
}

/// What is refused is not kept.
#[actix_web::test]
async fn a_file_that_was_refused_is_kept_nowhere() {
    let portal = portal(Database::sqlite()).await;
    let application = id(&draft(&portal, answers()).await);
    let unknown = at(&application, "/materials/registration.nothing");
    portal.put_file(RESIDENT, &unknown, PDF).await.problem(422);
    let known = at(&application, "/materials/registration.unmarried_statement");
    portal.put_file(RESIDENT, &known, "#!/bin/sh").await.problem(422);
    portal.put_file("second_resident@web", &known, PDF).await.problem(404);
    assert!(!portal.city.database.files_of(&application).exists());
    portal.close().await;
}
