ALTER TABLE onceover.run
  ADD COLUMN in_flight     bigint NOT NULL DEFAULT 0,
  ADD COLUMN cancelled     bigint NOT NULL DEFAULT 0,
  ADD COLUMN state         text NOT NULL DEFAULT 'done'
    CHECK (state IN ('running', 'done', 'stopped', 'cancelled')),
  ADD COLUMN lease_id      uuid,
  ADD COLUMN range         json,
  ADD COLUMN cancel_reason text,
  ADD COLUMN cancelled_by  text,
  ADD COLUMN finished_at   timestamptz;
CREATE INDEX run_started_at ON onceover.run (started_at);
COMMENT ON COLUMN onceover.run.state IS
  'Rows are made in one go, so that their run is done at once. A run of work whose lease is dead '
  'and that is still running has crashed: another process may resume it.';

CREATE TABLE onceover.guard (
  name       text PRIMARY KEY,
  table_name text NOT NULL,
  key        json NOT NULL,
  seen_at    timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE onceover.guard IS
  'The guards that have claims, each with the parts of its key and their types: a key that is '
  'declared anew would not find the claims that its old declaration made.';

CREATE TABLE onceover.lease (
  id         uuid PRIMARY KEY,
  worker     text NOT NULL,
  started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at timestamptz NOT NULL,
  dead       boolean NOT NULL DEFAULT false
);
CREATE INDEX lease_alive ON onceover.lease (expires_at) WHERE NOT dead;
COMMENT ON TABLE onceover.lease IS
  'One row per worker, renewed by one statement however many claims it holds. A lease that '
  'expired lives until somebody marks it dead; dead is for ever.';

CREATE TABLE onceover.claim (
  guard         text NOT NULL,
  key_hash      bytea NOT NULL,
  key           jsonb NOT NULL,
  state         text NOT NULL
    CHECK (state IN ('claimed', 'done', 'failed', 'exhausted', 'cancelled')),
  lease_id      uuid,
  grant_id      uuid NOT NULL,
  fence         bigint NOT NULL,
  attempt       integer NOT NULL,
  generation    integer NOT NULL,
  origin        text NOT NULL CHECK (origin IN ('new', 'taken_over', 'retried', 'reopened')),
  replaces      boolean NOT NULL,
  run_id        uuid NOT NULL,
  unit          json,
  fingerprint   text,
  retry_at      timestamptz,
  error         text,
  result        json,
  done_lease_id uuid,
  claimed_at    timestamptz NOT NULL,
  ended_at      timestamptz,
  PRIMARY KEY (guard, key_hash),
  CHECK ((state = 'claimed') = (lease_id IS NOT NULL))
) WITH (fillfactor = 50);
CREATE INDEX claim_run ON onceover.claim (run_id);
COMMENT ON TABLE onceover.claim IS
  'The ledger: one row for each key that work was ever done on. The fence rises with each owner '
  'and is checked inside the write. The fillfactor leaves room beside a claim for its end, so '
  'that no index is written a second time.';

CREATE TABLE onceover.step (
  guard           text NOT NULL,
  key_hash        bytea NOT NULL,
  generation      integer NOT NULL,
  name            text NOT NULL,
  run_id          uuid NOT NULL,
  idempotency_key text NOT NULL,
  fence           bigint NOT NULL,
  state           text NOT NULL
    CHECK (state IN ('asked', 'answered', 'withdrawn', 'needs_reconcile')),
  answer          json,
  calls           integer NOT NULL DEFAULT 1,
  reused          integer NOT NULL DEFAULT 0,
  asked           integer NOT NULL DEFAULT 0,
  started_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  answered_at     timestamptz,
  PRIMARY KEY (guard, key_hash, generation, name)
);
CREATE INDEX step_run ON onceover.step (run_id);
COMMENT ON TABLE onceover.step IS
  'External calls of a unit: the intent is committed before the call and the answer after it, so '
  'that a later attempt reuses the answer, or asks for it, and never calls again blindly.';
