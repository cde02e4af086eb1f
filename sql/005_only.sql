ALTER TABLE onceover.run ADD COLUMN only_keys json;
COMMENT ON COLUMN onceover.run.only_keys IS
  'The only keys of the range that the run makes, each as an array of its parts; NULL for all of '
  'it. Kept so that a run that is gone on with does not make more than it was asked for.';
