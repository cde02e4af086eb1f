import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Guard, onceover, type Proposal } from 'onceover'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { ROOT } from '../tidy/source-file.ts'

// Inside the repository, so that the packages resolve; ignored by git.
const FOLDER = join(ROOT, 'build', `discovered-${process.pid}`)

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
  mkdirSync(FOLDER, { recursive: true })
})
afterAll(async () => {
  rmSync(FOLDER, { recursive: true })
  await database.drop()
})

// Pasted as a reader would: a list of guards behind one import.
function pasted(proposals: readonly Proposal[]): string {
  const imports = [...new Set(proposals.flatMap((each) => each.imports))].join(', ')
  const module = [
    `import { ${imports} } from 'onceover'`,
    `export const guards = [${proposals.map(({ code }) => code).join(',\n')}]`,
  ].join('\n')
  const path = join(FOLDER, 'guards.ts')
  writeFileSync(path, module)
  return path
}

function typeErrors(path: string): string {
  const project = join(FOLDER, 'tsconfig.json')
  writeFileSync(
    project,
    JSON.stringify({ extends: '../../tsconfig.json', files: [path], include: [] }),
  )
  const { stdout } = spawnSync(
    process.execPath,
    [join(ROOT, 'node_modules/typescript/bin/tsc'), '--pretty', 'false', '--project', project],
    { cwd: FOLDER, encoding: 'utf8' },
  )
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('guards.ts'))
    .join('\n')
}

const HOSTILE = String.raw`
  CREATE SCHEMA "o'dd";
  CREATE TYPE "o'dd".shade AS ENUM ('it''s', 'a "b"', 'back\slash');
  CREATE TABLE "o'dd"."a.b" (id int PRIMARY KEY);
  CREATE TABLE "o'dd"."say ""hi""" (
    id int PRIMARY KEY,
    "it's_id" int NOT NULL REFERENCES "o'dd"."a.b",
    "day of ""x""" date NOT NULL,
    "select_slot" time,
    "shade_type" "o'dd".shade NOT NULL,
    "status" "o'dd".shade,
    "back\slash_days" int[] NOT NULL,
    __proto__ text NOT NULL UNIQUE,
    "deletedAt" timestamptz
  );
  CREATE UNIQUE INDEX "ix'""\" ON "o'dd"."say ""hi""" (lower(__proto__), "it's_id")
    WHERE "deletedAt" IS NULL AND "status" <> 'it''s' AND __proto__ <> E'\\';
  CREATE UNIQUE INDEX nulls ON "o'dd"."say ""hi""" (select_slot) NULLS NOT DISTINCT;
  CREATE TABLE child (id int PRIMARY KEY, "of'" int REFERENCES "o'dd"."say ""hi""");
  INSERT INTO "o'dd"."a.b" VALUES (1);
  INSERT INTO "o'dd"."say ""hi""" VALUES (1, 1, '2025-10-01', NULL, 'it''s', NULL, '{1,2}', 'a');
  INSERT INTO "o'dd"."say ""hi""" VALUES (2, 1, '2025-10-01', '10:00', 'it''s', NULL, '{2,1}', 'b');
`

test('the code of every proposal compiles, declares its key, and fits its table', async () => {
  await database.pool.query(HOSTILE)
  const once = await onceover({ db: database.pool })
  try {
    const { proposals, skipped } = await once.discover()
    expect(skipped).toEqual([])
    expect(proposals.length).toBeGreaterThan(3)
    const path = pasted(proposals)
    expect(typeErrors(path)).toBe('')
    const { guards }: { guards: readonly Guard[] } = await import(path)
    expect(new Set(guards.map(({ name }) => name)).size).toBe(guards.length)
    for (const [at, guard] of guards.entries()) {
      const proposal = proposals[at]
      expect(Object.keys(guard.key)).toEqual(Object.keys(proposal?.key ?? {}))
      const { coverage } = await once.inspect(guard)
      expect([guard.name, coverage.enforced]).toEqual([guard.name, proposal?.state === 'enforced'])
    }
  } finally {
    await once.close()
  }
})
