-- The lessons system: a provider's calendar week, the batch requests made from it, the lessons.

CREATE TABLE schools (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  name text NOT NULL
);

CREATE TABLE providers (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  name text NOT NULL
);

-- What the calendar shows. An event may lack its times or its school: there the incident starts.
CREATE TABLE calendar_events (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  provider_id uuid NOT NULL REFERENCES providers,
  school_id uuid REFERENCES schools,
  event_date date NOT NULL,
  start_time time,
  end_time time,
  student text NOT NULL
);
CREATE INDEX calendar_events_week ON calendar_events (provider_id, event_date);

-- One batch request as it was received.
CREATE TABLE lesson_requests (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  requested_by text NOT NULL,
  received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  finished_at timestamptz,
  run_id text
);

-- The incident's table and constraint as they are: school_id may be NULL, which slips through.
CREATE TABLE ai_generated_lessons (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  provider_id uuid NOT NULL REFERENCES providers,
  school_id uuid REFERENCES schools,
  lesson_date date NOT NULL,
  time_slot text NOT NULL,
  content jsonb NOT NULL DEFAULT '{}',
  request_id uuid REFERENCES lesson_requests,
  request_position integer,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT ai_generated_lessons_unique_lesson
    UNIQUE (provider_id, school_id, lesson_date, time_slot)
);

-- One group of a request: what was attempted, and what came of it. `attempted` is json, not jsonb:
-- it keeps the very text that was sent, even what jsonb would refuse (an escaped NUL, half a pair).
CREATE TABLE lesson_request_groups (
  request_id uuid NOT NULL REFERENCES lesson_requests ON DELETE CASCADE,
  position integer NOT NULL,
  attempted json NOT NULL,
  verdict text,
  cause text,
  says text,
  lesson_id uuid REFERENCES ai_generated_lessons ON DELETE SET NULL,
  PRIMARY KEY (request_id, position)
);
