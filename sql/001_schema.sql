CREATE TABLE onceover.run (
  id         uuid PRIMARY KEY,
  guard      text NOT NULL,
  policy     text NOT NULL CHECK (policy IN ('skip', 'reject', 'replace', 'allow')),
  reason     text,
  actor      text,
  created    bigint NOT NULL DEFAULT 0,
  replaced   bigint NOT NULL DEFAULT 0,
  allowed    bigint NOT NULL DEFAULT 0,
  skipped    bigint NOT NULL DEFAULT 0,
  collided   bigint NOT NULL DEFAULT 0,
  invalid    bigint NOT NULL DEFAULT 0,
  failed     bigint NOT NULL DEFAULT 0,
  started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE onceover.run IS
  'One request to make rows: its policy, who asked and why, and what came of it so far.';

CREATE TABLE onceover.event (
  id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at       timestamptz NOT NULL DEFAULT clock_timestamp(),
  run_id   uuid NOT NULL,
  guard    text NOT NULL,
  verdict  text NOT NULL,
  reason   text,
  actor    text,
  parts    text[] NOT NULL,
  keys     json NOT NULL,
  existing json
);
COMMENT ON TABLE onceover.event IS
  'Append-only audit, one line per chunk and verdict: keys[i] holds the values of parts for one '
  'row, existing[i] the primary key of the row that it met. The run is not a foreign key: an '
  'audit line must never wait for a lock on it.';
CREATE INDEX event_guard_at ON onceover.event (guard, at);
CREATE INDEX event_run ON onceover.event (run_id);

CREATE FUNCTION onceover.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  RAISE EXCEPTION 'onceover.event is append-only: % is refused', TG_OP
    USING ERRCODE = 'insufficient_privilege', HINT = 'An audit that can be edited proves nothing.';
END $$;
CREATE TRIGGER event_append_only
  BEFORE UPDATE OR DELETE OR TRUNCATE ON onceover.event
  FOR EACH STATEMENT EXECUTE FUNCTION onceover.refuse_change();
