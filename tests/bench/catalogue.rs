//! How fast a whole province's catalogue is published, and what it takes to serve it:
//! sixty items and a hundred thousand local guides that inherit from them, of agencies in
//! each of the 20,155 regions of a real one, on SQLite on disk; and how fast it is read
//! over HTTP, if `wrk` is there to ask. `cargo bench --bench catalogue` prints it; a number
//! after `--` is how many guides instead, `ROUNDS` and `SECONDS_EACH` how long `wrk` asks.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a program that measures")]

mod over_http;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use wanshitong::app::catalog::{self, Search};
use wanshitong::app::organisation::{self, Table};
use wanshitong::app::{Clock, Ctx, Settings, demo};
use wanshitong::boot::{self, Parts};
use wanshitong::domain::codes::{RegionCode, ServiceObject};
use wanshitong::gateways::{BlobStore, ConsoleSms, HttpSignOuts};
use wanshitong::store::{Location, MasterKey, Store, Tuning, Vault, migrate};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ITEMS: usize = 60;
const GUIDES: usize = 100_000;
const READ: usize = 1000;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let runtime = actix_web::rt::System::new();
    match arguments.as_slice() {
        [word, folder] if word == "serve" => runtime.block_on(serve(Path::new(folder))),
        [word, folder] if word == "change" => runtime.block_on(async {
            let changed = vec![("item 0".to_owned(), item(0, 70))];
            catalog::publish(&open(Path::new(folder)).await, changed).await.unwrap().unwrap();
        }),
        [word, folder, code] if word == "listen" => {
            runtime.block_on(async { over_http::listen(open(Path::new(folder)).await, code).await });
        }
        [count] => runtime.block_on(publish(count.parse().unwrap())),
        _ => runtime.block_on(publish(GUIDES)),
    }
}

async fn open(folder: &Path) -> Ctx {
    let location = location(folder);
    let store = Store::open(&location, Vault::new(&master_key(folder)), Tuning::default()).unwrap();
    let parts = Parts {
        store,
        clock: Clock::system(),
        sms: Arc::new(ConsoleSms),
        sign_outs: Arc::new(HttpSignOuts::new().unwrap()),
        blobs: Arc::new(BlobStore::local(&folder.join("files")).unwrap()),
        registries: demo::SampleRegistries::both(),
        public_url: "http://127.0.0.1".to_owned(),
        settings: Settings::demo(),
        demo: true,
    };
    boot::assemble(parts).await.unwrap()
}

fn location(folder: &Path) -> Location {
    Location::parse(&format!("sqlite:{}", folder.join("portal.db").display())).unwrap()
}

async fn publish(count: usize) {
    let folder: PathBuf = std::env::temp_dir().join(format!("wanshitong-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    migrate(&location(&folder)).unwrap();
    let ctx = open(&folder).await;
    let items: Vec<(String, String)> = (0..ITEMS).map(|n| (format!("item {n}"), item(n, 60))).collect();
    let csv = regions_csv();
    let regions: Vec<&str> = csv.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
    let begun = Instant::now();
    organisation::import(&ctx, None, Table::Regions, csv.as_bytes()).await.unwrap().unwrap();
    println!("{} regions imported in {:.2} s", regions.len(), begun.elapsed().as_secs_f64());
    let guides: Vec<(String, String)> =
        (0..count).map(|n| (format!("guide {n}"), guide(n, &regions))).collect();
    let bytes: usize = guides.iter().map(|(_, yaml)| yaml.len()).sum();
    println!("{count} guides of {} bytes over {ITEMS} items of {} bytes", bytes / count, items[0].1.len());

    let begun = Instant::now();
    catalog::publish(&ctx, items).await.unwrap().unwrap();
    println!("items published in {:.2} s", begun.elapsed().as_secs_f64());
    let begun = Instant::now();
    let published = catalog::publish(&ctx, guides.clone()).await.unwrap().unwrap();
    let seconds = begun.elapsed().as_secs_f64();
    assert!(published.iter().all(|one| one.is_new_version));
    println!("guides checked, tried and published in {seconds:.2} s: {:.0}/s", count as f64 / seconds);
    println!("memory at the most {} MB", memory("self", "VmHWM"));
    let begun = Instant::now();
    let again = catalog::publish(&ctx, guides).await.unwrap().unwrap();
    assert!(again.iter().all(|one| !one.is_new_version));
    println!("the same files again, nothing new: {:.2} s", begun.elapsed().as_secs_f64());
    let begun = Instant::now();
    let heirs =
        catalog::publish(&ctx, vec![("item 0".to_owned(), item(0, 65))]).await.unwrap().unwrap().len() - 1;
    println!("an item published with its {heirs} guides in {:.2} s", begun.elapsed().as_secs_f64());
    println!("memory at the most {} MB in the end", memory("self", "VmHWM"));
    drop(ctx);
    let size = std::fs::metadata(folder.join("portal.db")).unwrap().len() / 1_000_000;
    println!("the database is {size} MB");
    let myself = std::env::current_exe().unwrap();
    let served = std::process::Command::new(myself).arg("serve").arg(&folder).status().unwrap();
    let codes: Vec<String> = published.into_iter().map(|one| one.code).collect();
    over_http::measure(&folder, &codes, &regions);
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(served.success());
}

/// In a process of its own, so that the memory is that of serving alone.
async fn serve(folder: &Path) {
    let ctx = open(folder).await;
    println!("serving: {} MB at the start", memory("self", "VmRSS"));
    let begun = Instant::now();
    let lines = ctx.catalogue.lines().await.unwrap();
    println!(
        "serving: {} lines listed in {:.2} s, {} MB",
        lines.len(),
        begun.elapsed().as_secs_f64(),
        memory("self", "VmRSS")
    );
    let begun = Instant::now();
    let search = Search { words: Some("津贴".to_owned()), items: Some(20), ..Search::default() };
    let found = catalog::search(&ctx, &search).await.unwrap().len();
    println!("serving: the first search finds {found} in {:.1} ms", begun.elapsed().as_secs_f64() * 1000.0);
    searches(&ctx).await;
    let begun = Instant::now();
    let step = (lines.len() / READ).max(1);
    let read = lines.iter().step_by(step).take(READ);
    for line in read {
        ctx.catalogue.current(&line.code).await.unwrap().unwrap();
    }
    let each = begun.elapsed().as_secs_f64() * 1000.0 / READ as f64;
    println!("serving: {READ} guides read, {each:.2} ms each, {} MB", memory("self", "VmRSS"));
    println!("serving: at the most {} MB", memory("self", "VmHWM"));
}

/// Searches by words, each for another region, and without one.
async fn searches(ctx: &Ctx) {
    let csv = regions_csv();
    let codes: Vec<&str> = csv.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
    let topic = Some("elderly".to_owned());
    let life_event = Some("retirement".to_owned());
    let audience = Some(ServiceObject::NaturalPerson);
    let narrow = Search { topic, life_event, audience, items: Some(100), ..Search::default() };
    let wide = Search { items: Some(20), ..Search::default() };
    let kinds = [
        ("of a region", true, &wide),
        ("of all", false, &wide),
        ("of a region, all filters, a hundred items", true, &narrow),
        ("of all, all filters, a hundred items", false, &narrow),
    ];
    for (kind, with_region, asked) in kinds {
        let mut times = Vec::new();
        for number in 0..READ {
            let (words, region) = search_of(number, &codes);
            let region = RegionCode::parse(region).ok().filter(|_| with_region);
            let search = Search { words: Some(words.to_owned()), region, ..asked.clone() };
            let begun = Instant::now();
            catalog::search(ctx, &search).await.unwrap();
            times.push(begun.elapsed().as_secs_f64() * 1000.0);
        }
        times.sort_by(f64::total_cmp);
        let (median, late) = (times[times.len() / 2], times[times.len() * 99 / 100]);
        println!("serving: {READ} searches {kind}, median {median:.2} ms, p99 {late:.2} ms");
    }
}

/// What somebody looks for, and where.
fn search_of<'a>(number: usize, regions: &[&'a str]) -> (&'static str, &'a str) {
    let words = ["津贴", "老人补助", "第7类津贴申领", "jintie", "allowance", "八十岁老人领钱"];
    (words[number % words.len()], regions[number * 19 % regions.len()])
}

/// The same for whoever opens the folder.
fn master_key(folder: &Path) -> MasterKey {
    let file = folder.join("master.key");
    if !file.exists() {
        std::fs::write(&file, MasterKey::random().to_text()).unwrap();
    }
    MasterKey::parse(&std::fs::read_to_string(file).unwrap()).unwrap()
}

/// Of a process, in MB.
fn memory(process: &str, what: &str) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(what)).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse().ok()).map_or(0, |kb: usize| kb / 1000)
}

fn basic_code(item: usize) -> String {
    format!("0005{:05}000", 10_000 + item)
}

/// 统一社会信用代码 with its check character (GB 32100).
fn agency(number: usize) -> String {
    const ALPHABET: &[u8] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
    let body = format!("11340000M{number:08}");
    let mut weight = 1;
    let mut sum = 0;
    for character in body.bytes() {
        sum += ALPHABET.iter().position(|known| *known == character).unwrap() * weight;
        weight = weight * 3 % 31;
    }
    format!("{body}{}", ALPHABET[(31 - sum % 31) % 31] as char)
}

fn item(number: usize, age: u8) -> String {
    let code = basic_code(number);
    let mut fields = String::new();
    for n in 0..6 {
        fields.push_str(&format!(
            "      - {{ name: detail_{n}, label: {{ zh: 补充说明{n}, en: Further particulars {n} }}, type: text, \
             max_length: 60, required: facts.pay_by == \"bank\", visible_when: facts.alone || facts.rooms > {n} }}\n"
        ));
    }
    format!(
        r#"format: 1
kind: item
basic_code: "{code}"
name: {{ zh: 第{number}类津贴申领, en: Allowance of kind {number} }}
type: "05"
legal_basis:
  - {{ law: {{ zh: 《中华人民共和国老年人权益保障法》, en: Law on the Protection of the Elderly }}, article: 第三十三条, text: 国家鼓励地方建立八十周岁以上低收入老年人高龄津贴制度。 }}
aliases: [津贴{number}, 补贴{number}, 老人补助{number}]
life_events: [retirement]
guide:
  summary: {{ zh: 符合年龄和户籍条件的居民，可以申请按月领取津贴。年龄和户籍由系统核验，无需提交证明材料。, en: Residents of age whose household is registered in the district may apply for a monthly allowance. Age and residence are verified by the system. }}
  topics: [elderly, social_assistance]
  service_objects: [natural_person]
  handling: promised
  limits:
    legal: {{ days: 20, unit: working_day }}
    promised: {{ days: 5, unit: working_day }}
  fee: {{ free: true }}
  conditions:
    - {{ code: age, when: applicant.age >= {age}, text: {{ zh: 达到年龄, en: Of age }} }}
    - {{ code: residence, when: "in_region(applicant.residence, guide.region)", text: {{ zh: 户籍在本地, en: Registered here }} }}
  form:
    fields:
      - {{ name: mobile, label: {{ zh: 联系电话, en: Contact mobile number }}, type: mobile, prefill: mobile }}
      - {{ name: alone, label: {{ zh: 独居, en: Lives alone }}, type: boolean }}
      - {{ name: rooms, label: {{ zh: 房间数, en: Rooms }}, type: number, min: 0, max: 20 }}
      - name: pay_by
        label: {{ zh: 发放方式, en: Payment method }}
        type: choice
        options:
          - {{ value: social_security_card, label: {{ zh: 社会保障卡, en: Social-security card }} }}
          - {{ value: bank, label: {{ zh: 其他银行账户, en: Another bank account }} }}
      - {{ name: account_number, label: {{ zh: 账号, en: Account number }}, type: text, max_length: 30, pattern: "^[0-9]{{12,30}}$" }}
{fields}      - {{ name: truth, label: {{ zh: 以上内容真实, en: The above is true }}, type: declaration }}
    rules:
      - {{ code: rooms, when: facts.rooms > 0 || facts.alone, at: rooms, text: {{ zh: 请核对房间数, en: Check the number of rooms }} }}
  materials:
    - {{ code: register, name: {{ zh: 户籍信息, en: Household record }}, source: {{ shared: population }} }}
    - {{ code: lease, name: {{ zh: 租赁合同, en: Lease }}, source: {{ own: true }}, required: facts.rooms > 5 }}
  flow:
    - {{ code: handle, name: {{ zh: 承办, en: Handling }}, role: handler }}
    - {{ code: approve, name: {{ zh: 审批, en: Approval }}, role: approver, four_eyes: true }}
  results:
    - letter: {{ name: {{ zh: 津贴发放通知书, en: Notice of allowance }} }}
  delivery: [electronic, self_collect]
  automatic:
    verified: [birth_date, residence]
    approve_when: applicant.age >= {age} && in_region(applicant.residence, guide.region)
  examples:
    - code: of_age
      name: {{ zh: 年龄不符, en: Not of age }}
      today: 2026-03-02
      applicant: {{ kind: natural_person, birth_date: 1991-02-01 }}
      facts: {{ pay_by: bank }}
      expect: {{ eligible: false }}
"#
    )
}

/// 安徽省, as published: `code,name,level,parent`.
fn regions_csv() -> String {
    let mut csv = String::new();
    let mut reader = flate2::read::GzDecoder::new(&include_bytes!("regions-anhui.csv.gz")[..]);
    std::io::Read::read_to_string(&mut reader, &mut csv).unwrap();
    csv
}

/// One agency in each region; each implements one item after the other.
fn guide(number: usize, regions: &[&str]) -> String {
    let (place, round) = (number % regions.len(), number / regions.len());
    let (agency, code, region) = (agency(place), basic_code((place + round) % ITEMS), regions[place]);
    format!(
        "format: 1\ncode: \"{agency}4{code}\"\nitem: \"{code}\"\nagency: {agency}\nregion: \"{region}\"\n\
         telephone: {{ enquiry: 0562-{:07}, complaint: \"12345\" }}\n\
         limits: {{ promised: {{ days: {}, unit: working_day }} }}\n\
         venues:\n  - name: {{ zh: 第{place}号政务服务中心, en: Service centre {place} }}\n    \
         address: {{ zh: 市民路{place}号, en: \"{place} Shimin Road\" }}\n    \
         hours: {{ zh: 工作日九时至十七时, en: \"Working days, 9:00 to 17:00\" }}\n",
        2_800_000 + place,
        1 + place % 10,
    )
}
