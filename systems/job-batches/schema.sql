-- The analyst workflow: a configuration, a batch per type of work, a job per item of a batch.
-- No unique index stands on irp_batch: the guard of guards.ts makes it (once.enforce).

CREATE TYPE irp_batch_status AS ENUM ('INITIATED', 'ACTIVE', 'COMPLETED', 'FAILED', 'CANCELLED');

CREATE TYPE irp_job_status AS ENUM (
  'INITIATED', 'SUBMITTED', 'PENDING', 'QUEUED', 'RUNNING', 'FINISHED', 'FAILED',
  'CANCEL_REQUESTED', 'CANCELLING', 'CANCELLED', 'FORCED_OK'
);

CREATE TABLE irp_configuration (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL,
  -- { "databases": [{ "name" }], "portfolios": [{ "name", "database" }] }
  items jsonb NOT NULL,
  created_ts timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE irp_batch (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  configuration_id integer NOT NULL REFERENCES irp_configuration,
  batch_type text NOT NULL CHECK (batch_type ~ '^[A-Z][A-Z0-9_]{0,254}$'),
  copy_number integer NOT NULL DEFAULT 0 CHECK (copy_number >= 0),
  status irp_batch_status NOT NULL DEFAULT 'INITIATED',
  created_by text NOT NULL DEFAULT current_user,
  created_ts timestamptz NOT NULL DEFAULT now(),
  updated_ts timestamptz NOT NULL DEFAULT now(),
  completed_ts timestamptz,
  allow_reason text CHECK (allow_reason ~ '\S'),
  allowed_by text CHECK (allowed_by ~ '\S'),
  cancel_reason text CHECK (cancel_reason ~ '\S'),
  cancelled_by text CHECK (cancelled_by ~ '\S'),
  CONSTRAINT a_copy_has_reason_and_actor
    CHECK (copy_number = 0 OR (allow_reason IS NOT NULL AND allowed_by IS NOT NULL)),
  CONSTRAINT a_cancelled_batch_has_reason_and_actor
    CHECK (status <> 'CANCELLED' OR (cancel_reason IS NOT NULL AND cancelled_by IS NOT NULL))
);

CREATE TABLE irp_job (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  batch_id integer NOT NULL REFERENCES irp_batch,
  item_number integer NOT NULL CHECK (item_number >= 1),
  item jsonb NOT NULL CHECK (item ->> 'name' <> ''),
  status irp_job_status NOT NULL DEFAULT 'INITIATED',
  created_ts timestamptz NOT NULL DEFAULT now(),
  updated_ts timestamptz NOT NULL DEFAULT now(),
  UNIQUE (batch_id, item_number)
);

-- What the external API took: one row per job. The row is written after the call, so it cannot keep
-- a second call from being made; the guard of guards.ts claims the job before the first.
CREATE TABLE irp_submission (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  job_id integer NOT NULL REFERENCES irp_job,
  external_id text NOT NULL CHECK (external_id <> ''),
  submitted_ts timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT irp_submission_one_per_job UNIQUE (job_id)
);
