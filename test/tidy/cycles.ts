import { referencesOf, targetOf } from './modules.ts'
import type { Rule, Violation } from './rule.ts'
import type { SourceFile } from './source-file.ts'
import { isCode } from './syntax.ts'

// The package's own names lead back into src/.
const OWN_NAMES: Readonly<Record<string, string>> = {
  onceover: 'src/index.ts',
  'onceover/embedded': 'src/embedded/server.ts',
  'onceover/hono': 'src/http/hono.ts',
  'onceover/express': 'src/http/express.ts',
}

interface Edge {
  readonly to: string
  readonly line: number
}

/** No file reaches itself through imports; a type import counts like any other. */
export const cycleRule: Rule = {
  law: 'no import leads back to its own file, type imports included',
  check: (files) => {
    const code = files.filter(isCode)
    return findCycles(new Map(code.map((file) => [file.path, edgesOf(file)])))
  },
  refuses: [
    { files: { 'src/a.ts': "import './a.ts'" }, at: ['src/a.ts:1'] },
    {
      files: { 'src/a.ts': "import './b.ts'", 'src/b.ts': "\nimport type { A } from './a.ts'" },
      at: ['src/b.ts:2'],
    },
    {
      files: {
        'src/a.ts': "export * from './b.ts'",
        'src/b.ts': "const c = await import('./c.ts')",
        'src/c.ts': "type A = import('./a.ts').A",
      },
      at: ['src/c.ts:1'],
    },
    {
      files: { 'src/index.ts': "import './cli/main.ts'", 'src/cli/main.ts': "import 'onceover'" },
      at: ['src/cli/main.ts:1'],
    },
  ],
  accepts: [
    {
      'src/a.ts': "import './b.ts'\nimport './c.ts'",
      'src/b.ts': "import './c.ts'",
      'src/c.ts': "import 'onceover'",
    },
  ],
}

function edgesOf(file: SourceFile): readonly Edge[] {
  return referencesOf(file).flatMap(({ specifier, line }) => {
    const own = OWN_NAMES[specifier]
    if (own !== undefined) return [{ to: own, line }]
    const target = targetOf(file.path, specifier)
    return target.kind === 'file' ? [{ to: target.path, line }] : []
  })
}

function findCycles(graph: ReadonlyMap<string, readonly Edge[]>): readonly Violation[] {
  const finished = new Set<string>()
  const found: Violation[] = []
  const enter = (path: string, trail: readonly string[]) => {
    const here = [...trail, path]
    for (const { to, line } of graph.get(path) ?? []) {
      const back = here.indexOf(to)
      if (back >= 0) {
        const cycle = [...here.slice(back), to].join(' → ')
        found.push({ path, line, message: `closes a cycle: ${cycle}. Move what both need below` })
      } else if (!finished.has(to)) enter(to, here)
    }
    finished.add(path)
  }
  for (const path of graph.keys()) if (!finished.has(path)) enter(path, [])
  return found
}
