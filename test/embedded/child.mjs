// Starts a server with the options of its argument, prints what came of it, and stays until it is
// told to stop (a line on standard input), to exit by itself, or is killed.
import { startServer } from './dist/embedded/server.js'

const { thenExit, ...options } = JSON.parse(process.argv[2] ?? '{}')
try {
  const server = await startServer(options)
  console.log(JSON.stringify({ ...server, env: process.env.NODE_ENV }))
  if (!thenExit) {
    process.stdin.once('data', async () => {
      await server.stop()
      process.exit()
    })
  }
} catch (error) {
  console.log(
    JSON.stringify({ error: { code: error.code, message: error.message, details: error.details } }),
  )
}
