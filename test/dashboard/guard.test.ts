import pg from 'pg'
import type { Browser } from 'playwright-core'
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

test('enforcing is looked at first, refused with why, and followed to its end', async () => {
  const { page, faults, close } = await open(browser, `${url}#/guards/badges`)
  const enforce = page.getByRole('button', { name: 'Enforce', exact: true })
  const dialog = page.getByRole('dialog')
  // Every statement can be read before it is run.
  const build = page.getByRole('listitem').filter({ hasText: 'CREATE UNIQUE INDEX' }).first()
  await build.locator('summary').click()
  await build.locator('pre').waitFor()
  await enforce.click()
  await dialog.getByRole('button', { name: 'Enforce', exact: true }).click()
  await dialog.getByText('DUPLICATES_EXIST').waitFor()
  await dialog.getByRole('link', { name: 'See the duplicates' }).waitFor()
  await dialog.getByRole('button', { name: 'Keep as it is' }).click()

  // Somebody writes, and does not come to an end.
  const application_name = 'import of the night shift'
  const writer = new pg.Client({ connectionString: ward.database.url, application_name })
  await writer.connect()
  await writer.query('BEGIN; INSERT INTO badges (person) VALUES (70)')
  await page.getByLabel('Repair the duplicates on the way').check()
  await page.getByLabel('Never let writers wait').check()
  await enforce.click()
  await dialog.getByRole('button', { name: 'Enforce', exact: true }).click()
  const work = page.getByRole('region', { name: 'Enforcing' })
  await work.getByText(application_name).first().waitFor()
  expect(await enforce.count()).toBe(0)
  await writer.query('COMMIT')
  await writer.end()
  await page.getByText(/The unique index ux_badges\w* stands for the key/).waitFor()
  await work.waitFor({ state: 'detached' })
  expect(await page.getByRole('link', { name: /applied Repair/ }).count()).toBe(1)

  await page.getByRole('button', { name: 'Stop enforcing' }).click()
  await dialog.getByText('nothing in the database refuses').waitFor()
  await dialog.getByRole('button', { name: 'Drop the index' }).click()
  await page.getByText('No valid unique index covers the key').waitFor()
  expect(faults).toEqual([])
  await close()
})
