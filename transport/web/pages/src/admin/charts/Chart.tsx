import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type uPlot from 'uplot'
import { time } from '../../shared/format'
import { onColours } from '../../shared/theme'
import { columns, extent } from '../model/metrics'
import type { Sample } from '../model/wire'
import { createPlot } from './plot'

export interface Series {
  label: string
  read: (sample: Sample) => number | null
  format: (value: number | null) => string
  side: 'left' | 'right'
  /** Counted in powers of two. */
  binary?: boolean
}

interface Props {
  title: string
  series: readonly Series[]
  samples: readonly Sample[]
}

/** One chart. Its values under the pointer are told above it; all charts point at one time. */
export function Chart({ title, series, samples }: Props) {
  const place = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | null>(null)
  const [pointed, setPointed] = useState<number | null>(null)

  useEffect(() => {
    const element = place.current
    if (element === null) return
    const made = createPlot(element, series, setPointed)
    plot.current = made
    const size = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: element.clientHeight }))
    size.observe(element)
    const stop = onColours(() => made.redraw(false, true))
    return () => {
      stop()
      size.disconnect()
      made.destroy()
      plot.current = null
    }
  }, [series])

  const data = useMemo(() => columns(samples, series.map((s) => s.read)), [samples, series])
  useEffect(() => plot.current?.setData(data as uPlot.AlignedData), [data])

  const at = pointed === null ? undefined : data[0][pointed]
  const value = (i: number, s: Series) =>
    pointed === null ? extent(samples, s.read).now : data[i + 1]?.[pointed] ?? null
  return (
    <figure class="chart">
      <figcaption>
        <h3>{title}</h3>
        <span class="muted">{at === undefined ? '' : time(at * 1000)}</span>
        <ul>
          {series.map((s, i) => (
            <li key={s.label}><i class={`swatch s${i + 1}`} />{s.label} <b>{s.format(value(i, s))}</b></li>
          ))}
        </ul>
      </figcaption>
      <div ref={place} class="plot" role="img" aria-label={describe(title, series, samples)} />
      {samples.length === 0 && <p class="empty">Nothing yet: the server samples while somebody looks.</p>}
    </figure>
  )
}

function describe(title: string, series: readonly Series[], samples: readonly Sample[]): string {
  const parts = series.map((s) => {
    const { min, max } = extent(samples, s.read)
    return min === null ? `${s.label}: nothing` : `${s.label} from ${s.format(min)} to ${s.format(max)}`
  })
  return `${title} over the last 15 minutes. ${parts.join('; ')}.`
}
