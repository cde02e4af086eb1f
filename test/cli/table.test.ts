import { expect, test } from 'vitest'
import { table } from '../../src/cli/table.ts'
import { displayWidth } from '../../src/cli/text.ts'

const COLUMNS = [{ title: 'name' }, { title: 'rows', align: 'right' }, { title: 'note' }] as const

test('columns stand under each other, numbers at the right', () => {
  expect(
    table(COLUMNS, [
      ['a', '1', 'x'],
      ['longer', '12,345', ''],
    ]),
  ).toEqual([
    'name      rows  note', //
    'a            1  x',
    'longer  12,345',
  ])
})

test('wide characters keep the columns in line', () => {
  const [, first, second] = table(COLUMNS, [
    ['日本語', '1', 'x'],
    ['abc', '2', 'x'],
  ])
  expect(displayWidth(first ?? '')).toBe(displayWidth(second ?? ''))
})

test('the widest column gives way, down to the room of the terminal', () => {
  const lines = table(COLUMNS, [['key', '5', 'n'.repeat(100)]], 40)
  expect(lines.map(displayWidth)).toEqual([16, 40])
  expect(lines[1]).toMatch(/^key {4,}5 {2}n+…$/)
})

test('a column that is not to be cut gives way last', () => {
  const columns = [{ title: 'name', yields: 'last' }, { title: 'note' }] as const
  const [note, name] = ['n'.repeat(50), 'k'.repeat(20)]
  expect(table(columns, [[name, note]], 40)[1]).toBe(`${name}  ${note.slice(0, 17)}…`)
  expect(table(columns, [[name, note]], 25)[1]).toBe(`${name.slice(0, 14)}…  nnnnnnn…`)
  expect(table(columns, [[name, 'x']], 20)[1]).toBe(`${name.slice(0, 13)}…  x`)
})

test('a cell stays on its line', () => {
  expect(table(COLUMNS, [['a\nb', '1', '\u001b[2J']])[1]).toBe('a\\nb     1  \\u001b[2J')
})

test('only the heading is dressed', () => {
  expect(table([{ title: 'a' }], [['1']], 80, (line) => `*${line}*`)).toEqual(['*a*', '1'])
})
