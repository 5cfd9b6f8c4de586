"""The SQL of the committer on PostgreSQL, each statement by its name."""

# Plans are made while tables are young, and kept: rows are found by index, or a bid would cost more with each bid.
PIN = "SET plan_cache_mode = force_generic_plan; SET jit = off" + "".join(
    f"; SET enable_{way} = off" for way in ("seqscan", "hashjoin", "mergejoin", "material", "memoize")
)
# Each parameter is JSON: one value a statement costs less than a list a column, and needs no quoting of ours.
# The clock stands in a statement after the lock's own: now() would be the transaction's start, and a clock in the
# locking statement would be read before the lock was had; both let bids in after the close.
STATEMENTS = {
    b"begin": "BEGIN",
    b"lock": """
SELECT id, ref, state, (extract(epoch from closes_at) * 1000000)::bigint, last_bid FROM markets_market
WHERE id = ANY(ARRAY(SELECT jsonb_array_elements_text($1::jsonb)::bigint)) ORDER BY id FOR UPDATE""",
    b"read": """
SELECT (extract(epoch from clock_timestamp()) * 1000000)::bigint,
(SELECT json_agg(json_build_array(p.market_id, p.agent_id, p.id, p.ref, p.state, p.limit_minor, s.id, b.id, b.ref))
  FROM jsonb_array_elements($1::jsonb) AS w
  JOIN bidding_participation p
    ON p.market_id = (w->>0)::bigint AND p.agent_id = (w->>1)::bigint AND p.state <> 'refused'
  JOIN core_stream s ON s.name = 'participation:' || p.ref
  LEFT JOIN bidding_bid b ON b.participation_id = p.id AND b.status = 'accepted'),
(SELECT json_agg(json_build_array(b.key_hash, b.ref, b.receipt, (extract(epoch from b.at) * 1000000)::bigint, p.ref,
    b.body_hash))
  FROM bidding_bid b JOIN bidding_participation p ON p.id = b.participation_id
  WHERE b.key_hash = ANY(ARRAY(SELECT jsonb_array_elements_text($2::jsonb))))""",
    b"named": """
SELECT b.ref, b.receipt, (extract(epoch from b.at) * 1000000)::bigint, p.ref, b.body_hash,
  b.id, p.market_id, p.agent_id, b.status
FROM bidding_bid b JOIN bidding_participation p ON p.id = b.participation_id
WHERE b.ref = ANY(ARRAY(SELECT jsonb_array_elements_text($1::jsonb)))""",
    b"replace": """
UPDATE bidding_bid SET status = 'replaced'
WHERE id = ANY(ARRAY(SELECT jsonb_array_elements_text($1::jsonb)::bigint))""",
    b"write": """
WITH w AS MATERIALIZED (
  SELECT w->>0 AS ref, (w->>1)::bigint AS market_id, (w->>2)::bigint AS seat_id, (w->>3)::bigint AS seq,
    decode(w->>4, 'hex') AS content, w->>5 AS receipt, w->>6 AS key_hash, w->>7 AS body_hash,
    (w->>8)::bigint AS stream_id, w->>9 AS payload
  FROM jsonb_array_elements($1::jsonb) AS w),
stored AS (
  INSERT INTO bidding_bid
    (ref, market_id, participation_id, seq, content, receipt, key_hash, body_hash, status, at)
  SELECT ref, market_id, seat_id, seq, content, receipt, key_hash, body_hash, 'accepted', $2::timestamptz FROM w),
counted AS (
  UPDATE markets_market m SET last_bid = n.last_bid
  FROM (SELECT market_id, max(seq) AS last_bid FROM w GROUP BY market_id) AS n WHERE m.id = n.market_id),
heads AS (
  UPDATE core_stream s SET head = head + 1 FROM w WHERE s.id = w.stream_id RETURNING s.id, s.name, s.head, w.payload),
told AS (
  INSERT INTO core_event (stream_id, seq, kind, at, payload)
  SELECT id, head, 'bid.accepted', $2::timestamptz, payload FROM heads)
SELECT name, head FROM heads""",
    b"withdraw": """
WITH w AS MATERIALIZED (
  SELECT (w->>0)::bigint AS bid_id, (w->>1)::bigint AS stream_id, w->>2 AS payload
  FROM jsonb_array_elements($1::jsonb) AS w),
gone AS (UPDATE bidding_bid b SET status = 'withdrawn' FROM w WHERE b.id = w.bid_id),
heads AS (
  UPDATE core_stream s SET head = head + 1 FROM w WHERE s.id = w.stream_id RETURNING s.id, s.name, s.head, w.payload),
told AS (
  INSERT INTO core_event (stream_id, seq, kind, at, payload)
  SELECT id, head, 'bid.withdrawn', $2::timestamptz, payload FROM heads)
SELECT name, head FROM heads""",
    b"commit": "COMMIT",
}
