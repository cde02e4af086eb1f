import { readFile } from 'node:fs/promises'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { date, generator, guard, int, type Onceover, onceover, sql } from '../../src/index.ts'
import { type Listening, listen, server } from '../../src/server/server.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { axe, launch, type Opened, open } from './browser.ts'

const shifts = guard('shifts', {
  table: 'shifts',
  key: { day: date(), patient: int() },
  copies: 'copy_number',
  index: 'one_shift',
})

const letters = guard('letters', {
  table: 'letters',
  key: { day: date(), patient: int() },
  index: 'one_letter',
})

/** Patient 13 has no address, and 99 takes until the test lets go. */
let letGo = () => {}
const writing = generator(letters, {
  expected: ({ from, to }: { from: string; to: string }) => sql`
    SELECT day::date, patient FROM generate_series(${from}::date, ${to}::date, '1 day') AS day,
      unnest(ARRAY[7, 13]) AS patient`,
  make: async ({ key }) => {
    if (key.patient === 13) throw new Error('there is no address')
    if (key.patient === 99) {
      await new Promise<void>((resolve) => {
        letGo = resolve
      })
    }
    return {}
  },
  save: (tx, { unit: { key } }) =>
    tx.query('INSERT INTO letters (day, patient) VALUES ($1, $2)', [key.day, key.patient]),
})

let database: TestDatabase
let once: Onceover
let listening: Listening
let browser: Browser
let opened: Opened | undefined

beforeAll(async () => {
  database = await testDatabase()
  await database.pool.query(`
    CREATE TABLE shifts (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, day date NOT NULL,
      patient int NOT NULL, copy_number int NOT NULL DEFAULT 0, note text);
    CREATE UNIQUE INDEX one_shift ON shifts (day, patient, copy_number);
    CREATE TABLE letters (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, day date NOT NULL,
      patient int NOT NULL);
    CREATE UNIQUE INDEX one_letter ON letters (day, patient);
    INSERT INTO shifts (day, patient) VALUES ('2025-10-01', 7)`)
  once = await onceover({ db: database.pool })
  await once.migrate()
  listening = await listen(
    server({ once, guards: [shifts, letters], generators: [writing], write: true }),
    { port: 0 },
  )
  browser = await launch()
})
afterAll(async () => {
  letGo()
  await browser.close()
  await listening.close()
  await once.close()
  await database.drop()
})
afterEach(async () => {
  expect(opened?.faults).toEqual([])
  await opened?.close()
  opened = undefined
})

async function go(place: string, options = {}): Promise<Page> {
  opened = await open(browser, `${listening.url}#/${place}`, options)
  await opened.page.waitForSelector('h1')
  return opened.page
}

/** Presses a button by its words. */
const press = (page: Page, name: string | RegExp) => page.getByRole('button', { name }).click()

const shown = (page: Page, text: string | RegExp) => page.getByText(text).first().waitFor()

async function fillShift(page: Page, number: number, day: string, patient: string) {
  const row = page.locator('.draft-row').nth(number)
  await row.getByLabel('day').fill(day)
  await row.getByLabel('patient').fill(patient)
}

describe('a creation', () => {
  test('is previewed, asks before a duplicate, and says to the number what it does', async () => {
    const page = await go('guards/shifts/create')
    await fillShift(page, 0, '2025-10-01', '7')
    await press(page, 'Add a row')
    await fillShift(page, 1, '2025-10-02', '8')
    await press(page, 'Preview')
    await shown(page, '1 of 2 exists already')
    await press(page, 'Create 1, skip 1')
    await shown(page, 'What happened')
    expect(await page.locator('tbody .state').allInnerTexts()).toEqual(['skipped', 'created'])
    await page.getByRole('link', { name: 'Open the run' }).click()
    await shown(page, 'create by dashboard')
  })

  test('allows a copy only with a reason', async () => {
    const page = await go('guards/shifts/create?part.day=2025-10-01&part.patient=7')
    await press(page, 'Preview')
    await page.getByLabel('Allow a copy').check()
    await press(page, 'Add 1 copy')
    expect(await page.getByText('What happened').count()).toBe(0)
    await page.getByLabel(/Why a copy is right/).fill('the patient came twice')
    await press(page, 'Add 1 copy')
    await shown(page, 'What happened')
    const { rows } = await database.pool.query(
      "SELECT copy_number FROM shifts WHERE day = '2025-10-01' ORDER BY 1",
    )
    expect(rows).toEqual([{ copy_number: 0 }, { copy_number: 1 }])
  })

  test('forgets its preview where anything is typed after it', async () => {
    const page = await go('guards/shifts/create?part.day=2025-10-09&part.patient=7')
    await press(page, 'Preview')
    await shown(page, 'Create 1')
    await fillShift(page, 0, '2025-10-09', '8')
    expect(await page.getByRole('button', { name: 'Create 1' }).count()).toBe(0)
  })
})

describe('a run', () => {
  test('is followed to its verdicts, and what failed in it is tried again', async () => {
    const page = await go('guards/letters/create?from=2025-10-01&to=2025-10-01')
    await press(page, 'Preview')
    await press(page, 'Create 2')
    await page.getByRole('link', { name: 'Open the run' }).click()
    await page.getByRole('button', { name: 'failed 1' }).click()
    await shown(page, /there is no address/)
    expect(page.url()).toMatch(/verdict=failed/)
    await press(page, 'Retry failed')
    await page.getByRole('dialog').getByRole('button', { name: 'Retry failed' }).click()
    await page.getByRole('heading', { name: 'retry failed by dashboard' }).waitFor()
  })

  test('is cancelled with all that match, and says by whom and why', async () => {
    const units = [{ key: { day: '2025-11-01', patient: 99 } }]
    const running = once.run(writing, units, { reason: 'all of them' }).catch(() => undefined)
    const page = await go('runs?state=running')
    await page.getByRole('link', { name: 'all of them' }).waitFor()
    await press(page, 'Cancel all that match')
    await page.getByLabel(/Reason/).fill('the wrong month')
    await press(page, 'Cancel 1 run')
    await shown(page, /1 cancelled; 1 keys are free/)
    letGo()
    await running
    await page.goto(`${listening.url}#/runs?state=cancelled`)
    await page.getByRole('link', { name: 'all of them' }).click()
    await shown(page, 'the wrong month')
    expect(await page.getByRole('button', { name: 'Cancel run' }).count()).toBe(0)
  })
})

describe('the audit', () => {
  beforeAll(async () => {
    const asked = { actor: '=cmd()', reason: 'imported, "as is"' }
    await once.insert(shifts, [{ day: '2025-12-01', patient: 1 }], asked)
    await once.insert(shifts, [{ day: '2025-12-01', patient: 1 }], asked)
  })

  test('is searched with the keyboard alone', async () => {
    const page = await go('audit')
    await page.locator('tbody tr').first().waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('verdict:ski')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await page.keyboard.type('part.day:2025-12-01 ')
    await page.locator('tbody tr').nth(1).waitFor({ state: 'detached' })
    await page.waitForURL(/part\.day/)
    const { hash } = new URL(page.url())
    expect(Object.fromEntries(new URLSearchParams(hash.split('?')[1]))).toEqual({
      verdict: 'skipped',
      'part.day': '2025-12-01',
    })
    await page.keyboard.press('Backspace')
    expect(await page.getByRole('combobox').inputValue()).toBe('part.day:2025-12-01')
  })

  test('is taken along as a file in which no cell is a formula', async () => {
    const page = await go('audit?verdict=skipped&part.day=2025-12-01')
    await page.locator('tbody tr').first().waitFor()
    const [download] = await Promise.all([page.waitForEvent('download'), press(page, 'Export CSV')])
    const [heading, line] = (await readFile(await download.path(), 'utf8')).split('\r\n')
    expect(heading).toBe('\ufeff"at","guard","verdict","key","existing","reason","actor","run"')
    expect(line).toMatch(/,"shifts","skipped","day=2025-12-01; patient=1","id=\d+",.*,"'=cmd\(\)",/)
  })
})

const PLACES = ['runs', 'audit', 'create', 'guards/shifts/create', 'guards/letters/create']
const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }

test.each(['light', 'dark'] as const)(
  'axe finds nothing in %s, and a phone is enough',
  async (colorScheme) => {
    const page = await go('', { colorScheme, ...PHONE })
    for (const place of PLACES) {
      await page.goto(`${listening.url}#/${place}`)
      await page.locator('tbody tr, .maker .panel, .guard-choice').first().waitFor()
      expect([place, await axe(page)]).toEqual([place, []])
      expect([place, await page.locator('html').evaluate((html) => html.scrollWidth)]).toEqual([
        place,
        390,
      ])
    }
  },
)
