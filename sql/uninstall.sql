-- Takes away what the numbered files made; whoever adds an object there adds it here.
-- Without CASCADE: PostgreSQL refuses while anything of somebody else depends on it.
DO $$
DECLARE
  journal regclass;
BEGIN
  FOR journal IN SELECT oid FROM pg_catalog.pg_class
    WHERE relnamespace = to_regnamespace('onceover') AND relkind = 'r'
      AND relname ~ '^repair_[0-9]+_(losers|rows_[0-9]+|moves_[0-9]+)$'
  LOOP
    EXECUTE format('DROP TABLE %s', journal);
  END LOOP;
END $$;
DROP TABLE IF EXISTS onceover.repair, onceover.event, onceover.run, onceover.migration,
  onceover.claim, onceover.lease, onceover.step, onceover.guard;
DROP FUNCTION IF EXISTS onceover.refuse_change();
DROP SCHEMA onceover;
