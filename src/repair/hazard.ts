import { OnceoverError } from '../core/error.ts'
import type { Guard } from '../guards/guard.ts'

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
  | 'reference_cycle'
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

const sentences = (hazards: readonly Hazard[]): string =>
  hazards.map(({ message }) => message).join(' ')

/** @throws OnceoverError REPAIR_REFUSED naming every hazard that refuses a repair */
export function refuseHazards(guard: Guard, hazards: readonly Hazard[]): void {
  const refusing = hazards.filter(({ refuses }) => refuses)
  if (refusing.length === 0) return
  throw new OnceoverError('REPAIR_REFUSED', {
    message: `The guard ${guard.name} cannot be repaired as declared. ${sentences(refusing)}`,
    fix: refusing.map(({ fix }) => fix).join(' '),
    details: { guard: guard.name, table: guard.table, hazards: refusing },
  })
}
