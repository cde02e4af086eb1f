-- Takes away what the numbered files made; whoever adds an object there adds it here.
-- Without CASCADE: PostgreSQL refuses while anything of somebody else depends on it.
DROP TABLE IF EXISTS onceover.event, onceover.run, onceover.migration, onceover.claim,
  onceover.lease, onceover.step, onceover.guard;
DROP FUNCTION IF EXISTS onceover.refuse_change();
DROP SCHEMA onceover;
