import { deflateSync } from 'node:zlib'
import type { Page } from 'playwright-core'

/** A picture of at most 256 colours. */
interface Indexed {
  readonly width: number
  readonly height: number
  /** Red, green and blue of each colour in turn. */
  readonly palette: readonly number[]
  /** A byte for each pixel, row by row, in base64. */
  readonly pixels: string
}

// Runs in the page, which can read a PNG. The grounds keep their colours; of the others, mostly the
// edges of letters, one that is all but another becomes that one.
const INDEX = `(async (base64) => {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
  const picture = await createImageBitmap(new Blob([bytes]))
  const { width, height } = picture
  const canvas = new OffscreenCanvas(width, height).getContext('2d')
  canvas.drawImage(picture, 0, 0)
  const colours = new Uint32Array(canvas.getImageData(0, 0, width, height).data.buffer)
  const counts = new Map()
  for (const colour of colours) counts.set(colour, (counts.get(colour) ?? 0) + 1)
  const parts = (colour) => [colour & 255, (colour >> 8) & 255, (colour >> 16) & 255]
  const most = [...counts].sort((one, other) => other[1] - one[1]).map(([colour]) => colour)
  const far = (one, other) => one.reduce((sum, part, at) => sum + (part - other[at]) ** 2, 0)
  const palette = most.slice(0, 64).map(parts)
  for (const colour of most.slice(64).map(parts)) {
    if (palette.length < 256 && palette.every((each) => far(each, colour) > 150)) {
      palette.push(colour)
    }
  }
  const nearest = (colour) => palette
    .map((each, place) => [far(each, colour), place])
    .reduce((best, each) => (each[0] < best[0] ? each : best))[1]
  const places = new Map(most.map((colour) => [colour, nearest(parts(colour))]))
  let pixels = ''
  for (const colour of colours) pixels += String.fromCharCode(places.get(colour))
  return { width, height, palette: palette.flat(), pixels: btoa(pixels) }
})`

/** Makes a PNG smaller: of at most 256 colours, which a screenshot hardly shows. */
export async function smallPng(page: Page, png: Buffer): Promise<Buffer> {
  const picture: Indexed = await page.evaluate(`${INDEX}('${png.toString('base64')}')`)
  const { width, height, palette } = picture
  const pixels = Buffer.from(picture.pixels, 'base64')
  const rows = Array.from({ length: height }, (_, row) =>
    Buffer.concat([Buffer.of(0), pixels.subarray(row * width, (row + 1) * width)]),
  )
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  // Eight bits of a palette for each pixel.
  header.set([8, 3, 0, 0, 0], 8)
  return Buffer.concat([
    Buffer.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    chunk('IHDR', header),
    chunk('PLTE', Buffer.from(palette)),
    chunk('IDAT', deflateSync(Buffer.concat(rows), { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(name: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(name, 'latin1'), data])
  const framed = Buffer.alloc(named.length + 8)
  framed.writeUInt32BE(data.length, 0)
  named.copy(framed, 4)
  framed.writeUInt32BE(crc32(named), named.length + 4)
  return framed
}

// Source: PNG specification, annex D.
function crc32(bytes: Buffer): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  }
  return (crc ^ 0xffffffff) >>> 0
}
