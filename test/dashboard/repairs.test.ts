import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { guard, int, type Onceover, onceover } from '../../src/index.ts'
import { type Listening, listen, server } from '../../src/server/server.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { axe, launch, type Opened, open } from './browser.ts'

const badges = guard('badges', { table: 'badges', key: { person: int() }, show: ['colour'] })

// Of 1200 people each has two badges, and hangs one key on the second.
const SCHEMA = `
  CREATE TABLE badges (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, person int NOT NULL,
    colour text NOT NULL, created_at timestamptz NOT NULL);
  CREATE TABLE keys (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    badge int NOT NULL REFERENCES badges);
  CREATE INDEX ON keys (badge);
  INSERT INTO badges (person, colour, created_at)
    SELECT n % 1200, CASE WHEN n < 1200 THEN 'red' ELSE 'blue' END,
      '2025-10-01'::timestamptz + n * interval '1 minute' FROM generate_series(0, 2399) n;
  INSERT INTO keys (badge) SELECT id FROM badges WHERE colour = 'blue'`

let database: TestDatabase
let once: Onceover
let listening: Listening
let browser: Browser
let opened: Opened
let page: Page

beforeAll(async () => {
  browser = await launch()
})
afterAll(() => browser.close())
beforeEach(async () => {
  database = await testDatabase()
  await database.pool.query(SCHEMA)
  once = await onceover({ db: database.pool })
  await once.migrate()
  listening = await listen(server({ once, guards: [badges], write: true }), { port: 0 })
  opened = await open(browser, `${listening.url}#/guards/badges`)
  page = opened.page
})
afterEach(async () => {
  expect(opened.faults).toEqual([])
  await opened.close()
  await listening.close()
  await once.close()
  await database.drop()
})

const press = (name: string) => page.getByRole('button', { name, exact: true }).click()

/** Waits until the page says something. */
const says = (text: string | RegExp) => page.getByText(text).first().waitFor()

/** Confirms what a dialog asks. */
async function agree(): Promise<void> {
  await page.locator('dialog button[type=submit]').click()
}

async function planned(): Promise<void> {
  await page.getByRole('link', { name: 'Duplicates' }).first().click()
  await press('Plan the repair')
  await page.locator('dialog').getByLabel('Reason, kept in the audit').fill('given out twice')
  await agree()
  await says('This is a plan: no row was changed.')
}

const standing = async (): Promise<object> => {
  const { rows } = await database.pool.query(
    `SELECT count(*)::int AS badges, count(DISTINCT person)::int AS people,
      (SELECT count(*)::int FROM keys JOIN badges ON badges.id = badge WHERE colour = 'blue')
        AS blue_keys FROM badges`,
  )
  return rows[0]
}

const BEFORE = { badges: 2400, people: 1200, blue_keys: 1200 }
const AFTER = { badges: 1200, people: 1200, blue_keys: 0 }

test('duplicates are found, repaired, kept out by an index, and brought back', async () => {
  await press('Enforce')
  await agree()
  await says(/excess rows, so no unique/)
  await page.locator('dialog').getByRole('link', { name: 'See the duplicates' }).click()
  await says('1,200')
  await page.locator('.record.loser .differs').first().waitFor()
  await press('Table')
  await page.getByRole('columnheader', { name: 'Too many' }).waitFor()
  await planned()
  await says('go to the row that stays')
  expect(await standing()).toEqual(BEFORE)
  await press('Apply')
  await agree()
  await says('No key stands twice any more.')
  expect(await standing()).toEqual(AFTER)
  await page.getByRole('link', { name: 'enforce the guard' }).click()
  await press('Enforce')
  await agree()
  await says('the database refuses a second row')
  await page.getByRole('link', { name: /Repair 1/ }).click()
  await press('Undo')
  await says('The index goes first.')
  expect(await axe(page)).toEqual([])
  await agree()
  await says('1,200 rows came back.')
  expect(await standing()).toEqual(BEFORE)
  expect((await once.inspect(badges)).coverage.enforced).toBe(false)
  const [repair] = await once.repairs()
  expect(repair).toMatchObject({ state: 'undone', reason: 'given out twice' })
})

test('a plan whose rows changed is refused, and planned anew from there', async () => {
  await planned()
  await database.pool.query(`UPDATE badges SET colour = 'green' WHERE id = 2000`)
  await press('Apply')
  await agree()
  await says(/1 loser has other values/)
  expect(await standing()).toEqual({ ...BEFORE, blue_keys: 1199 })
  await page.locator('dialog').getByRole('button', { name: 'Plan anew' }).click()
  await page.getByRole('heading', { name: 'Repair 2' }).waitFor()
  await press('Apply')
  await agree()
  await says('No key stands twice any more.')
  expect(await standing()).toEqual(AFTER)
})

test('a repair that was stopped on the way goes on from there', async () => {
  const stop = new AbortController()
  const plan = await once.planRepair(badges)
  await once.applyRepair(badges, plan, { signal: stop.signal, onProgress: () => stop.abort() })
  await page.goto(`${listening.url}#/repairs/${plan.repair}`)
  await says('It was stopped on the way.')
  await press('Go on')
  await agree()
  await says('No key stands twice any more.')
  expect(await standing()).toEqual(AFTER)
})
