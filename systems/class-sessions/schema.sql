-- The tables of a school: branches, people, recurring series and the dated sessions made from them.
-- No unique guard stands here, as none stood in the database of the incident: only primary keys.

CREATE TABLE branches (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  name text NOT NULL,
  time_zone text NOT NULL -- IANA name: every date and time of this branch is on its wall clock
);

CREATE TABLE teachers (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  name text NOT NULL
);

CREATE TABLE students (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  branch_id uuid NOT NULL REFERENCES branches,
  name text NOT NULL
);

CREATE TABLE class_series (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  branch_id uuid REFERENCES branches, -- NULL in old rows: the student's branch is meant
  teacher_id uuid NOT NULL REFERENCES teachers,
  student_id uuid NOT NULL REFERENCES students,
  start_time time NOT NULL,
  end_time time NOT NULL,
  days_of_week jsonb NOT NULL, -- ISO weekdays, 1 = Monday … 7 = Sunday, in whatever order they came
  status text NOT NULL DEFAULT 'ACTIVE' CHECK (status IN ('ACTIVE', 'PAUSED', 'ENDED')),
  created_at timestamptz NOT NULL DEFAULT now(),
  CHECK (start_time < end_time)
);

CREATE TABLE class_sessions (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  series_id uuid REFERENCES class_series,
  branch_id uuid NOT NULL REFERENCES branches,
  teacher_id uuid REFERENCES teachers,
  student_id uuid REFERENCES students, -- NULL: a group class, its students are in the roster
  date date NOT NULL,
  start_time time NOT NULL,
  end_time time NOT NULL,
  status text NOT NULL DEFAULT 'CONFIRMED'
    CHECK (status IN ('CONFIRMED', 'CONFLICTED', 'CANCELLED')),
  is_cancelled boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  CHECK (start_time < end_time)
);
CREATE INDEX class_sessions_by_teacher ON class_sessions (teacher_id, date);
CREATE INDEX class_sessions_by_student ON class_sessions (student_id, date);

-- The roster of a group class.
CREATE TABLE class_session_students (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  class_session_id uuid NOT NULL REFERENCES class_sessions ON DELETE CASCADE,
  student_id uuid NOT NULL REFERENCES students,
  removed_at timestamptz, -- a student who left; may be enrolled again
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX class_session_students_by_session ON class_session_students (class_session_id);
