import { expect, test } from 'vitest'
import { freePort, startOnPort } from '../../src/embedded/port.ts'
import { startServer } from '../../src/embedded/server.ts'
import { ask } from './child.ts'

test('another port is tried when somebody takes the free one first', async () => {
  const holder = await startServer()
  const offered = [holder.port, await freePort()]
  const { started, port } = await startOnPort(
    undefined,
    (candidate) => startServer({ port: candidate }),
    async () => offered.shift() ?? 0,
  )
  try {
    expect(port).not.toBe(holder.port)
    expect(await ask(started.url, 'SHOW port')).toEqual({ port: String(port) })
  } finally {
    await started.stop()
    await holder.stop()
  }
})

test('a failure that is not about the port is not tried again', async () => {
  let starts = 0
  const start = async (): Promise<never> => {
    starts++
    throw new Error('no disk')
  }
  await expect(startOnPort(undefined, start)).rejects.toThrow('no disk')
  expect(starts).toBe(1)
})
