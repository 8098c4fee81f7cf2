//! Answers to public reads of guides, ready to be sent: of every guide in force, as far
//! as they fit. They are written when the catalogue changes, in the background, and when
//! somebody asks before that. An answer that was true of one generation of the catalogue
//! is given in the next once its version is known to be in force still.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};

use chrono::{DateTime, Utc};

use super::written::{Likeness, Template, Written};
use super::{Catalogue, GuideLine, PublishedGuide};
use crate::app::error::AppResult;

/// The most bytes of answers in memory. Of a hundred thousand guides that inherit from sixty
/// items they come to some 90 MB.
pub(super) const MOST_BYTES: usize = 128 << 20;
/// Texts of one item that others are put as like as, at the most.
const TEMPLATES: usize = 8;
/// What a text that is like another has of its own, at the most: a part of so many. It is not
/// compressed.
const MOST_OWN: usize = 4;

/// The body of the answer to a public read of a guide.
pub type Writer = fn(&PublishedGuide) -> Vec<u8>;

/// An answer, and what it is of.
pub struct Answer {
    pub version: u32,
    pub withdrawn_at: Option<DateTime<Utc>>,
    pub body: Written,
    /// The newest generation it is known to be true of.
    generation: AtomicU64,
    _weight: Weight,
}

/// The code of a guide, 31 characters at the most, and how many they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key([u8; 32]);

impl Key {
    /// None of what cannot be such a code.
    fn of(code: &str) -> Option<Self> {
        let mut key = [0; 32];
        key[31] = u8::try_from(code.len()).ok()?;
        key[..31].get_mut(..code.len())?.copy_from_slice(code.as_bytes());
        Some(Self(key))
    }
}

/// Bytes that count as kept until this is dropped.
struct Weight {
    bytes: usize,
    total: Arc<AtomicUsize>,
}

impl Weight {
    fn new(bytes: usize, total: &Arc<AtomicUsize>) -> Self {
        total.fetch_add(bytes, Ordering::Relaxed);
        Self { bytes, total: total.clone() }
    }
}

impl Drop for Weight {
    fn drop(&mut self) {
        self.total.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// A template that lives as long as an answer is like it.
struct Counted {
    template: Weak<Template>,
    _weight: Weight,
}

pub(super) struct Answers {
    /// The most bytes.
    most: usize,
    by_code: RwLock<HashMap<Key, Arc<Answer>>>,
    /// By item.
    templates: Mutex<HashMap<String, Vec<Counted>>>,
    bytes: Arc<AtomicUsize>,
}

impl Answers {
    pub fn new(most: usize) -> Self {
        Self { most, by_code: RwLock::default(), templates: Mutex::default(), bytes: Arc::default() }
    }

    /// The answer that is true of this generation.
    fn get(&self, code: &str, generation: u64) -> Option<Arc<Answer>> {
        let by_code = self.by_code.read().unwrap_or_else(PoisonError::into_inner);
        by_code
            .get(&Key::of(code)?)
            .filter(|answer| answer.generation.load(Ordering::Relaxed) == generation)
            .cloned()
    }

    /// The answer, if it is of the version that is in force in this generation.
    fn confirm(
        &self,
        code: &str,
        version: u32,
        withdrawn_at: Option<DateTime<Utc>>,
        generation: u64,
    ) -> Option<Arc<Answer>> {
        let by_code = self.by_code.read().unwrap_or_else(PoisonError::into_inner);
        let answer = by_code.get(&Key::of(code)?)?;
        if (answer.version, answer.withdrawn_at) != (version, withdrawn_at) {
            return None;
        }
        answer.generation.fetch_max(generation, Ordering::Relaxed);
        Some(answer.clone())
    }

    /// What is true of this generation. The texts of an item are mostly alike.
    fn write(
        &self,
        item: &str,
        text: &[u8],
        version: u32,
        withdrawn_at: Option<DateTime<Utc>>,
        generation: u64,
    ) -> Answer {
        let (body, added) = self.put(item, text);
        Answer {
            version,
            withdrawn_at,
            generation: AtomicU64::new(generation),
            // And its place among the others, about.
            _weight: Weight::new(
                size_of::<Answer>() + 2 * size_of::<Key>() + body.size() + added,
                &self.bytes,
            ),
            body,
        }
    }

    /// Like the template it has most in common with; with none much, it becomes one itself,
    /// for others if there are few. And the bytes that this takes besides.
    fn put(&self, item: &str, text: &[u8]) -> (Written, usize) {
        let known: Vec<Arc<Template>> = {
            let mut templates = self.templates.lock().unwrap_or_else(PoisonError::into_inner);
            let of_item = templates.entry(item.to_owned()).or_default();
            of_item.retain(|one| one.template.strong_count() > 0);
            of_item.iter().filter_map(|one| one.template.upgrade()).collect()
        };
        let has_place = known.len() < TEMPLATES;
        let best = known.into_iter().map(|known| Likeness::of(known, text)).min_by_key(Likeness::own);
        if let Some(best) = best.filter(|best| best.own() <= text.len() / MOST_OWN) {
            return Written::new(best, text);
        }
        let template = Arc::new(Template::new(text));
        let size = template.size();
        if !has_place {
            let (written, added) = Written::new(Likeness::of(template, text), text);
            return (written, added + size);
        }
        let counted =
            Counted { template: Arc::downgrade(&template), _weight: Weight::new(size, &self.bytes) };
        let mut templates = self.templates.lock().unwrap_or_else(PoisonError::into_inner);
        templates.entry(item.to_owned()).or_default().push(counted);
        Written::new(Likeness::of(template, text), text)
    }

    /// Forgets the templates no answer is like any more.
    fn forget_templates(&self) {
        let mut templates = self.templates.lock().unwrap_or_else(PoisonError::into_inner);
        templates.retain(|_, of_item| {
            of_item.retain(|one| one.template.strong_count() > 0);
            !of_item.is_empty()
        });
    }

    /// Keeps it, unless what is kept is newer. When all is more than may be kept, every second
    /// of the others is forgotten: however they lie, the older they are the fewer are left.
    fn keep(&self, code: &str, answer: Arc<Answer>) {
        let Some(key) = Key::of(code) else { return };
        let mut by_code = self.by_code.write().unwrap_or_else(PoisonError::into_inner);
        let generation = |answer: &Answer| answer.generation.load(Ordering::Relaxed);
        if by_code.get(&key).is_some_and(|kept| generation(kept) > generation(&answer)) {
            return;
        }
        if self.is_full() {
            let mut stays = false;
            by_code.retain(|_, _| {
                stays = !stays;
                stays
            });
            self.forget_templates();
        }
        by_code.insert(key, answer);
    }

    fn is_full(&self) -> bool {
        self.bytes.load(Ordering::Relaxed) >= self.most
    }

    /// Forgets what is not known to be true of this generation.
    fn forget_before(&self, generation: u64) {
        let mut by_code = self.by_code.write().unwrap_or_else(PoisonError::into_inner);
        by_code.retain(|_, answer| answer.generation.load(Ordering::Relaxed) >= generation);
        self.forget_templates();
    }
}

impl Catalogue {
    /// The answer to who reads the guide in force, if it is ready.
    pub fn answer_held(&self, code: &str) -> Option<Arc<Answer>> {
        let (_, generation) = self.moment();
        self.answers.get(code, generation)
    }

    /// The answer to who reads the guide in force; a withdrawn one is still given.
    pub async fn answer(&self, code: &str) -> AppResult<Option<Arc<Answer>>> {
        let (at, generation) = self.moment();
        if let Some(answer) = self.answers.get(code, generation) {
            return Ok(Some(answer));
        }
        let Some(record) = self.record_in_force(code, at).await? else { return Ok(None) };
        let known = self.answers.confirm(code, record.version, record.withdrawn_at, generation);
        if known.is_some() {
            return Ok(known);
        }
        let guide = self.compiled(record).await?;
        let answer = Arc::new(self.write(&guide, generation));
        self.answers.keep(code, answer.clone());
        Ok(Some(answer))
    }

    /// The answer to who reads that version.
    pub async fn answer_of(&self, code: &str, version: u32) -> AppResult<Option<Arc<Answer>>> {
        let (_, generation) = self.moment();
        if let Some(answer) = self.answers.get(code, generation).filter(|answer| answer.version == version) {
            return Ok(Some(answer));
        }
        let guide = self.version(code, version).await?;
        Ok(guide.map(|guide| Arc::new(self.write(&guide, generation))))
    }

    fn write(&self, guide: &PublishedGuide, generation: u64) -> Answer {
        let (item, text) = (guide.guide.item.basic_code.as_str(), (self.writer)(guide));
        self.answers.write(item, &text, guide.version, guide.withdrawn_at, generation)
    }

    /// Makes ready what readers and searchers will ask for, if anything changed since the
    /// last time: answers of all guides that take new cases, lines, and index. Readers need
    /// not wait for it. Gives up when the catalogue changes meanwhile.
    pub async fn make_ready(&self) -> AppResult<()> {
        if self.ready.load(Ordering::SeqCst) == self.generation() {
            return Ok(());
        }
        let (generation, lines) = self.lines_of_now().await?;
        self.index(&lines).await?;
        // Those that only need a look first: they are many, and take a moment.
        let is_known = |line: &&Arc<GuideLine>| {
            self.answers.confirm(&line.code, line.version, line.withdrawn_at, generation).is_some()
        };
        let unknown: Vec<&Arc<GuideLine>> = lines.iter().filter(|line| !is_known(line)).collect();
        self.answers.forget_before(generation);
        for line in unknown {
            if !self.is_present(generation) {
                return Ok(());
            }
            if self.answers.is_full() {
                break;
            }
            // Somebody asked meanwhile, and read what may be newer.
            if self.answers.get(&line.code, generation).is_some() {
                continue;
            }
            // Not in memory afterwards: nobody has asked to apply by it.
            if let Some(record) = self.store.find_guide(line.code.clone(), line.version).await? {
                match self.compile(record).await {
                    Ok(guide) => self.answers.keep(&line.code, Arc::new(self.write(&guide, generation))),
                    Err(error) => tracing::warn!(?error, "a guide cannot be made ready; the others are"),
                }
            }
        }
        self.ready.store(generation, Ordering::SeqCst);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(number: usize) -> String {
        format!("{{\"number\":{number},\"text\":\"{}\"}}", format!("{number} ").repeat(100))
    }

    #[test]
    fn the_newest_stay_within_the_bound_and_what_is_dropped_counts_no_more() {
        let answers = Answers::new(200_000);
        for number in 0..2_000 {
            let (code, item) = (format!("guide {number}"), format!("item {}", number % 300));
            answers.keep(&code, Arc::new(answers.write(&item, texts(number).as_bytes(), 1, None, 7)));
            let kept = answers.get(&code, 7).expect("what was kept last is there");
            assert_eq!(kept.body.plain(), texts(number));
            assert!(answers.bytes.load(Ordering::Relaxed) < 205_000);
        }
        let kept = (1_900..2_000).filter(|number| answers.get(&format!("guide {number}"), 7).is_some());
        assert!(kept.count() > 10, "of the last many are kept");
        answers.forget_before(8);
        assert_eq!(answers.bytes.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn an_answer_is_given_in_the_generations_it_is_known_to_be_true_of() {
        let answers = Answers::new(50_000);
        let keep = |version, generation| {
            answers.keep("guide", Arc::new(answers.write("item", b"{}", version, None, generation)));
        };
        let given = |generation| answers.get("guide", generation).map(|answer| answer.version);
        keep(1, 3);
        assert_eq!((given(3), given(4)), (Some(1), None));
        assert!(answers.confirm("guide", 2, None, 4).is_none());
        assert!(answers.confirm("guide", 1, Some(DateTime::UNIX_EPOCH), 4).is_none());
        assert!(answers.confirm("guide", 1, None, 4).is_some());
        assert_eq!((given(3), given(4)), (None, Some(1)));
        keep(2, 5);
        // Who read before that comes late.
        keep(1, 4);
        assert_eq!((given(4), given(5)), (None, Some(2)));
    }
}
