import { generator, guard, int, onceover } from '../../src/index.ts'

const [url = ''] = process.argv.slice(2)
const calls = guard('calls', { table: 'calls', key: { visitor: int() } })
const once = await onceover({ db: url })
const work = generator(calls, { make: () => undefined, save: () => undefined })
const { state } = await once.run(work, [{ key: { visitor: 1 } }])
await once.close()
process.stdout.write(state)
