import { expect, test } from 'vitest'
import { Convoy } from '../../src/server/convoy.ts'

test('nobody gets an answer that was begun before they asked', async () => {
  const convoy = new Convoy<number>()
  const ends: ((value: number) => void)[] = []
  const make = () => new Promise<number>((resolve) => ends.push(resolve))
  const end = async (value: number) => {
    ends.shift()?.(value)
    await new Promise((resolve) => setImmediate(resolve))
  }
  const first = convoy.get('runs', make)
  const others = [convoy.get('runs', make), convoy.get('runs', make), convoy.get('runs', make)]
  expect(ends).toHaveLength(1)
  await end(1)
  // One more for the three of them, and only now.
  expect(ends).toHaveLength(1)
  const late = convoy.get('runs', make)
  await end(2)
  await end(3)
  expect(await Promise.all([first, ...others, late])).toEqual([1, 2, 2, 2, 3])
  await expect(convoy.get('runs', async () => 4)).resolves.toBe(4)
})

test('a failure is of those who waited for it, and not of the next', async () => {
  const convoy = new Convoy<number>()
  const fails = async (): Promise<number> => {
    throw new Error('lost')
  }
  const first = convoy.get('runs', fails)
  const second = convoy.get('runs', async () => 2)
  await expect(first).rejects.toThrow('lost')
  expect(await second).toBe(2)
})
