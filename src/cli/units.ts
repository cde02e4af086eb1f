import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { OnceoverError } from '../index.ts'
import { some } from './text.ts'

/** The units of a file or of standard input. */
export interface UnitFile {
  readonly units: AsyncIterable<unknown>
  /** The line that a unit stands on, from 1, by its place; undefined in a JSON array. */
  readonly lineOf: (index: number) => number | undefined
}

const EXAMPLE = 'Write one unit per line, such as {"key":{"day":"2025-10-01"},"input":null}.'

async function openInput(file: string): Promise<NodeJS.ReadableStream> {
  if (file === '-') return process.stdin
  const found = await stat(file).catch((error: unknown) => error)
  if (found instanceof Error || !('isDirectory' in Object(found))) {
    throw new OnceoverError('USAGE', {
      message: `There is no file ${file} to read units from.`,
      fix: 'Name a file with one JSON unit per line, or - for standard input.',
      cause: found,
    })
  }
  return createReadStream(file)
}

// A verdict on the form of a unit falls before the next units are read: of those long past, nobody
// asks any more, and a file may be larger than memory.
const ASKED_FOR = 20_000

/** Where units stand, as far as empty lines between them push them down. */
class Lines {
  readonly #shifts: { readonly from: number; readonly by: number }[] = []
  readonly #kept: number

  constructor(kept: number) {
    this.#kept = kept
  }

  note(index: number, line: number): void {
    const by = line - index
    if (this.#shifts.at(-1)?.by !== by) this.#shifts.push({ from: index, by })
    while ((this.#shifts[1]?.from ?? index) < index - this.#kept) this.#shifts.shift()
  }

  of(index: number): number | undefined {
    let low = 0
    for (let high = this.#shifts.length; low < high; ) {
      const middle = (low + high) >> 1
      if ((this.#shifts[middle]?.from ?? 0) <= index) low = middle + 1
      else high = middle
    }
    const shift = this.#shifts[low - 1]
    return shift && index + shift.by
  }
}

/** Reads the units of one input. */
class Reader implements UnitFile {
  readonly #name: string
  readonly #streamed: boolean
  readonly #lines: Lines
  readonly units: AsyncIterable<unknown>

  constructor(input: NodeJS.ReadableStream, name: string, streamed: boolean) {
    this.#name = name
    this.#streamed = streamed
    this.#lines = new Lines(streamed ? ASKED_FOR : Number.POSITIVE_INFINITY)
    this.units = this.#read(input)
  }

  readonly lineOf = (index: number): number | undefined => this.#lines.of(index)

  async *#read(input: NodeJS.ReadableStream): AsyncGenerator<unknown> {
    let line = 0
    let units = 0
    let array: string[] | undefined
    for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      line++
      if (array) array.push(text)
      else if (units === 0 && text.trimStart().startsWith('[')) array = [text]
      else if (text.trim() !== '') {
        const unit = this.#parse(text, `Line ${line} of ${this.#name}`, { units, line })
        this.#lines.note(units++, line)
        yield unit
      }
    }
    const all = array && this.#parse(array.join('\n'), this.#name, { units })
    if (Array.isArray(all)) yield* all
  }

  // Wrong usage is what changed nothing: of units that went before, some may be made by now.
  #parse(text: string, place: string, details: { units: number; line?: number }): unknown {
    try {
      return JSON.parse(text)
    } catch (cause) {
      const { units } = details
      if (!this.#streamed || units === 0) {
        const message = `${place} is no JSON.`
        throw new OnceoverError('USAGE', { message, fix: EXAMPLE, details, cause })
      }
      throw new OnceoverError('SOURCE_FAILED', {
        message: `${place} is no JSON; ${some(units, 'unit')} came before it.`,
        fix: 'Mend the line and run it again: units that are done are skipped.',
        details,
        cause,
      })
    }
  }
}

/**
 * The units of a file, or of standard input for `-`: one JSON object per line, in constant memory,
 * or one JSON array.
 *
 * @param streamed whether units are made while later ones are read
 * @throws OnceoverError USAGE where there is no such file, or, while it is read, no JSON in it;
 * SOURCE_FAILED for a line that is none after others that may be made
 */
export async function readUnits(file: string, streamed: boolean): Promise<UnitFile> {
  return new Reader(await openInput(file), file === '-' ? 'standard input' : file, streamed)
}

/** The reason of an invalid unit, with its line before it: `line 7: …`. */
export const reasonAtLine = (line: number | undefined, reason: string | undefined) =>
  line === undefined ? reason : `line ${line}: ${reason}`
