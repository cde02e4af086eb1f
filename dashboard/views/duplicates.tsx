import type { ScanReport } from '../../src/index.ts'
import { apiPath } from '../api.ts'
import type { GuardDetail } from '../contract.ts'
import { GuardView } from '../parts/guard-view.tsx'
import { Empty, Loading, Shown } from '../parts/notice.tsx'
import { ofDuplicates, ofStanding, useUnderway } from '../parts/underway.ts'
import { WorkPanel } from '../parts/work-panel.tsx'
import { type Resource, useResource } from '../resource.ts'
import { mayWrite } from '../session.ts'
import { Groups } from './duplicates/groups.tsx'
import { GrowthOf } from './duplicates/growth-of.tsx'
import { LatestRepair } from './duplicates/latest-repair.tsx'
import { PlanRepair } from './duplicates/plan-repair.tsx'
import { ScanSummary } from './duplicates/scan-summary.tsx'

/** The duplicates of a guard: how many, since when, which rows, and the way to repair them. */
export function Duplicates({ params }: { readonly params: Readonly<Record<string, string>> }) {
  const { guard = '' } = params
  const path = apiPath(['guards', guard, 'scan'], { growth: true })
  const scan = useResource<ScanReport>(path, ofDuplicates(guard))
  const detail = useResource<GuardDetail>(apiPath(['guards', guard]), ofStanding(guard))
  const work = useUnderway(guard, detail.data?.underway, detail.reload)
  const found = (scan.data?.duplicates.groups ?? 0) > 0
  const busy = work?.endedAt === null
  return (
    <GuardView
      guard={guard}
      title="Duplicates"
      actions={
        <>
          <button type="button" onClick={scan.reload} disabled={scan.loading}>
            {scan.loading ? 'Scanning' : 'Scan again'}
          </button>
          {found && mayWrite() && <PlanRepair guard={guard} disabled={busy} />}
        </>
      }
    >
      {busy && <WorkPanel work={work} />}
      <LatestRepair guard={guard} />
      <Report scan={scan} guard={guard} enforced={detail.data?.enforced === true} />
    </GuardView>
  )
}

interface ReportProps {
  readonly scan: Resource<ScanReport>
  readonly guard: string
  readonly enforced: boolean
}

function Report({ scan, guard, enforced }: ReportProps) {
  if (scan.data === undefined && !scan.error) {
    return (
      <>
        <p class="soft">The whole table is read. A large one takes its time.</p>
        <Loading />
      </>
    )
  }
  return (
    <Shown of={scan}>
      {(report) => (
        <div class="duplicates">
          <ScanSummary report={report} guard={guard} />
          {report.duplicates.groups === 0 ? (
            <NoDuplicates enforced={enforced} />
          ) : (
            <>
              <GrowthOf report={report} />
              <Groups guard={guard} />
            </>
          )}
        </div>
      )}
    </Shown>
  )
}

function NoDuplicates({ enforced }: Pick<ReportProps, 'enforced'>) {
  return (
    <Empty title="No key stands twice">
      <p>
        {enforced
          ? 'And none can: a unique index stands for the key.'
          : 'That is how it is now; nothing keeps it so.'}
      </p>
    </Empty>
  )
}
