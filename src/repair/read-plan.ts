import { OnceoverError } from '../core/error.ts'
import { hashOf, type RepairPlan } from './repair-plan.ts'

const FORMAT = 'onceover-repair/1'

type Check = (value: unknown) => boolean

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isText: Check = (value) => typeof value === 'string'
const isCount: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 0
const isTexts: Check = (value) => Array.isArray(value) && value.every(isText)
const isList: Check = (value) => Array.isArray(value) && value.every(isObject)

// What is read before the hash is compared, or shown: of all else the hash is proof enough.
const CHECKS: Readonly<Record<keyof RepairPlan, Check>> = {
  format: (value) => value === FORMAT,
  repair: (value) => isText(value) && /^\d{0,18}$/.test(String(value)),
  database: (value) => isObject(value) && isText(value.name),
  target: isText,
  plannedAt: isText,
  guard: isText,
  table: isText,
  key: isTexts,
  where: (value) => value === null || isText(value),
  keep: isTexts,
  losers: (value) => value === 'delete' || (isObject(value) && isObject(value.set)),
  groups: isCount,
  rows: isCount,
  children: isList,
  hazards: isList,
  suspects: isObject,
  largest: isList,
  predicted: isObject,
  digest: isText,
  hash: isText,
}

/**
 * Reads a plan that comes from a file or from anywhere: it must have the form of one, and be as it
 * was written.
 *
 * @throws OnceoverError USAGE where it is no plan, PLAN_EDITED where it is not as it was written
 */
export function readPlan(given: unknown): RepairPlan {
  if (!isObject(given) || !isText(given.format) || !String(given.format).startsWith('onceover-')) {
    throw new OnceoverError('USAGE', {
      message: 'This is no plan of a repair.',
      fix: 'Give the plan that `onceover repair GUARD --plan FILE` or planRepair() made.',
    })
  }
  if (given.format !== FORMAT) {
    throw new OnceoverError('USAGE', {
      message: `The plan has the format ${given.format}, and this version knows ${FORMAT}.`,
      fix: 'Apply it with the version that made it, or plan again.',
    })
  }
  const wrong = Object.entries(CHECKS)
    .filter(([name, check]) => !check(given[name]))
    .map(([name]) => name)
  const plan = given as unknown as RepairPlan
  if (wrong.length === 0 && hashOf(plan) === plan.hash) return plan
  const where = wrong.length > 0 ? ` (${wrong.join(', ')})` : ''
  throw new OnceoverError('PLAN_EDITED', {
    message: `The plan of the repair ${String(given.repair)} is not as it was written${where}.`,
    details: { repair: given.repair, fields: wrong },
  })
}
