import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { send } from '../service/client'
import type { Report, ReportTable, ResultRecord } from '../service/types'
import { percent } from '../text/format'
import { Empty, Loading, Trouble } from './words'

/** Tables, comparisons and figures as far as they are known. */
export function Results({ id, report }: { id: string; report: Report }): JSX.Element {
  if (report.tables.length + report.figures.length + report.comparisons.length === 0) return <Empty title="This experiment asks for no table and no figure; its numbers are in report.json." />
  return (
    <div class="results">
      {report.synthetic && <p class="notice">Synthetic images, not CIFAR-10: these numbers show that the chain works, not how robust a network is.</p>}
      {report.tables.map((table) => (
        <ResultTable key={table.id} table={table} />
      ))}
      {report.tables.length > 0 && (
        <p class="footnote">
          Accuracy in %; paper | ours with its 95 % interval below it, n images, M draws. A dash is a number the paper does not give; “not yet” one that has not been measured here.
        </p>
      )}
      {report.comparisons.length > 0 && <Comparisons report={report} />}
      <div class="figures">
        {report.figures.map((figure) => (
          <Figure key={figure.id} id={id} figure={figure.id} title={figure.title} version={figure.panels.flatMap((panel) => panel.series).reduce((sum, series) => sum + series.points.length, 0)} />
        ))}
      </div>
    </div>
  )
}

function interval(record: ResultRecord): string {
  const [low, high] = record.overDraws ? [100 * record.overDraws.lower, 100 * record.overDraws.upper] : [record.lower, record.upper]
  return `[${percent(low)}, ${percent(high)}]`
}

function ResultTable({ table }: { table: ReportTable }): JSX.Element {
  return (
    <figure class="result-table">
      <figcaption>{table.title}</figcaption>
      <div class="scroll" tabIndex={0} role="region" aria-label={table.title}>
        <table class="numbers paired">
          <thead>
            <tr>
              {table.labels.map((label) => (
                <th key={label} scope="col" rowSpan={2} class="left">
                  {label}
                </th>
              ))}
              {table.columns.map((column) => (
                <th key={column} scope="colgroup" colSpan={2}>
                  {column}
                </th>
              ))}
            </tr>
            <tr>
              {table.columns.map((column) => [
                <th key={`${column} paper`} scope="col" class="minor">
                  paper
                </th>,
                <th key={`${column} ours`} scope="col" class="minor">
                  ours
                </th>,
              ])}
            </tr>
          </thead>
          <tbody>
            {table.rows.map((row) => (
              <tr key={row.labels.join()}>
                {row.labels.map((label, i) => (i === 0 ? <th key={i} scope="row" class="left">{label}</th> : <td key={i} class="left">{label}</td>))}
                {row.cells.map((cell) => [
                  <td key={`${cell.resultId} paper`} class="paper">
                    {cell.paper === null ? '–' : cell.paper.toFixed(2)}
                  </td>,
                  <td key={`${cell.resultId} ours`} class="ours">
                    {cell.ours ? (
                      <>
                        <strong>{percent(cell.ours.accuracy)}</strong>
                        <small>
                          {interval(cell.ours)}
                        </small>
                        <small>
                          n {cell.ours.images}, M {cell.ours.draws}
                        </small>
                      </>
                    ) : (
                      <span class="muted">not yet</span>
                    )}
                  </td>,
                ])}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </figure>
  )
}

function Comparisons({ report }: { report: Report }): JSX.Element {
  return (
    <figure class="result-table">
      <figcaption>Comparisons on identical images</figcaption>
      <div class="scroll" tabIndex={0} role="region" aria-label="Comparisons on identical images">
        <table class="numbers">
          <thead>
            <tr>
              <th scope="col" class="left">
                Comparison
              </th>
              <th scope="col" class="left">
                Verdict
              </th>
              <th scope="col">Difference, points</th>
              <th scope="col">p</th>
              <th scope="col">n</th>
            </tr>
          </thead>
          <tbody>
            {report.comparisons.map(({ id, title, outcome }) => (
              <tr key={id}>
                <th scope="row" class="left">
                  {title}
                </th>
                <td class="left">{outcome?.verdict ?? <span class="muted">not yet</span>}</td>
                <td>
                  {outcome ? (
                    <>
                      {outcome.difference.toFixed(2)}
                      <small>
                        [{outcome.lower.toFixed(2)}, {outcome.upper.toFixed(2)}] at {outcome.confidence} %
                      </small>
                    </>
                  ) : (
                    '–'
                  )}
                </td>
                <td>{outcome ? (outcome.p < 0.001 ? '< 0.001' : outcome.p.toFixed(3)) : '–'}</td>
                <td>{outcome?.images ?? '–'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </figure>
  )
}

/** A figure as the service draws it; fetched with the key, so it comes as a blob. */
function Figure({ id, figure, title, version }: { id: string; figure: string; title: string; version: number }): JSX.Element {
  const [address, set] = useState<string | null>(null)
  const [error, fail] = useState<unknown>(null)
  useEffect(() => {
    const control = new AbortController()
    let made: string | null = null
    send(`/v1/experiments/${id}/figures/${figure}.svg`, { signal: control.signal })
      .then((response) => response.blob())
      .then(
        (blob) => {
          if (control.signal.aborted) return
          made = URL.createObjectURL(blob)
          set(made)
          fail(null)
        },
        (problem: unknown) => !control.signal.aborted && fail(problem),
      )
    return () => {
      control.abort()
      if (made) URL.revokeObjectURL(made)
    }
  }, [id, figure, version])
  return (
    <figure class="figure">
      {error ? <Trouble error={error} /> : address ? <img src={address} alt={title} /> : <Loading what={title} />}
      <figcaption>{title}</figcaption>
    </figure>
  )
}
