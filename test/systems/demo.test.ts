import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, inject, test, vi } from 'vitest'
import { type Figure, mustBe, type SystemDemo, shown } from '../../systems/demo-report.ts'
import { runDemo } from '../../systems/run-demo.ts'
import { testDatabase } from '../support/database.ts'

const DEMO = fileURLToPath(new URL('../../build/systems/demo.js', import.meta.url))
const WHOLE_RUN_MS = 240_000

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

const demo = (...args: readonly string[]): Promise<Ended> =>
  new Promise((resolve) => {
    const env = { ...process.env, DATABASE_URL: '' }
    execFile(process.execPath, [DEMO, ...args], { env }, (error, stdout, stderr) => {
      resolve({
        code: typeof error?.code === 'number' ? error.code : error ? -1 : 0,
        stdout,
        stderr,
      })
    })
  })

interface Document {
  readonly ok: boolean
  readonly target: string
  readonly wrong: readonly string[]
  readonly systems: readonly { readonly system: string; readonly figures: readonly Figure[] }[]
}

test(
  'the demo replays the incidents with the figures of their reports, and cleans up',
  async () => {
    const { code, stdout, stderr } = await demo('--json', '--db', inject('serverUrl'))
    const report = JSON.parse(stdout) as Document
    expect(report.wrong).toEqual([])
    expect(report).toMatchObject({ ok: true })
    expect(code).toBe(0)
    expect(report.target).not.toContain(new URL(inject('serverUrl')).password)
    expect(report.systems.map(({ system }) => system)).toEqual([
      'reports',
      'lessons',
      'job-batches',
      'class-sessions',
      'snapshots',
      'reports, a worker killed',
    ])
    const values = (system: string) =>
      report.systems
        .find((each) => each.system === system)
        ?.figures.map(({ naive, onceover }) => [naive?.value, onceover?.value])
    expect(values('job-batches')).toEqual(
      expect.arrayContaining([
        [4, 2],
        [16, 8],
      ]),
    )
    const counted = values('class-sessions')?.flat()
    for (const figure of [93, 65, 300]) expect(counted).toContain(figure)
    expect(values('snapshots')).toContainEqual([14_200_000, -1_625_000])
    expect(values('lessons')?.flat()).toEqual(expect.arrayContaining([24, 13]))

    const [prefix = ''] = /onceover_demo_[0-9a-f]+/.exec(stderr) ?? []
    expect(prefix).not.toBe('')
    const { pool, drop } = await testDatabase()
    const left = await pool.query('SELECT FROM pg_database WHERE starts_with(datname, $1)', [
      prefix,
    ])
    await drop()
    expect(left.rowCount).toBe(0)
  },
  WHOLE_RUN_MS,
)

test('--help explains the demo, an unknown option is a usage error', async () => {
  const help = await demo('--help')
  expect(help.code).toBe(0)
  expect(help.stdout).toContain('--db URL')
  const unknown = await demo('--fast')
  expect(unknown.code).toBe(64)
  expect(unknown.stderr).toContain("Unknown option '--fast'")
  expect(unknown.stdout).toBe('')
})

test('a database that cannot be reached is named, with what to do', async () => {
  const { code, stdout, stderr } = await demo('--json', '--db', 'postgres://a:secret@127.0.0.1:1/x')
  expect(code).toBe(1)
  expect(JSON.parse(stdout)).toMatchObject({ ok: false, error: { code: 'DATABASE_UNREACHABLE' } })
  expect(stderr).toContain('fix:')
  expect(stdout + stderr).not.toContain('secret')
})

const runFake = async (figures: readonly Figure[], json: boolean) => {
  const written: string[] = []
  const spies = [process.stdout, process.stderr].map((stream) =>
    vi.spyOn(stream, 'write').mockImplementation((text) => written.push(String(text)) > 0),
  )
  const fake: SystemDemo = async ({ freshDatabase }) => {
    await freshDatabase('fake')
    return { system: 'fake', incident: 'None.', run: 'Nothing.', figures }
  }
  const options = { db: inject('serverUrl'), json, help: false, serve: false, live: false }
  const code = await runDemo(options, [fake], async () => undefined)
  for (const spy of spies) spy.mockRestore()
  return { code, text: written.join('') }
}

test('a figure that is not what it must be ends the demo with 1 and is named', async () => {
  const wrong = [{ what: 'rows', naive: shown(3), onceover: mustBe(3, 2) }]
  const { code, text } = await runFake(wrong, false)
  expect(code).toBe(1)
  expect(text).toContain('1 of 1 checked figures are not what they must be')
  expect(text).toContain('fake: rows (onceover) is 3 and must be exactly 2')
  expect(await runFake(wrong, true)).toMatchObject({ code: 1 })
})
