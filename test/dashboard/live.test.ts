import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { onceover } from '../../src/index.ts'
import type { Listening } from '../../src/server/server.ts'
import { launch, open } from './browser.ts'
import { relayTo } from './relay.ts'
import { openWard, type Ward } from './ward.ts'

let browser: Browser
let ward: Ward
let served: Listening

beforeAll(async () => {
  browser = await launch()
  ward = await openWard()
  served = await ward.serve()
})
afterAll(async () => {
  await browser.close()
  await ward.close()
})

const key = (patient: number) => ({ key: { patient, day: '2025-10-28' } })

test('a run of another client is followed, and cancelled with a reason', async () => {
  const { page, faults, close } = await open(browser, `${served.url}#/runs`)
  await page.getByText('the visits of the day').first().waitFor()
  const other = await onceover({ db: ward.database.url })
  const goOn = ward.hold()
  const units = Array.from({ length: 6 }, (_, n) => ({
    key: { patient: 1, day: `2025-11-0${n + 1}` },
  }))
  const asked = { actor: 'another program', reason: 'visits of November', concurrency: 2 }
  const running = other.run(ward.making, units, asked)
  await page.getByRole('link', { name: 'visits of November' }).click()
  await page.getByText('in flight', { exact: true }).waitFor()
  expect(await page.getByRole('region', { name: 'About this run' }).textContent()).toContain(
    'another program',
  )
  await page.getByRole('button', { name: 'Cancel run' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel(/^Reason/).fill('the ward is closed')
  await dialog.getByRole('button', { name: 'Cancel run' }).click()
  const why = page.getByRole('region', { name: 'Why it was cancelled' })
  await why.getByText('the ward is closed').waitFor()
  expect(await why.textContent()).toContain('by dashboard')
  goOn()
  const { totals } = await running
  expect(totals).toMatchObject({ created: 0, cancelled: 6 })

  const again = await other.run(ward.making, units, { ...asked, reason: 'open again' })
  expect(again.totals.created).toBe(6)
  await page.getByRole('link', { name: 'Runs', exact: true }).first().click()
  await page
    .getByRole('row', { name: /open again/ })
    .getByText('6')
    .first()
    .waitFor()
  await other.close()
  expect(faults).toEqual([])
  await close()
})

test('what happens while the server is gone is shown when it is back', async () => {
  const { page, faults, close } = await open(browser, `${served.url}#/guards/visits/matrix`)
  const live = page.getByRole('button', { name: 'Live', exact: true })
  const ben = page.getByRole('gridcell', { name: /^Ben, .*\b28\b/ })
  await ben.and(page.getByLabel(/: missing$/)).waitFor()
  await live.waitFor()
  const port = Number(new URL(served.url).port)
  await served.close()
  await live.waitFor({ state: 'detached' })
  await ward.once.run(ward.making, [key(2)])
  served = await ward.serve({ port })
  await ben.and(page.getByLabel(/: done$/)).waitFor()
  await live.waitFor()
  await ward.once.run(ward.making, [key(5)])
  await page
    .getByLabel(/^Eve, .*\b28\b.*: done$/)
    .first()
    .waitFor()
  expect(faults).toEqual([])
  await close()
})

test('updates are paused on demand, and come when they are wanted again', async () => {
  const { page, faults, close } = await open(browser, `${served.url}#/guards/visits/matrix`)
  await page.getByRole('button', { name: 'Live', exact: true }).click()
  const paused = page.getByRole('button', { name: 'Paused' })
  await paused.waitFor()
  ward.failing.clear()
  const [failed] = await ward.once.claims({ guard: 'visits', state: 'failed' })
  await ward.once.retry(ward.making, { run: failed?.run ?? '' })
  const cy = page.getByRole('gridcell', { name: /^Cy, .*\b28\b/ })
  await cy.and(page.getByLabel(/: failed$/)).waitFor()
  await paused.click()
  await cy.and(page.getByLabel(/: done$/)).waitFor()
  expect(faults).toEqual([])
  await close()
})

test('a database that is down is told of, and the page recovers by itself', async () => {
  const way = await relayTo(ward.database.url)
  const once = await onceover({ db: way.url })
  const { url } = await ward.serve({ once })
  const { page, faults, close } = await open(browser, `${url}#/guards/visits/matrix`)
  await page.getByRole('grid').waitFor()
  await way.cut()
  await page.getByRole('link', { name: 'Audit' }).first().click()
  const alert = page.getByRole('alert')
  await alert.getByText(/asks again every few seconds/).waitFor()
  expect(await alert.count()).toBe(1)
  expect(await alert.textContent()).toMatch(/database/i)
  await way.mend()
  await page.getByText('the visits of the day').first().waitFor()
  await alert.waitFor({ state: 'detached' })
  expect(faults).toEqual([])
  await close()
  await once.close()
  await way.cut()
})
