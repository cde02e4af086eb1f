import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nodeHandler, server } from '../../src/server/server.ts'
import { goTo, launch, open } from './browser.ts'
import { badges, openWard, visits, type Ward } from './ward.ts'

const READER = 'a-token-that-reads-and-nothing-more-0'
const WRITER = 'a-token-that-may-write-what-it-wants-0'

let browser: Browser
let ward: Ward

beforeAll(async () => {
  browser = await launch()
  ward = await openWard()
})
afterAll(async () => {
  await browser.close()
  await ward.close()
})

test('the page stands below any path that an application mounts it at', async () => {
  const guards = [visits, badges]
  const shown = server({ once: ward.once, guards, generators: [ward.making], write: true })
  const app = express().use('/admin/tools/once', nodeHandler(shown))
  const http = createServer(app)
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const { port } = http.address() as AddressInfo
  const base = `http://127.0.0.1:${port}/admin/tools/once`
  // Without the slash at its end it leads there all the same.
  const { page, faults, close } = await open(browser, `${base}#/guards/visits/matrix`)
  const outside: string[] = []
  page.on('request', (request) => {
    if (!request.url().startsWith(`${base}/`)) outside.push(request.url())
  })
  await page.getByText('5 entities × 28 periods').waitFor()
  await page.getByRole('button', { name: 'Live', exact: true }).waitFor()
  await page.getByRole('link', { name: 'badges', exact: true }).click()
  await page.getByText('Never let writers wait').waitFor()
  expect(page.url()).toMatch(new RegExp(`^${base}/#/guards/badges`))
  expect({ outside, faults }).toEqual({ outside: [], faults: [] })
  await close()
  await shown.close()
  http.closeAllConnections()
  await new Promise((resolve) => http.close(resolve))
})

describe('with tokens', () => {
  let url: string
  beforeAll(async () => {
    const tokens = [
      { token: READER, actor: 'reader' },
      { token: WRITER, actor: 'head nurse', write: true },
    ]
    url = (await ward.serve({ tokens })).url
  })

  test('one leaves the address and is sent as a header, and names who does things', async () => {
    const { page, faults, close } = await open(browser, 'about:blank')
    const sent = new Map<string, string | undefined>()
    page.on('request', (request) => {
      sent.set(new URL(request.url()).pathname, request.headers().authorization)
      expect(request.url()).not.toContain(WRITER)
    })
    await page.goto(`${url}#token=${WRITER}`)
    await page.getByRole('heading', { name: 'Guards', level: 1 }).waitFor()
    await page.getByText('one row of visits').waitFor()
    expect(page.url()).toBe(`${url}#/`)
    expect(sent.get('/api/guards')).toBe(`Bearer ${WRITER}`)
    await page.reload()
    await page.getByText('one row of visits').waitFor()
    expect(await page.evaluate('JSON.stringify(localStorage)')).not.toContain(WRITER)

    await page.goto(`${url}#/guards/badges/duplicates`)
    await page.getByRole('button', { name: 'Plan the repair' }).click()
    const reason = page.getByRole('dialog').getByLabel(/^Reason/)
    expect(await reason.inputValue()).toBe('plan the repair by head nurse')
    await page.getByRole('dialog').getByRole('button', { name: 'Plan the repair' }).click()
    await page.getByText('by head nurse', { exact: true }).waitFor()
    expect(faults).toEqual([])
    await close()
  })

  test('one that is not known is explained, and another can be given', async () => {
    const { page, faults, close } = await open(browser, `${url}#token=${WRITER}x`)
    await page.getByText('The server does not know this token.').waitFor()
    await page.getByLabel('Token').fill(READER)
    await page.getByRole('button', { name: 'Open' }).click()
    await page.getByText('one row of visits').waitFor()
    expect(faults).toEqual([])
    await close()
  })

  test('whoever may only read is told so, and is offered no action anywhere', async () => {
    const { page, faults, close } = await open(browser, `${url}#token=${READER}`)
    await page.getByText('read only', { exact: true }).waitFor()
    const places: readonly (readonly [hash: string, says: string | RegExp])[] = [
      ['#/guards/visits/matrix', 'Read only: nothing can be run from here.'],
      ['#/guards/visits/create', 'This page may read only'],
      ['#/guards/badges', 'Never let writers wait'],
      ['#/guards/badges/duplicates', '6 keys'],
      ['#/guards/visits', /The unique index/],
      ['#/runs', 'the visits of the day'],
    ]
    const acts = /run|retry|plan|apply|undo|enforc|cancel|resume/i
    for (const [hash, says] of places) {
      await goTo(page, hash)
      await page.getByText(says).first().waitFor()
      const offered = await page.getByRole('main').getByRole('button').allTextContents()
      expect({ hash, offered: offered.filter((text) => acts.test(text)) }).toEqual({
        ...{ hash, offered: [] },
      })
    }
    expect(faults).toEqual([])
    await close()
  })
})
