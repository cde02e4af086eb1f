import type { Hono } from 'hono'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { INCIDENT_DAY, INCIDENT_PORTFOLIO } from '../../../systems/snapshots/incident.ts'
import { snapshotRoutes } from '../../../systems/snapshots/routes.ts'
import { type TestSystem, testSystem } from './system.ts'

const UNKNOWN = '09000000-0000-4000-8000-000000000000'
const PORTFOLIO = `/api/portfolios/${INCIDENT_PORTFOLIO}`
const CLOSE = `/api/days/${INCIDENT_DAY}/close`

let system: TestSystem
let app: Hono
beforeEach(async () => {
  system = await testSystem()
  app = snapshotRoutes(system)
})
afterEach(() => system.drop())

async function call(path: string, body?: unknown) {
  const response = await app.request(path, {
    ...(body !== undefined && {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  })
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    body: (await response.json()) as Record<string, unknown>,
  }
}

const inflate = () => system.pool.query('UPDATE portfolios SET equity_balance = 14200000')

test('closing a day answers 200 with the counts, and again with the day skipped', async () => {
  expect(await call(CLOSE, { actor: 'ana' })).toMatchObject({
    status: 200,
    body: { day: INCIDENT_DAY, run: expect.any(String), created: 1, skipped: 0, behind: [] },
  })
  expect(await call(CLOSE, { actor: 'ana', portfolioIds: [INCIDENT_PORTFOLIO] })).toMatchObject({
    status: 200,
    body: { created: 0, skipped: 1, behind: [] },
  })
  expect(await system.equity()).toBe('-1625000')
})

test('closing a day that some portfolio cannot close answers 207 and says why', async () => {
  await inflate()
  expect(await call(CLOSE, { actor: 'ana' })).toMatchObject({
    status: 207,
    body: { created: 0, behind: [{ verdict: 'failed', reason: expect.any(String) }] },
  })
})

test('closing a day without trading closes nothing', async () => {
  expect(await call('/api/days/2025-11-16/close', { actor: 'ana' })).toMatchObject({
    status: 200,
    body: { run: null, created: 0, skipped: 0 },
  })
})

test('the snapshots of a portfolio are its finished ones, as decimals in text', async () => {
  await call(CLOSE, { actor: 'ana' })
  const { status, body } = await call(`${PORTFOLIO}/snapshots?from=2025-11-14`)
  expect(status).toBe(200)
  expect(body).toMatchObject({
    portfolio: { id: INCIDENT_PORTFOLIO, name: 'test009', equity: '-1625000' },
    snapshots: [
      { day: INCIDENT_DAY, netAssetValue: '-1625000', dailyPnl: '5275000', netFlows: '0' },
      { day: '2025-11-14', netAssetValue: '-6900000', netFlows: '47499.94' },
    ],
  })
})

test('breaks are listed, previewed, replayed, and gone', async () => {
  await call(CLOSE, { actor: 'ana' })
  await inflate()
  const breaks = `/api/breaks?portfolio=${INCIDENT_PORTFOLIO}`
  expect((await call(breaks)).body).toMatchObject({
    breaks: [{ fault: 'equity', kept: '14200000', expected: '-1625000' }],
  })

  const { body: plan } = await call(`${PORTFOLIO}/replay/preview`, {})
  expect(plan).toMatchObject({ changes: true, equity: { now: '14200000', replayed: '-1625000' } })
  expect(await system.equity()).toBe('14200000')

  const request = { plan: plan.plan, reason: 'inflated', actor: 'ana' }
  expect(await call(`${PORTFOLIO}/replay`, request)).toMatchObject({ status: 200 })
  expect(await system.equity()).toBe('-1625000')
  expect((await call('/api/breaks')).body).toEqual({ breaks: [] })
  expect(await call(`${PORTFOLIO}/replay`, request)).toMatchObject({
    status: 409,
    type: 'application/problem+json',
    body: { code: 'REPLAY_DRIFTED' },
  })
})

test('a replay that lacks a price answers 409 and names it', async () => {
  await call(CLOSE, { actor: 'ana' })
  await system.pool.query(
    `UPDATE portfolio_snapshots SET net_asset_value = 0 WHERE snapshot_date = $1`,
    [INCIDENT_DAY],
  )
  await system.pool.query(`DELETE FROM prices WHERE symbol = 'BRNT' AND day = $1`, [INCIDENT_DAY])
  const { body } = await call(`${PORTFOLIO}/replay/preview`, {})
  const request = { plan: body.plan, reason: 'zeros', actor: 'ana' }
  expect(await call(`${PORTFOLIO}/replay`, request)).toMatchObject({
    status: 409,
    body: { code: 'PRICES_MISSING', detail: 'Prices are missing: BRNT on 2025-11-17.' },
  })
})

test.each([
  [`/api/portfolios/${UNKNOWN}/snapshots`, undefined],
  [`/api/portfolios/${UNKNOWN}/replay/preview`, {}],
  [`/api/portfolios/${UNKNOWN}/replay`, { plan: 'x', reason: 'x', actor: 'ana' }],
])('an unknown portfolio answers 404 at %s', async (path, body) => {
  expect(await call(path, body)).toMatchObject({
    status: 404,
    body: { code: 'UNKNOWN_PORTFOLIO', detail: expect.stringContaining(UNKNOWN) },
  })
})

test.each([
  ['a day that is no date', '/api/days/2025-02-30/close', { actor: 'ana' }],
  ['no actor', CLOSE, {}],
  ['an unknown option', CLOSE, { actor: 'ana', force: true }],
  ['no portfolio at all', CLOSE, { actor: 'ana', portfolioIds: [] }],
  ['an id that is no uuid', '/api/portfolios/1/snapshots', undefined],
  ['a period that is none', `${PORTFOLIO}/snapshots?from=monday`, undefined],
  ['a replay without a plan', `${PORTFOLIO}/replay`, { reason: 'x', actor: 'ana' }],
])('%s answers 400', async (_, path, body) => {
  expect(await call(path, body)).toMatchObject({
    status: 400,
    type: 'application/problem+json',
    body: { code: 'INPUT_INVALID' },
  })
})
