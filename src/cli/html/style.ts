/** The style of a report: light and dark, on paper and on a phone, without a font to fetch. */
export const STYLE = `
:root {
  --page: #f6f5f2; --card: #fff; --text: #1d2024; --soft: #5f6670; --line: #e3e1dc;
  --excess: #d6401f; --excess-soft: #fbe6e0; --rows: #c9cdd3; --keep: #17724a;
  --keep-soft: #e0f2e9; --code: #f1f0ec; --accent: #24508f;
  color-scheme: light;
}
@media (prefers-color-scheme: dark) {
  :root:not([data-paper]) {
    --page: #131518; --card: #1b1e23; --text: #e8e9eb; --soft: #9aa2ad; --line: #2e333a;
    --excess: #ff7a59; --excess-soft: #40231c; --rows: #49515c; --keep: #58c794;
    --keep-soft: #16352a; --code: #24282e; --accent: #8ab4f8;
    color-scheme: dark;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--page); color: var(--text);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
main, body > header, footer { max-width: 62rem; margin: 0 auto; padding: 0 1.25rem; }
body > header { padding-top: 2.5rem; }
h1 { font-size: 1.1rem; margin: 0 0 .25rem; letter-spacing: .01em; }
h2 { font-size: 2rem; line-height: 1.2; margin: 0 0 .5rem; letter-spacing: -.015em; }
h3 { font-size: 1.05rem; margin: 0 0 .75rem; }
p { margin: 0 0 .5rem; }
a { color: var(--accent); }
code, .value, td.num { font-variant-numeric: tabular-nums; }
code {
  font: .875em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace;
  overflow-wrap: anywhere;
}
.soft { color: var(--soft); }
.facts { display: flex; flex-wrap: wrap; gap: .1rem 1.5rem; color: var(--soft); font-size: .9rem; }
.facts code { color: var(--text); }
.facts span { overflow-wrap: anywhere; }
.guard { margin: 2rem 0 3rem; }
.card {
  background: var(--card); border: 1px solid var(--line); border-radius: .75rem;
  padding: 1.25rem 1.4rem; margin: 1rem 0;
}
.verdict .lead { font-size: 1.1rem; max-width: 46rem; }
.share { height: .6rem; border-radius: .3rem; background: var(--rows); margin: 1rem 0 1.25rem; }
.share > i { display: block; height: 100%; border-radius: .3rem; background: var(--excess); }
.share.none > i { background: var(--keep); }
.figures { display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); gap: 1rem; margin: 0; }
.figures div { border-left: 3px solid var(--line); padding-left: .8rem; }
.figures div.bad { border-color: var(--excess); }
.figures dt { color: var(--soft); font-size: .85rem; }
.figures dd {
  margin: 0; font-size: 1.6rem; line-height: 1.25; font-weight: 600;
  font-variant-numeric: tabular-nums;
}
.charts { display: grid; grid-template-columns: minmax(0, 1fr); gap: 1rem; }
.charts .card { margin: 0; min-width: 0; }
.rhythm { font-size: 1.25rem; font-weight: 600; color: var(--excess); }
figure { margin: 0; }
.chart { position: relative; min-height: 16rem; display: none; }
[data-drawn] .chart { display: block; }
.tip {
  position: absolute; pointer-events: none; z-index: 2; display: none; white-space: nowrap;
  background: var(--text); color: var(--card); border-radius: .4rem; padding: .3rem .6rem;
  font-size: .8rem; line-height: 1.4; font-variant-numeric: tabular-nums;
}
.keys { display: flex; flex-wrap: wrap; gap: .25rem 1.1rem; font-size: .85rem; color: var(--soft); }
.keys i {
  display: inline-block; width: .75rem; height: .75rem; border-radius: .15rem;
  margin-right: .4rem; background: var(--rows); vertical-align: -.05rem;
}
.keys i.bad { background: var(--excess); }
details.figures-of { margin-top: .75rem; font-size: .9rem; }
summary { cursor: pointer; }
.figures-of > summary { color: var(--soft); }
.scroll { overflow-x: auto; max-width: 100%; }
.tall { max-height: 20rem; overflow: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th { text-align: left; color: var(--soft); font-weight: 500; font-size: .8rem; }
th, td {
  padding: .35rem .9rem .35rem 0; border-bottom: 1px solid var(--line); vertical-align: top;
}
td:has(.tag) { width: 6.5rem; }
tr:last-child > td { border-bottom: 0; }
th.num, td.num { text-align: right; }
div.value { overflow-wrap: anywhere; width: max-content; max-width: 22rem; }
.finding { display: grid; grid-template-columns: 11rem minmax(0, 1fr); gap: .15rem 1.25rem; }
.finding + .finding { border-top: 1px solid var(--line); margin-top: 1rem; padding-top: 1rem; }
.finding > code { color: var(--excess); font-weight: 600; padding-top: .1rem; }
.fix { background: var(--code); border-radius: .4rem; padding: .5rem .75rem; font-size: .925rem; }
.fix b { color: var(--keep); font-weight: 600; margin-right: .35rem; }
.source {
  display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 0 1rem; margin: .55rem 0;
}
.source .bar { grid-column: 1 / -1; height: .4rem; border-radius: .2rem; background: var(--line); }
.source .bar i {
  display: block; height: 100%; border-radius: .2rem; background: var(--excess); min-width: 2px;
}
.group + .group { border-top: 1px solid var(--line); margin-top: .75rem; padding-top: .75rem; }
.group > summary { line-height: 2; }
.group > summary .part { margin-right: .4rem; }
.group > .scroll { margin-top: .4rem; }
.count { font-weight: 650; margin-right: .75rem; font-variant-numeric: tabular-nums; }
.part {
  display: inline-block; max-width: 100%; line-height: 1.5;
  background: var(--code); border-radius: .35rem; padding: .1rem .5rem; font-size: .85rem;
  overflow-wrap: anywhere;
}
.part b { font-weight: 500; color: var(--soft); margin-right: .3rem; }
.null { font-style: italic; color: var(--soft); }
.tag {
  display: inline-block; border-radius: .35rem; padding: 0 .5rem; font-size: .8rem;
  font-weight: 600; background: var(--excess-soft); color: var(--excess);
}
.tag.keep { background: var(--keep-soft); color: var(--keep); }
footer { padding-bottom: 3rem; color: var(--soft); font-size: .85rem; }
@media (min-width: 56rem) {
  .charts.two { grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); }
}
@media (max-width: 40rem) {
  body > header { padding-top: 1.5rem; }
  main, body > header, footer { padding-left: .85rem; padding-right: .85rem; }
  h2 { font-size: 1.55rem; }
  .card { padding: 1rem; }
  .figures { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .finding { grid-template-columns: minmax(0, 1fr); }
  .source { grid-template-columns: minmax(0, 1fr); }
  div.value { max-width: 11.5rem; }
  table { font-size: .85rem; }
  td:has(.tag) { width: auto; }
}
@media print {
  :root { font-size: 12px; }
  body { background: #fff; font-size: 1rem; }
  .card { break-inside: avoid; border-color: #ccc; }
  .group, .finding { break-inside: avoid; }
  .guard + .guard { break-before: page; }
  .card:has(.group) { break-inside: auto; }
  .figures-of { display: none; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`
