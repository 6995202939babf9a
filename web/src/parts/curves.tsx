import { useSignal } from '@preact/signals'
import type { JSX } from 'preact'
import { bySubject, isShare, titleOf, type Curves } from '../state/metrics'
import { Chart } from './curve'

/** Everything jobs measured over time: one chart a series, one line a job; a line hidden in one chart is hidden in all. */
export function CurvesOf({ jobs }: { jobs: readonly { id: string; label: string; curves: Curves }[] }): JSX.Element {
  const hidden = useSignal<ReadonlySet<string>>(new Set())
  const inks = new Map(jobs.map((job, i) => [job.id, i]))
  const names = [...new Set(jobs.flatMap((job) => [...job.curves.keys()]))].sort(bySubject)
  return (
    <div class="charts">
      {names.map((name) => (
        <Chart
          key={name}
          title={titleOf(name)}
          share={isShare(name)}
          inks={inks}
          hidden={hidden}
          lines={jobs.flatMap((job) => {
            const points = job.curves.get(name)
            return points ? [{ id: job.id, label: job.label, points }] : []
          })}
        />
      ))}
    </div>
  )
}
