import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launch, open } from './browser.ts'
import { openWard, type Ward } from './ward.ts'

let browser: Browser
let ward: Ward
let url: string

beforeAll(async () => {
  browser = await launch()
  ward = await openWard()
  url = (await ward.serve()).url
})
afterAll(async () => {
  await browser.close()
  await ward.close()
})

/** What has the focus, by what it says. */
const focused = (page: Page): Promise<string> =>
  page.evaluate(`(({ activeElement: at }) =>
    at?.getAttribute('aria-label') ?? at?.textContent?.trim() ?? '')(document)`)

/** Whether what has the focus can be told by its outline or its ring. */
const isSeen = (page: Page): Promise<boolean> =>
  page.evaluate(`(({ activeElement: at, body }) => {
    if (!at || at === body) return false
    // The button within a field of a date has a ring of the browser's own.
    if (!at.matches(':focus')) return at.matches('input:focus-within')
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(at)
    return (outlineStyle !== 'none' && outlineWidth !== '0px') || boxShadow !== 'none'
  })(document)`)

/** Presses Tab until something has the focus; what has it on the way must be seen to. */
async function tabTo(page: Page, wanted: RegExp, most = 40): Promise<void> {
  for (let step = 0; step < most; step++) {
    await page.keyboard.press('Tab')
    expect({ at: await focused(page), seen: await isSeen(page) }).toMatchObject({ seen: true })
    if (wanted.test(await focused(page))) return
  }
  throw new Error(`${most} times Tab do not lead to ${wanted}.`)
}

test('the keyboard alone leads to what is missing, runs it, and keeps its place', async () => {
  const { page, faults, close } = await open(browser, url)
  await page.getByText('one row of visits').waitFor()
  await page.keyboard.press('Tab')
  expect(await focused(page)).toBe('Skip to content')
  await page.keyboard.press('Enter')
  await tabTo(page, /^visits$/)
  await page.keyboard.press('Enter')
  await page.getByRole('grid').waitFor()
  // The title has the focus by then, so that a screen reader says where one is.
  await expect.poll(() => focused(page)).toBe('visits')

  await tabTo(page, /^(Ada|Ben), /)
  await page.keyboard.press('Control+End')
  await expect.poll(() => focused(page)).toMatch(/^Eve, .*: missing$/)
  await page.keyboard.press('Space')
  await page.getByText(/^1 cell/).waitFor()
  await tabTo(page, /^Preview and run$/)
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog')
  await dialog.getByText('Nothing is written yet').waitFor()
  // Escape closes the question alone, and what was selected stays.
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })
  expect(await focused(page)).toBe('Preview and run')
  await page.keyboard.press('Enter')
  await dialog.getByText('Nothing is written yet').waitFor()
  // What is typed takes the place of the reason that stands there: it is recorded as it is.
  await page.keyboard.type('asked for by phone')
  expect(await dialog.getByRole('textbox').inputValue()).toBe('asked for by phone')
  await page.keyboard.press('Enter')
  await page
    .getByLabel(/^Eve, .*\b28\b.*: done$/)
    .first()
    .waitFor()
  expect(faults).toEqual([])
  await close()
})

test('a few letters lead anywhere, and one key to the search', async () => {
  const { page, faults, close } = await open(browser, `${url}#/runs`)
  await page.getByText('the visits of the day').first().waitFor()
  await page.keyboard.press('Control+k')
  const dialog = page.getByRole('dialog', { name: 'Go to' })
  await dialog.waitFor()
  await page.keyboard.type('badges dup')
  await page.keyboard.press('Enter')
  await dialog.waitFor({ state: 'detached' })
  await page.getByText('6 keys').first().waitFor()
  expect(page.url()).toMatch(/#\/guards\/badges\/duplicates$/)

  await page.keyboard.press('Control+k')
  await dialog.waitFor()
  await page.keyboard.type('visits')
  await page.getByRole('option').first().waitFor()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowUp')
  await page.keyboard.press('Enter')
  await page.getByRole('grid').waitFor()
  await page.keyboard.press('/')
  await expect.poll(() => focused(page)).toBe('Find a patient')
  await page.keyboard.type('cy')
  await page.getByText('1 entity × 28 periods').waitFor()
  expect(faults).toEqual([])
  await close()
})
