import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { formatWithOptions } from 'node:util'
import { expect } from 'vitest'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { type Block, blocksOf } from './markdown.ts'
import { ROOT, type SourceFile } from './source-file.ts'

// Inside the repository, so that the packages resolve; ignored by git.
const FOLDER = join(ROOT, 'build', 'examples')

/** The examples of a page: its blocks of TypeScript and SQL that begin with `example:`. */
export function examplesOf({ text }: SourceFile): readonly Block[] {
  return blocksOf(text).filter(
    (block) =>
      (block.language === 'ts' && block.text.startsWith('// example:')) ||
      (block.language === 'sql' && block.text.startsWith('-- example:')),
  )
}

/**
 * Runs the examples of a page in order, in one database of their own that DATABASE_URL names.
 * What an example prints must be what its lines `// prints: …` say, where it has any.
 */
export async function runExamples(page: SourceFile): Promise<void> {
  const database = await testDatabase()
  const before = process.env.DATABASE_URL
  process.env.DATABASE_URL = database.url
  try {
    for (const block of examplesOf(page)) {
      if (block.language === 'sql') await database.pool.query(block.text)
      else await runModule(writeExample(page, block), block)
    }
  } finally {
    if (before === undefined) delete process.env.DATABASE_URL
    else process.env.DATABASE_URL = before
    await othersGone(database)
    await database.drop()
  }
}

/** Who else is connected to the database that is asked. */
const OTHERS = `
  SELECT count(*)::int AS others FROM pg_stat_activity
  WHERE datname = current_database() AND pid <> pg_backend_pid()
    AND backend_type = 'client backend'`
const LOOKS = 200
const LOOK_MS = 10

// A pool says that it has ended before its connections have. Were one of them ended by force, the
// error would come to a pool of the example, which listens to none.
async function othersGone({ pool }: TestDatabase): Promise<void> {
  for (let look = 0; look < LOOKS; look++) {
    const { rows } = await pool.query(OTHERS)
    if (rows[0]?.others === 0) return
    await setTimeout(LOOK_MS)
  }
}

async function runModule(path: string, { text }: Block): Promise<void> {
  const expected = [...text.matchAll(/\/\/ prints: (.*)$/gm)].map(([, line]) => line)
  const printed: string[] = []
  const { log } = console
  console.log = (...values: unknown[]) => {
    printed.push(...formatWithOptions({ colors: false }, ...values).split('\n'))
  }
  try {
    await import(path)
  } finally {
    console.log = log
  }
  if (expected.length > 0) expect(printed).toEqual(expected)
}

/** What the type checker says about the examples of the pages. */
export function typeErrorsOf(pages: readonly SourceFile[]): readonly string[] {
  const modules = pages.flatMap((page) =>
    examplesOf(page)
      .filter(({ language }) => language === 'ts')
      .map((block) => writeExample(page, block)),
  )
  if (modules.length === 0) return []
  const project = join(FOLDER, 'tsconfig.json')
  const settings = { extends: '../../tsconfig.json', files: modules, include: [] }
  writeFileSync(project, JSON.stringify(settings))
  const { stdout, error } = spawnSync(
    process.execPath,
    [join(ROOT, 'node_modules/typescript/bin/tsc'), '--pretty', 'false', '--project', project],
    { cwd: FOLDER, encoding: 'utf8' },
  )
  if (error) throw error
  // The rest of the project has a check of its own.
  return stdout.split('\n').filter((line) => pages.some((page) => line.startsWith(slugOf(page))))
}

const slugOf = ({ path }: SourceFile): string => path.replace(/\W+/g, '-').toLowerCase()

function writeExample(page: SourceFile, { text, line }: Block): string {
  mkdirSync(FOLDER, { recursive: true })
  const path = join(FOLDER, `${slugOf(page)}-${line}.ts`)
  writeFileSync(path, text)
  return path
}
