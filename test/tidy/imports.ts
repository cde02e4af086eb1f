import { matches, type Part, placeOf } from './import-table.ts'
import { referencesOf, type Target, targetOf } from './modules.ts'
import type { Rule, Violation } from './rule.ts'
import type { SourceFile } from './source-file.ts'
import { isCode } from './syntax.ts'

/** Every file imports only what the table allows the part that it stands in. */
export function importRule(table: readonly Part[]): Rule {
  return {
    law: 'imports go downwards, as the table in ARCHITECTURE.md says, type imports included',
    check: (files) => files.filter(isPlaced).flatMap((file) => checkFile(table, file)),
    refuses: REFUSES,
    accepts: ACCEPTS,
  }
}

// Configuration files at the root belong to their tools.
const isPlaced = (file: SourceFile): boolean => isCode(file) && file.path.includes('/')

function checkFile(table: readonly Part[], file: SourceFile): readonly Violation[] {
  const { path } = file
  const place = placeOf(table, path)
  if (place === undefined) {
    const message = 'stands in no part of the table of import rules: add a row, or move the file'
    return [{ path, line: 1, message }]
  }
  const { part, own } = place
  return referencesOf(file).flatMap(({ specifier, line }) => {
    const target = targetOf(path, specifier)
    if (
      target.kind === 'package' ? allowsPackage(part, target.name) : allowsFile(part, own, target)
    )
      return []
    const message = `imports ${specifier}: ${part.pattern} may import ${described(part)}`
    return [{ path, line, message }]
  })
}

const allowsPackage = ({ packages, except }: Part, name: string): boolean =>
  packages.includes(name) || (packages.includes('*') && !except.includes(name))

const allowsFile = (part: Part, own: string, { path }: Target & { kind: 'file' }): boolean =>
  [own, ...part.files].some((pattern) => matches(pattern, path))

const described = ({ files, packages, except }: Part): string => {
  const but = except.length === 0 ? '' : ` except ${except.join(', ')}`
  return `itself, ${[...files, ...packages].join(', ') || 'and nothing else'}${but}`
}

const REFUSES: Rule['refuses'] = [
  { files: { 'src/core/key.ts': "import '../postgres/sql.ts'" }, at: ['src/core/key.ts:1'] },
  { files: { 'src/core/key.ts': "import { hash } from 'node:crypto'" }, at: ['src/core/key.ts:1'] },
  {
    files: { 'src/guards/guard.ts': "\nimport type { Insert } from '../rows/insert.ts'" },
    at: ['src/guards/guard.ts:2'],
  },
  {
    files: { 'src/guards/guard.ts': "type Insert = import('../rows/insert.ts').Insert" },
    at: ['src/guards/guard.ts:1'],
  },
  {
    files: { 'src/audit/events.ts': "export * from '../rows/insert.ts'" },
    at: ['src/audit/events.ts:1'],
  },
  {
    files: { 'src/rows/insert.ts': "const scan = await import('../duplicates/scan.ts')" },
    at: ['src/rows/insert.ts:1'],
  },
  { files: { 'src/rows/insert.ts': "import '../claims/claim.ts'" }, at: ['src/rows/insert.ts:1'] },
  {
    files: { 'src/duplicates/scan.ts': "import '../enforcement/enforce.ts'" },
    at: ['src/duplicates/scan.ts:1'],
  },
  { files: { 'src/client.ts': "import type { Pool } from 'pg'" }, at: ['src/client.ts:1'] },
  {
    files: { 'src/cli/main.ts': "import { ERRORS } from '../core/error.ts'" },
    at: ['src/cli/main.ts:1'],
  },
  { files: { 'src/cli/main.ts': "import pg from 'pg'" }, at: ['src/cli/main.ts:1'] },
  {
    files: { 'src/embedded/server.ts': "import '../postgres/sql.ts'" },
    at: ['src/embedded/server.ts:1'],
  },
  { files: { 'src/index.ts': "export * from './cli/main.ts'" }, at: ['src/index.ts:1'] },
  { files: { 'src/extras/new.ts': '' }, at: ['src/extras/new.ts:1'] },
  {
    files: { 'systems/lessons/make.ts': "import '../../src/index.ts'" },
    at: ['systems/lessons/make.ts:1'],
  },
  {
    files: { 'systems/lessons/make.ts': "import '../job-batches/create.ts'" },
    at: ['systems/lessons/make.ts:1'],
  },
  {
    files: { 'systems/problem.ts': "import './lessons/make.ts'" },
    at: ['systems/problem.ts:1'],
  },
  { files: { 'bench/insert.ts': "import '../src/index.ts'" }, at: ['bench/insert.ts:1'] },
]

const ACCEPTS: Rule['accepts'] = [
  { 'src/core/key.ts': "import './error.ts'" },
  { 'src/postgres/pool.ts': "import pg from 'pg'\nimport '../core/error.ts'" },
  {
    'src/rows/insert.ts':
      "import '../audit/events.ts'\nimport type { Guard } from '../guards/guard.ts'",
  },
  { 'src/enforcement/enforce.ts': "import '../duplicates/scan.ts'" },
  {
    'src/cli/commands/scan.ts':
      "import '../../index.ts'\nimport '../output.ts'\nimport 'commander'",
  },
  { 'systems/lessons/make.ts': "import 'onceover'\nimport 'hono'\nimport './guards.ts'" },
  { 'systems/lessons/routes.ts': "import '../problem.ts'" },
  { 'systems/server.ts': "import './lessons/routes.ts'\nimport './job-batches/routes.ts'" },
  { 'test/rows/insert.test.ts': "import '../../src/rows/insert.ts'" },
  { 'vitest.config.ts': "import 'anything'" },
]
