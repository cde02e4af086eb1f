import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { hasScript, runOnTerminal } from '../installed.ts'
import { openVisits, type Visits } from './visits.ts'

let visits: Visits

beforeAll(async () => {
  visits = await openVisits()
})
afterAll(() => visits.close())
beforeEach(() => visits.empty())

const file = (name: string) => join(visits.project.directory, name)

describe('a plan', () => {
  test('is written to its file, shown, and ends it with 2; nothing is changed', async () => {
    const before = await visits.rows()
    const args = ['repair', 'visits', '--plan', 'a.json', '--actor', 'ann', '--reason', 'twice']
    const { code, stdout, stderr } = await visits.onceover(args)
    expect(code).toBe(2)
    expect(stderr).toMatch(/^on postgres:\/\/postgres@[^\n]*\nplanning the repair of visits/)
    expect(stderr).toContain('Nothing was changed. To apply it: onceover apply a.json')
    expect(stdout).toMatch(/duplicate groups +2\n +rows that go +3\n +they are +deleted\n/)
    expect(stdout).toMatch(/kept of each group +the first by "id"/)
    expect(stdout).toMatch(
      /3 {2}public\.lines by visit_id +go to the keeper; merged: 1 that collide/,
    )
    expect(stdout).toMatch(/suspect_keepers {2}1 of the rows to keep[^\n]*\n +id=4\n +fix/)
    expect(stdout).toMatch(
      /day=2025-10-23 patient=p1 {2}3 rows\n +id +status\n +keep +1 +OK\n +remove +2 +OK\n/,
    )
    const plan = JSON.parse(await readFile(file('a.json'), 'utf8'))
    expect(plan).toMatchObject({ guard: 'visits', rows: 3, groups: 2 })
    expect(await visits.rows()).toEqual(before)
    const listed = await visits.onceover(['repair', '--list', '--guard', 'visits'])
    expect(listed).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/visits +planned +3 +0 +0 +3 .* ann\n/),
    })
  })

  test('is no file where there is nothing to repair, and ends it with 0', async () => {
    const { code, stdout } = await visits.onceover(['repair', 'clean', '--plan', 'none.json'])
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: 'clean: no duplicates, nothing to repair\n',
    })
    await expect(stat(file('none.json'))).rejects.toThrow('ENOENT')
    expect(await visits.repairs()).toEqual([])
  })

  test('is one line with --json, and stands on stdout with -', async () => {
    const json = await visits.onceover(['repair', 'visits', '--plan', 'j.json', '--json'])
    expect(JSON.parse(json.stdout)).toEqual(JSON.parse(await readFile(file('j.json'), 'utf8')))
    const piped = await visits.onceover(['repair', 'visits', '--plan', '-'])
    expect(piped.code).toBe(2)
    expect(JSON.parse(piped.stdout)).toMatchObject({ format: 'onceover-repair/1' })
    expect(piped.stderr).toContain('rows that go')
  })

  test('takes the place of no file, but with --force', async () => {
    await visits.project.write('mine.json', 'mine')
    const refused = await visits.onceover(['repair', 'visits', '--plan', 'mine.json'])
    expect(refused).toMatchObject({ code: 64, stderr: expect.stringContaining('--force') })
    expect(await readFile(file('mine.json'), 'utf8')).toBe('mine')
    const clean = ['repair', 'clean', '--plan', 'mine.json', '--force']
    expect(await visits.onceover(clean)).toMatchObject({ code: 0 })
    expect(await readFile(file('mine.json'), 'utf8')).toBe('mine')
    const forced = await visits.onceover(['repair', 'visits', '--plan', 'mine.json', '--force'])
    expect(forced.code).toBe(2)
    expect(JSON.parse(await readFile(file('mine.json'), 'utf8'))).toMatchObject({ rows: 3 })
  })

  test('that is refused leaves no file and no repair', async () => {
    await visits.db.pool.query('CREATE RULE kept AS ON DELETE TO lines DO INSTEAD NOTHING')
    try {
      const end = await visits.onceover(['repair', 'visits', '--plan', 'r.json', '--json'])
      expect(end).toMatchObject({ code: 4, stderr: expect.stringContaining('REPAIR_REFUSED') })
      expect(JSON.parse(end.stdout).error.details.hazards).toMatchObject([{ code: 'rules' }])
      await expect(stat(file('r.json'))).rejects.toThrow('ENOENT')
      expect(await visits.repairs()).toEqual([])
    } finally {
      await visits.db.pool.query('DROP RULE kept ON lines')
    }
  })

  test.skipIf(!hasScript)('fits a terminal of 80 columns', async () => {
    const args = ['repair', 'visits', '--plan', 't.json', '--db', visits.db.url]
    const { stdout } = await runOnTerminal(visits.project, args)
    const long = stdout.split('\r\n').filter((line) => line.length > 80 && !line.includes('://'))
    expect(long).toEqual([])
  })

  test.each([
    [['visits'], 64, 'repair needs a file'],
    [[], 64, 'repair needs a guard'],
    [['visits', '--list'], 64, '--list stands alone'],
    [['visits', '--enforce', '--plan', 'x.json'], 64, '--plan changes nothing'],
    [['visits', '--enforce', '--wal', 'x'], 64, '--wal x is no size'],
    [['none', '--plan', 'x.json'], 64, 'no guard called none'],
    [['visits', '--plan', 'no/such/directory/x.json'], 64, 'cannot be written'],
  ])('%j ends it with %i: %s', async (args, code, words) => {
    const end = await visits.onceover(['repair', ...args])
    expect(end).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(words) })
  })
})

describe('--enforce', () => {
  const enforce = (...args: string[]) => visits.onceover(['repair', 'visits', '--enforce', ...args])

  test('repairs, makes the index, and is harmless a second time', async () => {
    const { code, stdout, stderr } = await enforce('--yes', '--reason', 'twice', '--actor', 'ann')
    expect(stderr).toContain('visits: 3 rows of visits will be deleted behind a gate')
    expect(stderr).toMatch(/rows that go +3\n/)
    expect(stderr).toMatch(/3 {2}public\.lines by visit_id +go to the keeper; merged: 1 that/)
    expect(stderr).toContain('suspect_keepers')
    expect(stdout).toMatch(/^repair \d+: 3 rows repaired\nvisits: created\n {2}CREATE UNIQUE INDEX/)
    expect(code).toBe(0)
    expect(await visits.rows()).toHaveLength(7)
    const again = await enforce('--yes', '--json')
    expect(JSON.parse(again.stdout)).toMatchObject({ created: false, repairs: [] })
    const listed = await visits.onceover(['repair', '--list', '--json'])
    expect(JSON.parse(listed.stdout)).toMatchObject({ reason: 'twice', actor: 'ann' })
  })

  test('refuses what cannot be repaired before it asks or builds anything', async () => {
    await visits.db.pool.query('CREATE RULE kept AS ON DELETE TO lines DO INSTEAD NOTHING')
    try {
      const end = await enforce()
      expect(end).toMatchObject({ code: 4, stderr: expect.stringContaining('REPAIR_REFUSED') })
      expect(end.stderr).not.toContain('visits: gate')
      expect(await visits.repairs()).toEqual([])
    } finally {
      await visits.db.pool.query('DROP RULE kept ON lines')
    }
  })

  test('wants to be confirmed', async () => {
    const before = await visits.rows()
    const end = await enforce()
    expect(end.code).toBe(64)
    expect(end.stderr).toMatch(/onceover repair .*visits --enforce --yes\n/)
    expect(await visits.rows()).toEqual(before)
  })
})
