//! The inverted index, by tantivy, in memory: finds the hundred or so items worth a
//! closer look. It is written once, by the thread that asks for it, as a single
//! segment in order of item, so that the same items make the same index.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use tantivy::directory::RamDirectory;
use tantivy::query::{BooleanQuery, BoostQuery, EnableScoring, Occur, Query, TermQuery, Weight};
use tantivy::schema::{Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::{DocSet as _, Index, ReloadPolicy, Searcher, SegmentReader, TantivyDocument, Term};

/// What an item is found by, and what a query looks for: terms by field.
#[derive(Debug, Default)]
pub struct Terms([Vec<String>; Part::ALL.len()]);

/// A field of the index.
#[derive(Debug, Clone, Copy)]
pub enum Part {
    /// Words of names and aliases.
    Words,
    /// Words of what is said about the item.
    More,
    /// Pairs of characters: find what was mistyped, or cut otherwise.
    Pairs,
    /// Pairs of syllables: find what sounds the same.
    Sounds,
    /// Letters: pinyin and English by threes, initials, English words.
    Letters,
}

impl Part {
    pub const ALL: [Self; 5] = [Self::Words, Self::More, Self::Pairs, Self::Sounds, Self::Letters];

    /// How much a term of this field counts, and how many of them, the rarest first,
    /// a query may have: what bounds its cost.
    fn weight(self) -> (f32, usize) {
        match self {
            Self::Words => (2.0, 10),
            Self::More => (0.5, 4),
            Self::Pairs => (1.0, 6),
            Self::Sounds => (0.7, 4),
            Self::Letters => (1.0, 8),
        }
    }
}

impl Terms {
    pub fn add(&mut self, part: Part, term: impl Into<String>) {
        self.0[part as usize].push(term.into());
    }

    /// The terms of each field once, in order.
    fn settled(mut self) -> [Vec<String>; Part::ALL.len()] {
        for terms in &mut self.0 {
            terms.sort_unstable();
            terms.dedup();
        }
        self.0
    }
}

pub struct Inverted {
    searcher: Searcher,
    fields: Vec<Field>,
}

/// The writer's first table is sized by its budget; it grows with what is written.
const BUDGET_BYTES: usize = 1 << 20;

impl Inverted {
    /// Numbers the documents as they come, from 0.
    pub fn new(documents: impl Iterator<Item = Terms>) -> tantivy::Result<Self> {
        let mut schema = Schema::builder();
        let fields: Vec<Field> =
            Part::ALL.iter().map(|part| schema.add_text_field(&format!("{part:?}"), terms())).collect();
        let builder = Index::builder().schema(schema.build());
        let mut writer = builder.single_segment_index_writer(RamDirectory::create(), BUDGET_BYTES)?;
        for terms in documents {
            let mut document = TantivyDocument::default();
            for (field, terms) in fields.iter().zip(terms.settled()) {
                document.add_text(*field, terms.join(" "));
            }
            writer.add_document(document)?;
        }
        let reader = writer.finalize()?.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        Ok(Self { searcher: reader.searcher(), fields })
    }

    /// The best documents by BM25 with their scores, of `allowed` (in order) only.
    pub fn candidates(
        &self,
        wanted: Terms,
        allowed: Option<&[u32]>,
        limit: usize,
    ) -> tantivy::Result<Vec<(u32, f32)>> {
        let Some(reader) = self.searcher.segment_readers().first() else { return Ok(Vec::new()) };
        let query = self.query(wanted)?;
        let weight = query.weight(EnableScoring::enabled_from_searcher(&self.searcher))?;
        let best = Best { limit, held: BinaryHeap::new() };
        match allowed {
            // Few are looked up; of many, those that cannot be among the best are passed over.
            Some(allowed) if allowed.len() < reader.max_doc() as usize / 8 => {
                best.look_up(weight.as_ref(), reader, allowed)
            }
            _ => best.sweep(weight.as_ref(), reader, allowed),
        }
    }

    fn query(&self, wanted: Terms) -> tantivy::Result<BooleanQuery> {
        let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::new();
        for ((part, field), terms) in Part::ALL.iter().zip(&self.fields).zip(wanted.settled()) {
            let (weight, most) = part.weight();
            let mut known = Vec::new();
            for term in terms {
                let term = Term::from_field_text(*field, &term);
                match self.searcher.doc_freq(&term)? {
                    0 => {}
                    frequency => known.push((frequency, term)),
                }
            }
            known.sort();
            for (_, term) in known.into_iter().take(most) {
                let term = Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs));
                clauses.push((Occur::Should, Box::new(BoostQuery::new(term, weight))));
            }
        }
        Ok(BooleanQuery::new(clauses))
    }
}

/// Terms come cut already, one blank between them.
fn terms() -> TextOptions {
    let indexing = TextFieldIndexing::default()
        .set_tokenizer("whitespace")
        .set_index_option(IndexRecordOption::WithFreqs);
    TextOptions::default().set_indexing_options(indexing)
}

/// Orders by score, then by number, the lower first.
#[derive(PartialEq)]
struct Scored(f32, Reverse<u32>);

impl Eq for Scored {}

impl Ord for Scored {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0).then(self.1.cmp(&other.1))
    }
}

impl PartialOrd for Scored {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The best so far.
struct Best {
    limit: usize,
    held: BinaryHeap<Reverse<Scored>>,
}

impl Best {
    /// What a document must score more than to be among them.
    fn offer(&mut self, document: u32, score: f32) -> f32 {
        self.held.push(Reverse(Scored(score, Reverse(document))));
        if self.held.len() > self.limit {
            self.held.pop();
        }
        self.threshold()
    }

    fn threshold(&self) -> f32 {
        let is_full = self.held.len() >= self.limit;
        self.held.peek().filter(|_| is_full).map_or(0.0, |least| least.0.0)
    }

    fn sweep(
        mut self,
        weight: &dyn Weight,
        reader: &SegmentReader,
        allowed: Option<&[u32]>,
    ) -> tantivy::Result<Vec<(u32, f32)>> {
        let allowed = allowed.map(|allowed| {
            let mut flags = vec![false; reader.max_doc() as usize];
            allowed.iter().for_each(|document| flags[*document as usize] = true);
            flags
        });
        weight.for_each_pruning(0.0, reader, &mut |document, score| match allowed
            .as_ref()
            .is_none_or(|flags| flags[document as usize])
        {
            true => self.offer(document, score),
            false => self.threshold(),
        })?;
        Ok(self.ranked())
    }

    fn look_up(
        mut self,
        weight: &dyn Weight,
        reader: &SegmentReader,
        allowed: &[u32],
    ) -> tantivy::Result<Vec<(u32, f32)>> {
        let mut scorer = weight.scorer(reader, 1.0)?;
        for document in allowed {
            let at = if scorer.doc() < *document { scorer.seek(*document) } else { scorer.doc() };
            if at == *document {
                self.offer(*document, scorer.score());
            }
        }
        Ok(self.ranked())
    }

    fn ranked(self) -> Vec<(u32, f32)> {
        let sorted = self.held.into_sorted_vec();
        sorted.into_iter().map(|Reverse(Scored(score, Reverse(document)))| (document, score)).collect()
    }
}
