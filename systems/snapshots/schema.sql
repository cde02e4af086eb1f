-- End of day for portfolios. Money is numeric without a fixed scale, so nothing is ever rounded.
-- No unique index stands on portfolio_snapshots: the guard of guards.ts makes it (once.enforce).

-- What is no amount of money is refused wherever one is stored.
CREATE DOMAIN amount AS numeric
  CHECK (VALUE NOT IN ('NaN', 'Infinity', '-Infinity'));

-- When a market trades: on what days, and until what hour on its own clocks.
CREATE TABLE trading_calendars (
  code text PRIMARY KEY,
  zone text NOT NULL,
  closes_at time NOT NULL,
  -- ISO days of the week without trading: 6 is Saturday, 7 is Sunday.
  weekend integer[] NOT NULL DEFAULT '{6,7}'
);

CREATE TABLE trading_holidays (
  calendar text NOT NULL REFERENCES trading_calendars,
  day date NOT NULL,
  name text NOT NULL,
  PRIMARY KEY (calendar, day)
);

CREATE TABLE portfolios (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  name text NOT NULL,
  calendar text NOT NULL REFERENCES trading_calendars,
  opened_on date NOT NULL,
  closed_on date CHECK (closed_on >= opened_on),
  opening_equity amount NOT NULL DEFAULT 0,
  -- Equity as of the last snapshot; only the end of day and a replay change it.
  equity_balance amount NOT NULL DEFAULT 0
);

CREATE TABLE instruments (
  symbol text PRIMARY KEY,
  name text NOT NULL
);

-- A lot, long or short (below zero). It makes the price move of each day from held_from to
-- held_until, both included: what it gained before, within a day, is a realised event.
CREATE TABLE positions (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  portfolio_id uuid NOT NULL REFERENCES portfolios,
  symbol text NOT NULL REFERENCES instruments,
  quantity amount NOT NULL,
  held_from date NOT NULL,
  held_until date CHECK (held_until >= held_from)
);
CREATE INDEX positions_of_portfolio ON positions (portfolio_id);

-- The closing price of an instrument, in the currency of the portfolios that hold it.
CREATE TABLE prices (
  symbol text NOT NULL REFERENCES instruments,
  day date NOT NULL,
  price amount NOT NULL,
  PRIMARY KEY (symbol, day)
);

-- What was gained (or lost, below zero) for good: trades, dividends, fees.
CREATE TABLE realised_events (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  portfolio_id uuid NOT NULL REFERENCES portfolios,
  day date NOT NULL,
  kind text NOT NULL CHECK (kind IN ('trade', 'dividend', 'interest', 'fee')),
  amount amount NOT NULL
);
CREATE INDEX realised_events_of_portfolio ON realised_events (portfolio_id, day);

CREATE TABLE equity_flows (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  portfolio_id uuid NOT NULL REFERENCES portfolios,
  day date NOT NULL,
  kind text NOT NULL CHECK (kind IN ('deposit', 'withdrawal')),
  amount amount NOT NULL CHECK (amount > 0)
);
CREATE INDEX equity_flows_of_portfolio ON equity_flows (portfolio_id, day);

-- The incident's table. A placeholder (is_complete = false) has zeros where the values will be.
CREATE TABLE portfolio_snapshots (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  portfolio_id uuid NOT NULL REFERENCES portfolios,
  snapshot_date date NOT NULL,
  net_asset_value amount NOT NULL DEFAULT 0,
  price_pnl amount NOT NULL DEFAULT 0,
  realised_pnl amount NOT NULL DEFAULT 0,
  daily_pnl numeric GENERATED ALWAYS AS (price_pnl + realised_pnl) STORED,
  net_flows amount NOT NULL DEFAULT 0,
  net_exposure amount NOT NULL DEFAULT 0,
  gross_exposure amount NOT NULL DEFAULT 0,
  position_count integer NOT NULL DEFAULT 0,
  is_complete boolean NOT NULL DEFAULT true,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Each replay that changed something: who, why, and every row as it was before.
CREATE TABLE snapshot_replays (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  portfolio_id uuid NOT NULL REFERENCES portfolios,
  replayed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  reason text NOT NULL CHECK (reason ~ '\S'),
  actor text NOT NULL CHECK (actor ~ '\S'),
  plan text NOT NULL,
  equity_before amount NOT NULL,
  equity_after amount NOT NULL,
  rows_before jsonb NOT NULL
);
