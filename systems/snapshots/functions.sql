-- The arithmetic of the end of day, all in exact decimals.

CREATE FUNCTION is_trading_day(of_calendar text, of_day date) RETURNS boolean
LANGUAGE sql STABLE AS $$
  SELECT extract(isodow FROM of_day)::int <> ALL (weekend)
     AND NOT EXISTS (SELECT FROM trading_holidays
                     WHERE calendar = of_calendar AND day = of_day)
  FROM trading_calendars
  WHERE code = of_calendar
$$;

CREATE FUNCTION trading_days(of_calendar text, first_day date, last_day date) RETURNS SETOF date
LANGUAGE sql STABLE AS $$
  SELECT first_day + place
  FROM generate_series(0, last_day - first_day) AS place
  WHERE is_trading_day(of_calendar, first_day + place)
$$;

-- NULL where a market has not traded for a year.
CREATE FUNCTION trading_day_before(of_calendar text, of_day date) RETURNS date
LANGUAGE sql STABLE AS $$
  WITH RECURSIVE back AS (
    SELECT of_day - 1 AS day
    UNION ALL
    SELECT day - 1 FROM back WHERE NOT is_trading_day(of_calendar, day) AND day > of_day - 366
  )
  SELECT min(day) FROM back WHERE is_trading_day(of_calendar, day)
$$;

-- Whether a trading day is over on the market's own clocks.
CREATE FUNCTION is_over(of_calendar text, of_day date) RETURNS boolean
LANGUAGE sql STABLE AS $$
  SELECT (of_day + closes_at) AT TIME ZONE zone <= now()
  FROM trading_calendars
  WHERE code = of_calendar
$$;

-- What a trading day did to a portfolio. Events and flows of days without trading count on the next
-- trading day, or they would be lost. Without a price there is no P&L: it is NULL, never a guess.
CREATE FUNCTION day_result(of_portfolio uuid, of_day date)
RETURNS TABLE (
  price_pnl numeric, realised_pnl numeric, net_flows numeric, net_exposure numeric,
  gross_exposure numeric, position_count integer, missing_prices text[]
)
LANGUAGE sql STABLE AS $$
  WITH span AS (
    SELECT greatest(before.day + 1, opened_on) AS first_day, before.day AS day_before
    FROM portfolios
    CROSS JOIN LATERAL trading_day_before(calendar, of_day) AS before (day)
    WHERE id = of_portfolio
  ),
  held AS (
    SELECT lot.symbol, lot.quantity, span.day_before, old.price AS old_price,
           new.price AS new_price
    FROM span
    JOIN positions AS lot ON lot.portfolio_id = of_portfolio AND lot.held_from <= of_day
                         AND (lot.held_until IS NULL OR lot.held_until >= of_day)
    LEFT JOIN prices AS old ON old.symbol = lot.symbol AND old.day = span.day_before
    LEFT JOIN prices AS new ON new.symbol = lot.symbol AND new.day = of_day
  ),
  missing AS (
    SELECT symbol || ' on ' || day_before AS price FROM held WHERE old_price IS NULL
    UNION
    SELECT symbol || ' on ' || of_day FROM held WHERE new_price IS NULL
  )
  SELECT (SELECT CASE WHEN NOT EXISTS (SELECT FROM missing)
            THEN coalesce(sum(quantity * (new_price - old_price)), 0) END FROM held),
         (SELECT coalesce(sum(amount), 0) FROM realised_events
          WHERE portfolio_id = of_portfolio AND day BETWEEN span.first_day AND of_day),
         (SELECT coalesce(sum(CASE kind WHEN 'deposit' THEN amount ELSE -amount END), 0)
          FROM equity_flows
          WHERE portfolio_id = of_portfolio AND day BETWEEN span.first_day AND of_day),
         (SELECT coalesce(sum(quantity * new_price), 0) FROM held),
         (SELECT coalesce(sum(abs(quantity * new_price)), 0) FROM held),
         (SELECT count(*)::int FROM held),
         ARRAY(SELECT price FROM missing ORDER BY price)
  FROM span
$$;

-- What a portfolio began a trading day with: the value of the snapshot that is kept of the trading
-- day before (by the order of the guard), or the opening equity. NULL where that day is not closed.
CREATE FUNCTION equity_before(of_portfolio uuid, of_day date) RETURNS numeric
LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN coalesce(before.day < opened_on, true) THEN opening_equity
           ELSE (SELECT CASE WHEN is_complete THEN net_asset_value END
                 FROM portfolio_snapshots
                 WHERE portfolio_id = of_portfolio AND snapshot_date = before.day
                 ORDER BY is_complete DESC, (net_asset_value <> 0) DESC, created_at DESC, id DESC
                 LIMIT 1)
         END
  FROM portfolios
  CROSS JOIN LATERAL trading_day_before(calendar, of_day) AS before (day)
  WHERE id = of_portfolio
$$;

-- A portfolio's days from its opening to its last snapshot: per day the snapshot that is kept (by
-- the order of the guard), what the day's data say now, and what is wrong with it, or NULL.
CREATE FUNCTION portfolio_ledger(of_portfolio uuid)
RETURNS TABLE (
  day date, trading boolean, snapshot_id uuid, copies integer, is_complete boolean,
  net_asset_value numeric, equity_before numeric, stored_change numeric, price_pnl numeric,
  realised_pnl numeric, net_flows numeric, net_exposure numeric, gross_exposure numeric,
  position_count integer, missing_prices text[], fault text
)
LANGUAGE sql STABLE AS $$
  WITH kept AS (
    SELECT DISTINCT ON (snapshot_date) *,
           count(*) OVER (PARTITION BY snapshot_date)::int AS copies
    FROM portfolio_snapshots
    WHERE portfolio_id = of_portfolio
    ORDER BY snapshot_date, is_complete DESC, (net_asset_value <> 0) DESC, created_at DESC, id DESC
  ),
  days AS (
    SELECT trading_days(calendar, opened_on, (SELECT max(snapshot_date) FROM kept)) AS day
    FROM portfolios
    WHERE id = of_portfolio
    UNION
    SELECT snapshot_date FROM kept
  ),
  entries AS (
    SELECT days.day, days.day >= opened_on AND is_trading_day(calendar, days.day) AS trading,
           kept.id AS snapshot_id, kept.copies, kept.is_complete, kept.net_asset_value::numeric,
           -- Asked of the day before: NULL where that has no finished snapshot.
           lag(CASE WHEN kept.is_complete THEN kept.net_asset_value::numeric END, 1,
               opening_equity::numeric) OVER (ORDER BY days.day) AS equity_before,
           kept.daily_pnl + kept.net_flows AS stored_change
    FROM portfolios
    CROSS JOIN days
    LEFT JOIN kept ON kept.snapshot_date = days.day
    WHERE portfolios.id = of_portfolio
  )
  SELECT entries.*, result.*,
         CASE
           WHEN NOT trading THEN 'not_a_trading_day'
           WHEN snapshot_id IS NULL THEN 'missing'
           WHEN copies > 1 THEN 'duplicate'
           WHEN NOT is_complete THEN 'unfinished'
           WHEN net_asset_value <> equity_before + stored_change THEN 'does_not_chain'
           WHEN stored_change <> result.price_pnl + result.realised_pnl + result.net_flows
             THEN 'data_changed'
         END
  FROM entries
  CROSS JOIN LATERAL day_result(of_portfolio, entries.day) AS result
$$;
