import type { Totals, VerdictName } from '../../../src/index.ts'

/** What each verdict means before anything is made. */
export const PLANNED: Readonly<Record<VerdictName, string>> = {
  created: 'to be created',
  replaced: 'to be replaced',
  allowed: 'a copy to be added',
  skipped: 'exists',
  collided: 'twice in this request',
  invalid: 'invalid',
  failed: 'failed before',
  in_flight: 'in flight elsewhere',
  cancelled: 'cancelled',
}

const DEEDS = [
  ['created', 'create'],
  ['replaced', 'replace'],
  ['allowed', 'add'],
] as const

const LEFT = ['skipped', 'collided', 'failed', 'in_flight', 'cancelled'] as const

/** How many would be written. */
export const madeOf = ({ created, replaced, allowed }: Totals): number =>
  created + replaced + allowed

/** What a button does, to the number: `Create 6, skip 2`. */
export function deedWords(totals: Totals): string {
  if (madeOf(totals) === 0) return 'Nothing to create'
  const deeds = DEEDS.filter(([name]) => totals[name] > 0).map(([name, verb]) => {
    const count = totals[name].toLocaleString()
    return name === 'allowed'
      ? `${verb} ${count} ${totals[name] === 1 ? 'copy' : 'copies'}`
      : `${verb} ${count}`
  })
  const left = LEFT.reduce((sum, name) => sum + totals[name], 0)
  const words = [
    ...deeds,
    ...(left > 0 ? [`skip ${left.toLocaleString()}`] : []),
    ...(totals.invalid > 0 ? [`leave out ${totals.invalid.toLocaleString()} invalid`] : []),
  ].join(', ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}
