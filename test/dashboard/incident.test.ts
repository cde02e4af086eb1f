import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Onceover, onceover } from '../../src/index.ts'
import { type Listening, listen, server } from '../../src/server/server.ts'
import { furnishSessions, type LiveSessions } from '../../systems/class-sessions/live.ts'
import { today } from '../../systems/days.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { launch, type Opened, open } from './browser.ts'

let browser: Browser
let database: TestDatabase
let once: Onceover
let sessions: LiveSessions
let served: Listening
let opened: Opened
let page: Page

beforeAll(async () => {
  browser = await launch()
  database = await testDatabase()
  const { pool, url } = database
  once = await onceover({ db: pool })
  await once.migrate()
  sessions = await furnishSessions({ once, pool, url, today: await today(pool) })
  served = await listen(server({ once, guards: sessions.guards, write: true }), { port: 0 })
  opened = await open(browser, served.url)
  page = opened.page
})
afterAll(async () => {
  await browser.close()
  await served.close()
  await once.close()
  await database.drop()
})

const onTheDay = async (): Promise<number> => (await sessions.figures()).onTheDay

const press = (name: string) => page.getByRole('button', { name, exact: true }).click()

/** Answers the question that is open. */
const answer = (name: string) =>
  page.getByRole('dialog').getByRole('button', { name, exact: true }).click()

const tab = (name: string) =>
  page.getByRole('main').getByRole('navigation').getByRole('link', { name, exact: true }).click()

test('the incident is found, repaired, undone, repaired again and enforced by hand', async () => {
  await page.getByRole('link', { name: 'class-sessions', exact: true }).first().click()
  await tab('Duplicates')
  await page.getByText('rows too many', { exact: true }).waitFor()
  // When they came leads to the job that made them.
  await page.getByText(/^\d+ rows too many from/).waitFor()
  expect(await onTheDay()).toBe(93)

  await press('Plan the repair')
  await page
    .getByRole('dialog')
    .getByLabel(/^Reason/)
    .fill('the generator ran twice')
  await answer('Plan the repair')
  await page.getByText('This is a plan: no row was changed.').waitFor()
  expect(await onTheDay()).toBe(93)
  await press('Apply')
  await answer('Apply')
  await page.getByText('Nothing stops new duplicates yet:').waitFor()
  expect(await onTheDay()).toBe(65)

  await press('Undo')
  await answer('Undo')
  await page.getByText(/^Undone by/).waitFor()
  expect(await onTheDay()).toBe(93)

  await press('Plan anew')
  await page.getByText('This is a plan: no row was changed.').waitFor()
  await press('Apply')
  await answer('Apply')
  await page.getByRole('link', { name: 'enforce the guard' }).click()
  await press('Enforce')
  await answer('Enforce')
  await page.getByText('The unique index ux_class_sessions_unique_1on1 stands').waitFor()
  expect(await onTheDay()).toBe(65)

  // Now what comes back would be refused: the page says so, and drops the index first.
  await page.getByRole('link', { name: /applied Repair/ }).click()
  await press('Undo')
  await page.getByText('The index goes first.').waitFor()
  await answer('Drop the index, then undo')
  await page.getByText(/^Undone by/).waitFor()
  expect(await onTheDay()).toBe(93)
  expect(opened.faults).toEqual([])
})
