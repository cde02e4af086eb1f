import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { testDatabase } from '../support/database.ts'

const LONG_MS = 30_000

const program = fileURLToPath(new URL('./unclosed.ts', import.meta.url))

test(
  'an open lease does not keep a process alive that has nothing else to do',
  async () => {
    const { url, pool, drop } = await testDatabase()
    await pool.query('CREATE TABLE visit (id serial PRIMARY KEY, visitor int NOT NULL UNIQUE)')
    const printed = await new Promise<string>((resolve, reject) => {
      const execArgv = ['--import', 'jiti/register', program, url]
      execFile(process.execPath, execArgv, { timeout: LONG_MS }, (error, stdout) =>
        error ? reject(error) : resolve(stdout),
      )
    })
    expect(printed).toBe('created')
    await drop()
  },
  LONG_MS,
)
