/** The oldest Node that everything here runs on; package.json's `engines` says the same. */
export const OLDEST_NODE = '20.19.0'

/**
 * Whether a version of Node, as in process.versions.node, is too old.
 *
 * @param {string} version
 */
export function isTooOld(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST_NODE.split('.').map(Number)
  return major < oldestMajor || (major === oldestMajor && minor < oldestMinor)
}
