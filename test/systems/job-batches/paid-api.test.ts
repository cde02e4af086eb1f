import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openPaidApi, type PaidApi } from '../../../systems/job-batches/paid-api.ts'
import {
  NotTakenError,
  type Offer,
  type SubmissionApi,
  submissionApi,
} from '../../../systems/job-batches/submission-api.ts'

const { signal } = new AbortController()
const job = (n: number) => ({ reference: `job-${n}`, type: 'EDM_CREATION', item: { name: 'EDM' } })
const withKey = (idempotencyKey: string) => ({ signal, idempotencyKey })

let api: PaidApi
const open = async (offers: Offer, settings = {}): Promise<SubmissionApi> => {
  api = await openPaidApi(offers)
  return submissionApi({ url: api.url, offers, settlesMs: 0, ...settings })
}
afterEach(() => api.close())

/** A promise and what resolves it. */
function gate() {
  let open: () => void = () => undefined
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}

describe('an API with idempotency keys', () => {
  let client: SubmissionApi
  beforeEach(async () => {
    client = await open('keys')
  })

  test('answers the same key the same way and charges once', async () => {
    const first = await client.submit(job(1), withKey('k1'))
    expect(await client.submit(job(1), withKey('k1'))).toEqual(first)
    expect(await client.submit(job(1), withKey('k2'))).not.toEqual(first)
    expect(api.bill).toEqual({ calls: 3, charges: 2, lookups: 0, perJob: { 'job-1': 2 } })
  })

  test('charges once for a key that comes twice before the first is taken', async () => {
    const { opened, open } = gate()
    api.behave(() => ({ takesAfter: opened }))
    const both = [client.submit(job(1), withKey('k')), client.submit(job(1), withKey('k'))]
    open()
    const [first, second] = await Promise.all(both)
    expect(second).toEqual(first)
    expect(api.bill.charges).toBe(1)
  })

  test('cannot be asked', async () => {
    await expect(client.find('job-1', { signal })).rejects.toThrow('404')
  })
})

test('an API with a lookup charges for every call, and shows what it took', async () => {
  const client = await open('lookup')
  expect(await client.find('job-1', { signal })).toBeUndefined()
  const first = await client.submit(job(1), withKey('k'))
  await client.submit(job(1), withKey('k'))
  expect(await client.find('job-1', { signal })).toEqual(first)
  expect(api.bill).toEqual({ calls: 2, charges: 2, lookups: 2, perJob: { 'job-1': 2 } })
})

test('an API with neither charges for every call and cannot be asked', async () => {
  const client = await open('neither')
  await client.submit(job(1), withKey('k'))
  await client.submit(job(1), withKey('k'))
  expect(api.bill.charges).toBe(2)
  await expect(client.find('job-1', { signal })).rejects.toThrow(NotTakenError)
})

describe('what can go wrong', () => {
  test.each([
    ['refuses', 422, NotTakenError, 0],
    ['unavailable', 503, Error, 0],
    ['breaks', 500, Error, 1],
  ] as const)('a submission it %s is answered with %i', async (fault, status, kind, charges) => {
    const client = await open('lookup')
    api.behave(() => ({ fault }))
    const attempt = client.submit(job(1), { signal })
    await expect(attempt).rejects.toThrow(`The API answered ${status}`)
    await expect(attempt).rejects.toBeInstanceOf(kind)
    expect(api.bill).toMatchObject({ calls: 1, charges })
  })

  test('only a refusal and a refused connection say that nothing was taken', async () => {
    const client = await open('lookup')
    api.behave(() => ({ fault: 'unavailable' }))
    await expect(client.submit(job(1), { signal })).rejects.not.toBeInstanceOf(NotTakenError)
    await api.close()
    await expect(client.submit(job(1), { signal })).rejects.toBeInstanceOf(NotTakenError)
  })

  test('an answer after the timeout is lost, and the charge stands', async () => {
    const client = await open('lookup', { timeoutMs: 500 })
    const { opened, open: answer } = gate()
    api.behave(() => ({ answersAfter: opened }))
    await expect(client.submit(job(1), { signal })).rejects.toThrow('timeout')
    answer()
    expect(api.bill.perJob).toEqual({ 'job-1': 1 })
  })

  test('a submission taken after the caller went is found once it has settled', async () => {
    const client = await open('lookup', { timeoutMs: 500, settlesMs: 30_000 })
    const { opened, open: take } = gate()
    api.behave(() => ({ takesAfter: opened }))
    await expect(client.submit(job(1), { signal })).rejects.toThrow('timeout')
    expect(api.bill.charges).toBe(0)
    const found = client.find('job-1', { signal })
    take()
    await api.charged(1)
    expect(await found).toEqual({ externalId: expect.stringMatching(/^sub_/) })
  })

  test('a caller that is told to stop gives up', async () => {
    const client = await open('lookup')
    const stop = new AbortController()
    api.behave(() => ({ answersAfter: gate().opened }))
    const attempt = client.submit(job(1), { signal: stop.signal })
    await api.charged(1)
    stop.abort(new Error('stopped'))
    await expect(attempt).rejects.toThrow('stopped')
  })
})
