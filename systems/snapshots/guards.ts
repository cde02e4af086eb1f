import { date, guard, uuid } from 'onceover'

/**
 * One snapshot per portfolio and day. It stands for money, so a finished day stays finished even
 * where its row is gone; a placeholder that a crash left is adopted, not taken for a snapshot.
 *
 * Of duplicates the finished and non-zero one is kept, then the latest. By net asset value first, a
 * placeholder's zero would win over a loss; and the latest of several runs is the most inflated
 * one, so what is kept must chain (breaks.ts), or be replayed: the plan of a repair counts the kept
 * rows that do not, `suspect`. functions.sql has the same order.
 */
export const snapshots = guard('snapshots', {
  table: 'portfolio_snapshots',
  key: { portfolio_id: uuid(), snapshot_date: date() },
  keep: ['is_complete desc', '(net_asset_value <> 0) desc', 'created_at desc', 'id desc'],
  suspect:
    'net_asset_value IS DISTINCT FROM ' +
    'equity_before(portfolio_id, snapshot_date) + daily_pnl + net_flows',
  show: ['net_asset_value', 'is_complete', 'created_at'],
  remember: 'forever',
  unfinished: 'is_complete = false',
  matrix: {
    entity: 'portfolio_id',
    period: 'snapshot_date',
    labels: 'SELECT id, name FROM portfolios',
  },
  index: 'uq_portfolio_snapshot_date',
})
