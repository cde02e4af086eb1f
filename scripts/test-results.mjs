// Sums vitest's JSON reports (its arguments; missing files count nothing) into one last line.
import { existsSync, readFileSync } from 'node:fs'

let passed = 0
let failed = 0
for (const file of process.argv.slice(2)) {
  if (!existsSync(file)) continue
  const report = JSON.parse(readFileSync(file, 'utf8'))
  passed += report.numPassedTests
  failed += report.numFailedTests
  // A file that cannot even be loaded has no test that could fail.
  for (const { status, assertionResults } of report.testResults) {
    if (status === 'failed' && assertionResults.length === 0) failed += 1
  }
}
process.stdout.write(`${passed} passed, ${failed} failed\n`)
process.exitCode = failed > 0 || passed === 0 ? 1 : 0
