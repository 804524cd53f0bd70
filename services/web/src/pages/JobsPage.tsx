import { useLocation, useParams } from 'wouter'
import { Compare } from '@/jobs/compare/Compare'
import { JobDetail } from '@/jobs/JobDetail'
import { JobList } from '@/jobs/JobList'
import '@/training/training.css'
import './sheet.css'
import '@/jobs/jobs.css'
import { JOBS } from './location'

export default function JobsPage() {
  const { id } = useParams<{ id?: string }>()
  const [here] = useLocation()
  if (here === `${JOBS}/compare`)
    return (
      <main className="sheet">
        <Compare />
      </main>
    )
  return <main className="sheet">{id ? <JobDetail key={id} id={id} /> : <JobList />}</main>
}
