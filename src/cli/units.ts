import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { OnceoverError } from '../index.ts'

const parse = (text: string, place: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new OnceoverError('USAGE', {
      message: `${place} is no JSON.`,
      fix: 'Write one unit per line, such as {"key":{"day":"2025-10-01"},"input":null}.',
      cause: error,
    })
  }
}

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

async function* unitsIn(input: NodeJS.ReadableStream, name: string): AsyncGenerator<unknown> {
  let number = 0
  let array: string[] | undefined
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    number++
    if (array) array.push(line)
    else if (line.trimStart().startsWith('[')) array = [line]
    else if (line.trim() !== '') yield parse(line, `Line ${number} of ${name}`)
  }
  const all = array && parse(array.join('\n'), name)
  if (Array.isArray(all)) yield* all
}

/**
 * The units of a file, or of standard input for `-`: one JSON object per line, in constant memory,
 * or one JSON array.
 *
 * @throws OnceoverError USAGE where there is no such file, or, while it is read, no JSON in it
 */
export async function readUnits(file: string): Promise<AsyncIterable<unknown>> {
  return unitsIn(await openInput(file), file === '-' ? 'standard input' : file)
}
