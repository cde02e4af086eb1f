import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { expect, test } from 'vitest'
import { buildProgram, type Runner } from '../../src/cli/program.ts'

const page = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8')
const SHARED = ['--db <url>', '--config <file>', '--json']

interface Section {
  readonly title: string
  readonly options: readonly string[]
}

const code = (heading: string): string => heading.replace(/^#+ /, '').replaceAll('`', '')

/** The sections of docs/cli.md, each with the options under it. */
const documented = (): Section[] =>
  page
    .split(/^(?=## )/m)
    .slice(1)
    .map((section) => ({
      title: code(section.split('\n', 1)[0] ?? ''),
      options: (section.match(/^### .*$/gm) ?? []).map(code),
    }))

const argumentsOf = ({ registeredArguments }: Command): string[] =>
  registeredArguments.map((each) => {
    const name = `${each.name()}${each.variadic ? '...' : ''}`
    return each.required ? `<${name}>` : `[${name}]`
  })

const defined = (): Section[] =>
  buildProgram(async () => {}).commands.map((command) => ({
    title: ['onceover', command.name(), ...argumentsOf(command)].join(' '),
    options: command.options.map(({ flags }) => flags).filter((flag) => !SHARED.includes(flag)),
  }))

test('docs/cli.md has a heading for every command and option, and for nothing else', () => {
  const commands = documented().filter(({ title }) => /^onceover (?!help|--)/.test(title))
  expect(commands).toEqual(defined())
})

test('what every command takes stands there once', () => {
  const every = documented().find(({ title }) => title === 'Every command')
  expect(every?.options).toEqual([...SHARED, '-h, --help'])
  for (const { options } of buildProgram(async () => {}).commands) {
    expect(options.map(({ flags }) => flags)).toEqual(expect.arrayContaining(SHARED))
  }
})

test('a command is loaded when it is called and gets its names and options', async () => {
  const calls: unknown[] = []
  const run: Runner = async (load, names, options) => {
    calls.push([names, options, Object.keys(await load())])
  }
  const call = (...args: string[]) => buildProgram(run).parseAsync(args, { from: 'user' })
  await call('scan', 'a', 'b', '--json')
  await call('events', '--since', '1d')
  await call('uninstall', '--no-input')
  await call('resume', 'reports', 'some-id')
  expect(calls).toEqual([
    [['a', 'b'], { json: true }, ['run']],
    [[], { since: '1d', limit: '100' }, ['run']],
    [[], { input: false }, ['run']],
    [['reports', 'some-id'], {}, ['run']],
  ])
})
