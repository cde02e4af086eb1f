import { OnceoverError } from 'onceover'
import { expect, test } from 'vitest'
import { violationOf } from '../../src/explain/driver-error.ts'

const FACTS = {
  code: '23505',
  detail: 'Key (a)=(1) already exists.',
  schema: 'public',
  table: 't',
  constraint: 't_a_key',
}
const MESSAGE = 'duplicate key value violates unique constraint "t_a_key"'
const raw = () => Object.assign(new Error(MESSAGE), FACTS)
const wrap = (message: string, more: object) => Object.assign(new Error(message), more)

const TOLD = {
  kind: 'unique',
  constraints: ['t_a_key'],
  schema: 'public',
  table: 't',
  detail: FACTS.detail,
  at: 'now',
}

const deep = [1, 2, 3, 4].reduce<Error>((cause) => new Error('x', { cause }), raw())

test.each([
  ['pg', raw()],
  [
    'postgres.js',
    wrap(MESSAGE, {
      code: '23505',
      detail: FACTS.detail,
      schema_name: 'public',
      table_name: 't',
      constraint_name: 't_a_key',
    }),
  ],
  ['Drizzle', wrap('Failed query: insert into "t"', { query: 'insert', params: [], cause: raw() })],
  ['TypeORM', wrap(MESSAGE, { ...FACTS, query: 'INSERT', driverError: raw() })],
  ['Sequelize', wrap('Validation error', { parent: raw(), original: raw(), fields: { a: '1' } })],
  ['Knex', wrap(`insert into "t" - ${MESSAGE}`, FACTS)],
  ['Onceover', new OnceoverError('QUERY_FAILED', { message: 'x', cause: raw() })],
  ['a service, four causes down', deep],
])('the error of %s is read, whatever wraps it', (_, error) => {
  expect(violationOf(error)).toMatchObject(TOLD)
})

test('Prisma names the columns, or the constraint', () => {
  const prisma = (meta: object) => wrap('Unique constraint failed', { code: 'P2002', meta })
  expect(violationOf(prisma({ modelName: 'Lesson', target: ['a', 'b'] }))).toMatchObject({
    kind: 'unique',
    constraints: [],
    table: 'Lesson',
    columns: ['a', 'b'],
  })
  expect(violationOf(prisma({ target: 't_a_key' }))).toMatchObject({ constraints: ['t_a_key'] })
})

test('Prisma with an adapter keeps them below, and quotes the columns', () => {
  const cause = {
    originalCode: '23505',
    originalMessage: MESSAGE,
    kind: 'UniqueConstraintViolation',
    constraint: { fields: ['"a"', 'b'] },
  }
  const meta = { modelName: 'Lesson', driverAdapterError: { name: 'DriverAdapterError', cause } }
  expect(violationOf(wrap('Unique constraint failed', { code: 'P2002', meta }))).toMatchObject({
    kind: 'unique',
    columns: ['a', 'b'],
    constraints: ['t_a_key'],
    table: 'Lesson',
  })
})

test('an exclusion and a NULL are told apart from a duplicate', () => {
  expect(violationOf({ code: '23P01', constraint: 'no_overlap' })).toMatchObject({
    kind: 'exclusion',
    constraints: ['no_overlap'],
  })
  expect(violationOf({ code: '23502', table: 't', column: 'a' })).toMatchObject({
    kind: 'not_null',
    column: 'a',
  })
})

test('a wrapper that keeps nothing but the words is read by them', () => {
  expect(violationOf(new Error(`Could not save: ${MESSAGE}`))).toMatchObject({
    kind: 'unique',
    constraints: ['t_a_key'],
  })
})

test.each([
  ['a foreign key', { code: '23503', constraint: 't_b_fkey' }],
  ['a lost connection', wrap('read ECONNRESET', { code: 'ECONNRESET' })],
  ['nothing', undefined],
  ['a number', 23505],
])('%s is no duplicate', (_, error) => {
  expect(violationOf(error)).toBeUndefined()
})

test('an error that contains itself is read once', () => {
  const error: Record<string, unknown> = { ...FACTS }
  error.cause = error
  expect(violationOf(error)).toMatchObject(TOLD)
})
