import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { launch, type Opened, open } from './browser.ts'
import { LAST_DAY, openWard, type Ward } from './ward.ts'

let browser: Browser
let ward: Ward
let url: string
let opened: Opened
let page: Page

beforeAll(async () => {
  browser = await launch()
  ward = await openWard()
  url = (await ward.serve()).url
})
afterAll(async () => {
  await browser.close()
  await ward.close()
})
beforeEach(async () => {
  opened = await open(browser, `${url}#/guards/visits/matrix`)
  page = opened.page
  await page.getByRole('grid').waitFor()
})
afterEach(async () => {
  expect(opened.faults).toEqual([])
  await opened.close()
})

/** The cell of a patient on a day of October 2025. */
const cell = (name: string, day: number): Locator =>
  page.getByRole('gridcell', { name: new RegExp(`^${name}, .*\\b${day}\\b.*:`) })

const selection = (): Locator => page.getByRole('region', { name: 'Selection' })

/** Waits until the selection says so many. */
const selected = (count: number, noun = 'cell') =>
  selection()
    .getByRole('status')
    .filter({ hasText: new RegExp(`^${count} ${noun}`) })
    .waitFor()

const isSelected = (at: Locator): Promise<string | null> => at.getAttribute('aria-selected')

describe('what is selected', () => {
  test('is at first what is missing or failed, wherever it is', async () => {
    await selected(3, 'keys in all')
    expect(await selection().textContent()).toMatch(/2\s*missing\s*1\s*failed/)
    const states = ['Ada', 'Ben', 'Cy', 'Dora'].map((name) => isSelected(cell(name, 28)))
    expect(await Promise.all(states)).toEqual(['false', 'true', 'true', 'false'])
    await cell('Dora', 28)
      .and(page.getByLabel(/skipped$/))
      .waitFor()
  })

  test('is moved and drawn by the keyboard', async () => {
    await page.keyboard.press('Escape')
    await selection().waitFor({ state: 'detached' })
    await cell('Ada', 27).click()
    await selected(1)
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Shift+ArrowDown')
    await page.keyboard.press('Shift+ArrowLeft')
    await selected(4)
    expect(await isSelected(cell('Cy', 26))).toBe('true')
    // Space takes one out of them, and in again.
    await page.keyboard.press('Space')
    await selected(3)
    expect(await isSelected(cell('Cy', 26))).toBe('false')
    await page.keyboard.press('Control+a')
    await selected(5 * 28, 'keys in all')
    await page.keyboard.press('Escape')
    await selection().waitFor({ state: 'detached' })
  })

  test('is drawn by the mouse, and goes on from there with shift and control', async () => {
    await cell('Ben', 24).hover()
    await page.mouse.down()
    await cell('Cy', 25).hover()
    await page.mouse.up()
    await selected(4)
    await cell('Dora', 26).click({ modifiers: ['Shift'] })
    await selected(9)
    await cell('Ada', 28).click({ modifiers: ['Control'] })
    await selected(10)
  })

  test('is taken in and out by touch, which draws nothing', async () => {
    const phone = { viewport: { width: 390, height: 800 }, hasTouch: true, isMobile: true }
    const small = await open(browser, `${url}#/guards/visits/matrix`, phone)
    page = small.page
    await selected(3, 'keys in all')
    await page.getByRole('button', { name: 'Clear the selection' }).tap()
    await cell('Ben', 28).tap()
    await selected(1)
    await cell('Cy', 28).tap()
    await selected(2)
    await cell('Ben', 28).tap()
    await selected(1)
    expect(small.faults).toEqual([])
    await small.close()
  })
})

describe('what is shown', () => {
  const entities = (count: number) =>
    page.getByText(new RegExp(`^${count} entit(y|ies) × 28 periods`)).waitFor()

  test('is narrowed, and the address says by what: back and forward go through it', async () => {
    await page.getByRole('button', { name: '2 weeks' }).click()
    await page.getByText('5 entities × 14 periods').waitFor()
    expect(page.url()).toContain(`from=2025-10-15&to=${LAST_DAY}`)
    await page.goBack()
    await entities(5)
    await page.goForward()
    await page.getByText('5 entities × 14 periods').waitFor()
    await page.goBack()
    await page.getByRole('searchbox').fill('do')
    await entities(1)
    expect(page.url()).toMatch(/q=do$/)
    await page.reload()
    await entities(1)
    await page.getByRole('searchbox').fill('')
    await page.getByRole('button', { name: /2 missing$/ }).click()
    await entities(2)
    expect(page.url()).toMatch(/states=missing$/)
  })

  test('is a table as well, sorted by what is wrong', async () => {
    await page.getByRole('button', { name: 'Table' }).click()
    const rows = page.getByRole('table').getByRole('row')
    await rows.filter({ hasText: 'Ben' }).filter({ hasText: '27' }).waitFor()
    expect(await rows.count()).toBe(6)
    await page.getByRole('button', { name: 'Worst first' }).click()
    await rows
      .nth(5)
      .filter({ hasNotText: /missing|failed/ })
      .waitFor()
    await page.getByRole('button', { name: /^Ben, .*\b28\b/ }).click()
    await page
      .getByRole('heading', { name: /missing|visits/ })
      .first()
      .waitFor()
    await page.waitForURL(/guards\/visits\/key/)
  })

  test('is the calendar of one entity, a day of which leads to its key', async () => {
    await page.getByRole('link', { name: 'Dora' }).click()
    await page.getByRole('heading', { name: 'Dora' }).waitFor()
    const october = page.getByRole('table', { name: 'Oct 2025' })
    expect(await october.getByRole('button').count()).toBe(28)
    await october.getByRole('button', { name: /\b28\b.*: skipped/ }).click()
    await page.waitForURL(/guards\/visits\/key/)
    await page.getByText('a relative asked again').waitFor()
  })
})

describe('what is selected can be run', () => {
  test('what failed is retried, and its cell turns done under the eyes of all', async () => {
    const other = await open(browser, `${url}#/guards/visits/matrix`)
    await other.page.getByRole('grid').waitFor()
    ward.failing.clear()
    await page.getByRole('button', { name: 'Retry failed' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel(/^Reason/).fill('the nurse is well again')
    await dialog.getByRole('button', { name: 'Retry 1 key' }).click()
    await cell('Cy', 28)
      .and(page.getByLabel(/: done$/))
      .waitFor()
    await other.page
      .getByLabel(/^Cy, .*\b28\b.*: done$/)
      .first()
      .waitFor()
    expect(other.faults).toEqual([])
    await other.close()
    const [run] = await ward.once.runs({ limit: 1 })
    expect(run?.reason).toBe('the nurse is well again')
  })

  test('a filter is frozen and previewed, and after a reason its cells turn done', async () => {
    await page.getByRole('button', { name: 'Preview and run' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText(/Nothing is written yet/).waitFor()
    // What is missing by now is not among what was frozen.
    await ward.database.pool.query(`INSERT INTO patients VALUES (6, 'Finn')`)
    expect(await dialog.textContent()).toMatch(/2\s*created/)
    await dialog.getByLabel(/^Reason/).fill('seen in the morning round')
    await dialog.getByRole('button', { name: 'Run 2 keys' }).click()
    for (const name of ['Ben', 'Eve']) {
      await cell(name, 28)
        .and(page.getByLabel(/: done$/))
        .waitFor()
    }
    await page.getByRole('link', { name: 'Follow it' }).click()
    await page.getByRole('heading', { name: 'seen in the morning round' }).waitFor()
    const [run] = await ward.once.runs({ limit: 1 })
    expect(run).toMatchObject({ actor: 'dashboard', reason: 'seen in the morning round' })
  })
})
