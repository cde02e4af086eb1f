import type { PlannedChild, RepairPlan } from '../../../src/index.ts'
import { fateOf } from '../../parts/losers.ts'
import { bare, some } from '../../parts/prose.tsx'

/** What becomes of the losers of a plan: `300 rows are deleted`. */
export function losersWords({ rows, losers }: Pick<RepairPlan, 'rows' | 'losers'>): string {
  return `${some(rows, 'row')} ${rows === 1 ? 'is' : 'are'} ${fateOf(losers)}`
}

const POLICIES = {
  repoint: 'go to the row that stays',
  delete: 'are deleted with it',
  refuse: 'refuse the repair',
} as const

const COLLISIONS = {
  refuse: 'refuse the repair',
  drop: 'are deleted',
  merge: 'are merged into those of the row that stays',
} as const

/** What becomes of the rows of a child. */
export function childWords({ policy, collision, collisions }: PlannedChild): string {
  if (collisions === 0) return POLICIES[policy]
  const colliding = `${some(collisions, 'row')} would collide there and ${COLLISIONS[collision]}`
  return `${POLICIES[policy]}; ${colliding}`
}

/** How many rows of a child: further down they are counted on the way. */
export const childRows = ({ rows }: PlannedChild): string =>
  rows === null ? 'its rows' : some(rows, 'row')

/** The name of a child as people read it: its table, and the columns that point at the parent. */
export const childName = ({ table, columns }: PlannedChild): string =>
  `${bare(table)} (${columns.join(', ')})`

/** How long applying takes, in words. */
export function timeWords(ms: number): string {
  if (ms < 1000) return 'less than a second'
  const seconds = Math.round(ms / 1000)
  return seconds < 90 ? `about ${seconds} s` : `about ${Math.round(seconds / 60)} minutes`
}
