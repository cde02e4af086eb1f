import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import type { Grant } from '../../src/claims/claim.ts'
import { type Completed, complete } from '../../src/claims/complete.ts'
import { type Failed, fail, release } from '../../src/claims/fail.ts'
import { type Claimed, claim } from '../../src/claims/grant.ts'
import { openLease, renewLease } from '../../src/claims/lease/queries.ts'
import type { ClaimAudit } from '../../src/claims/queries.ts'
import { type Inspection, inspect } from '../../src/guards/inspect.ts'
import { type Database, openDatabase } from '../../src/postgres/database.ts'
import { type Cancelled, cancel } from '../../src/runs/cancel.ts'
import { openRun } from '../../src/runs/queries.ts'
import type { WorkEnvironment } from '../../src/runs/work.ts'
import { pay, payouts } from './payouts.ts'

const HOUR_MS = 3_600_000
const ATTEMPTS = 10
const IDLE_MS = 60_000

/** A worker as the ledger sees it: a lease, and a run that claims under it. */
export interface Holder {
  readonly lease: string
  readonly run: string
}

/** The parts of the protocol, one by one, as workers call them. */
export class Ledger {
  readonly #database: Database
  readonly inspection: Inspection

  private constructor(database: Database, inspection: Inspection) {
    this.#database = database
    this.inspection = inspection
  }

  static async open(pool: pg.Pool): Promise<Ledger> {
    const database = openDatabase(pool)
    return new Ledger(database, await database.read((session) => inspect(session, payouts)))
  }

  /** A worker that beats no more: its lease lasts an hour, or has run out. */
  async holder({ expired = false } = {}): Promise<Holder> {
    const [lease, run] = [randomUUID(), randomUUID()]
    const { session } = this.#database
    await session.query(openLease(lease, 'worker', expired ? -1 : HOUR_MS))
    const request = { policy: 'skip', reason: undefined, actor: undefined, range: undefined }
    await session.query(openRun({ id: run, guard: payouts.name, lease, ...request }))
    return { lease, run }
  }

  /** Claims numbers for a worker. */
  claim(on: pg.Pool, holder: Holder, numbers: readonly number[]): Promise<Claimed> {
    const terms = {
      ...holder,
      inspection: this.inspection,
      grant: randomUUID(),
      policy: 'skip' as const,
      attempts: ATTEMPTS,
      reason: undefined,
      actor: undefined,
      patient: false,
      finishing: false,
    }
    const units = numbers.map((number, index) => ({
      index,
      values: { number },
      unit: JSON.stringify({ key: { number }, input: null }),
      fingerprint: null,
    }))
    return claim(openDatabase(on), terms, units)
  }

  /** Pays what was claimed, in the transaction that completes the claims. */
  complete(on: pg.Pool, holder: Holder, grants: readonly Grant[]): Promise<Completed> {
    const database = openDatabase(on)
    const { lease } = holder
    const audit = this.#audit(holder)
    return complete({ database, audit, lease, idleMs: IDLE_MS }, grants, async (tx, owned) => {
      const numbers = owned.map(({ key }) => Number(key.number))
      await pay(
        tx,
        numbers,
        owned.map(({ fence }) => fence),
      )
      return undefined
    })
  }

  /** Ends an attempt as failed. */
  fail(on: pg.Pool, holder: Holder, grant: Grant): Promise<Failed | undefined> {
    const failure = { error: 'it failed', backoffMs: 0, attempts: ATTEMPTS }
    return fail(openDatabase(on), this.#audit(holder), holder.lease, grant, failure)
  }

  /** Gives a claim back that was not begun. */
  release(on: pg.Pool, { lease }: Holder, grant: Grant): Promise<unknown> {
    return release(openDatabase(on), payouts.name, lease, [grant], 'not begun')
  }

  /** Renews the lease of a worker; false where it is dead. */
  async beat(on: pg.Pool, { lease, run }: Holder): Promise<boolean> {
    return (await openDatabase(on).session.query(renewLease(lease, HOUR_MS, [run]))).length > 0
  }

  /** Cancels the run of a worker. */
  cancel(on: pg.Pool, { run }: Holder): Promise<Cancelled> {
    const environment = {
      database: openDatabase(on),
      worker: { current: async () => undefined },
    }
    return cancel(environment as unknown as WorkEnvironment, run, {})
  }

  /** Claims numbers whose claims are dead or free, and completes them: what comes after a crash. */
  async heal(on: pg.Pool, numbers: readonly number[]): Promise<number> {
    await on.query('UPDATE onceover.lease SET dead = true WHERE NOT dead')
    const holder = await this.holder()
    const { grants } = await this.claim(on, holder, numbers)
    if (grants.length > 0) await this.complete(on, holder, grants)
    return grants.length
  }

  #audit({ run }: Holder): ClaimAudit {
    const parts = this.inspection.parts.map(({ name }) => name)
    return { run, guard: payouts.name, parts, reason: undefined, actor: undefined }
  }
}
