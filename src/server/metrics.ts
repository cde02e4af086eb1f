import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Onceover } from '../index.ts'
import type { Feed } from './feed.ts'
import type { UnderwayRegister } from './underway.ts'

/** What is measured. */
export interface MetricsSources {
  readonly once: Onceover
  readonly feed: Feed
  readonly underway: UnderwayRegister
}

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10]

function observe(registry: Registry, { once, feed, underway }: MetricsSources): void {
  const gauge = <Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[],
    collect: (this: Gauge<Label>) => void,
  ) => new Gauge({ name, help, labelNames: [...labelNames], registers: [registry], collect })
  gauge(
    'onceover_verdicts',
    'Verdicts that this process gave since it started.',
    ['verdict', 'reason'],
    function () {
      const { skipped, steps: _, ...others } = once.counters
      for (const [verdict, count] of Object.entries(others))
        this.set({ verdict, reason: '' }, count)
      for (const [reason, count] of Object.entries(skipped)) {
        this.set({ verdict: 'skipped', reason }, count)
      }
    },
  )
  gauge(
    'onceover_external_calls',
    'External calls of this process: made, avoided since the answer was recorded, asked for.',
    ['outcome'],
    function () {
      for (const [outcome, count] of Object.entries(once.counters.steps)) {
        this.set({ outcome }, count)
      }
    },
  )
  gauge('onceover_live_listeners', 'Pages that listen for changes.', [], function () {
    this.set(feed.listeners)
  })
  gauge(
    'onceover_underway',
    'Runs, repairs and enforcements that this server has under way.',
    ['guard', 'what'],
    function () {
      this.reset()
      for (const { guard, what, endedAt } of underway.of()) {
        if (endedAt === null) this.inc({ guard, what })
      }
    },
  )
}

/** Metrics of one server, in a registry of its own: two servers in a process do not meet. */
export class Metrics {
  readonly #registry = new Registry()
  readonly #requests: Counter<'route' | 'method' | 'status'>
  readonly #seconds: Histogram<'route' | 'method'>

  constructor(sources: MetricsSources) {
    const registers = [this.#registry]
    this.#requests = new Counter({
      name: 'onceover_http_requests_total',
      help: 'Requests that were answered.',
      labelNames: ['route', 'method', 'status'],
      registers,
    })
    this.#seconds = new Histogram({
      name: 'onceover_http_request_seconds',
      help: 'How long answers took.',
      labelNames: ['route', 'method'],
      buckets: SECONDS,
      registers,
    })
    observe(this.#registry, sources)
  }

  /** Counts an answer. */
  count(route: string, method: string, status: number, seconds: number): void {
    this.#requests.inc({ route, method, status: String(status) })
    this.#seconds.observe({ route, method }, seconds)
  }

  /** The exposition of all metrics, and its media type. */
  async expose(): Promise<{ readonly text: string; readonly type: string }> {
    return { text: await this.#registry.metrics(), type: this.#registry.contentType }
  }
}
