import { useMemo, useState } from 'preact/hooks'
import type { Growth, GrowthBucket, ScanReport } from '../../../src/index.ts'
import { Chart } from '../../parts/chart.tsx'
import { some } from '../../parts/prose.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import { Sources } from './sources.tsx'

/** When the rows too many were made, in what rhythm and by what; or why that is not known. */
export function GrowthOf({ report: { growth, growthUnknown } }: { readonly report: ScanReport }) {
  if (!growth) {
    return growthUnknown ? (
      <section class="panel" aria-label="Growth">
        <h2>When they were made is not known</h2>
        <p class="soft">{growthUnknown}</p>
      </section>
    ) : null
  }
  return (
    <div class={growth.sources.length > 0 ? 'growth beside' : 'growth'}>
      <OverTime growth={growth} />
      {growth.sources.length > 0 && <Sources growth={growth} />}
    </div>
  )
}

const VIEWS = ['each', 'total', 'table'] as const
type As = (typeof VIEWS)[number]

const minute = (moment: string): string => moment.slice(0, 16).replace('T', ' ')

function OverTime({ growth }: { readonly growth: Growth }) {
  const [as, setAs] = useState<As>('each')
  const { excess, first, last, rhythm, unit, column } = growth
  const words = { each: `By the ${unit}`, total: 'In total', table: 'Table' }
  return (
    <section class="panel over-time" aria-labelledby="growth">
      <div class="section-head">
        <h2 id="growth">When they were made</h2>
        <fieldset class="choices">
          <legend class="hidden">Show as</legend>
          {VIEWS.map((view) => (
            <button key={view} type="button" aria-pressed={as === view} onClick={() => setAs(view)}>
              {words[view]}
            </button>
          ))}
        </fieldset>
      </div>
      <p>
        {rhythm && (
          <>
            <b>{rhythm.text.charAt(0).toUpperCase() + rhythm.text.slice(1)}, UTC.</b>{' '}
          </>
        )}
        <span class="soft">
          {some(excess, 'row')} too many from {minute(first)} to {minute(last)} UTC, by{' '}
          <code>{column}</code>.
        </span>
      </p>
      {as === 'table' ? <BucketTable growth={growth} /> : <Drawn growth={growth} as={as} />}
    </section>
  )
}

function Drawn({ growth, as }: { readonly growth: Growth; readonly as: 'each' | 'total' }) {
  const { buckets, unit, excess, first, last } = growth
  const series = useMemo(() => {
    let sum = 0
    const added = buckets.map((bucket) => {
      sum += bucket.excess
      return sum
    })
    return {
      names: buckets.map(({ at }) => nameOf(at, unit)),
      values: as === 'each' ? buckets.map((bucket) => bucket.excess) : added,
      as: as === 'each' ? ('bars' as const) : ('line' as const),
      noun: as === 'each' ? 'rows too many' : 'rows too many by then',
    }
  }, [buckets, unit, as])
  const words = as === 'each' ? `by the ${unit}` : 'as they added up'
  const label =
    `Chart of ${some(excess, 'row')} too many, ${words}, from ${minute(first)} to ` +
    `${minute(last)} UTC. The table has the same figures.`
  return <Chart series={series} label={label} />
}

const MONTH = { month: 'short', timeZone: 'UTC' } as const
const FORMATS: Readonly<Record<Growth['unit'], Intl.DateTimeFormat>> = {
  minute: new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', timeZone: 'UTC' }),
  hour: new Intl.DateTimeFormat('en-GB', {
    ...MONTH,
    ...{ day: 'numeric', hour: '2-digit', minute: '2-digit' },
  }),
  day: new Intl.DateTimeFormat('en-GB', { ...MONTH, day: 'numeric' }),
  week: new Intl.DateTimeFormat('en-GB', { ...MONTH, day: 'numeric', year: '2-digit' }),
  month: new Intl.DateTimeFormat('en-GB', { ...MONTH, year: 'numeric' }),
}

const nameOf = (at: string, unit: Growth['unit']): string => FORMATS[unit].format(new Date(at))

function BucketTable({ growth: { buckets, unit } }: { readonly growth: Growth }) {
  const columns: readonly Column<GrowthBucket>[] = [
    { label: `${unit}, UTC`, show: ({ at }) => minute(at), sort: ({ at }) => at, wide: true },
    {
      label: 'Rows made',
      number: true,
      show: ({ rows }) => rows.toLocaleString(),
      sort: ({ rows }) => rows,
    },
    {
      label: 'Too many',
      number: true,
      show: ({ excess }) => excess.toLocaleString(),
      sort: ({ excess }) => excess,
    },
  ]
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, also by the keys
    <div class="bucket-table" tabIndex={0}>
      <Table
        caption={`Rows too many by the ${unit}`}
        columns={columns}
        rows={buckets}
        keyOf={({ at }) => at}
      />
    </div>
  )
}
