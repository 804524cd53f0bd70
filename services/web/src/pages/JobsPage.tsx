import { useLocation, useParams, useSearch } from 'wouter'
import { Compare } from '@/jobs/Compare'
import { JobDetail } from '@/jobs/JobDetail'
import { JobList } from '@/jobs/JobList'
import '@/training/training.css'
import './sheet.css'
import '@/jobs/jobs.css'
import { JOBS } from './location'

export default function JobsPage() {
  const { id } = useParams<{ id?: string }>()
  const [here] = useLocation()
  const search = new URLSearchParams(useSearch())
  if (here === `${JOBS}/compare`)
    return (
      <main className="sheet">
        <Compare ids={search.getAll('job')} />
      </main>
    )
  return <main className="sheet">{id ? <JobDetail key={id} id={id} /> : <JobList />}</main>
}
