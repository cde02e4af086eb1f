import { expect, test } from 'vitest'
import { gathered } from '../../../systems/reports/gather.ts'

const doubles = (calls: (readonly number[])[]) =>
  gathered(async (items: readonly number[]) => {
    calls.push(items)
    if (items.includes(13)) throw new Error('unlucky')
    return items.map((item) => 2 * item)
  })

test('what is asked for at once is answered by one call, each with its own result', async () => {
  const calls: (readonly number[])[] = []
  const double = doubles(calls)
  expect(await Promise.all([3, 1, 2].map(double))).toEqual([6, 2, 4])
  expect(await double(5)).toBe(10)
  expect(calls).toEqual([[3, 1, 2], [5]])
})

test('what the call throws goes to all who wait, and the next call is made anew', async () => {
  const calls: (readonly number[])[] = []
  const double = doubles(calls)
  const settled = await Promise.allSettled([13, 4].map(double))
  expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(await double(4)).toBe(8)
})
