import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { windowSeconds } from '../model/metrics'
import type { Series } from './Chart'

const font = '11px system-ui, sans-serif'

/** Less than this is not drawn over the whole width. */
const leastSeconds = 60

/** Steps of an axis of bytes, which would be odd numbers of KB and MB otherwise. */
const binarySteps = Array.from({ length: 41 }, (_, power) => 2 ** power)

/** The style sheet's colours, for a canvas: resolved by asking for the colour of an element. */
function colour(name: string): string {
  const probe = document.createElement('i')
  probe.style.color = `var(${name})`
  probe.style.display = 'none'
  document.body.append(probe)
  const value = getComputedStyle(probe).color
  probe.remove()
  return value
}

/** Makes a chart of the last quarter of an hour, ending now. */
export function createPlot(place: HTMLElement, series: readonly Series[], onPoint: (index: number | null) => void): uPlot {
  const twoSided = series.some((s) => s.side === 'right')
  const axis = (side: 'left' | 'right', i: number): uPlot.Axis => {
    const format = series[i]?.format ?? String
    return {
      scale: side,
      side: side === 'left' ? 3 : 1,
      size: 56,
      gap: 4,
      space: 32,
      font,
      // Two scales: each has the colour of its line.
      stroke: () => colour(twoSided ? `--series-${i + 1}` : '--muted'),
      grid: { show: side === 'left', stroke: () => colour('--line'), width: 1 },
      ticks: { show: false },
      ...(series[i]?.binary === true && { incrs: binarySteps }),
      values: (_, ticks) => ticks.map((tick) => format(tick)),
    }
  }
  const fromZero: uPlot.Range.Function = (_, __, max) => [0, max > 0 ? max * 1.1 : 1]
  const options: uPlot.Options = {
    width: Math.max(place.clientWidth, 100),
    height: Math.max(place.clientHeight, 80),
    legend: { show: false },
    cursor: { sync: { key: 'dashboard' }, drag: { x: false, y: false }, y: false, points: { size: 6 } },
    padding: [8, twoSided ? 0 : 8, 0, 0],
    scales: {
      // Grows with what there is: the server samples only while somebody looks.
      x: { range: (_, min, max) => [Math.max(max - windowSeconds, Math.min(min, max - leastSeconds)), max] },
      left: { range: fromZero },
      ...(twoSided && { right: { range: fromZero } }),
    },
    axes: [
      {
        font, size: 24, gap: 4, space: 64, stroke: () => colour('--muted'), ticks: { show: false }, grid: { show: false },
        // Minutes are enough unless there are several ticks in one.
        values: (_, ticks, __, ___, step) => ticks.map((t) => new Date(t * 1000).toTimeString().slice(0, step < 60 ? 8 : 5)),
      },
      axis('left', series.findIndex((s) => s.side === 'left')),
      ...(twoSided ? [axis('right', series.findIndex((s) => s.side === 'right'))] : []),
    ],
    series: [
      {},
      ...series.map((s, i): uPlot.Series => ({
        label: s.label,
        scale: s.side,
        stroke: () => colour(`--series-${i + 1}`),
        width: 1.5,
        // The second line differs by more than its colour.
        ...(i > 0 && { dash: [5, 3] }),
        spanGaps: false,
        points: { show: false },
      })),
    ],
    hooks: { setCursor: [(u) => onPoint(u.cursor.idx ?? null)] },
  }
  return new uPlot(options, [[], ...series.map(() => [])], place)
}
