import { constants } from 'node:fs'
import { access, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Guard, OnceoverError, type ScanReport } from '../../index.ts'
import { renderPage, type Unscanned } from './page.ts'

const unwritable = (file: string, cause: unknown): OnceoverError =>
  new OnceoverError('USAGE', {
    message: `${file} cannot be written.`,
    fix: 'Name a file in a directory that exists and may be written to: --html report.html.',
    cause,
  })

// A long scan that ends without its report would be for nothing.
async function requireWritable(file: string): Promise<void> {
  const found = await stat(file).catch(() => undefined)
  if (file === '' || found?.isDirectory()) throw unwritable(file || 'An empty name', undefined)
  await access(found ? file : dirname(file), constants.W_OK).catch((error: unknown) => {
    throw unwritable(file, error)
  })
}

/** The file that a scan writes its page to, where one was asked for. */
export class PageFile {
  readonly #file: string | undefined
  readonly #reports: ScanReport[] = []
  readonly #unscanned: Unscanned[] = []

  private constructor(file: string | undefined) {
    this.#file = file
  }

  /**
   * Looks whether the file can be written, before anything is scanned.
   *
   * @throws OnceoverError USAGE where it cannot
   */
  static async open(file: string | undefined): Promise<PageFile> {
    if (file !== undefined) await requireWritable(file)
    return new PageFile(file)
  }

  /** Keeps the reports of a guard, or why there are none. */
  async collect(
    guard: Guard,
    scanning: Promise<readonly ScanReport[]>,
  ): Promise<readonly ScanReport[]> {
    try {
      const reports = await scanning
      this.#reports.push(...reports)
      return reports
    } catch (error) {
      if (error instanceof OnceoverError) {
        const { code, message } = error
        this.#unscanned.push({ guard: guard.name, code, message })
      }
      throw error
    }
  }

  /**
   * Writes the page of what was collected.
   *
   * @returns the file; undefined where none was asked for, or there is nothing to show
   * @throws OnceoverError USAGE where it cannot be written
   */
  async write(): Promise<string | undefined> {
    const file = this.#file
    if (file === undefined || this.#reports.length === 0) return undefined
    const page = renderPage(this.#reports, new Date(), this.#unscanned)
    await writeFile(file, page).catch((error: unknown) => {
      throw unwritable(file, error)
    })
    return file
  }
}
