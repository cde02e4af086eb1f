import { describe, expect, test } from 'vitest'
import { readLog } from '../../src/explain/log-line.ts'

const DETAIL = 'Key (a, b)=(1, x, y) already exists.'
const MESSAGE = 'duplicate key value violates unique constraint "t_key"'

describe('the log of the server', () => {
  test.each([
    ['%m [%p]', '2025-09-08 10:00:00.123 UTC [42] ', '2025-09-08 10:00:00.123 UTC'],
    [
      '%m [%p] %q%u@%d',
      '2025-09-08 10:00:00.123 CEST [42] app@shop ',
      '2025-09-08 10:00:00.123 CEST',
    ],
    ['%t:%r', '2025-09-08 10:00:00 +02:10.0.0.1(55432):', '2025-09-08 10:00:00 +02'],
    ['%n [%p]', '1757325600.123 [42] ', '2025-09-08T10:00:00.123Z'],
    ['%m without a zone', '2025-09-08 10:00:00.123 ', '2025-09-08 10:00:00.123'],
  ])('is read with the prefix %s', (_, prefix, at) => {
    const text =
      `${prefix}ERROR:  ${MESSAGE}\n${prefix}DETAIL:  ${DETAIL}\n` +
      `${prefix}STATEMENT:  INSERT INTO "t" VALUES ($1, $2)\n`
    const told = readLog(text)
    expect(told).toMatchObject({ kind: 'unique', constraints: ['t_key'], at })
    expect(told?.detail).toContain(DETAIL)
  })

  test('has no moment without a prefix', () => {
    const told = readLog(`ERROR:  ${MESSAGE}\nDETAIL:  ${DETAIL}`)
    expect(told).toMatchObject({ constraints: ['t_key'] })
    expect(told).not.toHaveProperty('at')
  })

  test('may have lines of other sessions between an error and its DETAIL', () => {
    const at = '2025-09-08 10:00:00.123 UTC'
    const told = readLog(
      `${at} [1] ERROR:  ${MESSAGE}\n` +
        `${at} [2] ERROR:  duplicate key value violates unique constraint "other"\n` +
        `${at} [2] DETAIL:  Key (c)=(9) already exists.\n` +
        `${at} [1] DETAIL:  ${DETAIL}\n`,
    )
    expect(told?.detail).toContain(DETAIL)
    expect(told?.constraints[0]).toBe('t_key')
  })

  test('indents what goes on in a value with line ends', () => {
    const told = readLog(`ERROR:  ${MESSAGE}\nDETAIL:  Key (a)=(one\n\ttwo) already exists.`)
    expect(told?.detail).toBe('DETAIL:  Key (a)=(one\ntwo) already exists.')
  })

  test('quotes a name that has quotes itself', () => {
    const told = readLog('ERROR:  duplicate key value violates unique constraint "we"ird key"')
    expect(told?.constraints[0]).toBe('we"ird key')
  })

  test.each([
    ['German', 'FEHLER:  doppelter Schlüsselwert verletzt Unique-Constraint »t_key«'],
    ['French', 'ERREUR:  la valeur d’une clé dupliquée rompt la contrainte unique « t_key »'],
    ['Spanish', 'ERROR:  llave duplicada viola restricción de unicidad «t_key»'],
    ['Czech', 'CHYBA:  duplicitní hodnota klíče porušuje unikátní omezení „t_key“'],
    ['Russian', 'ОШИБКА:  повторяющееся значение ключа нарушает ограничение "t_key"'],
    ['Chinese', '错误:  重复键违反唯一约束"t_key"'],
  ])('is read in %s by the name that it quotes', (_, line) => {
    const told = readLog(`${line}\nDETAIL:  (a)=(1)`)
    expect(told).toMatchObject({ kind: undefined, detail: 'DETAIL:  (a)=(1)' })
    expect(told?.constraints).toContain('t_key')
  })

  test('is read as csvlog, whatever its fields hold', () => {
    const fields = [
      '2025-09-08 10:00:00.123 UTC,"app","shop",42,"10.0.0.1:5",68be,3,"INSERT",',
      '2025-09-08 09:59:00 UTC,4/12,777,ERROR,23505,',
      `"duplicate key value violates unique constraint ""t_key""",`,
      '"Key (a, b)=(1, ""x"", ',
      'y) already exists.",,,,,"INSERT INTO t VALUES (1, 2)",,,"app","client backend",,0',
    ]
    expect(readLog(fields.join(''))).toMatchObject({
      kind: 'unique',
      constraints: ['t_key'],
      detail: 'Key (a, b)=(1, "x", y) already exists.',
      at: '2025-09-08 10:00:00.123 UTC',
    })
  })

  test('is read as jsonlog', () => {
    const line = JSON.stringify({
      timestamp: '2025-09-08 10:00:00.123 UTC',
      pid: 42,
      error_severity: 'ERROR',
      state_code: '23505',
      message: MESSAGE,
      detail: DETAIL,
    })
    const other = JSON.stringify({ error_severity: 'LOG', message: 'checkpoint starting' })
    expect(readLog(`${other}\n${line}\n`)).toMatchObject({
      kind: 'unique',
      constraints: ['t_key'],
      detail: DETAIL,
      at: '2025-09-08 10:00:00.123 UTC',
    })
  })
})

describe('the log of a program', () => {
  test('is read as Node prints an error', () => {
    const text = `error: ${MESSAGE}
    at Parser.parseErrorMessage (/app/node_modules/pg-protocol/dist/parser.js:283:98) {
  code: '23505',
  detail: 'Key (a)=(it\\'s) already exists.',
  schema: 'app',
  table: 't',
  constraint: 't_key',
}`
    expect(readLog(text)).toMatchObject({
      constraints: ['t_key'],
      schema: 'app',
      table: 't',
      detail: "  detail: 'Key (a)=(it's) already exists.',",
    })
  })

  test('is read as JSON, with the error somewhere in it and the time beside it', () => {
    const err = { type: 'DatabaseError', message: MESSAGE, code: '23505', detail: DETAIL }
    const line = JSON.stringify({ level: 50, time: 1757325600123, err, msg: 'failed' })
    expect(readLog(line)).toMatchObject({
      constraints: ['t_key'],
      detail: DETAIL,
      at: '2025-09-08T10:00:00.123Z',
    })
  })

  test.each([
    ['Python', `psycopg2.errors.UniqueViolation: ${MESSAGE}\nDETAIL:  ${DETAIL}`],
    ['Ruby', `PG::UniqueViolation: ERROR:  ${MESSAGE}\nDETAIL:  ${DETAIL}\n: INSERT INTO "t"`],
    ['Java', `org.postgresql.util.PSQLException: ERROR: ${MESSAGE}\n  Detail: ${DETAIL}`],
    ['Go', `ERROR: ${MESSAGE} (SQLSTATE 23505)`],
    ['psql', `ERROR:  23505: ${MESSAGE}\nDETAIL:  ${DETAIL}\nCONSTRAINT NAME:  t_key`],
  ])('is read as %s writes it', (_, text) => {
    const told = readLog(text)
    expect(told?.kind).toBe('unique')
    expect(told?.constraints).toContain('t_key')
  })

  test('is read as Prisma writes it', () => {
    const text = 'Unique constraint failed on the fields: (`a`,`b`)'
    expect(readLog(text)).toMatchObject({ kind: 'unique', columns: ['a', 'b'] })
  })

  test('may end its lines as Windows does', () => {
    expect(readLog(`ERROR:  ${MESSAGE}\r\nDETAIL:  ${DETAIL}\r\n`)).toMatchObject({
      constraints: ['t_key'],
      detail: `DETAIL:  ${DETAIL}`,
    })
  })
})

test.each([
  ['nothing', ''],
  ['other words', 'LOG:  checkpoint starting: time'],
  ['JSON that is no error', '{"level":30,"msg":"up"}'],
  ['broken JSON', '{"level":30,'],
])('%s is no duplicate', (_, text) => {
  expect(readLog(text)).toBeUndefined()
})

test('a column that refuses NULL is named with its table', () => {
  const text = 'ERROR:  null value in column "a" of relation "t" violates not-null constraint'
  expect(readLog(text)).toMatchObject({ kind: 'not_null', column: 'a', table: 't' })
})
