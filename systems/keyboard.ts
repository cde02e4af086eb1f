import { createInterface } from 'node:readline'
import type { ReadStream } from 'node:tty'

const CTRL_C = '\u0003'
const CTRL_D = '\u0004'

/**
 * Tells of keys as they are pressed, Ctrl-C and Ctrl-D as `q`; where the input is no terminal, of
 * the first character of each line.
 *
 * @returns gives the input back as it was
 */
export function readKeys(input: ReadStream, press: (key: string) => void): () => void {
  return input.isTTY ? rawKeys(input, press) : lineKeys(input, press)
}

function rawKeys(input: ReadStream, press: (key: string) => void): () => void {
  const hear = (bytes: Buffer) => {
    const text = bytes.toString('utf8')
    // An arrow or a function key is several characters, of which none was pressed.
    if (text.startsWith('\u001b')) return
    for (const key of text) press(key === CTRL_C || key === CTRL_D ? 'q' : key.toLowerCase())
  }
  input.setRawMode(true)
  input.on('data', hear)
  input.resume()
  return () => {
    input.off('data', hear)
    input.setRawMode(false)
    input.pause()
  }
}

// The end of such an input is no wish to quit: a service has none from the beginning.
function lineKeys(input: ReadStream, press: (key: string) => void): () => void {
  const lines = createInterface({ input })
  lines.on('line', (line) => {
    const [key] = line.trim().toLowerCase()
    if (key) press(key)
  })
  return () => {
    lines.close()
    input.pause()
  }
}
