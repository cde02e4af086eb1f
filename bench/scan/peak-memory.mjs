// Loaded before a program (`node --import`): at its end it writes to file descriptor 3 how much
// memory the process took at most.
import { writeSync } from 'node:fs'

const SAMPLE_MS = 5
const REPORT_FD = 3
const KB_PER_MB = 1024
const BYTES_PER_MB = 1_048_576

let heap = 0
const look = () => {
  heap = Math.max(heap, process.memoryUsage().heapUsed)
}

setInterval(look, SAMPLE_MS).unref()
process.once('exit', () => {
  look()
  const rssMb = process.resourceUsage().maxRSS / KB_PER_MB
  writeSync(REPORT_FD, JSON.stringify({ rssMb, heapMb: heap / BYTES_PER_MB }))
})
