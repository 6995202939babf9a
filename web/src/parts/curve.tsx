import { useSignal, type Signal } from '@preact/signals'
import type { JSX } from 'preact'
import { useEffect, useMemo, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { aligned, axisOf, thinned, type Point } from '../state/metrics'
import { significant } from '../text/format'

export interface Line {
  /** Stays the same while the line grows. */
  id: string
  label: string
  points: readonly Point[]
}

const dashes = [[], [8, 4], [2, 3], [10, 3, 2, 3]]

/** Colour and dash of the n-th line: eight hues that colour-blind readers tell apart, then the same with another dash. */
export function ink(index: number): { colour: string; dash: number[] } {
  return { colour: `--line-${(index % 8) + 1}`, dash: dashes[(Math.floor(index / 8) + (index % 8 > 3 ? 1 : 0)) % dashes.length] ?? [] }
}

const css = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim()

interface Curve {
  title: string
  lines: readonly Line[]
  /** Which line has which ink, the same in every chart of a page. */
  inks: ReadonlyMap<string, number>
  hidden: Signal<ReadonlySet<string>>
  share: boolean
}

/** One series of several jobs, growing while it is looked at; with a legend that reads values and a table that says the same. */
export function Chart({ title, lines, inks, hidden, share }: Curve): JSX.Element {
  const box = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | null>(null)
  const at = useSignal<number | null>(null)
  const shown = lines.filter((line) => !hidden.value.has(line.id))
  const axis = axisOf(lines.map((line) => line.points))
  const scale = share ? 100 : 1
  const pairs = useMemo(() => shown.map((line) => line.points.map((p) => [axis === 'epoch' ? p.epoch : p.step, p.value * scale] as const)), [lines, hidden.value, axis, scale])
  const identity = shown.map((line) => `${line.id}:${inks.get(line.id) ?? 0}`).join()

  useEffect(() => {
    const element = box.current
    if (!element) return
    const draw = () => {
      plot.current?.destroy()
      const font = `11px ${css('--font')}`
      const axes = { stroke: css('--muted'), font, grid: { stroke: css('--line'), width: 1 }, ticks: { show: false } }
      plot.current = new uPlot(
        {
          width: element.clientWidth,
          height: 208,
          padding: [10, 14, 0, 0],
          legend: { show: false },
          cursor: { points: { size: 7 }, drag: { x: false, y: false } },
          scales: { x: { time: false, range: (_, low, high) => (low === high ? [low - 1, high + 1] : [low, high]) } },
          axes: [
            { ...axes, size: 30, space: 44, incrs: [1, 2, 5, 10, 20, 25, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 100_000, 1_000_000], values: (_, ticks) => ticks.map((tick) => significant(tick)) },
            { ...axes, size: 46, space: 34, values: (_, ticks) => ticks.map((tick) => significant(tick)) },
          ],
          series: [
            {},
            ...shown.map((line) => {
              const { colour, dash } = ink(inks.get(line.id) ?? 0)
              return { label: line.label, stroke: css(colour), width: 2, dash, spanGaps: true, points: { show: line.points.length < 2, size: 6, fill: css(colour) } }
            }),
          ],
          hooks: { setCursor: [(u: uPlot) => (at.value = u.cursor.idx ?? null)] },
        },
        dataOf(pairs, element.clientWidth),
        element,
      )
    }
    draw()
    const resized = new ResizeObserver(() => {
      if (plot.current && plot.current.width !== element.clientWidth) plot.current.setSize({ width: element.clientWidth, height: 208 })
    })
    resized.observe(element)
    const scheme = matchMedia('(prefers-color-scheme: dark)')
    scheme.addEventListener('change', draw)
    return () => {
      resized.disconnect()
      scheme.removeEventListener('change', draw)
      plot.current?.destroy()
      plot.current = null
    }
    // Points come by the effect below; a new chart is for new lines only.
  }, [identity, share, axis, shown.some((line) => line.points.length < 2)])

  useEffect(() => {
    if (plot.current && box.current) plot.current.setData(dataOf(pairs, box.current.clientWidth))
  }, [pairs])

  const unit = share ? '%' : ''
  return (
    <figure class="chart">
      <figcaption>
        {title}
        {share && <span class="muted"> in %</span>}
      </figcaption>
      <div ref={box} class="plot" role="img" aria-label={summary(title, lines, scale, unit, axis)} />
      <p class="axis" aria-hidden="true">
        {axis}
      </p>
      <ul class="legend">
        {lines.map((line) => {
          const index = pairs[shown.indexOf(line)]
          const read = at.value !== null && index ? index.find(([x]) => x === plot.current?.data[0][at.value ?? -1])?.[1] : index?.at(-1)?.[1]
          const { colour, dash } = ink(inks.get(line.id) ?? 0)
          const on = !hidden.value.has(line.id)
          return (
            <li key={line.id}>
              <button
                type="button"
                class="legend-line"
                aria-pressed={on}
                title={on ? 'Hide this line' : 'Show this line'}
                onClick={() => {
                  const next = new Set(hidden.value)
                  if (on) next.add(line.id)
                  else next.delete(line.id)
                  hidden.value = next
                }}
              >
                <svg viewBox="0 0 22 8" aria-hidden="true">
                  <path d="M1 4h20" style={{ stroke: `var(${colour})` }} stroke-width="2.500" stroke-dasharray={dash.join(' ')} />
                </svg>
                <span class="legend-name">{line.label}</span>
                <span class="number">{read === undefined ? '–' : significant(read)}</span>
              </button>
            </li>
          )
        })}
      </ul>
      <details class="twin">
        <summary>Numbers</summary>
        <Twin title={title} lines={lines} axis={axis} scale={scale} unit={unit} />
      </details>
    </figure>
  )
}

function dataOf(pairs: (readonly (readonly [number, number])[])[], width: number): uPlot.AlignedData {
  const { xs, ys } = aligned(pairs.map((line) => thinned(line, Math.max(50, width))))
  return [xs, ...ys]
}

function summary(title: string, lines: readonly Line[], scale: number, unit: string, axis: string): string {
  const told = lines.slice(0, 4).flatMap((line) => {
    const [first, last] = [line.points[0], line.points.at(-1)]
    return first && last ? [`${line.label} from ${significant(first.value * scale)}${unit} to ${significant(last.value * scale)}${unit} at ${axis} ${axis === 'epoch' ? last.epoch : last.step}`] : []
  })
  return `${title}: ${told.join('; ')}${lines.length > 4 ? `; and ${lines.length - 4} more` : ''}`
}

function Twin({ title, lines, axis, scale, unit }: { title: string; lines: readonly Line[]; axis: string; scale: number; unit: string }): JSX.Element {
  const { xs, ys } = aligned(lines.map((line) => thinned(line.points.map((p) => [axis === 'epoch' ? p.epoch : p.step, p.value * scale] as const), 100)))
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={`${title}, numbers`}>
      <table class="numbers">
        <thead>
          <tr>
            <th scope="col">{axis}</th>
            {lines.map((line) => (
              <th key={line.id} scope="col">
                {line.label}
                {unit && `, ${unit}`}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {xs.map((x, row) => (
            <tr key={x}>
              <th scope="row">{x}</th>
              {ys.map((column, i) => {
                const y = column[row]
                return <td key={lines[i]?.id}>{y === null || y === undefined ? '–' : significant(y)}</td>
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
