import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startServer } from '../../src/embedded/server.ts'
import { ask } from './child.ts'
import { publicDirectory } from './installation.ts'

const DEBIAN_15 = '/usr/lib/postgresql/15/bin'

let directory: { path: string; remove(): Promise<void> }
beforeAll(async () => {
  directory = await publicDirectory()
})
afterAll(() => directory.remove())

describe('a server without options', () => {
  test('speaks UTF8, on 127.0.0.1 alone, and asks for the password', async () => {
    const server = await startServer()
    try {
      const facts = await ask(
        server.url,
        `SELECT current_setting('server_encoding') AS encoding,
                current_setting('listen_addresses') AS addresses,
                current_setting('unix_socket_directories') AS sockets,
                current_setting('timezone') AS zone, lower('ÄΣ') AS lower`,
      )
      expect(facts).toEqual({
        encoding: 'UTF8',
        addresses: '127.0.0.1',
        sockets: '',
        zone: 'UTC',
        lower: 'äσ',
      })
      const guess = new URL(server.url)
      guess.password = 'guess'
      await expect(ask(guess.href, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' })
    } finally {
      await server.stop()
    }
  })

  test('takes its directory with it, and may be stopped twice', async () => {
    const server = await startServer()
    expect(existsSync(server.dataDir)).toBe(true)
    await Promise.all([server.stop(), server.stop()])
    await server.stop()
    expect(existsSync(server.dataDir)).toBe(false)
    await expect(ask(server.url, 'SELECT 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })
})

describe('options', () => {
  test('settings reach the server', async () => {
    const server = await startServer({ settings: { max_connections: 17, fsync: false } })
    try {
      expect(await ask(server.url, 'SHOW max_connections')).toEqual({ max_connections: '17' })
      expect(await ask(server.url, 'SHOW fsync')).toEqual({ fsync: 'off' })
    } finally {
      await server.stop()
    }
  })

  test('a setting that PostgreSQL refuses is an error with its log', async () => {
    await expect(startServer({ settings: { shared_buffers: 'plenty' } })).rejects.toMatchObject({
      code: 'EMBEDDED_START_FAILED',
      details: { log: expect.arrayContaining([expect.stringContaining('shared_buffers')]) },
    })
  })

  test('a directory without PostgreSQL is EMBEDDED_NOT_INSTALLED', async () => {
    await expect(startServer({ binaries: directory.path })).rejects.toMatchObject({
      code: 'EMBEDDED_NOT_INSTALLED',
      message: expect.stringContaining(directory.path),
    })
  })

  test.skipIf(!existsSync(DEBIAN_15))('other binaries may be used', async () => {
    const server = await startServer({ binaries: DEBIAN_15 })
    try {
      const { server_version_num: version } = await ask(server.url, 'SHOW server_version_num')
      expect(String(version)).toMatch(/^15/)
      expect(await ask(server.url, "SELECT lower('Ä')")).toEqual({ lower: 'ä' })
    } finally {
      await server.stop()
    }
  })
})

test('a taken port is named in the error', async () => {
  const taken = await listen()
  try {
    await expect(startServer({ port: taken.port })).rejects.toMatchObject({
      code: 'EMBEDDED_START_FAILED',
      message: `Port ${taken.port} of 127.0.0.1 is already in use.`,
    })
  } finally {
    taken.server.close()
  }
})

describe('a data directory of the caller', () => {
  test('keeps its rows and its password', async () => {
    const dataDir = join(directory.path, 'kept')
    const first = await startServer({ dataDir })
    await ask(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer')
    await first.stop()
    const second = await startServer({ dataDir, port: first.port })
    try {
      expect(second.url).toBe(first.url)
      expect(await ask(second.url, 'SELECT answer FROM kept')).toEqual({ answer: 42 })
    } finally {
      await second.stop()
    }
  })

  test('is EMBEDDED_IN_USE while a server runs on it', async () => {
    const dataDir = join(directory.path, 'busy')
    const server = await startServer({ dataDir })
    try {
      await expect(startServer({ dataDir })).rejects.toMatchObject({
        code: 'EMBEDDED_IN_USE',
        details: { pid: server.pid },
      })
      expect(await ask(server.url, 'SELECT 1 AS one')).toEqual({ one: 1 })
    } finally {
      await server.stop()
    }
  })

  test('is served once when two starts race for it', async () => {
    const dataDir = join(directory.path, 'raced')
    const starts = await Promise.allSettled([startServer({ dataDir }), startServer({ dataDir })])
    const [server, ...others] = starts.flatMap((s) => (s.status === 'fulfilled' ? [s.value] : []))
    expect(others).toEqual([])
    const refused = starts.find((start) => start.status === 'rejected')
    expect(refused?.reason).toMatchObject({ code: 'EMBEDDED_IN_USE' })
    expect(await ask(server?.url ?? '', 'SELECT 1 AS one')).toEqual({ one: 1 })
    await server?.stop()
  })

  test('made by another PostgreSQL is left alone', async () => {
    const dataDir = join(directory.path, 'foreign')
    await mkdir(dataDir)
    await writeFile(join(dataDir, 'PG_VERSION'), '18\n')
    await expect(startServer({ dataDir })).rejects.toMatchObject({ code: 'EMBEDDED_START_FAILED' })
  })

  test('that is a file is an error, not a crash', async () => {
    const dataDir = join(directory.path, 'file')
    await writeFile(dataDir, 'text')
    await expect(startServer({ dataDir })).rejects.toMatchObject({ code: 'EMBEDDED_START_FAILED' })
  })
})

function listen(): Promise<{ server: Server; port: number }> {
  return new Promise((resolve) => {
    const server = createServer()
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve({ server, port: typeof address === 'object' && address ? address.port : 0 })
    })
  })
}
