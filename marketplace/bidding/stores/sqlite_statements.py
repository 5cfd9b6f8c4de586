"""The SQL of the committer on SQLite: one question, and a statement for each table that a group changes."""

# Keys are random, so a group touches many pages of their indexes: keep them in memory, and let the log take a few
# hundred groups before it is copied into the tables. A commit is as durable as before: the log is flushed each time.
PRAGMAS = ("PRAGMA cache_size = -32000", "PRAGMA wal_autocheckpoint = 8000")
# NOT (...) is written as in the index participation_once: SQLite finds the row by it only then.
READ = """
SELECT strftime('%Y-%m-%dT%H:%M:%f', 'now'),
(SELECT json_group_array(json_array(id, ref, state, closes_at, last_bid))
  FROM markets_market WHERE id IN (SELECT value FROM json_each(:markets))),
(SELECT json_group_array(json_array(p.market_id, p.agent_id, p.id, p.ref, p.state, p.limit_minor, s.id, b.id, b.ref,
    s.head))
  FROM json_each(:places) AS w
  JOIN bidding_participation p ON p.market_id = json_extract(w.value, '$[0]')
    AND p.agent_id = json_extract(w.value, '$[1]') AND NOT (p.state = 'refused')
  JOIN core_stream s ON s.name = 'participation:' || p.ref
  LEFT JOIN bidding_bid b ON b.participation_id = p.id AND b.status = 'accepted'),
(SELECT json_group_array(json_array(b.key_hash, b.ref, b.receipt, b.at, p.ref, b.body_hash))
  FROM bidding_bid b JOIN bidding_participation p ON p.id = b.participation_id
  WHERE b.key_hash IN (SELECT value FROM json_each(:keys))),
(SELECT json_group_array(json_array(b.ref, b.receipt, b.at, p.ref, b.body_hash, b.id, p.market_id, p.agent_id,
    b.status))
  FROM bidding_bid b JOIN bidding_participation p ON p.id = b.participation_id
  WHERE b.ref IN (SELECT value FROM json_each(:named)))"""
REPLACE = "UPDATE bidding_bid SET status = 'replaced' WHERE id IN (SELECT value FROM json_each(?))"
WITHDRAW = "UPDATE bidding_bid SET status = 'withdrawn' WHERE id IN (SELECT value FROM json_each(?))"
INSERT = """
INSERT INTO bidding_bid (ref, market_id, participation_id, seq, receipt, key_hash, body_hash, content, status, at)
SELECT w.value->>0, w.value->>1, w.value->>2, w.value->>3, w.value->>4, w.value->>5, w.value->>6,
  substr(?2, w.value->>7, w.value->>8), 'accepted', ?3
FROM json_each(?1) AS w"""
COUNT = """
UPDATE markets_market SET last_bid = w.value->>1 FROM json_each(?) AS w WHERE markets_market.id = w.value->>0"""
RISE = "UPDATE core_stream SET head = head + 1 WHERE id IN (SELECT value FROM json_each(?))"
TELL = """
INSERT INTO core_event (stream_id, seq, kind, at, payload)
SELECT s.id, s.head, w.value->>1, ?2, w.value->>2 FROM json_each(?1) AS w JOIN core_stream s ON s.id = w.value->>0"""
