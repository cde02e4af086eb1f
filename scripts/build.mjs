import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { chmod, copyFile, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { runProgram } from './run-program.mjs'

const SOURCES = ['src', 'dashboard', 'systems']
const CONFIGURATION = ['package-lock.json', 'package.json', 'tsconfig.json', 'tsconfig.build.json']
const OUTPUTS = ['dist', 'build/systems']
const DATA_FILE = /\.(sql|json)$/

/**
 * Whether the outputs were built from the sources as they are now. Contents are compared.
 *
 * @param {string} root
 */
export function isBuilt(root) {
  const stamp = stampFile(root)
  if (!existsSync(stamp) || !OUTPUTS.every((output) => existsSync(join(root, output)))) return false
  return readFileSync(stamp, 'utf8') === fingerprint(root)
}

/**
 * Compiles src to dist, with the page in dist/dashboard, and systems to build/systems with the data
 * files that lie beside them. Each is built under another name and takes the place of the old one
 * when it is complete.
 *
 * @param {string} root
 * @param {(line: string) => void} say
 */
export async function build(root, say) {
  const built = fingerprint(root)
  await rm(stampFile(root), { force: true })
  say('building the library (dist)')
  await compile(root, 'tsconfig.build.json', 'dist', async (output) => {
    const program = join(output, 'cli', 'main.js')
    if (existsSync(program)) await chmod(program, 0o755)
    await buildDashboard(root, join(output, 'dashboard'))
  })
  say('building the systems (build/systems)')
  await compile(root, join('systems', 'tsconfig.json'), 'build/systems', (output) =>
    copyDataFiles(join(root, 'systems'), output),
  )
  await writeFile(stampFile(root), built)
}

/**
 * @param {string} root
 * @param {string} project
 * @param {string} output
 * @param {(directory: string) => Promise<void>} finish
 */
async function compile(root, project, output, finish) {
  const next = join(root, 'build', `next-${output.replace('/', '-')}`)
  await rm(next, { recursive: true, force: true })
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  await runProgram(process.execPath, [tsc, '-p', project, '--outDir', next], root)
  await finish(next)
  const old = `${next}.old`
  await rm(old, { recursive: true, force: true })
  const target = join(root, output)
  if (existsSync(target)) await rename(target, old)
  await rename(next, target)
  await rm(old, { recursive: true, force: true })
}

/**
 * Bundles the dashboard: static files, which the server sends.
 *
 * @param {string} root
 * @param {string} output
 */
async function buildDashboard(root, output) {
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js')
  const options = ['--config', 'dashboard/vite.config.ts', '--outDir', output, '--emptyOutDir']
  const quiet = ['--logLevel', 'warn']
  await runProgram(process.execPath, [vite, 'build', ...options, ...quiet], root)
}

/**
 * @param {string} from
 * @param {string} to
 */
async function copyDataFiles(from, to) {
  for (const file of filesIn(from)) {
    if (!DATA_FILE.test(file) || file === 'tsconfig.json') continue
    await mkdir(dirname(join(to, file)), { recursive: true })
    await copyFile(join(from, file), join(to, file))
  }
}

/** @param {string} root */
function fingerprint(root) {
  const sources = SOURCES.flatMap((directory) =>
    filesIn(join(root, directory)).map((file) => join(directory, file)),
  )
  const hash = createHash('sha256')
  for (const file of [...CONFIGURATION, ...sources]) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(root, file)))
      .update('\0')
  }
  return hash.digest('hex')
}

/**
 * The files below a directory, sorted, relative to it.
 *
 * @param {string} directory
 */
function filesIn(directory) {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(directory.length + 1))
    .sort()
}

/** @param {string} root */
function stampFile(root) {
  return join(root, 'build', 'stamp')
}
