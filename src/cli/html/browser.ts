/**
 * What runs in the browser that shows a report: it draws the charts from the data in the page, and
 * again where the colours or the width change. It makes no element of the data but numbers.
 */
export const SCRIPT = String.raw`
(() => {
  const read = (id) => JSON.parse(document.getElementById(id).textContent)
  const root = document.documentElement
  const color = (name) => getComputedStyle(root).getPropertyValue('--' + name).trim()
  const number = (value) => value.toLocaleString('en-US')
  const two = (value) => String(value).padStart(2, '0')
  const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')
  const FONT = '12px system-ui, sans-serif'

  const moment = (seconds, unit) => {
    const at = new Date(seconds * 1000)
    const day = at.getUTCDate() + ' ' + MONTHS[at.getUTCMonth()] + ' ' + at.getUTCFullYear()
    if (unit === 'month') return MONTHS[at.getUTCMonth()] + ' ' + at.getUTCFullYear()
    if (unit === 'week') return 'week of ' + day
    if (unit === 'day') return day
    return day + ', ' + two(at.getUTCHours()) + ':' + two(at.getUTCMinutes()) + ' UTC'
  }

  const tick = (seconds, unit, before) => {
    const at = new Date(seconds * 1000)
    const year = ' ' + at.getUTCFullYear()
    const last = before === undefined ? undefined : new Date(before * 1000)
    if (unit === 'month') return MONTHS[at.getUTCMonth()] + year
    const day = at.getUTCDate() + ' ' + MONTHS[at.getUTCMonth()]
    if (unit === 'day' || unit === 'week') {
      return last && last.getUTCFullYear() === at.getUTCFullYear() ? day : day + '\n' + year.trim()
    }
    const time = two(at.getUTCHours()) + ':' + two(at.getUTCMinutes())
    return last && last.getUTCDate() === at.getUTCDate() ? time : time + '\n' + day
  }

  const tipOf = (host, say) => {
    const tip = host.querySelector('.tip') || host.appendChild(document.createElement('div'))
    tip.className = 'tip'
    return (u) => {
      const at = u.cursor.idx
      const shown = at !== null && at !== undefined && u.cursor.left >= 0
      tip.style.display = shown ? 'block' : 'none'
      if (!shown) return
      tip.textContent = say(at)
      const x = u.valToPos(u.data[0][at], 'x') + u.bbox.left / devicePixelRatio
      const most = host.clientWidth - tip.offsetWidth
      const left = Math.min(Math.max(0, x - tip.offsetWidth / 2), most)
      tip.style.left = left + 'px'
      tip.style.top = '0'
    }
  }

  const axis = (more) => ({
    stroke: color('soft'), font: FONT, grid: { show: false },
    ticks: { stroke: color('line'), width: 1, size: 4 }, ...more,
  })
  const counts = () => axis({
    size: (u, values) => 16 + 7.5 * Math.max(2, ...(values || []).map((each) => each.length)),
    grid: { stroke: color('line'), width: 1 }, ticks: { show: false }, space: 36,
    // On a logarithmic axis uPlot asks with null where a mark gets no number.
    values: (u, splits) =>
      splits.map((each) => (each !== null && each % 1 === 0 ? number(each) : '')),
  })

  const growth = (host, width, { unit, step, buckets, beside }) => {
    const bars = uPlot.paths.bars({ size: [0.8, 56], radius: 0.08 })
    const [times, rows, excess] = [0, 1, 2].map((at) => buckets.map((each) => each[at]))
    const fill = (name) => ({ stroke: color(name), fill: color(name), width: 0, paths: bars,
      points: { show: false } })
    const most = Math.max(1, ...(beside ? rows : excess))
    const say = (at) => moment(times[at], unit) + '  ·  ' + number(excess[at]) + ' excess of ' +
      number(rows[at]) + ' rows'
    return new uPlot({
      width, height: 256, legend: { show: false }, padding: [32, 8, 0, 0],
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
      cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
      scales: {
        x: { range: [times[0] - step * 0.6, times[times.length - 1] + step * 0.6] },
        y: { range: [0, most * 1.05] },
      },
      series: [{}, { ...fill('rows'), show: beside }, fill('excess')],
      axes: [
        axis({ size: 44, space: 64, values: (u, splits) =>
          splits.map((each, at) => tick(each, unit, splits[at - 1])) }),
        counts(),
      ],
      hooks: { setCursor: [tipOf(host, say)] },
    }, [times, rows, excess], host)
  }

  const sizes = (host, width, found) => {
    const [rows, groups] = [0, 1].map((at) => found.map((each) => each[at]))
    const places = rows.map((_, at) => at)
    const log = Math.max(...groups) > 40 * Math.min(...groups)
    const label = (u) => {
      if (rows.length > 16) return
      u.ctx.save()
      u.ctx.fillStyle = color('text')
      u.ctx.font = 12 * devicePixelRatio + 'px system-ui, sans-serif'
      u.ctx.textAlign = 'center'
      for (const at of places) {
        const y = u.valToPos(groups[at], 'y', true) - 5 * devicePixelRatio
        u.ctx.fillText(number(groups[at]), u.valToPos(at, 'x', true), y)
      }
      u.ctx.restore()
    }
    const say = (at) => number(groups[at]) + (groups[at] === 1 ? ' group' : ' groups') + ' of ' +
      number(rows[at]) + ' rows'
    return new uPlot({
      width, height: 256, legend: { show: false }, padding: [32, 8, 0, 0],
      cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
      scales: {
        x: { time: false, range: [-0.7, rows.length - 0.3] },
        y: log ? { distr: 3, range: [0.5, Math.max(...groups) * 1.6] }
          : { range: [0, Math.max(...groups) * 1.08] },
      },
      series: [{}, { stroke: color('excess'), fill: color('excess'), width: 0,
        points: { show: false },
        paths: uPlot.paths.bars({ size: [0.7, 48], radius: 0.08 }) }],
      axes: [
        axis({ size: 28, space: 30, incrs: [1, 2, 5, 10, 20],
          values: (u, splits) => splits.map((at) => (rows[at] ? number(rows[at]) : '')) }),
        counts(),
      ],
      hooks: { setCursor: [tipOf(host, say)], draw: [label] },
    }, [places, groups], host)
  }

  const figures = document.querySelectorAll('.figures-of')
  // A browser that cannot draw shows the figures instead.
  if (typeof uPlot === 'undefined') return figures.forEach((each) => { each.open = true })
  root.dataset.drawn = ''
  const data = read('data')
  let drawn = []
  const draw = (paper) => {
    for (const each of drawn) each.destroy()
    if (paper) root.dataset.paper = ''
    else delete root.dataset.paper
    drawn = [...document.querySelectorAll('.chart')].map((host) => {
      const of = data[host.dataset.of]
      const width = paper ? Math.min(host.clientWidth, 640) : host.clientWidth
      return host.dataset.chart === 'growth' ? growth(host, width, of.growth)
        : sizes(host, width, of.sizes)
    })
  }
  draw(false)
  let wide = root.clientWidth
  addEventListener('resize', () => {
    if (root.clientWidth === wide) return
    wide = root.clientWidth
    draw(false)
  })
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => draw(false))
  addEventListener('beforeprint', () => draw(true))
  addEventListener('afterprint', () => draw(false))
})()
`
