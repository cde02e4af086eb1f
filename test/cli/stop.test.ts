import { expect, test } from 'vitest'
import { requestStop, stoppable } from '../../src/cli/stop.ts'

test('work is asked to stop once, and only while it runs', async () => {
  expect(requestStop()).toBe('idle')
  const answers = await stoppable(async (signal) => {
    const before = signal.aborted
    return [before, requestStop(), signal.aborted, requestStop()]
  })
  expect(answers).toEqual([false, 'stopping', true, 'again'])
  expect(requestStop()).toBe('idle')
})

test('work that throws is over', async () => {
  await expect(stoppable(() => Promise.reject(new Error('boom')))).rejects.toThrow('boom')
  expect(requestStop()).toBe('idle')
})
