import type { Onceover } from '../../src/index.ts'
import { type Flow, type Provider, payouts, payoutsBy, unitsOf } from './payouts.ts'

const MOST_ROUNDS = 200

/**
 * What comes after the faults: the same units, run until each is done. A person answers for steps
 * whose answer was lost and that cannot be asked for.
 */
export async function heal(
  once: Onceover,
  provider: Provider,
  flow: Flow,
  numbers: readonly number[],
): Promise<void> {
  const generator = payoutsBy(flow, provider)
  let waiting = numbers
  for (let round = 0; waiting.length > 0; round++) {
    if (round === MOST_ROUNDS) throw new Error(`not done: ${JSON.stringify(await left(once))}`)
    const { verdicts } = await once.run(generator, unitsOf(waiting), { wait: '2s' })
    const unfinished = verdicts.filter(
      ({ verdict }) => verdict !== 'created' && verdict !== 'skipped',
    )
    for (const { key, code, reason } of unfinished) {
      const parked = code === 'ATTEMPTS_EXHAUSTED' || code === 'STEP_NEEDS_RECONCILE'
      if (!parked) continue
      const number = Number(key.number)
      const answer = await provider.find(number)
      const resolution = answer ? { answer } : { again: true as const }
      await once.resolveStep(generator, { number }, 'charge', resolution).catch((error: Error) => {
        throw new Error(`${number}: ${reason}`, { cause: error })
      })
    }
    waiting = unfinished.map(({ key }) => Number(key.number))
  }
}

const left = (once: Onceover) => once.claims({ guard: payouts.name, state: 'claimed' })
