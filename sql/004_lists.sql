-- Lists are read newest first, a page at a time: each order that a list has is an index.

-- This writes the ledger anew, and its indexes: some two minutes for ten million claims, in which
-- nobody claims.
ALTER TABLE onceover.claim ADD COLUMN unmade text COLLATE "C" NOT NULL GENERATED ALWAYS AS
  (CASE WHEN state IN ('failed', 'exhausted', 'cancelled') THEN state ELSE '' END) STORED;
COMMENT ON COLUMN onceover.claim.unmade IS
  'The state of a claim that ended and made nothing, else empty: claimed and done are one to it. '
  'So the indexes tell what is wrong from the rest, and completing a claim writes none of them.';
CREATE INDEX claim_guard ON onceover.claim (guard, unmade, claimed_at, key_hash);
-- Claims of one statement have one moment: without the hash the entries of each are one.
DROP INDEX onceover.claim_run;
CREATE INDEX claim_run ON onceover.claim (run_id, unmade, claimed_at);

DROP INDEX onceover.run_started_at;
-- A whole list has an order of its own: a part of it, such as one guard's, is never read by this.
CREATE INDEX run_started_at ON onceover.run ((started_at AT TIME ZONE 'UTC'), id);
CREATE INDEX run_guard ON onceover.run (guard, started_at, id);
CREATE INDEX run_state ON onceover.run (state, started_at, id);
CREATE INDEX run_actor ON onceover.run (actor, started_at, id);
CREATE INDEX run_running ON onceover.run (guard, started_at, id) WHERE state = 'running';

DROP INDEX onceover.event_guard_at, onceover.event_run;
CREATE INDEX event_at ON onceover.event ((at AT TIME ZONE 'UTC'), id);
CREATE INDEX event_guard ON onceover.event (guard, at, id);
CREATE INDEX event_guard_verdict ON onceover.event (guard, verdict, at, id);
CREATE INDEX event_verdict ON onceover.event (verdict, at, id);
CREATE INDEX event_actor ON onceover.event (actor, at, id);
CREATE INDEX event_run ON onceover.event (run_id, at, id);
