import { expect, test } from 'vitest'
import { Lanes } from '../../src/runs/lanes.ts'

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

test('no more run at once than there are lanes, whoever sends them', async () => {
  const lanes = new Lanes(3)
  let running = 0
  let most = 0
  const work = async () => {
    running++
    most = Math.max(most, running)
    await turn()
    running--
  }
  const items = Array.from({ length: 40 })
  await Promise.all([lanes.each(items, work), lanes.each(items, work), lanes.each(items, work)])
  expect(most).toBe(3)
  expect(lanes.running).toBe(0)
})

test('a lane is free again after work that failed', async () => {
  const lanes = new Lanes(1)
  const failing = lanes.each([1, 2], async (item) => {
    if (item === 1) throw new Error('one')
  })
  await expect(failing).rejects.toThrow('one')
  await lanes.idle()
  expect(lanes.running).toBe(0)
})

test('idle waits for what runs, and for nothing where nothing does', async () => {
  const lanes = new Lanes(2)
  await lanes.idle()
  await lanes.enter()
  const order: string[] = []
  const ran = lanes.run(async () => {
    await turn()
    order.push('ran')
  })
  await lanes.idle().then(() => order.push('idle'))
  await ran
  expect(order).toEqual(['ran', 'idle'])
})
