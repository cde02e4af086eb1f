import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isBuilt } from '../../scripts/build.mjs'
import { runProgram } from '../../scripts/run-program.mjs'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** How a command ended, and what it said. */
export interface Ended {
  readonly code: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
}

/** A project in a temporary directory with the package installed in it. */
export interface Project {
  readonly directory: string
  /** Writes a file of the project. */
  write(name: string, content: string): Promise<void>
  /** Runs `onceover` with arguments, off a terminal. */
  run(args: readonly string[], env?: Record<string, string>, cwd?: string): Promise<Ended>
  /** Starts it and leaves it running. */
  start(args: readonly string[], env?: Record<string, string>, cwd?: string): ChildProcess
  remove(): Promise<void>
}

// What npm installs: dist, sql, package.json and the dependencies. dist is the one that was built
// from these sources, or is compiled here where the tests run without a build.
async function install(directory: string): Promise<string> {
  const installed = join(directory, 'node_modules', 'onceover')
  await mkdir(installed, { recursive: true })
  for (const name of ['sql', 'package.json', 'node_modules']) {
    await symlink(join(ROOT, name), join(installed, name))
  }
  const dist = join(installed, 'dist')
  if (isBuilt(ROOT)) await symlink(join(ROOT, 'dist'), dist)
  else {
    const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')
    const args = [tsc, '-p', 'tsconfig.build.json', '--noCheck', '--outDir', dist]
    await runProgram(process.execPath, args, ROOT)
  }
  return join(dist, 'cli', 'main.js')
}

const clean = (env: Record<string, string>): NodeJS.ProcessEnv => {
  const { DATABASE_URL, NO_COLOR, FORCE_COLOR, NODE_OPTIONS, ...rest } = process.env
  return { ...rest, ...env }
}

/** `script` of util-linux gives a command a terminal of its own. */
export const SCRIPT = 'script'

/** Whether it is there. */
export const hasScript = (() => {
  try {
    return execFileSync(SCRIPT, ['--version'], { encoding: 'utf8' }).includes('util-linux')
  } catch {
    return false
  }
})()

/**
 * Runs `onceover` of a project on a terminal of 80 columns; what it says is all on stdout.
 *
 * @param answers what is typed, each where it asks
 */
export function runOnTerminal(
  project: Project,
  args: readonly string[],
  ...answers: string[]
): Promise<Ended> {
  const main = join(project.directory, 'node_modules', 'onceover', 'dist', 'cli', 'main.js')
  const words = [process.execPath, main, ...args].map((word) => `'${word}'`).join(' ')
  const env = clean({ NO_COLOR: '1', TERM: 'dumb' })
  const command = ['-qec', `stty cols 80; ${words}`, '/dev/null']
  const child = spawn(SCRIPT, command, { cwd: project.directory, env })
  child.stdout.on('data', (said: Buffer) => {
    if (said.includes('[y/N]')) child.stdin.write(`${answers.shift() ?? 'n'}\n`)
  })
  return ended(child)
}

/** Waits for a process to end. */
export function ended(child: ChildProcess): Promise<Ended> {
  let stdout = ''
  let stderr = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  })
}

/** Installs the package, as it now is, in a new project. */
export async function installedProject(): Promise<Project> {
  const directory = await mkdtemp(join(tmpdir(), 'onceover project '))
  const main = await install(directory)
  const start: Project['start'] = (args, env = {}, cwd = directory) =>
    spawn(process.execPath, [main, ...args], {
      cwd,
      env: clean(env),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  return {
    directory,
    write: (name, content) => writeFile(join(directory, name), content),
    start,
    run: (args, env, cwd) => ended(start(args, env, cwd)),
    remove: () => rm(directory, { recursive: true, force: true }),
  }
}
