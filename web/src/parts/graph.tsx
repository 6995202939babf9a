import type { JSX } from 'preact'
import type { ExperimentJob } from '../service/types'
import { levelsOf } from '../state/jobs'
import { go } from '../state/place'
import { middle } from '../text/format'
import { Icon, stateWord } from './marks'

const width = 186
const height = 44
const apart = { x: 44, y: 12 }
const most = 40

/** Jobs as boxes, parents to the left; a picture of what the list below it says. Too wide or too many, the list stands alone. */
export function Graph({ jobs }: { jobs: readonly ExperimentJob[] }): JSX.Element | null {
  const levels = levelsOf(jobs)
  const depth = Math.max(0, ...levels.values()) + 1
  if (jobs.length > most || depth < 2 || depth > 6) return null
  const rows = new Map<number, number>()
  const at = new Map<string, { x: number; y: number }>()
  for (const { job } of jobs) {
    const level = levels.get(job.id) ?? 0
    const row = rows.get(level) ?? 0
    rows.set(level, row + 1)
    at.set(job.id, { x: level * (width + apart.x), y: row * (height + apart.y) })
  }
  const total = { x: depth * (width + apart.x) - apart.x, y: Math.max(...rows.values()) * (height + apart.y) - apart.y }
  const edges = jobs.flatMap(({ job }) => job.dependsOn.map((parent) => ({ from: at.get(parent), to: at.get(job.id), key: `${parent} ${job.id}` })))
  return (
    <div class={`graph depth-${depth}`} aria-hidden="true">
      <svg viewBox={`-1 -1 ${total.x + 2} ${total.y + 2}`} style={{ maxWidth: `${total.x + 2}px` }}>
        {edges.map(({ from, to, key }) => {
          if (!from || !to) return null
          const [x1, y1, x2, y2] = [from.x + width, from.y + height / 2, to.x, to.y + height / 2]
          return <path key={key} class="edge" d={`M${x1} ${y1}C${x1 + apart.x * 0.6} ${y1} ${x2 - apart.x * 0.6} ${y2} ${x2} ${y2}`} />
        })}
        {jobs.map(({ job }) => {
          const place = at.get(job.id)
          if (!place) return null
          const done = job.state === 'running' && job.progress && job.progress.total > 0 ? Math.min(1, job.progress.done / job.progress.total) : 0
          return (
            <g key={job.id} class={`node is-${job.state}`} transform={`translate(${place.x} ${place.y})`} onClick={() => go(`/jobs/${job.id}`)}>
              <rect class="node-box" width={width} height={height} rx="6" />
              {done > 0 && <rect class="node-done" x="0" y={height - 3} width={width * done} height="3" />}
              <g class="node-icon" transform="translate(10 14)">
                <svg width="16" height="16">
                  <Icon of={job.state} />
                </svg>
              </g>
              <text x="33" y="19">
                {middle(job.name, 21)}
              </text>
              <text class="node-state" x="33" y="34">
                {done > 0 ? `${Math.round(done * 100)} %` : stateWord(job.state)}
              </text>
            </g>
          )
        })}
      </svg>
    </div>
  )
}
