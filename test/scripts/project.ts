import { spawn } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const repository = fileURLToPath(new URL('../..', import.meta.url))
const COPIED = ['scripts', 'package.json', 'package-lock.json', 'tsconfig.json']

/** A small project that is set up and built by the same scripts as this one. */
export interface Project {
  readonly root: string
  /** Runs `node scripts/setup.mjs` in it. */
  setUp(env?: Readonly<Record<string, string>>): Promise<SetUp>
  remove(): Promise<void>
}

/** How a set-up ended. */
export interface SetUp {
  readonly code: number | null
  /** The lines of stderr; nothing is written to stdout. */
  readonly lines: readonly string[]
}

/** Makes the project, with this repository's node_modules. */
export async function project(): Promise<Project> {
  const root = await mkdtemp(join(tmpdir(), 'set up '))
  for (const name of [...COPIED, 'tsconfig.build.json']) {
    await cp(join(repository, name), join(root, name), { recursive: true })
  }
  await symlink(join(repository, 'node_modules'), join(root, 'node_modules'))
  await mkdir(join(root, 'src/cli'), { recursive: true })
  await writeFile(join(root, 'src/index.ts'), 'export const answer: number = 42\n')
  await writeFile(join(root, 'src/cli/main.ts'), "import { answer } from '../index.ts'\nanswer\n")
  await mkdir(join(root, 'dashboard'))
  const bundler = 'dashboard/vite.config.ts'
  await cp(join(repository, bundler), join(root, bundler))
  const page = '<!doctype html><script type="module" src="./main.ts"></script>\n'
  await writeFile(join(root, 'dashboard/index.html'), page)
  await writeFile(join(root, 'dashboard/main.ts'), "document.title = 'forty-two'\n")
  await mkdir(join(root, 'systems/shop'), { recursive: true })
  await cp(join(repository, 'systems/tsconfig.json'), join(root, 'systems/tsconfig.json'))
  await writeFile(
    join(root, 'systems/demo.ts'),
    "import { answer } from 'onceover'\nconsole.log(answer)\n",
  )
  await writeFile(join(root, 'systems/shop/schema.sql'), 'SELECT 1;\n')
  return {
    root,
    setUp: (env) => setUp(root, env),
    remove: () => rm(root, { recursive: true, force: true }),
  }
}

function setUp(root: string, env: Readonly<Record<string, string>> = {}): Promise<SetUp> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['scripts/setup.mjs'], {
      cwd: root,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: process.env.PATH ?? '', ...env },
    })
    let errors = ''
    child.stderr.on('data', (chunk) => {
      errors += String(chunk)
    })
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, lines: errors.split('\n').filter(Boolean) }))
  })
}
