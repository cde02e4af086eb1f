import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isTooOld, OLDEST_NODE } from '../../scripts/node-version.mjs'
import { type Project, project } from './project.ts'

const BUILD = ['setup: building the library (dist)', 'setup: building the systems (build/systems)']

let fresh: Project
beforeAll(async () => {
  fresh = await project()
})
afterAll(() => fresh.remove())

const runDemo = () =>
  execFileSync(process.execPath, ['build/systems/demo.js'], { cwd: fresh.root, encoding: 'utf8' })

describe('set-up, step by step', () => {
  test('builds once when two start at the same time', async () => {
    const both = await Promise.all([fresh.setUp(), fresh.setUp()])
    expect(both.map(({ code }) => code)).toEqual([0, 0])
    const steps = both.flatMap(({ lines }) => lines).filter((line) => line.includes('building'))
    expect(steps).toEqual(BUILD)
    expect(runDemo()).toBe('42\n')
  })

  test('copies data files and makes the command executable', async () => {
    expect(await readFile(join(fresh.root, 'build/systems/shop/schema.sql'), 'utf8')).toContain('1')
    expect(existsSync(join(fresh.root, 'build/systems/tsconfig.json'))).toBe(false)
    expect((await stat(join(fresh.root, 'dist/cli/main.js'))).mode & 0o111).toBe(0o111)
  })

  test('bundles the dashboard beside the library, with relative addresses', async () => {
    const page = await readFile(join(fresh.root, 'dist/dashboard/index.html'), 'utf8')
    const [, script = ''] = /src="(\.\/assets\/[^"]+\.js)"/.exec(page) ?? []
    const bundle = await readFile(join(fresh.root, 'dist/dashboard', script), 'utf8')
    expect(bundle).toContain('forty-two')
  })

  test('does and says nothing when nothing changed', async () => {
    expect(await fresh.setUp()).toEqual({ code: 0, lines: [] })
  })

  test('keeps the last good build when a source does not compile', async () => {
    const source = join(fresh.root, 'src/index.ts')
    await writeFile(source, "export const answer: number = 'forty-two'\n")
    const { code, lines } = await fresh.setUp()
    expect(code).toBe(1)
    expect(lines.join('\n')).toContain('src/index.ts(1,14): error TS2322')
    expect(runDemo()).toBe('42\n')
    await writeFile(source, 'export const answer: number = 43\n')
    expect((await fresh.setUp()).lines).toEqual(BUILD)
    expect(runDemo()).toBe('43\n')
  })

  test.each([
    ['of a process that is gone', '999999999'],
    ['that nobody wrote a pid into', ''],
  ])('takes over the lock %s', async (_name, content) => {
    await rm(join(fresh.root, 'build/stamp'))
    await writeFile(join(fresh.root, 'build/setup.lock'), content)
    expect((await fresh.setUp()).lines).toEqual(BUILD)
    expect(existsSync(join(fresh.root, 'build/setup.lock'))).toBe(false)
  })

  test('installs all packages, whatever NODE_ENV says, when they are missing', async () => {
    // In place of npm: it writes down its arguments and leaves node_modules as they were.
    const npm = join(fresh.root, 'npm-cli.mjs')
    await writeFile(
      npm,
      `import { renameSync, writeFileSync } from 'node:fs'
       writeFileSync('arguments.json', JSON.stringify(process.argv.slice(2)))
       renameSync('elsewhere', 'node_modules')`,
    )
    const { rename } = await import('node:fs/promises')
    await rename(join(fresh.root, 'node_modules'), join(fresh.root, 'elsewhere'))
    const { code, lines } = await fresh.setUp({ NODE_ENV: 'production', npm_execpath: npm })
    expect({ code, lines }).toEqual({ code: 0, lines: ['setup: installing packages (npm ci)'] })
    const given = JSON.parse(await readFile(join(fresh.root, 'arguments.json'), 'utf8'))
    expect(given).toEqual(
      expect.arrayContaining(['ci', '--include=dev', '--include=optional', '--ignore-scripts']),
    )
  })
})

test('the oldest Node is the one that package.json names', async () => {
  const manifest = JSON.parse(
    await readFile(new URL('../../package.json', import.meta.url), 'utf8'),
  )
  expect(`${manifest.engines.node}.0`).toBe(`>=${OLDEST_NODE}`)
})

test.each([
  ['18.20.8', true],
  ['20.18.3', true],
  ['20.19.0', false],
  ['22.0.0', false],
])('Node %s is too old: %s', (version, expected) => {
  expect(isTooOld(version)).toBe(expected)
})
