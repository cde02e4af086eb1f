import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome']

const isExecutable = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/**
 * The Chromium that tests of the dashboard drive: ONCEOVER_CHROMIUM, or one on the PATH. With
 * ONCEOVER_BROWSER=off there is none.
 *
 * @throws Error with ONCEOVER_BROWSER=required where there is none: CI must not pass without
 */
export function findChromium(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const { ONCEOVER_BROWSER: wanted, ONCEOVER_CHROMIUM: given, PATH = '' } = environment
  if (wanted === 'off') return undefined
  const folders = PATH.split(delimiter)
  const files = given
    ? [given]
    : NAMES.flatMap((name) => folders.map((folder) => join(folder, name)))
  const found = files.find(isExecutable)
  if (found === undefined && wanted === 'required') {
    throw new Error('There is no Chromium, and ONCEOVER_BROWSER=required: install chromium.')
  }
  return found
}
