CREATE TABLE onceover.repair (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  guard      text NOT NULL,
  table_name text NOT NULL,
  state      text NOT NULL DEFAULT 'planned'
    CHECK (state IN ('planned', 'applying', 'applied', 'undone')),
  plan       json NOT NULL,
  family     json NOT NULL,
  next_seq   bigint NOT NULL DEFAULT 1,
  batches    bigint NOT NULL DEFAULT 0,
  removed    bigint NOT NULL DEFAULT 0,
  changed    bigint NOT NULL DEFAULT 0,
  skipped    bigint NOT NULL DEFAULT 0,
  moved      bigint NOT NULL DEFAULT 0,
  dropped    bigint NOT NULL DEFAULT 0,
  reason     text,
  actor      text,
  planned_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  applied_at timestamptz,
  applied_by text,
  undone_at  timestamptz,
  undone_by  text
);
CREATE INDEX repair_guard ON onceover.repair (guard, id);
COMMENT ON TABLE onceover.repair IS
  'Repairs of duplicates: the plan, how far it was applied, and whether it was undone. Beside each '
  'stand tables of its own: repair_N_losers is the frozen plan, repair_N_rows_M the rows that it '
  'removed from a table, repair_N_moves_M what it changed. They hold what an undo needs.';
COMMENT ON COLUMN onceover.repair.next_seq IS
  'The first loser that is not settled yet: a batch and this number commit together, so that an '
  'apply that was killed goes on where the last batch ended.';
