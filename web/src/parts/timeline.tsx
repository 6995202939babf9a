import type { JSX } from 'preact'
import type { JobEvent } from '../service/types'
import { now } from '../state/clock'
import { hasEnded, spansOf } from '../state/jobs'
import { clock, duration } from '../text/format'
import { State } from './marks'
import { Empty, Name, To } from './words'

interface Row {
  id: string
  name: string
  events: readonly Pick<JobEvent, 'from' | 'to' | 'at' | 'worker' | 'reason'>[]
}

/** When each job waited and ran, attempt by attempt, on one scale of time. */
export function Timeline({ jobs }: { jobs: readonly Row[] }): JSX.Element {
  const rows = jobs.map((job) => ({ ...job, spans: spansOf(job.events) }))
  const all = rows.flatMap((row) => row.spans)
  if (all.length === 0) return <Empty title="Nothing has happened yet." />
  const begin = Math.min(...all.map((span) => span.from))
  const open = all.some((span) => span.to === null)
  const end = Math.max(begin + 1000, ...(open ? [now.value] : []), ...all.map((span) => span.to ?? span.from))
  const share = (time: number) => (100 * (Math.min(time, end) - begin)) / (end - begin)
  return (
    <div class="timeline">
      <ul>
        {rows.map((row) => (
          <li key={row.id}>
            <To href={`/jobs/${row.id}`} class="timeline-name">
              <Name of={row.name} longest={28} />
            </To>
            <div class="lane">
              {row.spans
                .filter((span) => !span.remark && !hasEnded(span.state))
                .map((span, i) => {
                  const to = span.to ?? end
                  const text = `${span.state}${span.state === 'running' ? `, attempt ${span.attempt}${span.worker ? ` on ${span.worker}` : ''}` : ''}: ${duration((to - span.from) / 1000)}${span.to === null ? ' so far' : ''}`
                  return <i key={i} class={`span is-${span.state}`} style={{ left: `${share(span.from)}%`, width: `${Math.max(0.3, share(to) - share(span.from))}%` }} title={text} />
                })}
            </div>
            <span class="lane-end">{row.spans.at(-1) && <State of={row.spans.at(-1)?.state ?? ''} quiet />}</span>
          </li>
        ))}
      </ul>
      <p class="scale" aria-hidden="true">
        <span>{clock(new Date(begin))}</span>
        <span>{duration((end - begin) / 2000)}</span>
        <span>
          {duration((end - begin) / 1000)}
          {open ? ', now' : ''}
        </span>
      </p>
    </div>
  )
}
