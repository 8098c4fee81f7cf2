
-- Where each case lies: the busiest agencies have the most, a third of them in towns.
{numbers}
INSERT INTO work (case_id, state, agency, region, county, city, guide, step, counter, due_on, yellow_on)
SELECT {id}, state, code, region, substr(region, 1, 6), substr(region, 1, 4),
    code || '3' || substr(CAST(1000000000000 + i % 10 AS TEXT), 2),
    CASE WHEN state <> 'accepted' THEN NULL WHEN i % 3 = 0 THEN 'review' ELSE 'handle' END,
    CASE WHEN i % 8 = 0 THEN 'hall-' || substr(region, 1, 6) END,
    {day}, {yellow}
FROM (
    SELECT i, code, state, gap,
        CASE WHEN i % 3 = 0 THEN substr(region, 1, 6) || substr(CAST(1001 + i % 10 AS TEXT), 2) || '000' ELSE region END AS region,
        CASE state WHEN 'submitted' THEN i * 17 % 16 - 10 WHEN 'accepted' THEN i * 17 % 91 - 30 ELSE i * 17 % 16 - 5 END AS offs
    FROM (
        SELECT i, a.code, a.region,
            CASE WHEN i * 31 % 10 < 3 THEN 'submitted' WHEN i * 31 % 10 < 9 THEN 'accepted' ELSE 'decided' END AS state,
            CASE WHEN i * 31 % 10 < 3 THEN 1 WHEN i * 31 % 10 < 9 THEN 1 + i % 15 ELSE 2 END AS gap
        FROM n JOIN bench_agencies a
            ON a.n = ((i * 7919 % 100003) * (i * 7919 % 100003) / 100003) * {agencies} / 100003
    ) AS placed
) AS timed;

INSERT INTO cases (id, version, head, state, outcome, guide, guide_version, agency, region, party, opened_by, case_no,
    document, personal, data_key, letters, opened_at, updated_at, tick_at)
SELECT case_id, 3, {blank}, state, NULL, guide, 1, agency, region, case_id, NULL, NULL,
    '{"padding": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}',
    NULL, NULL, 1, {now}, {now}, {tick}
FROM work;

{numbers}
INSERT INTO case_keys (digest, case_id) SELECT {bytes}, {id} FROM n;

{numbers}
INSERT INTO case_claims (case_id, role, post, account, at)
SELECT {id}, 'handler', {bytes}{as_id}, {bytes}{as_id}, {now} FROM n WHERE i % 10 = 0;

INSERT INTO work_balances (place, region, state, turn, day, cases)
SELECT place, own, state, turn, CASE turn WHEN 'due' THEN due_on ELSE yellow_on END AS day, SUM(cases) FROM (
    SELECT place, own, state, due_on, yellow_on, count(*) AS cases FROM (
        SELECT substr(region, 1, 2) AS place, '' AS own, state, due_on, yellow_on FROM work
        UNION ALL SELECT city, '', state, due_on, yellow_on FROM work WHERE substr(region, 3, 2) <> '00'
        UNION ALL SELECT county, '', state, due_on, yellow_on FROM work WHERE substr(region, 5, 2) <> '00'
        UNION ALL SELECT substr(region, 1, 9), '', state, due_on, yellow_on FROM work WHERE substr(region, 7, 3) <> '000'
        UNION ALL SELECT region, region, state, due_on, yellow_on FROM work
        UNION ALL SELECT agency, region, state, due_on, yellow_on FROM work
        UNION ALL SELECT agency, '', state, due_on, yellow_on FROM work
    ) AS placed GROUP BY place, own, state, due_on, yellow_on
) AS summed CROSS JOIN (SELECT 'due' AS turn UNION ALL SELECT 'yellow') AS turns
GROUP BY place, own, state, turn, CASE turn WHEN 'due' THEN due_on ELSE yellow_on END;

DROP TABLE bench_agencies;
