/** The kinds of hazards. */
export type HazardCode =
  | 'child_refused'
  | 'child_collision'
  | 'child_without_primary_key'
  | 'child_unsupported'
  | 'foreign_key_not_indexed'
  | 'inherited'
  | 'losers_stay'
  | 'not_permitted'
  | 'no_replica_identity'
  | 'row_security'
  | 'rules'
  | 'suspect_keepers'
  | 'set_on_update'
  | 'triggers'

/** Something that stands in the way of a repair, or that whoever applies it ought to know. */
export interface Hazard {
  readonly code: HazardCode
  /** Whether no repair can be planned because of it. */
  readonly refuses: boolean
  readonly message: string
  readonly fix: string
}
