-- Parent reports: what students did, and the batches of eight reports that are made from it.

CREATE TABLE users (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  name text NOT NULL,
  -- IANA name, such as Asia/Tokyo: a student's week begins on the student's own Monday.
  time_zone text NOT NULL CHECK (now() AT TIME ZONE time_zone IS NOT NULL),
  active boolean NOT NULL DEFAULT true,
  -- Of a period that ended before there is nothing to report.
  enrolled_on date NOT NULL DEFAULT '-infinity'
);

CREATE TABLE study_sessions (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  user_id uuid NOT NULL REFERENCES users,
  started_at timestamptz NOT NULL,
  ended_at timestamptz NOT NULL,
  -- How many others studied along, and the mood the student chose at the end: 1 low to 5 high.
  companions integer NOT NULL DEFAULT 0 CHECK (companions >= 0),
  mood smallint CHECK (mood BETWEEN 1 AND 5),
  -- One that was never closed is cut; that a session is short keeps a look at a period short too.
  CHECK (ended_at BETWEEN started_at AND started_at + interval '24 hours')
);
CREATE INDEX study_sessions_of_user ON study_sessions (user_id, started_at);

CREATE TABLE question_attempts (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  user_id uuid NOT NULL REFERENCES users,
  subject text NOT NULL,
  is_correct boolean NOT NULL,
  answered_at timestamptz NOT NULL
);
CREATE INDEX question_attempts_of_user ON question_attempts (user_id, answered_at);

-- The incident's table and constraint as they are. The constraint was right all along.
CREATE TABLE parent_report_batches (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  user_id uuid NOT NULL REFERENCES users,
  period text NOT NULL CHECK (period IN ('weekly', 'monthly')),
  start_date date NOT NULL,
  end_date date NOT NULL CHECK (end_date >= start_date),
  status text NOT NULL CHECK (status IN ('processing', 'completed', 'failed')),
  overall_grade text CHECK (overall_grade IN ('A', 'B', 'C', 'D', 'F')),
  -- Percent. NULL where no question was answered.
  overall_accuracy numeric(5, 2) CHECK (overall_accuracy BETWEEN 0 AND 100),
  question_count integer NOT NULL DEFAULT 0,
  study_minutes integer NOT NULL DEFAULT 0,
  -- The longest run of days in a row with a question or a study session.
  study_streak integer NOT NULL DEFAULT 0,
  -- Against the period before: percentage points, questions, minutes.
  accuracy_trend numeric(5, 2),
  question_trend integer NOT NULL DEFAULT 0,
  minutes_trend integer NOT NULL DEFAULT 0,
  one_line_summary text,
  metadata jsonb NOT NULL DEFAULT '{}',
  generated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT unique_user_period_date UNIQUE (user_id, period, start_date)
);

CREATE TABLE passive_reports (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  batch_id uuid NOT NULL REFERENCES parent_report_batches ON DELETE CASCADE,
  report_type text NOT NULL CHECK (report_type IN (
    'executive_summary', 'academic_performance', 'learning_behavior', 'motivation_emotional',
    'progress_trajectory', 'social_learning', 'risk_opportunity', 'action_plan')),
  narrative text NOT NULL CHECK (narrative <> ''),
  -- Lists of sentences; and { "kind", "labels", "series": [{ "name", "values" }] }.
  insights jsonb NOT NULL,
  recommendations jsonb NOT NULL,
  chart_data jsonb NOT NULL,
  generated_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (batch_id, report_type)
);
