import type { Expression, PrivateIdentifier } from 'oxc-parser'
import type { Rule, Violation } from './rule.ts'
import { lineAt, type SourceFile } from './source-file.ts'
import { isCode, walk } from './syntax.ts'

/** SQL stands where it can be found: in `queries.ts` and src/postgres/, under a name. */
export const sqlPlaceRule: Rule = {
  law: 'SQL of src/ stands in queries.ts and src/postgres/ only',
  check: (files) => files.filter(mustBeFree).flatMap(statementsIn),
  refuses: [
    { files: { 'src/rows/insert.ts': "q('SELECT 1')" }, at: ['src/rows/insert.ts:1'] },
    {
      files: { 'src/rows/insert.ts': 'q(\n`select count(*) from t`)' },
      at: ['src/rows/insert.ts:2'],
    },
    {
      files: { 'src/rows/insert.ts': `sql\`\n  INSERT INTO \${t} VALUES (1)\`` },
      at: ['src/rows/insert.ts:1'],
    },
    {
      files: { 'src/rows/insert.ts': 'sql`WITH input AS (SELECT 1) SELECT`' },
      at: ['src/rows/insert.ts:1'],
    },
    {
      files: { 'src/rows/insert.ts': `sql\`UPDATE \${t} SET a = 1\`` },
      at: ['src/rows/insert.ts:1'],
    },
    {
      files: { 'src/rows/insert.ts': "q('delete from t where a = 1')" },
      at: ['src/rows/insert.ts:1'],
    },
    {
      files: { 'src/cli/main.ts': "q('CREATE UNIQUE INDEX i ON t (a)')" },
      at: ['src/cli/main.ts:1'],
    },
    { files: { 'src/cli/main.ts': "q('-- why\\nSAVEPOINT here')" }, at: ['src/cli/main.ts:1'] },
    { files: { 'src/cli/main.ts': "q('SET LOCAL lock_timeout = 1')" }, at: ['src/cli/main.ts:1'] },
    {
      files: { 'src/client.ts': "q(prefix + 'SELECT a, ' +\n  'b FROM t')" },
      at: ['src/client.ts:1'],
    },
    { files: { 'src/client.ts': "f('VALUES ($1)' === text)" }, at: ['src/client.ts:1'] },
    { files: { 'src/client.ts': "f({ fix: '' },\n'SELECT 1')" }, at: ['src/client.ts:2'] },
    { files: { 'src/client.ts': "q('BEGIN')" }, at: ['src/client.ts:1'] },
  ],
  accepts: [
    { 'src/rows/queries.ts': "q('SELECT 1')", 'src/postgres/transaction.ts': "q('BEGIN')" },
    { 'systems/lessons/make.ts': "q('SELECT 1')", 'test/rows/insert.test.ts': "q('SELECT 1')" },
    { 'src/core/error.ts': "f('Drop the invalid index and enforce again.')" },
    { 'src/core/error.ts': "f('Create index files with care', 'Select the guard', 'Set it to 1')" },
    { 'src/core/error.ts': "f('Run ALTER TABLE t ADD COLUMN copy int, then enforce again.')" },
    { 'src/core/verdict.ts': "f('created', 'update', 'select', 'delete', 'with', 'set')" },
    { 'src/core/error.ts': "f('explain a refusal', 'commit it, or roll back', 'SETTINGS')" },
    { 'src/guards/table.ts': `f('Add: ' + \`ALTER TABLE \${t} ADD COLUMN \` + 'SELECT 1')` },
    { 'src/rows/options.ts': "f({ fix: 'ALTER TABLE t ADD COLUMN copy int; then enforce.' })" },
    { 'src/core/verdict.ts': '/** SELECT 1 */ const a = 1 // SELECT 1' },
  ],
}

const mustBeFree = (file: SourceFile): boolean =>
  isCode(file) &&
  file.path.startsWith('src/') &&
  !file.path.startsWith('src/postgres/') &&
  !file.path.endsWith('/queries.ts')

function statementsIn(file: SourceFile): readonly Violation[] {
  const judged = new Set<number>()
  const found: Violation[] = []
  // The fix of an error may be a statement for the reader to run.
  let fixEnd = 0
  const judge = (node: Expression) => {
    if (node.start < fixEnd || judged.has(node.start) || !isText(node)) return
    const { text, starts } = textOf(node)
    for (const start of [node.start, ...starts]) judged.add(start)
    if (!isStatement(text)) return
    const message = 'SQL: give the statement a name in queries.ts of this folder'
    found.push({ path: file.path, line: lineAt(file, node.start), message })
  }
  walk(file, {
    Property: ({ key, end }) => {
      if (key.type === 'Identifier' && key.name === 'fix') fixEnd = Math.max(fixEnd, end)
    },
    BinaryExpression: judge,
    Literal: judge,
    TemplateLiteral: judge,
  })
  return found
}

const isText = (node: Expression | PrivateIdentifier): boolean =>
  node.type !== 'BinaryExpression' || node.operator === '+'

interface Text {
  readonly text: string
  /** Where its literals start. */
  readonly starts: readonly number[]
}

/** What an expression spells, `$` for each part that is known at run time only. */
function textOf(node: Expression | PrivateIdentifier): Text {
  if (node.type === 'Literal') {
    return { text: typeof node.value === 'string' ? node.value : '$', starts: [node.start] }
  }
  if (node.type === 'TemplateLiteral') {
    const pieces = node.quasis.map(({ value }) => value.cooked ?? value.raw)
    return { text: pieces.join('$'), starts: [node.start] }
  }
  if (node.type !== 'BinaryExpression' || !isText(node)) return { text: '$', starts: [] }
  const [left, right] = [textOf(node.left), textOf(node.right)]
  return { text: left.text + right.text, starts: [...left.starts, ...right.starts] }
}

// Prose does not have these shapes, whatever the case of the words.
const SHAPES: readonly RegExp[] = [
  /^select\s+(distinct|all|\*|\$|\d|'|\(|[\w."]+\s*(\(|,|::)|.*\sfrom\s)/is,
  /^with\s+(recursive\s+)?[\w."$]+\s*(\([^)]*\)\s*)?as\s+((not\s+)?materialized\s+)?\(/i,
  /^(((insert|merge)\s+into|delete\s+from|comment\s+on)\b|values\s*\()/i,
  /^update\s+(only\s+)?\S+(\s+(as\s+)?\w+)?\s+set\s/i,
  /^set\s+((local|session|transaction|constraints)\s|[\w.$]+\s*=)/i,
]

const DEFINES = /^(create|alter|drop)\s+((or|replace|temp|temporary|unlogged|unique)\s+)*(\w+)/i
const DEFINED = new Set(
  'table index view materialized schema sequence function trigger type domain extension'.split(' '),
)

// These begin a sentence as easily, so only capitals tell.
const VERBS = new Set(
  (
    'BEGIN START COMMIT ROLLBACK ABORT SAVEPOINT RELEASE PREPARE EXECUTE LOCK TRUNCATE EXPLAIN ' +
    'GRANT REVOKE COPY VACUUM ANALYZE REINDEX REFRESH LISTEN NOTIFY SHOW CALL DO SET RESET'
  ).split(' '),
)

// Prose begins with one capital: `Drop the index` is a sentence, `DROP` and `drop` may be SQL.
function isStatement(text: string): boolean {
  const bare = text.replace(/^(\s|\$|--[^\n]*\n|\/\*.*?\*\/)+/s, '')
  if (/^[A-Z][a-z]/.test(bare)) return false
  const [verb = ''] = /^\w+/.exec(bare) ?? []
  const defined = DEFINES.exec(bare)?.[4]?.toLowerCase() ?? ''
  return VERBS.has(verb) || DEFINED.has(defined) || SHAPES.some((shape) => shape.test(bare))
}
