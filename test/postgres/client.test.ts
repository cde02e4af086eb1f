import { once } from 'node:events'
import { createServer, connect as dial, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDatabase } from '../../src/postgres/database.ts'
import { sql } from '../../src/postgres/sql.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db.drop())

/** A way to the server that sees who hangs up. */
async function watched() {
  const sockets: Socket[] = []
  const { hostname, port } = new URL(db.url)
  const proxy = createServer((socket) => {
    sockets.push(socket)
    const server = dial(Number(port), hostname)
    socket.on('error', () => undefined).on('close', () => server.destroy())
    server.on('error', () => undefined)
    socket.pipe(server).pipe(socket)
  }).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const address = proxy.address()
  const url = new URL(db.url)
  url.host = `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  return { url, sockets, close: () => proxy.close() }
}

test('a connection that fails for want of a password is hung up', async () => {
  const { url, sockets, close } = await watched()
  url.password = ''
  const database = openDatabase(url.href)
  const refused = { code: 'AUTHENTICATION_FAILED' }
  await expect(database.session.query(sql`SELECT 1`)).rejects.toMatchObject(refused)
  await expect(database.connect()).rejects.toMatchObject(refused)
  expect(sockets).toHaveLength(2)
  // Whoever is never hung up on is waited for until the test runs out of time.
  await Promise.all(sockets.map((socket) => socket.destroyed || once(socket, 'close')))
  await database.close()
  close()
})

test('one that succeeds goes on', async () => {
  const database = openDatabase(db.url)
  const own = await database.connect()
  for (const session of [database.session, own.session]) {
    await expect(session.query(sql`SELECT 1 AS one`)).resolves.toEqual([{ one: 1 }])
  }
  await own.close()
  await database.close()
})
