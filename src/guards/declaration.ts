import { isKeyPart } from '../core/key-part.ts'
import { refuseText } from '../core/key-value.ts'
import { refuseFragment } from '../core/sql-fragment.ts'
import { isName, readTableName } from './table-name.ts'

type Options = Readonly<Record<string, unknown>>

const OPTIONS: ReadonlySet<string> = new Set([
  ...[
    'table',
    'key',
    'where',
    'keep',
    'losers',
    'suspect',
    'show',
    'children',
    'copies',
    'remember',
  ],
  ...['unfinished', 'overlap', 'matrix', 'index'],
])

const isObject = (value: unknown): value is Options =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isBlank = (text: unknown): boolean => typeof text !== 'string' || text.trim() === ''

const isTexts = (texts: unknown): texts is readonly string[] =>
  Array.isArray(texts) && !texts.some(isBlank)

function* nameFaults(name: unknown): Generator<string> {
  if (typeof name !== 'string') yield 'the name is not a text'
  else if (isBlank(name)) yield 'the name is empty'
  else if (refuseText(name)) yield `the name is no text: ${refuseText(name)}`
}

function* keyFaults(key: unknown): Generator<string> {
  if (key !== undefined && !isObject(key)) return yield 'the key is not an object'
  const parts = Object.entries(key ?? {})
  if (parts.length === 0) yield 'the key has no parts'
  const nulls = new Set<string>()
  for (const [name, part] of parts) {
    if (isBlank(name)) yield 'a key part has no name'
    if (isKeyPart(part)) nulls.add(part.nulls)
    else yield `key part ${name} is not made by date(), uuid(), text(), …`
  }
  if (nulls.has('equal') && nulls.has('distinct')) {
    yield "one index cannot hold NULLs both 'equal' and 'distinct'"
  }
}

function* sqlFaults(options: Options): Generator<string> {
  for (const option of ['where', 'unfinished', 'suspect', 'overlap']) {
    const sql = options[option]
    if (sql === undefined) continue
    const fault = typeof sql === 'string' ? refuseFragment(sql) : 'is not a text'
    if (fault) yield `${option} ${fault}`
    else if (isBlank(sql)) yield `${option} is empty`
  }
  for (const option of ['keep', 'show']) {
    const texts = options[option]
    if (texts === undefined) continue
    if (!isTexts(texts)) yield `${option} is not a list of texts`
    else if (option === 'keep') {
      for (const fault of new Set(texts.flatMap((text) => refuseFragment(text) ?? []))) {
        yield `keep ${fault}`
      }
    }
  }
}

const isLosers = (losers: unknown): boolean =>
  losers === 'delete' ||
  (isObject(losers) &&
    isObject(losers.set) &&
    Object.values(losers.set).length > 0 &&
    Object.values(losers.set).every((value) => /^(string|number|boolean)$/.test(typeof value)))

const POLICIES: ReadonlySet<unknown> = new Set([undefined, 'repoint', 'delete', 'refuse'])
const COLLISIONS: ReadonlySet<unknown> = new Set([undefined, 'refuse', 'drop', 'merge'])

const isChildren = (children: unknown): boolean =>
  Array.isArray(children) &&
  children.every(
    (child) =>
      isObject(child) &&
      typeof child.table === 'string' &&
      readTableName(child.table) !== undefined &&
      isTexts(child.columns) &&
      child.columns.length > 0 &&
      POLICIES.has(child.policy) &&
      COLLISIONS.has(child.collision),
  )

function* rowFaults({ losers, children, remember }: Options): Generator<string> {
  if (losers !== undefined && !isLosers(losers)) {
    yield "losers is neither 'delete' nor { set: { column: value } }"
  }
  if (children !== undefined && !isChildren(children)) {
    yield 'children is not a list of { table, columns, policy, collision }'
  }
  if (remember !== undefined && remember !== 'row' && remember !== 'forever') {
    yield "remember is neither 'row' nor 'forever'"
  }
}

function* nounFaults({ table, key, copies, index }: Options): Generator<string> {
  if (typeof table !== 'string' || isBlank(table)) yield 'the table is missing'
  else if (!readTableName(table)) {
    yield 'the table is not a name, or a schema and a name, of up to 63 bytes each'
  }
  if (copies !== undefined && isBlank(copies)) yield 'copies is not the name of a column'
  if (typeof copies === 'string' && isObject(key) && Object.hasOwn(key, copies)) {
    yield 'the copies column is part of the key'
  }
  if (index !== undefined && !(typeof index === 'string' && isName(index))) {
    yield 'index is not a name of up to 63 bytes'
  }
}

const MATRIX: ReadonlySet<string> = new Set(['entity', 'period', 'labels'])

function* matrixFaults({ matrix, key }: Options): Generator<string> {
  if (matrix === undefined) return
  if (!isObject(matrix)) return yield 'matrix is not an object'
  for (const name of Object.keys(matrix)) {
    if (!MATRIX.has(name)) yield `matrix has no option ${name}`
  }
  const { entity, period, labels } = matrix
  if (typeof entity !== 'string' || isBlank(entity)) {
    yield 'the entity of matrix is not the name of a part or a column'
  }
  if (typeof period !== 'string' || !(isObject(key) && Object.hasOwn(key, period))) {
    yield 'the period of matrix is not the name of a part of the key'
  } else if (entity === period) yield 'the entity and the period of matrix are the same'
  if (labels === undefined) return
  const fault = typeof labels === 'string' ? refuseFragment(labels) : 'is not a text'
  if (fault) yield `labels of matrix ${fault}`
  else if (isBlank(labels)) yield 'labels of matrix is empty'
}

/** Everything that is wrong with the declaration of a guard, whatever was passed for it. */
export function* declarationFaults(name: unknown, options: unknown): Generator<string> {
  yield* nameFaults(name)
  if (!isObject(options)) return yield 'the options are not an object'
  for (const option of Object.keys(options)) {
    if (!OPTIONS.has(option)) yield `there is no option ${option}`
  }
  yield* nounFaults(options)
  yield* keyFaults(options.key)
  yield* sqlFaults(options)
  yield* rowFaults(options)
  yield* matrixFaults(options)
}
