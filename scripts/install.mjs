import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { runProgram } from './run-program.mjs'

/**
 * @typedef {{ version?: string, optional?: boolean, os?: string[], link?: boolean }} LockedPackage
 */

/**
 * Whether node_modules is what package-lock.json asks for, on this platform. Contents are compared,
 * not times: a copied or freshly checked out directory has any times.
 *
 * @param {string} root
 */
export function isInstalled(root) {
  const wanted = lockedPackages(join(root, 'package-lock.json'))
  const present = lockedPackages(join(root, 'node_modules', '.package-lock.json'))
  if (wanted === undefined || present === undefined) return false
  const complete = Object.entries(wanted).every(
    ([path, entry]) =>
      path === '' || (path in present ? present[path]?.version === entry.version : entry.optional),
  )
  return complete && Object.values(present).every(fitsPlatform)
}

/**
 * Installs exactly what package-lock.json says. Whatever NODE_ENV and npm's own configuration leave
 * out, the development and the optional packages (PostgreSQL's binaries among them) are needed. No
 * package here needs its install script.
 *
 * @param {string} root
 * @param {(line: string) => void} say
 */
export async function install(root, say) {
  say('installing packages (npm ci)')
  const npm = process.env.npm_execpath
  const started = npm && basename(npm).startsWith('npm') ? [process.execPath, npm] : ['npm']
  const [command = 'npm', ...before] = started
  const flags = [
    '--include=dev',
    '--include=optional',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
  ]
  await runProgram(command, [...before, 'ci', ...flags], root)
}

/** @param {LockedPackage} entry */
function fitsPlatform({ os }) {
  return (
    os === undefined || os.includes(process.platform) || os.some((name) => name.startsWith('!'))
  )
}

/**
 * @param {string} file
 * @returns {Record<string, LockedPackage> | undefined}
 */
function lockedPackages(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages
  } catch {
    return undefined
  }
}
