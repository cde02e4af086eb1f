import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { ScanReport } from 'onceover'
import { KEY, TABLE } from './table.ts'

/** What a process took at most. */
export interface PeakMemory {
  readonly rssMb: number
  readonly heapMb: number
}

const pathOf = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))

const FOUND = 2
const REPORT_FD = 3

const textOf = async (stream: NodeJS.ReadableStream): Promise<string> => {
  let text = ''
  for await (const piece of stream.setEncoding('utf8')) text += piece
  return text
}

/**
 * Runs `onceover scan` on the table as users do, in a process of its own, and asks it for the most
 * memory that it took.
 *
 * @throws Error where the command fails
 */
export async function scanPeakMemory(
  url: string,
): Promise<{ readonly peak: PeakMemory; readonly report: ScanReport }> {
  const args = ['--import', new URL('./peak-memory.mjs', import.meta.url).href]
  const command = ['scan', '--table', TABLE, '--key', KEY.join(','), '--json']
  // The URL has a password, and arguments can be read by everyone on the machine.
  const child = spawn(process.execPath, [...args, pathOf('../../dist/cli/main.js'), ...command], {
    env: { ...process.env, DATABASE_URL: url, NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  const { stdout, stderr } = child
  const measured = child.stdio[REPORT_FD]
  if (!(stdout && stderr && measured && 'read' in measured)) throw new Error('no pipe to the scan')
  const exit = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve)
  })
  const [code, report, words, peak] = await Promise.all([
    exit,
    textOf(stdout),
    textOf(stderr),
    textOf(measured),
  ])
  if (code !== FOUND) throw new Error(`onceover scan ended with ${code}: ${words}`)
  return { peak: JSON.parse(peak), report: JSON.parse(report) }
}
