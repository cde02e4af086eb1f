import pg from 'pg'
import { type Claim, type Generator, generator, guard, int } from '../../src/index.ts'

/**
 * What is paid out must be paid once, and nothing but claims sees to it: no constraint is in the
 * way of a second effect, a second change of a balance, or a second call of the provider.
 */
export const PAYOUTS = `
  CREATE TABLE payout (number int PRIMARY KEY);
  CREATE TABLE balance (number int PRIMARY KEY, amount int NOT NULL);
  CREATE TABLE effect (number int NOT NULL, fence bigint NOT NULL);
  CREATE INDEX ON effect (number);
  CREATE TABLE charge (number int NOT NULL, idempotency_key text NOT NULL);
  CREATE INDEX ON charge (number);`

/** The rows of its table are never written: that a payout happened, only the ledger knows. */
export const payouts = guard('payouts', {
  table: 'payout',
  key: { number: int() },
  remember: 'forever',
})

/** The ways in which a unit can be made. */
export const FLOWS = ['save', 'saveAll', 'asked step', 'parked step'] as const

/** A way in which a unit is made. */
export type Flow = (typeof FLOWS)[number]

const PAY = `WITH paid AS (INSERT INTO effect SELECT * FROM unnest($1::int[], $2::bigint[])
    RETURNING number)
  INSERT INTO balance SELECT number, 1 FROM paid ORDER BY 1
  ON CONFLICT (number) DO UPDATE SET amount = balance.amount + 1`

interface Writer {
  query(text: string, values?: unknown[]): Promise<unknown>
}

/** Pays numbers out, with no regard to whether they were paid before. */
export const pay = (tx: Writer, numbers: readonly number[], fences: readonly bigint[]) =>
  tx.query(PAY, [[...numbers], fences.map(String)])

/** A paid service on connections of its own: every call of it is a charge. */
export class Provider {
  readonly #pool: pg.Pool

  constructor(url: string) {
    this.#pool = new pg.Pool({ connectionString: url, max: 4, application_name: 'provider' })
    this.#pool.on('error', () => {})
  }

  async charge(number: number, idempotencyKey: string): Promise<{ charged: string }> {
    await this.#pool.query('INSERT INTO charge VALUES ($1, $2)', [number, idempotencyKey])
    return { charged: idempotencyKey }
  }

  async find(number: number): Promise<{ charged: string } | undefined> {
    const { rows } = await this.#pool.query(
      'SELECT idempotency_key AS charged FROM charge WHERE number = $1 LIMIT 1',
      [number],
    )
    return rows[0]
  }

  close(): Promise<void> {
    return this.#pool.end()
  }
}

const OPTIONS = { timeout: '2s', attempts: 5, backoff: '10ms' } as const

type Payout = Generator<typeof payouts, unknown, unknown, unknown>

interface Unit {
  readonly key: { readonly number: unknown }
}

const numberOf = ({ key }: Unit) => Number(key.number)

/** What a trial does while a unit is made or saved. */
export interface Hooks {
  readonly making?: (claim: Claim) => unknown
  /** After the effects were written, in the transaction of the save. */
  readonly saving?: () => unknown
}

async function charge(provider: Provider, flow: Flow, unit: Unit, claim: Claim): Promise<void> {
  if (flow === 'save') return
  const number = numberOf(unit)
  const ask = () => provider.find(number)
  await claim.step(
    'charge',
    ({ idempotencyKey }) => provider.charge(number, idempotencyKey),
    flow === 'asked step' ? { ask } : {},
  )
}

/** The generator of a flow. */
export function payoutsBy(flow: Flow, provider: Provider, { making, saving }: Hooks = {}): Payout {
  if (flow === 'saveAll') {
    return generator<typeof payouts, unknown, unknown, unknown>(payouts, {
      ...OPTIONS,
      saveAll: async (tx, items) => {
        const fences = items.map(({ claim }) => claim.fence)
        await pay(
          tx,
          items.map(({ unit }) => numberOf(unit)),
          fences,
        )
        await saving?.()
      },
    })
  }
  return generator<typeof payouts, unknown, unknown, unknown>(payouts, {
    ...OPTIONS,
    make: async (unit, claim) => {
      await making?.(claim)
      await charge(provider, flow, unit, claim)
    },
    save: async (tx, { unit, claim }) => {
      await pay(tx, [numberOf(unit)], [claim.fence])
      await saving?.()
      return { paid: numberOf(unit) }
    },
  })
}

/** Units of payouts. */
export const unitsOf = (numbers: readonly number[]) =>
  numbers.map((number) => ({ key: { number } }))
