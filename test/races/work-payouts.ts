import { setTimeout as sleep } from 'node:timers/promises'
import { generator } from '../../src/index.ts'
import { pay, payouts } from '../crashes/payouts.ts'

/** Payouts as fast as they can be made: a chunk of them in one statement. */
export const payoutsInBulk = generator(payouts, {
  saveAll: (tx, items) =>
    tx.query('INSERT INTO effect SELECT * FROM unnest($1::int[], $2::bigint[])', [
      items.map(({ unit }) => Number(unit.key.number)),
      items.map(({ claim }) => String(claim.fence)),
    ]),
})

const SLOW_MS = 50

/** Payouts that take their time, one by one. */
export const payoutsSlowly = generator(payouts, {
  make: (_, { signal }) => sleep(SLOW_MS, undefined, { signal }),
  save: async (tx, { unit, claim }) => {
    await pay(tx, [Number(unit.key.number)], [claim.fence])
    return { fence: String(claim.fence) }
  },
})
