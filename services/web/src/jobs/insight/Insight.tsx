import { type InsightProps, PANELS } from './panels'
import './insight.css'

/** Everything that a training shows of itself. */
export function Insight({ job, run }: InsightProps) {
  return PANELS.map(Panel => <Panel key={Panel.name} job={job} run={run} />)
}
