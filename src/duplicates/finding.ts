/** The kinds of findings. */
export type FindingCode =
  | 'duplicates'
  | 'null_parts'
  | 'forbidden_values'
  | 'unlisted_values'
  | 'hidden_duplicates'
  | 'float_key'
  | 'not_enforced'
  | 'invalid_index'
  | 'shadowing_index'
  | 'unfinished_rows'
  | 'overlapping_ranges'
  | 'tenant_missing'

/** One thing that a scan found to be wrong, and what to do about it. */
export interface Finding {
  readonly code: FindingCode
  readonly message: string
  readonly fix: string
}
