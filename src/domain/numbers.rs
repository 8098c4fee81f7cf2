//! Accounting for case numbers: every number of a series was reserved in a block, and
//! given to one case or to none. Whatever is neither is a fault.

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// The numbers one running instance reserved for a series at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NumberBlock {
    pub first: i64,
    pub last: i64,
    pub instance: Uuid,
    pub reserved_at: DateTime<Utc>,
}

/// Numbers in a row that no case has, with the block that explains them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unused {
    pub first: i64,
    pub last: i64,
    pub block: NumberBlock,
    /// A later number of the block was given: these were in somebody's hand.
    pub is_passed: bool,
}

/// What became of a series.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Account {
    pub unused: Vec<Unused>,
    pub faults: Vec<String>,
}

/// Accounts for a series up to `last`, the last number reserved of it. `blocks` come
/// in the order of their first numbers, `given` in any.
pub fn account(last: i64, blocks: &[NumberBlock], mut given: Vec<i64>) -> Account {
    let mut account = Account::default();
    given.sort_unstable();
    for pair in given.windows(2).filter(|pair| pair[0] == pair[1]) {
        account.faults.push(format!("number {} was given twice", pair[0]));
    }
    given.dedup();
    let mut next = 1;
    let mut given = given.into_iter().peekable();
    for block in blocks {
        if block.last < block.first {
            account.faults.push(format!("the block from {} ends before it begins", block.first));
            continue;
        }
        if block.first > next {
            let (hole, end) = (next, block.first - 1);
            account.faults.push(format!("numbers {hole}–{end} are in no block"));
        }
        if block.first < next {
            account.faults.push(format!("the block from {} overlaps the one before it", block.first));
        }
        while let Some(number) = given.next_if(|number| *number < block.first) {
            account.faults.push(format!("number {number} was given and is in no block"));
        }
        let mut expected = block.first;
        while let Some(number) = given.next_if(|number| *number <= block.last) {
            account.unused.extend(unused(expected, number - 1, block, true));
            expected = number + 1;
        }
        account.unused.extend(unused(expected, block.last, block, false));
        next = next.max(block.last.saturating_add(1));
    }
    account.faults.extend(given.map(|number| format!("number {number} was given and is in no block")));
    if next - 1 != last {
        let end = next - 1;
        account
            .faults
            .push(format!("its blocks end at {end}, and {last} is said to be the last number reserved"));
    }
    account
}

fn unused(first: i64, last: i64, block: &NumberBlock, is_passed: bool) -> Option<Unused> {
    (first <= last).then_some(Unused { first, last, block: *block, is_passed })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn block(first: i64, last: i64) -> NumberBlock {
        let reserved_at = "2026-03-02T01:30:00Z".parse().unwrap();
        NumberBlock { first, last, instance: Uuid::nil(), reserved_at }
    }

    fn ranges(account: &Account) -> Vec<(i64, i64)> {
        account.unused.iter().map(|unused| (unused.first, unused.last)).collect()
    }

    #[test]
    fn what_was_reserved_and_not_given_is_explained() {
        let blocks = [block(1, 1), block(2, 3), block(4, 7)];
        let account = account(7, &blocks, vec![6, 1, 2, 4]);
        assert_eq!(account.faults, Vec::<String>::new());
        assert_eq!(ranges(&account), [(3, 3), (5, 5), (7, 7)]);
        assert_eq!(account.unused[2].block, blocks[2]);
        let passed = account.unused.iter().map(|unused| unused.is_passed);
        assert_eq!(passed.collect::<Vec<_>>(), [false, true, false], "6 was given, so 5 was in hand");
    }

    #[test]
    fn what_no_block_explains_is_a_fault() {
        let faults =
            |last, blocks: &[NumberBlock], given: &[i64]| account(last, blocks, given.to_vec()).faults;
        assert_eq!(faults(0, &[], &[1]), ["number 1 was given and is in no block"]);
        assert_eq!(faults(2, &[block(1, 2)], &[3]), ["number 3 was given and is in no block"]);
        assert_eq!(faults(2, &[block(1, 2)], &[1, 1]), ["number 1 was given twice"]);
        assert_eq!(faults(4, &[block(1, 1), block(3, 4)], &[1, 3]), ["numbers 2–2 are in no block"]);
        assert_eq!(
            faults(4, &[block(1, 1), block(3, 4)], &[2]),
            ["numbers 2–2 are in no block", "number 2 was given and is in no block"]
        );
        assert_eq!(
            faults(3, &[block(1, 2), block(2, 3)], &[]),
            ["the block from 2 overlaps the one before it"]
        );
        assert_eq!(faults(1, &[block(1, 0)], &[]).len(), 2);
        assert_eq!(
            faults(9, &[block(1, 2)], &[]),
            ["its blocks end at 2, and 9 is said to be the last number reserved"]
        );
    }

    proptest! {
        /// Of blocks without holes, every number is either given or explained.
        #[test]
        fn nothing_is_left_over(sizes in proptest::collection::vec(1..9_i64, 0..9), picks in proptest::collection::vec(any::<bool>(), 81)) {
            let mut last = 0;
            let blocks: Vec<NumberBlock> = sizes.iter().map(|size| { last += size; block(last - size + 1, last) }).collect();
            let given: Vec<i64> = (1..=last).filter(|number| picks[usize::try_from(*number).unwrap()]).collect();
            let account = account(last, &blocks, given.clone());
            prop_assert_eq!(&account.faults, &Vec::<String>::new());
            let mut all = given;
            all.extend(account.unused.iter().flat_map(|unused| unused.first..=unused.last));
            all.sort_unstable();
            prop_assert_eq!(all, (1..=last).collect::<Vec<_>>());
        }
    }
}
