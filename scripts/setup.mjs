// Makes a clone ready to run: checks Node, installs, builds; each only when it is needed.
// Built-ins only: it runs before node_modules exists. `--rebuild` builds in any case.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isTooOld, OLDEST_NODE } from './node-version.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))

/** @param {string} line */
const say = (line) => process.stderr.write(`setup: ${line}\n`)

async function main() {
  if (isTooOld(process.versions.node)) {
    say(`Node ${OLDEST_NODE} or later is needed; this is ${process.versions.node}.`)
    return 1
  }
  // Only now: what they are written in may be too new for the Node that was just refused.
  const { install, isInstalled } = await import('./install.mjs')
  const { build, isBuilt } = await import('./build.mjs')
  const { withLock } = await import('./lock.mjs')

  const rebuild = process.argv.includes('--rebuild')
  if (!rebuild && isInstalled(root) && isBuilt(root)) return 0
  await withLock(
    join(root, 'build', 'setup.lock'),
    async () => {
      if (!isInstalled(root)) await install(root, say)
      if (rebuild || !isBuilt(root)) await build(root, say)
    },
    (pid) => say(`waiting for the set-up that process ${pid} is doing`),
  )
  return 0
}

main().then(
  (code) => {
    process.exitCode = code
  },
  (error) => {
    say(error instanceof Error ? error.message : String(error))
    process.exitCode = 1
  },
)
