import { describe, expect, test } from 'vitest'
import { Output, type Streams } from '../../src/cli/output.ts'
import { OnceoverError } from '../../src/index.ts'

/** Streams that keep what is written. */
function capture(given: { isTTY?: boolean; env?: Record<string, string> } = {}) {
  const written = { stdout: '', stderr: '' }
  const stream = (name: 'stdout' | 'stderr') => ({
    isTTY: given.isTTY === true,
    columns: 100,
    write: (text: string | Uint8Array) => {
      written[name] += text
      return true
    },
  })
  const streams: Streams = {
    stdout: stream('stdout'),
    stderr: stream('stderr'),
    env: given.env ?? {},
  }
  return { written, streams }
}

const error = new OnceoverError('TIMEOUT', {
  message: 'postgres://h/d: canceling statement',
  details: { detail: 'held by 17' },
  cause: new Error('outer', { cause: new Error('inner') }),
})

describe('colour and width', () => {
  test.each([
    ['a terminal has both', { isTTY: true }, true, 100],
    ['a pipe has neither', {}, false, Number.POSITIVE_INFINITY],
    ['NO_COLOR', { isTTY: true, env: { NO_COLOR: '1' } }, false, 100],
    ['an empty NO_COLOR', { isTTY: true, env: { NO_COLOR: '' } }, true, 100],
    ['a dumb terminal', { isTTY: true, env: { TERM: 'dumb' } }, false, 100],
  ] as const)('%s', (_, given, coloured, columns) => {
    const { streams, written } = capture(given)
    const out = new Output(streams, false)
    out.line(out.colors.red('x'))
    out.progress('y')
    expect(written.stdout.includes('\u001b')).toBe(coloured)
    expect(written.stderr.includes('\u001b')).toBe(coloured)
    expect(out.columns).toBe(columns)
  })
})

describe('a live line', () => {
  test('is written over by the next, and gone before anything else is printed', () => {
    const { streams, written } = capture({ isTTY: true, env: { NO_COLOR: '1' } })
    const out = new Output(streams, false)
    out.live('1 made')
    out.live('2 made')
    out.progress('done')
    out.line('data')
    expect(written).toEqual({ stdout: 'data\n', stderr: '1 made\r\u001b[K2 made\r\u001b[Kdone\n' })
  })

  test('is cut to the width of the terminal', () => {
    const { streams, written } = capture({ isTTY: true, env: { NO_COLOR: '1' } })
    new Output(streams, false).live('x'.repeat(200))
    expect(written.stderr).toBe(`${'x'.repeat(98)}…`)
  })

  test.each([
    ['off a terminal', {}],
    ['on a dumb one', { isTTY: true, env: { TERM: 'dumb' } }],
  ])('is not written %s', (_, given) => {
    const { streams, written } = capture(given)
    new Output(streams, false).live('1 made')
    expect(written.stderr).toBe('')
  })
})

describe('prose on a terminal', () => {
  test('is broken between words, and what is broken off stands under its beginning', () => {
    const { streams, written } = capture({ isTTY: true, env: { NO_COLOR: '1' } })
    const out = new Output(streams, false)
    out.progress(`  ${'word '.repeat(20)}end`)
    out.error(new OnceoverError('USAGE', { message: `${'word '.repeat(19)}end`, fix: 'mend' }))
    const words = (times: number) => Array(times).fill('word').join(' ')
    expect(written.stderr).toBe(
      `  ${words(19)}\n  word end\nerror  USAGE\n` +
        `what   ${words(18)}\n       word end\nfix    mend\n`,
    )
  })
})

describe('an error', () => {
  test('is its code, what happened, why and the fix, on stderr', () => {
    const { streams, written } = capture()
    expect(new Output(streams, false).error(error)).toBe(1)
    expect(written).toEqual({
      stdout: '',
      stderr: [
        'error  TIMEOUT',
        'what   postgres://h/d: canceling statement',
        'why    held by 17',
        'why    outer',
        'why    inner',
        `fix    ${error.fix}`,
        '',
      ].join('\n'),
    })
  })

  test('does not say twice what its cause says too', () => {
    const { streams, written } = capture()
    const cause = new OnceoverError('QUERY_FAILED', {
      message: 'postgres://h/d: boom',
      cause: new Error('boom'),
    })
    new Output(streams, false).error(new OnceoverError('NOT_MIGRATED', { message: 'x', cause }))
    expect(written.stderr.match(/^why {4}.*$/gm)).toEqual(['why    boom'])
  })

  test('is an object on stdout too with --json', () => {
    const { streams, written } = capture()
    new Output(streams, true).error(error)
    expect(JSON.parse(written.stdout)).toEqual({
      error: {
        code: 'TIMEOUT',
        message: error.message,
        fix: error.fix,
        details: { detail: 'held by 17' },
      },
    })
    expect(written.stderr).toContain('TIMEOUT')
  })

  test('that nobody foresaw is UNEXPECTED, with its stack', () => {
    const { streams, written } = capture()
    expect(new Output(streams, true).error(new TypeError('x is not a function'))).toBe(1)
    expect(written.stderr).toMatch(/UNEXPECTED\nwhat {3}TypeError: x is not a function\n {4}at /)
    expect(JSON.parse(written.stdout)).toMatchObject({ error: { code: 'UNEXPECTED' } })
    expect(new Output(streams, false).error('a text')).toBe(1)
  })

  test('carries its exit code', () => {
    const { streams } = capture()
    const refused = new OnceoverError('READ_ONLY', { message: 'x' })
    expect(new Output(streams, false).error(refused)).toBe(4)
  })

  test('cannot move the cursor', () => {
    const { streams, written } = capture()
    new Output(streams, false).error(new OnceoverError('TIMEOUT', { message: 'a\u001b[2Jb' }))
    expect(written.stderr).not.toContain('\u001b')
  })
})
