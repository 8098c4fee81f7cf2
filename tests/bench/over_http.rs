//! The catalogue over HTTP: a process of its own serves it as the `serve` command does,
//! and `wrk` asks, which shares the processor with it. How fast guides are read is told
//! as a share of what a handler comes to that only hands out bytes, in the same round.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use actix_web::{App, HttpResponse, HttpServer, web};
use bytes::Bytes;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use wanshitong::app::Ctx;
use wanshitong::boot;

use super::{READ, memory, search_of};

const CONNECTIONS: usize = 32;

const NARROW: &str = "&topic=elderly&life_event=retirement&audience=natural_person&limit=100";

/// Serves the portal, and beside it the bare handler, which hands out that guide's bytes.
pub async fn listen(ctx: Ctx, code: &str) {
    let bytes = web::Data::new(ctx.catalogue.answer(code).await.unwrap().unwrap().body.plain());
    let begun = Instant::now();
    ctx.catalogue.make_ready().await.unwrap();
    let seconds = begun.elapsed().as_secs_f64();
    let (portal, bare) =
        (TcpListener::bind("127.0.0.1:0").unwrap(), TcpListener::bind("127.0.0.1:0").unwrap());
    println!("{} {} {seconds:.1}", portal.local_addr().unwrap(), bare.local_addr().unwrap());
    let workers = cores();
    // Whatever is asked for.
    let bare_app = move || App::new().app_data(bytes.clone()).default_service(web::to(hand_out));
    let server = HttpServer::new(bare_app);
    actix_web::rt::spawn(server.workers(workers).disable_signals().listen(bare).unwrap().run());
    boot::run(ctx, portal, workers).await.unwrap();
}

async fn hand_out(bytes: web::Data<Bytes>) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(bytes.get_ref().clone())
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from)
}

/// The process that serves; it ends with this.
struct Served {
    process: Child,
    portal: String,
    bare: String,
    /// What it took until all was ready, in seconds.
    ready_in: String,
}

impl Served {
    fn start(folder: &Path, code: &str) -> Self {
        let myself = std::env::current_exe().unwrap();
        let mut listening = Command::new(myself);
        let mut process =
            listening.arg("listen").arg(folder).arg(code).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        let [portal, bare, ready_in]: [String; 3] = words.try_into().unwrap();
        Self { process, portal, bare, ready_in }
    }

    /// The head and the body of the answer to one request.
    fn get(&self, path: &str, headers: &str) -> (String, String) {
        let mut stream = TcpStream::connect(&self.portal).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nhost: portal\r\nconnection: close\r\n{headers}\r\n").unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8_lossy(&answer);
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), body.to_owned())
    }

    fn memory(&self, what: &str) -> usize {
        memory(&self.process.id().to_string(), what)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// What is asked, again and again.
struct Asked {
    name: String,
    server: String,
    /// The file with the addresses.
    list: PathBuf,
    header: Option<String>,
    /// The place of what its speed is told as a share of: the bare handler, asked for as
    /// many addresses, for whoever asks has to read them too.
    beside: usize,
}

struct Found {
    per_second: f64,
    /// What an answer took, in ms.
    median: f64,
    late: f64,
}

/// Where the lists and the script for wrk are, and how long is measured.
struct Bench<'a> {
    folder: &'a Path,
    seconds: usize,
    rounds: usize,
}

impl Bench<'_> {
    fn asked(
        &self,
        name: impl Into<String>,
        server: &str,
        paths: &[String],
        header: Option<String>,
    ) -> Asked {
        let name = name.into();
        let list =
            self.folder.join(format!("{}.list", name.replace(|c: char| !c.is_ascii_alphanumeric(), "-")));
        std::fs::write(&list, paths.join("\n")).unwrap();
        Asked { name, server: server.to_owned(), list, header, beside: 0 }
    }

    fn wrk(&self, asked: &Asked, connections: usize, seconds: usize) -> Found {
        let mut wrk = Command::new("wrk");
        wrk.arg("-t").arg(connections.min(2).to_string()).arg("-c").arg(connections.to_string());
        wrk.arg("-d").arg(format!("{seconds}s")).arg("-s").arg(self.folder.join("addresses.lua"));
        if let Some(header) = &asked.header {
            wrk.arg("-H").arg(header);
        }
        wrk.arg(format!("http://{}", asked.server)).arg("--").arg(&asked.list);
        let output = String::from_utf8(wrk.output().unwrap().stdout).unwrap();
        let result = output.lines().find_map(|line| line.strip_prefix("RESULT ")).unwrap();
        let numbers: Vec<f64> = result.split(' ').map(|number| number.parse().unwrap()).collect();
        let [per_second, median, late, failed]: [f64; 4] = numbers.try_into().unwrap();
        assert!(failed < 1.0, "{}: {failed} failed", asked.name);
        Found { per_second, median, late }
    }

    /// Each once in a round, after a second that is not counted.
    fn speeds(&self, asked: &[Asked]) {
        let mut speeds = vec![Vec::new(); asked.len()];
        for _ in 0..self.rounds {
            for (one, speeds) in asked.iter().zip(&mut speeds) {
                self.wrk(one, CONNECTIONS, 1);
                speeds.push(self.wrk(one, CONNECTIONS, self.seconds).per_second);
            }
        }
        let Self { rounds, seconds, .. } = self;
        println!("over HTTP: {CONNECTIONS} connections, medians of {rounds} rounds of {seconds} s");
        for (one, own) in asked.iter().zip(&speeds) {
            let shares = own.iter().zip(&speeds[one.beside]).map(|(own, bare)| own / bare).collect();
            let (least, share, most) = spread(shares);
            let name = &one.name;
            let (_, speed, _) = spread(own.clone());
            println!("over HTTP: {name:<42}{speed:>8.0}/s, {share:.2} of bare ({least:.2}–{most:.2})");
        }
    }

    /// What one who asks alone waits.
    fn waits(&self, asked: &[Asked]) {
        for one in asked {
            self.wrk(one, 1, 1);
            let mut found: Vec<Found> = (0..self.rounds).map(|_| self.wrk(one, 1, self.seconds)).collect();
            found.sort_by(|a, b| a.median.total_cmp(&b.median));
            let Found { median, late, .. } = found[found.len() / 2];
            println!("over HTTP: {:<42} median {median:.2} ms, p99 {late:.2} ms, one at a time", one.name);
        }
    }
}

/// The least, the median and the most.
fn spread(mut numbers: Vec<f64>) -> (f64, f64, f64) {
    numbers.sort_by(f64::total_cmp);
    (numbers[0], numbers[numbers.len() / 2], numbers[numbers.len() - 1])
}

pub fn measure(folder: &Path, codes: &[String], regions: &[&str]) {
    if Command::new("wrk").arg("-v").output().is_err() {
        println!("over HTTP: not measured, for wrk is missing (Debian: apt-get install wrk)");
        return;
    }
    std::fs::write(folder.join("addresses.lua"), include_str!("addresses.lua")).unwrap();
    let number = |name, usual| std::env::var(name).map_or(usual, |text| text.parse().unwrap());
    let bench = Bench { folder, seconds: number("SECONDS_EACH", 2), rounds: number("ROUNDS", 7) };
    let paths: Vec<String> = codes.iter().map(|code| format!("/api/v1/guides/{code}")).collect();
    let served = Served::start(folder, &codes[0]);
    let (hot, plain) = (&paths[..1], served.get(&paths[0], ""));
    assert!(plain.0.starts_with("HTTP/1.1 200 "), "{}", plain.0);
    println!(
        "over HTTP: all guides, lines and the index ready in {} s, with {} MB, at the most {} MB",
        served.ready_in,
        served.memory("VmRSS"),
        served.memory("VmHWM")
    );
    let compressed = served.get(&paths[0], "accept-encoding: gzip\r\n").0;
    let bytes = compressed.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    println!("over HTTP: a guide is {} bytes, compressed {bytes}", plain.1.len());
    let tag = plain.0.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap();
    let unchanged = format!("If-None-Match: {tag}");
    let head = served.get(&paths[0], &format!("{unchanged}\r\n")).0;
    assert!(head.starts_with("HTTP/1.1 304 "), "{head}");

    let gzip = Some("Accept-Encoding: gzip".to_owned());
    let (portal, bare) = (served.portal.as_str(), served.bare.as_str());
    let all = paths.len();
    let among = |name, header| Asked { beside: 5, ..bench.asked(name, portal, &paths, header) };
    bench.speeds(&[
        bench.asked("a bare handler, as many bytes", bare, &["/".to_owned()], None),
        bench.asked("the portal's least JSON, /health/live", portal, &["/health/live".to_owned()], None),
        bench.asked("one guide", portal, hot, None),
        bench.asked("one guide, compressed", portal, hot, gzip.clone()),
        bench.asked("one guide, unchanged: 304", portal, hot, Some(unchanged)),
        bench.asked(format!("a bare handler, {all} addresses"), bare, &paths, None),
        among(format!("any of all {all} guides"), None),
        among(format!("any of all {all} guides, compressed"), gzip.clone()),
    ]);
    println!("over HTTP: {} MB after guides", served.memory("VmRSS"));

    let searches = |with_region| -> Vec<String> {
        (0..READ).map(|number| search_path(number, regions, with_region)).collect()
    };
    let forms: Vec<String> = paths.iter().map(|path| format!("{path}/form")).collect();
    let narrow: Vec<String> = searches(false).into_iter().map(|path| path + NARROW).collect();
    bench.waits(&[
        bench.asked("a guide", portal, &paths, None),
        bench.asked("a form, mostly compiled for it", portal, &forms, None),
        bench.asked("a search of a region", portal, &searches(true), None),
        bench.asked("a search of all", portal, &searches(false), None),
        bench.asked("a search of all, all filters, a hundred items", portal, &narrow, None),
    ]);
    println!("over HTTP: {} MB after forms and searches", served.memory("VmRSS"));
    after_a_change(folder, &served, &paths[0]);
    println!(
        "over HTTP: {} MB in the end, at the most {} MB",
        served.memory("VmRSS"),
        served.memory("VmHWM")
    );
}

/// Another process publishes the item of the first guide, so that all its heirs change.
fn after_a_change(folder: &Path, served: &Served, path: &str) {
    let tag = |head: &str| head.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap().to_owned();
    let before = tag(&served.get(path, "").0);
    let changed = Command::new(std::env::current_exe().unwrap()).arg("change").arg(folder).status().unwrap();
    assert!(changed.success());
    let begun = Instant::now();
    while tag(&served.get(path, "").0) == before {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    println!("over HTTP: what another published is given after {:.2} s", begun.elapsed().as_secs_f64());
    let begun = Instant::now();
    served.get("/api/v1/items?q=jintie", "");
    println!("over HTTP: the first search then takes {:.2} s", begun.elapsed().as_secs_f64());
    std::thread::sleep(std::time::Duration::from_secs(5));
}

fn search_path(number: usize, regions: &[&str], with_region: bool) -> String {
    let (words, region) = search_of(number, regions);
    let words = utf8_percent_encode(words, NON_ALPHANUMERIC);
    if with_region {
        format!("/api/v1/items?q={words}&region={region}")
    } else {
        format!("/api/v1/items?q={words}")
    }
}
